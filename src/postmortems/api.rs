//! Postmortems for programs.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocks::{self, Source, Unknown};
use super::forms::{RawPublication, RawText};
use super::missing::{self, Gap};
use super::model::{Postmortem, PostmortemStatus, Saved, path};
use super::pages::incident;
use super::queries::{self, Text};
use super::queries_publish;
use super::record::Record;
use crate::api::{answer, idempotency};
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite, Viewer};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::markdown::Merge;
use crate::web::body::{OptionalJson, WritingJson};
use crate::web::problem::Problem;

/// A postmortem on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Postmortem)]
pub struct PostmortemBody {
    /// Whose it is: `INC-42`.
    pub incident: String,
    /// How far it is.
    pub status: PostmortemStatus,
    /// The newest revision's number; 0 when nothing was ever written.
    pub revision: i64,
    /// The newest revision's text, byte for byte.
    pub markdown: String,
    /// The text that readers get: its live blocks as tables, without prompts; as it was published, once it is.
    pub readable_markdown: String,
    /// What a reader will miss.
    pub missing: Vec<Gap>,
    /// The revision that readers see.
    pub published_revision: Option<i64>,
    /// When that one was published.
    pub published_at: Option<Moment>,
    /// Why none is needed.
    pub not_needed_reason: Option<String>,
    /// When it was started.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its page.
    pub html_url: String,
}

/// A save that came too late (RFC 9457, with the revision to read).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LateSave {
    /// The error.
    #[serde(flatten)]
    pub problem: Problem,
    /// The newest revision's number; 0 when nothing was ever written.
    pub current_revision: i64,
    /// The newest revision's text.
    pub current_markdown: String,
    /// Both texts put together as far as they go, with yours where both changed the same place.
    pub merged_markdown: String,
    /// The places that both changed.
    pub conflicts: Vec<ClashBody>,
}

/// A place that both changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Clash)]
pub struct ClashBody {
    /// As it was in the base.
    pub base: String,
    /// As you sent it.
    pub mine: String,
    /// As the newest revision has it.
    pub theirs: String,
}

impl PostmortemBody {
    fn of(c: &mut Conn, incident: &Incident, postmortem: Postmortem, base_url: &str) -> Result<Self, Error> {
        let markdown = match postmortem.current_revision {
            0 => String::new(),
            number => queries::revision(c, &postmortem, number)?.markdown,
        };
        let record = Record::of(c, incident)?;
        let readable_markdown = match postmortem.published_revision {
            Some(number) => queries::revision(c, &postmortem, number)?.published_markdown().to_owned(),
            None => {
                let source = Source { incident, record: &record, now: postmortem.updated_at };
                blocks::expand(&markdown, &source, Unknown::Kept)
            }
        };
        Ok(PostmortemBody {
            incident: incident.key(),
            status: postmortem.status,
            revision: postmortem.current_revision,
            missing: missing::gaps(&markdown, incident, &record),
            readable_markdown,
            markdown,
            published_revision: postmortem.published_revision,
            published_at: postmortem.published_at,
            not_needed_reason: postmortem.not_needed_reason,
            created_at: postmortem.created_at,
            updated_at: postmortem.updated_at,
            html_url: format!("{base_url}{}", path(incident.number)),
        })
    }
}

async fn body(app: &App, key: String) -> Result<PostmortemBody, Error> {
    let base_url = app.config.base_url.clone();
    app.db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            PostmortemBody::of(c, &incident, postmortem, &base_url)
        })
        .await
}

/// Shows the postmortem of an incident, with its newest text.
///
/// # Errors
/// 404 before it is started.
#[utoipa::path(get, path = "/api/v1/incidents/{key}/postmortem", tag = "postmortems",
    params(("key" = String, Path, description = "`INC-42`")),
    responses((status = 200, body = PostmortemBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let body = body(&app, key.into_inner()).await?;
    Ok(answer::ok_with_etag(&body, body.revision))
}

/// `GET /incidents/{key}/postmortem.json`: the same for somebody with a session.
///
/// # Errors
/// 404 before it is started.
pub async fn show_json(_who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let body = body(&app, key.into_inner()).await?;
    Ok(answer::ok_with_etag(&body, body.revision))
}

/// How a program said what its text is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// `base_revision` in the body.
    Named(i64),
    /// `If-Match`.
    Matched(i64),
    /// Not at all.
    Missing,
}

impl Base {
    fn number(self) -> Option<i64> {
        match self {
            Base::Named(number) | Base::Matched(number) => Some(number),
            Base::Missing => None,
        }
    }
}

enum Put {
    Started(PostmortemBody),
    Saved(PostmortemBody),
    Late(Newest, Merge),
}

/// The newest revision, as a save that came too late is told.
struct Newest {
    number: i64,
    markdown: String,
}

/// Writes the postmortem of an incident: starts it, or saves a new revision. Nothing is ever overwritten: with an
/// older `base_revision`, changes of different places are put together and saved.
///
/// # Errors
/// 404; 409 when somebody changed the same places since `base_revision` and 412 when `If-Match` is not the newest
/// revision, both with `current_revision`; 422 with a pointer to each field.
#[utoipa::path(put, path = "/api/v1/incidents/{key}/postmortem", tag = "postmortems",
    params(("key" = String, Path, description = "`INC-42`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the text is based on, in place of base_revision")),
    request_body = RawText,
    responses((status = 200, body = PostmortemBody), (status = 201, body = PostmortemBody),
        (status = 409, body = LateSave), (status = 412, body = LateSave), (status = "4XX", body = Problem)))]
