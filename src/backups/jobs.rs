//! The job that takes a backup when one is due or was asked for.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::model::{Backup, SILENCE_S};
use super::{files, queries};
use crate::app::App;
use crate::error::Error;
use crate::jobs::model::{Job, Schedule};
use crate::jobs::worker::Record;

/// Takes a backup.
pub const TAKE: &str = "backups.take";
/// How often is looked whether one is due.
pub const SCHEDULE: Schedule = Schedule { kind: TAKE, every_s: 300 };
/// How often a node says that it is at one.
const SAY_EVERY: Duration = Duration::from_secs(SILENCE_S as u64 / 6);

/// The payload of a job that somebody asked for; null stands for the schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The admin.
    pub asked_by: Option<i64>,
}

/// [`TAKE`]: what comes of it is written down here and not with the job's end, which may belong to another node by
/// then: a large backup takes longer than a lease.
///
/// # Errors
/// The database's. A backup that failed is no failed job: the next look tries again.
pub fn take(app: &App, job: &Job) -> Result<Record, Error> {
    let asked: Option<Asked> = serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    if let Some(plan) = &app.config.backups {
        let taker = queries::Taker { node: &app.node, plan, asked_by: asked.and_then(|asked| asked.asked_by) };
        let now = app.clock.now();
        if let Some(backup) = app.db.write_blocking(|c| queries::begin(c, &taker, now))? {
            let pulse = Pulse::start(app, &backup);
            let outcome = files::take(&app.db, plan, &backup.file);
            drop(pulse);
            let now = app.clock.now();
            app.db.write_blocking(|c| match &outcome {
                Ok(taken) => queries::keep(c, &backup, taken, now),
                Err(why) => queries::fail(c, &backup, why, now),
            })?;
            match outcome {
                Ok(taken) => {
                    tracing::info!(file = backup.file, rows = taken.row_count, "a backup was taken and checked")
                }
                Err(why) => tracing::error!(file = backup.file, why, "a backup failed"),
            }
        }
    }
    Ok(Box::new(|_, _| Ok(())))
}

/// Says every few seconds that this node is at a backup, until it is dropped.
struct Pulse {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Pulse {
    fn start(app: &App, backup: &Backup) -> Self {
        let (stop, stopped) = channel();
        let (db, clock, id) = (app.db.clone(), app.clock.clone(), backup.id);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(SAY_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = clock.now();
                if let Err(error) = db.write_blocking(|c| queries::seen(c, id, now)) {
                    tracing::warn!(%error, "cannot say that a backup is at work; trying again");
                }
            }
        });
        Pulse { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        // The thread ends when its sender is gone.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
