//! What is not let in, and how it is told.

use actix_web::http::Method;
use debrief::auth::model::Scope;
use serde_json::json;

use crate::both;

both!(
    async fn pages_and_programs_are_each_told_in_their_way(app: TestApp) {
        let mut ada = app.ada();
        let page = ada.get("/nowhere").await;
        assert_eq!(page.status, 404);
        assert_eq!(page.one("h1"), "There is nothing here");
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let page = ada.get("/services/none").await;
        assert_eq!((page.status.as_u16(), page.one("main p")), (404, page.one("main p")));
        assert!(page.text().contains("There is no service none"));
        assert_eq!(ada.send(Method::DELETE, "/services", "", "").await.status, 405);

        let mut program = app.program(Scope::Write);
        for (path, status) in [("/api/v1/nowhere", 404), ("/api/v1/services/none", 404)] {
            let answer = program.get(path).await;
            assert_eq!(answer.status.as_u16(), status);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert_eq!(answer.json()["status"], status);
            assert!(answer.json()["detail"].as_str().unwrap().ends_with('.'));
        }
        assert_eq!(program.send(Method::PUT, "/api/v1/services", "application/json", "{}").await.status, 405);
    }
);

both!(
    async fn hostile_bodies_are_refused_with_a_sentence(app: TestApp) {
        let mut program = app.program(Scope::Write);
        let path = "/api/v1/services";
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let shallow_enough_to_parse = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        for (kind, body, status) in [
            ("application/json", "{".to_owned(), 400),
            ("application/json", deep, 400),
            ("application/json", shallow_enough_to_parse, 400),
            ("application/json", "\u{0}".to_owned(), 400),
            ("application/json", "[]".to_owned(), 422),
            ("application/json", "null".to_owned(), 422),
            ("application/json", json!({"name": "x".repeat(5000)}).to_string(), 422),
            ("application/json", json!({"name": "a\u{0}b"}).to_string(), 422),
            ("application/json", json!({"name": "x", "tier": 99_999_999_999_999_999_999.0}).to_string(), 422),
            ("application/json", json!({"name": "x", "depends_on": "y"}).to_string(), 422),
            ("application/json", " ".repeat(1024 * 1024 + 1), 413),
            ("text/plain", "{}".to_owned(), 415),
        ] {
            let answer = program.send(Method::POST, path, kind, body.clone()).await;
            let shown: String = body.chars().take(40).collect();
            assert_eq!(answer.status.as_u16(), status, "{shown}: {}", answer.text());
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        }
        let mut invalid = program.clone();
        let answer = invalid.send(Method::POST, path, "application/json", vec![b'{', b'"', 0xff, b'"', b'}']).await;
        assert_eq!(answer.status, 400);
        let squeezed = program.with("content-encoding", "gzip").json(Method::POST, path, &json!({})).await;
        assert_eq!(squeezed.status, 415);
    }
);

both!(
    async fn answers_are_compressed_for_those_who_take_it(app: TestApp) {
        use std::io::Read;
        let mut ada = app.ada();
        let plain = ada.get("/services").await;
        let zipped = ada.with("accept-encoding", "br, gzip").get("/services").await;
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert!(zipped.body.len() * 2 < plain.body.len());
        let mut text = String::new();
        flate2::read::GzDecoder::new(&zipped.body[..]).read_to_string(&mut text).unwrap();
        assert!(text.contains("</html>"));
        assert_eq!(ada.with("accept-encoding", "gzip;q=0").get("/services").await.header("content-encoding"), None);
        let style = plain.attribute("link[rel=stylesheet]", "href").unwrap();
        let sheet = ada.get(&style).await;
        assert_eq!(
            (sheet.status.as_u16(), sheet.header("cache-control")),
            (200, Some("public, max-age=31536000, immutable"))
        );
        assert_eq!(ada.get("/assets/0000/debrief.css").await.status, 404);
    }
);

both!(
    async fn next_leads_to_own_pages_only(app: TestApp) {
        let _ = app;
        for (next, leads) in [
            ("/services", "/services"),
            ("/services/checkout?x=1#y", "/services/checkout?x=1#y"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/api/v1/services", "/"),
            ("/nowhere", "/"),
            ("", "/"),
        ] {
            assert_eq!(debrief::web::respond::own_path(next), leads, "{next}");
        }
    }
);
