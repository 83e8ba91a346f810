//! The pages of release settings, checklists and freeze windows.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::Step;
use super::model_freeze::Freeze;
use super::{forms, queries, queries_freeze, views};
use crate::app::App;
use crate::auth::who::{Admin, Member, SignedIn};
use crate::clock::Moment;
use crate::deploys;
use crate::error::{Error, FieldErrors};
use crate::services;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

const FREEZES: &str = "/admin/freezes";

fn status_of(errors: &FieldErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `GET /services/{slug}/release`
///
/// # Errors
/// 404
pub async fn settings(who: Member, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let wanted = slug.clone();
    let settings = app
        .db
        .read(move |c| {
            let service = services::queries::by_slug(c, &wanted)?;
            queries::settings(c, service.id)
        })
        .await?;
    settings_page(&who, &app, slug.into_inner(), views::fields_of(&settings), FieldErrors::new()).await
}

async fn settings_page(
    who: &SignedIn,
    app: &App,
    slug: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (service, environments) = app
        .db
        .read(move |c| Ok::<_, Error>((services::queries::by_slug(c, &slug)?, deploys::queries::environments(c)?)))
        .await?;
    let layout = who.layout(format!("Releases of {}", service.name), Section::Services);
    page_with(status_of(&errors), &views::Edit { layout, service, fields, errors, environments })
}

/// `POST /services/{slug}/release`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn set(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, slug.clone());
    let outcome = match forms::settings(&typed.0) {
        Ok(draft) => {
            app.db
                .write(move |c| {
                    let service = services::queries::by_slug(c, &wanted)?;
                    queries::set(c, &actor, &service, &draft, now)?;
                    Ok::<_, Error>(service)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(service) => {
            let said = Flash::ok("Saved. It holds for deploys from now on.");
            Ok(see_other_with(format!("{}#releases", service.path()), &said))
        }
        Err(Error::Invalid(errors)) => settings_page(&who, &app, slug.into_inner(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /deploys/{key}/checklist`
///
/// # Errors
/// 404, 409 when it has one or the service has none.
pub async fn give(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let deploy = app
        .db
        .write(move |c| {
            let deploy = deploys::queries::for_change(c, &key)?;
            queries::give(c, &actor, &deploy, now)?;
            Ok::<_, Error>(deploy)
        })
        .await?;
    Ok(see_other_with(format!("{}#checklist", deploy.path()), &Flash::ok("The checklist is there.")))
}

/// `POST /deploys/{key}/checklist/{id}`: ticks an item, or takes its tick away.
///
/// # Errors
/// 404, 422
pub async fn tick(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let ((key, id), step) = (path.into_inner(), forms::step(&typed.0)?);
    let (actor, now) = (who.actor(), who.now);
    let (deploy, item) = app
        .db
        .write(move |c| {
            let deploy = deploys::queries::for_change(c, &key)?;
            let item = queries::tick(c, &actor, &deploy, id, step, now)?;
            Ok::<_, Error>((deploy, item))
        })
        .await?;
    let verb = if step == Step::Ticked { "Ticked" } else { "Open again" };
    let text: String = item.text.chars().take(120).collect();
    Ok(see_other_with(format!("{}#checklist", deploy.path()), &Flash::ok(format!("{verb}: {text}"))))
}

/// `GET /admin/freezes`
///
/// # Errors
/// The database's.
pub async fn freezes(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let fields = Fields::prefilled([
        ("environment", deploys::model::DEFAULT_ENVIRONMENT.to_owned()),
        ("starts_at", who.zone().input(Moment::from_millis(who.now.millis() / 60_000 * 60_000))),
    ]);
    freezes_page(&who, &app, fields, FieldErrors::new()).await
}

async fn freezes_page(who: &SignedIn, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let now = who.now;
    let (standing, over, services, teams, environments) = app
        .db
        .read(move |c| {
            let (standing, over) = queries_freeze::list(c, now)?;
            let (services, teams) = (services::queries::choices(c)?, crate::teams::queries::all(c)?);
            Ok::<_, Error>((standing, over, services, teams, deploys::queries::environments(c)?))
        })
        .await?;
    let line = |row: queries_freeze::FreezeRow| {
        let stamps = (who.stamp(row.0.starts_at), who.stamp(row.0.ends_at));
        let state = state_of(&row.0, now);
        views::FreezeLine::new(row, stamps, state)
    };
    let zone = who.zone().name();
    let layout = who.layout("Freeze windows", Section::Admin);
    let standing = standing.into_iter().map(line).collect();
    let over = over.into_iter().map(line).collect();
    page_with(
        status_of(&errors),
        &views::Freezes { layout, standing, over, services, teams, environments, fields, errors, zone },
    )
}

fn state_of(freeze: &Freeze, now: Moment) -> &'static str {
    match freeze.cancelled_at {
        Some(_) => "called off",
        None if freeze.ends_at <= now => "over",
        None if freeze.starts_at > now => "upcoming",
        None => "now",
    }
}

/// `POST /admin/freezes`
///
/// # Errors
/// 422 with the form as typed.
pub async fn declare(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match forms::freeze(&typed.0, &who.zone()) {
        Ok(draft) => app.db.write(move |c| queries_freeze::declare(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with(FREEZES, &Flash::ok("Pipelines that ask are told to wait in that time."))),
        Err(Error::Invalid(errors)) => freezes_page(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/freezes/{id}/cancellation`
///
/// # Errors
/// 404, 409
pub async fn cancel(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    app.db.write(move |c| queries_freeze::cancel(c, &actor, id, now)).await?;
    Ok(see_other_with(FREEZES, &Flash::ok("The window is called off.")))
}
