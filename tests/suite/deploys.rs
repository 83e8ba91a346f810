//! Deploys: the form, the API, the list and the page.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::clock::Moment;
use debrief::deploys::model::{BY_API, DeployDraft, DeployStatus};
use debrief::deploys::queries;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

fn record(app: &TestApp, service: &str, version: &str, at: &str) -> i64 {
    let mut draft = DeployDraft::of(service, BY_API);
    draft.version = Some(version.to_owned());
    draft.finished_at = Some(Moment::parse(at).unwrap());
    let now = app.now();
    app.write(|c| queries::record(c, &Actor::program("test"), &draft, now)).number
}

both!(
    async fn a_member_records_one_and_reads_its_page(app: TestApp) {
        let mut ada = app.ada();
        app.user("Grace", Role::Member);
        assert_eq!(ada.get("/deploys/new").await.status, 200);
        let typed = [
            ("service", "Checkout"),
            ("environment", ""),
            ("kind", "deploy"),
            ("status", "succeeded"),
            ("version", "2.4.0"),
            ("commit_sha", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"),
            ("started_at", "2026-11-23T13:50"),
            ("finished_at", "2026-11-23T13:54"),
            ("pull_requests", "https://git.example/acme/checkout/pull/7\r\n#8"),
            ("tickets", "SHOP-1"),
            ("authors", "grace"),
            ("deployed_by", "Ada"),
        ];
        let page = ada.post_and_follow("/deploys", &typed).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(page.one("h1"), "Checkout 2.4.0");
        let text = page.one("main");
        for wanted in ["DEP-1", "#7", "#8", "SHOP-1", "Grace", "@ada", "4 min", "production", "nothing on record"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert_eq!(page.attribute(".head-actions .primary", "href").unwrap(), "/incidents/new?deploy=DEP-1");
        // QA signs off with one button; the trail keeps who and when.
        let page = ada.post_and_follow("/deploys/DEP-1/people", &[("part", "qa")]).await;
        assert!(page.one("#people").contains("QA sign-off Ada"), "{}", page.one("#people"));
        let twice = ada.post("/deploys/DEP-1/people", &[("part", "qa")]).await;
        assert_eq!(twice.status, 409);
        let taken_out = page.all("#people tbody tr").len();
        let removal = page.attribute("#people tbody form", "action").unwrap();
        let page = ada.post_and_follow(&removal, &[]).await;
        assert_eq!(page.all("#people tbody tr").len(), taken_out - 1);
        let entries = app.read(|c| debrief::auth::audit::list(c, Some("DEP-1"), debrief::db::paging::Turn::First));
        assert_eq!(entries.rows.len(), 3);
    }
);

both!(
    async fn the_form_keeps_what_was_typed(app: TestApp) {
        let mut ada = app.ada();
        let typed = [
            ("service", "checkout"),
            ("version", "2.4.0"),
            ("started_at", "2026-11-23T13:54"),
            ("finished_at", "2026-11-23T13:50"),
        ];
        let refused = ada.post("/deploys", &typed).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("version"), "2.4.0");
        assert_eq!(refused.typed("started_at"), "2026-11-23T13:54");
        assert!(refused.one("#f-finished_at-error").contains("before"), "{}", refused.text());
        assert_eq!(ada.get("/deploys/DEP-1").await.status, 404);
        assert_eq!(ada.get("/deploys/DEP-0").await.status, 404);
        assert_eq!(ada.get("/deploys/INC-1").await.status, 404);
    }
);

both!(
    async fn a_correction_says_when_somebody_was_faster(app: TestApp) {
        record(&app, "checkout", "1", "2026-11-23T13:50:00.250Z");
        let mut ada = app.ada();
        let form = ada.get("/deploys/1/edit").await;
        assert_eq!(form.typed("finished_at"), "2026-11-23T13:50:00".trim_end_matches(":00").to_owned() + ":00");
        let revision = form.typed("revision");
        let fields = [("revision", revision.as_str()), ("version", "2"), ("finished_at", "2026-11-23T13:50:00")];
        assert_eq!(ada.post("/deploys/1", &fields).await.status, 303);
        let deploy = app.read(|c| queries::by_number(c, 1));
        assert_eq!(deploy.version.as_deref(), Some("2"));
        assert_eq!(deploy.finished_at.unwrap().to_string(), "2026-11-23T13:50:00.250Z");
        let late = ada.post("/deploys/1", &[("revision", revision.as_str()), ("version", "3")]).await;
        assert_eq!(late.status, 422);
        assert_eq!(late.typed("version"), "3");
        assert!(late.text().contains("Somebody changed this deploy"));
        let viewer = app.signed_in("Vera", Role::Viewer).post("/deploys/1", &[("version", "9")]).await;
        assert_eq!(viewer.status, 403);
    }
);

both!(
    async fn a_program_records_reads_and_changes(app: TestApp) {
        app.user("Ada", Role::Member);
        let mut ci = app.program(Scope::Ingest);
        let sent = json!({
            "service": "Payments API", "environment": "staging", "kind": "config", "version": "v9", "commit_sha": "abc",
            "previous_commit_sha": "abb", "status": "started", "started_at": "2026-11-23T14:00:00+01:00",
            "summary": "Less *waiting*.", "url": "https://ci.example/9", "compare_url": "https://git.example/compare",
            "pull_requests": [12, "https://git.example/o/r/pull/13", {"number": 14, "title": "Cut", "url": "https://git.example/o/r/pull/14"}],
            "tickets": ["PAY-1", {"label": "PAY-2"}], "authors": ["Ada", {"name": "Grace"}], "reviewers": ["Grace"],
            "qa_signed_off_by": "Quinn", "approved_by": {"name": "Max", "at": "2026-11-23T12:00:00Z"},
            "deployed_by": "ada@example.org", "external_id": 77
        });
        let made = ci.json(Method::POST, "/api/v1/deploys", &sent).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.header("location"), Some("/api/v1/deploys/DEP-1"));
        let body = made.json();
        assert_eq!(body["key"], "DEP-1");
        assert_eq!(body["service"], "payments-api");
        assert_eq!(body["started_at"], "2026-11-23T13:00:00Z");
        assert_eq!(body["finished_at"], json!(null));
        assert_eq!(body["pull_requests"][0]["label"], "#12");
        assert_eq!(body["pull_requests"][1]["label"], "#13");
        assert_eq!(body["tickets"][1]["label"], "PAY-2");
        assert_eq!(body["authors"], json!(["Ada", "Grace"]));
        assert_eq!(body["deployed_by"], "ada@example.org");
        assert_eq!(body["external_id"], "77");
        let deployer = body["people"].as_array().unwrap().iter().find(|person| person["part"] == "deployer").unwrap();
        assert_eq!(deployer["handle"], "ada");

        // The same number again is the same deploy.
        let done = json!({"service": "payments-api", "status": "succeeded", "external_id": "77"});
        let again = ci.json(Method::POST, "/api/v1/deploys", &done).await;
        assert_eq!(again.status, 200, "{}", again.text());
        let body = again.json();
        assert_eq!(
            (&body["key"], &body["status"], &body["version"]),
            (&json!("DEP-1"), &json!("succeeded"), &json!("v9"))
        );
        assert_eq!(body["finished_at"], "2026-11-23T14:00:00Z");
        assert_eq!(body["approved_by"], "Max");
        // A late start takes nothing back, and another place is another deploy.
        let late = ci
            .json(
                Method::POST,
                "/api/v1/deploys",
                &json!({"service": "payments-api", "status": "started", "external_id": "77"}),
            )
            .await;
        assert_eq!(late.json()["status"], "succeeded");
        let other = json!({"service": "payments-api", "environment": "production", "external_id": "77"});
        let refused = ci.json(Method::POST, "/api/v1/deploys", &other).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/external_id");

        assert_eq!(ci.get("/api/v1/deploys/DEP-1").await.status, 403);
        let mut writer = app.program(Scope::Write);
        let read = writer.get("/api/v1/deploys/DEP-1").await;
        let etag = read.header("etag").unwrap().to_owned();
        let rolled = writer
            .with("if-match", &etag)
            .json(Method::PATCH, "/api/v1/deploys/DEP-1", &json!({"status": "rolled_back", "version": null}))
            .await;
        assert_eq!(rolled.status, 200, "{}", rolled.text());
        assert_eq!((&rolled.json()["status"], &rolled.json()["version"]), (&json!("rolled_back"), &json!(null)));
        let stale = writer
            .with("if-match", &etag)
            .json(Method::PATCH, "/api/v1/deploys/DEP-1", &json!({"status": "failed"}))
            .await;
        assert_eq!(stale.status, 412);
        let backwards =
            writer.json(Method::PATCH, "/api/v1/deploys/DEP-1", &json!({"finished_at": "2026-11-23T12:59:59Z"})).await;
        assert_eq!(backwards.status, 422);
        assert_eq!(backwards.json()["errors"][0]["pointer"], "/finished_at");
    }
);

