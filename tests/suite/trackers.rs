//! Trackers, against a server of the test that speaks the documented part of their interfaces: issues are created
//! once, kept in step both ways, and failures are told and tried again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use debrief::action_items::model::ActionStatus;
use debrief::action_items::queries;
use debrief::auth::model::Role;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::both;
use crate::support::browser::Answer;
use crate::support::{Http, TestApp};

/// What the next requests meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// None.
    None,
    /// An error of its own.
    Broken,
    /// The token is not taken.
    Stranger,
    /// The work is done, and then the line is cut.
    CutAfterwards,
}

#[derive(Default)]
struct State {
    issues: Vec<Value>,
    trouble: Vec<Trouble>,
    calls: Vec<String>,
}

/// A server on loopback that speaks all three interfaces.
#[derive(Clone)]
struct FakeTracker {
    url: String,
    state: Arc<Mutex<State>>,
}

impl FakeTracker {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &shared);
            }
        });
        FakeTracker { url, state }
    }

    fn trouble(&self, trouble: &[Trouble]) {
        self.state.lock().unwrap().trouble = trouble.to_vec();
    }

    fn issues(&self) -> Vec<Value> {
        self.state.lock().unwrap().issues.clone()
    }

    fn call_count(&self) -> usize {
        self.state.lock().unwrap().calls.len()
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    if reader.read_line(&mut head).unwrap_or(0) == 0 {
        return;
    }
    let (mut length, mut authorized) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        authorized |= line.starts_with("authorization: ") || line.starts_with("private-token: ");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut state = state.lock().unwrap();
    state.calls.push(format!("{method} {path}"));
    assert!(authorized, "{method} {path} came without a token");
    let trouble = if state.trouble.is_empty() { None } else { Some(state.trouble.remove(0)) };
    let (status, answer) = match trouble {
        Some(Trouble::Broken) => (502, json!({"message": "secret details"})),
        Some(Trouble::Stranger) => (401, json!({"message": "secret details"})),
        _ => answer(&mut state.issues, method, path, &body),
    };
    if trouble == Some(Trouble::CutAfterwards) {
        return;
    }
    let text = if status == 204 { String::new() } else { answer.to_string() };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
}

const STAMP: &str = "2026-11-23T14:00:00Z";

fn answer(issues: &mut Vec<Value>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let missing = (404, json!({"message": "Not Found"}));
    match (method, &parts[..]) {
        ("GET", ["repos", "acme", "shop", "issues"] | ["projects", "acme%2Fshop", "issues"]) => {
            (200, Value::Array(issues.iter().rev().cloned().collect()))
        }
        ("POST", ["repos", "acme", "shop", "issues"]) => {
            let number = issues.len() + 1;
            issues.push(json!({"number": number, "title": body["title"], "body": body["body"], "state": "open",
                "html_url": format!("https://github.com/acme/shop/issues/{number}"), "updated_at": STAMP}));
            (201, issues[number - 1].clone())
        }
        (_, ["repos", "acme", "shop", "issues", number]) => {
            let Some(issue) = issues.get_mut(number.parse::<usize>().unwrap() - 1) else { return missing };
            for name in ["title", "state"].iter().filter(|name| body[**name].is_string()) {
                issue[*name] = body[*name].clone();
            }
            (200, issue.clone())
        }
        ("POST", ["projects", "acme%2Fshop", "issues"]) => {
            let iid = issues.len() + 1;
            issues.push(json!({"iid": iid, "title": body["title"], "description": body["description"],
                "state": "opened", "web_url": format!("https://gitlab.com/acme/shop/-/issues/{iid}"), "updated_at": STAMP}));
            (201, issues[iid - 1].clone())
        }
        (_, ["projects", "acme%2Fshop", "issues", iid]) => {
            let Some(issue) = issues.get_mut(iid.parse::<usize>().unwrap() - 1) else { return missing };
            if body["title"].is_string() {
                issue["title"] = body["title"].clone();
            }
            match body["state_event"].as_str() {
                Some("close") => issue["state"] = "closed".into(),
                Some("reopen") => issue["state"] = "opened".into(),
                _ => {}
            }
            (200, issue.clone())
        }
        // As servers of one's own: they search elsewhere.
        ("GET", ["rest", "api", "2", "search", "jql"]) => missing,
        ("GET", ["rest", "api", "2", "search"]) => (200, json!({"issues": issues})),
        ("POST", ["rest", "api", "2", "issue"]) => {
            let key = format!("OPS-{}", issues.len() + 1);
            assert_eq!(body["fields"]["project"]["key"], "OPS");
            issues.push(json!({"key": key, "fields": {"summary": body["fields"]["summary"], "labels": body["fields"]["labels"],
                "description": body["fields"]["description"], "status": {"statusCategory": {"key": "new"}}, "updated": "2026-11-23T15:00:00.000+0100"}}));
            (201, json!({"id": "1", "key": key}))
        }
        (method, ["rest", "api", "2", "issue", key, rest @ ..]) => {
            let Some(issue) = issues.iter_mut().find(|issue| issue["key"] == *key) else { return missing };
            match (method, rest) {
                ("GET", []) => (200, issue.clone()),
                ("PUT", []) => {
                    issue["fields"]["summary"] = body["fields"]["summary"].clone();
                    (204, Value::Null)
                }
                ("GET", ["transitions"]) => {
                    let to = |id: &str, key: &str| json!({"id": id, "to": {"statusCategory": {"key": key}}});
                    (200, json!({"transitions": [to("11", "new"), to("21", "indeterminate"), to("31", "done")]}))
                }
                ("POST", ["transitions"]) => {
                    let key = if body["transition"]["id"] == "31" { "done" } else { "new" };
                    issue["fields"]["status"]["statusCategory"]["key"] = key.into();
                    (204, Value::Null)
                }
                _ => missing,
            }
        }
        _ => missing,
    }
}

