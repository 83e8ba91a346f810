//! The database around the rows: it is filled without its indexes and triggers, which are then put back as they were.

use std::time::Instant;

use debrief::db::{Conn, OpenError, Target, migrations, pool};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    line: String,
}

/// What search holds of each record, as the triggers write it.
const DOCUMENTS: &[&str] = &[
    "SELECT 'incident' AS kind, id AS thing_id, id AS incident_id, started_at AS at, title, summary AS body FROM incidents",
    "SELECT 'postmortem', i.id, i.id, r.created_at, i.title, r.markdown FROM postmortems p \
     JOIN incidents i ON i.id = p.incident_id \
     JOIN postmortem_revisions r ON r.postmortem_id = p.id AND r.number = p.current_revision",
    "SELECT 'event', id, incident_id, happened_at, '', text FROM timeline_events WHERE deleted_at IS NULL",
    // Each has one reference at most; they are joined because there is no index to look it up by while it is filled.
    "SELECT 'deploy', d.id, NULL, d.happened_at, s.name || ' ' || coalesce(d.version, ''), \
     d.summary || ' ' || coalesce(d.commit_sha, '') || ' ' || coalesce(d.deployed_by, '') || coalesce(' ' || r.label, '') \
     FROM deploys d JOIN services s ON s.id = d.service_id LEFT JOIN deploy_references r ON r.deploy_id = d.id",
    "SELECT 'action_item', id, incident_id, created_at, title, details FROM action_items",
];

/// What triggers keep beside the rows.
const FOLLOWERS: &[&str] = &[
    "UPDATE incident_services SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id), \
     incident_kind = (SELECT kind FROM incidents WHERE id = incident_id)",
    "UPDATE incident_tags SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id)",
    "UPDATE incident_factors SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id)",
    "UPDATE contributing_factors SET incident_count = (SELECT count(*) FROM incident_factors f \
     WHERE f.factor_id = contributing_factors.id)",
    "UPDATE deploy_people SET happened_at = (SELECT happened_at FROM deploys WHERE id = deploy_id)",
];

/// A database that is being filled.
pub struct Store {
    pub c: Conn,
    put_back: Vec<String>,
    began: Instant,
}

impl Store {
    /// Migrates an empty database and takes its indexes and triggers away.
    pub fn open(target: &Target) -> Result<Self, OpenError> {
        pool::check_reachable(target)?;
        migrations::run(target)?;
        let mut c = pool::connect(target, pool::Access::Write)?;
        let before = match &c {
            Conn::Sqlite(_) => {
                "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
                 PRAGMA temp_store = FILE; PRAGMA cache_size = -2000000"
            }
            Conn::Postgres(_) => {
                "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'; \
                 SET maintenance_work_mem = '512MB'; SET lock_timeout = 0"
            }
        };
        c.batch_execute(before).expect("the connection takes its settings");
        let mut store = Store { c, put_back: Vec::new(), began: Instant::now() };
        store.strip();
        store.run("BEGIN");
        Ok(store)
    }

    fn run(&mut self, statement: &str) {
        if let Err(error) = self.c.batch_execute(statement) {
            panic!("{error}\n{statement}");
        }
    }

    fn lines(&mut self, query: &str) -> Vec<Line> {
        diesel::sql_query(query).load(&mut self.c).expect("the catalogue can be read")
    }

    fn strip(&mut self) {
        let found = match &self.c {
            // In the order in which they were made: of two that serve as well, SQLite takes the one that was made last.
            Conn::Sqlite(_) => self.lines(
                "SELECT type || ' ' || name AS name, sql AS line FROM sqlite_master WHERE type IN ('index', 'trigger') \
                 AND sql IS NOT NULL AND tbl_name NOT LIKE 'search_index%' ORDER BY type, rowid",
            ),
            // Triggers and references rest by session_replication_role.
            Conn::Postgres(_) => self.lines(
                "SELECT 'index ' || i.indexname AS name, i.indexdef AS line FROM pg_indexes i \
                 WHERE i.schemaname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k \
                     WHERE k.conname = i.indexname) ORDER BY 1",
            ),
        };
        for Line { name, line } in found {
            self.run(&format!("DROP {name}"));
            self.put_back.push(line);
        }
    }

    /// Tells how far it is.
    pub fn say(&self, what: &str) {
        eprintln!("  {:6.1} s  {what}", self.began.elapsed().as_secs_f64());
    }

    /// Search, indexes, triggers, numbers: all as if each row had been written by the program.
    pub fn finish(mut self, counters: &[(&str, i64)]) {
        for (name, value) in counters {
            self.run(&format!("UPDATE counters SET value = {value} WHERE name = '{name}'"));
        }
        let is_sqlite = matches!(self.c, Conn::Sqlite(_));
        for statement in FOLLOWERS {
            self.run(statement);
        }
        self.say("followers");
        // In the order in which they would have been written.
        // PostgreSQL works the facets out here; SQLite, whose expression for it reads a document, below.
        let facets = if is_sqlite { "''" } else { "search_facets(kind, thing_id, incident_id, at, title, body)" };
        self.run(&format!(
            "INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body, facets) \
             SELECT kind, thing_id, incident_id, at, title, body, {facets} FROM ({}) x ORDER BY at, kind, thing_id",
            DOCUMENTS.join(" UNION ALL ")
        ));
        self.say("documents of search");
        if is_sqlite {
            self.run("UPDATE search_documents SET facets = (SELECT facets FROM search_facets WHERE document_id = id)");
            self.run("INSERT INTO search_index (search_index) VALUES ('rebuild')");
            self.run("INSERT INTO search_index_titles (search_index_titles) VALUES ('rebuild')");
            self.say("index of search");
        } else {
            self.set_sequences();
        }
        for line in std::mem::take(&mut self.put_back) {
            self.run(&line);
        }
        self.run("COMMIT");
        self.say("indexes and triggers");
        if is_sqlite {
            self.run("PRAGMA journal_mode = WAL");
        } else {
            for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
                self.run(statement);
            }
            self.say("statistics");
        }
    }

    /// The next row's id comes after those that were given out here.
    fn set_sequences(&mut self) {
        let found = self.lines(
            "SELECT table_name::text AS name, column_name::text AS line FROM information_schema.columns \
             WHERE table_schema = 'public' AND is_identity = 'YES' ORDER BY 1",
        );
        for Line { name, line } in found {
            self.run(&format!(
                "SELECT setval(pg_get_serial_sequence('{name}', '{line}'), coalesce(max({line}), 0) + 1, false) FROM {name}"
            ));
        }
    }
}
