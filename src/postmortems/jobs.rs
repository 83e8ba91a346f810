//! Reminding those whose incident should have its postmortem by now.

use chrono::Days;

use super::model::thing;
use super::queries_due::due_between;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::incidents::news;
use crate::jobs::model::{Job, Schedule};
use crate::notify::model::{Notice, NoticeKind};
use crate::notify::queries::tell;

/// The kind of the job.
pub const REMIND: &str = "postmortems.remind";
/// How often it comes back.
pub const SCHEDULE: Schedule = Schedule { kind: REMIND, every_s: 3_600 };
/// Days that are looked back at, so that a node that was off for a weekend forgets nobody.
const LOOK_BACK_DAYS: u64 = 7;

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
            thing: thing(&incident),
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
