//! The timeline: events that come by themselves, events that people tell, and what becomes of them.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::audit;
use debrief::auth::model::{Role, Scope};
use debrief::clock::Moment;
use debrief::incidents;
use debrief::incidents::model::{Incident, IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};
use debrief::timeline::model::{EventKind, EventRow, EventSource};
use debrief::timeline::queries;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

pub fn incident(app: &TestApp, title: &str, started_at: &str) -> Incident {
    let draft = IncidentDraft {
        title: title.to_owned(),
        kind: IncidentKind::Incident,
        severity: Severity::Sev2,
        status: IncidentStatus::Investigating,
        summary: String::new(),
        times: Times::from_start(Moment::parse(started_at).unwrap()),
        services: vec!["checkout".to_owned()],
        tags: Vec::new(),
    };
    let now = app.now();
    app.write(|c| incidents::queries::declare(c, &Actor::program("test"), &draft, now))
}

fn told(app: &TestApp, incident: &Incident) -> Vec<EventRow> {
    let mut rows = app.read(|c| queries::of_incident(c, incident.id));
    rows.retain(|row| !row.event.source.is_automatic());
    rows
}

fn newest_audit(app: &TestApp, subject: &str) -> audit::AuditEntry {
    app.read(|c| audit::list(c, Some(subject), Default::default())).rows.remove(0)
}

both!(
    async fn a_line_becomes_an_event_at_its_own_time(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut ada = app.ada();
        let lines = [
            "pager fired https://graphs.example/1 https://graphs.example/2",
            "13:40 second account",
            "13:40 first account",
            "+5m looked at the *pool*",
            "2026-11-23 13:00 UTC nothing wrong yet",
        ];
        for line in lines {
            let page = ada.post_and_follow("/incidents/INC-1/events", &[("text", line)]).await;
            assert_eq!(page.status, 200);
        }
        let rows = told(&app, &outage);
        let seen: Vec<(String, &str)> =
            rows.iter().map(|row| (row.event.happened_at.to_string(), row.event.text.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("2026-11-23T13:00:00Z".to_owned(), "nothing wrong yet"),
                ("2026-11-23T13:35:00Z".to_owned(), "looked at the *pool*"),
                ("2026-11-23T13:40:00Z".to_owned(), "second account"),
                ("2026-11-23T13:40:00Z".to_owned(), "first account"),
                ("2026-11-23T14:00:00Z".to_owned(), "pager fired"),
            ]
        );
        assert_eq!(rows[4].evidence.len(), 2);
        let entry = newest_audit(&app, "INC-1");
        assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("event.add", "Ada"));
        assert!(entry.new_value.unwrap().contains("nothing wrong yet"));

        let page = ada.get("/incidents/INC-1").await;
        assert_eq!(page.all("#timeline .tl em"), ["pool"]);
        let (pool, pager) = (&rows[1].event, &rows[4].event);
        assert_eq!(page.one(&format!("#event-{} .tl-elapsed", pool.id)), "T+5m");
        assert_eq!(page.one(&format!("#event-{} .tl-clock", pool.id)), "13:35");
        assert_eq!(page.one(&format!("#event-{} .unsourced", pool.id)), "unsourced");
        assert!(page.all(&format!("#event-{} .unsourced", pager.id)).is_empty());
        assert_eq!(page.all(&format!("#event-{} a[rel~=noopener]", pager.id)).len(), 2);
        assert_eq!(page.all("#timeline .day"), ["23 Nov 2026"]);
    }
);

both!(
    async fn a_refused_line_is_kept(app: TestApp) {
        incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut ada = app.ada();
        for (line, sentence) in [
            ("", "Say what happened."),
            ("13:40", "Say what happened."),
            ("25:40 odd", "No clock shows 25:40"),
            ("2027-11-23 13:40 later", "is in the future"),
        ] {
            let page = ada.post("/incidents/INC-1/events", &[("text", line)]).await;
            assert_eq!(page.status, 422);
            assert!(page.one("#f-text-error").contains(sentence), "{line}: {}", page.one("#f-text-error"));
            assert_eq!(page.typed("text"), line);
        }
        let typed = [
            ("text", "x"),
            ("at", "soon"),
            ("kind", "rumour"),
            ("evidence", "https://a.example\nftp://b.example\nhttps://a.example"),
        ];
        let page = ada.post("/incidents/INC-1/events", &typed).await;
        assert_eq!(page.status, 422);
        assert!(page.one("#f-at-error").starts_with("Write the time as"));
        assert!(page.one("#f-kind-error").starts_with("Pick one of"));
        assert!(page.one("#f-evidence-error").starts_with("Line 2: Give a whole address"));
        assert!(page.text().contains("Line 3: This address is given twice"));
        assert_eq!(ada.post("/incidents/INC-9/events", &[("text", "x")]).await.status, 404);
        assert_eq!(ada.get("/incidents/INC-1/events/new").await.status, 200);
        let mut vera = app.signed_in("Vera", Role::Viewer);
        assert_eq!(vera.post("/incidents/INC-1/events", &[("text", "x")]).await.status, 403);
        assert!(vera.get("/incidents/INC-1").await.all("#timeline form[method=post]").is_empty());
    }
);