/// An admin with a tracker of this kind, and the secret of its webhook.
async fn with_tracker(app: &TestApp, kind: &str, project: &str) -> (Http, FakeTracker, String) {
    let fake = FakeTracker::start();
    let mut ada = app.signed_in("Ada", Role::Admin);
    let fields =
        [("kind", kind), ("name", "Ours"), ("project", project), ("base_url", fake.url.as_str()), ("token", "s3cret")];
    let page = ada.post_and_follow("/admin/trackers", &fields).await;
    assert_eq!(page.one("h1"), "Ours", "{}", page.text());
    assert!(!page.text().contains("s3cret"), "the token is never shown");
    let secret = page.all("#hook code")[1].clone();
    ada.post("/action-items", &[("title", "Cap the pool"), ("details", "At 80 %"), ("priority", "P3")]).await;
    (ada, fake, secret)
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn deliver(app: &TestApp, (kind, secret): (&str, &str), id: &str, body: &Value) -> Answer {
    let text = body.to_string();
    let mut sender = match kind {
        "github" => app
            .anonymous()
            .with("x-github-event", "issues")
            .with("x-github-delivery", id)
            .with("x-hub-signature-256", &signature(secret, &text)),
        "gitlab" => app.anonymous().with("x-gitlab-token", secret).with("x-gitlab-event-uuid", id),
        _ => app
            .anonymous()
            .with("x-atlassian-webhook-identifier", id)
            .with("x-hub-signature", &signature(secret, &text)),
    };
    sender.send(Method::POST, "/hooks/tracker/ours", "application/json", text).await
}

/// A delivery that says that issue 1 has this title and state now.
fn told(kind: &str, title: &str, is_done: bool, at: &str) -> Value {
    match kind {
        "github" => {
            json!({"action": "edited", "issue": {"number": 1, "title": title, "state": if is_done { "closed" } else { "open" },
            "html_url": "https://github.com/acme/shop/issues/1", "updated_at": at}})
        }
        "gitlab" => json!({"object_kind": "issue", "object_attributes": {"iid": 1, "title": title,
            "state": if is_done { "closed" } else { "opened" }, "url": "https://gitlab.com/acme/shop/-/issues/1", "updated_at": at}}),
        _ => {
            json!({"webhookEvent": "jira:issue_updated", "issue": {"key": "OPS-1", "fields": {"summary": title, "updated": at,
            "status": {"statusCategory": {"key": if is_done { "done" } else { "new" }}}}}})
        }
    }
}

fn is_closed(issue: &Value) -> bool {
    issue["state"] == "closed" || issue["fields"]["status"]["statusCategory"]["key"] == "done"
}

fn title_of(issue: &Value) -> &str {
    issue["title"].as_str().or(issue["fields"]["summary"].as_str()).unwrap()
}

/// The whole way of one kind: created, closed from here, renamed and reopened from there, without loops or doubles.
async fn both_ways(app: TestApp, kind: &'static str, project: &str) {
    let (mut ada, fake, secret) = with_tracker(&app, kind, project).await;
    let page = ada.post_and_follow("/action-items/ACT-1/issue", &[("tracker", "ours")]).await;
    assert!(page.one("#issue").contains("on its way"), "{}", page.text());
    // Pressed twice, it is one issue.
    ada.post("/action-items/ACT-1/issue", &[("tracker", "ours")]).await;
    assert_eq!(app.work_queue().await, 1);
    let issues = fake.issues();
    assert_eq!((issues.len(), title_of(&issues[0])), (1, "Cap the pool"));
    assert!(issues[0].to_string().contains("Debrief ACT-1 (http://debrief.test/action-items/ACT-1)"), "{}", issues[0]);
    let item = app.read(|c| queries::by_number(c, 1));
    assert!(item.tracker_url.is_some_and(|url| url.ends_with("issues/1") || url.ends_with("/browse/OPS-1")));
    assert!(ada.get("/action-items/ACT-1").await.one("#issue").contains("open"));

    // From here: the title and the end.
    let revision = app.read(|c| queries::by_number(c, 1)).revision.to_string();
    ada.post("/action-items/ACT-1", &[("title", "Cap the pool at 80 %"), ("revision", &revision)]).await;
    ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await;
    assert_eq!(app.work_queue().await, 1, "two changes are one call");
    let issue = fake.issues().remove(0);
    assert!(is_closed(&issue), "{issue}");
    assert_eq!(title_of(&issue), "Cap the pool at 80 %");

    // The tracker tells of what we did ourselves: nothing happens.
    let calls = fake.call_count();
    let echo = told(kind, "Cap the pool at 80 %", true, "2026-11-23T15:00:00Z");
    let answer = deliver(&app, (kind, &secret), "d1", &echo).await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].clone()), (200, json!("nothing new")));

    // From there: reopened and renamed; once, however often it is told, and nothing is sent back.
    let news = told(kind, "Cap the pool at 70 %", false, "2026-11-23T16:00:00Z");
    assert_eq!(deliver(&app, (kind, &secret), "d2", &news).await.json()["status"], "heeded");
    assert_eq!(deliver(&app, (kind, &secret), "d2", &news).await.json()["status"], "already here");
    let item = app.read(|c| queries::by_number(c, 1));
    assert_eq!((item.status, item.title.as_str()), (ActionStatus::Open, "Cap the pool at 70 %"));
    assert_eq!((app.work_queue().await, fake.call_count()), (0, calls), "no loop");
    // An old delivery that comes late changes nothing.
    let late = told(kind, "Cap the pool", true, "2026-11-23T14:30:00Z");
    assert_eq!(deliver(&app, (kind, &secret), "d3", &late).await.json()["status"], "older than what is known");
    // Closed there, it is done here, and the issue is the evidence.
    let closed = told(kind, "Cap the pool at 70 %", true, "2026-11-23T17:00:00Z");
    deliver(&app, (kind, &secret), "d4", &closed).await;
    let (item, evidence) = app.read(|c| {
        let item = queries::by_number(c, 1)?;
        let evidence = queries::evidence(c, item.id)?;
        Ok((item, evidence))
    });
    assert_eq!(item.status, ActionStatus::Done);
    assert!(evidence.last().unwrap().url.as_ref().is_some_and(|url| url.starts_with("http")), "{evidence:?}");

    for wrong in ["", "other"] {
        let answer = deliver(&app, (kind, wrong), "d5", &news).await;
        assert_eq!(answer.status, 401, "{wrong}");
    }
    assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
}

