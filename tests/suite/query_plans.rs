//! Every statement that a page or a list of the API runs, as both databases mean to run it: none reads a table that
//! grows from end to end, none sorts more than a page, and none is run again for each row of a page.
//!
//! The statements are overheard while a browser opens the demo's pages, so that none can be forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use debrief::auth::model::{Role, Scope};
use debrief::db::Target;
use debrief::routes::{Access, TABLE};
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::support::{Http, TestApp, on_postgres, on_sqlite};

/// Tables that have as many rows as the company has people, teams, services and settings. All others grow with what
/// happens.
const SMALL: &[&str] = &[
    // Old ones are thinned out.
    "backups",
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

/// Columns with few rows for each of their values: what belongs to one record, and is as long as a person's patience.
/// Rows found by them may be sorted, for one record or for a page of records.
const OF_ONE: &[(&str, &str)] = &[
    ("action_item_changes", "action_item_id"),
    ("action_item_evidence", "action_item_id"),
    ("action_item_relations", "action_item_id"),
    ("action_item_relations", "other_id"),
    ("action_items", "incident_id"),
    ("api_tokens", "user_id"),
    ("checklist_items", "deploy_id"),
    ("checklist_ticks", "item_id"),
    ("deploy_marks", "deploy_id"),
    ("deploy_marks", "marked_id"),
    ("deploy_people", "deploy_id"),
    ("deploy_references", "deploy_id"),
    ("effect_answers", "action_item_id"),
    ("effect_answers", "incident_id"),
    ("impact_figures", "incident_id"),
    ("incident_deploy_verdicts", "incident_id"),
    ("incident_deploys", "deploy_id"),
    ("incident_deploys", "incident_id"),
    ("incident_factors", "incident_id"),
    ("incident_services", "incident_id"),
    ("incident_suspects", "deploy_id"),
    ("incident_suspects", "incident_id"),
    ("postmortem_reads", "postmortem_id"),
    ("postmortem_writers", "postmortem_id"),
    ("postmortems", "incident_id"),
    ("retro_decisions", "retro_id"),
    ("retro_people", "retro_id"),
    ("review_requests", "postmortem_id"),
    ("sessions", "user_id"),
    ("signal_incidents", "incident_id"),
    ("signal_incidents", "signal_id"),
    ("timeline_evidence", "event_id"),
    ("wording_dismissals", "postmortem_id"),
];

/// The two databases, and which of them is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Sqlite,
    Postgres,
}

const BOTH: &[On] = &[On::Sqlite, On::Postgres];

/// Statements that may sort or read more than a page, by a part of them, where, and why. Each has to be needed there.
const ALLOWED: &[(&str, &[On], &str)] = &[
    ("incidents.status IN (?, ?)", BOTH, "what is not resolved: as many as a company can stand at once"),
    (
        "(deploys.service_id = ?) AND (deploys.environment = ?)) AND (deploys.happened_at >= ?)) AND (deploys.happened_at < ?)",
        BOTH,
        "what belongs to the deploys of one service and environment in a period that the page names",
    ),
    (
        "(deploys.service_id IN (?, ?)) AND (deploys.happened_at >= ?)) AND (deploys.happened_at <= ?)",
        &[On::Sqlite],
        "the deploys of an incident's services and their neighbours in the days before it",
    ),
    (
        "(incidents.started_at >= ?)) AND (incidents.started_at < ?)) ORDER BY incidents.severity, incidents.id",
        BOTH,
        "the incidents of one day, the worst first",
    ),
    (
        "(action_items.status != ?)) AND (action_items.factor_id IS NOT NULL)",
        &[On::Postgres],
        "walks back over finished items that work on a factor and leaves out the declined, which the index tells apart",
    ),
    (
        "action_items.incident_id IN (SELECT incident_services.incident_id FROM incident_services WHERE",
        &[On::Sqlite],
        "the items out of one service's incidents; to walk over everybody's in order would read more",
    ),
    ("(retros.status IN (?, ?))", BOTH, "the retros that run or are prepared: one or two for each team"),
    (
        "(review_requests.answered_at IS NULL)",
        &[On::Postgres],
        "what one person was asked to review and has not answered; PostgreSQL does not see the order after IS NULL",
    ),
    (
        "SELECT COUNT(*) FROM jobs WHERE (jobs.dead_at IS NULL)",
        &[On::Sqlite],
        "how long the queue is, counted in its index: a figure of the metrics that has to be exact",
    ),
    ("bm25(search_index", &[On::Sqlite], "the best of what holds the words; what too many hold is not weighed"),
    ("@@ (search_phrase(", &[On::Postgres], "PostgreSQL's index of words has no order; where many hold them, it walks"),
];

