//! Every route of the table × everybody who may knock. A route that answers somebody it does not serve fails
//! here, however its handler came to be without its check.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::auth::queries::{self, NewToken};
use debrief::routes::{Access, Entry, TABLE};

use crate::both;
use crate::support::Http;
use crate::support::world::{MARK, World};

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Told {
    /// Somebody else must sign in or show a token.
    SignInFirst,
    /// Known, but may not.
    Forbidden,
    /// Served, whatever came of it.
    Served,
}

/// How long an answer may take to begin; the stream of a retro's news never ends.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

async fn knock(http: &Http, entry: &Entry, path: &str) -> (Told, u16, String) {
    let mut http = http.clone();
    let method: Method = entry.method.parse().unwrap();
    let (kind, body) = if entry.path.starts_with("/api/") || entry.path.starts_with("/hooks/") {
        ("application/json", "{}")
    } else {
        ("application/x-www-form-urlencoded", "")
    };
    let is_stream = entry.path.ends_with("/events") && method == Method::GET;
    let patience = if is_stream { std::time::Duration::from_millis(500) } else { PATIENCE };
    let answering = async {
        match method {
            Method::GET => http.get(path).await,
            method => http.send(method, path, kind, body).await,
        }
    };
    let Ok(answer) = tokio::time::timeout(patience, answering).await else {
        assert!(is_stream, "{} {path} does not answer", entry.method);
        return (Told::Served, 200, String::new());
    };
    let status = answer.status.as_u16();
    assert!(status < 500, "{} {path} gave {status}: {}", entry.method, answer.text());
    let to_sign_in = answer.header("location").is_some_and(|path| path.starts_with("/sign-in?"));
    let told = match status {
        401 => Told::SignInFirst,
        303 if to_sign_in => Told::SignInFirst,
        403 if entry.path != "/sign-in/{token}" => Told::Forbidden,
        _ => Told::Served,
    };
    (told, status, answer.text())
}

fn expected(access: Access, knocker: &str) -> Told {
    let page = |allowed: &[&str]| match knocker {
        known if allowed.contains(&known) => Told::Served,
        "viewer" | "member" | "stranger" | "admin" => Told::Forbidden,
        _ => Told::SignInFirst,
    };
    let api = |allowed: &[&str]| match knocker {
        known if allowed.contains(&known) => Told::Served,
        "token read" | "token write" | "token ingest" => Told::Forbidden,
        _ => Told::SignInFirst,
    };
    match access {
        Access::Anyone => Told::Served,
        Access::Viewer => page(&["viewer", "member", "stranger", "admin"]),
        Access::Member => page(&["member", "stranger", "admin"]),
        Access::Admin => page(&["admin"]),
        Access::ApiRead => api(&["token read", "token write"]),
        Access::ApiWrite => api(&["token write"]),
        Access::ApiIngest => api(&["token write", "token ingest"]),
        Access::ApiAny => api(&["token read", "token write", "token ingest"]),
        // A sender is known by its signature alone, which nobody here has.
        Access::Hook => Told::SignInFirst,
    }
}

/// Everybody who may knock, each with a session of its own: some routes end it.
fn knockers(world: &World) -> Vec<(&'static str, Http)> {
    let app = &world.app;
    let mut ended = app.session_of(world.admin);
    ended.cookies.insert("debrief".to_owned(), "a session that has ended".to_owned());
    let mut revoked = app.anonymous();
    revoked.bearer = Some("dbr_revoked".to_owned());
    vec![
        ("anonymous", app.anonymous()),
        ("viewer", app.session_of(world.vera)),
        ("member", app.session_of(world.max)),
        ("stranger", app.session_of(world.otto)),
        ("admin", app.session_of(world.admin)),
        ("ended session", ended),
        ("revoked token", revoked),
    ]
}

/// Those who are known by a token or not any more, made once.
fn others(world: &World) -> Vec<(&'static str, Http)> {
    let app = &world.app;
    let gone = app.user("Dora", Role::Admin);
    let new = NewToken { user_id: gone, name: "t".to_owned(), scope: Scope::Write, expires_at: None };
    let (disabled, now) = (app.session_of(gone), app.now());
    let mut program_of_disabled = app.anonymous();
    program_of_disabled.bearer = Some(app.write(|c| queries::add_token(c, &Actor::program("test"), &new, now)));
    app.write(|c| {
        use debrief::db::schema::users;
        use diesel::prelude::*;
        diesel::update(users::table.find(gone)).set(users::disabled_at.eq(now)).execute(c)?;
        Ok(())
    });
    vec![
        ("disabled", disabled),
        ("token of the disabled", program_of_disabled),
        ("token read", app.program(Scope::Read)),
        ("token write", world.robot.clone()),
        ("token ingest", app.program(Scope::Ingest)),
    ]
}

fn is_refused(told: Told) -> bool {
    told != Told::Served
}

