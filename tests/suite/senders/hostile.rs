//! Hostile bodies: no delivery gives a 5xx, none is read for ever, none leaves half of a record.

use actix_web::http::Method;
use debrief::db::schema::{deliveries, deploys, jobs, services};
use debrief::hooks::model::{Headers, Sender, Verdict};
use debrief::hooks::model_reading::Reading;
use diesel::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Sent, fixtures, knock, proof_of, source_of};
use crate::both;
use crate::support::TestApp;

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("\u{0}")),
        Just(json!("a\u{0}b\u{202e}\u{feff}\n\t")),
        Just(json!("x".repeat(70_000))),
        Just(json!("é".repeat(3_000))),
        Just(json!("-0")),
        Just(json!("1e999")),
        Just(json!("9999-12-31T23:59:59Z")),
        Just(json!("javascript:alert(1)")),
        Just(json!("https://[")),
        Just(json!("'; DROP TABLE deploys; --")),
        Just(json!(i64::MAX)),
        Just(json!(u64::MAX)),
    ];
    leaf.prop_recursive(3, 12, 4, |inside| {
        prop_oneof![
            proptest::collection::vec(inside.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inside, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a value.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inside) in fields {
                places(inside, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(items) => {
            for (index, inside) in items.iter().enumerate() {
                places(inside, &format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
}

/// A fixture with something else in some of its places.
fn mutated(which: usize, changes: &[(usize, Value)]) -> (Sender, Sent) {
    let mut all = fixtures::all();
    let (sender, mut sent, _) = all.swap_remove(which % all.len());
    let mut body: Value = serde_json::from_slice(&sent.body).unwrap();
    for (place, value) in changes {
        let mut found = Vec::new();
        places(&body, "", &mut found);
        let pointer = &found[place % found.len()];
        *body.pointer_mut(pointer).unwrap() = value.clone();
    }
    sent.body = body.to_string().into_bytes();
    (sender, sent)
}

fn in_bounds(reading: &Reading) {
    let fits = |text: &str, limit: usize| text.chars().count() <= limit && !text.contains('\0');
    match reading {
        Reading::Nothing(why) => assert!(fits(why, 1000) && why.ends_with('.'), "{why}"),
        Reading::Change(message) => {
            let draft = &message.draft;
            for text in
                [&draft.version, &draft.commit_sha, &draft.deployed_by, &draft.external_id].into_iter().flatten()
            {
                assert!(fits(text, 200), "{text}");
            }
            assert!(fits(&draft.service, 200) && fits(&draft.environment, 80) && fits(&draft.summary, 20_000));
            assert!(draft.check_times().is_ok());
            assert!(draft.references.iter().all(|one| fits(&one.label, 200)));
        }
        Reading::Alerts(drafts) => {
            assert!(!drafts.is_empty() && drafts.len() <= 5000);
            for draft in drafts {
                assert!(fits(&draft.group_key, 200) && fits(&draft.title, 200) && fits(&draft.summary, 20_000));
                assert!(!draft.group_key.is_empty() && !draft.title.is_empty());
                assert!(draft.labels.len() <= 60);
                assert!(draft.labels.iter().all(|(name, value)| fits(name, 80) && fits(value, 200)));
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::fuzz::cases(1500))]

    #[test]
    fn whatever_stands_anywhere_is_read_in_bounds(
        which in any::<usize>(), changes in proptest::collection::vec((any::<usize>(), values()), 1..4),
    ) {
        let (sender, sent) = mutated(which, &changes);
        let headers = Headers(sent.headers.clone());
        let envelope = sender.envelope(&headers, &sent.body);
        prop_assert!(!envelope.delivery_key.is_empty() && !envelope.delivery_key.contains('\0'));
        in_bounds(&sender.read(&envelope.event, &headers, &sent.body));
    }

    #[test]
    fn whatever_json_is_read_by_everybody(value in values(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for sender in Sender::ALL {
            for body in [value.to_string().into_bytes(), bytes.clone()] {
                for event in ["", "deployment_status", "push", "workflow_run", "release", "issue", "event_alert", "metric_alert"] {
                    let envelope = sender.envelope(&Headers::default(), &body);
                    prop_assert!(envelope.event.chars().count() <= 400);
                    in_bounds(&sender.read(event, &Headers::default(), &body));
                }
            }
        }
    }
}

#[test]
fn a_text_that_is_far_too_long_is_cut_wherever_it_stands() {
    let long = json!("x".repeat(70_000));
    for (sender, sent, _) in fixtures::all() {
        let headers = Headers(sent.headers.clone());
        let event = sender.envelope(&headers, &sent.body).event;
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        let mut found = Vec::new();
        places(&body, "", &mut found);
        for pointer in found.iter().filter(|pointer| body.pointer(pointer).is_some_and(|value| !value.is_object())) {
            let mut changed = body.clone();
            *changed.pointer_mut(pointer).unwrap() = long.clone();
            in_bounds(&sender.read(&event, &headers, changed.to_string().as_bytes()));
        }
    }
}

#[test]
fn what_is_put_together_of_several_texts_is_cut_as_well() {
    let long = "x".repeat(70_000);
    let body = json!({"id": "1", "project": "shop", "message": long, "culprit": long, "event": {"event_id": "e1", "title": "Down"}});
    let legacy = Sender::Sentry.read("", &Headers::default(), body.to_string().as_bytes());
    let body = json!({"data": {"event": {"issue_id": "1", "title": "Down", "culprit": long}, "triggered_rule": long}});
    let alert = Sender::Sentry.read("event_alert", &Headers::default(), body.to_string().as_bytes());
    for reading in [legacy, alert] {
        assert!(matches!(reading, Reading::Alerts(_)), "{reading:?}");
        in_bounds(&reading);
    }
}

/// Bodies that are no JSON at all, or hardly.
fn odd_bodies() -> Vec<Vec<u8>> {
    let mut utf16: Vec<u8> = vec![0xFF, 0xFE];
    utf16.extend("{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        Vec::new(),
        b"null".to_vec(),
        b"\"\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"[[[[".repeat(50_000),
        b"{\"a\":".repeat(50_000),
        format!("{}{}", "[".repeat(63), "]".repeat(63)).into_bytes(),
        format!("{}{}", "[".repeat(65), "]".repeat(65)).into_bytes(),
        utf16,
        b"\xEF\xBB\xBF{\"alert\":{\"title\":\"bom\"}}".to_vec(),
        b"{\"a\":\"\xC3\x28\"}".to_vec(),
        b"{\"a\":\"\\ud800\"}".to_vec(),
        b"{\"service\":\"a\\u0000b\",\"summary\":\"\\u0000\"}".to_vec(),
        vec![0; 1000],
        format!("{{\"service\":\"{}\"}}", "s".repeat(900_000)).into_bytes(),
        b"{\"service\":\"!!!\"}".to_vec(),
        b"{\"service\":\"x\",\"started_at\":\"2026-11-23T13:00:00Z\",\"finished_at\":\"2026-11-23T12:00:00Z\"}"
            .to_vec(),
        b"{\"a\":1e400}".to_vec(),
        b"payload=%7B%22a%22%3A1%7D&x=%FF%00".to_vec(),
    ]
}

fn nothing_is_half_made(app: &TestApp) {
    app.read(|c| {
        let waiting: i64 = deliveries::table.filter(deliveries::verdict.eq(Verdict::Waiting)).count().get_result(c)?;
        let left: i64 = jobs::table.count().get_result(c)?;
        assert_eq!((waiting, left), (0, 0), "every delivery was settled, no job is left");
        // No service that was made for a deploy which was then refused.
        let empty: Vec<String> = services::table
            .filter(diesel::dsl::not(services::id.eq_any(deploys::table.select(deploys::service_id))))
            .select(services::slug)
            .load(c)?;
        assert!(empty.is_empty(), "{empty:?}");
        assert!(debrief::db::check::faults(c)?.is_empty());
        Ok(())
    });
}

both!(
    async fn odd_bodies_are_stored_and_explained(app: TestApp) {
        for sender in Sender::ALL.iter().copied() {
            let source = source_of(&app, sender);
            for (number, body) in odd_bodies().into_iter().enumerate() {
                for kind in
                    ["application/json", "application/x-www-form-urlencoded", "application/cloudevents-batch+json"]
                {
                    let event = ["deployment_status", "push", "event_alert"][number % 3];
                    let mut sent =
                        Sent::bytes(&[("x-github-event", event), ("sentry-hook-resource", event)], body.clone());
                    sent.kind = Some(kind);
                    let answer = knock(&app, &source, &sent, &proof_of(sender, &source.secret, &body)).await;
                    let is_batch = kind.contains("batch");
                    let fits = answer.status.is_success() || (is_batch && answer.status == 400);
                    assert!(fits, "{sender} {number} {kind}: {} {}", answer.status, answer.text());
                }
            }
            app.work_queue().await;
        }
        nothing_is_half_made(&app);
    }
);

both!(
    async fn mutated_deliveries_never_fail_at_the_door_nor_behind_it(app: TestApp) {
        use proptest::strategy::ValueTree;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let changes = proptest::collection::vec((any::<usize>(), values()), 1..4);
        let sources: Vec<_> = Sender::ALL.iter().map(|sender| source_of(&app, *sender)).collect();
        for which in 0..250_usize {
            let changes = changes.new_tree(&mut runner).unwrap().current();
            let (sender, sent) = mutated(which, &changes);
            let source = sources.iter().find(|source| source.sender == sender).unwrap();
            let answer = knock(&app, source, &sent, &proof_of(sender, &source.secret, &sent.body)).await;
            assert!(answer.status.is_success(), "{sender}: {} {}", answer.status, String::from_utf8_lossy(&sent.body));
        }
        app.work_queue().await;
        nothing_is_half_made(&app);
        let mut admin = app.signed_in("Root", debrief::auth::model::Role::Admin);
        let page = admin.get("/admin/deliveries").await;
        assert_eq!(page.status, 200);
        let newest = page.attribute("tbody a", "href").unwrap();
        assert_eq!(admin.get(&newest).await.status, 200);
    }
);

both!(
    async fn doors_that_speak_as_others_do_hold_as_well(app: TestApp) {
        use proptest::strategy::ValueTree;
        let changes = source_of(&app, Sender::PagerDutyChanges);
        let honeybadger = source_of(&app, Sender::Honeybadger);
        let mut program = app.anonymous().with("x-api-key", &honeybadger.secret);
        let kinds = ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-16"];
        for path in ["/v2/change/enqueue", "/v1/deploys"] {
            for (number, body) in odd_bodies().into_iter().enumerate() {
                for kind in kinds {
                    let answer = program.send(Method::POST, path, kind, body.clone()).await;
                    let status = answer.status.as_u16();
                    assert!([201, 202, 400, 401, 413, 422].contains(&status), "{path} {number} {kind}: {status}");
                }
            }
        }
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = proptest::collection::vec((any::<usize>(), values()), 1..4);
        for _ in 0..120 {
            let mut change = json!({"routing_key": changes.secret, "payload": {"summary": "Deployed", "source": "ci",
                "timestamp": "2026-11-23T13:00:00Z", "custom_details": {"service": "shop", "version": "v1"}}, "links": [{"href": "https://ci.example"}]});
            let mut deploy = json!({"deploy": {"environment": "production", "revision": "v6", "repository": "https://git.example/acme/shop"}});
            for body in [&mut change, &mut deploy] {
                for (place, value) in strategy.new_tree(&mut runner).unwrap().current() {
                    let mut found = Vec::new();
                    places(body, "", &mut found);
                    *body.pointer_mut(&found[place % found.len()]).unwrap() = value;
                }
            }
            for (path, body) in [("/v2/change/enqueue", change), ("/v1/deploys", deploy)] {
                let answer = program.json(Method::POST, path, &body).await;
                assert!(answer.status.as_u16() < 500, "{path}: {} {body}", answer.status);
            }
        }
        app.work_queue().await;
        nothing_is_half_made(&app);
    }
);

both!(
    async fn packed_bodies_are_refused_unread_at_every_door(app: TestApp) {
        let bomb = vec![0x1F_u8; 200_000];
        let source = source_of(&app, Sender::Other);
        let own = format!("/hooks/other/{}", source.slug);
        for path in [own.as_str(), "/v2/change/enqueue", "/v1/deploys", "/hooks/tracker/ours"] {
            for encoding in ["gzip", "br", "deflate, gzip", "zstd", "x-unknown"] {
                let mut program = app.anonymous().with("content-encoding", encoding);
                let answer = program.send(Method::POST, path, "application/json", bomb.clone()).await;
                assert_eq!(answer.status, 415, "{path} {encoding}");
            }
        }
    }
);
