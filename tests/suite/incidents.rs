//! Incidents, by page and by API.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::deploys::model::{Deploy, DeployDraft};
use debrief::incidents::around::queries as around;
use debrief::incidents::model::{IncidentStatus, Severity};
use debrief::incidents::queries;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

/// A deploy of checkout 2.4.1 that finished six minutes before the tests begin.
pub fn deploy(app: &TestApp) -> Deploy {
    let now = app.now();
    app.write(|c| {
        let mut draft = DeployDraft::of("Checkout", "hand");
        draft.version = Some("2.4.1".to_owned());
        draft.finished_at = Some(now.plus_s(-360));
        debrief::deploys::queries::record(c, &Actor::program("test"), &draft, now)
    })
}

fn said(app: &TestApp, number: i64) -> Vec<String> {
    app.read(|c| {
        let incident = queries::by_number(c, number)?;
        debrief::timeline::queries::of_incident(c, incident.id)
    })
    .into_iter()
    .map(|row| row.event.text)
    .collect()
}

both!(
    async fn a_member_declares_from_scratch(app: TestApp) {
        let mut ada = app.ada();
        let refused = ada.post("/incidents", &[("title", " "), ("severity", "SEV9"), ("tags", "a, b")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-title-error").contains("Say in a line"));
        assert_eq!(refused.typed("tags"), "a, b");

        let fields = [
            ("title", "Checkout returns 502"),
            ("severity", "SEV2"),
            ("kind", "incident"),
            ("other_services", "Checkout, Payments API"),
            ("tags", "Outage, pool"),
        ];
        let page = ada.post_and_follow("/incidents", &fields).await;
        assert_eq!(page.one("h1"), "Checkout returns 502");
        assert!(page.one(".sub").contains("Payments API"));
        let incident = app.read(|c| queries::by_number(c, 1));
        assert_eq!((incident.severity, incident.status), (Severity::Sev2, IncidentStatus::Investigating));
        assert_eq!((incident.started_at, incident.detected_at), (app.now(), Some(app.now())));
        assert_eq!(app.read(|c| around::tags(c, incident.id)), ["outage", "pool"]);
        assert!(said(&app, 1).iter().any(|text| text == "**Declared** as SEV2"));
        let log = app.read(|c| debrief::auth::audit::list(c, Some("INC-1"), Default::default()));
        assert_eq!(log.rows[0].action, "incident.declare");

        assert_eq!(ada.get("/incidents/1").await.header("location"), Some("/incidents/INC-1"));
        for missing in ["/incidents/INC-2", "/incidents/INC-0", "/incidents/x", "/incidents/-1"] {
            assert_eq!(ada.get(missing).await.status, 404, "{missing}");
        }
        let mut viewer = app.signed_in("Vera", Role::Viewer);
        let seen = viewer.get("/incidents/INC-1").await;
        assert_eq!(seen.status, 200);
        assert!(!seen.text().contains("Resolve</button>") && !seen.text().contains("Write postmortem"));
        assert_eq!(viewer.post("/incidents", &fields).await.status, 403);
    }
);

both!(
    async fn a_deploy_becomes_a_linked_incident(app: TestApp) {
        let deploy = deploy(&app);
        let mut ada = app.ada();
        let form = ada.get(&format!("/incidents/new?deploy={}", deploy.key())).await;
        assert_eq!(form.typed("title"), "Checkout: problem after 2.4.1");
        assert_eq!(form.typed("started_at"), "2026-11-23T13:54");
        assert!(form.attribute("input[name=services][value=checkout]", "checked").is_some());
        assert_eq!(form.typed("deploy"), "DEP-1");
        let fields = [
            ("title", "Checkout: problem after 2.4.1"),
            ("deploy", "DEP-1"),
            ("severity", "SEV3"),
            ("services", "checkout"),
            ("other_services", ""),
            ("started_at", "2026-11-23T13:54"),
        ];
        let page = ada.post_and_follow("/incidents", &fields).await;
        assert!(page.one("#deploys").contains("Suspected"), "{}", page.text());
        assert_eq!(page.one("form[action$=postmortem] button"), "Write postmortem");
        let incident = app.read(|c| queries::by_number(c, 1));
        assert_eq!(incident.started_at, deploy.happened_at);
        let unknown = ada.post("/incidents", &[("title", "x"), ("deploy", "DEP-99")]).await;
        assert_eq!(unknown.status, 422);
        assert!(unknown.text().contains("There is no deploy DEP-99"));
        assert_eq!(ada.get("/incidents/new?deploy=DEP-99").await.status, 404);
    }
);

both!(
    async fn changes_before_the_start_are_offered(app: TestApp) {
        deploy(&app);
        let mut ada = app.ada();
        let page = ada
            .post_and_follow("/incidents", &[("title", "x"), ("services", "checkout"), ("other_services", "")])
            .await;
        assert!(page.one("#deploys").contains("which is affected"), "{}", page.one("#deploys"));
        assert!(page.all("#deploys button").iter().any(|text| text.starts_with("Not this one")));
    }
);

both!(
    async fn times_out_of_order_are_refused_with_both(app: TestApp) {
        let mut ada = app.ada();
        let times = [
            ("title", "Old"),
            ("started_at", "2026-11-20T14:00"),
            ("detected_at", "2026-11-20T14:10"),
            ("mitigated_at", "2026-11-20T14:02"),
            ("resolved_at", "2026-11-20T15:00"),
        ];
        let refused = ada.post("/incidents", &times).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused
                .one("#f-mitigated_at-error")
                .contains("Mitigated (14:02) is before detected (14:10): correct one of them.")
        );
        assert_eq!(refused.typed("detected_at"), "2026-11-20T14:10");
        let future = ada.post("/incidents", &[("title", "x"), ("started_at", "2026-11-23T14:06")]).await;
        assert!(future.one("#f-started_at-error").contains("in the future"));
        let mut whole = times;
        whole[3].1 = "2026-11-20T14:30";
        let page = ada.post_and_follow("/incidents", &whole).await;
        assert!(page.text().contains("Resolved"));
        let incident = app.read(|c| queries::by_number(c, 1));
        assert_eq!(incident.status, IncidentStatus::Resolved);
        assert_eq!(incident.duration_s(app.now()), 3600);
    }
);

both!(
    async fn it_is_worked_off_and_opened_again(app: TestApp) {
        let mut ada = app.ada();
        ada.post_and_follow("/incidents", &[("title", "x"), ("severity", "SEV3")]).await;
        app.app.clock.advance_s(600);
        ada.post_and_follow(
            "/incidents/INC-1/status",
            &[("status", "identified"), ("at", "2026-11-23T14:05"), ("reason", "the pool")],
        )
        .await;
        let early = ada.post("/incidents/INC-1/status", &[("status", "resolved"), ("at", "2026-11-23T14:02")]).await;
        assert_eq!(early.status, 422);
        assert!(early.one("#f-at-error").contains("is before identified (14:05)"), "{}", early.text());
        ada.post_and_follow("/incidents/INC-1/status", &[("status", "resolved"), ("from", "identified")]).await;
        let resolved = app.read(|c| queries::by_number(c, 1));
        assert_eq!((resolved.mitigated_at, resolved.resolved_at), (Some(app.now()), Some(app.now())));
        let late = ada.post("/incidents/INC-1/status", &[("status", "mitigated"), ("from", "identified")]).await;
        assert_eq!(late.status, 409);

        app.app.clock.advance_s(600);
        ada.post_and_follow("/incidents/INC-1/status", &[("status", "investigating"), ("reason", "it is back")]).await;
        let again = app.read(|c| queries::by_number(c, 1));
        assert_eq!((again.status, again.resolved_at, again.mitigated_at), (IncidentStatus::Investigating, None, None));
        let old: Vec<_> = app
            .read(|c| around::corrections(c, again.id))
            .into_iter()
            .map(|(line, _)| (line.field.to_string(), line.old_at))
            .collect();
        assert!(old.contains(&("resolved_at".to_owned(), resolved.resolved_at)), "{old:?}");
        let story = said(&app, 1);
        for wanted in ["**Identified**: the pool", "**Resolved**", "**Reopened**: it is back"] {
            assert!(story.iter().any(|text| text == wanted), "{wanted}: {story:?}");
        }
    }
);

both!(
    async fn corrected_times_stay_on_record(app: TestApp) {
        let mut ada = app.ada();
        ada.post_and_follow(
            "/incidents",
            &[("title", "x"), ("started_at", "2026-11-23T13:00"), ("detected_at", "2026-11-23T13:10")],
        )
        .await;
        let form = ada.get("/incidents/INC-1/times").await;
        let revision = form.typed("revision");
        let fields =
            |detected: &'static str| [("started_at", "2026-11-23T13:00"), ("detected_at", detected), ("revision", "")];
        let mut moved = fields("2026-11-23T13:04");
        moved[2].1 = &revision;
        let page = ada.post_and_follow("/incidents/INC-1/times", &moved).await;
        assert!(page.one("#times").contains("1 correction"));
        assert!(said(&app, 1).iter().any(|text| text.starts_with("Time corrected: Detected 13:04 UTC, not 13:10 UTC")));

        let moved = app.read(|c| debrief::timeline::queries::of_incident(c, 1));
        let fact = moved.iter().find(|row| row.event.text == "**Detected**").unwrap();
        assert_eq!(fact.event.happened_at.to_string(), "2026-11-23T13:04:00Z");

        let mut stale = fields("2026-11-23T13:20");
        stale[2].1 = &revision;
        let met = ada.post("/incidents/INC-1/times", &stale).await;
        assert_eq!(met.status, 409);
        assert!(met.one(".conflict").contains("13:04") && met.one(".conflict").contains("13:20"));
        assert_eq!(met.typed("detected_at"), "2026-11-23T13:20");
        let nothing =
            ada.post("/incidents/INC-1/times", &[("started_at", ""), ("revision", &met.typed("revision"))]).await;
        assert_eq!(nothing.status, 422);
    }
);

both!(
    async fn two_editors_do_not_overwrite_each_other(app: TestApp) {
        let mut ada = app.ada();
        ada.post_and_follow("/incidents", &[("title", "First"), ("severity", "SEV3")]).await;
        let revision = ada.get("/incidents/INC-1/edit").await.typed("revision");
        let save = |title: &'static str| {
            [("title", title), ("kind", "incident"), ("summary", "s"), ("tags", ""), ("other_services", "search")]
        };
        let with = |title: &'static str, revision: &str| -> Vec<(String, String)> {
            save(title)
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .chain([("revision".to_owned(), revision.to_owned())])
                .collect()
        };
        let first = with("Second", &revision);
        let first: Vec<(&str, &str)> = first.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        ada.post_and_follow("/incidents/INC-1", &first).await;
        let second = with("Third", &revision);
        let second: Vec<(&str, &str)> = second.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let met = ada.post("/incidents/INC-1", &second).await;
        assert_eq!(met.status, 409);
        assert!(met.one(".conflict").contains("Second") && met.one(".conflict").contains("Third"));
        assert_eq!(met.typed("title"), "Third");
        assert_eq!(app.read(|c| queries::by_number(c, 1)).title, "Second");
    }
);

