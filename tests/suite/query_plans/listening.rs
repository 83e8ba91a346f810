//! What the pages ask the database, overheard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use debrief::auth::model::{Role, Scope};
use debrief::routes::{Access, TABLE};
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;

use super::Named;
use super::statements::folded;
use crate::support::{Http, TestApp};

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
    "/admin/deliveries?verdict=waiting",
    "/admin/deliveries?sender=github",
    "/admin/deliveries?sender=github&verdict=ignored",
    "/admin/messages?state=sent",
    "/search?q=queue",
    "/search?q=queue&kind=incident",
];

pub(super) static HEARD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// How often each statement was run since the last look.
static TIMES: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
/// Most runs of one statement for one page: some are run for each of a few kinds or states.
const TIMES_LIMIT: usize = 6;
/// What the test itself asks is not listened to.
pub(super) static IS_LISTENING: AtomicBool = AtomicBool::new(false);

pub(super) fn overhear() {
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
        other => panic!("say in tests/suite/query_plans/listening.rs what stands for the placeholder after {other}"),
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
pub(super) async fn open_everything(app: &TestApp) -> Vec<String> {
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
