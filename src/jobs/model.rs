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
    /// While it is in the queue, no other with this key is.
    pub unique_key: Option<String>,
}

/// A kind of job that comes back by itself. Its handler must find out from the database what there is to do, so
/// that once too often does no harm and once too seldom is made up for by the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The job's kind.
    pub kind: &'static str,
    /// Seconds from one to the next.
    pub every_s: i64,
}

impl Schedule {
    /// Whether a turn at `next_at` is still to come. One that lies further ahead than any turn can was set by a clock that
    /// had run ahead, and is not waited for.
    pub fn is_waiting(self, next_at: Moment, now: Moment) -> bool {
        next_at > now && next_at <= now.plus_s(self.every_s.max(1))
    }

    /// The first turn after `now`, counted on from the turn at `last`, so that a late one does not shift the rest.
    pub fn next_after(self, last: Moment, now: Moment) -> Moment {
        let last = last.min(now);
        let missed = now.seconds_since(last) / self.every_s.max(1);
        last.plus_s((missed + 1) * self.every_s.max(1))
    }
}

/// Seconds until the next try after `attempts` tries: 2, 4, 8 … up to an hour.
pub fn delay_s(attempts: i64) -> i64 {
    2_i64.saturating_pow(u32::try_from(attempts.clamp(1, 12)).unwrap_or(12)).min(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_turn_does_not_shift_the_next() {
        let hourly = Schedule { kind: "x", every_s: 3600 };
        let at = |text: &str| Moment::parse(text).unwrap();
        let due = at("2026-11-23T14:00:00Z");
        assert_eq!(hourly.next_after(due, due), at("2026-11-23T15:00:00Z"));
        assert_eq!(hourly.next_after(due, at("2026-11-23T14:00:30Z")), at("2026-11-23T15:00:00Z"));
        assert_eq!(hourly.next_after(due, at("2026-11-23T19:59:59Z")), at("2026-11-23T20:00:00Z"));
        // A clock that had run ahead and was set back: not the rest of the day is waited for.
        let earlier = at("2026-11-23T09:00:00Z");
        assert!(!hourly.is_waiting(due, earlier) && hourly.is_waiting(at("2026-11-23T10:00:00Z"), earlier));
        assert_eq!(hourly.next_after(due, earlier), at("2026-11-23T10:00:00Z"));
    }
}
