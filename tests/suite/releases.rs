//! Releases: checklists, freeze windows, and the answer to a pipeline's "may I".

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::db::Conn;
use debrief::db::schema::checklist_ticks;
use debrief::deploys::model::{BY_API, DeployDraft, DeployKind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;

use crate::both;
use crate::support::browser::Answer;
use crate::support::{Http, TestApp};

fn record(app: &TestApp, service: &str, environment: &str, kind: DeployKind) -> String {
    let mut draft = DeployDraft::of(service, BY_API);
    draft.environment = environment.to_owned();
    draft.kind = kind;
    draft.finished_at = Some(app.now());
    let now = app.now();
    app.write(|c| debrief::deploys::queries::record(c, &Actor::program("test"), &draft, now)).key()
}

async fn ask(program: &mut Http, query: &str) -> Answer {
    program.json(Method::GET, &format!("/api/v1/deploys/readiness?{query}"), &json!({})).await
}

fn kinds(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    body["reasons"].as_array().unwrap().iter().map(|reason| reason["kind"].as_str().unwrap().to_owned()).collect()
}

both!(
    async fn a_checklist_is_built_ticked_and_unticked_on_record(app: TestApp) {
        record(&app, "checkout", "production", DeployKind::Deploy);
        let mut ada = app.ada();
        let page = ada.get("/services/checkout").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let refused =
            ada.post("/services/checkout/release", &[("checklist", "Run it all"), ("bindingness", "advice")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("checklist"), "Run it all");
        let template = "Before:\n- [ ] Migrations ran\n- [ ] Dashboard looked at\n";
        let typed = [("checklist", template), ("checklist_environment", "production"), ("bindingness", "advice")];
        let page = ada.post_and_follow("/services/checkout/release", &typed).await;
        assert!(page.typed("checklist").contains("Migrations ran"));
        // Deploys from now on have it, in that environment; what goes back does not.
        let key = record(&app, "checkout", "production", DeployKind::Deploy);
        for (environment, kind) in [("staging", DeployKind::Deploy), ("production", DeployKind::Rollback)] {
            let other = record(&app, "checkout", environment, kind);
            let page = ada.get(&format!("/deploys/{other}")).await;
            assert_eq!(page.all("#checklist li").len(), 0, "{other}");
        }
        let page = ada.get(&format!("/deploys/{key}")).await;
        assert_eq!(page.all("#checklist li").len(), 2);
        assert!(page.one(".head").contains("Checklist: 2 of 2 open"), "{}", page.one(".head"));
        assert!(ada.get("/deploys").await.text().contains("checklist 2 of 2 open"));
        let action = page.attribute("#checklist form", "action").unwrap();
        let page = ada.post_and_follow(&action, &[("step", "ticked")]).await;
        assert!(page.one("#checklist li").contains("done: Migrations ranAda"), "{}", page.one("#checklist li"));
        assert!(page.one(".head").contains("1 of 2 open"));
        // The same again changes nothing; untick, and all of it stays on record.
        ada.post_and_follow(&action, &[("step", "ticked")]).await;
        let page = ada.post_and_follow(&action, &[("step", "unticked")]).await;
        assert!(
            page.one("#checklist").contains("Ticked: Migrations ran Ada")
                && page.one("#checklist").contains("Opened again: Migrations ran"),
            "{}",
            page.one("#checklist")
        );
        let steps: i64 = app.read(|c| Ok(checklist_ticks::table.count().get_result(c)?));
        assert_eq!(steps, 2);
        assert_eq!(ada.post(&action, &[("step", "odd")]).await.status, 422);
        assert_eq!(ada.post(&format!("/deploys/{key}/checklist/99"), &[("step", "ticked")]).await.status, 404);
        // An older deploy takes the checklist up when somebody asks.
        let page = ada.post_and_follow("/deploys/DEP-1/checklist", &[]).await;
        assert_eq!(page.all("#checklist li").len(), 2);
        assert_eq!(ada.post("/deploys/DEP-1/checklist", &[]).await.status, 409);
        let viewer = app.signed_in("Vera", Role::Viewer).post(&action, &[("step", "ticked")]).await;
        assert_eq!(viewer.status, 403);
    }
);

both!(
    async fn the_answer_is_advice_with_reasons_until_the_team_says_lock(app: TestApp) {
        record(&app, "checkout", "production", DeployKind::Deploy);
        let mut ci = app.program(Scope::Ingest);
        assert_eq!(ask(&mut ci, "environment=production").await.status, 422);
        let go = ask(&mut ci, "service=checkout").await;
        assert_eq!(go.status, 200, "{}", go.text());
        assert_eq!((go.json()["answer"].clone(), go.json()["reasons"].clone()), (json!("go"), json!([])));
        let mut admin = app.signed_in("Root", Role::Admin);
        // A freeze of everything in production.
        let refused = admin
            .post(
                "/admin/freezes",
                &[("reason", "Holidays"), ("starts_at", "2026-11-23T15:00"), ("ends_at", "2026-11-23T13:00")],
            )
            .await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("reason"), "Holidays");
        let freeze = [
            ("reason", "Holidays"),
            ("environment", "production"),
            ("starts_at", "2026-11-23T13:00"),
            ("ends_at", "2026-11-23T18:00"),
        ];
        let page = admin.post_and_follow("/admin/freezes", &freeze).await;
        assert!(page.one("tbody tr").starts_with("Holidayseverythingproduction"), "{}", page.one("tbody tr"));
        let wait = ask(&mut ci, "service=Checkout&environment=production").await;
        assert_eq!((wait.status.as_u16(), wait.json()["answer"].clone()), (200, json!("wait")));
        assert_eq!(kinds(&wait), ["freeze"]);
        assert!(wait.json()["reasons"][0]["text"].as_str().unwrap().contains("Holidays"));
        assert_eq!(ask(&mut ci, "service=checkout&environment=staging").await.json()["answer"], json!("go"));
        // A service that nobody has recorded yet is frozen as well.
        assert_eq!(kinds(&ask(&mut ci, "service=brand-new").await), ["freeze"]);
        // A lock only where the team says so.
        let lock = [("checklist", ""), ("checklist_environment", ""), ("bindingness", "lock")];
        assert_eq!(app.ada().post("/services/checkout/release", &lock).await.status, 303);
        let locked = ask(&mut ci, "service=checkout").await;
        assert_eq!((locked.status.as_u16(), locked.json()["locked"].clone()), (409, json!(true)));
        assert_eq!(locked.json()["answer"], json!("wait"));
        assert!(admin.get("/services/checkout").await.one("#releases").contains("refused"));
        assert_eq!(admin.post("/admin/freezes/1/cancellation", &[]).await.status, 303);
        assert_eq!(admin.post("/admin/freezes/1/cancellation", &[]).await.status, 409);
        assert_eq!(ask(&mut ci, "service=checkout").await.status, 200);
        assert_eq!(app.signed_in("Vera", Role::Viewer).get("/admin/freezes").await.status, 403);
    }
);

both!(
    async fn live_incidents_and_open_checklists_speak_against_it(app: TestApp) {
        let (mut robot, mut ci) = (app.program(Scope::Write), app.program(Scope::Read));
        for (slug, needs) in [("database", json!([])), ("cart", json!(["database"])), ("shop", json!(["cart"]))] {
            let body = json!({"name": slug, "depends_on": needs});
            assert_eq!(robot.json(Method::POST, "/api/v1/services", &body).await.status, 201);
        }
        let declare = |severity: &str, kind: &str, service: &str| json!({"title": "It hurts", "severity": severity, "kind": kind, "services": [service]});
        // Not bad enough, only nearly, or on something that it does not need.
        for (severity, kind, service) in
            [("SEV3", "incident", "database"), ("SEV1", "near_miss", "database"), ("SEV1", "incident", "elsewhere")]
        {
            assert_eq!(
                robot.json(Method::POST, "/api/v1/incidents", &declare(severity, kind, service)).await.status,
                201
            );
        }
        assert_eq!(ask(&mut ci, "service=shop").await.json()["answer"], json!("go"));
        let made = robot.json(Method::POST, "/api/v1/incidents", &declare("SEV2", "incident", "database")).await;
        let key = made.json()["key"].as_str().unwrap().to_owned();
        let wait = ask(&mut ci, "service=shop").await;
        assert_eq!(kinds(&wait), ["incident"]);
        let reason = wait.json()["reasons"][0].clone();
        assert!(reason["text"].as_str().unwrap().contains("which shop depends on"), "{reason}");
        assert_eq!(reason["url"], json!(format!("http://debrief.test/incidents/{key}")));
        let over = robot.json(Method::PATCH, &format!("/api/v1/incidents/{key}"), &json!({"status": "resolved"})).await;
        assert_eq!(over.status, 200, "{}", over.text());
        assert_eq!(ask(&mut ci, "service=shop").await.json()["answer"], json!("go"));
        // The checklist of the last deploy.
        let typed = [("checklist", "- [ ] Looked at"), ("checklist_environment", "production")];
        assert_eq!(app.ada().post("/services/shop/release", &typed).await.status, 303);
        let deploy = record(&app, "shop", "production", DeployKind::Deploy);
        let wait = ask(&mut ci, "service=shop").await;
        assert_eq!(kinds(&wait), ["checklist"]);
        assert!(wait.json()["reasons"][0]["text"].as_str().unwrap().contains(&deploy));
        assert_eq!(ask(&mut ci, "service=shop&environment=staging").await.json()["answer"], json!("go"));
    }
);

/// Every read of these rooms is served by an index.
#[test]
fn reads_are_served_by_indexes() {
    for (sql, index) in [
        (
            "SELECT * FROM deploys WHERE service_id = 1 AND environment = 'production' \
             AND happened_at <= 9 ORDER BY happened_at DESC, id DESC LIMIT 1",
            "deploys_by_",
        ),
        ("SELECT * FROM freeze_windows WHERE ends_at > 5 ORDER BY ends_at, id LIMIT 200", "freeze_windows_by_end"),
    ] {
        crate::support::plans::is_served_by_index(sql, index);
    }
}

both!(
    async fn a_lanes_versions_and_commits_are_found_by_indexes_of_their_own(app: TestApp) {
        // Of an empty table PostgreSQL takes any index.
        debrief::demo::welcome(&app.app.db, 7, app.now()).unwrap();
        app.write(|c| match c {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(c) => Ok(c.batch_execute("ANALYZE")?),
        });
        for (column, index) in [("version", "deploys_by_lane_version"), ("commit_sha", "deploys_by_lane_commit")] {
            let sql = format!(
                "SELECT id FROM deploys WHERE service_id = 1 AND environment = 'production' AND {column} = '1' \
                 AND happened_at >= 9 ORDER BY happened_at, id LIMIT 1"
            );
            crate::support::plans::must_use_index(&app, &sql, index);
        }
    }
);
