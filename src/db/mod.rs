//! The database: two doors, [`Db::read`] and [`Db::write`], and nothing else.
//!
//! A read sees one consistent state and can change nothing. A write is one transaction; on SQLite it begins
//! immediately, so that it waits for its turn in place of failing half-way. Query functions take
//! `c: &mut Conn` and never a pool, so that a whole change shares one transaction.
//!
//! This floor knows no domain.

pub mod backup;
pub mod check;
mod conn;
pub mod counters;
pub mod errors;
pub mod migrations;
pub mod paging;
pub mod pool;
#[expect(missing_docs, reason = "the columns are named by the words of the product; the migrations say the rest")]
pub mod schema;
pub mod tables;
mod together;
pub mod types;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub use self::conn::Conn;
pub use self::errors::{DbError, OpenError};
use self::pool::{Access, Manager};
use self::together::Together;

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file; it is made when it is missing.
    Sqlite(PathBuf),
    /// A `postgres://` address.
    Postgres(String),
}

impl Target {
    /// Reads `postgres://…`, `sqlite:PATH` or a plain path.
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Target::Postgres(url.to_owned());
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        Target::Sqlite(PathBuf::from(path))
    }
}

/// How many readers one node keeps open. Pages are rendered outside the database's threads, so few are enough.
const READER_COUNT: u32 = 8;
/// How long a request waits for a connection or for SQLite's write lock before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a PostgreSQL transaction that lost a race is tried again.
const RETRY_LIMIT: usize = 5;

thread_local! {
    static ENQUEUED: Cell<bool> = const { Cell::new(false) };
}

/// Says that the running transaction put a job into the queue; workers are woken after the commit.
pub fn mark_enqueued() {
    ENQUEUED.with(|flag| flag.set(true));
}

/// The database of this node. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    target: Target,
    readers: r2d2::Pool<Manager>,
    writers: r2d2::Pool<Manager>,
    enqueued: Notify,
    together: Together,
    commit_count: AtomicU64,
    /// Reads under way: as many as there are connections, so that the others wait without a thread.
    reading: Arc<Semaphore>,
}

impl Db {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// A sentence for the operator: not a database, a newer schema, not writable, not reachable.
    pub fn open(target: &Target) -> Result<Self, OpenError> {
        pool::check_reachable(target)?;
        migrations::run(target)?;
        let build = |size: u32, idle: u32, access: Access| {
            r2d2::Pool::builder()
                .connection_timeout(PATIENCE)
                .test_on_check_out(false)
                .max_size(size)
                .min_idle(Some(idle))
                .error_handler(Box::new(r2d2::LoggingErrorHandler))
                .build(Manager::new(target, access))
                .map_err(|error| OpenError::Unreachable(error.to_string()))
        };
        let (readers, writers) = match target {
            // One writer: SQLite has one write lock, and a queue in this process is fairer than polling for it.
            Target::Sqlite(_) => (build(READER_COUNT, 1, Access::Read)?, build(1, 1, Access::Write)?),
            Target::Postgres(_) => {
                let pool = build(READER_COUNT * 2, 2, Access::Write)?;
                (pool.clone(), pool)
            }
        };
        let inner = Inner {
            target: target.clone(),
            reading: Arc::new(Semaphore::new(READER_COUNT as usize)),
            readers,
            writers,
            enqueued: Notify::new(),
            together: Together::default(),
            commit_count: AtomicU64::new(0),
        };
        Ok(Db { inner: Arc::new(inner) })
    }

    /// Where this database is.
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Resolves after a transaction that enqueued a job has been committed by this node.
    pub async fn job_enqueued(&self) {
        self.inner.enqueued.notified().await;
    }

    /// Connections in use and open, for the metrics.
    pub fn pool_use(&self) -> (u32, u32) {
        let state = self.inner.readers.state();
        (state.connections - state.idle_connections, state.connections)
    }