both!(
    async fn the_api_points_at_each_field(app: TestApp) {
        let mut ci = app.program(Scope::Ingest);
        let long = "x".repeat(81);
        for (sent, pointer) in [
            (json!({}), "/service"),
            (json!({"service": "a", "environment": long}), "/environment"),
            (json!({"service": "a", "kind": "party"}), "/kind"),
            (json!({"service": "a", "status": 3}), "/status"),
            (json!({"service": "a", "started_at": "yesterday"}), "/started_at"),
            (json!({"service": "a", "url": "javascript:alert(1)"}), "/url"),
            (json!({"service": "a", "tickets": [{"label": "x"}, {}]}), "/tickets/1"),
            (json!({"service": "a", "status": "started", "finished_at": "2026-11-23T12:00:00Z"}), "/finished_at"),
        ] {
            let answer = ci.json(Method::POST, "/api/v1/deploys", &sent).await;
            assert_eq!(answer.status, 422, "{sent}: {}", answer.text());
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{sent}");
        }
        assert_eq!(ci.send(Method::POST, "/api/v1/deploys", "application/json", "{").await.status, 400);
        let mut reader = app.program(Scope::Read);
        assert_eq!(reader.get("/api/v1/deploys?kind=party").await.status, 422);
        assert_eq!(reader.get("/api/v1/deploys?cursor=damaged").await.status, 422);
        assert_eq!(reader.get("/api/v1/deploys/DEP-99").await.status, 404);
    }
);

