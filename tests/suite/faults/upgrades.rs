//! Filled databases of each release (`tests/releases`, made by `bin/keep-release`), brought up to date; and killed in
//! the middle of it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use debrief::db::{Db, Target, check};
use debrief::error::Error;
use debrief::search::model::Question;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::rounds;
use crate::support::databases::Database;
use crate::support::program::{Folder, debrief, run};

fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn unpacked(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The release's database as a file.
fn sqlite_of(release: &Path, folder: &Folder, name: &str) -> PathBuf {
    let file = folder.file(name);
    std::fs::write(&file, unpacked(&release.join("sqlite.db.gz"))).unwrap();
    file
}

/// The release's database on the server of the tests.
fn postgres_of(release: &Path) -> Option<Database> {
    let database = Database::postgres()?;
    let mut c = PgConnection::establish(database.address()).unwrap();
    c.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
    let dump = String::from_utf8(unpacked(&release.join("postgres.sql.gz"))).unwrap();
    // Lines that begin with a backslash speak to psql alone; the schema is there already.
    let statements: Vec<&str> = dump
        .lines()
        .filter(|line| {
            !line.starts_with('\\')
                && !line.starts_with("CREATE SCHEMA")
                && !line.starts_with("SET transaction_timeout")
        })
        .collect();
    c.batch_execute(&statements.join("\n")).unwrap();
    Some(database)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Table, columns and rows, as far as the old schema goes.
type Rows = Vec<(String, Vec<String>, Vec<String>)>;

/// Either database without the program's own doors.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    fn open(target: &Target) -> Self {
        match target {
            Target::Sqlite(path) => Raw::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap()),
            Target::Postgres(address) => Raw::Postgres(PgConnection::establish(address).unwrap()),
        }
    }

    fn names(&mut self, sqlite: &str, postgres: &str) -> Vec<String> {
        let found: Vec<Name> = match self {
            Raw::Sqlite(c) => diesel::sql_query(sqlite).load(c).unwrap(),
            Raw::Postgres(c) => diesel::sql_query(postgres).load(c).unwrap(),
        };
        found.into_iter().map(|found| found.name).collect()
    }

    fn tables(&mut self) -> Vec<String> {
        self.names(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%'
                 AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name",
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'
                 AND table_name NOT LIKE 'search_%' AND table_name NOT LIKE '\\_\\_%' ORDER BY name",
        )
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        self.names(
            &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name"),
            &format!(
                "SELECT column_name::text AS name FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY name"
            ),
        )
    }

    /// The rows of these columns; of all that are there when none are named.
    fn rows(&mut self, known: Option<&Rows>) -> Rows {
        let wanted: Vec<(String, Vec<String>)> = match known {
            Some(known) => known.iter().map(|(table, columns, _)| (table.clone(), columns.clone())).collect(),
            None => self.tables().into_iter().map(|table| (table.clone(), self.columns(&table))).collect(),
        };
        wanted
            .into_iter()
            .map(|(table, columns)| {
                let sqlite: Vec<_> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
                let postgres: Vec<_> =
                    columns.iter().map(|name| format!("coalesce(\"{name}\"::text, 'none')")).collect();
                let mut rows = self.names(
                    &format!("SELECT {} AS name FROM {table}", sqlite.join(" || '|' || ")),
                    &format!("SELECT {} AS name FROM {table}", postgres.join(" || '|' || ")),
                );
                rows.sort_unstable();
                (table, columns, rows)
            })
            .collect()
    }

    fn versions(&mut self) -> Vec<String> {
        let query = "SELECT version AS name FROM __diesel_schema_migrations ORDER BY version";
        self.names(query, query)
    }
}

/// Everything that was there is there still, and the rest holds.
fn assert_kept(before: &Rows, target: &Target, what: &str) {
    let after = Raw::open(target).rows(Some(before));
    let mut count = 0;
    for ((table, _, old), (_, _, new)) in before.iter().zip(&after) {
        // A migration may add rows of its own: new counters and settings.
        for row in old {
            assert!(new.binary_search(row).is_ok(), "{what}: {table} lost {row}");
        }
        assert!(table == "counters" || table == "settings" || old.len() == new.len(), "{what}: {table} grew");
        count += old.len();
    }
    assert!(count > 1000, "{what}: {count} rows are no filled database");
    assert_eq!(Raw::open(target).versions(), debrief::db::migrations::known_versions(), "{what}");
    let db = Db::open(target).unwrap();
    let (faults, found) = db
        .read_blocking(|c| {
            let question =
                Question { text: "checkout".to_owned(), kind: None, service: None, from: None, to: None, page: 1 };
            let (hits, _) = debrief::search::queries::find(c, &question)?;
            Ok::<_, Error>((check::faults(c)?, hits.len()))
        })
        .unwrap();
    assert_eq!(faults, Vec::<String>::new(), "{what}");
    assert!(found > 0, "{what}: the search finds what was there");
}

