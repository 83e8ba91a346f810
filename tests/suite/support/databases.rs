//! A fresh database for one test, removed afterwards.

use std::path::PathBuf;

use debrief::auth::secrets::random_hex;
use debrief::db::{Db, Target};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

pub struct Database {
    target: Target,
    remove: Remove,
}

enum Remove {
    Folder(PathBuf),
    Postgres { admin: String, name: String },
}

impl Database {
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its address or path, as the command line takes it.
    pub fn address(&self) -> &str {
        match &self.target {
            Target::Sqlite(path) => path.to_str().unwrap(),
            Target::Postgres(address) => address,
        }
    }

    /// An empty SQLite file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("debrief-test-{}", random_hex(8)));
        std::fs::create_dir_all(&folder).unwrap();
        Database { target: Target::Sqlite(folder.join("test.db")), remove: Remove::Folder(folder) }
    }

    /// A copy of a migrated database on the server of `DEBRIEF_TEST_PG`.
    pub fn postgres() -> Option<Self> {
        let admin = std::env::var("DEBRIEF_TEST_PG").ok()?;
        let mut c = PgConnection::establish(&admin).unwrap();
        let template = template(&mut c, &admin);
        let name = format!("debrief_test_{}", random_hex(8));
        // The template may have no visitors while it is copied: one copy at a time.
        c.batch_execute(&format!("SELECT pg_advisory_lock(77); CREATE DATABASE {name} TEMPLATE {template}"))
            .or_else(|_| c.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")))
            .unwrap();
        c.batch_execute("SELECT pg_advisory_unlock(77)").unwrap();
        Some(Database { target: Target::Postgres(address(&admin, &name)), remove: Remove::Postgres { admin, name } })
    }
}

/// The address of another database on the same server.
fn address(admin: &str, name: &str) -> String {
    let (before, query) = admin.split_once('?').map_or((admin, String::new()), |(a, b)| (a, format!("?{b}")));
    let (server, _) = before.rsplit_once('/').unwrap();
    format!("{server}/{name}{query}")
}

/// The migrated template, made by whichever test comes first; its name follows the migrations' content.
fn template(c: &mut PgConnection, admin: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hash = DefaultHasher::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        std::fs::read_to_string(file.join("up.sql")).unwrap().hash(&mut hash);
    }
    let name = format!("debrief_template_{:016x}", hash.finish());
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let is_there = |c: &mut PgConnection| {
        diesel::sql_query(format!("SELECT count(*) AS count FROM pg_database WHERE datname = '{name}'"))
            .get_result::<Found>(c)
            .unwrap()
            .count
            > 0
    };
    if !is_there(c) {
        c.batch_execute("SELECT pg_advisory_lock(78)").unwrap();
        if !is_there(c) {
            let making = format!("{name}_making");
            c.batch_execute(&format!("DROP DATABASE IF EXISTS {making}")).unwrap();
            c.batch_execute(&format!("CREATE DATABASE {making}")).unwrap();
            drop(Db::open(&Target::Postgres(address(admin, &making))).unwrap());
            // The pool's connections close in the background.
            for _ in 0..100 {
                if c.batch_execute(&format!("ALTER DATABASE {making} RENAME TO {name}")).is_ok() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
        c.batch_execute("SELECT pg_advisory_unlock(78)").unwrap();
    }
    name
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.remove {
            Remove::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Remove::Postgres { admin, name } => {
                if let Ok(mut c) = PgConnection::establish(admin) {
                    let _ = c.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                }
            }
        }
    }
}
