//! Signals: one line for however many alerts, in whatever order; rules, people, and the incident's timeline.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::clock::Moment;
use debrief::db::schema::{incidents, signal_alerts, signals, timeline_events};
use debrief::incidents::model::{Incident, IncidentStatus};
use debrief::services::queries as services;
use debrief::signals::model::{AlertDraft, AlertState};
use debrief::signals::model_signal::Signal;
use debrief::signals::{queries, queries_attach};
use diesel::prelude::*;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

fn at(text: &str) -> Moment {
    Moment::parse(&format!("2026-11-23T{text}Z")).unwrap()
}

fn firing(key: &str, instance: &str, started: &str) -> AlertDraft {
    let mut draft = AlertDraft::firing(key, "CheckoutErrorsHigh");
    draft.severity = Some("critical".to_owned());
    draft.service = Some("checkout".to_owned());
    draft.environment = Some("production".to_owned());
    draft.url = Some("https://prometheus.example/graph".to_owned());
    draft.labels = vec![("alertname".to_owned(), draft.title.clone()), ("instance".to_owned(), instance.to_owned())];
    draft.started_at = Some(at(started));
    draft
}

fn resolved(of: &AlertDraft, ended: &str) -> AlertDraft {
    AlertDraft { state: AlertState::Resolved, ended_at: Some(at(ended)), ..of.clone() }
}

fn heed(app: &TestApp, draft: &AlertDraft) -> Signal {
    let now = app.now();
    app.write(|c| queries::heed(c, &Actor::program("Alertmanager hook"), "alertmanager/main", draft, now))
}

fn with_service(app: &TestApp) {
    let now = app.now();
    app.write(|c| services::find_or_add(c, &Actor::program("test"), "checkout", now).map(|_| ()));
}

/// What is on a timeline by alerts: the texts of events that stand there, with their times.
fn alert_events(app: &TestApp, incident_id: i64) -> Vec<(String, String)> {
    let rows: Vec<(Moment, String)> = app.read(|c| {
        Ok(timeline_events::table
            .filter(timeline_events::incident_id.eq(incident_id))
            .filter(timeline_events::source.eq("alert"))
            .filter(timeline_events::deleted_at.is_null())
            .order((timeline_events::happened_at, timeline_events::id))
            .select((timeline_events::happened_at, timeline_events::text))
            .load(c)?)
    });
    rows.into_iter().map(|(at, text)| (at.to_string(), text)).collect()
}

async fn declaring_rule(app: &TestApp) {
    let mut admin = app.signed_in("Root", Role::Admin);
    let rule = [("severity", "critical"), ("outcome", "declare"), ("incident_severity", "SEV2")];
    assert_eq!(admin.post("/admin/signal-rules", &rule).await.status, 303);
}

both!(
    async fn however_often_and_in_whatever_order_it_stays_one_signal(app: TestApp) {
        with_service(&app);
        let (one, two) = (firing("g", "a", "13:50:00"), firing("g", "b", "13:52:00"));
        let again = firing("g", "a", "13:58:00");
        let said = [
            one.clone(),
            two.clone(),
            resolved(&one, "13:55:00"),
            again.clone(),
            resolved(&again, "13:59:00"),
            resolved(&two, "13:59:30"),
        ];
        let state_after = |order: &[usize], key: &str| {
            for index in order {
                let mut draft = said[*index].clone();
                draft.group_key = key.to_owned();
                heed(&app, &draft);
            }
            let signal: Signal = app.read(|c| {
                let one = signals::table.filter(signals::group_key.eq(key));
                Ok(one.select(Signal::as_select()).first(c)?)
            });
            (
                signal.state,
                signal.firing_count,
                signal.first_started_at,
                signal.last_started_at,
                signal.last_ended_at,
                signal.told_by,
            )
        };
        let expected = state_after(&[0, 1, 2, 3, 4, 5], "in order");
        assert_eq!((expected.0, expected.1), (AlertState::Resolved, 3));
        assert_eq!(expected.4, Some(at("13:59:30")));
        for (number, order) in [[5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3], [4, 5, 2, 0, 3, 1]].iter().enumerate() {
            assert_eq!(state_after(order, &format!("order {number}")), expected);
            // All of it once more changes nothing.
            assert_eq!(state_after(order, &format!("order {number}")), expected);
        }
        // While one of the group fires, the group does.
        assert_eq!(state_after(&[0, 1, 2], "one left").0, AlertState::Firing);
        // The end of an earlier alert does not end a later one.
        assert_eq!(state_after(&[3, 2], "late end").0, AlertState::Firing);
    }
);

