//! What a job is, and when a failed one comes back.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::jobs;

/// Longest time a worker may hold a job, in seconds; then another may take it.
pub const LEASE_S: i64 = 60;
/// How often a job is tried before it becomes a dead letter.
pub const MAX_ATTEMPTS: i64 = 10;

/// One piece of work.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct Job {
    /// Row id.
    pub id: i64,
    /// What is to be done; names a handler.
    pub kind: String,
    /// JSON for the handler.
    pub payload: String,
    /// Not before this instant.
    pub run_at: Moment,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be begun.
    pub max_attempts: i64,
    /// Until when a worker holds it.
    pub leased_until: Option<Moment>,
    /// Which worker holds it.
    pub leased_by: Option<String>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was given up.
    pub dead_at: Option<Moment>,
    /// When it was enqueued.
    pub created_at: Moment,
}

/// Seconds until the next try after `attempts` tries: 2, 4, 8 … up to an hour.
pub fn delay_s(attempts: i64) -> i64 {
    2_i64.saturating_pow(u32::try_from(attempts.clamp(1, 12)).unwrap_or(12)).min(3600)
}
