//! Reminding those whose incident should have its postmortem by now.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::model::PostmortemStatus;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incidents, postmortems};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::incidents::news;
use crate::jobs::model::{Job, Schedule};
use crate::notify::model::{Notice, NoticeKind, Thing};
use crate::notify::queries::tell;
use crate::web::times::Zone;

/// The kind of the job.
pub const REMIND: &str = "postmortems.remind";
/// How often it comes back.
pub const SCHEDULE: Schedule = Schedule { kind: REMIND, every_s: 3_600 };
/// Days that are looked back at, so that a node that was off for a weekend forgets nobody.
const LOOK_BACK_DAYS: u64 = 7;
/// Every date is less than so many days after the resolution.
const LONGEST_DAYS: i64 = 30;
/// Most incidents that are looked at.
const INCIDENT_LIMIT: i64 = 1_000;

/// Tells of incidents whose postmortem is due and not with its reviewers yet; of each once, however often this runs.
///
/// # Errors
/// The database's.
pub fn remind(c: &mut Conn, _job: &Job, now: Moment) -> Result<(), Error> {
    let today = now.date();
    let from = today.checked_sub_days(Days::new(LOOK_BACK_DAYS)).unwrap_or(today);
    for (incident, due_on) in due_between(c, (from, today), now)? {
        let notice = Notice {
            kind: NoticeKind::PostmortemDue,
            thing: Thing::new("postmortem", incident.key(), format!("{}/postmortem", incident.path())),
            title: format!("Postmortem due: {} {}", incident.key(), incident.title),
            body: format!(
                "It is due on {}. One click on the incident's page begins it with all that is known.",
                due_on.format("%-d %B %Y")
            ),
            why: "the incident hurt a service of your team, or you had a role in it".to_owned(),
            audience: news::audience(c, incident.id)?,
            actor_id: None,
            dedup_key: Some(format!("postmortem due {} {due_on}", incident.key())),
        };
        tell(c, &notice, now)?;
    }
    Ok(())
}

fn due_between(
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