both!(
    async fn roles_figures_severity_and_updates(app: TestApp) {
        let mut ada = app.ada();
        ada.post_and_follow("/incidents", &[("title", "x"), ("severity", "SEV3")]).await;
        let linus = app.user("Linus", Role::Member).to_string();
        let page = ada.post_and_follow("/incidents/INC-1/roles", &[("role", "lead"), ("user", &linus)]).await;
        assert!(page.one(".sub").contains("lead Linus"));
        assert!(page.text().contains("Take over"));
        assert_eq!(ada.post("/incidents/INC-1/roles", &[("role", "lead"), ("user", "999")]).await.status, 422);

        assert_eq!(
            ada.post("/incidents/INC-1/impact", &[("label", "Payments failed"), ("amount", "many")]).await.status,
            422
        );
        let figure = [("label", "Payments failed"), ("amount", "1,204"), ("basis", "measured")];
        let page = ada.post_and_follow("/incidents/INC-1/impact", &figure).await;
        assert!(page.one("#impact").contains("1,204"));
        let id = app.read(|c| around::figures(c, 1))[0].id;
        ada.post_and_follow(&format!("/incidents/INC-1/impact/{id}/removal"), &[]).await;
        assert!(app.read(|c| around::figures(c, 1)).is_empty());
        assert_eq!(ada.post(&format!("/incidents/INC-1/impact/{id}/removal"), &[]).await.status, 404);

        assert_eq!(ada.post("/incidents/INC-1/severity", &[("severity", "SEV1")]).await.status, 422);
        ada.post_and_follow("/incidents/INC-1/severity", &[("severity", "SEV1"), ("reason", "all customers")]).await;
        ada.post_and_follow("/incidents/INC-1/updates", &[("update", "We roll back")]).await;
        assert_eq!(ada.post("/incidents/INC-1/updates", &[("update", " ")]).await.status, 422);
        let story = said(&app, 1);
        for wanted in ["Lead: Linus", "Severity changed from SEV3 to **SEV1**: all customers", "We roll back"] {
            assert!(story.iter().any(|text| text == wanted), "{wanted}: {story:?}");
        }
    }
);

