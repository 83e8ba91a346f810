//! How one connection is opened and set up, on either database.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::errors::Trouble;
use super::{Conn, OpenError, Target};

/// What a connection will be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only; SQLite refuses anything else on it.
    Read,
    /// Reading and writing.
    Write,
}

/// One pooled connection, with a mark for the pool to throw it away.
pub struct Slot {
    pub(super) conn: Conn,
    pub(super) broken: bool,
}

/// What became of a transaction that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its connection serves on.
    RolledBack,
    /// Its connection is gone, or leads to a server that cannot take changes any more.
    Lost,
}

impl Slot {
    /// Ends a transaction that failed.
    pub(super) fn roll_back(&mut self, trouble: Option<Trouble>) -> Ending {
        let is_gone = self.conn.batch_execute("ROLLBACK").is_err();
        // SQLite has already rolled back after some errors and then refuses to do it twice.
        let is_lost = matches!(self.conn, Conn::Postgres(_)) && (is_gone || trouble == Some(Trouble::Demoted));
        self.broken |= is_lost;
        if is_lost { Ending::Lost } else { Ending::RolledBack }
    }
}

/// Takes the pool's complaints for the log without a line for each of a hundred tries while the server is away.
#[derive(Debug)]
pub(super) struct Quiet;

impl r2d2::HandleError<OpenError> for Quiet {
    fn handle_error(&self, error: OpenError) {
        tracing::debug!(%error, "a connection to the database could not be opened");
    }
}

/// Opens connections for the pool.
pub struct Manager {
    target: Target,
    access: Access,
}

