//! Links between incidents and deploys, said from either page.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::audit;
use debrief::auth::model::{Role, Scope};
use debrief::deploys;
use debrief::deploys::model::{Deploy, DeployDraft};
use debrief::error::Error;
use debrief::links::model::{Relation, VerdictWord};
use debrief::links::queries;
use debrief::timeline;
use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::timeline::incident;

pub fn deploy(app: &TestApp, service: &str, version: &str, finished_at: &str) -> Deploy {
    let mut draft = DeployDraft::of(service, "test");
    draft.version = Some(version.to_owned());
    draft.finished_at = Some(debrief::clock::Moment::parse(finished_at).unwrap());
    let now = app.now();
    app.write(|c| deploys::queries::record(c, &Actor::program("test"), &draft, now))
}

both!(
    async fn a_word_is_said_from_the_deploys_page(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        deploy(&app, "checkout", "2.4.0", "2026-11-23T13:25:00Z");
        let mut ada = app.ada();
        let page = ada.get("/deploys/DEP-1").await;
        assert_eq!(page.attribute("#incidents form.add-line", "action").as_deref(), Some("/deploys/DEP-1/incidents"));
        let said = [("incident", "INC-1"), ("relation", "caused"), ("reason", "it halved the pool")];
        let page = ada.post_and_follow("/deploys/DEP-1/incidents", &said).await;
        assert!(page.one("#incidents").contains("INC-1") && page.one("#incidents").contains("it halved the pool"));
        assert_eq!(page.one("#incidents .pill"), "Caused it");

        // It stands on the incident's page, and the deploy on its timeline at its own time.
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.one("#deploys").contains("DEP-1"), "{}", page.one("#deploys"));
        let rows = app.read(|c| timeline::queries::of_incident(c, outage.id));
        assert_eq!(rows[0].event.happened_at.to_string(), "2026-11-23T13:25:00Z");
        assert_eq!(rows[0].event.text, "DEP-1: deploy of checkout 2.4.0 to production");
        assert!(rows.iter().any(|row| row.event.text == "DEP-1 caused it: it halved the pool"));
        let log = app.read(|c| audit::list(c, Some("INC-1"), Default::default()));
        assert_eq!((log.rows[0].action.as_str(), log.rows[0].actor.as_str()), ("link.say", "Ada"));
    }
);

both!(
    async fn a_new_word_replaces_the_last_one_and_the_history_stays(app: TestApp) {
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let release = deploy(&app, "checkout", "2.4.0", "2026-11-23T13:25:00Z");
        let now = app.now();
        let program = Actor::program("correlation");
        let words = |app: &TestApp| -> Vec<VerdictWord> {
            app.read(|c| queries::verdicts(c, outage.id)).iter().map(|verdict| verdict.relation).collect()
        };
        app.write(|c| queries::say(c, &program, &outage, &release, Relation::Suspected, "5 min before", now));
        let refused =
            app.app.db.write_blocking(|c| queries::say(c, &program, &outage, &release, Relation::Caused, "", now));
        assert!(matches!(refused, Err(Error::Forbidden(_))));

        let mut ada = app.ada();
        let said = [("deploy", "DEP-1"), ("relation", "contributed")];
        let page = ada.post_and_follow("/incidents/INC-1/deploys", &said).await;
        assert!(page.one("#deploys details").contains("5 min before"), "{}", page.one("#deploys"));
        // Said again, it is said once; and the program does not overrule Ada.
        ada.post("/incidents/INC-1/deploys", &said).await;
        app.write(|c| queries::say(c, &program, &outage, &release, Relation::Suspected, "again", now));
        assert_eq!(words(&app), [VerdictWord::Suspected, VerdictWord::Contributed]);

        let page = ada.post_and_follow("/incidents/INC-1/deploys/DEP-1/removal", &[]).await;
        let undo = page.attribute(".flash form", "action").unwrap();
        assert!(app.read(|c| queries::of_incident(c, outage.id)).is_empty());
        let on_timeline = |app: &TestApp| {
            let rows = app.read(|c| timeline::queries::of_incident(c, outage.id));
            rows.iter().filter(|row| row.event.text.starts_with("DEP-1: deploy")).count()
        };
        assert_eq!(on_timeline(&app), 0);
        ada.post_and_follow(&undo, &[]).await;
        assert_eq!(on_timeline(&app), 1);
        assert_eq!(app.read(|c| queries::of_deploy(c, release.id))[0].0.relation, Relation::Contributed);
        assert_eq!(words(&app)[2..], [VerdictWord::Unlinked, VerdictWord::Contributed]);

        let page = ada.post_and_follow("/deploys/DEP-1/incidents/INC-1/removal", &[]).await;
        let undo = page.attribute(".flash form", "action").unwrap();
        assert_eq!(undo, "/deploys/DEP-1/incidents/INC-1/restoration");
        assert_eq!(ada.post("/deploys/DEP-1/incidents/INC-1/removal", &[]).await.status, 404);
        ada.post_and_follow(&undo, &[]).await;
        assert_eq!(on_timeline(&app), 1);
    }
);

