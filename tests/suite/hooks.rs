//! GitHub's deliveries: signed, stored raw, answered, read by a job.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::hooks::model::{Sender, Source};
use debrief::hooks::queries;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::both;
use crate::support::TestApp;
use crate::support::browser::Answer;

fn source(app: &TestApp) -> Source {
    let now = app.now();
    app.write(|c| queries::add(c, &Actor::program("test"), Sender::GitHub, "GitHub acme", now))
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn deliver(app: &TestApp, source: &Source, event: &str, id: &str, body: &[u8]) -> Answer {
    app.anonymous()
        .with("x-github-event", event)
        .with("x-github-delivery", id)
        .with("x-hub-signature-256", &sign(&source.secret, body))
        .with("authorization", "Bearer of-somebody")
        .send(Method::POST, &source.hook_path(), "application/json", body)
        .await
}

fn status(state: &str, at: &str) -> Vec<u8> {
    json!({
        "action": "created",
        "deployment_status": {"state": state, "environment": "production", "created_at": at,
            "updated_at": "2030-01-01T00:00:00Z", "target_url": format!("https://ci.example/{state}"), "description": ""},
        "deployment": {"id": 4711, "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "ref": "v2.4.0", "task": "deploy",
            "updated_at": "2030-01-01T00:00:00Z", "creator": {"login": "ada"}},
        "repository": {"name": "checkout", "full_name": "acme/checkout", "html_url": "https://git.example/acme/checkout"}
    })
    .to_string()
    .into_bytes()
}

async fn deploys(app: &TestApp) -> Vec<serde_json::Value> {
    let mut robot = app.anonymous();
    robot.bearer = Some(token(app));
    robot.get("/api/v1/deploys").await.json()["items"].as_array().unwrap().clone()
}

fn token(app: &TestApp) -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let id = app.user(&format!("Reader{}", COUNT.fetch_add(1, Ordering::SeqCst)), Role::Member);
    let new =
        debrief::auth::queries::NewToken { user_id: id, name: "t".to_owned(), scope: Scope::Read, expires_at: None };
    let now = app.now();
    app.write(|c| debrief::auth::queries::add_token(c, &Actor::program("test"), &new, now))
}

both!(
    async fn a_status_becomes_a_deploy_and_the_next_one_completes_it(app: TestApp) {
        let source = source(&app);
        app.user("Ada", Role::Member);
        let answer =
            deliver(&app, &source, "deployment_status", "d-1", &status("in_progress", "2026-11-23T13:50:00Z")).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert!(deploys(&app).await.is_empty(), "nothing is read before the answer");
        assert_eq!(app.work_queue().await, 1);
        let body = status("success", "2026-11-23T13:54:00Z");
        deliver(&app, &source, "deployment_status", "d-2", &body).await;
        app.work_queue().await;
        let found = deploys(&app).await;
        assert_eq!(found.len(), 1);
        let deploy = &found[0];
        assert_eq!(deploy["service"], "checkout");
        assert_eq!(deploy["environment"], "production");
        assert_eq!(deploy["status"], "succeeded");
        assert_eq!(deploy["version"], "v2.4.0");
        assert_eq!(deploy["commit_sha"], "f95f852bd8fca8fcc58a9a2d6c842781e32a215e");
        assert_eq!(deploy["started_at"], "2026-11-23T13:50:00Z");
        assert_eq!(deploy["finished_at"], "2026-11-23T13:54:00Z");
        assert_eq!(deploy["url"], "https://ci.example/success");
        assert_eq!(deploy["people"][0]["handle"], "ada");

        // A late message and a double take nothing back.
        deliver(&app, &source, "deployment_status", "d-3", &status("queued", "2026-11-23T13:52:00Z")).await;
        let again = deliver(&app, &source, "deployment_status", "d-2", &body).await;
        assert_eq!(again.status, 200);
        assert!(again.text().contains("already here"));
        app.work_queue().await;
        let found = deploys(&app).await;
        assert_eq!((found.len(), &found[0]["status"]), (1, &json!("succeeded")));
        assert_eq!(found[0]["started_at"], "2026-11-23T13:50:00Z");
        // GitHub tells of the one that was replaced; that is no deploy.
        deliver(&app, &source, "deployment_status", "d-4", &status("inactive", "2026-11-23T15:00:00Z")).await;
        app.work_queue().await;
        assert_eq!(deploys(&app).await[0]["status"], "succeeded");
    }
);

both!(
    async fn success_before_in_progress_ends_alike(app: TestApp) {
        let source = source(&app);
        deliver(&app, &source, "deployment_status", "d-2", &status("success", "2026-11-23T13:54:00Z")).await;
        app.work_queue().await;
        deliver(&app, &source, "deployment_status", "d-1", &status("in_progress", "2026-11-23T13:50:00Z")).await;
        app.work_queue().await;
        let found = deploys(&app).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["status"], "succeeded");
        assert_eq!(found[0]["started_at"], "2026-11-23T13:50:00Z");
        assert_eq!(found[0]["finished_at"], "2026-11-23T13:54:00Z");
        assert_eq!(found[0]["url"], "https://ci.example/success");
    }
);

