//! Whether anything was written since: what was read stays true for as long as the version is the same.

use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::pool::{self, Access};
use super::{Conn, Db, OpenError, Target};
use crate::error::Error;

/// A state of the database. Equal versions are equal states; after a write, by whichever node or program, it is
/// another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// SQLite's `data_version`, as one connection sees it that never writes and is asked for nothing else: the number
    /// means something on one and the same connection only.
    File(i64),
    /// PostgreSQL's `pg_current_snapshot`: which transactions are over. It changes whenever one that wrote is. With it
    /// since when the server runs: one that took over may give a number again whose transaction it never got.
    Server(String),
}

#[derive(QueryableByName)]
struct FileVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

#[derive(QueryableByName)]
struct ServerVersion {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

const SERVER_VERSION: &str =
    "SELECT pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text AS snapshot";

/// Looks at a SQLite file for changes. PostgreSQL is asked through the pool.
pub(super) struct Watch(Option<Mutex<SqliteConnection>>);

impl Watch {
    pub(super) fn new(target: &Target) -> Result<Self, OpenError> {
        let Target::Sqlite(path) = target else { return Ok(Watch(None)) };
        let Conn::Sqlite(mut c) = pool::connect(target, Access::Read)? else { return Ok(Watch(None)) };
        // It is asked where nothing may wait, and reads no page but the first.
        c.batch_execute("PRAGMA busy_timeout = 0; PRAGMA cache_size = 4")
            .map_err(|error| pool::sqlite_failure(&path.display().to_string(), &error))?;
        Ok(Watch(Some(Mutex::new(c))))
    }

    fn version(&self) -> Option<Version> {
        let mut c = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let found: Result<FileVersion, _> = diesel::sql_query("PRAGMA data_version").get_result(&mut *c);
        found.ok().map(|found| Version(Kind::File(found.data_version)))
    }
}

impl Db {
    /// The version at this moment: what is read from now on is at least as new. Nothing when it cannot be told, and
    /// then nothing that was kept may be used.
    pub async fn version(&self) -> Option<Version> {
        if matches!(self.target(), Target::Sqlite(_)) {
            // Some microseconds in memory that the file's users share: less than handing it to another thread.
            return self.inner.watch.version();
        }
        let found: Result<ServerVersion, Error> = self
            .look(|c| match c {
                Conn::Sqlite(c) => Ok(diesel::sql_query("SELECT '' AS snapshot").get_result(c)?),
                Conn::Postgres(c) => Ok(diesel::sql_query(SERVER_VERSION).get_result(c)?),
            })
            .await;
        found.ok().map(|found| Version(Kind::Server(found.snapshot)))
    }
}
