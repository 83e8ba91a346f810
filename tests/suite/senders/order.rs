//! Doubles and disorder change nothing: deliveries shuffled, with one in ten doubled, end in the same state as in order.
//!
//! A few hundred here; `DEBRIEF_DELIVERIES=10000 cargo nextest run --release --test suite senders::order` runs ten
//! thousand.

use std::sync::{Arc, Mutex};

use debrief::auth::model::Role;
use debrief::hooks::model::{Sender, Source, Verdict};
use serde_json::json;

use super::{Seen, Sent, deliver, deploys_seen, fixtures, source_of, verdicts};
use crate::both;
use crate::support::{TestApp, on_postgres, on_sqlite};

/// A small generator of numbers, the same on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn delivery_count() -> usize {
    std::env::var("DEBRIEF_DELIVERIES").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

fn at(second: usize) -> String {
    let at = crate::support::start_of_tests().plus_s(i64::try_from(second).unwrap() - 1_000_000);
    at.to_string()
}

/// The story of many changes and alerts, in order: which source sends what.
fn story(count: usize) -> Vec<(usize, Sent)> {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut sent = Vec::new();
    let mut n: usize = 0;
    while sent.len() < count {
        n += 1;
        let second = n * 40;
        let id = i64::try_from(n).unwrap();
        let key = |part: &str| format!("{n}-{part}");
        match chance.below(5) {
            0 | 1 => {
                let end = ["success", "failure"][chance.below(2)];
                for (state, offset) in [("queued", 0), ("in_progress", 5), (end, 30)] {
                    if chance.below(12) == 0 {
                        continue;
                    }
                    let headers = [("x-github-event", "deployment_status"), ("x-github-delivery", &key(state))];
                    sent.push((0, Sent::json(&headers, &fixtures::github(state, id, &at(second + offset)))));
                }
            }
            2 => {
                for (status, offset) in [("running", 0), (["success", "failed", "canceled"][chance.below(3)], 25)] {
                    let headers = [("x-gitlab-event", "Deployment Hook"), ("idempotency-key", &key(status))];
                    sent.push((1, Sent::json(&headers, &fixtures::gitlab(status, id, &at(second + offset)))));
                }
            }
            3 => {
                let name = format!("Alert{}", chance.below(8));
                let (starts, ends) = (at(second), at(second + 20));
                sent.push((
                    2,
                    Sent::json(&[], &fixtures::alertmanager("firing", &name, &starts, "0001-01-01T00:00:00Z")),
                ));
                sent.push((2, Sent::json(&[], &fixtures::alertmanager("resolved", &name, &starts, &ends))));
            }
            _ => {
                let sha = format!("{n:040x}");
                let push = json!({"ref": "refs/heads/main", "before": fixtures::SHA, "after": sha,
                    "commits": [{"message": format!("SHOP-{n} (#{n})"), "modified": ["a", "b"], "timestamp": at(second)}],
                    "repository": {"name": "checkout", "full_name": "acme/checkout", "html_url": "https://git.example/acme/checkout"}});
                let headers = [("x-github-event", "push"), ("x-github-delivery", &key("push"))];
                sent.push((0, Sent::json(&headers, &push)));
                let mut body = fixtures::github("success", id, &at(second + 30));
                body["deployment"]["sha"] = json!(sha);
                let headers = [("x-github-event", "deployment_status"), ("x-github-delivery", &key("success"))];
                sent.push((0, Sent::json(&headers, &body)));
            }
        }
    }
    sent.truncate(count);
    sent
}

/// What all tables that a delivery can change hold in the end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    deploys: Vec<Seen>,
    signals: Vec<String>,
    verdicts: Vec<(String, usize)>,
}

async fn end_of(app: &TestApp, sent: &[(usize, Sent)], seed: u64) -> End {
    let sources: Vec<Source> = [Sender::GitHub, Sender::GitLab, Sender::Alertmanager]
        .into_iter()
        .map(|sender| source_of(app, sender))
        .collect();
    let mut chance = Chance(seed);
    for (source, one) in sent {
        deliver(app, &sources[*source], one).await;
        if chance.below(7) == 0 {
            app.work_queue().await;
        }
    }
    app.work_queue().await;
    assert!(app.read(debrief::db::check::faults).is_empty());
    let mut counts = std::collections::BTreeMap::new();
    for (verdict, _) in verdicts(app) {
        *counts.entry(verdict.to_string()).or_insert(0) += 1;
    }
    End { deploys: deploys_seen(app), signals: signals_seen(app), verdicts: counts.into_iter().collect() }
}

/// Every signal, sorted: key, state and times.
fn signals_seen(app: &TestApp) -> Vec<String> {
    crate::senders::signals_of(app)
}

fn shuffled(sent: &[(usize, Sent)]) -> Vec<(usize, Sent)> {
    let mut chance = Chance(77);
    let mut all = sent.to_vec();
    for one in sent {
        if chance.below(10) == 0 {
            all.push(one.clone());
        }
    }
    for index in (1..all.len()).rev() {
        all.swap(index, chance.below(index + 1));
    }
    all
}

macro_rules! ends_alike {
    ($name:ident, $on:ident) => {
        #[test]
        fn $name() {
            let story = story(delivery_count());
            let ends: Arc<Mutex<Vec<End>>> = Arc::default();
            for (sent, seed) in [(story.clone(), 1), (shuffled(&story), 2)] {
                let ends = ends.clone();
                $on(move |app| async move {
                    let end = end_of(&app, &sent, seed).await;
                    ends.lock().unwrap().push(end);
                });
            }
            let ends = ends.lock().unwrap();
            if let [in_order, shuffled] = &ends[..] {
                assert!(!in_order.deploys.is_empty());
                for (a, b) in in_order.deploys.iter().zip(&shuffled.deploys) {
                    assert_eq!(a, b);
                }
                assert_eq!(in_order, shuffled);
            }
        }
    };
}
ends_alike!(shuffled_and_doubled_end_as_in_order_sqlite, on_sqlite);
ends_alike!(shuffled_and_doubled_end_as_in_order_postgres, on_postgres);

both!(
    async fn what_a_person_changed_stays_through_late_messages_and_replays(app: TestApp) {
        let source = source_of(&app, Sender::GitHub);
        let sent = |state: &str, second: usize| {
            let headers = [("x-github-event", "deployment_status"), ("x-github-delivery", state)];
            Sent::json(&headers, &fixtures::github(state, 1, &at(second)))
        };
        deliver(&app, &source, &sent("in_progress", 0)).await;
        app.work_queue().await;
        let mut ada = app.ada();
        let page = ada.get("/deploys/DEP-1/edit").await;
        let fields = [
            ("service", "checkout"),
            ("environment", "production"),
            ("kind", "deploy"),
            ("status", "started"),
            ("version", "by hand"),
            ("summary", "In our words"),
        ];
        assert_eq!(page.status, 200);
        assert_eq!(ada.post("/deploys/DEP-1", &fields).await.status, 303);
        deliver(&app, &source, &sent("success", 30)).await;
        app.work_queue().await;
        let mut admin = app.signed_in("Root", Role::Admin);
        admin.post("/admin/deliveries/replay", &[]).await;
        assert_eq!(app.work_queue().await, 2);
        let seen = &deploys_seen(&app)[0];
        assert_eq!((seen.version.as_deref(), seen.summary.as_str()), (Some("by hand"), "In our words"));
        assert_eq!(seen.status, "succeeded");
        assert!(verdicts(&app).iter().all(|(verdict, _)| *verdict == Verdict::Recorded));
    }
);