both!(
    async fn github_is_kept_in_step_both_ways(app: TestApp) {
        both_ways(app, "github", "acme/shop").await;
    }
);

both!(
    async fn gitlab_is_kept_in_step_both_ways(app: TestApp) {
        both_ways(app, "gitlab", "acme/shop").await;
    }
);

both!(
    async fn jira_is_kept_in_step_both_ways(app: TestApp) {
        both_ways(app, "jira", "OPS").await;
    }
);

both!(
    async fn failures_stand_on_the_item_and_are_tried_again_without_doubles(app: TestApp) {
        let (mut ada, fake, _) = with_tracker(&app, "github", "acme/shop").await;
        fake.trouble(&[Trouble::Broken]);
        ada.post("/action-items/ACT-1/issue", &[("tracker", "ours")]).await;
        assert_eq!(app.work_queue().await, 1);
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.one("#issue .note").contains("trouble of its own (502)"), "{}", page.one("#issue"));
        assert!(!page.text().contains("secret details"));
        // The issue was made by a try whose answer got lost: the next try finds it by its mark.
        app.app.clock.advance_s(10);
        fake.state.lock().unwrap().issues.push(json!({"number": 1, "title": "Cap the pool", "state": "open",
            "body": "At 80 %\n\nDebrief ACT-1 (http://debrief.test/action-items/ACT-1)",
            "html_url": "https://github.com/acme/shop/issues/1", "updated_at": STAMP}));
        assert_eq!(app.work_queue().await, 1);
        assert_eq!(fake.issues().len(), 1, "found by its mark, not made again");
        assert!(ada.get("/action-items/ACT-1").await.all("#issue .note").is_empty());

        // The token is taken back there: told, and tried again with the next one.
        fake.trouble(&[Trouble::Stranger]);
        ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await;
        app.work_queue().await;
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.one("#issue .note").contains("does not take the token"), "{}", page.one("#issue"));
        assert_eq!(ada.post("/action-items/ACT-1/issue/retry", &[]).await.status, 303);
        assert_eq!(app.work_queue().await, 1, "at once, without waiting");
        assert!(is_closed(&fake.issues()[0]));
        // Switched off, nothing is sent.
        ada.post("/admin/trackers/ours/disabling", &[]).await;
        ada.post("/action-items/ACT-1/reopening", &[("reason", "")]).await;
        let calls = fake.call_count();
        app.work_queue().await;
        assert_eq!(fake.call_count(), calls);
    }
);

