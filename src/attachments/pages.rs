//! Serving pictures.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::model::extension;
use super::queries;
use crate::app::App;
use crate::auth::who::Viewer;
use crate::error::Error;

/// `GET /attachments/{name}`: the token, with the type's ending or without.
///
/// # Errors
/// 404
pub async fn show(
    _who: Viewer,
    request: HttpRequest,
    app: web::Data<App>,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let token = name.split('.').next().unwrap_or_default().to_owned();
    let (attachment, content) = app.db.read(move |c| queries::whole(c, &token)).await?;
    let etag = format!("\"{}\"", attachment.token);
    let mut answer = HttpResponse::Ok();
    // A picture never changes; who may see it may, so that only this browser keeps it.
    answer
        .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
        .insert_header((ETAG, etag.clone()))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"));
    if request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    let file = format!("inline; filename=\"{}.{}\"", attachment.token, extension(&attachment.content_type));
    Ok(answer
        .insert_header((CONTENT_TYPE, attachment.content_type))
        .insert_header((CONTENT_DISPOSITION, file))
        .body(content))
}