both!(
    async fn whoever_is_refused_reads_nothing_and_changes_nothing(app: TestApp) {
        let world = World::new(app.clone()).await;
        let (knockers, others) = (knockers(&world), others(&world));
        let before = world.rows();
        let mut faults = Vec::new();
        for entry in TABLE {
            let path = world.path_of(entry);
            for (knocker, http) in knockers.iter().chain(&others) {
                let wanted = expected(entry.access, knocker);
                if !is_refused(wanted) {
                    continue;
                }
                let (told, status, text) = knock(http, entry, &path).await;
                if told != wanted {
                    faults.push(format!("{} {path} for {knocker}: {told:?} ({status}), not {wanted:?}", entry.method));
                }
                if text.contains(MARK) {
                    faults.push(format!("{} {path} for {knocker} tells what is inside", entry.method));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        let after = world.rows();
        let changed: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{changed:#?}");
    }
);

both!(
    async fn every_route_serves_those_it_is_for(app: TestApp) {
        let world = World::new(app.clone()).await;
        let others = others(&world);
        let mut faults = Vec::new();
        // What only looks comes first: the rest takes away what there is to look at.
        let (looks, acts): (Vec<_>, Vec<_>) = TABLE.iter().partition(|entry| entry.method == "GET");
        for entry in looks.into_iter().chain(acts) {
            let path = world.path_of(entry);
            for (knocker, http) in knockers(&world).iter().chain(&others) {
                let wanted = expected(entry.access, knocker);
                if is_refused(wanted) || (*knocker == "stranger" && is_of_a_team(entry.path)) {
                    continue;
                }
                let (told, status, _) = knock(http, entry, &path).await;
                let is_there = entry.method != "GET" || matches!(status, 200 | 303) || is_never_there(entry.path);
                if told != wanted || !is_there {
                    faults.push(format!("{} {path} for {knocker}: {told:?} ({status}), not {wanted:?}", entry.method));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
);

/// Pages of a team that others neither see nor change.
fn is_of_a_team(path: &str) -> bool {
    path.starts_with("/teams/{slug}/channels")
        || path.starts_with("/teams/{slug}/members")
        || path == "/saved-views/{id}/removal"
}

/// Addresses whose secret part the world has not, or that say no: minutes of a retro that goes on, the form of an event
/// that a program noted, and a question that names no service.
fn is_never_there(path: &str) -> bool {
    let says_no =
        ["/retros/{id}.md", "/incidents/{key}/events/{id}/edit", "/api/v1/deploys/readiness", "/sign-in/{token}"];
    says_no.contains(&path) || path.starts_with("/assets/") || path.starts_with("/notifications/stop/")
}

both!(
    async fn what_is_ones_own_or_ones_teams_is_nobody_elses(app: TestApp) {
        let world = World::new(app.clone()).await;
        let session: i64 = app.read(|c| {
            use debrief::db::schema::sessions;
            use diesel::prelude::*;
            Ok(sessions::table.filter(sessions::user_id.eq(world.max)).select(sessions::id).first(c)?)
        });
        let mut strangers = [app.session_of(world.otto), app.session_of(world.admin)];
        let before = world.rows();
        let personal = |entry: &&Entry| {
            let own = ["/settings/tokens/{id}", "/settings/feeds/{id}", "/settings/sessions/{id}"];
            entry.method == "POST" && own.iter().any(|place| entry.path.starts_with(place))
        };
        let mut count = 0;
        for entry in TABLE.iter().filter(personal) {
            let path = match entry.path {
                "/settings/sessions/{id}/end" => format!("/settings/sessions/{session}/end"),
                _ => world.path_of(entry),
            };
            for http in &mut strangers {
                let answer = http.post(&path, &[]).await;
                assert_eq!(answer.status, 404, "{path}");
                count += 1;
            }
        }
        assert_eq!(count, 6, "tokens, feeds and sessions, for a stranger and for an admin");
        for entry in TABLE.iter().filter(|entry| is_of_a_team(entry.path)) {
            let path = world.path_of(entry);
            let (_, status, text) = knock(&strangers[0], entry, &path).await;
            // What was typed is looked at first where a form has no id in its address.
            assert!(matches!(status, 403 | 404 | 422), "{} {path} gave {status}", entry.method);
            assert!(!text.contains("127.0.0.1:9"), "{path} shows the address of a channel");
        }
        assert_eq!(before, world.rows());
        let mut max = app.session_of(world.max);
        assert_eq!(max.post(&format!("/settings/sessions/{session}/end"), &[]).await.status, 303);
    }
);

both!(
    async fn secrets_are_shown_to_nobody_a_second_time(app: TestApp) {
        let world = World::new(app.clone()).await;
        let source = app.read(|c| debrief::hooks::queries::by_slug(c, "zinnober-source"));
        let secrets = ["s3cret-of-the-tracker".to_owned(), source.secret, world.robot.bearer.clone().unwrap()];
        for entry in TABLE.iter().filter(|entry| entry.method == "GET") {
            let path = world.path_of(entry);
            for (knocker, http) in [("admin", app.session_of(world.admin)), ("program", world.robot.clone())] {
                let (_, _, text) = knock(&http, entry, &path).await;
                assert!(!secrets.iter().any(|secret| text.contains(secret)), "{path} for {knocker} shows a secret");
            }
        }
    }
);

#[test]
fn the_table_has_no_line_twice() {
    let mut lines: Vec<_> = TABLE.iter().map(|entry| (entry.method, entry.path)).collect();
    let count = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count);
}

#[test]
fn the_openapi_document_and_the_table_agree() {
    let document = serde_json::to_value(debrief::api::openapi::document()).unwrap();
    let mut described = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| key.as_str() != "parameters") {
            described.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    let mut routed: Vec<_> = TABLE
        .iter()
        .filter(|entry| entry.path.starts_with("/api/v1/") && entry.path != "/api/v1/openapi.json")
        .map(|entry| format!("{} {}", entry.method, entry.path))
        .collect();
    described.sort();
    routed.sort();
    assert_eq!(described, routed);
    assert_eq!(document["openapi"], "3.1.0");
}
