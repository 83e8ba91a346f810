//! Incidents whose postmortem is due.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::PostmortemStatus;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incidents, postmortems};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::web::times::Zone;

/// Every date is less than so many days after the resolution.
const LONGEST_DAYS: i64 = 30;
/// Most incidents that are looked at.
const INCIDENT_LIMIT: i64 = 1_000;

/// Incidents whose postmortem is due between two days and not with its reviewers yet.
///
/// # Errors
/// The database's.
pub fn due_between(
    c: &mut Conn,
    (from, to): (NaiveDate, NaiveDate),
    now: Moment,
) -> Result<Vec<(Incident, NaiveDate)>, Error> {
    let unwritten = postmortems::id.nullable().is_null().or(postmortems::status.eq(PostmortemStatus::Draft));
    let resolved: Vec<Incident> = incidents::table
        .left_join(postmortems::table)
        .filter(incidents::status.eq(IncidentStatus::Resolved))
        .filter(incidents::resolved_at.ge(now.plus_s(-LONGEST_DAYS * 86_400)))
        .filter(unwritten)
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(INCIDENT_LIMIT)
        .select(Incident::as_select())
        .load(c)?;
    let zone = Zone::or_utc("");
    Ok(resolved
        .into_iter()
        .filter_map(|incident| Some((incident.postmortem_due_on(&zone)?, incident)))
        .filter(|(due_on, _)| (from..=to).contains(due_on))
        .map(|(due_on, incident)| (incident, due_on))
        .collect())
}
