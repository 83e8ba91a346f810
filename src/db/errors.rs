//! What can go wrong with a database, told apart: busy, full, gone, raced, or our own fault.

use std::cell::Cell;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The row is not there.
    #[error("not found")]
    NotFound,
    /// Somebody else held the lock or every connection for too long; try again.
    #[error("the database is busy")]
    Busy,
    /// The disk has no room left.
    #[error("the disk is full")]
    Full,
    /// The file or folder may not be written to.
    #[error("the database may not be written to")]
    ReadOnly,
    /// The server is not there at the moment.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The connection was lost while a transaction was being committed: it may have been, or not.
    #[error("the connection was lost while a change was being saved")]
    InDoubt,
    /// A value that must be unique is there already; holds the constraint's or the column's name.
    #[error("already there: {0}")]
    Taken(String),
    /// A fault of the program.
    #[error("{0}")]
    Fault(String),
    /// The program is stopping, or the work panicked.
    #[error("the work was stopped: {0}")]
    Stopped(String),
}

thread_local! {
    static TROUBLE: Cell<Option<Trouble>> = const { Cell::new(None) };
}

/// What makes a failed transaction worth trying again from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another transaction was faster.
    Race,
    /// The server only reads any more: another has taken its place.
    Demoted,
}

/// Says that the running transaction lost a race for a unique key and is worth trying again from its start:
/// [`super::Db::write`] does so once it has failed.
pub fn note_race() {
    note(Trouble::Race);
}

fn note(trouble: Trouble) {
    TROUBLE.with(|noted| noted.set(Some(trouble)));
}

pub(super) fn forget_trouble() {
    TROUBLE.with(|noted| noted.set(None));
}

pub(super) fn trouble() -> Option<Trouble> {
    TROUBLE.with(Cell::get)
}

impl DbError {
    /// A connection could not be had from the pool in time.
    pub(super) fn pool(error: r2d2::Error) -> Self {
        let text = error.to_string();
        if text.contains("timed out waiting for connection: ") { DbError::Unreachable(text) } else { DbError::Busy }
    }

    /// The server went away.
    pub(super) fn lost(error: &DieselError) -> Self {
        DbError::Unreachable(error.to_string())
    }
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let (kind, details) = match error {
            DieselError::NotFound => return DbError::NotFound,
            DieselError::DatabaseError(kind, details) => (kind, details),
            other => return DbError::Fault(other.to_string()),
        };
        let message = details.message();
        match kind {
            DatabaseErrorKind::UniqueViolation => {
                DbError::Taken(details.constraint_name().unwrap_or(message).to_owned())
            }
            DatabaseErrorKind::SerializationFailure => {
                note_race();
                DbError::Busy
            }
            DatabaseErrorKind::ReadOnlyTransaction => {
                note(Trouble::Demoted);
                DbError::ReadOnly
            }
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                DbError::Unreachable(message.to_owned())
            }
            _ if message.contains("deadlock detected") => {
                note_race();
                DbError::Busy
            }
            _ if message.contains("is locked") || message.contains("due to lock timeout") => DbError::Busy,
            _ if message.contains("disk is full") || message.contains("No space left") => DbError::Full,
            _ if message.contains("readonly database") => DbError::ReadOnly,
            _ if message.contains("terminating connection")
                || message.contains("server closed the connection")
                || message.contains("is starting up")
                || message.contains("is shutting down") =>
            {
                DbError::Unreachable(message.to_owned())
            }
            _ => DbError::Fault(message.to_owned()),
        }
    }
}

/// Why the database could not be opened; each is a whole sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is a file, but it is something else.
    #[error("{0} is not a Debrief database: the file has another format. Name another file with --database-url.")]
    NotADatabase(String),
    /// The file is a database of another program.
    #[error("{0} is the database of another program. Name another file with --database-url.")]
    Foreign(String),
    /// The schema was made by a newer Debrief.
    #[error(
        "The database has the schema of a newer Debrief (it knows {0}). Start that version, or restore a backup made by this one."
    )]
    Newer(String),
    /// The file or its folder may not be written to.
    #[error("{0} cannot be written to: {1}. Debrief needs to write to the file and to its folder.")]
    NotWritable(String, String),
    /// The server cannot be reached or refuses us.
    #[error("The database cannot be reached: {0}")]
    Unreachable(String),
    /// A migration failed.
    #[error("The schema could not be brought up to date: {0}")]
    Migration(String),
}

impl From<DieselError> for crate::error::Error {
    fn from(error: DieselError) -> Self {
        DbError::from(error).into()
    }
}

/// Turns a broken uniqueness into a field's error: `.map_err(|e| taken(e, "slug", "…"))`.
pub fn taken(error: DieselError, field: &str, message: &str) -> crate::error::Error {
    match DbError::from(error) {
        DbError::Taken(_) => crate::error::Error::field(field, message),
        other => other.into(),
    }
}