impl Manager {
    /// A manager of connections to `target`.
    pub fn new(target: &Target, access: Access) -> Self {
        Manager { target: target.clone(), access }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Slot;
    type Error = OpenError;

    fn connect(&self) -> Result<Slot, OpenError> {
        Ok(Slot { conn: connect(&self.target, self.access)?, broken: false })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), OpenError> {
        slot.conn.batch_execute("SELECT 1").map_err(|error| OpenError::Unreachable(error.to_string()))
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.broken
    }
}

/// Opens one connection and sets it up: durability, waiting, foreign keys.
///
/// # Errors
/// A sentence for the operator.
pub fn connect(target: &Target, access: Access) -> Result<Conn, OpenError> {
    match target {
        Target::Sqlite(path) => {
            let name = path.display().to_string();
            let mut c = SqliteConnection::establish(&name)
                .map_err(|error| OpenError::NotWritable(name.clone(), error.to_string()))?;
            set_up(&mut c).map_err(|error| sqlite_failure(&name, &error))?;
            if access == Access::Read {
                c.batch_execute("PRAGMA query_only = ON").map_err(|error| sqlite_failure(&name, &error))?;
            }
            Ok(Conn::Sqlite(c))
        }
        Target::Postgres(url) => {
            let mut c = PgConnection::establish(&with_limits(url))
                .map_err(|error| OpenError::Unreachable(first_line(&error.to_string())))?;
            c.batch_execute(POSTGRES_SETTINGS)
                .map_err(|error| OpenError::Unreachable(first_line(&error.to_string())))?;
            Ok(Conn::Postgres(c))
        }
    }
}

/// How a connection to a SQLite file is set up. Its cache is small: eight connections share the system's.
/// Who writes copies the log itself only when it has grown to 16,000 pages: see `checkpoints`.
/// `synchronous = FULL` makes an acknowledged write survive a power loss, not only a crash of this process.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 16000;";
/// How a connection to PostgreSQL is set up. No statement here is long enough to be worth compiling or to be shared by
/// several processes: one that is taken for long by mistake would wait for the compiler or for those to begin, and while
/// many people ask, the processors are busy as it is.
const POSTGRES_SETTINGS: &str = "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET jit = off;
    SET max_parallel_workers_per_gather = 0; SET idle_in_transaction_session_timeout = '60s';
    SET application_name = 'debrief'";
/// How long a file that several open for the first time is tried again.
const OPENING: Duration = Duration::from_secs(10);

/// A file becomes one with a write-ahead log when it is opened for the first time, and for that SQLite waits for
/// nobody, whatever the timeout: of two that do it at once, one is told that the file is locked.
fn set_up(c: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    let deadline = Instant::now() + OPENING;
    loop {
        match c.batch_execute(SQLITE_SETTINGS) {
            Err(error) if error.to_string().contains("locked") && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

/// What libpq is told about a server that does not answer, where the address does not say it itself: without these a
/// connection to a machine that is gone would be waited for during minutes.
const LIMITS: &[(&str, &str)] = &[
    ("connect_timeout", "5"),
    ("keepalives_idle", "20"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];

fn with_limits(url: &str) -> String {
    let said = url.split_once('?').map_or("", |(_, query)| query);
    let mut full = url.to_owned();
    for (name, value) in LIMITS {
        if !said.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            let joint = if full.contains('?') { '&' } else { '?' };
            full.push_str(&format!("{joint}{name}={value}"));
        }
    }
    full
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

pub(super) fn sqlite_failure(name: &str, error: &diesel::result::Error) -> OpenError {
    let text = error.to_string();
    if text.contains("not a database") {
        OpenError::NotADatabase(name.to_owned())
    } else {
        OpenError::NotWritable(name.to_owned(), text)
    }
}

/// Looks at a SQLite path before anything touches it, so that a foreign or read-only file stays as it is.
///
/// # Errors
/// A sentence for the operator.
pub fn check_reachable(target: &Target) -> Result<(), OpenError> {
    let Target::Sqlite(path) = target else { return Ok(()) };
    let name = path.display().to_string();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.exists() {
        std::fs::create_dir_all(folder)
            .map_err(|error| OpenError::NotWritable(folder.display().to_string(), error.to_string()))?;
    }
    if path.is_dir() {
        return Err(OpenError::NotWritable(name, "it is a folder".to_owned()));
    }
    if path.exists() {
        let head = read_head(path).map_err(|error| OpenError::NotWritable(name.clone(), error.to_string()))?;
        if !head.is_empty() && !head.starts_with(b"SQLite format 3\0") {
            return Err(OpenError::NotADatabase(name));
        }
        std::fs::OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|error| OpenError::NotWritable(name.clone(), error.to_string()))?;
        let permissions = std::fs::metadata(path).map(|file| file.permissions());
        if permissions.is_ok_and(|rights| rights.readonly()) {
            return Err(OpenError::NotWritable(name, "the file is read-only".to_owned()));
        }
    }
    if std::fs::metadata(folder).is_ok_and(|found| found.permissions().readonly()) {
        return Err(OpenError::NotWritable(folder.display().to_string(), "the folder is read-only".to_owned()));
    }
    Ok(())
}

fn read_head(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::with_capacity(16);
    std::fs::File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::{Access, Target, connect, with_limits};

    #[test]
    fn a_new_file_may_be_opened_by_many_at_once() {
        let folder = std::env::temp_dir().join(format!("debrief-pool-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for round in 0..40 {
            let target = Arc::new(Target::Sqlite(folder.join(format!("{round}.db"))));
            let start = Arc::new(Barrier::new(6));
            let opening: Vec<_> = (0..6)
                .map(|_| {
                    let (target, start) = (target.clone(), start.clone());
                    std::thread::spawn(move || {
                        start.wait();
                        connect(&target, Access::Write).map(drop).map_err(|error| error.to_string())
                    })
                })
                .collect();
            for one in opening {
                assert_eq!(one.join().unwrap(), Ok(()), "round {round}");
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn limits_of_waiting_are_added_where_the_address_has_none() {
        let full = with_limits("postgres://debrief@a,b/debrief?target_session_attrs=read-write&connect_timeout=2");
        assert!(full.starts_with(
            "postgres://debrief@a,b/debrief?target_session_attrs=read-write&connect_timeout=2&keepalives_idle=20&"
        ));
        assert_eq!(full.matches("connect_timeout").count(), 1);
        assert!(
            with_limits("postgres://debrief@a/debrief").starts_with("postgres://debrief@a/debrief?connect_timeout=5&")
        );
    }
}
