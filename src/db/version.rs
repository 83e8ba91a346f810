//! Whether anything was written since: what was read stays true for as long as the version is the same.

use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use tokio::sync::watch;

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

/// What PostgreSQL is asked: a statement that a connection prepares once, which `sql_query` does each time.
#[derive(QueryId)]
struct AskServer;

impl Query for AskServer {
    type SqlType = Text;
}

impl RunQueryDsl<PgConnection> for AskServer {}

impl QueryFragment<Pg> for AskServer {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text");
        Ok(())
    }
}

/// Looks for changes.
pub(super) enum Watch {
    /// On a connection to the file that is asked for nothing else.
    File(Mutex<SqliteConnection>),
    /// Through the pool, for several at once.
    Server(Shared),
}

impl Watch {
    pub(super) fn new(target: &Target) -> Result<Self, OpenError> {
        let Target::Sqlite(path) = target else { return Ok(Watch::Server(Shared::default())) };
        let Conn::Sqlite(mut c) = pool::connect(target, Access::Read)? else {
            return Ok(Watch::Server(Shared::default()));
        };
        // It is asked where nothing may wait, and reads no page but the first.
        c.batch_execute("PRAGMA busy_timeout = 0; PRAGMA cache_size = 4")
            .map_err(|error| pool::sqlite_failure(&path.display().to_string(), &error))?;
        Ok(Watch::File(Mutex::new(c)))
    }
}

fn version_of(c: &Mutex<SqliteConnection>) -> Option<Version> {
    let mut c = c.lock().unwrap_or_else(PoisonError::into_inner);
    let found: Result<FileVersion, _> = diesel::sql_query("PRAGMA data_version").get_result(&mut *c);
    found.ok().map(|found| Version(Kind::File(found.data_version)))
}

/// One question at a time, for all who wait: an answer counts for whoever came before it was asked. Who comes while one
/// is under way waits for the next one, together with all others who do.
#[derive(Default)]
pub(super) struct Shared(watch::Sender<Asked>);

/// Questions are numbered in the order in which they are put, from 1.
#[derive(Clone, Default)]
struct Asked {
    /// How many were put.
    put: u64,
    /// Whether the last one is under way.
    is_under_way: bool,
    /// The last that was answered.
    answered: u64,
    answer: Option<Version>,
}

/// Puts a question, and says that it is over even when whoever waited for it has gone.
struct Turn<'a> {
    shared: &'a Shared,
    answer: Option<Option<Version>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.0.send_modify(|asked| {
            asked.is_under_way = false;
            if let Some(answer) = self.answer.take() {
                asked.answered = asked.put;
                asked.answer = answer;
            }
        });
    }
}

impl Shared {
    async fn version(&self, ask: impl AsyncFn() -> Option<Version>) -> Option<Version> {
        let mut asked = self.0.subscribe();
        let put_before = asked.borrow_and_update().put;
        loop {
            let mut is_mine = false;
            self.0.send_if_modified(|asked| {
                is_mine = !asked.is_under_way && asked.answered <= put_before;
                asked.put += u64::from(is_mine);
                asked.is_under_way |= is_mine;
                // Nobody else has anything to do yet.
                false
            });
            if is_mine {
                let mut turn = Turn { shared: self, answer: None };
                let answer = ask().await;
                turn.answer = Some(answer.clone());
                return answer;
            }
            {
                let asked = asked.borrow_and_update();
                if asked.answered > put_before {
                    return asked.answer.clone();
                }
            }
            asked.changed().await.ok()?;
        }
    }
}

impl Db {
    /// The version at this moment: what is read from now on is at least as new. Nothing when it cannot be told, and
    /// then nothing that was kept may be used.
    pub async fn version(&self) -> Option<Version> {
        match &self.inner.watch {
            // Some microseconds in memory that the file's users share: less than handing it to another thread.
            Watch::File(c) => version_of(c),
            Watch::Server(shared) => shared.version(async || self.version_of_server().await).await,
        }
    }

    async fn version_of_server(&self) -> Option<Version> {
        let found: Result<Option<String>, Error> = self
            .look(|c| match c {
                Conn::Sqlite(_) => Ok(None),
                Conn::Postgres(c) => Ok(Some(AskServer.get_result(c)?)),
            })
            .await;
        found.ok().flatten().map(|snapshot| Version(Kind::Server(snapshot)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn number(version: &Version) -> i64 {
        match version.0 {
            Kind::File(number) => number,
            Kind::Server(_) => 0,
        }
    }

    #[actix_web::test]
    async fn who_comes_together_asks_once_and_nobody_gets_an_answer_to_an_earlier_question() {
        let (shared, asked, written) = (Shared::default(), AtomicU64::new(0), AtomicU64::new(0));
        let ask = async || {
            asked.fetch_add(1, Ordering::SeqCst);
            let seen = written.load(Ordering::SeqCst);
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            Some(Version(Kind::File(seen as i64)))
        };
        let come = async |round: u64| {
            for _ in 0..round % 7 {
                tokio::task::yield_now().await;
            }
            let before = written.fetch_add(1, Ordering::SeqCst) + 1;
            let version = shared.version(&ask).await.unwrap();
            assert!(number(&version) >= before as i64, "{version:?} was asked before write {before}");
        };
        for _ in 0..50 {
            futures_util::future::join_all((0..40).map(&come)).await;
        }
        assert!(asked.load(Ordering::SeqCst) < 400, "2000 came and asked {asked:?} times");
    }

    #[actix_web::test]
    async fn who_goes_away_while_asking_keeps_nobody_waiting() {
        let shared = Shared::default();
        let for_ever = shared.version(async || std::future::pending().await);
        let waits = shared.version(async || Some(Version(Kind::File(7))));
        let gone = tokio::time::timeout(std::time::Duration::from_millis(20), for_ever);
        let (gone, version) = tokio::join!(gone, waits);
        assert!(gone.is_err());
        assert_eq!(number(&version.unwrap()), 7);
    }
}
