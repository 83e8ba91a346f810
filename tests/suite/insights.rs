//! How a service is delivered: the figures from real rows, and the page.

use actix_web::http::Method;
use debrief::auth::model::Scope;
use serde_json::json;

use crate::both;
use crate::support::{Http, TestApp};

/// Six deploys of checkout, the first with an author an age ago, each other one written an hour before it was live;
/// and one deploy of a flag, which is none.
async fn ship(app: &TestApp) -> Http {
    let mut program = app.program(Scope::Write);
    let now = app.now();
    for n in 0..6_i64 {
        let end = now.plus_s(-86_400 * (7 - n));
        let written = end.plus_s(if n == 0 { -40 * 86_400 } else { -3_600 });
        let deploy = json!({
            "service": "checkout", "version": format!("1.0.{n}"), "status": "succeeded",
            "started_at": end.plus_s(-60).to_string(), "finished_at": end.to_string(),
            "authors": [{"name": "Ada", "at": written.to_string()}],
        });
        let made = program.json(Method::POST, "/api/v1/deploys", &deploy).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let flag = json!({"service": "checkout", "kind": "flag", "version": "new-basket", "status": "succeeded"});
    assert_eq!(program.json(Method::POST, "/api/v1/deploys", &flag).await.status, 201);
    let end = now.plus_s(-86_400 * 2);
    let incident = json!({
        "title": "Purchases fail", "severity": "SEV2", "services": ["checkout"],
        "started_at": end.plus_s(60).to_string(), "resolved_at": end.plus_s(1_800).to_string(), "status": "resolved",
    });
    let made = program.json(Method::POST, "/api/v1/incidents", &incident).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let link = json!({"deploy": "DEP-6", "relation": "caused"});
    let linked = program.json(Method::POST, "/api/v1/incidents/INC-1/deploys", &link).await;
    assert!(linked.status.is_success(), "{}", linked.text());
    program
}

both!(
    async fn the_page_counts_raw_rows_and_says_of_how_many(app: TestApp) {
        let mut ada = app.ada();
        let blank = ada.get("/insights").await;
        assert_eq!(blank.status, 200);
        assert!(blank.text().contains("No service yet"), "{}", blank.text());

        ship(&app).await;
        let page = ada.get("/insights?service=checkout").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        assert!(text.contains("1 h · 90 % within 1 h"), "the first deploy has no lead time: {text}");
        assert!(text.contains("n = 5"), "{text}");
        assert!(text.contains("n = 6, on 6 of 90 days"), "a flag is no deploy: {text}");
        assert!(text.contains("1 of 6"), "one of six was a cause: {text}");
        assert!(text.contains("17 %"), "{text}");
        assert!(text.contains("1 incident began here in this time; it hurt for 29 min."), "{text}");
        let none = ada.get("/insights?service=checkout&environment=moon").await;
        assert!(none.text().contains("No deploy in this time"), "{}", none.text());
        assert_eq!(ada.get("/insights?service=nowhere").await.status, 404);
        assert_eq!(ada.get("/insights?service=checkout&days=x").await.status, 200);
    }
);

both!(
    async fn a_cause_that_was_ruled_out_or_only_suspected_is_not_counted(app: TestApp) {
        let mut program = ship(&app).await;
        let again = json!({"deploy": "DEP-6", "relation": "suspected"});
        let linked = program.json(Method::POST, "/api/v1/incidents/INC-1/deploys", &again).await;
        assert!(linked.status.is_success(), "{}", linked.text());
        let text = app.ada().get("/insights?service=checkout").await.text();
        assert!(text.contains("0 of 6"), "{text}");
        assert!(text.contains("up to 17 % with those that are suspected"), "{text}");
    }
);