    /// Runs `work` against one consistent state of the database, off the async threads.
    ///
    /// # Errors
    /// What `work` returns, or that no connection was free in time.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let permit = self.turn_to_read().await?;
        let db = self.clone();
        off_thread(move || {
            let _permit = permit;
            db.read_blocking(work)
        })
        .await
    }

    /// [`Db::read`] for a single statement, which sees one state without a transaction around it.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn look<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let permit = self.turn_to_read().await?;
        let db = self.clone();
        off_thread(move || {
            let _permit = permit;
            let mut slot = db.inner.readers.get().map_err(DbError::pool)?;
            slot.broken = true;
            let outcome = work(&mut slot.conn);
            // A server that has gone away shows when a connection to it is used.
            slot.broken = outcome.is_err() && matches!(slot.conn, Conn::Postgres(_));
            outcome
        })
        .await
    }

    async fn turn_to_read(&self) -> Result<OwnedSemaphorePermit, DbError> {
        match tokio::time::timeout(PATIENCE, self.inner.reading.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(DbError::Busy),
        }
    }

    /// How many transactions this node has committed. What was read stays true for as long as this does not change,
    /// but for what other nodes and programs do.
    pub fn commit_count(&self) -> u64 {
        self.inner.commit_count.load(Ordering::Acquire)
    }

    fn committed(&self) {
        self.inner.commit_count.fetch_add(1, Ordering::Release);
        if ENQUEUED.with(Cell::take) {
            self.inner.enqueued.notify_one();
        }
    }

    /// Runs `work` in one transaction that is committed when it returns `Ok`, off the async threads.
    ///
    /// `work` may run more than once (a PostgreSQL transaction that lost a race is tried again), so it
    /// must do nothing but database work.
    ///
    /// # Errors
    /// What `work` returns, or that the database was busy for too long.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let db = self.clone();
        off_thread(move || db.write_blocking(work)).await
    }

    /// [`Db::read`] for the command line and tests, on the calling thread.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_blocking<T, E: From<DbError>>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut slot = self.inner.readers.get().map_err(DbError::pool)?;
        let c = &mut slot.conn;
        let begin = match c {
            Conn::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Conn::Sqlite(_) => "BEGIN",
        };
        if let Err(error) = c.batch_execute(begin) {
            slot.broken = true;
            return Err(DbError::from(error).into());
        }
        // Work that panics leaves the transaction open: the pool throws such a connection away.
        slot.broken = true;
        let outcome = work(&mut slot.conn);
        let c = &mut slot.conn;
        // A read has nothing to lose: ending it with ROLLBACK is right whether it went well or not.
        slot.broken = c.batch_execute("ROLLBACK").is_err();
        outcome
    }

    /// [`Db::write`] for the command line and tests, on the calling thread.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_blocking<T, E: From<DbError>>(&self, mut work: impl FnMut(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut slot = self.inner.writers.get().map_err(DbError::pool)?;
        let mut attempt = 0;
        loop {
            ENQUEUED.with(|flag| flag.set(false));
            errors::forget_race();
            let c = &mut slot.conn;
            if let Err(error) = c.batch_execute(begin_write(c)) {
                slot.broken = true;
                return Err(DbError::from(error).into());
            }
            slot.broken = true;
            let outcome = work(&mut slot.conn);
            slot.broken = false;
            let c = &mut slot.conn;
            let outcome = outcome.and_then(|value| {
                c.batch_execute("COMMIT").map(|()| value).map_err(|error| DbError::from(error).into())
            });
            match outcome {
                Ok(value) => {
                    self.committed();
                    return Ok(value);
                }
                Err(error) => {
                    let race_was_lost = errors::lost_race();
                    // SQLite has already rolled back after some errors and then refuses to do it twice.
                    if c.batch_execute("ROLLBACK").is_err() && matches!(c, Conn::Postgres(_)) {
                        slot.broken = true;
                        return Err(error);
                    }
                    if race_was_lost && attempt < RETRY_LIMIT {
                        attempt += 1;
                        std::thread::sleep(Duration::from_millis(2 << attempt));
                        continue;
                    }
                    return Err(error);
                }
            }
        }
    }
}

/// How a transaction that changes something begins.
const fn begin_write(c: &Conn) -> &'static str {
    match c {
        Conn::Postgres(_) => "BEGIN",
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
    }
}

async fn off_thread<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => Err(DbError::Stopped(stopped.to_string()).into()),
    }
}
