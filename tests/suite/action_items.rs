//! Action items, by page and by API.

use actix_web::http::Method;
use debrief::action_items::filter::{Filter, View};
use debrief::action_items::history::queries as history;
use debrief::action_items::list::queries::{Viewpoint, page};
use debrief::action_items::model::{ActionDraft, ActionStatus, Due, Step};
use debrief::action_items::queries;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::db::paging::Turn;
use serde_json::json;

use crate::both;
use crate::support::{Http, TestApp};

/// INC-1 on checkout, declared by `http`.
async fn incident(http: &mut Http) {
    let fields =
        [("title", "Checkout returns 502"), ("severity", "SEV2"), ("kind", "incident"), ("other_services", "Checkout")];
    assert_eq!(http.post("/incidents", &fields).await.status, 303);
}

fn add(app: &TestApp, draft: &ActionDraft) -> i64 {
    let now = app.now();
    app.write(|c| queries::add(c, &Actor::program("test"), draft, now)).number
}

fn status(app: &TestApp, number: i64) -> ActionStatus {
    app.read(|c| queries::by_number(c, number)).status
}

fn audited(app: &TestApp, subject: &str) -> Vec<String> {
    let log = app.read(|c| debrief::auth::audit::list(c, Some(subject), Turn::First));
    log.rows.into_iter().map(|entry| entry.action).collect()
}

