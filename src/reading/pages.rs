//! The reading list's page, and the reader's own marks.

use actix_web::{HttpResponse, web};

use super::queries;
use super::views::{Index, Line};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::db::Conn;
use crate::db::paging::Turn;
use crate::error::Error;
use crate::incidents;
use crate::incidents::model::Incident;
use crate::postmortems;
use crate::web::body::Query;
use crate::web::fields::{Check, LINE_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, see_other_with};

/// `GET /reading`, also `?team=payments`
///
/// # Errors
/// 422 for a filter that is none.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let team = check.optional_line("team", query.0.some("team"), LINE_LIMIT);
    check.finish()?;
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    let (user_id, wanted) = (who.user.id, team.clone());
    let (rows, read, hit, teams) = app
        .db
        .read(move |c| {
            let rows = queries::list(c, wanted, turn)?;
            let ids: Vec<i64> = rows.rows.iter().map(|row| row.postmortem_id).collect();
            let incident_ids: Vec<i64> = rows.rows.iter().map(|row| row.incident.id).collect();
            let read = queries::read_by(c, user_id, &ids)?;
            let hit = incidents::around::queries::services_of(c, &incident_ids)?;
            Ok::<_, Error>((rows, read, hit, crate::teams::queries::all(c)?))
        })
        .await?;
    page(&Index {
        layout: who.layout("Reading list", Section::Postmortems),
        team: team.unwrap_or_default(),
        teams,
        before: rows.before,
        after: rows.after,
        lines: rows
            .rows
            .into_iter()
            .map(|row| {
                let names: Vec<&str> = hit
                    .iter()
                    .filter(|(id, _)| *id == row.incident.id)
                    .map(|(_, service)| service.name.as_str())
                    .collect();
                Line {
                    services: names.join(", "),
                    at: who.stamp(row.published_at),
                    is_read: read.contains(&row.postmortem_id),
                    incident: row.incident,
                }
            })
            .collect(),
    })
}

fn found(c: &mut Conn, key: &str) -> Result<(Incident, i64), Error> {
    let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
    let incident = incidents::queries::by_number(c, number)?;
    let postmortem = postmortems::queries::existing(c, &incident)?;
    Ok((incident, postmortem.id))
}

/// `POST /incidents/{key}/postmortem/readers`: I read it, and it may be known.
///
/// # Errors
/// 404
pub async fn mark(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let (incident, postmortem_id) = found(c, &key)?;
            queries::mark_read(c, &actor, postmortem_id, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    let path = postmortems::model::path(incident.number);
    let flash = Flash::ok("You are among its readers.").with_undo(format!("{path}/readers/removal"));
    Ok(see_other_with(path, &flash))
}

/// `POST /incidents/{key}/postmortem/readers/removal`
///
/// # Errors
/// 404
pub async fn unmark(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let actor = who.actor();
    let incident = app
        .db
        .write(move |c| {
            let (incident, postmortem_id) = found(c, &key)?;
            queries::unmark_read(c, &actor, postmortem_id)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    Ok(see_other_with(postmortems::model::path(incident.number), &Flash::ok("You are not among its readers any more.")))
}
