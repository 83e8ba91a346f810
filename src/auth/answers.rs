//! Answers that were given a moment ago, for whoever asks the same again while nothing has been written.
//!
//! A page that many tabs reload, or a program that asks every second, costs one look at the database: who asks (a
//! session that has ended opens nothing), and whether the database is as it was. What is kept belongs to one session or
//! token and to one address; it is forgotten with the first write, by whomever ([`Version`]), and after
//! [`FRESH_S`], because pages say how long ago things were.

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, RANGE, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};

use super::who::{Door, Looked, door_of, look};
use crate::app::App;
use crate::clock::Moment;
use crate::db::Version;
use crate::kept::Kept;
use crate::web::flash::FLASH_COOKIE;

/// For how long a page's "3 min ago" may stay as it is.
const FRESH_S: i64 = 2;
/// Bytes of each half of the memory.
const HALF_BYTES: usize = 3 * 1024 * 1024;
/// Longer answers are not kept.
const LONGEST_BYTES: u64 = 512 * 1024;

/// Whose answer to what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    door: Door,
    accepts: Vec<u8>,
    address: String,
}

/// A whole answer.
#[derive(Clone, Debug)]
struct Answer {
    version: Version,
    given_at: Moment,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: web::Bytes,
}

/// The answers of a moment ago.
#[derive(Debug)]
pub struct Answers(Kept<Question, Answer>);

impl Default for Answers {
    fn default() -> Self {
        Answers(Kept::new(HALF_BYTES))
    }
}

/// Where nobody has to come in.
const OPEN: &[&str] =
    &["/assets/", "/healthz", "/readyz", "/metrics", "/setup", "/sign-in", "/p/", "/feeds/", "/notifications/"];

fn question(request: &ServiceRequest) -> Option<Question> {
    let headers = request.headers();
    let is_plain = *request.method() == Method::GET
        && !OPEN.iter().any(|start| request.path().starts_with(start))
        && ![IF_NONE_MATCH, IF_MATCH, RANGE].iter().any(|name| headers.contains_key(name))
        && request.cookie(FLASH_COOKIE).is_none();
    if !is_plain {
        return None;
    }
    Some(Question {
        door: door_of(request.request())?,
        accepts: headers.get(ACCEPT_ENCODING).map(|value| value.as_bytes().to_vec()).unwrap_or_default(),
        address: request.uri().path_and_query()?.as_str().to_owned(),
    })
}

/// Middleware: gives the answer of a moment ago again, or lets the handler answer and keeps what it said.
///
/// # Errors
/// The handler's.
pub async fn give(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = request.app_data::<web::Data<App>>().cloned();
    let (Some(app), Some(question)) = (app, question(&request)) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let now = app.clock.now();
    // Whoever may not come in, or when the database cannot be asked: the handler says so.
    let Ok(Some(looked)) = look(&app, &question.door, now).await else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let Some(version) = looked.version.clone() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    if !looked.is_to_be_noted(now)
        && let Some(answer) = app.answers.0.find(&question)
        && answer.version == version
        && (0..FRESH_S).contains(&now.seconds_since(answer.given_at))
    {
        app.metrics.given_again();
        return Ok(request.into_response(again(&answer)));
    }
    request.extensions_mut().insert::<Looked>(looked);
    let response = next.call(request).await?.map_into_boxed_body();
    if !is_worth_keeping(&response) {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body).await else {
        return Err(actix_web::error::ErrorInternalServerError("the answer could not be read"));
    };
    let headers = head.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let bytes = body.len() + question.address.len();
    app.answers.0.keep(question, bytes, Answer { version, given_at: now, headers, body: body.clone() });
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

fn again(answer: &Answer) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(answer.body.clone()));
    for (name, value) in &answer.headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

fn is_worth_keeping(response: &ServiceResponse) -> bool {
    let headers = response.headers();
    let is_text = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"application/json")
    });
    response.status() == StatusCode::OK
        && is_text
        && !headers.contains_key(SET_COOKIE)
        && matches!(response.response().body().size(), BodySize::Sized(size) if size <= LONGEST_BYTES)
}
