//! Rollbacks and fixes: noticed in any order, shown on both pages, taken back by people.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::Scope;
use debrief::clock::Moment;
use debrief::deploys::model::{BY_API, Deploy, DeployDraft, DeployKind, DeployStatus, Reference, ReferenceKind};
use debrief::deploys::model_marks::MarkKind;
use debrief::deploys::{queries, queries_marks};
use serde_json::json;

use crate::both;
use crate::support::TestApp;

fn draft(service: &str, version: &str, minute: i64) -> DeployDraft {
    let mut draft = DeployDraft::of(service, BY_API);
    draft.version = Some(version.to_owned());
    draft.external_id = Some(format!("{service} {minute}"));
    draft.finished_at = Some(Moment::parse("2026-11-23T10:00:00Z").unwrap().plus_s(minute * 60));
    draft
}

fn heed(app: &TestApp, draft: &DeployDraft) -> Deploy {
    let now = app.now();
    app.write(|c| queries::heed(c, &Actor::program("test"), draft, now))
}

/// Version, kind and status of every deploy of a service in the order of time, and the marks that stand: by minute.
fn lane(app: &TestApp, drafts: &[DeployDraft]) -> (Vec<String>, Vec<String>) {
    let mut lines = Vec::new();
    let mut marks = Vec::new();
    for draft in drafts {
        let id = draft.external_id.clone().unwrap();
        let deploy = app.read(|c| Ok(queries::known_as(c, BY_API, &id)?.unwrap()));
        lines.push(format!("{} {} {}", deploy.version.clone().unwrap_or_default(), deploy.kind, deploy.status));
        for (mark, other) in app.read(|c| queries_marks::with_others(c, deploy.id)) {
            if mark.stands() && mark.deploy_id == deploy.id {
                marks.push(format!("{} {} {}", id, mark.mark, other.external_id.unwrap()));
            }
        }
    }
    marks.sort();
    (lines, marks)
}

both!(
    async fn a_version_seen_before_undoes_what_it_replaces_in_any_order(app: TestApp) {
        let story = |service: &str| {
            vec![
                draft(service, "1", 0),
                draft(service, "2", 10),
                draft(service, "3", 20),
                draft(service, "2", 30), // back: undoes 3
                draft(service, "2", 40), // the same again: nothing
                draft(service, "4", 50),
                draft(service, "1", 60), // far back: undoes 4
            ]
        };
        let in_order = story("a");
        for draft in &in_order {
            heed(&app, draft);
        }
        let (lines, marks) = lane(&app, &in_order);
        assert_eq!(
            lines,
            [
                "1 deploy succeeded",
                "2 deploy succeeded",
                "3 deploy rolled_back",
                "2 rollback succeeded",
                "2 deploy succeeded",
                "4 deploy rolled_back",
                "1 rollback succeeded",
            ]
        );
        assert_eq!(marks, ["a 30 undoes a 20", "a 60 undoes a 50"]);
        for (service, order) in
            [("b", [6, 5, 4, 3, 2, 1, 0]), ("c", [3, 0, 6, 2, 5, 1, 4]), ("d", [2, 6, 1, 4, 0, 3, 5])]
        {
            let story = story(service);
            for index in order {
                heed(&app, &story[index]);
                heed(&app, &story[index]);
            }
            let (again, marks) = lane(&app, &story);
            assert_eq!(again, lines, "{service}");
            assert_eq!(
                marks,
                [format!("{service} 30 undoes {service} 20"), format!("{service} 60 undoes {service} 50")]
            );
        }
        // What failed never ran, and what runs elsewhere does not count.
        let mut failed = draft("e", "2", 10);
        failed.status = DeployStatus::Failed;
        let mut staging = draft("e", "2", 11);
        staging.environment = "staging".to_owned();
        staging.external_id = Some("e staging".to_owned());
        let story = [draft("e", "1", 0), failed, staging, draft("e", "1", 20)];
        for draft in &story {
            heed(&app, draft);
        }
        assert_eq!(lane(&app, &story).1, Vec::<String>::new());
        let faults = app.read(debrief::db::check::faults);
        assert!(faults.is_empty(), "{faults:?}");
    }
);

