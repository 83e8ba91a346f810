//! The database: two doors, [`Db::read`] and [`Db::write`], and nothing else.
//!
//! A read sees one consistent state and can change nothing. A write is one transaction; on SQLite it begins
//! immediately, so that it waits for its turn in place of failing half-way. Query functions take
//! `c: &mut Conn` and never a pool, so that a whole change shares one transaction.
//!
//! This floor knows no domain.

pub mod backup;
pub mod check;
mod checkpoints;
mod conn;
pub mod counters;
pub mod errors;
pub mod few;
pub mod migrations;
pub mod paging;
pub mod pool;
#[expect(missing_docs, reason = "the columns are named by the words of the product; the migrations say the rest")]
pub mod schema;
pub mod tables;
pub mod together;
pub mod types;
mod version;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use self::checkpoints::Checkpoints;
pub use self::conn::Conn;
use self::errors::Trouble;
pub use self::errors::{DbError, OpenError};
use self::pool::{Access, Ending, Manager};
pub use self::version::Version;
use self::version::Watch;

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

/// Ids as SQL lists them.
pub fn listed(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// How many readers one node keeps open. Pages are rendered outside the database's threads, so few are enough.
const READER_COUNT: u32 = 8;
/// How long a request waits for a connection or for SQLite's write lock before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a PostgreSQL transaction that lost a race is tried again.
const RETRY_LIMIT: usize = 5;
/// How long the pool tries to open one connection. It also waits up to half of this between two tries, so it bounds
/// how long a server that came back goes unnoticed.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

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
    watch: Watch,
    checkpoints: Option<Checkpoints>,
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
            // The migrations have just shown that the database can be reached.
            r2d2::Pool::builder()
                .connection_timeout(CONNECT_PATIENCE)
                .test_on_check_out(false)
                .max_size(size)
                .min_idle(Some(idle))
                .error_handler(Box::new(pool::Quiet))
                .build_unchecked(Manager::new(target, access))
        };
        let (readers, writers) = match target {
            // One writer: SQLite has one write lock, and a queue in this process is fairer than polling for it.
            Target::Sqlite(_) => (build(READER_COUNT, 1, Access::Read), build(1, 1, Access::Write)),
            Target::Postgres(_) => {
                let pool = build(READER_COUNT * 2, 2, Access::Write);
                (pool.clone(), pool)
            }
        };
        let inner = Inner {
            target: target.clone(),
            reading: Arc::new(Semaphore::new(READER_COUNT as usize)),
            readers,
            writers,
            enqueued: Notify::new(),
            watch: Watch::new(target)?,
            checkpoints: Checkpoints::of(target)?,
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

    /// How many reads this node does at a time.
    pub const fn reader_count(&self) -> u32 {
        READER_COUNT
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

    /// [`Db::read`] for a single statement, which sees one state without a transaction around it. It may be asked twice,
    /// when the first connection turns out to be dead.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn look<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let permit = self.turn_to_read().await?;
        let db = self.clone();
        off_thread(move || {
            let _permit = permit;
            db.look_blocking(work)
        })
        .await
    }

    fn look_blocking<T, E: From<DbError>>(&self, mut work: impl FnMut(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut outcome = None;
        let mut run = |c: &mut Conn| outcome.insert(work(c)).is_ok();
        if self.looked(&mut run)? {
            return told(outcome);
        }
        self.read_blocking(work)
    }

    /// Whether the connection was alive.
    fn looked(&self, work: &mut Work<'_>) -> Result<bool, DbError> {
        let mut slot = self.inner.readers.get_timeout(PATIENCE).map_err(DbError::pool)?;
        slot.broken = true;
        let is_ok = work(&mut slot.conn);
        // A server that has gone away shows when a connection to it is used.
        slot.broken = !is_ok && matches!(slot.conn, Conn::Postgres(_)) && slot.conn.batch_execute("SELECT 1").is_err();
        Ok(!slot.broken)
    }

    async fn turn_to_read(&self) -> Result<OwnedSemaphorePermit, DbError> {
        match tokio::time::timeout(PATIENCE, self.inner.reading.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(DbError::Busy),
        }
    }

    fn committed(&self) {
        if let Some(checkpoints) = &self.inner.checkpoints {
            checkpoints.written();
        }
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
        let (mut work, mut outcome) = (Some(work), None);
        let ended = self.in_one_state(&mut |c| {
            outcome = work.take().map(|work| work(c));
            outcome.as_ref().is_some_and(Result::is_ok)
        })?;
        match (told(outcome), ended) {
            (Err(_), Err(error)) => Err(DbError::lost(&error).into()),
            (outcome, _) => outcome,
        }
    }

    /// Does the work once, and tells how the transaction around it ended.
    fn in_one_state(&self, work: &mut Work<'_>) -> Result<QueryResult<()>, DbError> {
        let deadline = Instant::now() + PATIENCE;
        let mut slot = begun(&self.inner.readers, deadline, |c| match c {
            Conn::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Conn::Sqlite(_) => "BEGIN",
        })?;
        // Work that panics leaves the transaction open: the pool throws such a connection away.
        slot.broken = true;
        work(&mut slot.conn);
        // A read has nothing to lose: ending it with ROLLBACK is right whether it went well or not.
        let ended = slot.conn.batch_execute("ROLLBACK");
        slot.broken = ended.is_err();
        Ok(ended)
    }

    /// [`Db::write`] for the command line and tests, on the calling thread.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_blocking<T, E: From<DbError>>(&self, mut work: impl FnMut(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut outcome = None;
        let mut run = |c: &mut Conn| outcome.insert(work(c)).is_ok();
        match self.kept(&mut run) {
            Ok(()) | Err(Failure::Work) => told(outcome),
            Err(Failure::Database(error)) => Err(error.into()),
        }
    }

    /// Does the work until it is kept, or until doing it again would not help.
    fn kept(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut races = 0;
        loop {
            ENQUEUED.with(|flag| flag.set(false));
            errors::forget_trouble();
            let mut slot = begun(&self.inner.writers, deadline, begin_write).map_err(Failure::Database)?;
            slot.broken = true;
            let is_ok = work(&mut slot.conn);
            slot.broken = false;
            let at_commit = if is_ok {
                let Err(error) = slot.conn.batch_execute("COMMIT") else {
                    self.committed();
                    return Ok(());
                };
                Some(error)
            } else {
                None
            };
            let ending = slot.roll_back(errors::trouble());
            match (ending, at_commit.map(DbError::from)) {
                // It may have been kept.
                (Ending::Lost, Some(_)) => return Err(Failure::Database(DbError::InDoubt)),
                // Nothing of it was kept, so it may be done from its start on another connection.
                (Ending::Lost, None) if Instant::now() < deadline => {}
                (Ending::Lost, None) => {
                    return Err(Failure::Database(DbError::Unreachable("the connection was lost".to_owned())));
                }
                (Ending::RolledBack, error) => {
                    if errors::trouble() != Some(Trouble::Race) || races == RETRY_LIMIT {
                        return Err(error.map_or(Failure::Work, Failure::Database));
                    }
                    races += 1;
                    drop(slot);
                    std::thread::sleep(Duration::from_millis(2 << races));
                }
            }
        }
    }
}

