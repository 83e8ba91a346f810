//! What the calendar does for retros.

use super::queries_series;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::{Job, Schedule};

/// The kind of job that prepares scheduled retros.
pub const PREPARE: &str = "retros.prepare";

/// How often it is looked whether a retro is to be prepared.
pub const SCHEDULE: Schedule = Schedule { kind: PREPARE, every_s: 600 };

/// Prepares every scheduled retro that begins within a day. Done again, it changes nothing.
///
/// # Errors
/// The database's.
pub fn prepare(c: &mut Conn, _: &Job, now: Moment) -> Result<(), Error> {
    for retro in queries_series::prepare_due(c, now)? {
        queries_series::announce(c, &retro, now)?;
    }
    Ok(())
}
