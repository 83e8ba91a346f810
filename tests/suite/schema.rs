//! The two sets of migrations describe the same schema, and `src/db/schema.rs` knows every table of it.

use std::collections::BTreeMap;

use debrief::db::Conn;
use debrief::db::tables::TABLES;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::TestApp;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

type Tables = BTreeMap<String, Vec<(String, String)>>;

fn tables(app: &TestApp) -> Tables {
    let rows: Vec<Column> = app.read(|c| {
        Ok(match c {
            Conn::Sqlite(c) => diesel::sql_query(
                "SELECT m.name AS table_name, p.name AS column_name,
                    lower(p.type) || CASE WHEN p.\"notnull\" THEN ' not null' ELSE '' END AS kind
                 FROM sqlite_master m JOIN pragma_table_info(m.name) p
                 WHERE m.type = 'table' AND m.name NOT LIKE 'search_index%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'
                 ORDER BY m.name, p.name",
            )
            .load(c)?,
            Conn::Postgres(c) => diesel::sql_query(
                "SELECT table_name::text, column_name::text,
                    data_type || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END AS kind
                 FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' AND data_type <> 'tsvector'
                 ORDER BY table_name, column_name",
            )
            .load(c)?,
        })
    });
    let mut tables = Tables::new();
    for row in rows {
        let kind = row.kind.replace("integer", "bigint").replace("double precision", "double").replace("bytea", "blob");
        tables.entry(row.table_name).or_default().push((row.column_name, kind));
    }
    tables
}

/// `src/db/schema.rs` and the files beneath it.
fn known_tables() -> String {
    let db = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db");
    let mut text = std::fs::read_to_string(db.join("schema.rs")).unwrap();
    for file in std::fs::read_dir(db.join("schema")).into_iter().flatten() {
        text.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    text
}

#[test]
fn both_databases_have_the_same_tables() {
    use std::sync::Mutex;
    let found = Mutex::new(Vec::new());
    crate::support::on_sqlite(|app| {
        found.lock().unwrap().push(tables(&app));
        std::future::ready(())
    });
    crate::support::on_postgres(|app| {
        found.lock().unwrap().push(tables(&app));
        std::future::ready(())
    });
    let mut found = found.into_inner().unwrap();
    for columns in found.iter_mut().flat_map(BTreeMap::values_mut) {
        columns.sort();
    }
    if let [sqlite, postgres] = &found[..] {
        assert_eq!(sqlite, postgres);
    }
    let known = known_tables();
    for (table, columns) in &found[0] {
        let start = known.find(&format!("    {table} (")).unwrap_or_else(|| panic!("schema.rs has no {table}"));
        let block = &known[start..start + known[start..].find("\n}").unwrap()];
        let count = block.matches("->").count();
        assert_eq!(count, columns.len(), "columns of {table} in schema.rs");
        let is_rebuilt = table == "search_documents";
        assert!(is_rebuilt || TABLES.contains(&table.as_str()), "src/db/tables.rs lacks {table}");
    }
}