both!(
    async fn commits_tell_more_than_the_names_of_branches(app: TestApp) {
        let on = |sha: &str, minute: i64| {
            let mut draft = draft("shop", "main", minute);
            draft.commit_sha = Some(sha.to_owned());
            draft
        };
        let story = [on("aaa", 0), on("bbb", 10), on("ccc", 20), on("bbb", 30)];
        for draft in &story {
            heed(&app, draft);
        }
        assert_eq!(lane(&app, &story).1, ["shop 30 undoes shop 20"]);
        // A sender that says so is believed, although what it went back to was never recorded.
        let mut said = draft("other", "1", 10);
        said.kind = DeployKind::Rollback;
        let story = [draft("other", "2", 0), said];
        for draft in &story {
            heed(&app, draft);
        }
        assert_eq!(
            lane(&app, &story),
            (
                vec!["2 deploy rolled_back".into(), "1 rollback succeeded".into()],
                vec!["other 10 undoes other 0".into()]
            )
        );
    }
);

both!(
    async fn reverts_and_hot_fixes_mark_what_they_mend(app: TestApp) {
        let pull = |label: &str| Reference { kind: ReferenceKind::PullRequest, label: label.to_owned(), url: None };
        let mut guilty = draft("shop", "1", 0);
        guilty.references = vec![pull("#12 Cut the cache")];
        let innocent = draft("shop", "2", 10);
        let mut revert = draft("shop", "3", 20);
        revert.references = vec![pull("#14 Revert \"Cut the cache\"")];
        revert.summary = "Reverts acme/shop#12".to_owned();
        let mut hotfix = draft("shop", "3.1-hotfix", 30);
        hotfix.summary = "Carts again".to_owned();
        let story = [guilty, innocent, revert, hotfix];
        for index in [2, 3, 1, 0] {
            heed(&app, &story[index]);
        }
        assert_eq!(lane(&app, &story).1, ["shop 20 fixes shop 0", "shop 30 fixes shop 20"]);
        assert_eq!(lane(&app, &story).0[0], "1 deploy succeeded");
        let mut ada = app.ada();
        let number = app.read(|c| Ok(queries::known_as(c, BY_API, "shop 0")?.unwrap().number));
        let page = ada.get(&format!("/deploys/DEP-{number}")).await;
        assert!(page.one("#marks").contains("Fixed by"), "{}", page.one("#marks"));
        assert!(page.one("#marks").contains("It reverts #12"), "{}", page.one("#marks"));
    }
);

both!(
    async fn what_a_revert_mends_does_not_depend_on_the_order(app: TestApp) {
        let pull = |label: &str| Reference { kind: ReferenceKind::PullRequest, label: label.to_owned(), url: None };
        let story = |service: &str| {
            let mut story: Vec<DeployDraft> =
                (0..8).map(|place| draft(service, &format!("{service}{place}"), place * 10)).collect();
            story[0].references = vec![pull("#12 Cut the cache")];
            story[7].summary = "Reverts #12".to_owned();
            story
        };
        // What is reverted comes first, last, and after all that lies between.
        for (service, order) in [
            ("a", [0, 1, 2, 3, 4, 5, 6, 7]),
            ("b", [7, 6, 5, 4, 3, 2, 1, 0]),
            ("c", [1, 2, 3, 4, 5, 6, 7, 0]),
            ("d", [7, 3, 0, 6, 1, 5, 2, 4]),
        ] {
            let story = story(service);
            for index in order {
                heed(&app, &story[index]);
            }
            assert_eq!(lane(&app, &story).1, [format!("{service} 70 fixes {service} 0")], "{order:?}");
        }
    }
);