/// Work on a connection, which puts its outcome aside and says whether it went well. What stands around it is the same
/// for all work, and is there once: with a copy for each, the program was larger by 1.4 MB.
type Work<'a> = dyn FnMut(&mut Conn) -> bool + 'a;

/// What work put aside.
fn told<T, E: From<DbError>>(outcome: Option<Result<T, E>>) -> Result<T, E> {
    outcome.unwrap_or_else(|| Err(DbError::Stopped("it was not done".to_owned()).into()))
}

/// How a transaction that changes something begins.
const fn begin_write(c: &Conn) -> &'static str {
    match c {
        Conn::Postgres(_) => "BEGIN",
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
    }
}

/// Why nothing is kept.
enum Failure {
    /// The work failed, and has put aside with what.
    Work,
    /// The database did.
    Database(DbError),
}

/// A connection on which a transaction has begun. One that turns out to be dead (the server was restarted, or another
/// took its place) is thrown away for the next, until `deadline`: nothing has been asked of it yet.
fn begun(
    pool: &r2d2::Pool<Manager>,
    deadline: Instant,
    begin: impl Fn(&Conn) -> &'static str,
) -> Result<r2d2::PooledConnection<Manager>, DbError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut slot = pool.get_timeout(left).map_err(DbError::pool)?;
        let statement = begin(&slot.conn);
        let Err(error) = slot.conn.batch_execute(statement) else { return Ok(slot) };
        slot.broken = true;
        // SQLite's file does not go away; what it says here is said to whoever asked.
        if matches!(slot.conn, Conn::Sqlite(_)) {
            return Err(DbError::from(error));
        }
        if Instant::now() >= deadline {
            return Err(DbError::lost(&error));
        }
    }
}

async fn off_thread<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    let outcome = Arc::new(Mutex::new(None));
    let place = outcome.clone();
    let work: Box<dyn FnOnce() + Send> = Box::new(move || {
        let done = work();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
    });
    match tokio::task::spawn_blocking(work).await {
        Ok(()) => told(outcome.lock().unwrap_or_else(PoisonError::into_inner).take()),
        Err(stopped) => Err(DbError::Stopped(stopped.to_string()).into()),
    }
}
