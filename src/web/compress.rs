//! Compression of answers. Requests are never decompressed: a small one could grow without bounds.

use std::io::Write;

use actix_web::body::BoxBody;
use actix_web::body::{BodySize, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::middleware::Next;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::assets::accepts_gzip;

/// Below this size, in bytes, compressing costs more than it saves.
const WORTH_IT_BYTES: u64 = 1000;

/// `plain` in gzip.
pub(super) fn gzip(plain: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::new(level));
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("writing into memory cannot fail")
}

/// Middleware: compresses text answers for those who take gzip.
pub async fn answers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let takes_gzip = accepts_gzip(request.headers().get(ACCEPT_ENCODING));
    let response = next.call(request).await?.map_into_boxed_body();
    let is_text = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
        kind.starts_with("text/") || kind.contains("json") || kind.contains("xml") || kind.contains("javascript")
    });
    let is_worth_it = matches!(response.response().body().size(), BodySize::Sized(size) if size >= WORTH_IT_BYTES);
    if !takes_gzip || !is_text || !is_worth_it || response.headers().contains_key(CONTENT_ENCODING) {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (mut head, body) = response.into_parts();
    let Ok(plain) = to_bytes(body).await else {
        return Err(actix_web::error::ErrorInternalServerError("the answer could not be read"));
    };
    head.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(gzip(&plain, 4)))))
}
