//! Every statement that a page or a list of the API runs, as both databases mean to run it: none reads a table that
//! grows from end to end, and none sorts more than a page.
//!
//! The statements are overheard while a browser opens the demo's pages, so that none can be forgotten.

use std::collections::BTreeSet;
use std::sync::Mutex;

use debrief::auth::model::{Role, Scope};
use debrief::db::Conn;
use debrief::routes::{Access, TABLE};
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::{Http, TestApp, on_postgres, on_sqlite};

/// Tables that have as many rows as the company has people, teams, services and settings. All others grow with what
/// happens.
const SMALL: &[&str] = &[
    "chat_channels",
    "contributing_factors",
    "counters",
    "feeds",
    "freeze_windows",
    "hook_rules",
    "notice_choices",
    "notice_settings",
    "postmortem_template_rules",
    "postmortem_templates",
    "release_settings",
    "retro_series",
    "saved_views",
    "schedules",
    "service_dependencies",
    "service_links",
    "services",
    "settings",
    "signal_rules",
    "sources",
    "suspect_learning",
    "team_members",
    "teams",
    "trackers",
    "users",
    "webhooks",
];

/// Statements that may sort or read more than a page, by a part of them, and why.
const ALLOWED: &[(&str, &str)] = &[];

/// What lists are narrowed down by.
const QUERIES: &[&str] = &[
    "/incidents?status=live",
    "/incidents?status=resolved",
    "/incidents?severity=SEV2",
    "/incidents?kind=near_miss",
    "/incidents?service=checkout-api",
    "/incidents?tag=payments",
    "/incidents?from=2026-06-01&until=2026-07-01",
    "/deploys?environment=production",
    "/deploys?service=checkout-api",
    "/deploys?status=failed",
    "/deploys?kind=rollback",
    "/action-items?view=mine",
    "/action-items?view=team",
    "/action-items?view=late",
    "/action-items?view=unassigned",
    "/action-items?view=stale",
    "/action-items?view=blocked",
    "/action-items?view=open",
    "/action-items?view=done",
    "/action-items?view=checks",
    "/action-items?view=declined",
    "/action-items?view=all",
    "/action-items?view=open&priority=P1",
    "/action-items?view=open&kind=prevent",
    "/signals?state=firing",
    "/signals?service=checkout-api",
    "/changes?period=24h",
    "/changes?period=7d",
    "/changes?period=30d",
    "/changes?period=90d",
    "/postmortems?status=published",
    "/postmortems?status=draft",
    "/reviews?view=open",
    "/admin/deliveries?verdict=recorded",
    "/admin/messages?state=sent",
    "/search?q=queue",
    "/search?q=queue&kind=incident",
];

static HEARD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn overhear() {
    diesel::connection::set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                let sql = text.split(" -- binds").next().unwrap_or_default().trim().to_owned();
                let begins = |word: &str| sql.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
                if begins("SELECT") || begins("WITH") || begins("UPDATE") || begins("DELETE") {
                    HEARD.lock().unwrap().insert(sql);
                }
            }
        }))
    })
    .unwrap();
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A value for each placeholder; a new one has to be told here.
fn filled(app: &TestApp, path: &str) -> Option<String> {
    let first = |query: &str| -> Option<String> {
        app.read(|c| {
            let query = format!("SELECT CAST(({query}) AS TEXT) AS name");
            Ok(diesel::sql_query(query).get_result::<Named>(c).ok().map(|found| found.name))
        })
    };
    let (parent, _) = path.split_once("/{")?;
    let value = match parent.trim_start_matches("/api/v1") {
        "/incidents" => first(
            "SELECT 'INC-' || max(i.number) FROM incidents i JOIN postmortems p ON p.incident_id = i.id WHERE p.status = 'published'",
        ),
        "/deploys" => {
            first("SELECT 'DEP-' || max(d.number) FROM deploys d JOIN incident_deploys l ON l.deploy_id = d.id")
        }
        "/action-items" => first("SELECT 'ACT-' || max(number) FROM action_items WHERE status = 'done'"),
        "/signals" => first("SELECT max(signal_id) FROM signal_incidents"),
        "/retros" => first("SELECT max(id) FROM retros"),
        "/services" => first("SELECT max(slug) FROM services"),
        "/teams" => first("SELECT max(slug) FROM teams"),
        "/factors" => {
            first("SELECT max(f.slug) FROM contributing_factors f JOIN incident_factors i ON i.factor_id = f.id")
        }
        "/admin/postmortem-templates" => Some("incident".to_owned()),
        // What has no row in the demo, or is no page.
        "/admin/webhooks"
        | "/admin/trackers"
        | "/admin/sources"
        | "/admin/deliveries"
        | "/admin/messages"
        | "/admin/rules"
        | "/attachments"
        | "/assets"
        | "/feeds"
        | "/p"
        | "/sign-in"
        | "/notifications/stop" => Some("1".to_owned()),
        other => panic!("say in tests/suite/query_plans.rs what stands for the placeholder after {other}"),
    };
    let (head, tail) = path.split_once('{')?;
    let (_, tail) = tail.split_once('}')?;
    let event = first("SELECT max(id) FROM timeline_events").unwrap_or_default();
    let tail = tail.replace("{id}", &event).replace("{number}", "1").replace("{kind}", "digest").replace("{name}", "1");
    Some(format!("{head}{}{tail}", value?))
}