both!(
    async fn sixteen_writers_get_sixteen_numbers(app: TestApp) {
        let nodes = [app.clone(), app.second_node()];
        let writers: Vec<_> = (0..16)
            .map(|index| {
                let node = nodes[index % 2].clone();
                std::thread::spawn(move || {
                    let now = node.now();
                    let raw = debrief::incidents::forms::RawIncident {
                        title: Some(format!("n {index}")),
                        ..Default::default()
                    };
                    let (draft, _) = raw.parse_draft(&Default::default(), now).unwrap();
                    node.write(|c| queries::declare(c, &Actor::program("test"), &draft, now)).number
                })
            })
            .collect();
        let mut numbers: Vec<i64> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
    }
);

both!(
    async fn programs_declare_read_and_change(app: TestApp) {
        deploy(&app);
        let mut program = app.program(Scope::Write);
        let body = json!({
            "title": "Checkout is down", "severity": "sev2", "services": ["checkout", "brand-new"],
            "started_at": "2026-11-23T13:55:00Z", "detected_at": "2026-11-23T13:58:00Z", "tags": ["pool"],
            "deploys": [{"deploy": "DEP-1", "relation": "caused", "reason": "it halved the pool"}],
        });
        let made = program.json(Method::POST, "/api/v1/incidents", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.header("location"), Some("/api/v1/incidents/INC-1"));
        let incident = made.json();
        assert_eq!(incident["key"], "INC-1");
        assert_eq!(incident["severity"], "SEV2");
        assert_eq!(incident["services"], json!(["brand-new", "checkout"]));
        assert_eq!(incident["deploys"][0]["relation"], "caused");
        let etag = made.header("etag").unwrap().to_owned();

        let shown = program.get("/api/v1/incidents/INC-1").await;
        assert_eq!(shown.header("etag"), Some(etag.as_str()));
        let changed = program
            .with("if-match", &etag)
            .json(Method::PATCH, "/api/v1/incidents/INC-1", &json!({"status": "resolved", "detected_at": null}))
            .await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(changed.json()["resolved_at"], app.now().to_string());
        assert_eq!(changed.json()["mitigated_at"], app.now().to_string());
        assert_eq!(changed.json()["detected_at"], json!(null));
        assert_ne!(changed.header("etag"), Some(etag.as_str()));
        let outdated = program
            .with("if-match", &etag)
            .json(Method::PATCH, "/api/v1/incidents/INC-1", &json!({"title": "x"}))
            .await;
        assert_eq!(outdated.status, 412);
        let kept = program.json(Method::PATCH, "/api/v1/incidents/INC-1", &json!({"resolved_at": null})).await;
        assert_eq!((kept.status.as_u16(), kept.json()["errors"][0]["pointer"].clone()), (422, json!("/resolved_at")));
        let reopened = program.json(Method::PATCH, "/api/v1/incidents/INC-1", &json!({"status": "mitigated"})).await;
        assert_eq!(reopened.json()["resolved_at"], json!(null));
    }
);

