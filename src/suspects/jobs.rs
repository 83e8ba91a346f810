//! Reckoning again, and learning.

use serde::{Deserialize, Serialize};

use super::queries;
use super::queries_learning as learning;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::Job;

/// The kind of the job that reckons one incident again.
pub const RECKON: &str = "suspects.reckon";
/// The kind of the job that learns from incidents that are settled.
pub const LEARN: &str = "suspects.learn";
/// The kind of the job that forgets what was learned and begins again.
pub const LEARN_AGAIN: &str = "suspects.learn_again";

/// The incident of a job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OneIncident {
    /// Row id.
    pub incident_id: i64,
}

/// Reckons one incident again.
///
/// # Errors
/// The database's.
pub fn reckon(c: &mut Conn, job: &Job, now: Moment) -> Result<(), Error> {
    let task: OneIncident = serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    let number = crate::incidents::queries::by_id(c, task.incident_id)?.number;
    // Held, so that a verdict that is said meanwhile waits, and is heard.
    let incident = crate::incidents::queries::for_change(c, number)?;
    queries::reckon(c, &incident, now)
}

/// Learns from the next incidents that are settled.
///
/// # Errors
/// The database's.
pub fn learn(c: &mut Conn, _job: &Job, now: Moment) -> Result<(), Error> {
    learning::learn(c, now)
}

/// Forgets what was learned and begins again with the last incidents.
///
/// # Errors
/// The database's.
pub fn learn_again(c: &mut Conn, _job: &Job, now: Moment) -> Result<(), Error> {
    learning::begin_again(c, now)?;
    learning::learn(c, now)
}