both!(
    async fn an_event_is_edited_and_nobody_is_overwritten(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/events", &[("text", "13:40 pool was full https://a.example/x")]).await;
        let id = told(&app, &outage)[0].event.id;
        let address = format!("/incidents/INC-1/events/{id}");
        let open = ada.get(&format!("{address}/edit")).await;
        assert_eq!((open.typed("text"), open.typed("at")), ("pool was full".into(), "2026-11-23T13:40".into()));
        assert_eq!((open.typed("evidence"), open.typed("revision")), ("https://a.example/x".into(), "1".into()));

        let first = [
            ("text", "the pool was full"),
            ("at", "2026-11-23T13:41"),
            ("kind", "detection"),
            ("evidence", "https://a.example/x pool size"),
            ("revision", "1"),
        ];
        let page = ada.post_and_follow(&address, &first).await;
        assert_eq!(page.one(&format!("#event-{id} .tl-clock")), "13:41");
        let entry = newest_audit(&app, "INC-1");
        assert_eq!(entry.action, "event.change");
        assert!(entry.old_value.unwrap().contains("\"pool was full\""));
        assert!(entry.new_value.unwrap().contains("the pool was full"));

        let mut second = first;
        second[0].1 = "my own account";
        let met = ada.post(&address, &second).await;
        assert_eq!(met.status, 409);
        assert!(met.text().contains("the pool was full") && met.typed("text") == "my own account");
        assert_eq!(met.typed("revision"), "2");
        second[4].1 = "2";
        ada.post_and_follow(&address, &second).await;
        let row = &told(&app, &outage)[0];
        assert_eq!((row.event.text.as_str(), row.event.kind), ("my own account", EventKind::Detection));
        assert_eq!((row.evidence[0].label.as_str(), row.event.revision), ("pool size", 3));

        second[0].1 = "";
        second[4].1 = "3";
        assert_eq!(ada.post(&address, &second).await.status, 422);

        // Deleted while somebody writes: the text comes back in a form that adds it.
        ada.post(&format!("{address}/removal"), &[]).await;
        second[0].1 = "written meanwhile";
        let met = ada.post(&address, &second).await;
        assert_eq!((met.status.as_u16(), met.typed("text")), (409, "written meanwhile".into()));
        assert_eq!(met.attribute("form.form", "action").as_deref(), Some("/incidents/INC-1/events"));
    }
);

both!(
    async fn a_deleted_event_comes_back(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let other = incident(&app, "Another", "2026-11-23T13:30:00Z");
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/events", &[("text", "pager fired")]).await;
        let id = told(&app, &outage)[0].event.id;
        for foreign in [format!("/incidents/INC-2/events/{id}/removal"), "/incidents/INC-1/events/0/removal".into()] {
            assert_eq!(ada.post(&foreign, &[]).await.status, 404);
        }
        assert_eq!(ada.get(&format!("/incidents/INC-2/events/{id}/edit")).await.status, 404);
        assert_eq!(ada.get("/incidents/INC-1/events/x/edit").await.status, 404);

        let page = ada.post_and_follow(&format!("/incidents/INC-1/events/{id}/removal"), &[]).await;
        let undo = page.attribute(".flash form", "action").unwrap();
        assert_eq!(undo, format!("/incidents/INC-1/events/{id}/restoration"));
        assert!(told(&app, &outage).is_empty());
        assert!(newest_audit(&app, "INC-1").old_value.unwrap().contains("pager fired"));
        assert_eq!(ada.get(&format!("/incidents/INC-1/events/{id}/edit")).await.status, 404);
        let page = ada.post_and_follow(&undo, &[]).await;
        assert!(page.one(&format!("#event-{id}")).contains("pager fired"));
        assert_eq!(newest_audit(&app, "INC-1").action, "event.restore");
        assert_eq!(told(&app, &other).len(), 0);

        let page = ada.post_and_follow(&format!("/incidents/INC-1/events/{id}/pin"), &[]).await;
        assert!(page.one("#timeline .panel-body").contains("pager fired"));
        let page = ada.post_and_follow(&format!("/incidents/INC-1/events/{id}/pin/removal"), &[]).await;
        assert!(!page.one("#timeline .panel-body").contains("Pinned"));
    }
);

