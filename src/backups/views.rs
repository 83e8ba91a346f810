//! The page of backups.

use askama::Template;

use super::model::{Backup, BackupState};
use crate::clock::Moment;
use crate::config::BackupPlan;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, duration};

/// A backup may be so many seconds late before the page warns: two looks and the time it takes.
pub const GRACE_S: i64 = 3600;

/// A backup as a row.
pub struct Row {
    /// The backup.
    pub backup: Backup,
    /// Who asked for it.
    pub by: Option<String>,
    /// When it was begun.
    pub started: Stamp,
}

impl Row {
    /// A row with its time as the reader sees it.
    pub fn new(backup: Backup, by: Option<String>, stamp: impl Fn(Moment) -> Stamp) -> Self {
        Row { started: stamp(backup.started_at), backup, by }
    }

    /// The state in a word.
    pub fn state(&self) -> &'static str {
        match self.backup.state {
            BackupState::Running => "at work",
            BackupState::Kept => "checked",
            BackupState::Removed => "removed",
            BackupState::Failed => "failed",
        }
    }

    /// The state's colour.
    pub fn tone(&self) -> &'static str {
        match self.backup.state {
            BackupState::Running => "info",
            BackupState::Kept => "ok",
            BackupState::Removed => "off",
            BackupState::Failed => "bad",
        }
    }

    /// Size and rows in words, or what went wrong.
    pub fn detail(&self) -> String {
        match (self.backup.byte_count, self.backup.row_count) {
            (Some(bytes), Some(rows)) => format!("{}, {rows} rows", size(bytes)),
            _ => self.backup.detail.clone(),
        }
    }

    /// How long it took.
    pub fn took(&self) -> String {
        self.backup
            .finished_at
            .map_or_else(String::new, |end| duration(end.seconds_since(self.backup.started_at).max(0)))
    }
}

/// Bytes as people read them.
fn size(bytes: i64) -> String {
    let mut amount = bytes as f64 / 1000.0;
    for unit in ["kB", "MB", "GB"] {
        if amount < 1000.0 {
            return format!("{amount:.1} {unit}");
        }
        amount /= 1000.0;
    }
    format!("{amount:.1} TB")
}

/// `GET /admin/backups`
#[derive(Template)]
#[template(path = "backups/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// This node's plan.
    pub plan: Option<BackupPlan>,
    /// When the next one is due.
    pub next: Option<Stamp>,
    /// Whether the last good one is older than it should be.
    pub is_overdue: bool,
    /// The last one that stood its check.
    pub last_good: Option<(Stamp, String)>,
    /// Backups, newest first.
    pub rows: Vec<Row>,
    /// Address of the older page.
    pub older: String,
}

impl Index {
    /// The plan in a sentence.
    pub fn told(&self) -> String {
        self.plan.as_ref().map_or_else(String::new, |plan| {
            let every = match plan.every_h {
                1 => "Every hour".to_owned(),
                24 => "Every day".to_owned(),
                hours => format!("Every {hours} hours"),
            };
            let kept = match plan.keep_count {
                1 => "the newest one is kept".to_owned(),
                count => format!("the newest {count} are kept"),
            };
            format!("{every} into {}; {kept}.", plan.folder.display())
        })
    }
}
