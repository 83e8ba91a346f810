//! The door: checks, stores, answers. Nothing is parsed here.

use actix_web::{HttpRequest, HttpResponse, web};

use super::model::{Headers, sender_of};
use super::queries::{self, Arrival};
use crate::app::App;
use crate::error::Error;
use crate::web::body::{self, DOCUMENT_LIMIT_BYTES};

/// `POST /hooks/{sender}/{slug}`
///
/// # Errors
/// 401 for a signature that is missing, wrong or cut; nothing is stored then.
pub async fn receive(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let (sender, slug) = path.into_inner();
    let sender = sender_of(&sender)?;
    let mut payload = payload.into_inner();
    let bytes = body::read(&request, &mut payload, DOCUMENT_LIMIT_BYTES).await?;
    let headers = Headers(
        request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
    );
    let wanted = slug.clone();
    let source = app.db.read(move |c| queries::by_slug(c, &wanted)).await?;
    if source.sender != sender {
        return Err(Error::no("source", slug));
    }
    if !sender.is_authentic(&source.secret, &headers, &bytes) {
        return Err(Error::SignedOut(
            "The signature does not fit the body. Check that the sender has the secret of this source.".to_owned(),
        ));
    }
    if source.disabled_at.is_some() {
        return Err(Error::Forbidden("This source is switched off. An admin can switch it on again.".to_owned()));
    }
    let arrival = Arrival { envelope: sender.envelope(&headers, &bytes), headers, body: bytes.to_vec() };
    let now = app.clock.now();
    let is_new = app.db.write(move |c| queries::store(c, &source, &arrival, now)).await?;
    Ok(if is_new {
        HttpResponse::Accepted().json(serde_json::json!({"status": "stored"}))
    } else {
        HttpResponse::Ok().json(serde_json::json!({"status": "already here"}))
    })
}
