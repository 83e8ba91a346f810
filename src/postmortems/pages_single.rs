//! A postmortem to take along: HTML in one file, which asks for nothing when it is opened.

use std::collections::HashMap;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::pages::{incident, readable, readers_text};
use super::queries;
use super::record::Record;
use super::views::fragment;
use super::views_single::{POLICY, Single, facts};
use crate::app::App;
use crate::attachments;
use crate::auth::who::Viewer;
use crate::error::Error;
use crate::web::respond::text;

/// `GET /incidents/{key}/postmortem.html`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (now, zone, base_url) = (who.now, who.zone(), app.config.base_url.clone());
    let page = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let record = Record::of(c, &incident)?;
            let markdown = readers_text(c, &incident, &postmortem, now)?;
            let document = readable(c, &markdown)?;
            let mut pictures: HashMap<String, String> = HashMap::new();
            let document = document.standing_alone(&base_url, &mut |path| {
                if let Some(known) = pictures.get(path) {
                    return Some(known.clone());
                }
                let token = path.rsplit('/').next()?.split('.').next()?;
                // A picture that is gone leaves its words.
                let (found, content) = attachments::queries::whole(c, token).ok()?;
                let inside = format!("data:{};base64,{}", found.content_type, STANDARD.encode(content));
                pictures.insert(path.to_owned(), inside.clone());
                Some(inside)
            });
            Ok::<_, Error>(Single {
                facts: facts(&incident, &record, &zone),
                status: postmortem.status.words().to_owned(),
                key: incident.key(),
                title: incident.title,
                severity: incident.severity.as_str().to_owned(),
                document,
            })
        })
        .await?;
    let name = format!("{}-postmortem.html", page.key);
    let html = fragment(&page)?;
    let mut answer = text("text/html; charset=utf-8", html);
    let headers = answer.headers_mut();
    let header = |value: String| value.parse().map_err(|_| Error::Fault("a header that cannot be sent".to_owned()));
    headers.insert(CONTENT_DISPOSITION, header(format!("attachment; filename=\"{name}\""))?);
    headers.insert(CONTENT_SECURITY_POLICY, header(format!("{POLICY}; sandbox"))?);
    Ok(answer)
}
