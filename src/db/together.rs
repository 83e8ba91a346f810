//! One commit for the work of many requests.
//!
//! A commit that survives a power loss waits for the disk, however little it carries. Where many small writes of one
//! kind come at once (deliveries of hooks), those that arrive while a commit is under way go into the next one together,
//! and are done together, with one statement for all of them where the database can. When one of them fails, nothing of
//! that transaction is kept and each is done alone, so that it takes nothing of the others with it; none is told that it
//! succeeded before the commit that carries it has.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::pool::Ending;
use super::{Conn, Db, DbError, ENQUEUED, PATIENCE, begin_write, begun, errors};
use crate::error::Error;

/// Most pieces of work in one commit: others wait for the writer too.
const COMMIT_LIMIT: usize = 128;
/// So many in one commit are a crowd: a few come together by chance.
const CROWD: usize = 4;
/// How long a crowd is thought to be there after it was seen.
const CROWD_LASTS: Duration = Duration::from_millis(50);

/// One request's piece of small work of which much comes at once.
pub trait Piece: Send + Sync + 'static {
    /// What it came to.
    type Outcome: Send;

    /// Does pieces of it beside one another, in the caller's transaction, and tells what each came to, in their order.
    ///
    /// May be done more than once: it must do nothing but database work, and wait for nobody. That it fails should be
    /// rare, for each of them is then done again, alone.
    ///
    /// # Errors
    /// What one of them failed with.
    fn run(c: &mut Conn, pieces: &[&Self]) -> Result<Vec<Self::Outcome>, Error>;
}

/// A piece, with the place where its outcome is awaited.
struct Waiting<P: Piece> {
    piece: P,
    // Whoever waits may have gone; the work is done all the same.
    answer: oneshot::Sender<Result<P::Outcome, Error>>,
}

impl<P: Piece> Waiting<P> {
    fn tell(self, outcome: Result<P::Outcome, Error>) {
        let _ = self.answer.send(outcome);
    }
}

/// Where pieces of one kind wait for the commit that they share. Cheap to clone.
pub struct Together<P: Piece> {
    db: Db,
    queue: Arc<Mutex<Queue<P>>>,
}

struct Queue<P: Piece> {
    waiting: VecDeque<Waiting<P>>,
    /// Whether a thread is at it.
    is_attended: bool,
    /// When so many shared a commit that there is a crowd.
    crowded_at: Option<Instant>,
}

impl<P: Piece> Clone for Together<P> {
    fn clone(&self) -> Self {
        Together { db: self.db.clone(), queue: self.queue.clone() }
    }
}

impl<P: Piece> Together<P> {
    /// A place where nothing waits.
    pub fn new(db: Db) -> Self {
        let queue = Queue { waiting: VecDeque::new(), is_attended: false, crowded_at: None };
        Together { db, queue: Arc::new(Mutex::new(queue)) }
    }

    /// Does the piece in a transaction that it may share with others.
    ///
    /// # Errors
    /// What it failed with when it was done alone; as [`Db::write`].
    pub async fn run(&self, piece: P) -> Result<P::Outcome, Error> {
        let (answer, outcome) = oneshot::channel();
        let is_attended = {
            let mut queue = self.queue();
            queue.waiting.push_back(Waiting { piece, answer });
            std::mem::replace(&mut queue.is_attended, true)
        };
        if !is_attended {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.attend());
        }
        outcome.await.unwrap_or_else(|_| Err(DbError::Stopped("the work panicked".to_owned()).into()))
    }

    /// Whether much came at once just now, so that what can wait should.
    pub fn is_crowded(&self) -> bool {
        self.queue().crowded_at.is_some_and(|at| at.elapsed() < CROWD_LASTS)
    }

    fn queue(&self) -> MutexGuard<'_, Queue<P>> {
        // Nothing is done under the lock that could leave it half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next pieces of work, or none and the thread may go.
    fn next(&self) -> Vec<Waiting<P>> {
        let mut queue = self.queue();
        let count = queue.waiting.len().min(COMMIT_LIMIT);
        queue.is_attended = count > 0;
        if count >= CROWD {
            queue.crowded_at = Some(Instant::now());
        }
        queue.waiting.drain(..count).collect()
    }

    /// Works the queue off, a commit at a time.
    fn attend(&self) {
        loop {
            let waiting = self.next();
            if waiting.is_empty() {
                return;
            }
            // Work that panics is told to those who shared its transaction, and the others' goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| self.commit_together(waiting)));
        }
    }

    fn commit_together(&self, waiting: Vec<Waiting<P>>) {
        if waiting.len() > 1 {
            let pieces: Vec<&P> = waiting.iter().map(|waiting| &waiting.piece).collect();
            match self.db.in_one_transaction(&pieces) {
                Shared::Kept(outcomes) => {
                    for (waiting, outcome) in waiting.into_iter().zip(outcomes) {
                        waiting.tell(Ok(outcome));
                    }
                    return;
                }
                Shared::Lost(error) => {
                    let text = error.to_string();
                    for waiting in waiting {
                        waiting.tell(Err(again(&error, &text).into()));
                    }
                    return;
                }
                Shared::Apart => {}
            }
        }
        for waiting in waiting {
            let outcome = self.db.write_blocking(|c| {
                let outcome = P::run(c, &[&waiting.piece])?.pop();
                outcome.ok_or_else(|| DbError::Stopped("it came to nothing".to_owned()).into())
            });
            waiting.tell(outcome);
        }
    }
}

impl Db {
    /// Does all of it in one transaction, or nothing.
    fn in_one_transaction<P: Piece>(&self, pieces: &[&P]) -> Shared<P::Outcome> {
        ENQUEUED.with(|flag| flag.set(false));
        errors::forget_trouble();
        let mut slot = match begun(&self.inner.writers, Instant::now() + PATIENCE, begin_write) {
            Ok(slot) => slot,
            Err(error) => return Shared::Lost(error),
        };
        // Work that panics leaves the transaction open: the pool throws such a connection away.
        slot.broken = true;
        let outcomes = P::run(&mut slot.conn, pieces).ok().filter(|outcomes| outcomes.len() == pieces.len());
        slot.broken = false;
        let trouble = errors::trouble();
        let Some(outcomes) = outcomes.filter(|_| trouble.is_none()) else {
            slot.roll_back(trouble);
            return Shared::Apart;
        };
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
        Shared::Kept(outcomes)
    }
}

/// How a shared transaction ended.
enum Shared<T> {
    /// Committed, with what each piece came to.
    Kept(Vec<T>),
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
