//! What stands between strangers and the record: cookies, headers, cross-site requests, tries to sign in, proxies,
//! and what is never told. Who may do what is in `authorization.rs`, what is too large or too slow in `doors.rs`.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Instant;

use actix_web::http::Method;
use debrief::auth::model::{Role, Scope};
use debrief::auth::queries;
use debrief::db::schema::{sessions, sign_in_attempts, users};
use debrief::routes::{Access, TABLE};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::both;
use crate::support::ports::free_port;
use crate::support::program::{Folder, debrief, run};
use crate::support::world::World;
use crate::support::{Http, TestApp};

const PASSWORD: &str = "a lamp over the logbook";

/// Ada, the first admin, with a password.
async fn set_up(app: &TestApp) {
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(app.anonymous().post("/setup", &form).await.status, 303);
}

async fn sign_in(http: &mut Http, email: &str, password: &str) -> crate::support::browser::Answer {
    http.post("/sign-in", &[("email", email), ("password", password)]).await
}

fn is_for_programs(access: Access) -> bool {
    matches!(access, Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny)
}

both!(
    async fn looking_changes_nothing(app: TestApp) {
        let world = World::new(app.clone()).await;
        let (admin, max) = (app.session_of(world.admin), app.session_of(world.max));
        // Who is at a text or in a retro shows while they are there, and settings have a row once they are opened.
        let presence = ["notice_settings ", "postmortem_writers ", "retro_people ", "retros "];
        let rows = || -> BTreeSet<String> {
            let all = world.rows().into_iter();
            all.filter(|row| !presence.iter().any(|table| row.starts_with(table))).collect()
        };
        let before = rows();
        for entry in TABLE {
            // The stream of a retro's news has no end; a sign-in link is for one use, and unknown here.
            if entry.method != "GET" || entry.path.ends_with("/events") {
                continue;
            }
            for http in [&admin, &max, &world.robot, &app.anonymous()] {
                for method in [Method::GET, Method::HEAD] {
                    let answer = http.clone().send(method.clone(), &world.path_of(entry), "", "").await;
                    assert!(answer.status.as_u16() < 500, "{method} {}: {}", entry.path, answer.status);
                }
            }
        }
        let after = rows();
        let changed: Vec<_> = before.symmetric_difference(&after).collect();
        assert!(changed.is_empty(), "{changed:#?}");
    }
);

both!(
    async fn every_form_from_another_site_is_refused(app: TestApp) {
        let world = World::new(app.clone()).await;
        let admin = app.session_of(world.admin);
        let before = world.rows();
        for entry in TABLE {
            let by_token = ["/api/", "/hooks/", "/v1/", "/v2/"].iter().any(|door| entry.path.starts_with(door));
            if entry.method == "GET" || by_token {
                continue;
            }
            let method: Method = entry.method.parse().unwrap();
            for (name, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("origin", "http://debrief.test.evil.example"),
            ] {
                let kind = "application/x-www-form-urlencoded";
                let answer = admin.with(name, value).send(method.clone(), &world.path_of(entry), kind, "").await;
                assert_eq!(answer.status, 403, "{} {} with {name}: {value}", entry.method, entry.path);
            }
        }
        assert_eq!(before, world.rows());
        // A cookie opens no door of programs, so that no other site can knock there in somebody's name.
        for entry in TABLE.iter().filter(|entry| is_for_programs(entry.access)) {
            let method: Method = entry.method.parse().unwrap();
            let answer = admin.clone().send(method, &world.path_of(entry), "application/json", "{}").await;
            assert_eq!(answer.status, 401, "{} {}", entry.method, entry.path);
            assert!(answer.header("access-control-allow-origin").is_none());
        }
    }
);