both!(
    async fn a_line_that_is_cut_after_the_work_makes_no_second_issue(app: TestApp) {
        let (mut ada, fake, _) = with_tracker(&app, "gitlab", "acme/shop").await;
        ada.post("/action-items/ACT-1/issue", &[("tracker", "ours")]).await;
        // The first request looks for the issue; the answer to the second, which makes it, gets lost.
        fake.trouble(&[Trouble::None, Trouble::CutAfterwards]);
        app.work_queue().await;
        assert!(ada.get("/action-items/ACT-1").await.one("#issue .note").contains("cannot be reached"));
        app.app.clock.advance_s(10);
        app.work_queue().await;
        assert_eq!(fake.issues().len(), 1, "{:?}", fake.state.lock().unwrap().calls);
        assert!(ada.get("/action-items/ACT-1").await.one("#issue").contains("open"));
    }
);

both!(
    async fn a_private_address_is_refused_unless_the_operator_allows_it(app: TestApp) {
        let mut ada = app.signed_in("Ada", Role::Admin);
        // The tests allow loopback; the rest of the private networks is refused.
        let fields = [
            ("kind", "github"),
            ("name", "Inside"),
            ("project", "a/b"),
            ("base_url", "http://10.0.0.1"),
            ("token", "t"),
        ];
        ada.post("/admin/trackers", &fields).await;
        ada.post("/action-items", &[("title", "Cap the pool"), ("priority", "P3")]).await;
        ada.post("/action-items/ACT-1/issue", &[("tracker", "inside")]).await;
        app.work_queue().await;
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.one("#issue .note").contains("private network"), "{}", page.one("#issue"));
    }
);

both!(
    async fn whatever_a_tracker_sends_is_read_without_harm(app: TestApp) {
        let odd = [
            Value::Null,
            json!(1),
            json!([]),
            json!({}),
            json!("\u{0}"),
            json!("a\u{0}b\u{202e}"),
            json!("9".repeat(70_000)),
            json!("9999999-12-31T23:59:59Z"),
            json!(i64::MAX),
        ];
        let (mut ada, _, secret) = with_tracker(&app, "github", "acme/shop").await;
        ada.post("/action-items/ACT-1/issue", &[("tracker", "ours")]).await;
        app.work_queue().await;
        let whole = told("github", "Cap the pool", false, "2026-11-23T15:00:00Z");
        let mut number = 0;
        for place in ["", "/action", "/issue", "/issue/number", "/issue/title", "/issue/state", "/issue/updated_at"] {
            for value in &odd {
                let mut body = whole.clone();
                *body.pointer_mut(place).unwrap() = value.clone();
                number += 1;
                let answer = deliver(&app, ("github", &secret), &format!("odd-{number}"), &body).await;
                assert_eq!(answer.status, 200, "{place} {}", answer.text());
            }
        }
        for body in ["", "[[[[[[", "\u{feff}{}", &"[".repeat(200_000)] {
            let mut sender = app.anonymous().with("x-hub-signature-256", &signature(&secret, body));
            let answer = sender.send(Method::POST, "/hooks/tracker/ours", "application/json", body.to_owned()).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        app.work_queue().await;
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);