both!(
    async fn what_is_wrong_is_pointed_at(app: TestApp) {
        let mut program = app.program(Scope::Write);
        for (body, pointer) in [
            (json!({}), "/title"),
            (json!({"title": 5}), "/title"),
            (json!({"title": "x", "severity": "SEV9"}), "/severity"),
            (json!({"title": "x", "status": "over"}), "/status"),
            (json!({"title": "x", "started_at": "soon"}), "/started_at"),
            (json!({"title": "x", "started_at": "2027-01-01T00:00:00Z"}), "/started_at"),
            (
                json!({"title": "x", "started_at": "2026-11-23T13:00:00Z", "detected_at": "2026-11-23T12:00:00Z"}),
                "/detected_at",
            ),
            (json!({"title": "x", "deploys": [{"deploy": "DEP-9"}]}), "/deploys/0/deploy"),
            (json!({"title": "x", "deploys": [{"deploy": "DEP-9", "relation": "loved"}]}), "/deploys/0/relation"),
            (json!({"title": "x", "services": ["a", "!!"]}), "/services/1"),
            (
                json!({"title": "x", "status": "investigating", "resolved_at": "2026-11-23T13:00:00Z", "started_at": "2026-11-23T12:00:00Z"}),
                "/status",
            ),
        ] {
            let answer = program.json(Method::POST, "/api/v1/incidents", &body).await;
            assert_eq!(answer.status, 422, "{body}: {}", answer.text());
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
        }
        assert_eq!(program.get("/api/v1/incidents/INC-1").await.status, 404);
        assert_eq!(app.program(Scope::Ingest).get("/api/v1/incidents").await.status, 403);
    }
);

