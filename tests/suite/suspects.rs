//! Suspects: proposed by themselves, judged with one click, learned from, measured.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::clock::Moment;
use debrief::db::Conn;
use debrief::deploys;
use debrief::deploys::model::{DeployDraft, DeployKind};
use debrief::incidents::model::{Incident, IncidentChange, TimeField};
use debrief::links::model::Relation;
use debrief::services::model::ServiceDraft;
use debrief::suspects::model::{Part, Suspect};
use debrief::suspects::{queries, queries_learning};
use debrief::{incidents, links, services};
use serde_json::json;

use crate::both;
use crate::links::deploy;
use crate::support::TestApp;
use crate::support::program::{Folder, debrief, run};
use crate::timeline::incident;

fn service(app: &TestApp, slug: &str, needs: &[&str]) {
    let draft = ServiceDraft {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        team: None,
        tier: 2,
        description: String::new(),
        repository_url: None,
        depends_on: needs.iter().map(|&name| name.to_owned()).collect(),
        links: Vec::new(),
    };
    let now = app.now();
    app.write(|c| services::queries::add(c, &Actor::program("test"), &draft, now));
}

/// A shop whose checkout needs payments, with a blog beside it.
fn shop(app: &TestApp) {
    service(app, "payments", &[]);
    service(app, "checkout", &["payments"]);
    service(app, "blog", &[]);
}

fn kept(app: &TestApp, incident: &Incident) -> Vec<Suspect> {
    let now = app.now();
    app.read(|c| queries::of_incident(c, incident, now)).1.into_iter().map(|(suspect, _, _)| suspect).collect()
}

/// Suspects as `(deploy's number, place)`; deploys have ids in the order of their numbers here.
fn causes(app: &TestApp, incident: &Incident) -> Vec<i64> {
    let rows = kept(app, incident);
    rows.iter().filter(|suspect| suspect.part == Part::Cause).map(|suspect| suspect.deploy_id).collect()
}

fn sum(app: &TestApp, incident: &Incident) -> f64 {
    let now = app.now();
    let (reckoning, rows) = app.read(|c| queries::of_incident(c, incident, now));
    let suspects: f64 = rows
        .iter()
        .filter(|(suspect, _, _)| suspect.part == Part::Cause)
        .map(|(suspect, _, _)| suspect.probability)
        .sum();
    suspects + reckoning.none_probability + reckoning.others_probability
}

both!(
    async fn an_incident_is_declared_with_ranked_suspects(app: TestApp) {
        shop(&app);
        deploy(&app, "checkout", "1.0.0", "2026-11-16T09:00:00Z");
        let guilty = deploy(&app, "payments", "3.1.0", "2026-11-23T13:20:00Z");
        deploy(&app, "blog", "0.9.0", "2026-11-23T13:25:00Z");
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        assert_eq!(causes(&app, &outage)[0], guilty.id);
        assert!((sum(&app, &outage) - 1.0).abs() < 1e-6);

        let mut ada = app.ada();
        let page = ada.get("/incidents/INC-1").await;
        let first = page.all("#suspects li").remove(0);
        assert!(first.contains("DEP-2") && first.contains("which the affected service needs"), "{first}");
        assert!(first.contains("finished 10 minutes before"), "{first}");
        assert!(page.one("#none-of-these").contains("3 changes looked at"), "{}", page.one("#none-of-these"));
        // The deploy's page asks the same from the other side.
        let page = ada.get("/deploys/DEP-2").await;
        assert!(page.one("#suspected").contains("INC-1"), "{}", page.one("#suspected"));
        let buttons = page.all("#suspected button").into_iter().map(|text| text.replace(": INC-1", ""));
        assert_eq!(buttons.collect::<Vec<_>>(), ["Caused it", "Contributed", "Not this one", "Fixed it"]);

        let mut program = app.program(Scope::Read);
        let answer = program.get("/api/v1/incidents/INC-1/suspects").await.json();
        assert_eq!(answer["suspects"][0]["deploy"], "DEP-2");
        assert_eq!(answer["suspects"][0]["service"], "payments");
        assert_eq!(answer["suspects"][0]["reasons"][0]["rule"], "dependency");
        let said: f64 =
            answer["suspects"].as_array().unwrap().iter().map(|it| it["probability"].as_f64().unwrap()).sum();
        let rest =
            answer["none_of_these"]["probability"].as_f64().unwrap() + answer["others_probability"].as_f64().unwrap();
        assert!((said + rest - 1.0).abs() < 1e-6, "{answer}");
        assert_eq!(program.get("/api/v1/incidents/INC-9/suspects").await.status, 404);
    }
);

