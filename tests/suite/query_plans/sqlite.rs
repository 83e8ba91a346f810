//! How SQLite means to run a statement.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::statements::{parts_of, said};
use super::{Named, OF_OTHERS, SMALL, is_few};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    parent: i32,
    #[diesel(sql_type = Text)]
    detail: String,
}

/// What SQLite knows about its tables and indexes.
pub(super) struct Known {
    tables: BTreeSet<String>,
    /// Indexes of a part of a table, which a statement can only use if it wants that part.
    partial: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(c: &mut diesel::SqliteConnection) -> Self {
        let mut names = |condition: &str| -> BTreeSet<String> {
            let query = format!("SELECT name FROM sqlite_master WHERE {condition}");
            let found: Vec<Named> = diesel::sql_query(query).load(c).unwrap();
            found.into_iter().map(|found| found.name).collect()
        };
        Self { tables: names("type = 'table'"), partial: names("type = 'index' AND sql LIKE '% WHERE %'") }
    }
}

pub(super) fn fault_on_sqlite(c: &mut diesel::SqliteConnection, known: &Known, sql: &str) -> Option<String> {
    let steps: Vec<Step> = match diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c) {
        Ok(steps) => steps,
        Err(error) => return Some(format!("cannot be explained: {error}")),
    };
    let parts = parts_of(sql);
    // The table under the name that the statement gives it; none for what the statement itself puts together.
    let table_of = |name: &str| -> Option<String> {
        let mut sources = parts.iter().flat_map(|part| &part.sources);
        sources.find(|(given, table)| given == name && known.tables.contains(table)).map(|(_, table)| table.clone())
    };
    // A sorting step sorts what the steps beside it give; an OR and a list that is asked for have their steps below.
    let is_beside = |step: &Step, sort: &Step| {
        let mut parent = step.parent;
        while let Some(above) = steps.iter().find(|above| {
            let is_part =
                ["MULTI-INDEX OR", "INDEX ", "LIST SUBQUERY"].iter().any(|word| above.detail.starts_with(word));
            above.id == parent && is_part
        }) {
            parent = above.parent;
        }
        parent == sort.parent
    };
    for step in &steps {
        let detail = &step.detail;
        if let Some(rest) = detail.strip_prefix("SCAN ") {
            let name = rest.split(' ').next().unwrap_or_default();
            let Some(table) = table_of(name) else { continue };
            if SMALL.contains(&table.as_str()) || rest.contains("VIRTUAL TABLE INDEX") {
                continue;
            }
            // In the order of an index, up to the end of a page.
            let sorts = steps.iter().any(|sort| is_beside(step, sort) && sort.detail.contains("TEMP B-TREE"));
            let is_part = rest.split(' ').any(|word| known.partial.contains(word));
            let is_page = parts
                .iter()
                .filter(|part| part.sources.iter().any(|(given, _)| given == name))
                .all(|part| part.has_limit && (is_part || !part.has_condition));
            if sorts || !is_page {
                return Some(format!("reads {table} from end to end: {detail}"));
            }
        }
        if let Some(rest) = detail.strip_prefix("SEARCH ") {
            let name = rest.split(' ').next().unwrap_or_default();
            let is_wanted = table_of(name).is_some() && said(sql).contains(&format!("{name}.service_id = ?"));
            // By the service, or by the id of something else.
            if is_wanted && !rest.contains("id=?") {
                return Some(format!("{OF_OTHERS}: {detail}"));
            }
            let is_by_kind = table_of(name).as_deref() == Some("incidents") && rest.contains("(kind=?");
            if is_by_kind && said(sql).contains(&format!("{name}.status ")) {
                return Some(format!("walks over nearly all incidents, which are of one kind, for a status: {detail}"));
            }
        }
        if detail.contains(" AUTOMATIC ") {
            return Some(format!("makes an index for itself: {detail}"));
        }
        if detail.contains("TEMP B-TREE") {
            let many = steps.iter().filter(|beside| is_beside(beside, step)).find(|beside| {
                let Some(rest) = beside.detail.strip_prefix("SEARCH ").or_else(|| beside.detail.strip_prefix("SCAN "))
                else {
                    return false;
                };
                let Some(table) = table_of(rest.split(' ').next().unwrap_or_default()) else {
                    return rest.starts_with("(subquery") || rest.contains("VIRTUAL TABLE");
                };
                let columns = rest.split('(').nth(1).unwrap_or_default();
                let is_few = columns
                    .split([' ', ')'])
                    .filter_map(|word| word.strip_suffix("=?"))
                    .any(|column| column == "rowid" || is_few(&table, column));
                !is_few && !SMALL.contains(&table.as_str())
            });
            if let Some(many) = many {
                return Some(format!("sorts: {detail} of {}", many.detail));
            }
        }
    }
    None
}
