//! Watching retros: whoever has one open learns of each change within a fraction of a second, on every node.
//!
//! A node asks the database for the revisions of the retros that somebody watches here, one question for all of
//! them, and only while somebody watches. What changed is not told, only that it did: the page then reads what is
//! there, so that nothing can be missed and nothing can be told out of order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::queries;
use crate::db::Db;

/// How often the database is asked.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Most pages that one node keeps told.
pub const WATCHER_LIMIT: usize = 2_000;

/// The retros that are watched on this node.
#[derive(Debug)]
pub struct Hub {
    watched: Mutex<Watched>,
    closing: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Watched {
    retros: HashMap<i64, watch::Sender<i64>>,
    is_asking: bool,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { watched: Mutex::new(Watched::default()), closing: watch::channel(false).0 }
    }
}

impl Hub {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        // Nothing that holds this lock can leave it half changed.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a retro whose revision was `revision` a moment ago; nothing when too many pages are told already.
    pub fn follow(self: &Arc<Self>, db: &Db, retro_id: i64, revision: i64) -> Option<watch::Receiver<i64>> {
        let mut watched = self.watched();
        let count: usize = watched.retros.values().map(watch::Sender::receiver_count).sum();
        if count >= WATCHER_LIMIT {
            return None;
        }
        let sender = watched.retros.entry(retro_id).or_insert_with(|| watch::channel(revision).0);
        sender.send_if_modified(|known| raise_to(known, revision));
        let receiver = sender.subscribe();
        if !watched.is_asking {
            watched.is_asking = true;
            tokio::spawn(ask(self.clone(), db.clone()));
        }
        Some(receiver)
    }

    /// Says true once the node stops, so that no open page holds it up.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Ends everybody's watching; the pages come back to another node, or to this one after its restart.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// The retros that somebody still watches; those that nobody does are forgotten. None ends the asking.
    fn wanted(&self) -> Option<Vec<i64>> {
        let mut watched = self.watched();
        watched.retros.retain(|_, sender| sender.receiver_count() > 0);
        if watched.retros.is_empty() || *self.closing.borrow() {
            watched.is_asking = false;
            return None;
        }
        Some(watched.retros.keys().copied().collect())
    }

    fn tell(&self, revisions: Vec<(i64, i64)>) {
        let watched = self.watched();
        for (id, revision) in revisions {
            if let Some(sender) = watched.retros.get(&id) {
                sender.send_if_modified(|known| raise_to(known, revision));
            }
        }
    }
}

fn raise_to(known: &mut i64, revision: i64) -> bool {
    let is_news = revision > *known;
    if is_news {
        *known = revision;
    }
    is_news
}

async fn ask(hub: Arc<Hub>, db: Db) {
    while let Some(ids) = hub.wanted() {
        match db.read(move |c| queries::revisions(c, &ids)).await {
            Ok(revisions) => hub.tell(revisions),
            Err(error) => tracing::warn!(%error, "the revisions of retros cannot be read; trying again"),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