both!(
    async fn wrong_signatures_store_nothing(app: TestApp) {
        let source = source(&app);
        let body = status("success", "2026-11-23T13:54:00Z");
        let right = sign(&source.secret, &body);
        let wrong = [
            String::new(),
            sign("another secret", &body),
            right[..40].to_owned(),
            format!("{right}00"),
            right.replace("sha256=", "sha1="),
            right.replace("sha256=", ""),
            sign(&source.secret, b"other bytes"),
        ];
        for signature in wrong {
            let answer = app
                .anonymous()
                .with("x-github-event", "deployment_status")
                .with("x-github-delivery", "d-1")
                .with("x-hub-signature-256", &signature)
                .send(Method::POST, &source.hook_path(), "application/json", body.clone())
                .await;
            assert_eq!(answer.status, 401, "{signature}");
        }
        let missing = app.anonymous().send(Method::POST, &source.hook_path(), "application/json", body.clone()).await;
        assert_eq!(missing.status, 401);
        let unknown = app
            .anonymous()
            .with("x-hub-signature-256", &right)
            .send(Method::POST, "/hooks/github/nobody", "application/json", body)
            .await;
        assert_eq!(unknown.status, 401);
        assert_eq!(app.work_queue().await, 0);
        let mut admin = app.signed_in("Root", Role::Admin);
        assert!(admin.get(&source.path()).await.text().contains("Nothing has come yet"));
    }
);

both!(
    async fn fifty_at_once_are_one(app: TestApp) {
        let source = source(&app);
        let body = status("success", "2026-11-23T13:54:00Z");
        let mut running = Vec::new();
        for _ in 0..50 {
            let (app, source, body) = (app.clone(), source.clone(), body.clone());
            running.push(actix_web::rt::spawn(async move {
                deliver(&app, &source, "deployment_status", "same", &body).await.status.as_u16()
            }));
        }
        let mut statuses = Vec::new();
        for one in running {
            statuses.push(one.await.unwrap());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 49, "{statuses:?}");
        assert_eq!(app.work_queue().await, 1);
        assert_eq!(deploys(&app).await.len(), 1);
    }
);

both!(
    async fn different_deliveries_of_one_deployment_are_one_deploy_on_two_nodes(app: TestApp) {
        let source = source(&app);
        for n in 0..12 {
            let state = ["queued", "in_progress", "success"][n % 3];
            let at = ["13:50:00", "13:51:00", "13:54:00"][n % 3];
            let body = status(state, &format!("2026-11-23T{at}Z"));
            deliver(&app, &source, "deployment_status", &format!("d-{n}"), &body).await;
        }
        let (one, two) = (app.clone(), app.second_node());
        let first = actix_web::rt::spawn(async move { one.work_queue().await });
        let second = actix_web::rt::spawn(async move { two.work_queue().await });
        assert_eq!(first.await.unwrap() + second.await.unwrap(), 12);
        let found = deploys(&app).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["status"], "succeeded");
    }
);

both!(
    async fn other_events_are_kept_and_shown_with_the_reason(app: TestApp) {
        let source = source(&app);
        let bodies: [(&str, &[u8]); 7] = [
            ("ping", b"{\"zen\":\"Keep it simple.\"}"),
            ("push", b"{}"),
            ("release", b"{}"),
            ("workflow_run", b"{}"),
            ("deployment", b"{}"),
            ("a_new_kind", b"{}"),
            ("deployment_status", b"{\"broken\": <script>"),
        ];
        for (number, (event, body)) in bodies.iter().enumerate() {
            let answer = deliver(&app, &source, event, &format!("d-{number}"), body).await;
            assert_eq!(answer.status, 202);
        }
        assert_eq!(app.work_queue().await, bodies.len());
        assert!(deploys(&app).await.is_empty());
        let mut admin = app.signed_in("Root", Role::Admin);
        let page = admin.get(&source.path()).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.all("tbody .pill"), vec!["Ignored"; bodies.len()]);
        let reasons = page.all("td[data-label=Reason]");
        assert!(reasons.iter().all(|reason| reason.ends_with('.') && reason.len() > 20), "{reasons:?}");
        let newest = page.attribute("tbody a", "href").unwrap();
        let delivery = admin.get(&newest).await;
        assert!(delivery.one("pre").contains("<script>"), "the body is shown as text");
        assert!(!delivery.text().contains("of-somebody"), "credentials are masked");
        assert!(!delivery.text().contains(&sign(&source.secret, bodies[6].1)), "signatures are masked");
    }
);

