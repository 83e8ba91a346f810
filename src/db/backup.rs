//! Backups: always a SQLite file, whichever database it was taken from, so that it can be opened, checked and
//! restored into either. This is also the way from SQLite to PostgreSQL.
//!
//! Rows travel as JSON, table by table; the search index is built anew by its triggers.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::pool::{Access, check_reachable, connect};
use super::tables::TABLES;
use super::{Conn, Db, Target, migrations};

/// Rows that travel at once.
const CHUNK: i64 = 500;

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How much less the system heeds a backup than whoever waits for a page or an answer.
const NICENESS: i32 = 10;

/// Does work on a thread that gets its time when nobody else wants it. A backup takes a processor for as long as it lasts.
fn giving_way<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let at_work = || {
        // Where the system refuses, the work is done all the same.
        let _ = rustix::process::nice(NICENESS);
        work()
    };
    std::thread::scope(|scope| scope.spawn(at_work).join())
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
}

/// Writes a backup into a new file and checks it; gives the number of rows.
///
/// # Errors
/// A sentence for the operator. No half-written file remains.
pub fn write(db: &Db, file: &Path) -> Result<i64, String> {
    if file.exists() {
        return Err(format!("{} is there already. Name a new file; a backup never overwrites one.", file.display()));
    }
    let unfinished = beside(file, "unfinished");
    remove_sqlite(&unfinished);
    let outcome = giving_way(|| {
        private(&unfinished)?;
        write_unchecked(db, &unfinished)?;
        let mut copy =
            connect(&Target::Sqlite(unfinished.clone()), Access::Write).map_err(|error| error.to_string())?;
        // What was at work at this moment was at work there, and not where the copy will be opened.
        copy.batch_execute("DELETE FROM backups WHERE state = 'running'").map_err(|error| error.to_string())?;
        let faults = super::check::faults(&mut copy).map_err(|error| error.to_string())?;
        if let Some(fault) = faults.first() {
            return Err(format!("The backup was written but is not in order: {fault}. Run 'debrief check'."));
        }
        let rows = row_count(&mut copy)?;
        // One file, without a log beside it, is what people copy away.
        copy.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
            .map_err(|error| error.to_string())?;
        drop(copy);
        settle(&unfinished, file).map_err(|error| format!("{}: {error}.", file.display()))?;
        Ok(rows)
    });
    if outcome.is_err() {
        remove_sqlite(&unfinished);
    }
    outcome
}

/// A name for a file that stands beside `file` for a while.
fn beside(file: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.{end}", file.display()))
}

/// Makes an empty file that its owner alone may read: a backup holds addresses of people and hashes of passwords.
fn private(file: &Path) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ()).map_err(|error| format!("{} cannot be made: {error}.", file.display()))
}

/// Gives a finished file its name, so that after a power cut it is there whole or not at all.
fn settle(unfinished: &Path, file: &Path) -> std::io::Result<()> {
    std::fs::File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, file)?;
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::File::open(folder)?.sync_all()
}

/// Restores a backup that was just written into a scratch file beside it, looks the result through, and removes it
/// again. `rows` is what the backup holds.
///
/// # Errors
/// A sentence for the operator.
pub fn rehearse(file: &Path, rows: i64) -> Result<(), String> {
    let scratch = beside(file, "rehearsal");
    remove_sqlite(&scratch);
    let outcome = giving_way(|| {
        private(&scratch)?;
        let target = Target::Sqlite(scratch.clone());
        migrations::run(&target).map_err(|error| error.to_string())?;
        let mut restored = connect(&target, Access::Write).map_err(|error| error.to_string())?;
        // It is thrown away whatever happens: no journal, no waiting for the disk.
        restored
            .batch_execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
            .map_err(|error| error.to_string())?;
        copy_all(&mut read_only(file)?, &mut restored)?;
        restored.batch_execute("COMMIT").map_err(|error| error.to_string())?;
        let faults = super::check::faults(&mut restored).map_err(|error| error.to_string())?;
        if let Some(fault) = faults.first() {
            return Err(format!("What was restored from it is not in order: {fault}."));
        }
        match row_count(&mut restored)? {
            restored if restored == rows => Ok(()),
            restored => Err(format!("It holds {rows} rows, but {restored} came back when it was restored.")),
        }
    });
    remove_sqlite(&scratch);
    outcome
}

