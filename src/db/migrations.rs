//! Bringing the schema up to date, once, whoever starts first.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::{Access, connect, sqlite_failure};
use super::{Conn, OpenError, Target};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Marks a SQLite file as ours (`PRAGMA application_id`): the bytes "Debr".
const APPLICATION_ID: i64 = 0x4465_6272;
/// Any number that no other program on the same server locks on: the bytes "Debrief".
const LOCK_KEY: i64 = 0x0044_6562_7269_6566;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Runs every migration that is missing. Several nodes may start at once: one runs them, the others wait.
///
/// # Errors
/// A sentence for the operator; the schema is then as it was before the migration that failed.
pub fn run(target: &Target) -> Result<(), OpenError> {
    if let Target::Sqlite(path) = target {
        // Nobody who only opens a file of this time waits for those who write to it.
        if look_first(path)? == Standing::OfThisTime {
            return Ok(());
        }
    }
    match connect(target, Access::Write)? {
        Conn::Sqlite(mut c) => run_sqlite(&mut c),
        Conn::Postgres(mut c) => run_postgres(&mut c),
    }
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has every migration.
    OfThisTime,
    /// It has none or not all of them.
    Behind,
}

/// Looks whether a file is ours and of this time, in one reading transaction and before anything is set up on it: what
/// is refused keeps every byte, its journal's mode included.
fn look_first(path: &Path) -> Result<Standing, OpenError> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(Standing::Behind);
    }
    let name = path.display().to_string();
    let mut c =
        SqliteConnection::establish(&name).map_err(|error| OpenError::NotWritable(name.clone(), error.to_string()))?;
    c.batch_execute("PRAGMA busy_timeout = 10000").map_err(|error| sqlite_failure(&name, &error))?;
    let Number { value: is_foreign } = diesel::sql_query(format!(
        "SELECT (SELECT count(*) FROM sqlite_master) > 0
             AND (SELECT application_id FROM pragma_application_id) <> {APPLICATION_ID} AS value"
    ))
    .get_result(&mut c)
    .map_err(|error| sqlite_failure(&name, &error))?;
    if is_foreign == 1 {
        return Err(OpenError::Foreign(name));
    }
    let Number { value: has_versions } =
        diesel::sql_query("SELECT count(*) AS value FROM sqlite_master WHERE name = '__diesel_schema_migrations'")
            .get_result(&mut c)
            .map_err(|error| sqlite_failure(&name, &error))?;
    if has_versions == 0 {
        return Ok(Standing::Behind);
    }
    let applied = c.applied_migrations();
    let count = applied.as_ref().map_or(0, Vec::len);
    refuse_newer(applied)?;
    Ok(if count == known_versions().len() { Standing::OfThisTime } else { Standing::Behind })
}

fn run_sqlite(c: &mut SqliteConnection) -> Result<(), OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Migration(error.to_string());
    // The whole run is one exclusive transaction: killed in the middle, nothing of it remains.
    c.batch_execute("BEGIN EXCLUSIVE").map_err(|error| failed(&error))?;
    let outcome = (|| {
        c.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}")).map_err(|error| failed(&error))?;
        refuse_newer(c.applied_migrations())?;
        run_pending_in_transaction(c)
    })();
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    c.batch_execute(end).map_err(|error| failed(&error))?;
    outcome
}

fn run_pending_in_transaction(c: &mut SqliteConnection) -> Result<(), OpenError> {
    use diesel::migration::MigrationSource;
    let applied: Vec<String> = c
        .applied_migrations()
        .map_err(|error| OpenError::Migration(error.to_string()))?
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut all = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
        .map_err(|error| OpenError::Migration(error.to_string()))?;
    all.sort_by_key(|migration| migration.name().version().to_string());
    for migration in all {
        let version = migration.name().version().to_string();
        if applied.contains(&version) {
            continue;
        }
        migration.run(c).map_err(|error| OpenError::Migration(format!("{version}: {error}")))?;
        diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES (?)")
            .bind::<diesel::sql_types::Text, _>(&version)
            .execute(c)
            .map_err(|error| OpenError::Migration(error.to_string()))?;
    }
    Ok(())
}

fn run_postgres(c: &mut PgConnection) -> Result<(), OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Migration(error.to_string());
    c.batch_execute(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({LOCK_KEY})"))
        .map_err(|error| failed(&error))?;
    // Ended with the connection at the latest; each migration is a transaction of its own.
    let outcome = refuse_newer(c.applied_migrations())
        .and_then(|()| c.run_pending_migrations(POSTGRES).map(|_| ()).map_err(|error| failed(&error)));
    c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK_KEY})")).map_err(|error| failed(&error))?;
    outcome
}

fn refuse_newer<E: std::fmt::Display>(
    applied: Result<Vec<diesel::migration::MigrationVersion<'static>>, E>,
) -> Result<(), OpenError> {
    let applied = applied.map_err(|error| OpenError::Migration(error.to_string()))?;
    let known = known_versions();
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        Some(version) => Err(OpenError::Newer(version)),
        None => Ok(()),
    }
}

/// Every version that this program knows; both sets carry the same names.
pub fn known_versions() -> Vec<String> {
    use diesel::migration::MigrationSource;
    MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
        .map(|all| all.iter().map(|migration| migration.name().version().to_string()).collect())
        .unwrap_or_default()
}
