//! The size of a change, and what its messages mention, from pushes: before the deploy, after it, or in between.

use debrief::hooks::model::Sender;
use serde_json::json;

use super::{Sent, deliver, deploys_seen, fixtures, source_of};
use crate::both;

fn push(sha: &str, commits: usize) -> Sent {
    let commits: Vec<_> = (0..commits)
        .map(|n| json!({"id": n.to_string(), "message": format!("SHOP-{}: part {n} (#{})", n + 1, n + 100), "modified": [format!("f{n}"), "same"]}))
        .collect();
    let body = json!({"ref": "refs/heads/main", "before": "a".repeat(40), "after": sha, "commits": commits,
        "repository": {"name": "checkout", "full_name": "acme/checkout", "html_url": "https://git.example/acme/checkout"}});
    Sent::json(&[("x-github-event", "push"), ("x-github-delivery", &format!("push-{sha}-{}", commits.len()))], &body)
}

fn deploy(sha: &str, id: i64) -> Sent {
    let mut body = fixtures::github("success", id, "2026-11-23T13:00:00Z");
    body["deployment"]["sha"] = json!(sha);
    Sent::json(&[("x-github-event", "deployment_status"), ("x-github-delivery", &format!("deploy-{id}"))], &body)
}

both!(
    async fn a_push_gives_its_deploy_size_and_references_in_either_order(app: TestApp) {
        let source = source_of(&app, Sender::GitHub);
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        for sent in [push(&one, 3), deploy(&one, 1), deploy(&two, 2), push(&two, 3)] {
            deliver(&app, &source, &sent).await;
            app.work_queue().await;
        }
        let seen = deploys_seen(&app);
        assert_eq!(seen.len(), 2);
        for one in &seen {
            assert_eq!((one.commit_count, one.file_count), (Some(3), Some(4)));
            assert_eq!(one.references.len(), 8, "{:?}", one.references);
            assert!(
                one.references.contains(&"pull_request #101 https://git.example/acme/checkout/pull/101".to_owned())
            );
            assert!(one.references.contains(&"ticket SHOP-45 ".to_owned()), "of the deploy's own message");
        }
        assert_eq!(seen[0].references, seen[1].references);
        // The same commit pushed to another branch brings nothing smaller.
        deliver(&app, &source, &push(&one, 1)).await;
        app.work_queue().await;
        assert_eq!(deploys_seen(&app), seen);
        let page = app.ada().get("/deploys/DEP-1").await;
        assert!(page.text().contains("3 commits in 4 files"));
        let told = app.program(debrief::auth::model::Scope::Read).get("/api/v1/deploys/DEP-1").await.json();
        assert_eq!((told["commit_count"].as_i64(), told["environment_tier"].as_str()), (Some(3), Some("production")));
    }
);