/// Opens a finished backup without leaving a trace on it.
fn read_only(file: &Path) -> Result<Conn, String> {
    let path = file.display().to_string();
    let name: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    // The one sign that a query's encoding writes in another way than an address's.
    let name = name.replace('+', "%20");
    SqliteConnection::establish(&format!("file:{name}?mode=ro"))
        .map(Conn::Sqlite)
        .map_err(|error| format!("{} cannot be read: {error}.", file.display()))
}

fn remove_sqlite(file: &Path) {
    for end in ["", "-wal", "-shm"] {
        // What is not there needs no removing.
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

fn write_unchecked(db: &Db, file: &Path) -> Result<(), String> {
    match db.target() {
        Target::Sqlite(_) => {
            let mut source = connect(db.target(), Access::Write).map_err(|error| error.to_string())?;
            let name = file.display().to_string().replace('\'', "''");
            source.batch_execute(&format!("VACUUM INTO '{name}'")).map_err(|error| error.to_string())
        }
        Target::Postgres(_) => {
            let target = Target::Sqlite(file.to_owned());
            check_reachable(&target).map_err(|error| error.to_string())?;
            migrations::run(&target).map_err(|error| error.to_string())?;
            let mut copy = connect(&target, Access::Write).map_err(|error| error.to_string())?;
            db.read_blocking(|source| copy_all(source, &mut copy).map_err(crate::error::Error::Fault))
                .map_err(|error| error.to_string())
        }
    }
}

/// Fills an empty database from a backup; gives the number of rows.
///
/// # Errors
/// A sentence for the operator; the database is then as it was.
pub fn restore(db: &Db, file: &Path) -> Result<i64, String> {
    if !file.is_file() {
        return Err(format!("There is no file {}.", file.display()));
    }
    // The backup itself stays as it is: a copy of it is brought up to date and read. Beside the new database there is
    // room for as much again; the folder for temporary files may be memory.
    let folder = match db.target() {
        Target::Sqlite(path) => path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned),
        Target::Postgres(_) => None,
    };
    let copy = folder
        .unwrap_or_else(std::env::temp_dir)
        .join(format!("debrief-restore-{}.db", crate::auth::secrets::random_hex(8)));
    private(&copy)?;
    let outcome = std::fs::copy(file, &copy)
        .map_err(|error| format!("{} cannot be read: {error}.", file.display()))
        .and_then(|_| {
            restore_from_copy(db, &copy)
                .map_err(|why| why.replace(&copy.display().to_string(), &file.display().to_string()))
        });
    remove_sqlite(&copy);
    outcome
}

fn restore_from_copy(db: &Db, copy: &Path) -> Result<i64, String> {
    let source_target = Target::Sqlite(copy.to_owned());
    check_reachable(&source_target).map_err(|error| error.to_string())?;
    migrations::run(&source_target).map_err(|error| error.to_string())?;
    let mut source = connect(&source_target, Access::Write).map_err(|error| error.to_string())?;
    let faults = super::check::faults(&mut source).map_err(|error| error.to_string())?;
    if let Some(fault) = faults.first() {
        return Err(format!("The backup is damaged: {fault}. Take another one."));
    }
    db.write_blocking(|target| {
        let people: Count = diesel::sql_query("SELECT count(*) AS count FROM users").get_result(target)?;
        if people.count > 0 {
            return Err(crate::error::Error::Conflict(
                "The database is in use already. Restore into an empty one: name a new file or database with --database-url."
                    .to_owned(),
            ));
        }
        copy_all(&mut source, target).map_err(crate::error::Error::Fault)?;
        row_count(target).map_err(crate::error::Error::Fault)
    })
    .map_err(|error| error.to_string())
}

fn row_count(c: &mut Conn) -> Result<i64, String> {
    TABLES.iter().try_fold(0, |sum, table| {
        let found: Count = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"))
            .get_result(c)
            .map_err(|error| error.to_string())?;
        Ok(sum + found.count)
    })
}

/// A column and whether it holds bytes, which JSON cannot.
struct Column {
    name: String,
    is_bytes: bool,
}

fn columns(c: &mut Conn, table: &str) -> Result<Vec<Column>, String> {
    let found: Result<Vec<Cell>, _> = match c {
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT name || ' ' || lower(type) AS value FROM pragma_table_info('{table}') ORDER BY name"
        ))
        .load(c),
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT column_name || ' ' || data_type AS value FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY column_name"
        ))
        .load(c),
    };
    let found = found.map_err(|error| error.to_string())?;
    Ok(found
        .into_iter()
        .filter_map(|cell| {
            let (name, kind) = cell.value.split_once(' ')?;
            Some(Column { name: name.to_owned(), is_bytes: kind == "blob" || kind == "bytea" })
        })
        .collect())
}

