//! Rules: tried on what came before they are saved, asked in order, applied to what comes and to replays.

use debrief::auth::model::Role;
use debrief::hooks::model::{Sender, Verdict};
use serde_json::json;

use super::{Sent, deliver, deploys_seen, fixtures, source_of, verdicts};
use crate::both;

fn run_of(id: i64, branch: &str) -> Sent {
    let body = json!({"action": "completed", "workflow_run": {"id": id, "name": "Deploy production", "conclusion": "success",
        "head_branch": branch, "head_sha": fixtures::SHA, "run_started_at": "2026-11-23T12:58:00Z", "updated_at": "2026-11-23T13:00:00Z"},
        "repository": {"name": "checkout", "full_name": "acme/checkout", "html_url": "https://git.example/acme/checkout"}});
    Sent::json(&[("x-github-event", "workflow_run"), ("x-github-delivery", &format!("run-{id}"))], &body)
}

both!(
    async fn a_rule_shows_what_it_would_have_done_then_does_it(app: TestApp) {
        let source = source_of(&app, Sender::GitHub);
        for (id, branch) in [(1, "main"), (2, "dependabot/npm/x"), (3, "main")] {
            deliver(&app, &source, &run_of(id, branch)).await;
        }
        app.work_queue().await;
        assert!(deploys_seen(&app).is_empty());

        let mut admin = app.signed_in("Root", Role::Admin);
        let newest = admin.get("/admin/deliveries").await.attribute("tbody a", "href").unwrap();
        let href = admin.get(&newest).await.attribute("a[href^='/admin/rules/new']", "href").unwrap();
        let form = admin.get(&href).await;
        assert_eq!(form.status, 200);
        assert_eq!(form.typed("workflow"), "Deploy production");
        assert_eq!(form.typed("repository"), "acme/checkout");

        let count = [
            ("source", "github"),
            ("event", "workflow_run"),
            ("workflow", "Deploy *"),
            ("decision", "count"),
            ("to_service", "Checkout EU"),
            ("to_environment", "prod-eu"),
            ("to_tier", "production"),
        ];
        let tried = admin.post("/admin/rules", &count).await;
        assert_eq!(tried.status, 200, "{}", tried.text());
        assert!(
            tried.one("#tried").contains("With the last 3 deliveries: 3 would become something else"),
            "{}",
            tried.one("#tried")
        );
        assert!(tried.text().contains("deploy of Checkout EU to prod-eu, succeeded"));
        assert!(admin.get("/admin/rules").await.text().contains("No rules yet"), "looking saves nothing");

        let save = |fields: &[(&'static str, &'static str)]| {
            fields.iter().copied().chain([("step", "save")]).collect::<Vec<_>>()
        };
        assert_eq!(admin.post("/admin/rules", &save(&count)).await.status, 303);
        let ignore = [("branch", "dependabot/*"), ("decision", "ignore"), ("note", "Robots")];
        assert_eq!(admin.post("/admin/rules", &save(&ignore)).await.status, 303);
        // The one that counts stands first and decides; asked earlier, the other one does.
        let tried = admin.post("/admin/rules/2", &ignore).await;
        assert!(tried.one("#tried").contains("0 would become"), "{}", tried.one("#tried"));
        admin.post("/admin/rules/2/rise", &[]).await;
        assert_eq!(admin.get("/admin/rules").await.all("tbody th")[0], "branch dependabot/*");

        admin.post("/admin/deliveries/replay", &[("source", "github")]).await;
        assert_eq!(app.work_queue().await, 3);
        let seen = deploys_seen(&app);
        assert_eq!(seen.len(), 2, "{:?}", verdicts(&app));
        for one in &seen {
            assert_eq!((one.service.as_str(), one.environment.as_str()), ("checkout-eu", "prod-eu"));
            assert_eq!(one.started_at.zip(one.finished_at).map(|(a, b)| b - a), Some(120_000));
        }
        let (verdict, reason) = verdicts(&app)[1].clone();
        assert_eq!(verdict, Verdict::Ignored);
        assert!(reason.contains("dependabot/*"), "{reason}");

        // Changed and read again, the deploys follow.
        let other = [
            ("source", "github"),
            ("event", "workflow_run"),
            ("decision", "count"),
            ("to_service", "checkout-us"),
            ("to_environment", "prod-us"),
        ];
        assert_eq!(admin.post("/admin/rules/1", &save(&other)).await.status, 303);
        admin.post("/admin/deliveries/replay", &[("verdict", "recorded")]).await;
        app.work_queue().await;
        assert!(deploys_seen(&app).iter().all(|one| one.service == "checkout-us" && one.environment == "prod-us"));
        assert_eq!(deploys_seen(&app).len(), 2);

        assert_eq!(admin.post("/admin/rules/1/removal", &[]).await.status, 303);
        assert_eq!(admin.get("/admin/rules/1").await.status, 404);
        let audit = admin.get("/admin/audit").await.text();
        for action in ["rule.add", "rule.change", "rule.move", "rule.remove"] {
            assert!(audit.contains(action), "{action}");
        }
    }
);

both!(
    async fn a_rule_that_says_nothing_is_refused_as_typed(app: TestApp) {
        let mut admin = app.signed_in("Root", Role::Admin);
        let refused =
            admin.post("/admin/rules", &[("repository", "acme/*"), ("decision", "map"), ("step", "save")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("repository"), "acme/*");
        let long = "x".repeat(401);
        let refused = admin
            .post(
                "/admin/rules",
                &[
                    ("workflow", &long),
                    ("decision", "party"),
                    ("to_tier", "moon"),
                    ("to_service", "!!!"),
                    ("event", "x"),
                    ("source", "y"),
                ],
            )
            .await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.all(".field-error").len(), 5, "{:?}", refused.all(".field-error"));
        let refused = admin.post("/admin/rules", &[("source", "nobody"), ("decision", "ignore")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(app.ada().get("/admin/rules").await.status, 403);
    }
);
