//! Doors that speak as others speak: PagerDuty change events, Honeybadger deploys, CloudEvents in its three modes.

use actix_web::http::Method;
use debrief::hooks::model::{Sender, Verdict};
use serde_json::{Value, json};

use super::{Sent, deliver, deploys_seen, knock, proof_of, source_of, verdicts};
use crate::both;

both!(
    async fn change_events_are_taken_as_pagerduty_takes_them(app: TestApp) {
        let source = source_of(&app, Sender::PagerDutyChanges);
        let mut program = app.anonymous();
        let event = |key: &str, payload: Value| json!({"routing_key": key, "payload": payload, "links": [{"href": "https://ci.example/9", "text": "Build"}]});
        let payload = json!({"summary": "Build Success - SHOP-4", "timestamp": "2026-11-23T13:00:00.000+0000", "source": "ci",
            "custom_details": {"service": "orders", "environment": "staging", "build_state": "passed", "version": "v7"}});
        let path = "/v2/change/enqueue";
        for wrong in [event("nobody's", payload.clone()), json!({"payload": payload}), json!([])] {
            let answer = program.json(Method::POST, path, &wrong).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["status"].as_i64()),
                (401, Some(401)),
                "told as to a program"
            );
        }
        for bad in [json!({}), json!({"summary": ""}), json!({"summary": false})] {
            let answer = program.json(Method::POST, path, &event(&source.secret, bad)).await;
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json()["status"], "invalid event");
        }
        let right = event(&source.secret, payload);
        for _ in 0..2 {
            let answer = program.json(Method::POST, path, &right).await;
            assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (202, Some("success")));
        }
        assert_eq!(app.work_queue().await, 1);
        let seen = deploys_seen(&app);
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].service.as_str(), seen[0].environment.as_str()), ("orders", "staging"));
        assert_eq!((seen[0].version.as_deref(), seen[0].url.as_deref()), (Some("v7"), Some("https://ci.example/9")));
        assert_eq!(seen[0].references, ["ticket SHOP-4 "]);
        let mut admin = app.signed_in("Root", debrief::auth::model::Role::Admin);
        let page = admin.get(&admin.clone().get("/admin/deliveries").await.attribute("tbody a", "href").unwrap()).await;
        assert!(!page.text().contains(&source.secret), "the routing key is hidden");
    }
);

both!(
    async fn a_source_of_any_sender_gives_the_key(app: TestApp) {
        let source = source_of(&app, Sender::PagerDuty);
        let body = json!({"routing_key": source.secret, "payload": {"summary": "Deployed"}});
        assert_eq!(app.anonymous().json(Method::POST, "/v2/change/enqueue", &body).await.status, 202);
        app.work_queue().await;
        assert_eq!(deploys_seen(&app)[0].service, "pagerduty", "without a service it is one of the source's own name");
    }
);

both!(
    async fn deploys_are_taken_as_honeybadger_takes_them(app: TestApp) {
        let source = source_of(&app, Sender::Honeybadger);
        let mut program = app.anonymous();
        let form = |key: &str| {
            form_urlencoded::Serializer::new(String::new())
                .append_pair("deploy[environment]", "production")
                .append_pair("deploy[revision]", crate::senders::fixtures::SHA)
                .append_pair("deploy[repository]", "git@git.example:acme/orders.git")
                .append_pair("deploy[local_username]", "ada")
                .append_pair("api_key", key)
                .finish()
        };
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(program.send(Method::POST, "/v1/deploys", kind, form("wrong")).await.status, 401);
        let answer = program.send(Method::POST, "/v1/deploys", kind, form(&source.secret)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (201, Some("OK")));
        let json_body = json!({"deploy": {"environment": "staging", "revision": "v9", "repository": "https://git.example/acme/billing"}});
        let answer = program.with("x-api-key", &source.secret).json(Method::POST, "/v1/deploys", &json_body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(
            program.with("x-api-key", &source.secret).json(Method::POST, "/v1/deploys", &json!({})).await.status,
            422
        );
        app.work_queue().await;
        let seen = deploys_seen(&app);
        let told: Vec<_> = seen
            .iter()
            .map(|one| {
                (
                    one.service.as_str(),
                    one.environment.as_str(),
                    one.version.as_deref(),
                    one.commit_sha.as_deref(),
                    one.deployed_by.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("billing", "staging", Some("v9"), None, None),
                ("orders", "production", None, Some(crate::senders::fixtures::SHA), Some("ada"))
            ]
        );
    }
);

fn cdevent(id: &str) -> Value {
    json!({"context": {"specversion": "0.5.1", "id": id, "source": "/ci", "type": "dev.cdevents.service.deployed.0.3.0",
        "timestamp": "2026-11-23T13:00:00Z"}, "subject": {"id": "orders", "content": {"environment": {"id": "production"},
        "artifactId": format!("pkg:oci/orders?tag={id}")}}})
}

fn structured(id: &str) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/ci", "type": "dev.cdevents.service.deployed.0.3.0",
        "datacontenttype": "application/json", "data": cdevent(id)})
}

