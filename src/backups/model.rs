//! A backup, and when the next one is due.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::config::BackupPlan;
use crate::db::schema::backups;
use crate::text_enum;

text_enum! {
    /// What became of a backup.
    pub enum BackupState {
        /// A node is at it.
        Running = "running",
        /// It was checked, restored on trial, and is there.
        Kept = "kept",
        /// Newer ones took its place.
        Removed = "removed",
        /// It could not be taken, or did not stand its check.
        Failed = "failed",
    }
}

/// After so many seconds without a word its node is taken for dead.
pub const SILENCE_S: i64 = 120;
/// Seconds after a failure until the next try, at most: an hour.
const AGAIN_S: i64 = 3600;

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = backups)]
pub struct Backup {
    /// Row id.
    pub id: i64,
    /// What became of it.
    pub state: BackupState,
    /// The node that takes it.
    pub node: String,
    /// Name of its file in the node's folder.
    pub file: String,
    /// Who asked for it; nobody when its time had come.
    pub asked_by: Option<i64>,
    /// When it was begun.
    pub started_at: Moment,
    /// When its node last said that it is at it.
    pub seen_at: Moment,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// Rows in it.
    pub row_count: Option<i64>,
    /// Its size.
    pub byte_count: Option<i64>,
    /// What went wrong, or nothing.
    pub detail: String,
}

impl Backup {
    /// Whether a node is at it at this instant, as far as it says so.
    pub fn is_at_work(&self, now: Moment) -> bool {
        self.state == BackupState::Running && now.seconds_since(self.seen_at) < SILENCE_S
    }
}

/// The newest backups of each outcome, as far as there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latest {
    /// The newest of all.
    pub any: Option<Backup>,
    /// The newest that stood its check, whether it is still there or not.
    pub good: Option<Backup>,
}

impl Latest {
    /// When the next one is due under `plan`.
    pub fn next_at(&self, plan: &BackupPlan, now: Moment) -> Moment {
        let every_s = plan.every_h * 3600;
        // What was begun while a clock had run ahead must not put the next one off until then.
        let regular =
            self.good.as_ref().filter(|good| good.started_at <= now).map(|good| good.started_at.plus_s(every_s));
        let after_failure = self
            .any
            .as_ref()
            .filter(|newest| newest.state == BackupState::Failed && newest.started_at <= now)
            .map(|failed| failed.started_at.plus_s(every_s.min(AGAIN_S)));
        regular.max(after_failure).unwrap_or(now)
    }
}

/// The name of a backup that is begun now: sorts by time and says that it is ours.
pub fn file_name(now: Moment) -> String {
    let stamp: String = now.to_string().chars().take(19).filter(|sign| !matches!(sign, '-' | ':')).collect();
    format!("debrief-{stamp}Z.db")
}

/// Whether a file's name is one that [`file_name`] gives; no other is ever removed.
pub fn is_file_name(name: &str) -> bool {
    let Some(stamp) = name.strip_prefix("debrief-").and_then(|rest| rest.strip_suffix("Z.db")) else { return false };
    stamp.len() == 15
        && stamp.bytes().enumerate().all(|(place, byte)| if place == 8 { byte == b'T' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    fn backup(state: BackupState, started_at: Moment) -> Backup {
        Backup {
            id: 1,
            state,
            node: "n".to_owned(),
            file: file_name(started_at),
            asked_by: None,
            started_at,
            seen_at: started_at,
            finished_at: None,
            row_count: None,
            byte_count: None,
            detail: String::new(),
        }
    }

    #[test]
    fn names_are_known_again_and_sort_by_time() {
        let name = file_name(at("2026-11-23T14:00:05.250Z"));
        assert_eq!(name, "debrief-20261123T140005Z.db");
        assert!(is_file_name(&name));
        for foreign in ["debrief.db", "debrief-20261123.db", "debrief-20261123T14000Z.db", "x-20261123T140005Z.db"] {
            assert!(!is_file_name(foreign), "{foreign}");
        }
        assert!(file_name(at("2026-11-23T14:00:05Z")) < file_name(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn the_next_is_due_after_the_last_good_one_and_sooner_after_a_failure() {
        let plan = BackupPlan { folder: "b".into(), every_h: 24, keep_count: 3 };
        let now = at("2026-11-23T14:00:00Z");
        assert_eq!(Latest::default().next_at(&plan, now), now);
        let good = backup(BackupState::Kept, at("2026-11-23T03:00:00Z"));
        let latest = Latest { any: Some(good.clone()), good: Some(good.clone()) };
        assert_eq!(latest.next_at(&plan, now), at("2026-11-24T03:00:00Z"));
        // The next one failed: within the hour, and not at every look.
        let later = at("2026-11-24T03:10:00Z");
        let failed = Latest { any: Some(backup(BackupState::Failed, at("2026-11-24T03:00:00Z"))), good: Some(good) };
        assert_eq!(failed.next_at(&plan, later), at("2026-11-24T04:00:00Z"));
        // A clock that had run ahead.
        let ahead = backup(BackupState::Kept, at("2030-01-01T00:00:00Z"));
        let latest = Latest { any: Some(ahead.clone()), good: Some(ahead) };
        assert_eq!(latest.next_at(&plan, now), now);
    }

    #[test]
    fn a_node_that_says_nothing_is_taken_for_dead() {
        let running = backup(BackupState::Running, at("2026-11-23T14:00:00Z"));
        assert!(running.is_at_work(at("2026-11-23T14:01:59Z")));
        assert!(!running.is_at_work(at("2026-11-23T14:02:00Z")));
    }
}
