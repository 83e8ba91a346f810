//! Every statement that a page or a list of the API runs, as both databases mean to run it: none reads a table that
//! grows from end to end, none sorts more than a page, and none is run again for each row of a page.
//!
//! The statements are overheard while a browser opens the demo's pages, so that none can be forgotten.

mod listening;
mod postgres;
mod sqlite;
mod statements;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use debrief::db::Target;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use listening::{HEARD, IS_LISTENING, open_everything, overhear};
use postgres::{fault_on_postgres, pretend_large};
use sqlite::{Known, fault_on_sqlite};
use statements::{folded, said};

use crate::support::{TestApp, on_postgres, on_sqlite};

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

/// Whether there are few rows with one value in this column.
fn is_few(table: &str, column: &str) -> bool {
    column == "id" || OF_ONE.contains(&(table, column))
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
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