pub async fn put(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: WritingJson<RawText>,
) -> Result<HttpResponse, Error> {
    let draft = sent.0.parse()?;
    let base = match (draft.base_revision, answer::base_revision(&request)?) {
        (Some(named), _) => Base::Named(named),
        (None, Some(matched)) => Base::Matched(matched),
        (None, None) => Base::Missing,
    };
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let outcome = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let text = Text { markdown: &draft.markdown, note: "", base: base.number().unwrap_or_default() };
            let present = queries::of_incident(c, incident.id)?.filter(Postmortem::is_written);
            if present.is_none() {
                if base.number().is_some_and(|number| number != 0) {
                    return Ok(Put::Late(Newest { number: 0, markdown: String::new() }, Merge::default()));
                }
                let (postmortem, is_mine) = queries::start_with(c, &actor, &incident, &text, now)?;
                if is_mine {
                    return Ok(Put::Started(PostmortemBody::of(c, &incident, postmortem, &base_url)?));
                }
                // Somebody started it in the meantime: theirs stays, and is told.
            }
            if base.number().is_none() {
                let postmortem = queries::existing(c, &incident)?;
                if present.is_none() {
                    let newest = queries::revision(c, &postmortem, postmortem.current_revision)?;
                    let newest = Newest { number: newest.number, markdown: newest.markdown };
                    return Ok(Put::Late(newest, Merge::default()));
                }
                return Err(Error::field(
                    "base_revision",
                    format!(
                        "There is a postmortem already, at revision {}. Send the revision that your text is based on.",
                        postmortem.current_revision
                    ),
                ));
            }
            // A condition is a condition: what was not read is not written to, even where it could be put together.
            if let Base::Matched(number) = base {
                let postmortem = queries::existing(c, &incident)?;
                let newest = queries::revision(c, &postmortem, postmortem.current_revision)?;
                if newest.number != number && newest.markdown != text.markdown {
                    let newest = Newest { number: newest.number, markdown: newest.markdown };
                    return Ok(Put::Late(newest, Merge::default()));
                }
            }
            match queries::save(c, &actor, &incident, &text, now)? {
                Saved::New(_) | Saved::Merged(_) | Saved::Unchanged(_) => {
                    let postmortem = queries::existing(c, &incident)?;
                    Ok(Put::Saved(PostmortemBody::of(c, &incident, postmortem, &base_url)?))
                }
                Saved::Outdated(clash) => {
                    let newest = Newest { number: clash.newest.number, markdown: clash.newest.markdown };
                    Ok(Put::Late(newest, clash.merge))
                }
            }
        })
        .await?;
    Ok(match outcome {
        Put::Saved(body) => answer::ok_with_etag(&body, body.revision),
        Put::Started(body) => {
            answer::Created::new(&body, format!("/api/v1/incidents/{}/postmortem", body.incident), body.revision)?
                .into_response()
        }
        Put::Late(newest, merge) => {
            let detail = format!(
                "The newest revision is {}. Read it, put your change on top, and send it with that \
                 base. Nothing was saved.",
                newest.number
            );
            let error = match base {
                Base::Matched(_) => Error::Outdated(detail),
                Base::Named(_) | Base::Missing => Error::Conflict(detail),
            };
            late(&error, &who.request_id, newest, &merge)
        }
    })
}

fn late(error: &Error, request_id: &str, newest: Newest, merge: &Merge) -> HttpResponse {
    let current_revision = newest.number;
    let conflicts = merge.conflicts().map(|(base, mine, theirs)| ClashBody {
        base: base.to_owned(),
        mine: mine.to_owned(),
        theirs: theirs.to_owned(),
    });
    let problem = LateSave {
        problem: Problem::from_error(error, request_id),
        current_revision,
        conflicts: conflicts.collect(),
        merged_markdown: if merge.parts.is_empty() { newest.markdown.clone() } else { merge.resolved(&[]) },
        current_markdown: newest.markdown,
    };
    HttpResponse::build(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT))
        .insert_header((CONTENT_TYPE, "application/problem+json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ETAG, answer::etag(current_revision)))
        .body(serde_json::to_string(&problem).unwrap_or_default())
}

/// Publishes the newest revision. Publishing it again changes nothing.
///
/// # Errors
/// 404 before it is started; 409 when `revision` is not the newest one, or nothing is written.
#[utoipa::path(post, path = "/api/v1/incidents/{key}/postmortem/publication", tag = "postmortems",
    params(("key" = String, Path, description = "`INC-42`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body(content = RawPublication, description = "May be `{}`"),
    responses((status = 201, body = PostmortemBody), (status = "4XX", body = Problem)))]
pub async fn publish(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: OptionalJson<RawPublication>,
) -> Result<HttpResponse, Error> {
    let (seen, once) = (sent.0.value.revision, idempotency::key(&request, &who, &sent.0.bytes)?);
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let incident = incident(c, &key)?;
                let postmortem = queries_publish::publish(c, &actor, &incident, seen, now)?;
                let body = PostmortemBody::of(c, &incident, postmortem, &base_url)?;
                answer::Created::new(&body, format!("/api/v1/incidents/{}/postmortem", body.incident), body.revision)
            })
        })
        .await?;
    Ok(created.into_response())
}