both!(
    async fn a_storm_stays_one_line_and_one_incident(app: TestApp) {
        with_service(&app);
        declaring_rule(&app).await;
        for number in 0..300 {
            heed(&app, &firing("storm", &format!("pod-{number}"), &format!("13:5{}:{:02}", number % 10, number % 60)));
        }
        let (signal_count, alert_count, incident_count): (i64, i64, i64) = app.read(|c| {
            let signals = signals::table.count().get_result(c)?;
            let alerts = signal_alerts::table.count().get_result(c)?;
            Ok((signals, alerts, incidents::table.count().get_result(c)?))
        });
        assert_eq!((signal_count, alert_count, incident_count), (1, 300, 1));
        let events = alert_events(&app, 1);
        assert_eq!(events.len(), 1, "{events:?}");
        let mut ada = app.ada();
        let page = ada.get("/signals").await;
        assert_eq!(page.all("tbody tr").len(), 1);
        assert!(page.one("tbody tr").contains("300×"), "{}", page.one("tbody tr"));
        // Other alerts of the same trouble join the incident, and do not flood its timeline.
        for number in 0..30 {
            heed(&app, &firing(&format!("other {number}"), "x", "13:59:00"));
        }
        let incident_count: i64 = app.read(|c| Ok(incidents::table.count().get_result(c)?));
        assert_eq!(incident_count, 1);
        assert_eq!(alert_events(&app, 1).len() as i64, queries_attach::TOLD_LIMIT);
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.one("#signals").contains("300×"), "{}", page.one("#signals"));
    }
);

both!(
    async fn a_rule_declares_and_the_timeline_follows(app: TestApp) {
        with_service(&app);
        declaring_rule(&app).await;
        let alert = firing("g", "a", "13:50:00");
        heed(&app, &alert);
        let incident: Incident = app.read(|c| Ok(incidents::table.select(Incident::as_select()).first(c)?));
        assert_eq!(incident.title, "CheckoutErrorsHigh");
        assert_eq!(incident.severity.as_str(), "SEV2");
        assert_eq!(incident.started_at, at("13:50:00"));
        heed(&app, &resolved(&alert, "13:57:00"));
        let events = alert_events(&app, incident.id);
        assert_eq!(
            events,
            [
                ("2026-11-23T13:50:00Z".to_owned(), "**Alert firing**: [CheckoutErrorsHigh](/signals/1)".to_owned()),
                ("2026-11-23T13:57:00Z".to_owned(), "**Alert resolved**: [CheckoutErrorsHigh](/signals/1)".to_owned()),
            ]
        );
        // It fires again while the incident is live: its end no longer stands there, until it comes again.
        let again = firing("g", "a", "13:58:00");
        heed(&app, &again);
        assert_eq!(alert_events(&app, incident.id).len(), 1);
        heed(&app, &resolved(&again, "13:59:00"));
        let events = alert_events(&app, incident.id);
        assert_eq!((events.len(), events[1].0.as_str()), (2, "2026-11-23T13:59:00Z"));
        let incident: Incident = app.read(|c| Ok(incidents::table.select(Incident::as_select()).first(c)?));
        assert_eq!(incident.status, IncidentStatus::Investigating, "an alert resolves no incident");
        let page = app.ada().get("/incidents/INC-1").await;
        let timeline = page.one("#timeline");
        assert!(timeline.contains("Alert firing: CheckoutErrorsHigh"), "{timeline}");
        assert_eq!(page.attribute("#timeline a[href='/signals/1']", "href").unwrap(), "/signals/1");
        let faults = app.read(debrief::db::check::faults);
        assert!(faults.is_empty(), "{faults:?}");
    }
);