both!(
    async fn an_item_is_added_on_its_incident_and_closed_with_evidence(app: TestApp) {
        let mut ada = app.ada();
        incident(&mut ada).await;
        let refused = ada.post("/incidents/INC-1/action-items", &[("title", ""), ("owner", "nobody")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-title-error").contains("in one line"));
        let path = "/incidents/INC-1/action-items";
        let stranger = ada.post(path, &[("title", "Watch the pool"), ("owner", "zed"), ("priority", "P2")]).await;
        assert_eq!((stranger.status.as_u16(), stranger.typed("title").as_str()), (422, "Watch the pool"));
        assert!(stranger.one("#f-owner-error").contains("Nobody here is called zed"));

        let fields = [("title", "Watch the pool"), ("owner", "ada"), ("priority", "P2"), ("kind", "detect")];
        let shown = ada.post_and_follow(path, &fields).await;
        assert!(shown.one("#actions").contains("ACT-1"), "{}", shown.one("#actions"));
        let item = ada.get("/action-items/ACT-1").await;
        assert_eq!(item.one("h1"), "Watch the pool");
        assert!(item.one("#who").contains("Wed 23 Dec 2026"), "{}", item.one("#who"));
        assert!(item.one("#who").contains("Rule for P2: 30 days"));

        let bare = ada.post("/action-items/ACT-1/completion", &[("evidence", " ")]).await;
        assert_eq!(bare.status, 422);
        assert!(bare.one("#f-evidence-error").contains("Give the evidence"));
        assert_eq!(status(&app, 1), ActionStatus::Open);
        let here = "/action-items?view=open&owner=ada";
        let list =
            ada.post_and_follow("/action-items/ACT-1/completion", &[("evidence", "DEP-12"), ("next", here)]).await;
        assert!(list.one(".flash").contains("ACT-1 is done."));
        let item = ada.get("/action-items/ACT-1").await;
        assert_eq!(item.attribute("#evidence a", "href").as_deref(), Some("/deploys/DEP-12"));
        assert!(item.one("#history").contains("DEP-12"));
        let twice = ada.post("/action-items/ACT-1/completion", &[("evidence", "again")]).await;
        assert_eq!(twice.status, 409);
        assert!(twice.one(".errors").contains("done already"));

        let incident = app.read(|c| debrief::incidents::queries::by_number(c, 1));
        let told: Vec<String> = app
            .read(|c| debrief::timeline::queries::of_incident(c, incident.id))
            .into_iter()
            .map(|row| row.event.text)
            .collect();
        assert!(told.iter().any(|text| text.contains("ACT-1 added")), "{told:?}");
        assert!(told.iter().any(|text| text.contains("ACT-1 done")), "{told:?}");
        assert_eq!(audited(&app, "ACT-1"), ["action_item.complete", "action_item.add"]);
    }
);

both!(
    async fn every_step_is_checked_recorded_and_can_be_undone(app: TestApp) {
        let mut ada = app.ada();
        add(&app, &ActionDraft::titled("Write the runbook"));
        assert_eq!(ada.post("/action-items/ACT-1/verification", &[]).await.status, 409);
        assert_eq!(ada.post("/action-items/ACT-1/reopening", &[("reason", "x")]).await.status, 409);
        let started = ada.post_and_follow("/action-items/ACT-1/start", &[]).await;
        let undo = started.attribute(".flash form", "action").unwrap();
        ada.post_and_follow("/action-items/act-1/completion", &[("evidence", "https://x.example/1")]).await;
        assert_eq!(ada.post(&undo, &[]).await.status, 409, "something happened since");

        app.app.clock.advance_s(60);
        let verified = ada.post_and_follow("/action-items/ACT-1/verification", &[]).await;
        assert_eq!(status(&app, 1), ActionStatus::Verified);
        let undo = verified.attribute(".flash form", "action").unwrap();
        ada.post_and_follow(&undo, &[]).await;
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!((item.status, item.closed_at.is_some()), (ActionStatus::Done, true));
        assert_eq!(app.read(|c| queries::evidence(c, item.id)).len(), 1);

        assert_eq!(ada.post("/action-items/ACT-1/reopening", &[("reason", "")]).await.status, 422);
        ada.post_and_follow("/action-items/ACT-1/reopening", &[("reason", "It came back")]).await;
        let completed = ada.post_and_follow("/action-items/ACT-1/completion", &[("evidence", "wrong item")]).await;
        let undo = completed.attribute(".flash form", "action").unwrap();
        let undone = ada.post_and_follow(&undo, &[]).await;
        assert!(!undone.one("#evidence").contains("wrong item"));
        assert!(undone.one("#history").contains("wrong item"), "the history loses nothing");

        let bare = ada.post("/action-items/ACT-1/decline", &[("declined_reason", "")]).await;
        assert_eq!(bare.status, 422);
        assert!(bare.one("#f-declined_reason-error").contains("Say why"));
        ada.post_and_follow("/action-items/ACT-1/decline", &[("declined_reason", "The service is retired")]).await;
        let register = ada.get("/action-items?view=declined").await;
        assert!(register.one("tbody").contains("ACT-1"));
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.one("#history").contains("The service is retired"));
        assert_eq!(ada.get("/action-items/ACT-9").await.status, 404);
        assert_eq!(ada.get("/action-items/nonsense").await.status, 404);
        assert_eq!(ada.get("/action-items/ACT-0").await.status, 404);
    }
);

both!(
    async fn an_edit_on_an_old_revision_keeps_both_texts(app: TestApp) {
        let mut ada = app.ada();
        let mut bob = app.signed_in("Bob", Role::Member);
        add(&app, &ActionDraft::titled("Alert on the pool"));
        let form = ada.get("/action-items/ACT-1/edit").await;
        let base = form.typed("revision");
        let fields = |title: &'static str, base: &str, priority: &'static str, due: &str| {
            [
                ("title", title.to_owned()),
                ("revision", base.to_owned()),
                ("kind", "detect".to_owned()),
                ("priority", priority.to_owned()),
                ("due_on", due.to_owned()),
                ("owner", "bob".to_owned()),
            ]
        };
        let send = |fields: [(&'static str, String); 6]| fields.map(|(name, value)| (name, value));
        let due = form.typed("due_on");
        assert_eq!(due, "2027-01-22");
        let mine = send(fields("Alert on pool use above 80 %", &base, "P1", &due));
        let mine: Vec<(&str, &str)> = mine.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ada.post_and_follow("/action-items/ACT-1", &mine).await;
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!(item.due_on.unwrap().to_string(), "2026-12-08", "a date of the rule moves with the priority");
        let lines = app.read(|c| history::of_item(c, item.id));
        let changed: Vec<&str> = lines.iter().map(|(change, _)| change.field.as_str()).collect();
        assert_eq!(changed, ["due_on", "owner", "priority", "kind", "title", "due_on", "status"]);

        let late = send(fields("Alert at 90 %", &base, "P3", &due));
        let late: Vec<(&str, &str)> = late.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let conflict = bob.post("/action-items/ACT-1", &late).await;
        assert_eq!((conflict.status.as_u16(), conflict.typed("title").as_str()), (409, "Alert at 90 %"));
        assert!(conflict.one(".conflict").contains("Alert on pool use above 80 %"));
        assert!(conflict.one(".conflict").contains("Ada"));
        assert_eq!(app.read(|c| queries::by_number(c, 1)).title, "Alert on pool use above 80 %");
        let present = conflict.typed("revision");
        let again = send(fields("Alert at 90 %", &present, "P1", ""));
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let saved = bob.post_and_follow("/action-items/ACT-1", &again).await;
        assert!(saved.one("#who").contains("cleared by hand"), "{}", saved.one("#who"));
    }
);

both!(
    async fn views_and_filters_narrow_the_list(app: TestApp) {
        let mut ada = app.ada();
        incident(&mut ada).await;
        let team = ada.post("/teams", &[("name", "Payments")]).await;
        assert_eq!(team.status, 303);
        let named = |title: &str, change: fn(&mut ActionDraft)| {
            let mut draft = ActionDraft::titled(title);
            change(&mut draft);
            add(&app, &draft)
        };
        let mine = named("mine", |draft| {
            (draft.owner, draft.incident) = (Some("ada".to_owned()), Some(1));
            draft.due = Due::On("2026-11-20".parse().unwrap());
        });
        let team = named("team", |draft| draft.team = Some("payments".to_owned()));
        let done = named("done", |draft| draft.priority = debrief::action_items::model::Priority::P1);
        let someday = named("some day", |draft| draft.due = Due::Never);
        let now = app.now();
        let step = Step::Complete(vec!["seen".to_owned()]);
        app.write(|c| queries::step(c, &Actor::program("test"), done, &step, now));
        let mut keys = async |query: &str| {
            let page = ada.get(&format!("/action-items?{query}")).await;
            assert_eq!(page.status, 200, "{query}");
            page.all("tbody th .key").join(" ")
        };
        let key = |number: i64| format!("ACT-{number}");
        assert_eq!(keys("").await, format!("{} {} {}", key(mine), key(team), key(someday)));
        for (query, number) in [
            ("view=mine", mine),
            ("view=team", team),
            ("view=late", mine),
            ("view=done", done),
            ("view=all&status=done", done),
            ("view=all&owner=ada", mine),
            ("view=all&owner=%40Ada", mine),
            ("view=all&owner=ada%40example.org", mine),
            ("team=payments", team),
            ("service=checkout", mine),
            ("incident=INC-1", mine),
            ("view=all&priority=P1", done),
            ("due_before=2026-11-21", mine),
        ] {
            assert_eq!(keys(query).await, key(number), "{query}");
        }
        assert_eq!(keys("view=unassigned").await, format!("{} {}", key(team), key(someday)));
        assert_eq!(keys("view=all&kind=learn").await, "");
        let late = ada.get("/action-items?view=late").await;
        assert_eq!(late.one("td.late"), "3 days late");
        assert_eq!(late.one(".tabs [aria-current]"), "Late");
        for wrong in ["view=odd", "owner=zed", "team=zed", "service=zed", "incident=INC-9", "due_before=soon", "kind=x"]
        {
            let page = ada.get(&format!("/action-items?{wrong}")).await;
            assert_eq!(page.status, 422, "{wrong}");
            assert!(!page.one(".errors").is_empty());
        }
        assert_eq!(ada.get("/action-items?after=broken").await.status, 400);
    }
);

both!(
    async fn pages_go_by_due_date_and_back(app: TestApp) {
        let days = ["2026-12-01", "2026-12-02", "2026-12-02"];
        for index in 0..120 {
            let mut draft = ActionDraft::titled(format!("Item {index}"));
            draft.due = if index % 2 == 0 { Due::Never } else { Due::On(days[index % 3].parse().unwrap()) };
            add(&app, &draft);
        }
        let viewpoint = Viewpoint { user_id: 0, today: "2026-11-23".parse().unwrap() };
        let read = |turn: Turn| app.read(|c| page(c, &Filter::of(View::Open), viewpoint, turn));
        let (first, mut seen) = (read(Turn::First), Vec::new());
        assert!(first.before.is_none());
        let mut pages = vec![first];
        while let Some(cursor) = pages.last().unwrap().after {
            pages.push(read(Turn::After(cursor)));
        }
        let numbers = |page: &debrief::db::paging::Page<_>| -> Vec<i64> {
            page.rows.iter().map(|row: &debrief::action_items::model::ActionRow| row.item.number).collect()
        };
        let sizes: Vec<usize> = pages.iter().map(|page| page.rows.len()).collect();
        assert_eq!(sizes, [50, 50, 20]);
        for page in &pages {
            seen.extend(page.rows.iter().map(|row| {
                let day = row.item.due_on.map_or("none".to_owned(), |day| day.to_string());
                (day, row.item.id)
            }));
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(seen, sorted, "by due date, without one last, each once");
        let back = read(Turn::Before(pages[2].before.unwrap()));
        assert_eq!(numbers(&back), numbers(&pages[1]));
        let back = read(Turn::Before(back.before.unwrap()));
        assert_eq!(numbers(&back), numbers(&pages[0]));
        assert!(back.before.is_none());
        let mut ada = app.ada();
        let list = ada.get("/action-items?priority=P3").await;
        let next = list.attribute("a[rel=next]", "href").unwrap();
        assert!(next.contains("priority=P3"));
        assert_eq!(ada.get(&next).await.all("tbody tr").len(), 50);
    }
);

both!(
    async fn programs_carry_items_to_a_verified_end(app: TestApp) {
        incident(&mut app.ada()).await;
        let program = app.program(Scope::Write);
        let items = "/api/v1/action-items";
        let unproved = json!({"incident": "INC-1", "title": "Watch", "status": "done"});
        let refused = program.clone().json(Method::POST, items, &unproved).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["errors"][0]["pointer"].clone()),
            (422, json!("/evidence"))
        );
        for (body, pointer) in [
            (json!({}), "/title"),
            (json!({"title": "x", "incident": "INC-77"}), "/incident"),
            (json!({"title": "x", "incident": 0}), "/incident"),
            (json!({"title": "x", "owner": "zed"}), "/owner"),
            (json!({"title": "x", "team": "zed"}), "/team"),
            (json!({"title": "x", "factor": "zed"}), "/factor"),
            (json!({"title": "x", "kind": "zed"}), "/kind"),
            (json!({"title": "x", "priority": "P0"}), "/priority"),
            (json!({"title": "x", "due_on": "2026-02-30"}), "/due_on"),
            (json!({"title": "x", "tracker_url": "javascript:x"}), "/tracker_url"),
            (json!({"title": "x", "status": "verified"}), "/status"),
            (json!({"title": "x", "status": "declined"}), "/declined_reason"),
            (json!({"title": "x", "evidence": ["ok", ""]}), "/evidence/1"),
            (json!({"title": 5}), "/title"),
        ] {
            let refused = program.clone().json(Method::POST, items, &body).await;
            assert_eq!(refused.status, 422, "{body}");
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
        }
        let body = json!({"incident": "INC-1", "title": "Watch", "owner": "ada", "priority": "P1"});
        let keyed = program.with("idempotency-key", "k");
        let first = keyed.clone().json(Method::POST, items, &body).await;
        let second = keyed.clone().json(Method::POST, items, &body).await;
        assert_eq!((first.status.as_u16(), first.json()), (201, second.json()));
        let item = first.json();
        assert_eq!(
            (&item["key"], &item["due_on"], &item["incident"]),
            (&json!("ACT-1"), &json!("2026-12-08"), &json!("INC-1"))
        );
        assert_eq!(first.header("location"), Some("/api/v1/action-items/ACT-1"));

        let shown = program.clone().get("/api/v1/action-items/ACT-1").await;
        let etag = shown.header("etag").unwrap().to_owned();
        let change = json!({"owner": null, "due_on": null, "details": "See **INC-1**"});
        let changed = program.with("if-match", &etag).json(Method::PATCH, "/api/v1/action-items/1", &change).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["owner"]), (200, &json!(null)), "{}", changed.text());
        assert_ne!(changed.header("etag"), Some(etag.as_str()));
        let stale = program.with("if-match", &etag).json(Method::PATCH, "/api/v1/action-items/1", &change).await;
        assert_eq!(stale.status, 412);

        let path = "/api/v1/action-items/ACT-1";
        let early = program.clone().json(Method::PATCH, path, &json!({"status": "verified"})).await;
        assert_eq!((early.status.as_u16(), early.json()["errors"][0]["pointer"].clone()), (422, json!("/status")));
        let done = json!({"status": "done", "evidence": ["DEP-12", "https://x.example/graph"]});
        let done = program.clone().json(Method::PATCH, path, &done).await;
        assert_eq!(done.json()["evidence"], json!(["DEP-12", "https://x.example/graph"]), "{}", done.text());
        let verified = program.clone().json(Method::PATCH, path, &json!({"status": "verified"})).await;
        assert_eq!(verified.json()["status"], "verified");

        let list = program.clone().get("/api/v1/action-items?status=verified&incident=INC-1").await;
        assert_eq!(list.json()["items"][0]["key"], "ACT-1");
        assert_eq!(list.json()["next_cursor"], json!(null));
        assert_eq!(program.clone().get("/api/v1/action-items?kind=odd").await.json()["errors"][0]["pointer"], "/kind");
        let mut reader = app.program(Scope::Read);
        assert_eq!(reader.get(path).await.status, 200);
        assert_eq!(reader.json(Method::PATCH, path, &json!({"title": "x"})).await.status, 403);
    }
);

both!(
    async fn raced_completions_close_an_item_once(app: TestApp) {
        add(&app, &ActionDraft::titled("Watch the pool"));
        let now = app.now();
        let outcomes: Vec<bool> = std::thread::scope(|scope| {
            let hands: Vec<_> = (0..8)
                .map(|index| {
                    let db = app.app.db.clone();
                    let step = Step::Complete(vec![format!("evidence {index}")]);
                    scope.spawn(move || {
                        db.write_blocking(|c| queries::step(c, &Actor::program("test"), 1, &step, now)).is_ok()
                    })
                })
                .collect();
            hands.into_iter().map(|hand| hand.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|is_ok| **is_ok).count(), 1);
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!(app.read(|c| queries::evidence(c, item.id)).len(), 1);
    }
);