both!(
    async fn facts_that_come_later_change_the_ranking(app: TestApp) {
        shop(&app);
        let early = deploy(&app, "checkout", "1.0.0", "2026-11-23T10:00:00Z");
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        assert_eq!(causes(&app, &outage), [early.id]);
        // A deploy that is told late.
        let late = deploy(&app, "checkout", "1.1.0", "2026-11-23T13:28:00Z");
        assert_eq!(app.work_queue().await, 1);
        assert_eq!(causes(&app, &outage)[0], late.id);
        // The start was earlier than thought: the late one cannot have caused it any more.
        let now = app.now();
        let change = IncidentChange {
            times: vec![(TimeField::Started, Some(Moment::parse("2026-11-23T10:05:00Z").unwrap()))],
            ..IncidentChange::default()
        };
        let outage = app.write(|c| incidents::queries::change(c, &Actor::program("test"), 1, &change, now));
        assert_eq!(causes(&app, &outage), [early.id]);
        // Another service was hit; then the two have nothing to do with it.
        let change = IncidentChange { services: Some(vec!["blog".to_owned()]), ..IncidentChange::default() };
        let before = kept(&app, &outage)[0].probability;
        let outage = app.write(|c| incidents::queries::change(c, &Actor::program("test"), 1, &change, now));
        assert!(kept(&app, &outage)[0].probability < before);
        // And blog needs checkout after all.
        let draft = app.read(|c| {
            let blog = services::queries::by_slug(c, "blog")?;
            Ok(ServiceDraft {
                slug: blog.slug,
                name: blog.name,
                team: None,
                tier: blog.tier,
                description: blog.description,
                repository_url: None,
                depends_on: vec!["checkout".to_owned()],
                links: Vec::new(),
            })
        });
        app.write(|c| services::queries::change(c, &Actor::program("test"), "blog", &draft, now));
        assert_eq!(app.work_queue().await, 1);
        assert!(kept(&app, &outage)[0].reasons.contains("dependency"));
    }
);