both!(
    async fn one_idempotency_key_is_one_deploy(app: TestApp) {
        let ci = app.program(Scope::Ingest).with("idempotency-key", "run-1");
        let mut running = Vec::new();
        for _ in 0..8 {
            let mut ci = ci.clone();
            running.push(actix_web::rt::spawn(async move {
                let sent = json!({"service": "checkout", "version": "1"});
                for _ in 0..20 {
                    let answer = ci.json(Method::POST, "/api/v1/deploys", &sent).await;
                    if answer.status != 503 {
                        return answer.json()["key"].clone();
                    }
                }
                panic!("it stayed busy");
            }));
        }
        for one in running {
            assert_eq!(one.await.unwrap(), "DEP-1");
        }
        let other = ci.clone().json(Method::POST, "/api/v1/deploys", &json!({"service": "other"})).await;
        assert_eq!(other.status, 422);
    }
);

both!(
    async fn one_external_id_in_parallel_is_one_deploy(app: TestApp) {
        let ci = app.program(Scope::Ingest);
        let mut running = Vec::new();
        for n in 0..16 {
            let mut ci = ci.clone();
            running.push(actix_web::rt::spawn(async move {
                let sent = json!({"service": "new-service", "version": n.to_string(), "external_id": "run-1"});
                ci.json(Method::POST, "/api/v1/deploys", &sent).await.status.as_u16()
            }));
        }
        let mut statuses = Vec::new();
        for one in running {
            statuses.push(one.await.unwrap());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 15, "{statuses:?}");
    }
);

