//! Every route of the table × everybody who may knock. A route that answers somebody it does not serve fails
//! here, however its handler came to be without its check.

use actix_web::http::Method;
use debrief::auth::model::{Role, Scope};
use debrief::routes::{Access, Entry, TABLE};

use crate::both;
use crate::support::Http;

/// A path of the table with something plausible in each placeholder.
fn path_of(entry: &Entry) -> String {
    let mut path = String::new();
    for part in entry.path.split('/').skip(1) {
        path.push('/');
        path.push_str(match part {
            part if !part.starts_with('{') => part,
            "{slug}" | "{name}" | "{source}" => "checkout",
            "{token}" | "{hash}" => "0123456789abcdef",
            _ => "1",
        });
    }
    if path.is_empty() { "/".to_owned() } else { path }
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Told {
    /// Somebody else must sign in or show a token.
    SignInFirst,
    /// Known, but may not.
    Forbidden,
    /// Served, whatever came of it.
    Served,
}

async fn knock(http: &Http, entry: &Entry) -> (Told, u16) {
    let mut http = http.clone();
    let method: Method = entry.method.parse().unwrap();
    let (kind, body) = if entry.path.starts_with("/api/") || entry.path.starts_with("/hooks/") {
        ("application/json", "{}")
    } else {
        ("application/x-www-form-urlencoded", "")
    };
    let answer = match method {
        Method::GET => http.get(&path_of(entry)).await,
        method => http.send(method, &path_of(entry), kind, body).await,
    };
    let status = answer.status.as_u16();
    assert!(status < 500, "{} {} gave {status}: {}", entry.method, entry.path, answer.text());
    let to_sign_in = answer.header("location").is_some_and(|path| path.starts_with("/sign-in?"));
    let told = match status {
        401 => Told::SignInFirst,
        303 if to_sign_in => Told::SignInFirst,
        403 if entry.path != "/sign-in/{token}" => Told::Forbidden,
        _ => Told::Served,
    };
    (told, status)
}

fn expected(access: Access, knocker: &str) -> Told {
    let page = |allowed: &[&str]| match knocker {
        known if allowed.contains(&known) => Told::Served,
        "viewer" | "member" | "admin" => Told::Forbidden,
        _ => Told::SignInFirst,
    };
    let api = |allowed: &[&str]| match knocker {
        known if allowed.contains(&known) => Told::Served,
        "token read" | "token write" | "token ingest" => Told::Forbidden,
        _ => Told::SignInFirst,
    };
    match access {
        Access::Anyone => Told::Served,
        Access::Viewer => page(&["viewer", "member", "admin"]),
        Access::Member => page(&["member", "admin"]),
        Access::Admin => page(&["admin"]),
        Access::ApiRead => api(&["token read", "token write"]),
        Access::ApiWrite => api(&["token write"]),
        Access::ApiIngest => api(&["token write", "token ingest"]),
        Access::ApiAny => api(&["token read", "token write", "token ingest"]),
        // A sender is known by its signature alone, which nobody here has.
        Access::Hook => Told::SignInFirst,
    }
}

both!(
    async fn every_route_serves_those_it_is_for(app: TestApp) {
        let disabled_id = app.user("Dora", Role::Admin);
        let disabled = app.session_of(disabled_id);
        app.write(|c| {
            use debrief::db::schema::users;
            use diesel::prelude::*;
            diesel::update(users::table.find(disabled_id)).set(users::disabled_at.eq(app.now())).execute(c)?;
            Ok(())
        });
        let mut ended = app.signed_in("Emil", Role::Admin);
        ended.cookies.insert("debrief".to_owned(), "a session that has ended".to_owned());
        let mut revoked = app.anonymous();
        revoked.bearer = Some("dbr_revoked".to_owned());
        let (viewer, member, admin) =
            (app.user("Vera", Role::Viewer), app.user("Max", Role::Member), app.user("Ada", Role::Admin));
        let programs = [
            ("token read", app.program(Scope::Read)),
            ("token write", app.program(Scope::Write)),
            ("token ingest", app.program(Scope::Ingest)),
        ];
        let mut faults = Vec::new();
        for entry in TABLE {
            // New sessions for each route: some routes end them.
            let knockers = [
                ("anonymous", app.anonymous()),
                ("viewer", app.session_of(viewer)),
                ("member", app.session_of(member)),
                ("admin", app.session_of(admin)),
                ("disabled", disabled.clone()),
                ("ended session", ended.clone()),
                ("revoked token", revoked.clone()),
            ];
            for (knocker, http) in knockers.iter().chain(&programs) {
                let (told, status) = knock(http, entry).await;
                let wanted = expected(entry.access, knocker);
                if told != wanted {
                    faults.push(format!(
                        "{} {} for {knocker}: {told:?} ({status}), not {wanted:?}",
                        entry.method, entry.path
                    ));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
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