fn copy_all(source: &mut Conn, target: &mut Conn) -> Result<(), String> {
    // A fresh schema brings counters at zero; the source's take their place.
    target.batch_execute("DELETE FROM counters; DELETE FROM settings").map_err(|error| error.to_string())?;
    for table in TABLES {
        let columns = columns(source, table)?;
        let mut place = Place { seen: 0, last_id: i64::MIN };
        loop {
            let rows = read_chunk(source, table, &columns, place)?;
            let Some(last) = rows.last() else { break };
            let last_id = serde_json::from_str::<serde_json::Value>(last).ok().and_then(|row| row["id"].as_i64());
            place = Place { seen: place.seen + rows.len() as i64, last_id: last_id.unwrap_or(i64::MIN) };
            write_chunk(target, table, &columns, &rows).map_err(|error| format!("table {table}: {error}"))?;
        }
        if *table == "incident_factors" {
            // Its rows were counted as they came, on top of what the source had counted.
            target
                .batch_execute(
                    "UPDATE contributing_factors SET incident_count =
                     (SELECT count(*) FROM incident_factors f WHERE f.factor_id = contributing_factors.id)",
                )
                .map_err(|error| error.to_string())?;
        }
        if let Conn::Postgres(c) = target
            && columns.iter().any(|column| column.name == "id")
        {
            c.batch_execute(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), GREATEST((SELECT max(id) FROM {table}), 1))"
            ))
            .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// How far the reading of a table has come.
#[derive(Clone, Copy)]
struct Place {
    seen: i64,
    last_id: i64,
}

fn read_chunk(c: &mut Conn, table: &str, columns: &[Column], place: Place) -> Result<Vec<String>, String> {
    // Large tables have an id and are read along it; the small ones without are read in their own order.
    let slice = if columns.iter().any(|column| column.name == "id") {
        format!("WHERE id > {} ORDER BY id LIMIT {CHUNK}", place.last_id)
    } else {
        let names: Vec<_> = columns.iter().filter(|column| !column.is_bytes).map(|column| &*column.name).collect();
        format!("ORDER BY {} LIMIT {CHUNK} OFFSET {}", names.join(", "), place.seen)
    };
    // Bytes travel as PostgreSQL writes them in text: \x and hex digits.
    let pairs = |bytes: fn(&str) -> String| {
        columns
            .iter()
            .map(|column| {
                let name = &column.name;
                let value = if column.is_bytes { bytes(name) } else { name.clone() };
                format!("'{name}', {value}")
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows: Result<Vec<Cell>, _> = match c {
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT json_object({}) AS value FROM {table} {slice}",
            pairs(|name| format!("'\\x' || lower(hex({name}))"))
        ))
        .load(c),
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT json_build_object({})::text AS value FROM {table} {slice}",
            pairs(|name| format!("'\\x' || encode({name}, 'hex')"))
        ))
        .load(c),
    };
    Ok(rows.map_err(|error| error.to_string())?.into_iter().map(|cell| cell.value).collect())
}

fn write_chunk(c: &mut Conn, table: &str, columns: &[Column], rows: &[String]) -> Result<(), String> {
    let json = format!("[{}]", rows.join(","));
    let names = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let written = match c {
        Conn::Sqlite(c) => {
            let values = columns
                .iter()
                .map(|column| {
                    let value = format!("json_extract(value, '$.{}')", column.name);
                    if column.is_bytes { format!("unhex(substr({value}, 3))") } else { value }
                })
                .collect::<Vec<_>>()
                .join(", ");
            diesel::sql_query(format!("INSERT INTO {table} ({names}) SELECT {values} FROM json_each(?)"))
                .bind::<Text, _>(&json)
                .execute(c)
        }
        Conn::Postgres(c) => diesel::sql_query(format!(
            "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, $1::json)"
        ))
        .bind::<Text, _>(&json)
        .execute(c),
    };
    written.map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{NICENESS, giving_way};

    #[test]
    fn only_the_work_itself_gives_way() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        assert_eq!(giving_way(niceness), (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }
}