/// What no statement may do, however few rows it wants.
const OF_OTHERS: &str = "looks at rows of other services, too";

/// Indexes without which some statement reads or sorts too much.
const NEEDED: &[&str] = &[
    "action_items_by_factor",
    "deploy_people_by_name",
    "deploy_people_by_user",
    "deploys_by_time",
    "effect_answers_by_effect",
    "incident_services_by_strike",
    "incident_tags_by_strike",
    "incidents_by_start",
    "jobs_by_turn",
    "messages_shown",
    "postmortems_by_status",
    "timeline_events_by_incident",
];

/// What lists are narrowed down by.
const QUERIES: &[&str] = &[
    "/incidents?status=live",
    "/incidents?status=resolved",
    "/incidents?severity=SEV2",
    "/incidents?kind=near_miss",
    "/incidents?kind=incident&status=live",
    "/incidents?service=checkout-api",
    "/incidents?tag=payments",
    "/incidents?service=checkout-api&tag=payments&severity=SEV2",
    "/incidents?from=2026-06-01&until=2026-07-01",
    "/deploys?environment=production",
    "/deploys?service=checkout-api",
    "/deploys?status=failed",
    "/deploys?kind=rollback",
    "/deploys?person=ada",
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
    "/action-items?view=open&team=payments",
    "/action-items?view=all&service=checkout-api",
    "/signals?state=firing",
    "/signals?service=checkout-api",
    "/changes?period=24h",
    "/changes?period=7d",
    "/changes?period=30d",
    "/changes?period=90d",
    "/postmortems?status=published",
    "/postmortems?status=draft",
    "/postmortems?status=to_write",
    "/postmortems?status=not_needed",
    "/postmortems?status=published&service=checkout-api",
    "/postmortems?status=draft&q=queue",
    "/postmortems?status=to_write&q=queue",
    "/reading?team=payments",
    "/admin/deliveries?verdict=recorded",
    "/admin/messages?state=sent",
    "/search?q=queue",
    "/search?q=queue&kind=incident",
];

static HEARD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// How often each statement was run since the last look.
static TIMES: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
/// Most runs of one statement for one page: some are run for each of a few kinds or states.
const TIMES_LIMIT: usize = 6;
/// What the test itself asks is not listened to.
static IS_LISTENING: AtomicBool = AtomicBool::new(false);

fn overhear() {
    diesel::connection::set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event
                && IS_LISTENING.load(Ordering::SeqCst)
            {
                let text = query.to_string();
                let sql = text.split(" -- binds").next().unwrap_or_default().trim().to_owned();
                let begins = |word: &str| sql.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
                if begins("SELECT") || begins("WITH") || begins("UPDATE") || begins("DELETE") {
                    *TIMES.lock().unwrap().entry(folded(&sql)).or_default() += 1;
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

/// What was run more than [`TIMES_LIMIT`] times since the last look.
fn repeated(path: &str) -> Vec<String> {
    let times = std::mem::take(&mut *TIMES.lock().unwrap());
    let many = times.into_iter().filter(|(_, times)| *times > TIMES_LIMIT);
    many.map(|(sql, times)| format!("{path} runs {times} times: {sql}")).collect()
}

/// Gives what was run again and again for one page.
async fn open_everything(app: &TestApp) -> Vec<String> {
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
    let (mut shown, mut again) = (0, Vec::new());
    for entry in TABLE.iter().filter(|entry| entry.method == "GET" && !entry.path.ends_with("/events")) {
        IS_LISTENING.store(false, Ordering::SeqCst);
        let Some(path) = (if entry.path.contains('{') { filled(app, entry.path) } else { Some(entry.path.to_owned()) })
        else {
            continue;
        };
        IS_LISTENING.store(true, Ordering::SeqCst);
        let http = match entry.access {
            Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny => &mut program,
            _ => &mut person,
        };
        repeated("what was before");
        let answer = http.get(&path).await;
        again.extend(repeated(&path));
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
        repeated("what was before");
        let answer = person.get(query).await;
        again.extend(repeated(query));
        assert_eq!(answer.status, 200, "{query}");
    }
    IS_LISTENING.store(false, Ordering::SeqCst);
    assert!(shown > 60, "only {shown} pages were shown");
    again
}

/// What a statement says, however long its lists are and however its database quotes: what two statements have in
/// common, and what [`ALLOWED`] names.
fn said(sql: &str) -> String {
    let mut said = String::with_capacity(sql.len());
    let plain = sql.replace(['`', '"'], "").replace("= ANY(SELECT", "IN (SELECT");
    let mut letters = plain.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                while letters.next_if(char::is_ascii_digit).is_some() {}
                said.push('?');
            }
            letter if letter.is_whitespace() => {
                while letters.next_if(|next| next.is_whitespace()).is_some() {}
                said.push(' ');
            }
            letter => said.push(letter),
        }
    }
    said.replace("!= ALL(?)", "NOT IN (?, ?)").replace("= ANY(?)", "IN (?, ?)")
}

