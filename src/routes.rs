//! Every URL in one table: method, path, whom it serves, and the handler. The authorization test walks it.

use actix_web::{Route, web};

use crate::web::errors::wrong_method;
use crate::{auth, services, web as shared};

/// Whom a route serves. The handler's argument type enforces it; the table says it for readers and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever is signed in.
    Viewer,
    /// Members and admins.
    Member,
    /// Admins.
    Admin,
    /// Tokens that may read.
    ApiRead,
    /// Tokens that may write.
    ApiWrite,
    /// Tokens that may record deploys.
    ApiIngest,
    /// Senders that sign their deliveries.
    Hook,
}

/// One line of the table.
pub struct Entry {
    /// HTTP method.
    pub method: &'static str,
    /// Path with `{placeholders}`.
    pub path: &'static str,
    /// Whom it serves.
    pub access: Access,
    mount: fn() -> Route,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)+) => {
        /// The table, in the order in which paths are matched.
        pub static TABLE: &[Entry] = &[$(
            Entry {
                method: stringify!($method),
                path: $path,
                access: Access::$access,
                mount: || routes!(@method $method).to($handler),
            }
        ),+];
    };
    (@method GET) => { web::get() };
    (@method POST) => { web::post() };
    (@method PUT) => { web::put() };
    (@method PATCH) => { web::patch() };
    (@method DELETE) => { web::delete() };
}

routes! {
    GET  "/healthz"                     Anyone  shared::health::alive;
    GET  "/readyz"                      Anyone  shared::health::ready;
    GET  "/metrics"                     Anyone  shared::metrics::show;
    GET  "/assets/{hash}/{name}"        Anyone  shared::assets::serve;

    GET  "/setup"                       Anyone  auth::pages::setup;
    POST "/setup"                       Anyone  auth::pages::set_up;
    GET  "/sign-in"                     Anyone  auth::pages::sign_in_form;
    POST "/sign-in"                     Anyone  auth::pages::sign_in;
    GET  "/sign-in/{token}"             Anyone  auth::pages::sign_in_by_link;
    POST "/sign-out"                    Viewer  auth::pages::sign_out;

    GET  "/settings"                    Viewer  crate::account::pages::show;
    POST "/settings/profile"            Viewer  crate::account::pages::change_profile;
    POST "/settings/password"           Viewer  crate::account::pages::change_password;
    POST "/settings/sessions/{id}/end"  Viewer  crate::account::pages::end_session;
    POST "/settings/tokens"             Viewer  crate::account::pages::create_token;
    POST "/settings/tokens/{id}/revocation" Viewer crate::account::pages::revoke_token;

    GET  "/admin"                       Admin   crate::admin::pages::index;
    GET  "/admin/people"                Admin   crate::admin::pages::people;
    POST "/admin/people"                Admin   crate::admin::pages::add_person;
    POST "/admin/people/{id}/role"      Admin   crate::admin::pages::change_role;
    POST "/admin/people/{id}/disabling" Admin   crate::admin::pages::disable;
    POST "/admin/people/{id}/enabling"  Admin   crate::admin::pages::enable;
    POST "/admin/people/{id}/sign-in-link" Admin crate::admin::pages::new_link;
    GET  "/admin/audit"                 Admin   crate::admin::pages::audit_log;
    GET  "/admin/jobs"                  Admin   crate::admin::pages::jobs;
    POST "/admin/jobs/{id}/revival"     Admin   crate::admin::pages::revive_job;

    GET  "/services"                    Viewer  services::pages::index;
    POST "/services"                    Member  services::pages::create;
    GET  "/services/new"                Member  services::pages::new;
    GET  "/services/{slug}"             Viewer  services::pages::show;
    POST "/services/{slug}"             Member  services::pages::update;
    GET  "/services/{slug}/edit"        Member  services::pages::edit;

    GET  "/api/v1/openapi.json"         Anyone   crate::api::openapi::show;
    GET  "/api/v1/services"             ApiRead  services::api::list;
    POST "/api/v1/services"             ApiWrite services::api::create;
    GET  "/api/v1/services/{slug}"      ApiRead  services::api::show;
}

/// Mounts the table: one resource for each path, 405 for methods that it does not take, 404 for all else.
pub fn mount(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&'static str> = Vec::new();
    for entry in TABLE {
        if !paths.contains(&entry.path) {
            paths.push(entry.path);
        }
    }
    for path in paths {
        let mut resource = web::resource(path);
        for entry in TABLE.iter().filter(|entry| entry.path == path) {
            resource = resource.route((entry.mount)());
            if entry.method == "GET" {
                // HEAD is GET without its body; the server drops it.
                resource = resource.route((entry.mount)().method(actix_web::http::Method::HEAD));
            }
        }
        config.service(resource.default_service(web::route().to(wrong_method)));
    }
    config.default_service(web::route().to(crate::web::errors::not_found));
}

/// Whether `path` is a page of the table that may be opened by GET.
pub fn is_known_page(path: &str) -> bool {
    path == "/"
        || TABLE.iter().any(|entry| {
            entry.method == "GET"
                && !matches!(entry.access, Access::ApiRead | Access::ApiWrite | Access::ApiIngest)
                && matches_pattern(entry.path, path)
        })
}

fn matches_pattern(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(wanted, given)| {
            wanted == given || (wanted.starts_with('{') && wanted.ends_with('}') && !given.is_empty())
        })
}
