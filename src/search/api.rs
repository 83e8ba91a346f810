//! Search for programs.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Hit, HitKind, LAST_PAGE, Question};
use super::queries;
use super::snippet::SnippetPart;
use crate::api::answer::{self, List};
use crate::app::App;
use crate::auth::who::ApiRead;
use crate::clock::Moment;
use crate::db::paging::DAMAGED;
use crate::error::Error;
use crate::web::body::Query;
use crate::web::problem::Problem;
use crate::web::times::Zone;

/// A hit on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub struct HitBody {
    /// What it is.
    pub kind: HitKind,
    /// Its key; a postmortem and an event have their incident's.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// Where it was found, with what was looked for marked.
    pub snippet: Vec<SnippetPart>,
    /// When it happened.
    pub happened_at: Moment,
    /// Its page.
    pub html_url: String,
}

/// Finds incidents, postmortems, timeline events, deploys and action items.
///
/// # Errors
/// 422 for a filter or a cursor that cannot be read.
#[utoipa::path(get, path = "/api/v1/search", tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Words; a part in double quotes is a phrase"),
        ("kind" = Option<String>, Query), ("service" = Option<String>, Query),
        ("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<HitBody>), (status = "4XX", body = Problem)))]
pub async fn find(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut fields = query.0;
    if let Some(cursor) = fields.some("cursor").map(str::to_owned) {
        if !cursor.parse().is_ok_and(|page: i64| (1..=LAST_PAGE).contains(&page)) {
            return Err(Error::field("cursor", DAMAGED));
        }
        fields.set("page", cursor);
    }
    let question = Question::read(&fields, &Zone::UTC)?;
    let page = question.page;
    let (hits, there_is_more) = app.db.read(move |c| queries::find(c, &question)).await?;
    let base_url = &app.config.base_url;
    let items = hits.into_iter().map(|hit: Hit| HitBody {
        html_url: format!("{base_url}{}", hit.path),
        kind: hit.kind,
        key: hit.key,
        title: hit.title,
        snippet: hit.snippet,
        happened_at: hit.happened_at,
    });
    let next_cursor = (there_is_more && page < LAST_PAGE).then(|| (page + 1).to_string());
    Ok(answer::ok(&List { items: items.collect(), next_cursor }))
}
