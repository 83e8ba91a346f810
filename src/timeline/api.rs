//! Timelines for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::{RawEvent, Reading};
use super::line::Frame;
use super::model::{EventKind, EventRow, EventSource, Evidence};
use super::queries;
use crate::api::answer::{self, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::db::paging::Cursor;
use crate::error::Error;
use crate::incidents;
use crate::incidents::model::Incident;
use crate::web::body::{Json, Query};
use crate::web::problem::Problem;
use crate::web::times::Zone;

/// An event on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TimelineEvent)]
pub struct EventBody {
    /// Its id.
    pub id: i64,
    /// Whose timeline: `INC-42`.
    pub incident: String,
    /// When it happened.
    pub at: Moment,
    /// What it is about.
    pub kind: EventKind,
    /// Where it comes from.
    pub source: EventSource,
    /// What happened, in Markdown.
    pub text: String,
    /// How that is known.
    pub evidence: Vec<Evidence>,
    /// Whether nothing but somebody's word stands behind it.
    pub unsourced: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Who wrote it down.
    pub author: Option<String>,
    /// The deploy that it speaks of: `DEP-12`.
    pub deploy: Option<String>,
    /// Counts changes.
    pub revision: i64,
    /// When it was written down.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its place on the incident's page.
    pub html_url: String,
}

impl EventBody {
    fn new(row: EventRow, incident: &Incident, base_url: &str) -> Self {
        EventBody {
            incident: incident.key(),
            html_url: format!("{base_url}{}#{}", incident.path(), row.event.anchor()),
            unsourced: row.is_unsourced(),
            id: row.event.id,
            at: row.event.happened_at,
            kind: row.event.kind,
            source: row.event.source,
            text: row.event.text,
            evidence: row.evidence,
            pinned: row.event.pinned,
            author: row.author,
            deploy: row.deploy_number.map(crate::deploys::model::key),
            revision: row.event.revision,
            created_at: row.event.created_at,
            updated_at: row.event.updated_at,
        }
    }
}

fn number(key: &str) -> Result<i64, Error> {
    incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))
}

/// Lists an incident's timeline, oldest first.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/incidents/{key}/timeline", tag = "timeline",
    params(("key" = String, Path, description = "`INC-42`"),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<EventBody>), (status = "4XX", body = Problem)))]
pub async fn list(
    _who: ApiRead,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let after = query.0.some("cursor").map(Cursor::decode).transpose().map_err(|why| Error::field("cursor", why))?;
    let base_url = app.config.base_url.clone();
    let (items, there_is_more) = app
        .db
        .read(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let (rows, there_is_more) = queries::list(c, incident.id, after)?;
            let items: Vec<_> = rows.into_iter().map(|row| EventBody::new(row, &incident, &base_url)).collect();
            Ok::<_, Error>((items, there_is_more))
        })
        .await?;
    let last = items.last().filter(|_| there_is_more);
    let next_cursor = last.map(|last| Cursor { sort: last.at.millis(), id: last.id }.encode());
    Ok(answer::ok(&List { items, next_cursor }))
}

/// Puts an event on an incident's timeline.
///
/// # Errors
/// 404, or 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/incidents/{key}/timeline", tag = "timeline",
    params(("key" = String, Path, description = "`INC-42`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawEvent,
    responses((status = 201, body = EventBody), (status = "4XX", body = Problem)))]
pub async fn create(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawEvent>,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let raw = sent.value;
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let incident = incidents::queries::by_number(c, number)?;
                let frame =
                    Frame { started_at: incident.started_at, ended_at: incident.resolved_at, zone: Zone::UTC, now };
                let draft = raw.clone().parse(&incident, &frame, Reading::Whole)?;
                let event = queries::add(c, &actor, &draft, now)?;
                let row = queries::by_id(c, incident.id, event.id)?;
                let location = format!("/api/v1/incidents/{}/timeline", incident.key());
                answer::Created::new(&EventBody::new(row, &incident, &base_url), location, event.revision)
            })
        })
        .await?;
    Ok(created.into_response())
}
