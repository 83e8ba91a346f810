//! The shapes of the API's answers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_MATCH, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; nothing on the last one.
    pub next_cursor: Option<String>,
}

/// `200 OK` with JSON.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// `200 OK` with JSON and the ETag of this revision.
pub fn ok_with_etag(body: &impl Serialize, revision: i64) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((ETAG, etag(revision))).json(body)
}

/// The ETag of a revision.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// The revision that an edit is based on, from `If-Match`; `*` and no header stand for "whatever is there". The
/// quotation marks of an ETag may be missing: a shell eats them.
///
/// # Errors
/// 400 for what is no ETag, 412 for one that was never given out.
pub fn base_revision(request: &HttpRequest) -> Result<Option<i64>, Error> {
    let Some(header) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let bare = Some(text).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(tag) = quoted.or(bare) else {
        return Err(Error::Malformed("Send the ETag in If-Match as it was given.".to_owned()));
    };
    tag.parse().map(Some).map_err(|_| {
        Error::Outdated("If-Match holds no ETag of this thing. Read it again and send its ETag.".to_owned())
    })
}

/// Refuses an edit that is based on another revision than the present one.
///
/// # Errors
/// 412
pub fn check_base(base: Option<i64>, present: i64) -> Result<(), Error> {
    match base {
        Some(base) if base != present => Err(Error::Outdated(
            "It was changed since you read it. Read it again, put your change on top, and send the new ETag."
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// An answer that can be stored and given again for the same `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Created {
    /// 201, or 200 where something was there already.
    pub status: u16,
    /// Address of what was made.
    pub location: Option<String>,
    /// Its ETag.
    pub etag: Option<String>,
    /// The JSON.
    pub body: String,
}

impl Created {
    /// `201 Created` with the thing's address and ETag.
    ///
    /// # Errors
    /// A fault of serialisation.
    pub fn new(body: &impl Serialize, location: String, revision: i64) -> Result<Self, Error> {
        Ok(Created {
            status: 201,
            location: Some(location),
            etag: Some(etag(revision)),
            body: serde_json::to_string(body).map_err(|error| Error::Fault(error.to_string()))?,
        })
    }

    /// The same with `200 OK`, for what was there already.
    #[must_use]
    pub fn found(mut self) -> Self {
        self.status = 200;
        self
    }

    /// For the wire.
    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        response.insert_header((CACHE_CONTROL, "no-store")).content_type("application/json");
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((ETAG, etag));
        }
        response.body(self.body)
    }
}
