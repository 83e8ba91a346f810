//! One box over everything.

use debrief::auth::model::Scope;
use serde_json::json;

use crate::both;

both!(
    async fn every_kind_of_thing_is_found_right_after_it_was_written(app: TestApp) {
        use actix_web::http::Method;
        let mut program = app.program(Scope::Write);
        let deploy = json!({"service": "checkout", "version": "7.7.1", "summary": "shrinks the heron pool"});
        assert_eq!(program.json(Method::POST, "/api/v1/deploys", &deploy).await.status, 201);
        let incident = json!({"title": "Heron pool is empty", "severity": "SEV2", "services": ["checkout"]});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        let event = json!({"text": "the heron pool has <b>no</b> room left over"});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents/INC-1/timeline", &event).await.status, 201);
        let text = json!({"markdown": "# Story\n\nThe heron pool had been halved by a new default.\n"});
        let written = program.json(Method::PUT, "/api/v1/incidents/INC-1/postmortem", &text).await;
        assert!(written.status.is_success(), "{}", written.text());
        let item = json!({"incident": "INC-1", "title": "Alert on the heron pool"});
        assert_eq!(program.json(Method::POST, "/api/v1/action-items", &item).await.status, 201);

        let found = program.get("/api/v1/search?q=heron+poo").await.json();
        let mut kinds: Vec<&str> =
            found["items"].as_array().unwrap().iter().map(|hit| hit["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, ["action_item", "deploy", "event", "incident", "postmortem"]);
        let phrase = program.get("/api/v1/search?q=%22had+been+halved+by+a%22").await.json();
        assert_eq!(phrase["items"][0]["kind"], "postmortem");
        assert_eq!(program.get("/api/v1/search?q=%22halved+been+had%22").await.json()["items"], json!([]));
        let narrowed = program.get("/api/v1/search?q=heron&kind=deploy&service=checkout").await.json();
        assert_eq!(narrowed["items"].as_array().unwrap().len(), 1);
        assert_eq!(program.get("/api/v1/search?q=ACT-1").await.json()["items"][0]["key"], "ACT-1");

        let mut ada = app.ada();
        let page = ada.get("/search?q=room+left").await;
        assert_eq!(page.one("mark"), "room");
        assert!(!page.text().contains("<b>no</b>"), "{}", page.text());
    }
);

both!(
    async fn a_service_is_found_by_its_name_and_before_its_deploys(app: TestApp) {
        use actix_web::http::Method;
        let mut program = app.program(Scope::Write);
        for version in ["1.0.0", "1.0.1", "1.0.2"] {
            let deploy = json!({"service": "Heron nest", "version": version});
            assert_eq!(program.json(Method::POST, "/api/v1/deploys", &deploy).await.status, 201);
        }
        let incident = json!({"title": "Voucher page hangs while the heron answers late", "severity": "SEV2"});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        let kinds = |found: serde_json::Value| -> Vec<String> {
            found["items"].as_array().unwrap().iter().map(|hit| hit["kind"].as_str().unwrap().to_owned()).collect()
        };
        let found = kinds(program.get("/api/v1/search?q=heron").await.json());
        assert_eq!(found, ["service", "incident", "deploy", "deploy", "deploy"]);
        let only = kinds(program.get("/api/v1/search?q=heron&kind=service").await.json());
        assert_eq!(only, ["service"]);
        let none = kinds(program.get("/api/v1/search?q=heron&service=other").await.json());
        assert!(none.is_empty(), "{none:?}");

        let page = app.ada().get("/search?q=heron").await;
        assert!(page.text().contains("/services/heron-nest"), "{}", page.text());
    }
);

both!(
    async fn no_question_is_an_operator(app: TestApp) {
        let mut ada = app.ada();
        for question in
            ["\"", "a\"b", "* OR 1", "NEAR(", "'; DROP TABLE users; --", "a:b", "-", "%", "\u{0}", "((", "a & | !"]
        {
            let encoded: String = form_urlencoded::byte_serialize(question.as_bytes()).collect();
            let page = ada.get(&format!("/search?q={encoded}")).await;
            assert_eq!(page.status, 200, "{question}: {}", page.text());
        }
    }
);

both!(
    async fn each_real_postmortem_is_found_by_a_phrase_from_its_middle(app: TestApp) {
        let Some(samples) = crate::support::samples() else { return };
        let folder = samples.join("postmortems/mybinder");
        let now = app.now();
        debrief::exchange::arriving::import(&app.app.db, std::slice::from_ref(&folder), now, &mut |_| {});
        let mut program = app.program(Scope::Read);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|end| end != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // Five plain words from the middle on: figures and hyphens are split differently by each database.
            let all: Vec<&str> = text.split_whitespace().collect();
            let is_plain = |word: &&str| word.chars().all(|letter| letter.is_ascii_alphabetic());
            let words = (all.len() / 2..all.len())
                .chain(0..all.len() / 2)
                .filter_map(|start| all.get(start..start + 5))
                .find(|words| words.iter().all(is_plain))
                .unwrap();
            let question: String =
                form_urlencoded::byte_serialize(format!("\"{}\"", words.join(" ")).as_bytes()).collect();
            let found = program.get(&format!("/api/v1/search?q={question}&kind=postmortem")).await;
            let hits = found.json()["items"].as_array().unwrap().len();
            assert!(hits >= 1, "{}: {words:?}", path.display());
        }
    }
);