both!(
    async fn every_answer_says_how_it_may_be_used(app: TestApp) {
        let world = World::new(app.with_config(|config| config.base_url = "https://debrief.test".to_owned())).await;
        let admin = world.app.session_of(world.admin);
        for entry in TABLE {
            if entry.method != "GET" || entry.path.ends_with("/events") {
                continue;
            }
            let path = world.path_of(entry);
            for http in [&admin, &world.robot, &world.app.anonymous()] {
                let answer = http.clone().get(&path).await;
                let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
                let policy = header("content-security-policy");
                assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
                // A postmortem in one file brings its styles along, and may do nothing at all.
                let is_one_file = path.ends_with("/postmortem.html") && policy.ends_with("; sandbox");
                assert!(
                    is_one_file || !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"),
                    "{path}: {policy}"
                );
                assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(header("x-frame-options"), "DENY", "{path}");
                assert_eq!(header("referrer-policy"), "same-origin", "{path}");
                assert!(header("strict-transport-security").starts_with("max-age="), "{path}");
                assert!(!header("x-request-id").is_empty(), "{path}");
                let kept = header("cache-control");
                let may_be_kept = ["/assets/", "/attachments/", "/feeds/"].iter().any(|place| path.contains(place));
                assert!(kept == "no-store" || may_be_kept, "{path}: {kept}");
                assert!(!kept.contains("public") || path.starts_with("/assets/"), "{path}: {kept}");
                if header("content-type").starts_with("text/html") {
                    let page = answer.text();
                    assert!(!page.contains(" style=\"") && !page.contains(" onclick="), "{path} has something inline");
                }
            }
        }
    }
);

both!(
    async fn the_cookie_of_a_session_is_bound_and_new_each_time(app: TestApp) {
        set_up(&app).await;
        let cookie_of = |answer: &crate::support::browser::Answer| {
            answer
                .headers
                .iter()
                .find(|(name, value)| name == "set-cookie" && value.contains("debrief="))
                .unwrap()
                .1
                .clone()
        };
        let mut http = app.anonymous();
        http.cookies.insert("debrief".to_owned(), "chosen by somebody else".to_owned());
        let first = cookie_of(&sign_in(&mut http, "ada@example.org", PASSWORD).await);
        let second = cookie_of(&sign_in(&mut http, "ada@example.org", PASSWORD).await);
        assert_ne!(first.split(';').next(), second.split(';').next());
        assert!(!first.contains("chosen by somebody else"));
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(first.contains(wanted), "{first}");
        }
        assert!(!first.contains("Domain") && !first.contains("Secure"), "{first}");
        let over_tls = app.with_config(|config| config.base_url = "https://debrief.test".to_owned());
        let bound = cookie_of(&sign_in(&mut over_tls.anonymous(), "ada@example.org", PASSWORD).await);
        assert!(bound.starts_with("__Host-debrief=") && bound.contains("Secure"), "{bound}");
        // Signing out ends it on the server, too.
        let old = http.clone();
        assert_eq!(http.post("/sign-out", &[]).await.status, 303);
        assert_eq!(old.clone().get("/settings").await.status, 303);
    }
);

both!(
    async fn many_tries_at_once_are_as_limited_as_one_after_the_other(app: TestApp) {
        set_up(&app).await;
        let tries = (0..40).map(|n| {
            let mut http = app.anonymous();
            async move { sign_in(&mut http, "ada@example.org", &format!("wrong password {n}")).await.status.as_u16() }
        });
        let statuses = futures_util::future::join_all(tries).await;
        let looked_at = statuses.iter().filter(|status| **status == 422).count();
        assert_eq!(looked_at, 10, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 422 | 429)), "{statuses:?}");
        app.app.clock.advance_s(601);
        // Right ones do not count, however many.
        for _ in 0..12 {
            assert_eq!(sign_in(&mut app.anonymous(), "ada@example.org", PASSWORD).await.status, 303);
        }
        let left: i64 = app.read(|c| {
            let recent = sign_in_attempts::attempted_at.ge(app.now().plus_s(-600));
            Ok(sign_in_attempts::table.filter(recent).count().get_result(c)?)
        });
        assert_eq!(left, 0);
    }
);

