//! What is posted from the pages of incidents and deploys about each other.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{self, Side};
use super::{queries, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn};
use crate::db::Conn;
use crate::deploys::model::Deploy;
use crate::error::{Error, FieldErrors};
use crate::incidents::model::Incident;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{own_path, page_with, see_other_with};
use crate::{deploys, incidents};

type Pair = (Incident, Deploy);

/// Incident first: every writer takes the locks in this order.
fn pair(c: &mut Conn, incident: &str, deploy: &str) -> Result<Pair, Error> {
    let number = incidents::model::parse_key(incident).ok_or_else(|| Error::no("incident", incident))?;
    let incident = incidents::queries::for_change(c, number)?;
    Ok((incident, deploys::queries::by_key(c, deploy)?))
}

/// Key, page and name of the side that the address names.
fn by_address(c: &mut Conn, side: Side, key: &str) -> Result<(String, String, String), Error> {
    match side {
        Side::Deploy => {
            let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
            let incident = incidents::queries::by_number(c, number)?;
            Ok((incident.key(), incident.path(), incident.title))
        }
        Side::Incident => {
            let deploy = deploys::queries::by_key(c, key)?;
            let service = deploys::queries::service_of(c, &deploy)?;
            Ok((deploy.key(), deploy.path(), format!("{} {}", service.name, deploy.version_or_commit())))
        }
    }
}

/// `POST /incidents/{key}/deploys`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn say_of_incident(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    take(&who, &app, Side::Deploy, key.into_inner(), typed.0).await
}

/// `POST /deploys/{key}/incidents`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn say_of_deploy(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    take(&who, &app, Side::Incident, key.into_inner(), typed.0).await
}

async fn take(who: &SignedIn, app: &App, side: Side, key: String, typed: Fields) -> Result<HttpResponse, Error> {
    let (actor, now, address) = (who.actor(), who.now, key.clone());
    let outcome = match forms::from_fields(side, &typed) {
        Ok(draft) => app.db.write(move |c| queries::say_by_key(c, &actor, side, &address, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(((incident, deploy), link)) => {
            let flash = Flash::ok(format!("{} {}: {}.", deploy.key(), link.relation.phrase(), incident.key()));
            let page = match side {
                Side::Deploy => format!("{}#deploys", incident.path()),
                Side::Incident => format!("{}#incidents", deploy.path()),
            };
            Ok(see_other_with(typed.some("back").map_or(page, own_path), &flash))
        }
        Err(Error::Invalid(errors)) => refused(who, app, side, key, typed, errors).await,
        Err(other) => Err(other),
    }
}

async fn refused(
    who: &SignedIn,
    app: &App,
    side: Side,
    key: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (key, path, subject) = app.db.read(move |c| by_address(c, side, &key)).await?;
    let (title, place) = match side {
        Side::Deploy => (format!("Link a deploy to {key}"), Section::Incidents),
        Side::Incident => (format!("Link an incident to {key}"), Section::Deploys),
    };
    let layout = who.layout(title, place);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &views::LinkForm { layout, side, key, path, subject, fields, errors })
}

/// `POST /incidents/{key}/deploys/{deploy}/removal`
///
/// # Errors
/// 404
pub async fn unlink_from_incident(
    who: Member,
    app: web::Data<App>,
    keys: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (incident, deploy) = keys.into_inner();
    let (incident, deploy) = unlink(&who, &app, incident, deploy).await?;
    let undo = format!("{}/deploys/{}/restoration", incident.path(), deploy.key());
    Ok(unlinked(format!("{}#deploys", incident.path()), &incident, &deploy, undo))
}

/// `POST /deploys/{key}/incidents/{incident}/removal`
///
/// # Errors
/// 404
pub async fn unlink_from_deploy(
    who: Member,
    app: web::Data<App>,
    keys: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (deploy, incident) = keys.into_inner();
    let (incident, deploy) = unlink(&who, &app, incident, deploy).await?;
    let undo = format!("{}/incidents/{}/restoration", deploy.path(), incident.key());
    Ok(unlinked(format!("{}#incidents", deploy.path()), &incident, &deploy, undo))
}

async fn unlink(who: &SignedIn, app: &App, incident: String, deploy: String) -> Result<Pair, Error> {
    let (actor, now) = (who.actor(), who.now);
    app.db
        .write(move |c| {
            let (incident, deploy) = pair(c, &incident, &deploy)?;
            queries::unlink(c, &actor, &incident, &deploy, now)?;
            Ok((incident, deploy))
        })
        .await
}

fn unlinked(page: String, incident: &Incident, deploy: &Deploy, undo: String) -> HttpResponse {
    let flash = Flash::ok(format!("{} and {} are no longer linked.", deploy.key(), incident.key()));
    see_other_with(page, &flash.with_undo(undo))
}

/// `POST /incidents/{key}/deploys/{deploy}/restoration`
///
/// # Errors
/// 404
pub async fn relink_to_incident(
    who: Member,
    app: web::Data<App>,
    keys: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (incident, deploy) = keys.into_inner();
    let (incident, _) = relink(&who, &app, incident, deploy).await?;
    Ok(see_other_with(format!("{}#deploys", incident.path()), &Flash::ok("Linked again.")))
}

/// `POST /deploys/{key}/incidents/{incident}/restoration`
///
/// # Errors
/// 404
pub async fn relink_to_deploy(
    who: Member,
    app: web::Data<App>,
    keys: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (deploy, incident) = keys.into_inner();
    let (_, deploy) = relink(&who, &app, incident, deploy).await?;
    Ok(see_other_with(format!("{}#incidents", deploy.path()), &Flash::ok("Linked again.")))
}

async fn relink(who: &SignedIn, app: &App, incident: String, deploy: String) -> Result<Pair, Error> {
    let (actor, now) = (who.actor(), who.now);
    app.db
        .write(move |c| {
            let (incident, deploy) = pair(c, &incident, &deploy)?;
            queries::relink(c, &actor, &incident, &deploy, now)?;
            Ok((incident, deploy))
        })
        .await
}