/// The statement with lists of two, where it has longer ones.
fn folded(sql: &str) -> String {
    let mut folded = sql.to_owned();
    while folded.contains("?, ?, ?") && folded.contains(" IN (?, ?, ?") {
        folded = folded.replace(" IN (?, ?, ?", " IN (?, ?");
    }
    folded
}

/// One `SELECT … FROM …` of a statement, which may have several inside each other.
#[derive(Default)]
struct Part {
    depth: usize,
    /// Tables, each with the name that the statement gives it.
    sources: Vec<(String, String)>,
    has_condition: bool,
    has_limit: bool,
}

fn parts_of(sql: &str) -> Vec<Part> {
    let said = said(sql);
    let mut words: Vec<&str> = Vec::new();
    let mut rest = said.as_str();
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() || first == '_' {
            rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            words.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    let (mut done, mut open, mut depth) = (Vec::new(), Vec::<Part>::new(), 0);
    for (place, word) in words.iter().enumerate() {
        match word.to_ascii_uppercase().as_str() {
            "(" => depth += 1,
            ")" => {
                depth -= 1;
                while open.last().is_some_and(|part| part.depth > depth) {
                    done.extend(open.pop());
                }
            }
            "SELECT" | "UPDATE" | "DELETE" => {
                open.push(Part { depth, ..Part::default() });
                if word.eq_ignore_ascii_case("UPDATE")
                    && let (Some(part), Some(name)) = (open.last_mut(), words.get(place + 1))
                {
                    part.sources.push(((*name).to_owned(), (*name).to_owned()));
                }
            }
            "FROM" | "JOIN" => {
                let mut named = words[place + 1..].iter().skip_while(|word| **word == "(");
                let (Some(part), Some(table)) = (open.last_mut(), named.next()) else { continue };
                let other = named.find(|word| !word.eq_ignore_ascii_case("AS")).copied().unwrap_or_default();
                let is_name = other.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
                let name = if is_name && !other.is_empty() { other } else { table };
                part.sources.push((name.to_owned(), (*table).to_owned()));
            }
            "WHERE" => open.iter_mut().rev().find(|part| part.depth == depth).unwrap().has_condition = true,
            "LIMIT" => open.iter_mut().rev().find(|part| part.depth == depth).unwrap().has_limit = true,
            _ => {}
        }
    }
    done.extend(open);
    done
}

/// Whether there are few rows with one value in this column.
fn is_few(table: &str, column: &str) -> bool {
    column == "id" || OF_ONE.contains(&(table, column))
}

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
struct Known {
    tables: BTreeSet<String>,
    /// Indexes of a part of a table, which a statement can only use if it wants that part.
    partial: BTreeSet<String>,
}

impl Known {
    fn of(c: &mut diesel::SqliteConnection) -> Self {
        let mut names = |condition: &str| -> BTreeSet<String> {
            let query = format!("SELECT name FROM sqlite_master WHERE {condition}");
            let found: Vec<Named> = diesel::sql_query(query).load(c).unwrap();
            found.into_iter().map(|found| found.name).collect()
        };
        Self { tables: names("type = 'table'"), partial: names("type = 'index' AND sql LIKE '% WHERE %'") }
    }
}

fn fault_on_sqlite(c: &mut diesel::SqliteConnection, known: &Known, sql: &str) -> Option<String> {
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
fn pretend_large(c: &mut diesel::PgConnection) {
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
fn fault_on_postgres(c: &mut diesel::PgConnection, sql: &str) -> Option<String> {
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

/// What is wrong with each statement that is not allowed to be so.
fn faults_of(heard: &BTreeSet<String>, on: On, mut fault: impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let mut needed = BTreeSet::new();
    let mut faults = Vec::new();
    for sql in heard.iter().filter(|sql| !sql.contains("(1=0)") && !sql.contains("(0=1)")) {
        let Some(fault) = fault(sql) else { continue };
        let said = said(sql);
        let allowed = ALLOWED.iter().find(|(part, where_on, _)| said.contains(part) && where_on.contains(&on));
        match allowed {
            Some((part, ..)) if !fault.starts_with(OF_OTHERS) => drop(needed.insert(part)),
            _ => faults.push(format!("{fault}\n    {sql}")),
        }
    }
    for (part, ..) in ALLOWED.iter().filter(|(part, where_on, _)| where_on.contains(&on) && !needed.contains(part)) {
        faults.push(format!("is allowed although nothing needs it any more:\n    {part}"));
    }
    faults
}

/// What is wrong with the statements, on a connection of its own that takes everything back; as the database is, or
/// without one of its indexes.
fn faults_without(app: &TestApp, heard: &BTreeSet<String>, index: Option<&str>) -> Vec<String> {
    let drop = index.map_or_else(|| "SELECT 1".to_owned(), |index| format!("DROP INDEX {index}"));
    match app.app.db.target() {
        Target::Sqlite(path) => {
            let mut c = diesel::SqliteConnection::establish(&path.display().to_string()).unwrap();
            c.begin_test_transaction().unwrap();
            c.batch_execute(&drop).unwrap();
            let known = Known::of(&mut c);
            faults_of(heard, On::Sqlite, |sql| fault_on_sqlite(&mut c, &known, sql))
        }
        Target::Postgres(address) => {
            let mut c = diesel::PgConnection::establish(address).unwrap();
            c.begin_test_transaction().unwrap();
            c.batch_execute(&drop).unwrap();
            pretend_large(&mut c);
            faults_of(heard, On::Postgres, |sql| {
                c.batch_execute("SAVEPOINT one").unwrap();
                let fault = fault_on_postgres(&mut c, sql);
                c.batch_execute("ROLLBACK TO SAVEPOINT one").unwrap();
                fault
            })
        }
    }
}

async fn every_statement_is_served_by_an_index(app: TestApp) {
    debrief::demo::welcome(&app.app.db, 7, app.now()).unwrap();
    // Home looks back over the years that there are.
    let aged = "UPDATE incidents SET started_at = started_at - 63072000000 WHERE id = (SELECT min(id) FROM incidents)";
    app.write(|c| Ok(c.batch_execute(aged)?));
    overhear();
    // Connections that are opened from here on are overheard.
    let app = app.second_node();
    IS_LISTENING.store(true, Ordering::SeqCst);
    app.work_queue().await;
    let again = open_everything(&app).await;
    assert!(again.is_empty(), "{}", again.join("\n"));
    let heard: BTreeSet<String> = HEARD.lock().unwrap().iter().map(|sql| folded(sql)).collect();
    assert!(heard.len() > 250, "only {} statements were heard", heard.len());
    let faults = faults_without(&app, &heard, None);
    assert!(faults.is_empty(), "{} of {} statements:\n{}", faults.len(), heard.len(), faults.join("\n"));
    // Whoever finds nothing has to show that there is something to be found.
    for index in NEEDED {
        let faults = faults_without(&app, &heard, Some(index));
        assert!(!faults.is_empty(), "nothing is said although {index} is gone");
    }
}

#[test]
fn every_statement_of_every_page_is_served_by_an_index_on_sqlite() {
    on_sqlite(every_statement_is_served_by_an_index);
}

#[test]
fn every_statement_of_every_page_is_served_by_an_index_on_postgres() {
    on_postgres(every_statement_is_served_by_an_index);
}
