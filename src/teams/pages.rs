//! The pages of teams.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::views::{Index, ItemLine, Show};
use super::{forms, queries};
use crate::action_items::filter::{Filter, View};
use crate::action_items::list::queries::{Viewpoint, page as items_of};
use crate::app::App;
use crate::auth::model::Role;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::paging::Turn;
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// `GET /teams`
///
/// # Errors
/// The database's.
pub async fn index(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, Fields::default(), FieldErrors::new()).await
}

async fn list(who: &SignedIn, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let rows = app.db.read(queries::list).await?;
    page_with(status(&errors), &Index { layout: who.layout("Teams", Section::Teams), rows, fields, errors })
}

fn status(errors: &FieldErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `POST /teams`: whoever adds a team belongs to it.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, user, now) = (who.actor(), who.user.clone(), who.now);
    let outcome = match forms::name(&typed.0) {
        Ok(name) => app.db.write(move |c| queries::found(c, (&actor, &user), &name, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(team) => Ok(see_other_with(team.path(), &Flash::ok(format!("{} is a team. You are in it.", team.name)))),
        Err(Error::Invalid(errors)) => list(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `GET /teams/{slug}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    record(&who, &app, slug.into_inner(), (Fields::default(), FieldErrors::new())).await
}

async fn record(
    who: &SignedIn,
    app: &App,
    slug: String,
    (fields, errors): (Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let today = who.zone().date(who.now);
    let viewpoint = Viewpoint { user_id: who.user.id, today };
    let (team, members, services, items, retro) = app
        .db
        .read(move |c| {
            let team = queries::by_slug(c, &slug)?;
            let members = queries::members(c, team.id)?;
            let services = crate::services::queries::list(c, Some(team.id), None)?.0;
            let filter = Filter { team: Some(team.slug.clone()), ..Filter::of(View::Open) };
            let items = items_of(c, &filter, viewpoint, Turn::First)?.rows;
            let retro = crate::retros::queries::next_of_team(c, team.id)?;
            Ok::<_, Error>((team, members, services, items, retro))
        })
        .await?;
    let belongs = members.iter().any(|member| member.id == who.user.id);
    let may_change = who.user.role == Role::Admin || (belongs && who.user.role == Role::Member);
    let items = items
        .into_iter()
        .map(|row| ItemLine {
            due: row.item.due_words(today),
            late: if row.item.is_late(today) { "late" } else { "" },
            row,
        })
        .collect();
    let services = services.into_iter().map(|(service, _)| service).collect();
    let retro = retro.map(|retro| (retro.clone(), who.stamp(retro.meets_at)));
    let layout = who.layout(team.name.clone(), Section::Teams);
    page_with(status(&errors), &Show { layout, team, members, may_change, services, items, retro, fields, errors })
}

/// `POST /teams/{slug}/members`
///
/// # Errors
/// 404; 403 for strangers to the team; 422 with the form as typed.
pub async fn join(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, user, now, team) = (who.actor(), who.user.clone(), who.now, slug.clone());
    let outcome = match forms::member(&typed.0) {
        Ok(wanted) => app.db.write(move |c| queries::join(c, (&actor, &user), &team, &wanted, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(joined) => {
            let flash = Flash::ok(format!("{} is in the team.", joined.name));
            Ok(see_other_with(format!("/teams/{slug}"), &flash))
        }
        Err(Error::Invalid(errors)) => record(&who, &app, slug.into_inner(), (typed.0, errors)).await,
        Err(other) => Err(other),
    }
}

/// `POST /teams/{slug}/members/{id}/removal`
///
/// # Errors
/// 404; 403 for strangers to the team.
pub async fn leave(who: Member, app: web::Data<App>, path: web::Path<(String, i64)>) -> Result<HttpResponse, Error> {
    let (slug, user_id) = path.into_inner();
    let (actor, user, now, team) = (who.actor(), who.user.clone(), who.now, slug.clone());
    let left = app.db.write(move |c| queries::leave(c, (&actor, &user), &team, user_id, now)).await?;
    Ok(see_other_with(format!("/teams/{slug}"), &Flash::ok(format!("{} left the team.", left.name))))
}
