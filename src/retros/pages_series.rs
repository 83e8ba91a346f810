//! A team's meetings that come back.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms;
use super::queries_series;
use super::views::SeriesPage;
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};
use crate::web::times::Zone;

/// `GET /teams/{slug}/retro-series`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let fields = Fields::prefilled([
        ("every_weeks", "2".to_owned()),
        ("weekday", "2".to_owned()),
        ("at", "14:00".to_owned()),
        ("zone", who.user.zone.clone()),
    ]);
    whole(&who, &app, slug.into_inner(), (fields, FieldErrors::new())).await
}

async fn whole(
    who: &SignedIn,
    app: &App,
    slug: String,
    (fields, errors): (Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let (team, series) = app
        .db
        .read(move |c| {
            let team = crate::teams::queries::by_slug(c, &slug)?;
            let series = queries_series::of_team(c, team.id)?;
            Ok::<_, Error>((team, series))
        })
        .await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout(format!("Retros of {}", team.name), Section::Retros);
    let series = series.into_iter().map(|one| (one.clone(), who.stamp(one.next_at))).collect();
    page_with(status, &SeriesPage { layout, team, series, zones: Zone::names().collect(), fields, errors })
}

/// `POST /teams/{slug}/retro-series`
///
/// # Errors
/// 404, 422 with the form as typed.
pub async fn add(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, slug) = (who.actor(), who.now, slug.into_inner());
    let (wanted, rhythm) = (slug.clone(), forms::rhythm(&typed.0));
    let outcome = match rhythm {
        Ok((rhythm, anonymity)) => {
            app.db
                .write(move |c| {
                    let team = crate::teams::queries::by_slug(c, &wanted)?;
                    queries_series::add(c, &actor, (&team, &rhythm, anonymity), now)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(series) => {
            let flash = Flash::ok(format!("The team meets {}.", series.words()));
            Ok(see_other_with(format!("/teams/{slug}/retro-series"), &flash))
        }
        Err(Error::Invalid(errors)) => whole(&who, &app, slug, (typed.0, errors)).await,
        Err(other) => Err(other),
    }
}

/// `POST /teams/{slug}/retro-series/{id}/ending`
///
/// # Errors
/// 404
pub async fn end(who: Member, app: web::Data<App>, path: web::Path<(String, i64)>) -> Result<HttpResponse, Error> {
    let (slug, id) = path.into_inner();
    let (actor, now, wanted) = (who.actor(), who.now, slug.clone());
    app.db
        .write(move |c| {
            let team = crate::teams::queries::by_slug(c, &wanted)?;
            queries_series::end(c, &actor, (&team, id), now)
        })
        .await?;
    let flash = Flash::ok("The team does not meet by itself any more. What was decided is kept.");
    Ok(see_other_with(format!("/teams/{slug}/retro-series"), &flash))
}
