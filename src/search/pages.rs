//! The search page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::{LAST_PAGE, Question};
use super::queries;
use super::views::Results;
use crate::app::App;
use crate::auth::who::Viewer;
use crate::error::{Error, FieldErrors};
use crate::web::body::Query;
use crate::web::fields::Fields;
use crate::web::layout::Section;
use crate::web::respond::page_with;

fn address(fields: &Fields, page: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["q", "kind", "service", "from", "to"] {
        if let Some(value) = fields.some(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("page", &page.to_string());
    format!("/search?{}", query.finish())
}

/// `GET /search?q=`
///
/// # Errors
/// The database's.
pub async fn show(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let (question, errors) = match Question::read(&fields, &who.zone()) {
        Ok(question) => (Some(question), FieldErrors::new()),
        Err(Error::Invalid(errors)) => (None, errors),
        Err(other) => return Err(other),
    };
    let page = question.as_ref().map_or(1, |question| question.page);
    let ((hits, there_is_more), services) = app
        .db
        .read(move |c| {
            let found = match &question {
                Some(question) => queries::find(c, question)?,
                None => (Vec::new(), false),
            };
            Ok::<_, Error>((found, crate::services::queries::choices(c)?))
        })
        .await?;
    let newer = if page > 1 { address(&fields, page - 1) } else { String::new() };
    let older = if there_is_more && page < LAST_PAGE { address(&fields, page + 1) } else { String::new() };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let hits = hits.into_iter().map(|hit| (hit.clone(), who.stamp(hit.happened_at))).collect();
    let layout = who.layout("Search", Section::Search);
    page_with(status, &Results { layout, fields, errors, hits, services, newer, older })
}
