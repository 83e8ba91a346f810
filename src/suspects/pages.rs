//! What is posted about suspects beside the words about a pair: none of these, and "it fixed it, and that was the
//! end".

use actix_web::{HttpResponse, web};

use super::queries;
use crate::app::App;
use crate::auth::who::Member;
use crate::deploys;
use crate::error::Error;
use crate::incidents;
use crate::incidents::model::{IncidentChange, IncidentStatus, TimeField, parse_key};
use crate::links;
use crate::links::model::Relation;
use crate::web::body::Form;
use crate::web::fields::{Check, LINE_LIMIT};
use crate::web::flash::Flash;
use crate::web::respond::see_other_with;

fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("incident", key))
}

/// `POST /incidents/{key}/suspects/none`: no change on record caused it.
///
/// # Errors
/// 404; 409 when a change is said to have caused it; 422 for a reason that is too long.
pub async fn say_none(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let mut check = Check::new();
    let reason = check.text("reason", typed.0.some("reason"), LINE_LIMIT).unwrap_or_default();
    check.finish()?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = incidents::queries::for_change(c, number)?;
            queries::say_nothing(c, &actor, &incident, &reason, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    let undo = format!("{}/suspects/none/removal", incident.path());
    let flash = Flash::ok(format!("No change on record caused {}.", incident.key())).with_undo(undo);
    Ok(see_other_with(format!("{}#deploys", incident.path()), &flash))
}

/// `POST /incidents/{key}/suspects/none/removal`: it may have been a change after all.
///
/// # Errors
/// 404
pub async fn take_back_none(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = incidents::queries::for_change(c, number)?;
            queries::take_back_nothing(c, &actor, &incident, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    Ok(see_other_with(format!("{}#deploys", incident.path()), &Flash::ok("Taken back.")))
}

/// `POST /incidents/{key}/suspects/{deploy}/end`: this change fixed it, and its finish is when the impact ended.
///
/// # Errors
/// 404; 409 when the incident has an end already; 422 for a change that finished before the start.
pub async fn say_end(
    who: Member,
    app: web::Data<App>,
    keys: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (key, deploy) = keys.into_inner();
    let number = number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let (incident, deploy) = app
        .db
        .write(move |c| {
            let incident = incidents::queries::for_change(c, number)?;
            let deploy = deploys::queries::by_key(c, &deploy)?;
            if incident.mitigated_at.is_some() {
                return Err(Error::Conflict(format!(
                    "{} has an end on record already. Say that {} fixed it, and correct the time if it is wrong.",
                    incident.key(),
                    deploy.key()
                )));
            }
            if deploy.happened_at < incident.started_at {
                return Err(Error::Conflict(format!(
                    "{} finished before {} began, so it cannot have ended it.",
                    deploy.key(),
                    incident.key()
                )));
            }
            links::queries::say(c, &actor, &incident, &deploy, Relation::Fixed, "", now)?;
            let change = IncidentChange {
                status: Some(incident.status.max(IncidentStatus::Mitigated)),
                times: vec![(TimeField::Mitigated, Some(deploy.happened_at))],
                reason: format!("{} fixed it", deploy.key()),
                zone,
                ..IncidentChange::default()
            };
            let incident = incidents::queries::change(c, &actor, number, &change, now)?;
            Ok((incident, deploy))
        })
        .await?;
    let flash = Flash::ok(format!("{} fixed {}; its finish is the end of the impact.", deploy.key(), incident.key()));
    Ok(see_other_with(format!("{}#deploys", incident.path()), &flash))
}