both!(
    async fn resolved_before_firing_ends_in_the_same(app: TestApp) {
        with_service(&app);
        declaring_rule(&app).await;
        let alert = firing("g", "a", "13:50:00");
        heed(&app, &resolved(&alert, "13:57:00"));
        let none: i64 = app.read(|c| Ok(incidents::table.count().get_result(c)?));
        assert_eq!(none, 0, "an end alone declares nothing");
        let signal = heed(&app, &alert);
        assert_eq!(signal.state, AlertState::Resolved);
        let events = alert_events(&app, 1);
        assert_eq!(
            events.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(),
            ["2026-11-23T13:50:00Z", "2026-11-23T13:57:00Z"]
        );
    }
);

both!(
    async fn the_first_rule_that_fits_holds(app: TestApp) {
        with_service(&app);
        let mut admin = app.signed_in("Root", Role::Admin);
        let refused = admin.post("/admin/signal-rules", &[("label_name", "team"), ("outcome", "declare")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("label_name"), "team");
        assert!(refused.one("#f-label_value-error").contains("star"), "{}", refused.text());
        for rule in [
            vec![("severity", "critical"), ("outcome", "declare"), ("incident_severity", "SEV1")],
            vec![("label_name", "instance"), ("label_value", "test-*"), ("outcome", "list")],
        ] {
            assert_eq!(admin.post("/admin/signal-rules", &rule).await.status, 303);
        }
        let page = admin.post_and_follow("/admin/signal-rules/2/rise", &[]).await;
        assert!(page.all("tbody tr")[0].contains("instance is test-*"), "{:?}", page.all("tbody tr"));
        heed(&app, &firing("quiet", "test-7", "13:50:00"));
        let count = || app.read(|c| Ok(incidents::table.count().get_result::<i64>(c)?));
        assert_eq!(count(), 0);
        heed(&app, &firing("loud", "prod-7", "13:50:00"));
        assert_eq!(count(), 1);
        assert_eq!(admin.post("/admin/signal-rules/2/removal", &[]).await.status, 303);
        assert_eq!(admin.post("/admin/signal-rules/2/removal", &[]).await.status, 404);
        // A rule that attaches does so to the live incident of the service alone.
        assert_eq!(admin.post("/admin/signal-rules/1/removal", &[]).await.status, 303);
        let attach = [("service", "checkout"), ("outcome", "attach")];
        assert_eq!(admin.post("/admin/signal-rules", &attach).await.status, 303);
        heed(&app, &firing("joins", "prod-8", "13:52:00"));
        assert_eq!(count(), 1);
        let attached = app.read(|c| queries_attach::of_incident(c, 1));
        assert_eq!(attached.1, 2);
        assert_eq!(app.ada().post("/admin/signal-rules", &attach).await.status, 403);
    }
);

both!(
    async fn a_person_declares_attaches_and_takes_off(app: TestApp) {
        with_service(&app);
        let alert = firing("g", "a", "13:50:00");
        heed(&app, &alert);
        let mut ada = app.ada();
        let page = ada.get("/signals/1").await;
        assert_eq!(page.one("h1"), "CheckoutErrorsHigh");
        assert_eq!(page.attribute(".head-actions .primary", "href").unwrap(), "/incidents/new?signal=1");
        let form = ada.get("/incidents/new?signal=1").await;
        assert_eq!(form.typed("title"), "CheckoutErrorsHigh");
        assert_eq!(form.typed("signal"), "1");
        assert_eq!(form.typed("started_at"), "2026-11-23T13:50");
        let fields = [
            ("title", "Checkout fails"),
            ("severity", "SEV2"),
            ("signal", "1"),
            ("started_at", "2026-11-23T13:50"),
            ("services", "checkout"),
            ("other_services", ""),
        ];
        let page = ada.post_and_follow("/incidents", &fields).await;
        assert!(page.one("#signals").contains("CheckoutErrorsHigh"), "{}", page.text());
        assert_eq!(alert_events(&app, 1).len(), 1);
        // To a second incident, and off again.
        ada.post_and_follow("/incidents", &[("title", "Another"), ("severity", "SEV4"), ("other_services", "")]).await;
        let refused = ada.post("/signals/1/incidents", &[("incident", "INC-9")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("incident"), "INC-9");
        let page = ada.post_and_follow("/signals/1/incidents", &[("incident", "inc-2")]).await;
        assert_eq!(page.all("#incidents .key"), ["INC-2", "INC-1"]);
        heed(&app, &resolved(&alert, "13:57:00"));
        assert_eq!((alert_events(&app, 1).len(), alert_events(&app, 2).len()), (2, 2));
        assert_eq!(ada.post("/signals/1/incidents/INC-2/removal", &[]).await.status, 303);
        assert_eq!((alert_events(&app, 1).len(), alert_events(&app, 2).len()), (2, 0));
        assert_eq!(ada.post("/signals/1/incidents/INC-2/removal", &[]).await.status, 404);
        ada.post_and_follow("/signals/1/incidents", &[("incident", "INC-2")]).await;
        assert_eq!(alert_events(&app, 2).len(), 2);
        let viewer = app.signed_in("Vera", Role::Viewer).post("/signals/1/incidents", &[("incident", "INC-2")]).await;
        assert_eq!(viewer.status, 403);
    }
);

both!(
    async fn the_list_filters_and_pages_and_so_does_the_api(app: TestApp) {
        with_service(&app);
        for number in 0..60 {
            let mut draft = firing(&format!("k{number}"), "a", &format!("13:{:02}:00", number % 60));
            draft.title = format!("Alert {number}");
            if number % 2 == 0 {
                draft.service = None;
            }
            heed(&app, &draft);
            if number % 3 == 0 {
                heed(&app, &resolved(&draft, "13:59:59"));
            }
        }
        let mut ada = app.ada();
        let page = ada.get("/signals").await;
        assert_eq!(page.all("tbody tr").len(), 50);
        assert!(page.one("tbody tr").contains("Alert 59"));
        let older = page.attribute("a[rel=next]", "href").unwrap();
        let page = ada.get(&older).await;
        assert_eq!(page.all("tbody tr").len(), 10);
        assert_eq!(ada.get(&page.attribute("a[rel=prev]", "href").unwrap()).await.all("tbody tr").len(), 50);
        assert_eq!(ada.get("/signals?state=resolved").await.all("tbody tr").len(), 20);
        assert_eq!(ada.get("/signals?state=firing&service=checkout").await.all("tbody tr").len(), 20);
        assert_eq!(ada.get("/signals?source=alertmanager/main&service=none").await.all("tbody tr").len(), 0);
        assert_eq!(ada.get("/signals?state=odd").await.status, 422);
        assert_eq!(ada.get("/signals?from=2026-11-25&to=2026-11-23").await.status, 422);
        assert_eq!(ada.get("/signals/999").await.status, 404);
        let mut robot = app.program(Scope::Read);
        let body = robot.json(Method::GET, "/api/v1/signals?state=firing", &json!({})).await.json();
        assert_eq!(body["items"].as_array().unwrap().len(), 40);
        assert_eq!(body["items"][0]["service"], json!("checkout"));
        let body = robot.json(Method::GET, "/api/v1/signals", &json!({})).await.json();
        let next = body["next_cursor"].as_str().unwrap();
        let rest = robot.json(Method::GET, &format!("/api/v1/signals?cursor={next}"), &json!({})).await.json();
        assert_eq!(rest["items"].as_array().unwrap().len(), 10);
        let one = robot.json(Method::GET, "/api/v1/signals/1", &json!({})).await;
        assert_eq!((one.status.as_u16(), one.json()["firing_count"].clone()), (200, json!(1)));
    }
);

/// The plan of every filter: an index in the list's order, never a sort of the whole table.
#[test]
fn every_filter_is_served_by_an_index() {
    for filter in [
        "1 = 1",
        "state = 'firing'",
        "service_id = 1",
        "source = 'alertmanager/main'",
        "last_started_at >= 5 AND last_started_at < 9",
        "last_started_at <= 9 AND (last_started_at < 9 OR signals.id < 4)",
    ] {
        let sql = format!(
            "SELECT * FROM signals LEFT JOIN services ON services.id = signals.service_id WHERE {filter} \
             ORDER BY last_started_at DESC, signals.id DESC LIMIT 51"
        );
        crate::support::plans::is_served_by_index(&sql, "signals_by_");
    }
    crate::support::plans::is_served_by_index(
        "SELECT * FROM signal_alerts WHERE signal_id = 1 ORDER BY started_at DESC, id DESC LIMIT 50",
        "signal_alerts_",
    );
}