both!(
    async fn a_verdict_is_one_click_and_is_kept_beside_what_was_proposed(app: TestApp) {
        shop(&app);
        let innocent = deploy(&app, "checkout", "1.1.0", "2026-11-23T13:28:00Z");
        let guilty = deploy(&app, "payments", "3.1.0", "2026-11-23T13:00:00Z");
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        assert_eq!(causes(&app, &outage), [innocent.id, guilty.id]);
        let mut ada = app.ada();
        // Ruled out: it is not proposed again, on either page.
        let said = [("deploy", "DEP-1"), ("relation", "ruled_out"), ("reason", "a change of texts")];
        let page = ada.post_and_follow("/incidents/INC-1/deploys", &said).await;
        assert!(page.one("#deploys").contains("a change of texts"));
        assert!(!page.one("#suspects").contains("DEP-1"), "{}", page.one("#suspects"));
        assert_eq!(causes(&app, &outage), [guilty.id]);
        assert!((sum(&app, &outage) - 1.0).abs() < 1e-6);
        assert!(ada.get("/deploys/DEP-1").await.all("#suspected").is_empty());
        // Caused, from the deploy's side.
        let page =
            ada.post_and_follow("/deploys/DEP-2/incidents", &[("incident", "INC-1"), ("relation", "caused")]).await;
        assert!(page.one("#incidents").contains("Caused it"));
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.all("#none-of-these").is_empty(), "a cause is on record");
        let refused = ada.post("/incidents/INC-1/suspects/none", &[]).await;
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("DEP-2 is said to have caused INC-1"));

        let figures = app.read(|c| debrief::insights::suspects::queries::figures(c, Moment::from_millis(0)));
        assert_eq!((figures.confirmed.part, figures.confirmed.whole), (1, 2));
        assert_eq!((figures.right_first.part, figures.in_three.part), (1, 1));
        // Taken back, it no longer counts, and both are proposed again.
        ada.post_and_follow("/incidents/INC-1/deploys/DEP-1/removal", &[]).await;
        ada.post_and_follow("/incidents/INC-1/deploys/DEP-2/removal", &[]).await;
        let figures = app.read(|c| debrief::insights::suspects::queries::figures(c, Moment::from_millis(0)));
        assert_eq!(figures.confirmed.whole, 0);
        assert_eq!(causes(&app, &outage), [innocent.id, guilty.id]);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn none_of_these_is_an_answer(app: TestApp) {
        shop(&app);
        deploy(&app, "checkout", "1.1.0", "2026-11-23T13:28:00Z");
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut ada = app.ada();
        let long = "x".repeat(201);
        assert_eq!(ada.post("/incidents/INC-1/suspects/none", &[("reason", &long)]).await.status, 422);
        let said = [("reason", "the provider was down")];
        let page = ada.post_and_follow("/incidents/INC-1/suspects/none", &said).await;
        assert!(page.one("#none-of-these").contains("the provider was down · Ada"), "{}", page.one("#none-of-these"));
        ada.post("/incidents/INC-1/suspects/none", &said).await;
        let rows = app.read(|c| debrief::timeline::queries::of_incident(c, outage.id));
        let told: Vec<&str> = rows.iter().map(|row| row.event.text.as_str()).collect();
        let words = "No change on record caused it: the provider was down";
        assert_eq!(told.iter().filter(|text| **text == words).count(), 1, "{told:?}");
        let answer = app.program(Scope::Read).get("/api/v1/incidents/INC-1/suspects").await.json();
        assert_eq!(answer["none_of_these"]["said_by"], "Ada");

        // The flash undoes it; a cause that is said later does as well.
        let page = ada.post_and_follow("/incidents/INC-1/suspects/none/removal", &[]).await;
        assert!(page.one("#none-of-these").contains("No change caused it"), "asked again");
        ada.post("/incidents/INC-1/suspects/none", &said).await;
        ada.post("/incidents/INC-1/deploys", &[("deploy", "DEP-1"), ("relation", "caused")]).await;
        let mut program = app.program(Scope::Write);
        let answer = program.get("/api/v1/incidents/INC-1/suspects").await.json();
        assert_eq!(answer["none_of_these"]["said_at"], json!(null));
        let none = "/api/v1/incidents/INC-1/suspects/none";
        assert_eq!(program.json(Method::POST, none, &json!({})).await.status, 409);
        ada.post("/incidents/INC-1/deploys/DEP-1/removal", &[]).await;
        let answer = program.json(Method::POST, none, &json!({"reason": "a cable"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["none_of_these"]["reason"], "a cable");
        let answer = program.json(Method::DELETE, none, &json!({})).await;
        assert_eq!(answer.json()["none_of_these"]["reason"], json!(null));
        assert_eq!(ada.post("/incidents/INC-9/suspects/none", &[]).await.status, 404);
        let mut viewer = app.signed_in("Grace", Role::Viewer);
        assert_eq!(viewer.post("/incidents/INC-1/suspects/none", &[]).await.status, 403);
    }
);

both!(
    async fn a_rollback_is_proposed_as_the_end_with_its_time(app: TestApp) {
        shop(&app);
        deploy(&app, "checkout", "1.1.0", "2026-11-23T13:28:00Z");
        let outage = incident(&app, "Checkout is down", "2026-11-23T13:30:00Z");
        let mut draft = DeployDraft::of("checkout", "test");
        draft.kind = DeployKind::Rollback;
        draft.version = Some("1.0.0".to_owned());
        draft.finished_at = Some(Moment::parse("2026-11-23T13:50:00Z").unwrap());
        let now = app.now();
        app.write(|c| deploys::queries::record(c, &Actor::program("test"), &draft, now));
        app.work_queue().await;
        let mut ada = app.ada();
        let page = ada.get("/incidents/INC-1").await;
        assert!(page.one("#fixes").contains("Rolled checkout back"), "{}", page.one("#fixes"));
        assert!(page.all("#fixes button")[0].starts_with("Fixed it, over at 13:50"));
        let page = ada.post_and_follow("/incidents/INC-1/suspects/DEP-2/end", &[]).await;
        assert!(page.one("#deploys").contains("Fixed it"));
        let after = app.read(|c| incidents::queries::by_id(c, outage.id));
        assert_eq!(after.mitigated_at.unwrap().to_string(), "2026-11-23T13:50:00Z");
        assert_eq!(after.status.as_str(), "mitigated");
        let links = app.read(|c| links::queries::of_incident(c, outage.id));
        assert_eq!(links[0].0.relation, Relation::Fixed);
        assert_eq!(ada.post("/incidents/INC-1/suspects/DEP-2/end", &[]).await.status, 409);
        assert_eq!(ada.post("/incidents/INC-1/suspects/DEP-9/end", &[]).await.status, 404);
    }
);

both!(
    async fn the_figures_of_the_verdicts_stand_on_a_page(app: TestApp) {
        shop(&app);
        let mut ada = app.ada();
        let page = ada.get("/insights/suspects").await;
        assert!(page.text().contains("No verdict yet"));
        for day in 10..16 {
            let change = deploy(&app, "checkout", &format!("1.{day}.0"), &format!("2026-11-{day}T13:20:00Z"));
            let outage = incident(&app, "Checkout is down", &format!("2026-11-{day}T13:30:00Z"));
            let said = [("deploy", change.key()), ("relation", "caused".to_owned())];
            let said = said.each_ref().map(|(name, value)| (*name, value.as_str()));
            ada.post(&format!("{}/deploys", outage.path()), &said).await;
        }
        assert!(app.work_queue().await >= 1);
        let page = ada.get("/insights/suspects?days=90").await;
        assert_eq!(page.all(".stats dd")[0], "100 %", "{}", page.text());
        assert!(page.one("#by-rule").contains("Changed the service that alerted"));
        assert!(page.one("#learned").contains("6 incidents, 6 of them with a verdict"), "{}", page.one("#learned"));
        assert_eq!(ada.get("/insights/suspects?days=x").await.status, 200);

        // A verdict that is taken back is forgotten when everything is learned again.
        ada.post("/incidents/INC-1/deploys/DEP-1/removal", &[]).await;
        app.app.clock.advance_s(120);
        app.work_queue().await;
        assert_eq!(app.read(queries_learning::beliefs).seen(), (6, 5));
    }
);

both!(
    async fn incidents_from_before_are_adopted_with_their_verdicts(app: TestApp) {
        shop(&app);
        let change = deploy(&app, "checkout", "1.1.0", "2026-11-20T13:28:00Z");
        let old = incident(&app, "Checkout was down", "2026-11-20T13:30:00Z");
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/deploys", &[("deploy", &change.key()), ("relation", "caused")]).await;
        app.write(|c| {
            let _ = diesel_sweep(c)?;
            Ok(())
        });
        assert_eq!(causes(&app, &old), [change.id], "an incident without a ranking is ranked as it is shown");
        let now = app.now();
        assert_eq!(app.write(|c| queries_learning::adopt(c, now)), 1);
        let figures = app.read(|c| debrief::insights::suspects::queries::figures(c, Moment::from_millis(0)));
        assert_eq!((figures.right_first.part, figures.confirmed.whole), (1, 1));
    }
);

/// As if nobody had ever reckoned.
fn diesel_sweep(c: &mut Conn) -> Result<usize, debrief::error::Error> {
    use diesel::RunQueryDsl;
    let mut count = 0;
    for table in ["incident_suspects", "suspect_verdicts", "suspect_learning", "incident_reckonings"] {
        count += diesel::sql_query(format!("DELETE FROM {table}")).execute(c)?;
    }
    Ok(count)
}

/// The plan of what a reckoning reads on SQLite: an index everywhere, and no walk over the deploys.
#[test]
fn every_read_of_a_reckoning_is_served_by_an_index() {
    crate::support::on_sqlite(|app| async move {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        for sql in [
            "SELECT id, service_id FROM deploys WHERE service_id IN (1, 2, 3) AND happened_at >= 5 AND happened_at <= 9 \
             ORDER BY happened_at DESC, id DESC LIMIT 250",
            "SELECT * FROM deploys WHERE happened_at <= 9 ORDER BY happened_at DESC, id DESC LIMIT 500",
            "SELECT * FROM deploys WHERE id IN (1, 2, 3) ORDER BY id",
            "SELECT * FROM deploys WHERE service_id IN (1, 2) AND happened_at > 5 AND happened_at <= 9 \
             AND status = 'succeeded' ORDER BY happened_at, id LIMIT 60",
            "SELECT * FROM service_dependencies WHERE service_id IN (1, 2) ORDER BY service_id, depends_on_id LIMIT 9",
            "SELECT * FROM service_dependencies WHERE depends_on_id IN (1, 2) ORDER BY depends_on_id, service_id LIMIT 9",
            "SELECT * FROM incident_suspects s JOIN incidents i ON i.id = s.incident_id WHERE s.deploy_id = 1 \
             ORDER BY i.started_at DESC LIMIT 5",
            "SELECT * FROM suspect_verdicts WHERE said_at >= 5 ORDER BY said_at DESC, id DESC LIMIT 5000",
        ] {
            let steps: Vec<Step> = app.read(|c| match c {
                Conn::Sqlite(c) => Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c)?),
                Conn::Postgres(_) => unreachable!("this test runs on SQLite"),
            });
            let plan: Vec<_> = steps.into_iter().map(|step| step.detail).collect();
            assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{sql}: {plan:?}");
            assert!(plan[0].contains("INDEX") || plan[0].contains("PRIMARY KEY"), "{sql}: {plan:?}");
        }
    });
}

#[test]
fn a_case_in_a_file_is_ranked_without_a_database() {
    let folder = Folder::new();
    let file = folder.file("case.json");
    let case = json!({
        "deploys": [
            {"id": "d1", "service": "payments", "finished_at": "2026-11-23T13:20:00Z"},
            {"id": "d2", "service": "blog", "finished_at": "2026-11-23T13:25:00Z"}
        ],
        "dependencies": [["checkout", "payments"]],
        "alerting_service": "checkout",
        "started_at": "2026-11-23T13:30:00Z"
    });
    std::fs::write(&file, case.to_string()).unwrap();
    let database = folder.file("none.db");
    let (code, told, complaint) = run(debrief(&database).args(["suspects", "--case"]).arg(&file));
    assert_eq!(code, 0, "{complaint}");
    let answer: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(answer["suspects"][0]["deploy"], "d1");
    assert!(!database.exists());
    std::fs::write(&file, "{\"deploys\": 3}").unwrap();
    let (code, _, complaint) = run(debrief(&database).args(["suspects", "--case"]).arg(&file));
    assert_eq!(code, 1);
    assert!(complaint.contains("The case cannot be read"), "{complaint}");
}