both!(
    async fn a_replay_reads_again_and_doubles_nothing(app: TestApp) {
        let source = source(&app);
        deliver(&app, &source, "deployment_status", "d-1", &status("success", "2026-11-23T13:54:00Z")).await;
        app.work_queue().await;
        let mut admin = app.signed_in("Root", Role::Admin);
        let link = admin.get(&source.path()).await.attribute("tbody a", "href").unwrap();
        let page = admin.post_and_follow(&format!("{link}/replay"), &[]).await;
        assert!(page.text().contains("Waiting"));
        assert_eq!(app.work_queue().await, 1);
        assert!(admin.get(&link).await.text().contains("DEP-1"));
        assert_eq!(deploys(&app).await.len(), 1);
    }
);

both!(
    async fn the_repository_decides_which_service_it_is(app: TestApp) {
        let source = source(&app);
        let mut robot = app.program(Scope::Write);
        let known = json!({"slug": "shop-front", "name": "Shop front", "repository_url": "https://git.example/acme/checkout.git"});
        assert_eq!(robot.json(Method::POST, "/api/v1/services", &known).await.status, 201);
        deliver(&app, &source, "deployment_status", "d-1", &status("success", "2026-11-23T13:54:00Z")).await;
        app.work_queue().await;
        assert_eq!(deploys(&app).await[0]["service"], "shop-front");
    }
);

both!(
    async fn a_namesake_of_another_repository_is_left_alone(app: TestApp) {
        let source = source(&app);
        let mut robot = app.program(Scope::Write);
        let known = json!({"slug": "checkout", "repository_url": "https://git.example/other/checkout"});
        assert_eq!(robot.json(Method::POST, "/api/v1/services", &known).await.status, 201);
        deliver(&app, &source, "deployment_status", "d-1", &status("success", "2026-11-23T13:54:00Z")).await;
        app.work_queue().await;
        assert_eq!(deploys(&app).await[0]["service"], "acme-checkout");
    }
);

both!(
    async fn an_admin_adds_a_source_and_sees_the_secret_once(app: TestApp) {
        let mut admin = app.signed_in("Root", Role::Admin);
        let refused = admin.post("/admin/sources", &[("sender", "github"), ("name", " ")]).await;
        assert_eq!(refused.status, 422);
        let made = admin.post("/admin/sources", &[("sender", "github"), ("name", "GitHub acme")]).await;
        assert_eq!(made.status, 201);
        let codes = made.all("code");
        assert_eq!(codes[0], "http://debrief.test/hooks/github/github-acme");
        let secret = codes[1].clone();
        assert!(secret.len() >= 32);
        assert!(!admin.get("/admin/sources/github-acme").await.text().contains(&secret));
        let renewed = admin.post("/admin/sources/github-acme/secret", &[]).await;
        assert_ne!(renewed.all("code")[1], secret);
        assert_eq!(admin.get("/admin/sources").await.status, 200);
        assert_eq!(app.ada().get("/admin/sources").await.status, 403);
    }
);

both!(
    async fn the_command_line_adds_a_source(app: TestApp) {
        let line = debrief::hooks::cli::add_source(&app.app.db, &app.app.config, "github", "Acme", app.now()).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(told["url"], "http://debrief.test/hooks/github/acme");
        assert!(told["secret"].as_str().unwrap().len() >= 32);
        assert!(
            debrief::hooks::cli::add_source(&app.app.db, &app.app.config, "carrier-pigeon", "x", app.now()).is_err()
        );
    }
);

both!(
    async fn the_real_samples_arrive(app: TestApp) {
        let Some(samples) = crate::support::samples() else { return };
        let source = source(&app);
        let folder = samples.join("payloads/github");
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        assert!(!names.is_empty());
        for path in &names {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let event = name.split('.').next().unwrap();
            let answer = deliver(&app, &source, event, &name, &std::fs::read(path).unwrap()).await;
            assert_eq!(answer.status, 202, "{name}");
        }
        assert_eq!(app.work_queue().await, names.len());
        let found = deploys(&app).await;
        assert_eq!(found.len(), 1, "both statuses are of one deployment");
        let deploy = &found[0];
        assert_eq!(deploy["service"], "hello-world");
        assert_eq!(deploy["environment"], "production");
        assert_eq!(deploy["status"], "succeeded");
        assert_eq!(deploy["commit_sha"], "f95f852bd8fca8fcc58a9a2d6c842781e32a215e");
        assert_eq!(deploy["finished_at"], "2019-05-15T15:20:55Z");
        assert!(deploy["url"].as_str().unwrap().starts_with("https://github.com/"));
        let mut admin = app.signed_in("Root", Role::Admin);
        let page = admin.get(&source.path()).await;
        let marks = page.all("tbody .pill");
        assert_eq!(marks.iter().filter(|mark| *mark == "Recorded").count(), 2, "{marks:?}");
        assert_eq!(marks.iter().filter(|mark| *mark == "Ignored").count(), names.len() - 2, "{marks:?}");
    }
);