both!(
    async fn known_and_unknown_addresses_are_answered_alike(app: TestApp) {
        set_up(&app).await;
        app.user("Bob", Role::Member);
        let dora = app.user("Dora", Role::Member);
        let now = app.now();
        app.write(|c| Ok(diesel::update(users::table.find(dora)).set(users::disabled_at.eq(now)).execute(c)?));
        let mut times = Vec::new();
        let mut bodies = BTreeSet::new();
        // One with a password, one without, one who may no longer sign in, one who never was.
        for name in ["ada", "bob", "dora", "eve"] {
            let mut fastest = f64::MAX;
            for _ in 0..4 {
                app.app.clock.advance_s(601);
                let began = Instant::now();
                let answer = sign_in(&mut app.anonymous(), &format!("{name}@example.org"), "not the password").await;
                fastest = fastest.min(began.elapsed().as_secs_f64());
                assert_eq!(answer.status, 422);
                let id = answer.header("x-request-id").unwrap().to_owned();
                let now = app.now().to_string();
                bodies.insert(
                    answer.text().replace(&id, "ID").replace(&now, "NOW").replace(&format!("{name}@"), "NAME@"),
                );
            }
            times.push(fastest);
        }
        assert_eq!(bodies.len(), 1, "{bodies:#?}");
        let (least, most) = (times.iter().copied().fold(f64::MAX, f64::min), times.iter().copied().fold(0.0, f64::max));
        assert!(most < least * 2.0, "{times:?} seconds");
    }
);

both!(
    async fn small_forms_take_small_bodies(app: TestApp) {
        let long = "x".repeat(17 * 1024);
        for path in ["/setup", "/sign-in"] {
            let answer = app.anonymous().post(path, &[("email", "ada@example.org"), ("password", &long)]).await;
            assert_eq!(answer.status, 413, "{path}");
        }
    }
);

both!(
    async fn forwarded_addresses_are_believed_from_configured_proxies_alone(app: TestApp) {
        set_up(&app).await;
        let behind = app.with_config(|config| {
            config.trusted_proxies = vec!["127.0.0.1".parse().unwrap(), "10.0.0.7".parse().unwrap()];
        });
        for (app, headers, address) in [
            (&app, vec!["203.0.113.9"], "127.0.0.1"),
            (&behind, vec![], "127.0.0.1"),
            (&behind, vec!["203.0.113.9"], "203.0.113.9"),
            (&behind, vec!["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (&behind, vec!["203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            // What a client wrote itself stands further left, also when a proxy adds a line of its own.
            (&behind, vec!["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (&behind, vec!["203.0.113.9:4711"], "203.0.113.9"),
            (&behind, vec!["198.51.100.1, [2001:db8::9]:4711"], "2001:db8::9"),
            (&behind, vec!["::ffff:203.0.113.9"], "203.0.113.9"),
            (&behind, vec!["198.51.100.1, unknown"], "127.0.0.1"),
            (&behind, vec!["198.51.100.1, not an address, 10.0.0.7"], "10.0.0.7"),
        ] {
            let mut http = app.anonymous();
            http.headers = headers.iter().map(|value| ("x-forwarded-for".to_owned(), (*value).to_owned())).collect();
            assert_eq!(sign_in(&mut http, "ada@example.org", PASSWORD).await.status, 303);
            let stored: String =
                app.read(|c| Ok(sessions::table.order(sessions::id.desc()).select(sessions::address).first(c)?));
            assert_eq!(stored, address, "{headers:?}");
        }
    }
);

both!(
    async fn a_token_never_does_more_than_its_owner(app: TestApp) {
        let mut program = app.program(Scope::Write);
        let body = serde_json::json!({"name": "Checkout", "tier": 1});
        assert_eq!(program.json(Method::POST, "/api/v1/services", &body).await.status, 201);
        app.write(|c| Ok(diesel::update(users::table).set(users::role.eq(Role::Viewer)).execute(c)?));
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(program.send(method, "/api/v1/services", "", "").await.status, 200);
        }
        let told = program.json(Method::POST, "/api/v1/services", &body).await;
        assert_eq!(told.status, 403, "{}", told.text());
    }
);

both!(
    async fn other_methods_are_told_which_ones_are_taken(app: TestApp) {
        let mut ada = app.ada();
        for (path, allowed) in
            [("/services", "GET, POST, HEAD"), ("/healthz", "GET, HEAD"), ("/api/v1/deploys/DEP-1", "GET, PATCH, HEAD")]
        {
            for method in ["TRACE", "PROPFIND", "PUT"] {
                let answer = ada.send(Method::from_bytes(method.as_bytes()).unwrap(), path, "", "").await;
                assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some(allowed)), "{method} {path}");
            }
        }
    }
);

both!(
    async fn a_fault_is_told_by_its_number_and_never_by_its_cause(app: TestApp) {
        let mut ada = app.signed_in("Ada", Role::Admin);
        let mut program = app.program(Scope::Write);
        app.write(|c| Ok(c.batch_execute("ALTER TABLE freeze_windows RENAME TO put_away")?));
        for (http, path) in [(&mut ada, "/admin/freezes"), (&mut program, "/api/v1/deploys/readiness?service=x")] {
            let answer = http.get(path).await;
            assert_eq!(answer.status, 500, "{path}: {}", answer.text());
            let id = answer.header("x-request-id").unwrap();
            assert!(answer.text().contains(id), "{path} tells no number");
            for cause in ["freeze_windows", "no such table", "does not exist", "SELECT", "diesel", "src/"] {
                assert!(!answer.text().contains(cause), "{path} tells {cause}");
            }
        }
    }
);

both!(
    async fn a_sign_in_link_is_used_once_when_raced(app: TestApp) {
        let id = app.user("Ada", Role::Admin);
        let until = app.now().plus_s(60);
        let token = app.write(|c| queries::add_sign_in_link(c, id, until));
        let tries = (0..8).map(|_| {
            let (mut http, path) = (app.anonymous(), format!("/sign-in/{token}"));
            async move { http.get(&path).await.status.as_u16() }
        });
        let mut statuses = futures_util::future::join_all(tries).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 403, 403, 403, 403, 403, 403, 403]);
    }
);