both!(
    async fn a_newer_end_of_what_was_rolled_back_is_heeded(app: TestApp) {
        let mut ci = app.program(Scope::Ingest);
        let told = |id: &str, version: &str, ended: &str| {
            json!({"service": "shop", "version": version, "external_id": id, "status": "succeeded", "kind": "deploy",
                "finished_at": ended})
        };
        for (id, version, ended) in
            [("a", "1", "2026-11-23T10:00:00Z"), ("b", "2", "2026-11-23T10:10:00Z"), ("c", "1", "2026-11-23T10:30:00Z")]
        {
            assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &told(id, version, ended)).await.status, 201);
        }
        let second = || app.read(|c| queries::by_number(c, 2));
        assert_eq!(second().status, DeployStatus::RolledBack);
        let later = told("b", "2", "2026-11-23T10:20:00Z");
        assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &later).await.status, 200);
        assert_eq!(second().finished_at.unwrap().to_string(), "2026-11-23T10:20:00Z");
        assert_eq!(second().status, DeployStatus::RolledBack);
        // An end after the rollback: then it was none of that one.
        let after = told("b", "2", "2026-11-23T10:40:00Z");
        assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &after).await.status, 200);
        assert_eq!((second().status, second().kind), (DeployStatus::Succeeded, DeployKind::Deploy));
        assert_eq!(app.read(|c| queries::by_number(c, 3)).kind, DeployKind::Deploy);
        // An older end changes nothing.
        assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &later).await.status, 200);
        assert_eq!(second().finished_at.unwrap().to_string(), "2026-11-23T10:40:00Z");
        let faults = app.read(debrief::db::check::faults);
        assert!(faults.is_empty(), "{faults:?}");
    }
);

both!(
    async fn a_person_takes_a_mark_back_and_is_heeded(app: TestApp) {
        let story = [draft("shop", "1", 0), draft("shop", "2", 10), draft("shop", "1", 20)];
        for draft in &story {
            heed(&app, draft);
        }
        let mut ada = app.ada();
        let page = ada.get("/deploys/DEP-3").await;
        assert!(page.one("#marks").contains("Undid DEP-2"), "{}", page.one("#marks"));
        assert!(ada.get("/deploys/DEP-2").await.one("#marks").contains("Undone by DEP-3"));
        let action = page.attribute("#marks form", "action").unwrap();
        let page = ada.post_and_follow(&action, &[("reason", "A re-run of the pipeline")]).await;
        assert!(page.one("#marks").contains("Taken back by Ada"), "{}", page.one("#marks"));
        assert!(page.one("#marks").contains("A re-run of the pipeline"));
        assert_eq!(ada.post(&action, &[]).await.status, 409);
        assert_eq!(lane(&app, &story).0, ["1 deploy succeeded", "2 deploy succeeded", "1 deploy succeeded"]);
        // The same messages again, and late news around it, do not bring it back.
        for draft in story.iter().rev() {
            heed(&app, draft);
        }
        heed(&app, &draft("shop", "1.5", 5));
        assert_eq!(lane(&app, &story).1, Vec::<String>::new());
        let entries = app.read(|c| debrief::auth::audit::list(c, Some("DEP-3"), debrief::db::paging::Turn::First));
        assert!(entries.rows.iter().any(|entry| entry.action == "deploy.unmark" && entry.actor == "Ada"));
    }
);

both!(
    async fn a_correction_by_hand_overrules_and_a_replay_does_not(app: TestApp) {
        let mut ci = app.program(Scope::Ingest);
        for (version, id) in [("1", "a"), ("2", "b"), ("1", "c")] {
            let body = json!({"service": "shop", "version": version, "external_id": id, "status": "succeeded", "kind": "deploy"});
            assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &body).await.status, 201);
            app.app.clock.advance_s(60);
        }
        let status = || app.read(|c| queries::by_number(c, 2)).status;
        assert_eq!(status(), DeployStatus::RolledBack);
        let again =
            json!({"service": "shop", "version": "2", "external_id": "b", "status": "succeeded", "kind": "deploy"});
        assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &again).await.status, 200);
        assert_eq!(status(), DeployStatus::RolledBack);
        let again =
            json!({"service": "shop", "version": "1", "external_id": "c", "status": "succeeded", "kind": "deploy"});
        assert_eq!(ci.json(Method::POST, "/api/v1/deploys", &again).await.status, 200);
        assert_eq!(app.read(|c| queries::by_number(c, 3)).kind, DeployKind::Rollback);
        let mut robot = app.program(Scope::Write);
        let patched = robot.json(Method::PATCH, "/api/v1/deploys/DEP-2", &json!({"status": "succeeded"})).await;
        assert_eq!(patched.status, 200, "{}", patched.text());
        assert_eq!(status(), DeployStatus::Succeeded);
        assert_eq!(app.read(|c| queries::by_number(c, 3)).kind, DeployKind::Deploy);
        let marks = app.read(|c| queries_marks::of_deploy(c, 3));
        assert!(marks.iter().all(|mark| mark.mark == MarkKind::Undoes && !mark.stands()), "{marks:?}");
    }
);
