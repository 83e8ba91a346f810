//! Reminding those whose review has not come.

use chrono::Days;

use super::queries;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::{Job, Schedule};

/// The kind of the job.
pub const REMIND: &str = "reviews.remind";
/// How often it comes back.
pub const SCHEDULE: Schedule = Schedule { kind: REMIND, every_s: 3_600 };
/// Days that are looked back at, so that a node that was off for a weekend forgets nobody.
const LOOK_BACK_DAYS: u64 = 7;

/// Tells of reviews that were due on a day that is over. Done again, it tells nobody twice.
///
/// # Errors
/// The database's.
pub fn remind(c: &mut Conn, _job: &Job, now: Moment) -> Result<(), Error> {
    let Some(yesterday) = now.date().pred_opt() else { return Ok(()) };
    let from = yesterday.checked_sub_days(Days::new(LOOK_BACK_DAYS)).unwrap_or(yesterday);
    queries::remind(c, (from, yesterday), now)
}
