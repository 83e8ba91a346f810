//! How both databases mean to run a query.

use debrief::db::Conn;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{TestApp, on_postgres, on_sqlite};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text, column_name = "detail")]
    detail: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The plan in lines. PostgreSQL is told not to read or sort whole tables where there is any other way, because test
/// tables are so small that it otherwise would.
pub fn plan(app: &TestApp, sql: &str) -> Vec<String> {
    app.read(|c| match c {
        Conn::Sqlite(c) => {
            let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c)?;
            Ok(steps.into_iter().map(|step| step.detail).collect())
        }
        Conn::Postgres(c) => {
            for setting in ["enable_seqscan", "enable_sort", "enable_bitmapscan"] {
                diesel::sql_query(format!("SET LOCAL {setting} = off")).execute(c)?;
            }
            let lines: Vec<Line> = diesel::sql_query(format!("EXPLAIN {sql}")).load(c)?;
            Ok(lines.into_iter().map(|line| line.line).collect())
        }
    })
}

/// Fails unless this database serves the query in its order by an index whose name begins like this.
pub fn must_use_index(app: &TestApp, sql: &str, index: &str) {
    let plan = plan(app, sql);
    let sorts = |step: &String| {
        step.contains("TEMP B-TREE") || step.trim_start().trim_start_matches("-> ").trim_start().starts_with("Sort")
    };
    assert!(!plan.iter().any(sorts), "{sql}: {plan:#?}");
    assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
}

/// Fails unless both databases serve the query in its order by an index whose name begins like this.
pub fn is_served_by_index(sql: &str, index: &'static str) {
    let check = |sql: String| move |app: TestApp| async move { must_use_index(&app, &sql, index) };
    on_sqlite(check(sql.to_owned()));
    on_postgres(check(sql.to_owned()));
}