both!(
    async fn the_list_filters_and_pages(app: TestApp) {
        let mut writer = app.program(Scope::Write);
        for n in 0..120 {
            // Pairs of equal times, so that the order needs its last key.
            record(&app, "checkout", &format!("c{n}"), &format!("2026-11-{:02}T10:{:02}:00Z", 1 + n / 60, n % 60 / 2));
        }
        record(&app, "search", "s1", "2026-11-20T10:00:00Z");
        let special = json!({"service": "search", "environment": "staging & co", "kind": "rollback", "status": "failed",
            "deployed_by": "Grace", "reviewers": ["ada@example.org"], "finished_at": "2026-11-21T10:00:00Z"});
        assert_eq!(writer.json(Method::POST, "/api/v1/deploys", &special).await.status, 201);
        let mut ada = app.ada();
        // By the account that Ada got after the deploy: her address was kept as it was given.
        for query in [
            "service=search&status=failed",
            "environment=staging+%26+co",
            "kind=rollback",
            "status=failed",
            "person=Grace",
            "person=ada%40example.org",
            "from=2026-11-21&to=2026-11-21",
        ] {
            let page = ada.get(&format!("/deploys?{query}")).await;
            assert_eq!(page.all("tbody tr").len(), 1, "{query}");
            assert!(page.text().contains("DEP-122"), "{query}");
        }
        assert!(ada.get("/deploys?service=nobody").await.text().contains("No deploy fits"));
        let refused = ada.get("/deploys?kind=party&from=soon").await;
        assert_eq!(refused.status, 422);
        assert_eq!(ada.get("/deploys?after=damaged").await.status, 422);

        let mut seen = Vec::new();
        let mut next = "/deploys?service=checkout".to_owned();
        let mut last = String::new();
        while !next.is_empty() {
            let page = ada.get(&next).await;
            seen.extend(page.all("tbody th"));
            last = next;
            next = page.attribute("a[rel=next]", "href").unwrap_or_default();
        }
        assert_eq!(seen.len(), 120);
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 120, "no deploy is shown twice");
        assert_eq!(seen[0], "DEP-120");
        assert_eq!(seen[119], "DEP-1");
        let back = ada.get(&last).await.attribute("a[rel=prev]", "href").unwrap();
        assert_eq!(ada.get(&back).await.all("tbody th"), seen[50..100].to_vec());

        let first = writer.get("/api/v1/deploys?service=checkout").await.json();
        assert_eq!(first["items"].as_array().unwrap().len(), 50);
        let cursor = first["next_cursor"].as_str().unwrap().to_owned();
        let second = writer.get(&format!("/api/v1/deploys?service=checkout&cursor={cursor}")).await.json();
        assert_eq!(second["items"][0]["key"], seen[50].as_str());
    }
);

both!(
    async fn somebodys_deploys_are_found_by_name_and_by_account_each_once(app: TestApp) {
        app.user("Grace", Role::Member);
        let mut writer = app.program(Scope::Write);
        for n in 0..120 {
            let day = format!("2026-11-{:02}T10:{:02}:00Z", 1 + n / 60, n % 60 / 2);
            // Known by the account, by a name that two could have, or not at all; some stand for two things.
            let sent = match n % 4 {
                0 => json!({"deployed_by": "grace", "authors": ["grace@example.org"]}),
                1 => json!({"reviewers": ["grace"], "environment": "staging"}),
                2 => json!({"deployed_by": "grace"}),
                _ => json!({"deployed_by": "somebody else"}),
            };
            let mut sent = sent.as_object().unwrap().clone();
            sent.insert("service".to_owned(), json!("checkout"));
            sent.insert("finished_at".to_owned(), json!(day));
            assert_eq!(writer.json(Method::POST, "/api/v1/deploys", &json!(sent)).await.status, 201);
        }
        let mut ada = app.ada();
        for (query, wanted) in [("person=grace", 90), ("person=grace&environment=staging", 30), ("person=nobody", 0)] {
            let mut seen = Vec::new();
            let (mut next, mut last, mut pages) = (format!("/deploys?{query}"), String::new(), 0);
            while !next.is_empty() {
                let page = ada.get(&next).await;
                seen.extend(page.all("tbody th"));
                last = next;
                next = page.attribute("a[rel=next]", "href").unwrap_or_default();
                pages += 1;
            }
            assert_eq!(seen.len(), wanted, "{query}");
            let numbers: Vec<i64> = seen.iter().map(|key| key.trim_start_matches("DEP-").parse().unwrap()).collect();
            assert!(numbers.is_sorted_by(|one, next| one > next), "{query}: {numbers:?}");
            if pages > 1 {
                let back = ada.get(&last).await.attribute("a[rel=prev]", "href").unwrap();
                assert_eq!(ada.get(&back).await.all("tbody th"), seen[..50].to_vec(), "{query}");
            }
        }
        // One that is said to have happened later moves to the front.
        let deploy = app.read(|c| queries::by_number(c, 1));
        let mut draft = app.read(|c| queries::draft_of(c, &deploy));
        draft.finished_at = Some(Moment::parse("2026-11-20T10:00:00Z").unwrap());
        let (deploy_id, now) = (deploy.id, app.now());
        app.write(|c| queries::change(c, &Actor::program("test"), &deploy, &draft, now));
        assert_eq!(ada.get("/deploys?person=grace").await.all("tbody th")[0], "DEP-1");
        // Also where the time alone was changed, by whatever.
        app.write(|c| {
            use debrief::db::schema::deploys;
            use diesel::prelude::*;
            let early = Moment::parse("2026-10-01T10:00:00Z").unwrap();
            diesel::update(deploys::table.find(deploy_id)).set(deploys::happened_at.eq(early)).execute(c)?;
            Ok(())
        });
        assert_ne!(ada.get("/deploys?person=grace").await.all("tbody th")[0], "DEP-1");
    }
);

