//! What SQLite's write-ahead log holds is copied into the file beside the writer, not by it.
//!
//! By itself SQLite lets the commit that fills the log copy it: whoever waits for that commit waits for some thousand
//! pages to reach the disk, and so do all whose commits come behind it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use super::pool::{self, Access};
use super::{Conn, OpenError, Target};

/// How long the log gathers what is written before it is copied: a page that is written again and again is copied once.
/// While a copy reaches the disk, commits wait for the disk, too: of five times as much at a time they waited twice as
/// long (the slowest in a hundred of 7,000 a second).
const GATHERING: Duration = Duration::from_millis(20);

/// Copies the log for as long as it stands.
pub(super) struct Checkpoints {
    /// Taken away to end the thread.
    written: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Nothing on PostgreSQL, which has a process of its own for it.
    pub(super) fn of(target: &Target) -> Result<Option<Self>, OpenError> {
        if !matches!(target, Target::Sqlite(_)) {
            return Ok(None);
        }
        let mut c = pool::connect(target, Access::Write)?;
        let (written, writes) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || copy_whenever(&writes, &mut c))
            .map_err(|error| OpenError::Unreachable(error.to_string()))?;
        Ok(Some(Checkpoints { written: Some(written), thread: Some(thread) }))
    }

    /// Says that something was committed.
    pub(super) fn written(&self) {
        if let Some(written) = &self.written {
            // One word waits already.
            let _ = written.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.written = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Returns when nobody can write any more.
fn copy_whenever(writes: &Receiver<()>, c: &mut Conn) {
    while writes.recv().is_ok() {
        let until = Instant::now() + GATHERING;
        loop {
            match writes.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        // It waits for nobody and nobody for it. Where another process is at it, or the disk is full, the next time
        // does it, or the writer when its log has grown long.
        let _ = c.batch_execute("PRAGMA wal_checkpoint(PASSIVE)");
    }
}
