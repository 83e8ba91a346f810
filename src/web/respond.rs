//! The few shapes that an answer to a browser has.

use actix_web::HttpResponse;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, LOCATION};
use askama::Template;

use super::flash::{FLASH_COOKIE, Flash};
use crate::error::Error;

/// A page, with `200 OK`.
///
/// # Errors
/// A template that fails to render is a fault.
pub fn page(template: &impl Template) -> Result<HttpResponse, Error> {
    page_with(StatusCode::OK, template)
}

/// A page with another status: 422 for a form with errors, 409 for a conflict.
///
/// # Errors
/// As [`page`].
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Error> {
    let html = template.render().map_err(|error| Error::Fault(format!("template: {error}")))?;
    Ok(html_response(status, html))
}

/// Ready HTML (a fragment from a template's block, for instance).
pub fn html_response(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status).insert_header(ContentType::html()).insert_header((CACHE_CONTROL, "no-store")).body(html)
}

/// Plain text or another text type, never cached.
pub fn text(content_type: &'static str, body: String) -> HttpResponse {
    HttpResponse::Ok().content_type(content_type).insert_header((CACHE_CONTROL, "no-store")).body(body)
}

/// After a form: on to `path`, so that reloading does not send the form again.
pub fn see_other(path: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path.into())).finish()
}

/// [`see_other`] with a message that the next page shows once.
pub fn see_other_with(path: impl Into<String>, flash: &Flash) -> HttpResponse {
    let cookie = Cookie::build(FLASH_COOKIE, flash.encode())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::seconds(60))
        .finish();
    HttpResponse::SeeOther().insert_header((LOCATION, path.into())).cookie(cookie).finish()
}

/// An own path from `next=`, or `/` for everything that could lead elsewhere.
pub fn own_path(next: &str) -> String {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.len() <= 2000
        && crate::routes::is_known_page(next.split(['?', '#']).next().unwrap_or_default());
    if is_own { next.to_owned() } else { "/".to_owned() }
}