both!(
    async fn facts_stay_as_they_are(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let now = app.now();
        let fact = app.write(|c| {
            let (kind, source) = (EventKind::Detection, EventSource::Alert);
            queries::note(c, &Actor::program("alerts"), outage.id, now, kind, source, "error rate 4 %", None, now)
        });
        let mut ada = app.ada();
        let address = format!("/incidents/INC-1/events/{}", fact.id);
        assert_eq!(ada.get(&format!("{address}/edit")).await.status, 409);
        assert_eq!(ada.post(&format!("{address}/removal"), &[]).await.status, 409);
        let typed = [("text", "x"), ("at", "2026-11-23T13:41"), ("revision", "1")];
        assert_eq!(ada.post(&address, &typed).await.status, 409);
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.all(&format!("#event-{} .unsourced", fact.id)).is_empty());
        assert!(page.all(&format!("#event-{} a", fact.id)).iter().all(|text| !text.starts_with("Edit")));
    }
);

both!(
    async fn times_are_shown_in_the_viewers_zone_or_in_utc(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let ada_id = app.user("Ada", Role::Member);
        app.write(|c| {
            use diesel::prelude::*;
            let users = debrief::db::schema::users::table.find(ada_id);
            diesel::update(users).set(debrief::db::schema::users::zone.eq("Asia/Tokyo")).execute(c)?;
            Ok(())
        });
        let mut ada = app.session_of(ada_id);
        ada.post("/incidents/INC-1/events", &[("text", "22:40 pager fired")]).await;
        ada.post("/incidents/INC-1/events", &[("text", "2026-11-23 04:00 began to leak")]).await;
        let rows = told(&app, &outage);
        assert_eq!(rows[1].event.happened_at.to_string(), "2026-11-23T13:40:00Z");
        assert_eq!(rows[0].event.happened_at.to_string(), "2026-11-22T19:00:00Z");
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.one("#timeline").contains("Times in Asia/Tokyo"));
        assert_eq!(page.one(&format!("#event-{} .tl-clock", rows[1].event.id)), "22:40");
        let utc = ada.get("/incidents/INC-1?zone=utc").await;
        assert!(utc.one("#timeline").contains("Times in UTC"));
        assert_eq!(utc.one(&format!("#event-{} .tl-clock", rows[1].event.id)), "13:40");
        assert_eq!(utc.all("#timeline .day"), ["22 Nov 2026", "23 Nov 2026"]);
    }
);

both!(
    async fn programs_tell_events(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut program = app.program(Scope::Write);
        let address = "/api/v1/incidents/INC-1/timeline";
        let body = json!({"at": "2026-11-23T14:40:00+01:00", "kind": "action", "text": "rolled back",
            "evidence": ["https://ci.example/9", {"url": "https://g.example", "label": "graph"}]});
        let keyed = || program.with("idempotency-key", "k1");
        let first = keyed().json(Method::POST, address, &body).await;
        assert_eq!(first.status, 201, "{}", first.text());
        assert_eq!(keyed().json(Method::POST, address, &body).await.json(), first.json());
        assert_eq!(first.json()["at"], "2026-11-23T13:40:00Z");
        assert_eq!(first.json()["evidence"][1], json!({"url": "https://g.example", "label": "graph"}));
        assert_eq!((&first.json()["source"], &first.json()["unsourced"]), (&json!("person"), &json!(false)));
        assert_eq!(told(&app, &outage).len(), 1);

        let wrong = json!({"at": "soon", "kind": "rumour", "evidence": ["x", ""]});
        let wrong = program.json(Method::POST, address, &wrong).await;
        let pointers: Vec<String> = wrong.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((wrong.status.as_u16(), pointers.join(" ")), (422, "/at /kind /evidence/0 /evidence/1".into()));
        assert_eq!(program.json(Method::POST, address, &json!({"evidence": [5]})).await.status, 422);
        assert_eq!(program.json(Method::POST, address, &json!({"text": " "})).await.status, 422);
        assert_eq!(program.json(Method::POST, "/api/v1/incidents/INC-9/timeline", &body).await.status, 404);

        let now = app.now();
        app.write(|c| {
            for number in 0..120 {
                let (kind, source) = (EventKind::Note, EventSource::Alert);
                let text = format!("alert {number}");
                // Many of one moment, so that the cursor must tell them apart by id.
                let at = now.plus_s(number / 60);
                queries::note(c, &Actor::program("alerts"), outage.id, at, kind, source, &text, None, now)?;
            }
            Ok(())
        });
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = program.get(&format!("{address}?cursor={cursor}")).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let all: Vec<i64> = app.read(|c| queries::of_incident(c, outage.id)).iter().map(|row| row.event.id).collect();
        assert_eq!(seen, all);
        assert_eq!(program.get(&format!("{address}?cursor=x")).await.status, 422);
    }
);
