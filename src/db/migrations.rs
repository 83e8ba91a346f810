//! Bringing the schema up to date, once, whoever starts first.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::{Access, connect};
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
    match connect(target, Access::Write)? {
        Conn::Sqlite(mut c) => run_sqlite(&mut c, target),
        Conn::Postgres(mut c) => run_postgres(&mut c),
    }
}

fn number(c: &mut SqliteConnection, query: &str) -> Result<i64, OpenError> {
    diesel::sql_query(query)
        .get_result::<Number>(c)
        .map(|row| row.value)
        .map_err(|error| OpenError::Migration(error.to_string()))
}

fn run_sqlite(c: &mut SqliteConnection, target: &Target) -> Result<(), OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Migration(error.to_string());
    let application_id = number(c, "SELECT application_id AS value FROM pragma_application_id")?;
    let table_count = number(c, "SELECT count(*) AS value FROM sqlite_master")?;
    if table_count > 0 && application_id != APPLICATION_ID {
        let Target::Sqlite(path) = target else { unreachable!("a SQLite connection comes from a SQLite target") };
        return Err(OpenError::Foreign(path.display().to_string()));
    }
    // The whole run is one exclusive transaction: killed in the middle, nothing of it remains.
    c.batch_execute("BEGIN EXCLUSIVE").map_err(|error| failed(&error))?;
    let outcome = (|| {
        c.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}")).map_err(|error| failed(&error))?;
        refuse_newer(c.applied_migrations(), &SQLITE)?;
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
    let outcome = refuse_newer(c.applied_migrations(), &POSTGRES)
        .and_then(|()| c.run_pending_migrations(POSTGRES).map(|_| ()).map_err(|error| failed(&error)));
    c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK_KEY})")).map_err(|error| failed(&error))?;
    outcome
}

fn refuse_newer<E: std::fmt::Display>(
    applied: Result<Vec<diesel::migration::MigrationVersion<'static>>, E>,
    _known: &EmbeddedMigrations,
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