both!(
    async fn the_list_filters_and_pages(app: TestApp) {
        let now = app.now();
        app.write(|c| {
            for index in 0..120 {
                let raw = debrief::incidents::forms::RawIncident {
                    title: Some(format!("Number {index}")),
                    severity: Some(if index % 4 == 0 { "SEV1" } else { "SEV3" }.to_owned()),
                    services: Some(vec![if index % 2 == 0 { "checkout" } else { "search" }.to_owned()]),
                    tags: Some(vec!["pool".to_owned()]),
                    // Several begin at once: the id decides.
                    started_at: Some(now.plus_s(-3600 * (index / 3 + 1)).to_string()),
                    status: (index >= 10).then(|| "resolved".to_owned()),
                    ..Default::default()
                };
                let (draft, _) = raw.parse_draft(&Default::default(), now)?;
                queries::declare(c, &Actor::program("test"), &draft, now)?;
            }
            Ok(())
        });
        let mut ada = app.ada();
        let mut seen = Vec::new();
        let mut next = Some("/incidents".to_owned());
        while let Some(path) = next {
            let page = ada.get(&path).await;
            assert_eq!(page.status, 200);
            seen.extend(page.all("tbody th"));
            next = page.attribute("a[rel=next]", "href");
        }
        assert_eq!(seen.len(), 120);
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 120);
        assert_eq!(ada.get("/incidents?status=live").await.all("tbody th").len(), 10);
        assert_eq!(ada.get("/incidents?status=live&severity=SEV1&service=checkout").await.all("tbody th").len(), 3);
        assert_eq!(ada.get("/incidents?tag=pool&kind=near_miss").await.all("tbody th").len(), 0);
        assert_eq!(ada.get("/incidents?from=2026-11-24").await.all("tbody th").len(), 0);
        assert_eq!(ada.get("/incidents?severity=SEV7").await.status, 422);
        assert_eq!(ada.get("/incidents?after=x").await.status, 400);

        let mut program = app.program(Scope::Read);
        let first = program.get("/api/v1/incidents?service=search").await.json();
        assert_eq!(first["items"].as_array().unwrap().len(), 50);
        let rest = program
            .get(&format!("/api/v1/incidents?service=search&cursor={}", first["next_cursor"].as_str().unwrap()))
            .await
            .json();
        assert_eq!((rest["items"].as_array().unwrap().len(), rest["next_cursor"].clone()), (10, json!(null)));
    }
);

both!(
    async fn home_says_what_needs_me(app: TestApp) {
        let mut ada = app.ada();
        let blank = ada.get("/").await;
        assert!(blank.text().contains("/api/v1/deploys") && blank.text().contains("Add a service"));
        deploy(&app);
        ada.post_and_follow("/incidents", &[("title", "It hurts"), ("severity", "SEV1")]).await;
        let old = [
            ("title", "Old one"),
            ("severity", "SEV1"),
            ("started_at", "2026-11-15T10:00"),
            ("resolved_at", "2026-11-15T11:00"),
        ];
        ada.post_and_follow("/incidents", &old).await;
        let near = [
            ("title", "Near"),
            ("kind", "near_miss"),
            ("started_at", "2026-11-15T10:00"),
            ("resolved_at", "2026-11-15T11:00"),
        ];
        ada.post_and_follow("/incidents", &near).await;
        let home = ada.get("/").await;
        assert!(home.one("#live").contains("It hurts") && !home.one("#live").contains("Old one"));
        assert!(home.one("#due").contains("Old one") && home.one("#due").contains("5 days late"));
        assert!(!home.one("#due").contains("Near"));
        assert!(home.one("#deploys").contains("Checkout 2.4.1"));
        ada.post("/incidents/INC-2/postmortem", &[]).await;
        assert!(ada.get("/").await.one("#drafts").contains("Old one"));
    }
);
