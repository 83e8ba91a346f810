//! How PostgreSQL means to run a statement.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{SMALL, is_few};

fn plan_on_postgres(c: &mut diesel::PgConnection, sql: &str) -> Result<Vec<String>, String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let count = (1..).take_while(|place| sql.contains(&format!("${place}"))).count();
    let nothing = vec!["NULL"; count].join(", ");
    let execute = if count == 0 { "plan".to_owned() } else { format!("plan({nothing})") };
    c.batch_execute(&format!("PREPARE plan AS {sql}")).map_err(|error| format!("cannot be prepared: {error}"))?;
    let found: Vec<Line> = diesel::sql_query(format!("EXPLAIN (COSTS OFF) EXECUTE {execute}"))
        .load(c)
        .map_err(|error| format!("cannot be explained: {error}"))?;
    c.batch_execute("DEALLOCATE plan").unwrap();
    Ok(found.into_iter().map(|found| found.line).collect())
}

/// Tables of the demo are too small for PostgreSQL to care how it reads them. It is told that all that grow have a
/// million rows, and that it knows nothing of those that the demo leaves empty; this is taken back at the end, with the
/// transaction.
pub(super) fn pretend_large(c: &mut diesel::PgConnection) {
    let small = SMALL.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
    c.batch_execute(&format!(
        "ANALYZE;
         UPDATE pg_class SET
             relpages = pg_relation_size(oid) / 8192,
             reltuples = CASE WHEN pg_relation_size(oid) = 0 THEN -1 ELSE 1000000 END
         WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname NOT IN ({small});
         SET LOCAL enable_seqscan = off;
         SET LOCAL enable_hashjoin = off;
         SET LOCAL enable_mergejoin = off;
         SET LOCAL plan_cache_mode = force_generic_plan"
    ))
    .unwrap();
}

/// Which way is the cheapest depends on what is in a table, and only on how much of it a page shows. So it is asked
/// for the way it likes best, for one along the order of an index, and for one that gives all rows: one has to be good.
pub(super) fn fault_on_postgres(c: &mut diesel::PgConnection, sql: &str) -> Option<String> {
    let all = sql.rfind(" LIMIT $").map(|place| &sql[..place]).filter(|all| !all.contains(" LIMIT $"));
    let mut first = None;
    for (sql, is_sorting) in [(Some(sql), "on"), (Some(sql), "off"), (all, "on")] {
        let Some(sql) = sql else { continue };
        c.batch_execute(&format!("SET LOCAL enable_sort = {is_sorting}; SET LOCAL enable_bitmapscan = {is_sorting}"))
            .unwrap();
        let lines = match plan_on_postgres(c, sql) {
            Ok(lines) => lines,
            Err(fault) => return Some(fault),
        };
        let fault = fault_in_plan(&lines.iter().map(String::as_str).collect::<Vec<_>>())?;
        first = first.or_else(|| Some(format!("{fault}\n        {}", lines.join("\n        "))));
    }
    first
}

/// A step of a plan of PostgreSQL.
struct Node<'a> {
    indent: usize,
    does: &'a str,
    /// What an index is asked for.
    condition: Option<&'a str>,
    /// It reads more than it gives.
    has_filter: bool,
}

impl<'a> Node<'a> {
    fn table(&self) -> Option<&'a str> {
        self.does.split(" on ").nth(1)?.split(' ').next()
    }

    fn is_scan(&self) -> bool {
        ["Seq Scan", "Index", "Bitmap Heap"].iter().any(|word| self.does.starts_with(word))
    }

    /// It reads a small table, or few rows of another one.
    fn is_few(&self) -> bool {
        let Some(table) = self.table() else { return true };
        let condition = self.condition.unwrap_or_default().replace("= ANY", "=").replace(")::text", "");
        let asked = condition.match_indices(" = ").map(|(place, _)| {
            let before = &condition[..place];
            &before[before.rfind(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map_or(0, |at| at + 1)..]
        });
        let mut asked = asked.map(|column| is_few(table, column)).peekable();
        let has_any = asked.peek().is_some();
        // Whatever an OR asks for has to be few.
        let few = if condition.contains(" OR ") { asked.all(|few| few) } else { asked.any(|few| few) };
        SMALL.contains(&table) || has_any && few
    }
}

fn nodes_of<'a>(lines: &[&'a str]) -> Vec<Node<'a>> {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim_start();
        let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
        if place == 0 || begins(&["-> ", "SubPlan", "InitPlan", "CTE "]) {
            let does = text.trim_start_matches("-> ").trim_start();
            nodes.push(Node { indent, does, condition: None, has_filter: false });
        } else if let Some(node) = nodes.last_mut() {
            let is_bitmap = node.does.starts_with("Bitmap Index");
            let asked = text.strip_prefix("Index Cond: ").filter(|_| !is_bitmap);
            node.condition = asked.or_else(|| text.strip_prefix("Recheck Cond: ")).or(node.condition);
            node.has_filter |= text.starts_with("Filter: ");
        }
    }
    nodes
}

fn fault_in_plan(lines: &[&str]) -> Option<String> {
    let nodes = nodes_of(lines);
    let below = |place: usize| {
        let indent = nodes[place].indent;
        nodes[place + 1..].iter().take_while(move |node| node.indent > indent)
    };
    nodes.iter().enumerate().find_map(|(place, node)| {
        if node.does.starts_with("Sort") || node.does.starts_with("Incremental Sort") {
            // What is cut off further down is a page; a question asked for each row is no part of what is sorted.
            let mut skipped = usize::MAX;
            let many = below(place).find(|node| {
                if node.indent > skipped {
                    return false;
                }
                let is_other = ["Limit", "SubPlan", "InitPlan"].iter().any(|word| node.does.starts_with(word));
                skipped = if is_other { node.indent } else { usize::MAX };
                !is_other && (node.is_scan() && !node.is_few())
            });
            return many.map(|many| format!("sorts: {}", many.does));
        }
        let table = node.table().filter(|_| node.is_scan())?;
        if SMALL.contains(&table) || node.condition.is_some() {
            return None;
        }
        let is_page = node.does.starts_with("Index") && !node.has_filter && is_cut(&nodes, place);
        (!is_page).then(|| format!("reads {table} from end to end: {}", node.does))
    })
}

/// Whether the first rows that a step gives are enough: a `LIMIT` is above it, and between them nothing has to see all
/// of them or throws some away.
fn is_cut(nodes: &[Node<'_>], place: usize) -> bool {
    let mut at = place;
    while let Some(above) = nodes[..at].iter().rposition(|above| above.indent < nodes[at].indent) {
        let does = nodes[above].does;
        if does.starts_with("Limit") {
            return true;
        }
        if does.starts_with("Nested Loop") {
            // The outer side of a loop that finds something for each row.
            let inner = nodes[at + 1..]
                .iter()
                .skip_while(|node| node.indent > nodes[at].indent)
                .take_while(|node| node.indent > nodes[above].indent);
            let finds = does.starts_with("Nested Loop Left")
                || inner.clone().all(|node| !node.has_filter && !node.condition.unwrap_or_default().contains('$'));
            if at != above + 1 || !finds {
                return false;
            }
        } else if !["Subquery Scan", "Result", "Append", "Memoize"].iter().any(|passing| does.starts_with(passing)) {
            return false;
        }
        at = above;
    }
    false
}