async fn open_everything(app: &TestApp) {
    let admin = app.read(|c| {
        use debrief::db::schema::users;
        Ok(users::table
            .filter(users::role.eq("admin"))
            .order(users::id)
            .select(users::id)
            .first::<i64>(c)
            .optional()?)
    });
    let mut person: Http = match admin {
        Some(id) => app.session_of(id),
        None => app.signed_in("Ada", Role::Admin),
    };
    let mut program = app.program(Scope::Write);
    let mut shown = 0;
    // The browser's session and the program's token are heard, too; what was done to set up is not.
    HEARD.lock().unwrap().clear();
    for entry in TABLE.iter().filter(|entry| entry.method == "GET" && !entry.path.ends_with("/events")) {
        let Some(path) = (if entry.path.contains('{') { filled(app, entry.path) } else { Some(entry.path.to_owned()) })
        else {
            continue;
        };
        let http = match entry.access {
            Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny => &mut program,
            _ => &mut person,
        };
        let answer = http.get(&path).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text());
        shown += usize::from(answer.status == 200);
        // The next page of a list, and the one before it.
        if let Some(next) = answer.text().split("href=\"").find(|part| part.contains("after=")) {
            let address = next.split('"').next().unwrap_or_default().replace("&amp;", "&");
            if address.starts_with('/') || address.starts_with('?') {
                let address = if address.starts_with('?') { format!("{path}{address}") } else { address };
                http.get(&address).await;
                http.get(&address.replace("after=", "before=")).await;
            }
        }
    }
    for query in QUERIES {
        let answer = person.get(query).await;
        assert_eq!(answer.status, 200, "{query}");
    }
    assert!(shown > 60, "only {shown} pages were shown");
}

fn is_allowed(sql: &str) -> bool {
    ALLOWED.iter().any(|(part, _)| sql.contains(part))
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Names of tables under the other names that a statement gives them.
fn table_of<'a>(sql: &'a str, name: &'a str) -> &'a str {
    let words: Vec<&str> = sql
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .find(|pair| pair[1] == name && pair[0].contains('_') || pair[1] == name && SMALL.contains(&pair[0]))
        .map_or(name, |pair| pair[0])
}

fn fault_on_sqlite(c: &mut diesel::SqliteConnection, sql: &str) -> Option<String> {
    let steps: Vec<Step> = match diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c) {
        Ok(steps) => steps,
        Err(error) => return Some(format!("cannot be explained: {error}")),
    };
    let is_cut = sql.contains("LIMIT ") || sql.contains("min(") || sql.contains("max(");
    let sorts = steps
        .iter()
        .any(|step| step.detail.contains("TEMP B-TREE FOR ORDER BY") || step.detail.contains("TEMP B-TREE FOR LAST"));
    for Step { detail } in &steps {
        let Some(rest) = detail.strip_prefix("SCAN ") else { continue };
        let name = rest.split(' ').next().unwrap_or_default();
        let table = table_of(sql, name);
        if SMALL.contains(&table)
            || name.starts_with('(')
            || name.contains("CONSTANT")
            || rest.contains("VIRTUAL TABLE INDEX")
        {
            continue;
        }
        if !(is_cut && !sorts && rest.contains("INDEX")) && !name.starts_with("subquery") {
            return Some(format!("reads {table} from end to end: {detail}"));
        }
    }
    sorts.then(|| "sorts".to_owned())
}