both!(
    async fn odd_keys_are_refused_with_a_sentence(app: TestApp) {
        incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        deploy(&app, "checkout", "2.4.0", "2026-11-23T13:25:00Z");
        let mut ada = app.ada();
        for (key, sentence) in [
            ("", "Name the deploy"),
            ("DEP-0", "is no deploy's key"),
            ("INC-1", "is no deploy's key"),
            ("DEP-77", "There is no deploy DEP-77"),
        ] {
            let typed = [("deploy", key), ("relation", "caused"), ("reason", "because")];
            let page = ada.post("/incidents/INC-1/deploys", &typed).await;
            assert_eq!(page.status, 422);
            assert!(page.one("#f-deploy-error").contains(sentence), "{key}: {}", page.one("#f-deploy-error"));
            assert_eq!((page.typed("deploy"), page.typed("reason")), (key.to_owned(), "because".to_owned()));
        }
        let twice = [("incident", "INC-1"), ("incident", "INC-1"), ("relation", "guilty")];
        let page = ada.post("/deploys/DEP-1/incidents", &twice).await;
        assert_eq!(page.one("#f-incident-error"), "Name one incident at a time.");
        assert!(page.one("#f-relation-error").starts_with("Pick one of"));
        let said = [("deploy", "DEP-1"), ("relation", "caused")];
        assert_eq!(ada.post("/incidents/INC-77/deploys", &said).await.status, 404);
        assert_eq!(ada.post("/incidents/x/deploys", &[]).await.status, 404);
        assert_eq!(ada.post("/incidents/INC-1/deploys/DEP-1/restoration", &[]).await.status, 404);
        let back = [said[0], said[1], ("back", "//elsewhere.example")];
        assert_eq!(ada.post("/incidents/INC-1/deploys", &back).await.header("location"), Some("/"));
        let mut vera = app.signed_in("Vera", Role::Viewer);
        assert_eq!(vera.post("/incidents/INC-1/deploys", &said).await.status, 403);
        assert!(vera.get("/incidents/INC-1").await.all("#deploys form").is_empty());
    }
);

both!(
    async fn programs_link_with_a_persons_token(app: TestApp) {
        incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        deploy(&app, "checkout", "2.4.0", "2026-11-23T13:25:00Z");
        let mut program = app.program(Scope::Write);
        let address = "/api/v1/incidents/INC-1/deploys";
        let body = json!({"deploy": "DEP-1", "relation": "fixed", "reason": "errors stopped"});
        let said = program.with("idempotency-key", "k").json(Method::POST, address, &body).await;
        assert_eq!(said.status, 201, "{}", said.text());
        let again = program.with("idempotency-key", "k").json(Method::POST, address, &body).await;
        assert_eq!(again.json(), said.json());
        assert_eq!(said.json()["history"].as_array().unwrap().len(), 1);
        assert_eq!(program.get(address).await.json()["items"][0], said.json());
        assert_eq!(program.get("/api/v1/deploys/DEP-1/incidents").await.json()["items"][0], said.json());
        let wrong = program.json(Method::POST, address, &json!({"deploy": "DEP-9", "relation": "fixed"})).await;
        assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]), (422, &json!("/deploy")));
        assert_eq!(program.json(Method::POST, address, &json!({})).await.json()["errors"].as_array().unwrap().len(), 2);
        assert_eq!(program.get("/api/v1/deploys/DEP-9/incidents").await.status, 404);
    }
);
