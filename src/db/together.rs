//! One commit for the work of many requests.
//!
//! A commit that survives a power loss waits for the disk, however little it carries. Where many small writes come at
//! once ([`Db::write_together`]: deliveries of hooks), those that arrive while a commit is under way go into the next
//! one together. When one of them fails, nothing of that transaction is kept and each is done alone, so that it takes
//! nothing of the others with it; none is told that it succeeded before the commit that carries it has.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::pool::Ending;
use super::{Conn, Db, DbError, ENQUEUED, PATIENCE, begin_write, begun, errors};

/// Most pieces of work in one commit: others wait for the writer too.
const COMMIT_LIMIT: usize = 128;

/// One request's work, with the place where its outcome is awaited.
trait Errand: Send {
    /// Does the work, and says whether it went well. May be done more than once.
    fn run(&mut self, c: &mut Conn) -> bool;
    /// Does it in a transaction of its own, and tells.
    fn run_alone(self: Box<Self>, db: &Db);
    /// Tells the outcome of the last run.
    fn tell(self: Box<Self>);
    /// Tells that the work could not be kept.
    fn tell_failure(self: Box<Self>, error: DbError);
}

struct Piece<T, E, F> {
    work: F,
    outcome: Option<Result<T, E>>,
    // Whoever waits may have gone; the work is done all the same.
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Errand for Piece<T, E, F>
where
    T: Send,
    E: From<DbError> + Send,
    F: FnMut(&mut Conn) -> Result<T, E> + Send,
{
    fn run(&mut self, c: &mut Conn) -> bool {
        let outcome = (self.work)(c);
        let went_well = outcome.is_ok();
        self.outcome = Some(outcome);
        went_well
    }

    fn run_alone(mut self: Box<Self>, db: &Db) {
        let outcome = db.write_blocking(|c| (self.work)(c));
        let _ = self.answer.send(outcome);
    }

    fn tell(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(DbError::Stopped("it was never begun".to_owned()).into()));
        let _ = self.answer.send(outcome);
    }

    fn tell_failure(self: Box<Self>, error: DbError) {
        let _ = self.answer.send(Err(error.into()));
    }
}

/// Work that waits for its commit.
#[derive(Default)]
pub(super) struct Together {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn Errand>>,
    /// Whether a thread is at it.
    is_attended: bool,
}

impl Together {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing is done under the lock that could leave it half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next pieces of work, or none and the thread may go.
    fn next(&self) -> Vec<Box<dyn Errand>> {
        let mut queue = self.queue();
        let count = queue.waiting.len().min(COMMIT_LIMIT);
        queue.is_attended = count > 0;
        queue.waiting.drain(..count).collect()
    }
}

impl Db {
    /// [`Db::write`] for small work of which much comes at once: several pieces share a commit.
    ///
    /// `work` may run more than once, and beside other work in one transaction: it must do nothing but database work,
    /// and wait for nobody. That it fails should be rare, for those beside it are then done again, too.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_together<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let is_attended = {
            let mut queue = self.inner.together.queue();
            queue.waiting.push_back(Box::new(Piece { work, outcome: None, answer }));
            std::mem::replace(&mut queue.is_attended, true)
        };
        if !is_attended {
            let db = self.clone();
            tokio::task::spawn_blocking(move || db.attend());
        }
        outcome.await.unwrap_or_else(|_| Err(DbError::Stopped("the work panicked".to_owned()).into()))
    }

    /// Whether work that came in is waiting for its commit at this moment ([`Db::write_together`]).
    pub fn is_crowded(&self) -> bool {
        self.inner.together.queue().is_attended
    }

    /// Works the queue off, a commit at a time.
    fn attend(&self) {
        loop {
            let errands = self.inner.together.next();
            if errands.is_empty() {
                return;
            }
            // Work that panics is told to those who shared its transaction, and the others' goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| self.commit_together(errands)));
        }
    }

    fn commit_together(&self, mut errands: Vec<Box<dyn Errand>>) {
        if errands.len() > 1 {
            match self.in_one_transaction(&mut errands) {
                Shared::Kept => return errands.into_iter().for_each(Errand::tell),
                Shared::Lost(error) => {
                    let text = error.to_string();
                    for errand in errands {
                        errand.tell_failure(again(&error, &text));
                    }
                    return;
                }
                Shared::Apart => {}
            }
        }
        for errand in errands {
            errand.run_alone(self);
        }
    }

    /// Does all of it in one transaction, or nothing.
    fn in_one_transaction(&self, errands: &mut [Box<dyn Errand>]) -> Shared {
        ENQUEUED.with(|flag| flag.set(false));
        errors::forget_trouble();
        let mut slot = match begun(&self.inner.writers, Instant::now() + PATIENCE, begin_write) {
            Ok(slot) => slot,
            Err(error) => return Shared::Lost(error),
        };
        // Work that panics leaves the transaction open: the pool throws such a connection away.
        slot.broken = true;
        let c = &mut slot.conn;
        let is_whole = errands.iter_mut().all(|errand| errand.run(c));
        slot.broken = false;
        let trouble = errors::trouble();
        if !is_whole || trouble.is_some() {
            slot.roll_back(trouble);
            return Shared::Apart;
        }
        if let Err(error) = slot.conn.batch_execute("COMMIT") {
            let error = DbError::from(error);
            // Where the connection is gone, it is not known whether it was kept, so that it must not be done again.
            return Shared::Lost(match slot.roll_back(errors::trouble()) {
                Ending::Lost => DbError::InDoubt,
                Ending::RolledBack => error,
            });
        }
        drop(slot);
        self.committed();
        Shared::Kept
    }
}

/// How a shared transaction ended.
enum Shared {
    /// Committed; each piece knows its outcome.
    Kept,
    /// There was no transaction to be had, or its commit failed.
    Lost(DbError),
    /// Nothing was kept: each is tried alone.
    Apart,
}

/// The same error for another one who waits.
fn again(error: &DbError, text: &str) -> DbError {
    match error {
        DbError::Busy => DbError::Busy,
        DbError::Full => DbError::Full,
        DbError::ReadOnly => DbError::ReadOnly,
        DbError::InDoubt => DbError::InDoubt,
        DbError::Unreachable(_) => DbError::Unreachable(text.to_owned()),
        _ => DbError::Fault(text.to_owned()),
    }
}