both!(
    async fn cloudevents_come_in_three_modes(app: TestApp) {
        let source = source_of(&app, Sender::CdEvents);
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "b1"),
            ("ce-source", "/ci"),
            ("ce-type", "dev.cdevents.service.deployed.0.3.0"),
        ];
        deliver(&app, &source, &Sent::json(&headers, &cdevent("b1"))).await;
        let mut sent = Sent::json(&[], &structured("s1"));
        sent.kind = Some("application/cloudevents+json");
        deliver(&app, &source, &sent).await;
        // The same event in another mode is the same event.
        let same = Sent::json(
            &[
                ("ce-specversion", "1.0"),
                ("ce-id", "s1"),
                ("ce-source", "/ci"),
                ("ce-type", "dev.cdevents.service.deployed.0.3.0"),
            ],
            &cdevent("s1"),
        );
        assert_eq!(deliver(&app, &source, &same).await.status, 200);
        let mut batch = Sent::json(&[], &json!([structured("x1"), structured("x2"), structured("s1"), 3, null]));
        batch.kind = Some("application/cloudevents-batch+json; charset=utf-8");
        assert_eq!(deliver(&app, &source, &batch).await.status, 202);
        assert_eq!(deliver(&app, &source, &batch).await.status, 200);
        app.work_queue().await;
        let seen = deploys_seen(&app);
        let mut versions: Vec<_> = seen.iter().map(|one| one.version.clone().unwrap()).collect();
        versions.sort();
        assert_eq!(versions, ["b1", "s1", "x1", "x2"]);
        assert_eq!(verdicts(&app).iter().filter(|(verdict, _)| *verdict == Verdict::Ignored).count(), 2);

        let mut many = Sent::json(&[], &Value::Array((0..501).map(|n| structured(&n.to_string())).collect()));
        many.kind = Some("application/cloudevents-batch+json");
        let before = verdicts(&app).len();
        let proof = proof_of(source.sender, &source.secret, &many.body);
        assert_eq!(knock(&app, &source, &many, &proof).await.status, 400);
        assert_eq!(verdicts(&app).len(), before, "nothing of it was stored");
    }
);

both!(
    async fn the_handshake_allows_and_tells_nothing(app: TestApp) {
        let source = source_of(&app, Sender::CdEvents);
        let ask = |path: String| {
            let app = app.clone();
            async move {
                let mut http = app.anonymous().with("webhook-request-origin", "events.example");
                let answer = http.send(Method::OPTIONS, &path, "", "").await;
                let headers = ["webhook-allowed-origin", "webhook-allowed-rate", "allow"];
                (answer.status.as_u16(), headers.map(|name| answer.header(name).map(str::to_owned)))
            }
        };
        let (status, headers) = ask(source.hook_path()).await;
        assert_eq!(status, 200);
        assert_eq!(headers[0].as_deref(), Some("events.example"));
        assert!(headers[1].as_deref().is_some_and(|rate| rate.parse::<u32>().is_ok()));
        assert_eq!(
            ask("/hooks/cdevents/nobody".to_owned()).await,
            (status, headers),
            "which sources there are is not told"
        );
    }
);