fn fault_on_postgres(c: &mut diesel::PgConnection, sql: &str) -> Option<String> {
    let count = (1..).take_while(|place| sql.contains(&format!("${place}"))).count();
    let nothing = vec!["NULL"; count].join(", ");
    let execute = if count == 0 { "plan".to_owned() } else { format!("plan({nothing})") };
    if let Err(error) = c.batch_execute(&format!("PREPARE plan AS {sql}")) {
        return Some(format!("cannot be prepared: {error}"));
    }
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let found: Result<Vec<Line>, _> = diesel::sql_query(format!("EXPLAIN EXECUTE {execute}")).load(c);
    match found {
        Ok(lines) => {
            c.batch_execute("DEALLOCATE plan").unwrap();
            fault_in_plan(&lines.iter().map(|found| found.line.as_str()).collect::<Vec<_>>())
        }
        Err(error) => Some(format!("cannot be explained: {error}")),
    }
}

/// A step of a plan: how far it is set in, what it does, and whether an index is asked for a part only.
struct Node<'a> {
    indent: usize,
    does: &'a str,
    has_condition: bool,
}

fn fault_in_plan(lines: &[&str]) -> Option<String> {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim_start();
        if place == 0 || text.starts_with("-> ") {
            let does = text.trim_start_matches("-> ").trim_start();
            nodes.push(Node { indent: if place == 0 { 0 } else { indent + 1 }, does, has_condition: false });
        } else if text.starts_with("Index Cond:") {
            nodes.last_mut()?.has_condition = true;
        }
    }
    nodes.iter().enumerate().find_map(|(place, node)| {
        // Whoever cuts off what this step gives, with nothing between that has to see all of it.
        let mut indent = node.indent;
        let mut is_cut = false;
        for above in nodes[..place].iter().rev().filter(|above| above.indent < node.indent) {
            if above.indent >= indent {
                continue;
            }
            indent = above.indent;
            if above.does.starts_with("Limit") {
                is_cut = true;
                break;
            }
            if ["Aggregate", "Hash ", "Hash", "Sort", "Materialize", "HashAggregate"]
                .iter()
                .any(|all| above.does.starts_with(all))
            {
                break;
            }
        }
        if node.does.starts_with("Sort") || node.does.starts_with("Incremental Sort") {
            return Some(format!("sorts: {}", node.does));
        }
        let table = node.does.split(" on ").nth(1)?.split(' ').next()?;
        if SMALL.contains(&table) {
            return None;
        }
        let is_whole =
            node.does.starts_with("Seq Scan") || (node.does.starts_with("Index") && !node.has_condition && !is_cut);
        is_whole.then(|| format!("reads {table} from end to end: {}", node.does))
    })
}

async fn every_statement_is_served_by_an_index(app: TestApp) {
    debrief::demo::welcome(&app.app.db, 7, app.now()).unwrap();
    app.work_queue().await;
    overhear();
    // Connections that are opened from here on are overheard.
    let app = app.second_node();
    open_everything(&app).await;
    let heard: Vec<String> = HEARD.lock().unwrap().iter().cloned().collect();
    assert!(heard.len() > 150, "only {} statements were heard", heard.len());
    let faults: Vec<String> = app.read(|c| {
        Ok(match c {
            Conn::Sqlite(c) => heard
                .iter()
                .filter(|sql| !is_allowed(sql))
                .filter_map(|sql| fault_on_sqlite(c, sql).map(|fault| format!("{fault}\n    {sql}")))
                .collect(),
            Conn::Postgres(c) => {
                // What can be done without reading or sorting a whole table is done so, however small the tables are.
                c.batch_execute(
                    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; \
                     SET LOCAL plan_cache_mode = force_generic_plan",
                )
                .unwrap();
                let mut faults = Vec::new();
                for sql in heard.iter().filter(|sql| !is_allowed(sql)) {
                    c.batch_execute("SAVEPOINT one").unwrap();
                    if let Some(fault) = fault_on_postgres(c, sql) {
                        faults.push(format!("{fault}\n    {sql}"));
                    }
                    c.batch_execute("ROLLBACK TO SAVEPOINT one").unwrap();
                }
                faults
            }
        })
    });
    assert!(faults.is_empty(), "{} of {} statements:\n{}", faults.len(), heard.len(), faults.join("\n"));
}

#[test]
fn every_statement_of_every_page_is_served_by_an_index_on_sqlite() {
    on_sqlite(every_statement_is_served_by_an_index);
}

#[test]
fn every_statement_of_every_page_is_served_by_an_index_on_postgres() {
    on_postgres(every_statement_is_served_by_an_index);
}
