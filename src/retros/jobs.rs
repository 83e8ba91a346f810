//! What the calendar does for retros.

use super::queries_series;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::Job;

/// The kind of job that prepares scheduled retros.
pub const PREPARE: &str = "retros.prepare";

/// Prepares every scheduled retro that begins within a day. Done again, it changes nothing.
///
/// # Errors
/// The database's.
pub fn prepare(c: &mut Conn, _: &Job, now: Moment) -> Result<(), Error> {
    queries_series::prepare_due(c, now)?;
    Ok(())
}