both!(
    async fn a_page_says_what_it_replaced_and_what_replaced_it(app: TestApp) {
        record(&app, "checkout", "1", "2026-11-20T10:00:00Z");
        record(&app, "checkout", "3", "2026-11-22T10:00:00Z");
        record(&app, "checkout", "2", "2026-11-21T10:00:00Z");
        let mut failed = DeployDraft::of("checkout", BY_API);
        failed.status = DeployStatus::Failed;
        failed.finished_at = Some(Moment::parse("2026-11-21T12:00:00Z").unwrap());
        let now = app.now();
        app.write(|c| queries::record(c, &Actor::program("test"), &failed, now));
        let page = app.ada().get("/deploys/DEP-3").await;
        assert!(page.one("#lane").contains("ReplacedDEP-1 1"), "{}", page.one("#lane"));
        assert!(page.one("#lane").contains("Replaced byDEP-2 3"), "{}", page.one("#lane"));
    }
);

both!(
    async fn a_service_that_is_named_at_once_is_made_once(app: TestApp) {
        let ci = app.program(Scope::Ingest);
        let mut running = Vec::new();
        for n in 0..12 {
            let mut ci = ci.clone();
            running.push(actix_web::rt::spawn(async move {
                let sent = json!({"service": "Brand new", "version": n.to_string()});
                ci.json(Method::POST, "/api/v1/deploys", &sent).await.json()["key"].as_str().unwrap().to_owned()
            }));
        }
        let mut keys = Vec::new();
        for one in running {
            keys.push(one.await.unwrap());
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 12, "no number is given out twice");
        let services = app.read(debrief::services::queries::choices);
        assert_eq!(services.len(), 1);
    }
);

/// The plan of every filter on SQLite: an index in the list's order, never a sort of the whole table.
#[test]
fn every_filter_is_served_by_an_index() {
    crate::support::on_sqlite(|app| async move {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        for filter in [
            "1 = 1",
            "service_id = 1",
            "service_id = 1 AND environment = 'production'",
            "environment = 'production'",
            "kind = 'deploy'",
            "status = 'failed'",
            "happened_at >= 5 AND happened_at < 9",
            "happened_at <= 9 AND (happened_at < 9 OR deploys.id < 4)",
        ] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT * FROM deploys INNER JOIN services ON services.id = deploys.service_id \
                 WHERE {filter} ORDER BY happened_at DESC, deploys.id DESC LIMIT 51"
            );
            let steps: Vec<Step> = app.read(|c| match c {
                debrief::db::Conn::Sqlite(c) => Ok(diesel::sql_query(&sql).load(c)?),
                debrief::db::Conn::Postgres(_) => unreachable!("this test runs on SQLite"),
            });
            let plan: Vec<_> = steps.into_iter().map(|step| step.detail).collect();
            assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{filter}: {plan:?}");
            assert!(plan.iter().any(|step| step.contains("deploys_by_")), "{filter}: {plan:?}");
        }
    });
}