#[test]
fn each_release_is_brought_up_to_date_with_all_that_it_holds() {
    for release in releases() {
        let what = release.file_name().unwrap().to_string_lossy().into_owned();
        let folder = Folder::new();
        let file = sqlite_of(&release, &folder, "old.db");
        let postgres = postgres_of(&release);
        let mut targets = vec![(file.clone(), Target::Sqlite(file.clone()))];
        targets.extend(postgres.as_ref().map(|database| (database.address().into(), database.target().clone())));
        for (address, target) in &targets {
            let before = Raw::open(target).rows(None);
            let (code, _, told) = run(debrief(address).arg("migrate"));
            assert_eq!(code, 0, "{what}: {told}");
            assert_kept(&before, target, &what);
            let (code, told, _) = run(debrief(address).arg("check"));
            assert_eq!((code, told.trim()), (0, "Everything is in order."), "{what}");
        }
        // The old file is also a backup of its time, and is restored by today's program into either database.
        let backup = sqlite_of(&release, &folder, "backup.db");
        let bytes = std::fs::read(&backup).unwrap();
        for database in [Some(Database::sqlite()), Database::postgres()].into_iter().flatten() {
            let (code, _, told) = run(debrief(Path::new(database.address())).arg("restore").arg(&backup));
            assert_eq!(code, 0, "{what}: {told}");
            let (code, told, _) = run(debrief(Path::new(database.address())).arg("check"));
            assert_eq!((code, told.trim()), (0, "Everything is in order."), "{what}");
        }
        assert!(std::fs::read(&backup).unwrap() == bytes, "{what}: restoring does not touch the file");
    }
}

/// The schema as it was after the first migrations, filled with what it can hold of a release's rows.
fn of_an_earlier_schema(release: &Path, folder: &Folder, migrations: usize) -> PathBuf {
    let full = sqlite_of(release, folder, "full.db");
    let old = folder.file(&format!("after-{migrations}.db"));
    let mut c = SqliteConnection::establish(old.to_str().unwrap()).unwrap();
    c.batch_execute(
        "PRAGMA application_id = 0x44656272; PRAGMA foreign_keys = OFF;
         CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,
             run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    )
    .unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in &folders[..migrations] {
        c.batch_execute(&std::fs::read_to_string(folder.join("up.sql")).unwrap()).unwrap();
        let version = folder.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().replace('-', "");
        c.batch_execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')")).unwrap();
    }
    c.batch_execute(&format!("ATTACH '{}' AS kept; DELETE FROM counters; DELETE FROM settings", full.display()))
        .unwrap();
    let mut raw = Raw::Sqlite(c);
    for table in raw.tables() {
        let columns = raw.columns(&table).join(", ");
        let Raw::Sqlite(c) = &mut raw else { unreachable!("it was made so") };
        c.batch_execute(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM kept.{table}")).unwrap();
    }
    old
}

#[test]
fn the_first_schema_is_brought_up_to_date_too() {
    let folder = Folder::new();
    let file = of_an_earlier_schema(&releases()[0], &folder, 2);
    let target = Target::Sqlite(file.clone());
    let before = Raw::open(&target).rows(None);
    let (code, _, told) = run(debrief(&file).arg("migrate"));
    assert_eq!(code, 0, "{told}");
    assert_kept(&before, &target, "the first schema");
}

#[test]
fn killed_in_the_middle_it_goes_on_from_there_on_sqlite() {
    let folder = Folder::new();
    let whole = of_an_earlier_schema(&releases()[0], &folder, 2);
    let bytes = std::fs::read(&whole).unwrap();
    let before = Raw::open(&Target::Sqlite(whole.clone())).rows(None);
    let (mut unfinished, first) = (0, Raw::open(&Target::Sqlite(whole)).versions());
    for round in 0..rounds("DEBRIEF_FAULT_MIGRATIONS", 12) {
        let file = folder.file(&format!("round-{round}.db"));
        std::fs::write(&file, &bytes).unwrap();
        let mut child = debrief(&file).arg("migrate").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round as u64 * 7 % 90));
        child.kill().unwrap();
        child.wait().unwrap();
        let target = Target::Sqlite(file.clone());
        let versions = Raw::open(&target).versions();
        if versions == first {
            unfinished += 1;
        } else {
            assert_eq!(versions, debrief::db::migrations::known_versions(), "all or nothing");
        }
        let (code, _, told) = run(debrief(&file).arg("migrate"));
        assert_eq!(code, 0, "{told}");
        assert_kept(&before, &target, "after a kill");
    }
    println!("{unfinished} of the rounds were killed before the schema was up to date");
    assert!(unfinished > 0);
}

#[test]
fn killed_in_the_middle_it_goes_on_from_there_on_postgres() {
    for release in releases() {
        let Some(database) = postgres_of(&release) else {
            println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
            return;
        };
        let before = Raw::open(database.target()).rows(None);
        let first = Raw::open(database.target()).versions();
        if first == debrief::db::migrations::known_versions() {
            println!("{} has today's schema: there is nothing to be in the middle of", release.display());
            continue;
        }
        // Somebody reads every table, so that whatever the next migrations lock is waited for.
        let mut other = PgConnection::establish(database.address()).unwrap();
        let tables = Raw::open(database.target()).tables().join(", ");
        other.batch_execute(&format!("BEGIN; LOCK TABLE {tables}, __diesel_schema_migrations IN SHARE MODE")).unwrap();
        let mut child = debrief(Path::new(database.address()))
            .arg("migrate")
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let waits = || {
            diesel::sql_query(
                "SELECT count(*) AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND NOT l.granted",
            )
            .get_result::<Count>(&mut PgConnection::establish(database.address()).unwrap())
            .unwrap()
            .count
        };
        let mut is_in_the_middle = false;
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(50));
            is_in_the_middle = waits() > 0;
            if is_in_the_middle {
                break;
            }
        }
        assert!(is_in_the_middle, "the migration waits for its lock");
        child.kill().unwrap();
        child.wait().unwrap();
        other.batch_execute("ROLLBACK").unwrap();
        let (code, _, told) = run(debrief(Path::new(database.address())).arg("migrate"));
        assert_eq!(code, 0, "{told}");
        assert_kept(&before, database.target(), "after a kill");
    }
}
