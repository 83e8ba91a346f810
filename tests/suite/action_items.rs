//! Action items, from a decision to a verified end.

use actix_web::http::Method;
use debrief::action_items::model::ActionStatus;
use debrief::action_items::queries;
use debrief::auth::model::Scope;
use serde_json::json;

use crate::both;

both!(
    async fn an_item_is_closed_with_evidence_and_the_step_can_be_undone(app: TestApp) {
        let mut ada = app.ada();
        let refused = ada.post("/action-items", &[("title", ""), ("due_on", "soon"), ("owner", "ada")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("due_on"), "soon");
        let page =
            ada.post_and_follow("/action-items", &[("title", "Alert on pool use above 80 %"), ("owner", "ada")]).await;
        assert_eq!(page.one("h1"), "Alert on pool use above 80 %");
        assert_eq!(page.one("summary.primary"), "Done");

        let refused = ada.post("/action-items/ACT-1/completion", &[("evidence", " ")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-evidence-error").contains("Give the evidence"), "{}", refused.text());
        let page = ada.post_and_follow("/action-items/ACT-1/completion", &[("evidence", "https://ci.example/7")]).await;
        assert!(page.text().contains("https://ci.example/7"));
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!(item.status, ActionStatus::Done);
        let undo = format!("/action-items/ACT-1/undo?revision={}", item.revision);
        assert_eq!(ada.post(&undo, &[]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).status, ActionStatus::Open);
        assert_eq!(ada.post(&undo, &[]).await.status, 409);

        let refused = ada.post("/action-items/ACT-1/decline", &[("reason", "")]).await;
        assert!(refused.one("#f-reason-error").contains("Say why"), "{}", refused.text());
        assert_eq!(ada.post("/action-items/ACT-1/decline", &[("reason", "The pool is gone")]).await.status, 303);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn a_late_edit_keeps_both_versions(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/action-items", &[("title", "First"), ("owner", "ada")]).await;
        let base = ada.get("/action-items/ACT-1/edit").await.typed("revision");
        let edit = |title: &'static str| [("title", title), ("kind", "detect"), ("priority", "P1"), ("revision", "1")];
        assert_eq!(base, "1");
        assert_eq!(ada.post("/action-items/ACT-1", &edit("Second")).await.status, 303);
        let conflict = ada.post("/action-items/ACT-1", &edit("Third")).await;
        assert_eq!(conflict.status, 409);
        assert_eq!(conflict.typed("title"), "Third");
        assert!(conflict.one(".note").contains("Second"));
        let base = conflict.typed("revision");
        assert_eq!(ada.post("/action-items/ACT-1", &[("title", "Third"), ("revision", &base)]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).title, "Third");
    }
);

both!(
    async fn lists_and_programs_agree(app: TestApp) {
        let mut program = app.program(Scope::Write);
        for n in 0..60 {
            let body = json!({"title": format!("Item {n}"), "priority": "P1", "due_on": "2026-11-20"});
            assert_eq!(program.json(Method::POST, "/api/v1/action-items", &body).await.status, 201);
        }
        let first = program.get("/api/v1/action-items?view=late").await.json();
        assert_eq!(first["items"].as_array().unwrap().len(), 50);
        let next = format!("/api/v1/action-items?view=late&cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(program.get(&next).await.json()["items"].as_array().unwrap().len(), 10);

        let wrong = program.json(Method::POST, "/api/v1/action-items", &json!({"title": "x", "owner": "nobody"})).await;
        assert_eq!((wrong.status.as_u16(), wrong.json()["errors"][0]["pointer"].clone()), (422, json!("/owner")));
        let path = "/api/v1/action-items/ACT-1";
        let missing = program.json(Method::PATCH, path, &json!({"status": "done"})).await;
        assert_eq!(missing.json()["errors"][0]["pointer"], "/evidence");
        let outdated = program.with("if-match", "\"9\"").json(Method::PATCH, path, &json!({"title": "y"})).await;
        assert_eq!(outdated.status, 412);
        let done = program.json(Method::PATCH, path, &json!({"status": "done", "evidence": ["DEP-1"]})).await;
        assert_eq!((done.status.as_u16(), done.json()["status"].clone()), (200, json!("done")));
        let page = app.ada().get("/action-items?view=late").await;
        assert_eq!(page.all("tbody tr").len(), 50);
    }
);
