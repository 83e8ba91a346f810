//! Turning an [`Error`] into an answer: a page for people, problem+json for programs.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::guard::RequestId;
use super::layout::Layout;
use super::problem::Problem;
use crate::error::Error;

/// An error page.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: Layout,
    status: u16,
    heading: &'static str,
    detail: String,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    // Without the request there is no telling page from API; `present` has it and writes the body.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// Whether programs, not people, ask at this path.
fn is_for_programs(path: &str) -> bool {
    ["/api/", "/hooks/", "/v1/", "/v2/"].iter().any(|door| path.starts_with(door)) || path.ends_with(".json")
}

/// The answer that tells `error` to whoever asked.
pub fn answer(request: &HttpRequest, error: &Error) -> HttpResponse {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    if let Error::Fault(cause) = error {
        tracing::error!(request_id, route = request.match_pattern(), cause, "fault");
    }
    let mut response = HttpResponse::build(error.status_code());
    match error {
        Error::WrongMethod => {
            response.insert_header((ALLOW, crate::routes::methods_of(&request.match_pattern().unwrap_or_default())));
        }
        Error::Busy | Error::Unsure | Error::DiskFull => {
            response.insert_header((RETRY_AFTER, "2"));
        }
        Error::TooMany(seconds) => {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        Error::SignedOut(_) if is_for_programs(request.path()) => {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"debrief\""));
        }
        _ => {}
    }
    if is_for_programs(request.path()) {
        let problem = Problem::from_error(error, &request_id);
        return response
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .body(serde_json::to_string(&problem).unwrap_or_default());
    }
    if matches!(error, Error::SignedOut(_)) && request.method() == actix_web::http::Method::GET {
        let next: String = form_urlencoded::byte_serialize(
            request.uri().path_and_query().map_or("/", |whole| whole.as_str()).as_bytes(),
        )
        .collect();
        return HttpResponse::SeeOther().insert_header((LOCATION, format!("/sign-in?next={next}"))).finish();
    }
    let page = ErrorPage {
        layout: Layout::bare(error.title(), &request_id),
        status: error.status(),
        heading: error.title(),
        detail: match error {
            Error::Invalid(fields) => fields.iter().map(|field| field.message.clone()).collect::<Vec<_>>().join(" "),
            other => other.detail(),
        },
    };
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header(("cache-control", "no-store"))
        .body(page.render().unwrap_or_else(|_| error.detail()))
}

/// Middleware: writes the body of every error, whoever raised it.
pub async fn present(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // Handlers' and extractors' errors arrive as answers that carry them. The request may only be cloned
    // after routing: the router needs to own it.
    let response = next.call(request).await?;
    let Some(error) = response.response().error() else {
        return Ok(response.map_into_boxed_body());
    };
    // An answer that an extractor gave in place of the handler's is whole already.
    if error.as_error::<InternalError<&'static str>>().is_some() {
        return Ok(response.map_into_boxed_body());
    }
    let told = told(error, response.status());
    let http_request = response.request().clone();
    let answer = answer(&http_request, &told);
    Ok(ServiceResponse::new(http_request, answer))
}

/// Our own error as it is; an error of the framework as the nearest of ours.
fn told(error: &actix_web::Error, status: StatusCode) -> Error {
    match error.as_error::<Error>() {
        Some(ours) => ours.clone(),
        None => match status.as_u16() {
            404 => Error::NotFound("There is no page at this address. Check it for a typing mistake.".to_owned()),
            405 => Error::WrongMethod,
            408 => Error::TooSlow,
            413 => Error::TooLarge(super::body::DOCUMENT_LIMIT_BYTES),
            400..500 => Error::Malformed("The address or the request is not right. Check it and try again.".to_owned()),
            _ => Error::Fault(error.to_string()),
        },
    }
}

/// The answer of addresses that no route has.
pub async fn not_found() -> Result<HttpResponse, Error> {
    Err(Error::NotFound("There is no page at this address. Check it for a typing mistake.".to_owned()))
}

/// The answer of known addresses to a method that they do not take.
pub async fn wrong_method() -> Result<HttpResponse, Error> {
    Err(Error::WrongMethod)
}
