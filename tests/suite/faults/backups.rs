//! A backup that is taken while everybody writes, restored into either database and compared; and how long pages take
//! meanwhile.

use std::path::Path;

use debrief::db::tables::TABLES;
use debrief::db::{Conn, Db, Target, backup};
use debrief::error::Error;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::history::{History, Manner, Site, Writers, look_for};
use crate::support::databases::Database;
use crate::support::program::{Folder, debrief, run};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Every row of a database in the words of JSON, table by table: what both databases must say alike.
pub fn content(target: &Target) -> Vec<(String, Vec<String>)> {
    let db = Db::open(target).unwrap();
    db.read_blocking(|c| {
        TABLES
            .iter()
            .map(|table| {
                let mut rows = rows(c, table)?;
                rows.sort_unstable();
                Ok::<_, Error>(((*table).to_owned(), rows))
            })
            .collect()
    })
    .unwrap()
}

fn rows(c: &mut Conn, table: &str) -> Result<Vec<String>, Error> {
    let columns: Vec<Row> = match c {
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT name || ' ' || lower(type) AS \"row\" FROM pragma_table_info('{table}') ORDER BY name"
        ))
        .load(c)?,
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT column_name || ' ' || data_type AS \"row\" FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY column_name COLLATE \"C\""
        ))
        .load(c)?,
    };
    let is_sqlite = matches!(c, Conn::Sqlite(_));
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let (name, kind) = column.row.split_once(' ').unwrap();
            match (kind, is_sqlite) {
                ("blob" | "bytea", true) => format!("coalesce(lower(hex({name})), 'none')"),
                ("blob" | "bytea", false) => format!("coalesce(encode({name}, 'hex'), 'none')"),
                ("boolean", true) => {
                    format!("coalesce(CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, 'none')")
                }
                ("double precision" | "double" | "real" | "float", _) => {
                    format!("coalesce(CAST(CAST(round({name} * 1000000) AS BIGINT) AS TEXT), 'none')")
                }
                _ => format!("coalesce(CAST({name} AS TEXT), 'none')"),
            }
        })
        .collect();
    let list = values.join(" || '|' || ");
    let found: Vec<Row> = diesel::sql_query(format!("SELECT {list} AS \"row\" FROM {table}")).load(c)?;
    Ok(found.into_iter().map(|found| found.row).collect())
}

/// Says in which table two databases differ.
pub fn assert_alike(one: &[(String, Vec<String>)], other: &[(String, Vec<String>)]) {
    for ((table, ours), (_, theirs)) in one.iter().zip(other) {
        assert_eq!(ours.len(), theirs.len(), "rows of {table}");
        for (our, their) in ours.iter().zip(theirs) {
            assert_eq!(our, their, "a row of {table}");
        }
    }
}

fn backed_up_under_load(database: &Path) {
    let folder = Folder::new();
    let site = Site::new(database);
    let server = site.start();
    let writers = Writers::start(&site, &super::only(&server), 0, Manner::GivesUp);
    let mut files = Vec::new();
    for round in 0..3 {
        std::thread::sleep(std::time::Duration::from_millis(400));
        let file = folder.file(&format!("backup-{round}.db"));
        let (code, told, wrong) = run(debrief(database).arg("backup").arg(&file));
        assert_eq!(code, 0, "{wrong}");
        assert!(told.contains("was checked"), "{told}");
        files.push(file);
    }
    let history = writers.stop();
    assert_eq!(server.stop(), 0);
    assert!(history.made.len() > 10);
    // A file that holds passwords' hashes is its owner's alone.
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), files.len(), "nothing is left beside them: {left:?}");

    for file in &files {
        let before = std::fs::read(file).unwrap();
        let copies: Vec<Database> = [Some(Database::sqlite()), Database::postgres()].into_iter().flatten().collect();
        let mut contents = Vec::new();
        for copy in &copies {
            let (code, told, wrong) = run(debrief(Path::new(copy.address())).arg("restore").arg(file));
            assert_eq!(code, 0, "{told}{wrong}");
            // Whole records, each with its event, audit entry and job; the history of what came later is not in it.
            look_for(copy.target(), &History::default());
            contents.push(content(copy.target()));
        }
        if let [sqlite, postgres] = &contents[..] {
            assert_alike(sqlite, postgres);
        }
        // And from there back again: a backup of what was restored holds the same.
        let again = folder.file("again.db");
        let last = copies.last().unwrap();
        backup::write(&Db::open(last.target()).unwrap(), &again).unwrap();
        let returned = Database::sqlite();
        backup::restore(&Db::open(returned.target()).unwrap(), &again).unwrap();
        assert_alike(&contents[0], &content(returned.target()));
        std::fs::remove_file(again).unwrap();
        assert!(std::fs::read(file).unwrap() == before, "restoring does not touch the backup");
    }
}

#[test]
fn a_backup_under_load_is_whole_in_either_database_from_sqlite() {
    let folder = Folder::new();
    backed_up_under_load(&folder.file("debrief.db"));
}

#[test]
fn a_backup_under_load_is_whole_in_either_database_from_postgres() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    backed_up_under_load(Path::new(database.address()));
}
