//! What the navigation shows each person, kept for a moment: it stands on every page and changes with few writes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::queries;
use crate::db::Db;
use crate::error::Error;
use crate::web::layout::Nav;

/// For how long what other nodes write may be missing. What this node writes shows at once.
const AGE_LIMIT: Duration = Duration::from_secs(2);
/// Most people whose navigation is kept.
const PEOPLE_LIMIT: usize = 1_000;

struct Kept {
    nav: Nav,
    /// [`Db::commit_count`] before it was read.
    commit_count: u64,
    read_at: Instant,
}

/// The navigation of everybody who looked at a page just now.
#[derive(Default)]
pub struct Navs {
    kept: Mutex<HashMap<i64, Kept>>,
}

impl Navs {
    fn kept(&self) -> MutexGuard<'_, HashMap<i64, Kept>> {
        // Nothing is done under the lock that could leave it half done.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The navigation of one person, as it is after the last write of this node.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, db: &Db, user_id: i64) -> Result<Nav, Error> {
        let commit_count = db.commit_count();
        if let Some(kept) = self.kept().get(&user_id)
            && kept.commit_count == commit_count
            && kept.read_at.elapsed() < AGE_LIMIT
        {
            return Ok(kept.nav.clone());
        }
        let read_at = Instant::now();
        let nav = db.read(move |c| queries::nav(c, user_id)).await?;
        let mut kept = self.kept();
        if kept.len() >= PEOPLE_LIMIT {
            kept.clear();
        }
        kept.insert(user_id, Kept { nav: nav.clone(), commit_count, read_at });
        Ok(nav)
    }
}
