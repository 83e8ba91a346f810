//! One box over everything.

use debrief::auth::model::Scope;
use serde_json::{Value, json};

use crate::both;
use crate::support::Http;

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

/// The keys of what is found, in order.
async fn keys(program: &mut Http, address: &str) -> Vec<String> {
    let found = program.get(address).await;
    assert_eq!(found.status, 200, "{address}: {}", found.text());
    found.json()["items"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap().to_owned()).collect()
}

both!(
    async fn versions_commits_and_hosts_are_found_as_they_are_written(app: TestApp) {
        use actix_web::http::Method;
        let mut program = app.program(Scope::Write);
        let commit = "8e271c349b1f606ecca944ba72fd259c266bbf24";
        for (version, commit) in [("2.77.1", commit), ("2.77.15", "12e4a0b349b1f606ecca944ba72fd259c266bbf2")] {
            let deploy = json!({"service": "checkout", "version": version, "commit_sha": commit});
            assert_eq!(program.json(Method::POST, "/api/v1/deploys", &deploy).await.status, 201);
        }
        let summary = "The pool of 10.0.3.7 “→v3.4.05rc2”; it is 1..9 or 8. 9, not 1.2.3.4.5 (\"6.5\\7.5\")";
        let incident = json!({
            "title": "db-7.eu.example.org refuses, since 2.77.1.", "severity": "SEV2", "summary": summary
        });
        assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        for (question, expected) in [
            ("2.77.1", &["INC-1", "DEP-1"][..]),
            ("2.77", &["INC-1", "DEP-2", "DEP-1"]),
            ("v2.77.1", &["INC-1", "DEP-1"]),
            ("77.15", &["DEP-2"]),
            ("7.1", &[]),
            ("2.77.2", &[]),
            ("10.0.3.7", &["INC-1"]),
            ("0.3.7", &["INC-1"]),
            ("v3.4.05", &["INC-1"]),
            ("3.4.6", &[]),
            ("1.9", &[]),
            ("8.9", &[]),
            ("2.3.4.5", &["INC-1"]),
            ("1.2.3.4.5", &["INC-1"]),
            ("6.5", &["INC-1"]),
            ("7.5+refuses", &["INC-1"]),
            ("8e271c34", &["DEP-1"]),
            ("12e4", &["DEP-2"]),
            ("example.org", &["INC-1"]),
            ("db-7", &["INC-1"]),
            ("checkout+2.77.15", &["DEP-2"]),
        ] {
            let mut found = keys(&mut program, &format!("/api/v1/search?q={question}&kind=incident")).await;
            found.extend(keys(&mut program, &format!("/api/v1/search?q={question}&kind=deploy")).await);
            found.sort_unstable();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(found, expected, "{question}");
        }
        let hit = program.get("/api/v1/search?q=v3.4.05&kind=incident").await.json();
        let marked = |hit: &Value| -> Vec<String> {
            let parts = hit["items"][0]["snippet"].as_array().unwrap().iter();
            let hits = parts.filter(|part| part["is_hit"] == true);
            hits.map(|part| part["text"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(marked(&hit), Vec::<String>::new(), "05rc2 is another word: {hit}");
        let hit = program.get("/api/v1/search?q=10.0.3.7&kind=incident").await.json();
        assert_eq!(marked(&hit), ["10.0.3.7"], "{hit}");
        // What is found follows its text.
        let change = json!({"summary": "Nothing to see", "title": "db-7 refuses, since v2.78.0"});
        let changed = program.json(Method::PATCH, "/api/v1/incidents/INC-1", &change).await;
        assert!(changed.status.is_success(), "{}", changed.text());
        assert_eq!(keys(&mut program, "/api/v1/search?q=2.77.1&kind=incident").await, Vec::<String>::new());
        assert_eq!(keys(&mut program, "/api/v1/search?q=2.78.0&kind=incident").await, ["INC-1"]);
    }
);

both!(
    async fn what_a_question_is_narrowed_by_follows_its_record(app: TestApp) {
        use actix_web::http::Method;
        let mut program = app.program(Scope::Write);
        let incident = json!({
            "title": "Heron pool is empty", "severity": "SEV2", "services": ["checkout"],
            "started_at": "2026-01-31T23:30:00Z",
        });
        let answer = program.json(Method::POST, "/api/v1/incidents", &incident).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let event = json!({"text": "the heron is back", "at": "2026-02-01T00:10:00Z"});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents/INC-1/timeline", &event).await.status, 201);
        let mut count =
            async |filter: &str| keys(&mut program, &format!("/api/v1/search?q=heron&{filter}")).await.len();
        assert_eq!(count("service=checkout").await, 2);
        assert_eq!(count("service=other").await, 0);
        assert_eq!(count("from=2026-02-01").await, 1);
        assert_eq!(count("to=2026-01-31").await, 1);
        assert_eq!(count("from=2026-01-31&to=2026-02-01").await, 2);
        assert_eq!(count("from=2026-02-02").await, 0);
        assert_eq!(count("from=2026-02-02&to=2026-01-02").await, 0);
        assert_eq!(count("kind=event&service=checkout&from=2026-02-01&to=2026-02-01").await, 1);

        // The incident belongs to another service, and began earlier.
        let change = json!({"services": ["mailer"], "started_at": "2025-12-31T10:00:00Z"});
        let changed = program.json(Method::PATCH, "/api/v1/incidents/INC-1", &change).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let mut count =
            async |filter: &str| keys(&mut program, &format!("/api/v1/search?q=heron&{filter}")).await.len();
        assert_eq!(count("service=checkout").await, 0);
        assert_eq!(count("service=mailer").await, 2);
        assert_eq!(count("kind=incident&from=2025-12-31&to=2025-12-31").await, 1);
        assert_eq!(count("kind=incident&from=2026-01-01").await, 0);
    }
);

both!(
    async fn of_very_much_titles_come_first_and_then_the_newest(app: TestApp) {
        use actix_web::http::Method;
        use diesel::connection::SimpleConnection;
        let mut program = app.program(Scope::Write);
        for title in ["The heron stands still", "Heronry is full", "Something else"] {
            let incident = json!({"title": title, "severity": "SEV2", "services": ["checkout"]});
            assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        }
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
            INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
            SELECT 'event', 1000 + i, 3, 1780000000000 + i, '', 'a heron, number ' || i || ' of them' FROM n";
        app.write(|c| Ok(c.batch_execute(many)?));

        let whole = keys(&mut program, "/api/v1/search?q=%22heron%22").await;
        assert_eq!((whole.len(), &whole[0][..], &whole[1][..]), (25, "INC-1", "INC-3"));
        // A word that is still being typed, short and long.
        for question in ["h", "he", "hero", "her"] {
            let found = keys(&mut program, &format!("/api/v1/search?q={question}")).await;
            assert_eq!(found[..2], ["INC-2", "INC-1"], "{question}");
        }
        // One that may be all of it: what has it so comes before what goes on, though that is newer.
        assert_eq!(keys(&mut program, "/api/v1/search?q=heron").await[..2], ["INC-1", "INC-2"]);
        for question in ["heron+nu", "heron+num", "heron+numb"] {
            let found = keys(&mut program, &format!("/api/v1/search?q={question}")).await;
            assert_eq!((found.len(), &found[0][..]), (25, "INC-3"), "{question}");
        }
        assert_eq!(keys(&mut program, "/api/v1/search?q=of+heron&kind=incident").await.len(), 0);
        assert_eq!(keys(&mut program, "/api/v1/search?q=heron&kind=incident").await, ["INC-2", "INC-1"]);
        assert_eq!(keys(&mut program, "/api/v1/search?q=heron&service=checkout&from=2030-01-01").await.len(), 0);

        // All pages together hold nothing twice, the newest first.
        let (mut events, mut address) = (Vec::new(), "/api/v1/search?q=a+heron+%22number%22".to_owned());
        loop {
            let page = program.get(&address).await.json();
            for hit in page["items"].as_array().unwrap() {
                events
                    .push(hit["html_url"].as_str().unwrap().rsplit_once("#event-").unwrap().1.parse::<i64>().unwrap());
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            address = format!("/api/v1/search?q=a+heron+%22number%22&cursor={cursor}");
        }
        assert_eq!(events, (0..250).map(|back| 2300 - back).collect::<Vec<i64>>());
        // Words that stand in many documents, together in few.
        let one = program.get("/api/v1/search?q=%22heron+number+77+of%22").await.json();
        assert_eq!(one["items"].as_array().unwrap().len(), 1);
        assert!(one["items"][0]["snippet"].to_string().contains("heron, number 77 of"), "{one}");
    }
);

both!(
    async fn the_longest_text_is_stored_and_found(app: TestApp) {
        use actix_web::http::Method;
        let mut program = app.program(Scope::Write);
        let incident = json!({"title": "Very much to say", "severity": "SEV2"});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        // No word twice: PostgreSQL's index takes a megabyte of different words.
        let word = |number: usize| format!("{number:05x}");
        let versions = (0..5_000).map(|number| format!("{}.{}.{}.{number}", number % 7, number % 11, number % 13));
        let words: Vec<String> = (0..20_000).map(word).chain(versions).chain((20_000..160_000).map(word)).collect();
        let markdown = words.join(" ");
        let written =
            program.json(Method::PUT, "/api/v1/incidents/INC-1/postmortem", &json!({"markdown": markdown})).await;
        assert!(written.status.is_success(), "{}: {}", written.status, written.text());
        let found = program.get("/api/v1/search?q=%22001f0+001f1%22").await.json();
        assert_eq!(found["items"][0]["kind"], "postmortem", "{found}");
        let found = program.get("/api/v1/search?q=6.7.11.986").await.json();
        assert_eq!(found["items"][0]["kind"], "postmortem", "{found}");
        // One number of a million digits and dots.
        let markdown = "7.".repeat(500_000);
        let text = json!({"markdown": markdown, "base_revision": 1});
        let written = program.json(Method::PUT, "/api/v1/incidents/INC-1/postmortem", &text).await;
        assert!(written.status.is_success(), "{}: {}", written.status, written.text());
        let found = program.get("/api/v1/search?q=7.7.7").await.json();
        assert_eq!(found["items"][0]["kind"], "postmortem", "{found}");
    }
);