/// Everything secret that a day brings, with the log as wide open as it goes.
#[test]
fn no_secret_is_in_the_log() {
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    assert_eq!(
        run(debrief(&database).args(["user", "add", "ada@example.org", "--name", "Ada", "--role", "admin"])).0,
        0
    );
    let token = run(debrief(&database).args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"])).1;
    let token = token.trim().to_owned();
    let log = folder.file("log");
    let port = free_port();
    let mut child = debrief(&database)
        .args(["serve", "--bind", &format!("127.0.0.1:{port}")])
        .env("DEBRIEF_LOG", "trace")
        .stdout(Stdio::from(std::fs::File::create(&log).unwrap()))
        .stderr(Stdio::from(std::fs::OpenOptions::new().append(true).open(&log).unwrap()))
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
    while agent.get(format!("{url}/readyz")).call().is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let secrets = [
        token.as_str(),
        "my-secret-password",
        "my-secret-link",
        "my-secret-hook",
        "my-secret-cookie",
        "my-secret-feed",
    ];
    let bearer = format!("Bearer {token}");
    assert_eq!(
        agent.get(format!("{url}/api/v1/services")).header("authorization", &bearer).call().unwrap().status(),
        200
    );
    let form = [("email", "ada@example.org"), ("password", "my-secret-password")];
    assert_eq!(agent.post(format!("{url}/sign-in")).send_form(form).unwrap().status(), 422);
    for path in ["/sign-in/my-secret-link", "/feeds/my-secret-feed.ics", "/p/my-secret-feed", "/?token=my-secret-link"]
    {
        agent.get(format!("{url}{path}")).header("cookie", "debrief=my-secret-cookie").call().unwrap();
    }
    for path in ["/hooks/jenkins/x?token=my-secret-hook", "/hooks/github/x"] {
        agent.post(format!("{url}{path}")).header("x-gitlab-token", "my-secret-hook").send("{}").unwrap();
    }
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap();
    let told = std::fs::read_to_string(&log).unwrap();
    assert!(told.lines().count() > 5, "{told}");
    for secret in secrets {
        let line = told.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}
