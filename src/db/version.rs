//! Whether anything was written since: what was read stays true as long as the version is the same.

use std::sync::atomic::Ordering;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::pool::Slot;
use super::{Conn, Db, DbError, PATIENCE, off_thread};

/// A state of the database. Equal versions are equal states; after a write, by whomever, it is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// What this node committed, and how often one of its connections saw that something was written.
    File { commit_count: u64, change_count: u64 },
    /// The transactions that are over, of all nodes: `txid_current_snapshot`.
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

impl Db {
    /// The version, and then what `work` finds: at least as new as the version. `work` is a single statement, which
    /// sees one state without a transaction around it. It may be asked twice, when the first connection turns out to
    /// be dead.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn look<T, E, F>(&self, work: F) -> Result<(Version, T), E>
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

    fn look_blocking<T, E: From<DbError>>(
        &self,
        mut work: impl FnMut(&mut Conn) -> Result<T, E>,
    ) -> Result<(Version, T), E> {
        let mut slot = self.inner.readers.get_timeout(PATIENCE).map_err(DbError::pool)?;
        // Work that panics: the pool throws such a connection away.
        slot.broken = true;
        let outcome = match self.version(&mut slot) {
            Ok(version) => work(&mut slot.conn).map(|found| (version, found)),
            Err(error) => Err(error.into()),
        };
        // A server that has gone away shows when a connection to it is used.
        slot.broken =
            outcome.is_err() && matches!(slot.conn, Conn::Postgres(_)) && slot.conn.batch_execute("SELECT 1").is_err();
        if !slot.broken {
            return outcome;
        }
        drop(slot);
        let mut slot = self.inner.readers.get_timeout(PATIENCE).map_err(DbError::pool)?;
        let version = self.version(&mut slot)?;
        drop(slot);
        Ok((version, self.read_blocking(work)?))
    }

    fn version(&self, slot: &mut Slot) -> Result<Version, DbError> {
        let commit_count = self.inner.commit_count.load(Ordering::Acquire);
        match &mut slot.conn {
            Conn::Sqlite(c) => {
                // Two numbers of one connection differ when another connection, also of another program, has
                // committed in between. Which of ours sees it does not matter: all of them count up the same counter.
                let FileVersion { data_version } = diesel::sql_query("PRAGMA data_version").get_result(c)?;
                if data_version != slot.seen {
                    slot.seen = data_version;
                    self.inner.change_count.fetch_add(1, Ordering::AcqRel);
                }
                let change_count = self.inner.change_count.load(Ordering::Acquire);
                Ok(Version(Kind::File { commit_count, change_count }))
            }
            Conn::Postgres(c) => {
                let ServerVersion { snapshot } =
                    diesel::sql_query("SELECT txid_current_snapshot()::text AS snapshot").get_result(c)?;
                Ok(Version(Kind::Server(snapshot)))
            }
        }
    }
}
