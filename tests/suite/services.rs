//! Services, by page and by API.

use actix_web::http::Method;
use debrief::auth::model::{Role, Scope};
use debrief::services::queries;
use serde_json::json;

use crate::both;

both!(
    async fn a_member_puts_a_service_on_record(app: TestApp) {
        let mut ada = app.ada();
        let refused = ada.post("/services", &[("name", ""), ("tier", "9"), ("repository_url", "ftp://x")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-name-error").contains("Give the service a name"));
        assert_eq!(refused.typed("repository_url"), "ftp://x");

        let page = ada.post_and_follow("/services", &[("name", "Payments API"), ("tier", "1")]).await;
        assert_eq!(page.one("h1"), "Payments API");
        let again = ada.post("/services", &[("name", "Payments API"), ("tier", "1")]).await;
        assert_eq!(again.status, 422);
        assert_eq!(app.read(|c| queries::by_slug(c, "payments-api")).tier, 1);
        let log = app.read(|c| debrief::auth::audit::list(c, Some("service payments-api"), Default::default()));
        assert_eq!(log.rows[0].action, "service.add");
    }
);

both!(
    async fn a_viewer_may_only_look(app: TestApp) {
        let mut viewer = app.signed_in("Vera", Role::Viewer);
        assert_eq!(viewer.get("/services").await.status, 200);
        assert_eq!(viewer.post("/services", &[("name", "X")]).await.status, 403);
        assert_eq!(app.anonymous().get("/services").await.header("location"), Some("/sign-in?next=%2Fservices"));
    }
);

both!(
    async fn programs_add_services_once_per_key(app: TestApp) {
        let program = app.program(Scope::Write);
        let body = json!({"slug": "checkout", "name": "Checkout", "tier": 2});
        let keyed = || program.with("idempotency-key", "k1");
        let first = keyed().json(Method::POST, "/api/v1/services", &body).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let second = keyed().json(Method::POST, "/api/v1/services", &body).await;
        assert_eq!((second.status.as_u16(), second.json()), (201, first.json()));
        let other = keyed().json(Method::POST, "/api/v1/services", &json!({"slug": "search"})).await;
        assert_eq!(other.status, 422);

        let wrong = program.clone().json(Method::POST, "/api/v1/services", &json!({"name": 5})).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.header("content-type"), Some("application/problem+json"));
        assert_eq!(wrong.json()["errors"][0]["pointer"], "/name");
        let missing = program.clone().json(Method::POST, "/api/v1/services", &json!({"depends_on": ["nowhere"]})).await;
        assert_eq!(missing.json()["errors"][0]["pointer"], "/name");
        assert_eq!(app.program(Scope::Ingest).get("/api/v1/services").await.status, 403);
        assert_eq!(app.anonymous().get("/api/v1/services").await.status, 401);
    }
);

both!(
    async fn one_key_in_parallel_makes_one_thing(app: TestApp) {
        let program = app.program(Scope::Write).with("idempotency-key", "k2");
        let body = json!({"slug": "ledger"});
        let sent = (0..8).map(|_| {
            let (mut program, body) = (program.clone(), &body);
            async move { program.json(Method::POST, "/api/v1/services", body).await }
        });
        let answers = futures_util::future::join_all(sent).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    }
);
