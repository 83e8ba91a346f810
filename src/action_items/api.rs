//! Action items for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filter::{Filter, View};
use super::forms::RawItem;
use super::life::model::{Effect, Step};
use super::list::queries::{Viewpoint, page as list_page};
use super::model::{ActionDraft, ActionKind, ActionRow, ActionStatus, Priority, parse_key};
use super::queries::Edit;
use super::{history, queries};
use crate::api::answer::{self, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::Turn;
use crate::error::Error;
use crate::policies::model::is_by_rule;
use crate::web::body::{Json, Query};
use crate::web::problem::Problem;

/// A piece of evidence on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ActionItemEvidence)]
pub struct EvidenceBody {
    /// As it was given.
    pub text: String,
    /// Where it leads.
    pub url: Option<String>,
    /// When it was given.
    pub given_at: Moment,
}

/// Another item and what it is to this one, on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RelatedActionItem)]
pub struct RelatedBody {
    /// `ACT-8`
    pub key: String,
    /// split from, split into, merged into or merged in
    pub relation: &'static str,
}

/// An action item on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ActionItem)]
pub struct ItemBody {
    /// `ACT-7`
    pub key: String,
    /// Key of the incident.
    pub incident: Option<String>,
    /// What is to be done.
    pub title: String,
    /// At length, in Markdown.
    pub details: String,
    /// What it is to achieve.
    pub kind: ActionKind,
    /// Where it is in its life.
    pub status: ActionStatus,
    /// How soon.
    pub priority: Priority,
    /// Handle of the owner.
    pub owner: Option<String>,
    /// Slug of the team.
    pub team: Option<String>,
    /// Slug of the contributing factor.
    pub factor: Option<String>,
    /// By when.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<NaiveDate>,
    /// In the team's tracker.
    pub tracker_url: Option<String>,
    /// What shows that it is done.
    pub evidence: Vec<EvidenceBody>,
    /// Why it will not be done.
    pub declined_reason: Option<String>,
    /// When to look at it again.
    #[schema(value_type = Option<String>, format = Date)]
    pub look_again_on: Option<NaiveDate>,
    /// What stands in the way, when something does.
    pub blocked_reason: Option<String>,
    /// Since when.
    pub blocked_at: Option<Moment>,
    /// How often its due date was moved back.
    pub put_off_count: i64,
    /// By when it must have an owner.
    #[schema(value_type = Option<String>, format = Date)]
    pub assign_by: Option<NaiveDate>,
    /// Which rule set the due date; none when a person did.
    pub due_rule: Option<String>,
    /// When its owner is asked whether it works.
    #[schema(value_type = Option<String>, format = Date)]
    pub check_on: Option<NaiveDate>,
    /// The answer.
    pub effect: Option<Effect>,
    /// Keys of the items that it was split into, from, or merged with.
    pub related: Vec<RelatedBody>,
    /// When it was done or declined.
    pub closed_at: Option<Moment>,
    /// When it was added.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Counts changes; the ETag.
    pub revision: i64,
    /// Its page.
    pub html_url: String,
}

fn body(c: &mut Conn, row: ActionRow, base_url: &str) -> Result<ItemBody, Error> {
    let key = row.item.key();
    bodies(c, vec![row], base_url)?.pop().ok_or_else(|| Error::no("action item", key))
}

/// A page of items with everything that the wire form needs: as many statements as for one.
fn bodies(c: &mut Conn, rows: Vec<ActionRow>, base_url: &str) -> Result<Vec<ItemBody>, Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.item.id).collect();
    let mut evidence = queries::evidence_of(c, &ids)?;
    let mut related = queries::relations_of(c, &ids)?;
    let mut due_rules = history::queries::due_rules(c, &ids)?;
    let bodies = rows.into_iter().map(|row| {
        let id = row.item.id;
        let mine = evidence.extract_if(.., |piece| piece.action_item_id == id);
        let evidence = mine.map(|piece| EvidenceBody { text: piece.text, url: piece.url, given_at: piece.given_at });
        let mine = related.extract_if(.., |(of, _)| *of == id);
        let related = mine.map(|(_, other)| RelatedBody { key: other.item.key(), relation: other.words });
        let due_rule = due_rules.remove(&id).filter(|reason| is_by_rule(reason));
        ItemBody::new(row, evidence.collect(), related.collect(), due_rule, base_url)
    });
    Ok(bodies.collect())
}

impl ItemBody {
    fn new(
        row: ActionRow,
        evidence: Vec<EvidenceBody>,
        related: Vec<RelatedBody>,
        due_rule: Option<String>,
        base_url: &str,
    ) -> Self {
        let item = row.item;
        ItemBody {
            key: item.key(),
            html_url: format!("{base_url}{}", item.path()),
            look_again_on: item.look_again_on,
            blocked_reason: item.blocked_reason,
            blocked_at: item.blocked_at,
            put_off_count: item.put_off_count,
            assign_by: item.assign_by,
            due_rule,
            check_on: item.check_on,
            effect: item.effect,
            related,
            incident: row.origin.map(|origin| origin.key()),
            title: item.title,
            details: item.details,
            kind: item.kind,
            status: item.status,
            priority: item.priority,
            owner: row.owner.map(|owner| owner.handle),
            team: row.team.map(|team| team.slug),
            factor: row.factor.map(|factor| factor.slug),
            due_on: item.due_on,
            tracker_url: item.tracker_url,
            evidence,
            declined_reason: item.declined_reason,
            closed_at: item.closed_at,
            created_at: item.created_at,
            updated_at: item.updated_at,
            revision: item.revision,
        }
    }
}

fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("action item", key))
}

/// Lists action items by due date, those without one last.
///
/// # Errors
/// 422 for a filter that cannot be read.
#[utoipa::path(get, path = "/api/v1/action-items", tag = "action items",
    params(
        ("view" = Option<String>, Query, description = "mine, team, late, unassigned, stale, blocked, open, done, checks, declined, all (the default)"),
        ("owner" = Option<String>, Query), ("team" = Option<String>, Query), ("service" = Option<String>, Query),
        ("incident" = Option<String>, Query), ("kind" = Option<String>, Query), ("priority" = Option<String>, Query),
        ("status" = Option<String>, Query), ("due_before" = Option<String>, Query),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<ItemBody>), (status = "4XX", body = Problem)))]
pub async fn list(who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = Filter::read(&query.0, View::All)?;
    let turn = Turn::from_query(query.0.some("cursor"), None).map_err(|sentence| Error::field("cursor", sentence))?;
    let viewpoint = Viewpoint { user_id: who.user.id, today: who.now.date() };
    let base_url = app.config.base_url.clone();
    let list = app
        .db
        .read(move |c| {
            let found = list_page(c, &filter, viewpoint, turn)?;
            let next_cursor = found.after.map(|cursor| cursor.encode());
            Ok::<_, Error>(List { items: bodies(c, found.rows, &base_url)?, next_cursor })
        })
        .await?;
    Ok(answer::ok(&list))
}

/// Shows one action item.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/action-items/{key}", tag = "action items", params(("key" = String, Path)),
    responses((status = 200, body = ItemBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (number, base_url) = (number(&key)?, app.config.base_url.clone());
    let item = app
        .db
        .read(move |c| {
            let row = queries::row(c, number)?;
            body(c, row, &base_url)
        })
        .await?;
    Ok(answer::ok_with_etag(&item, item.revision))
}

/// Adds an action item.
///
/// # Errors
/// 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/action-items", tag = "action items",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawItem, responses((status = 201, body = ItemBody), (status = "4XX", body = Problem)))]
pub async fn create(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    sent: Json<RawItem>,
) -> Result<HttpResponse, Error> {
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let wish = sent.value.over(ActionDraft::titled(""))?;
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let item = queries::add(c, &actor, &wish.draft, now)?;
                for step in wish.steps(&item) {
                    queries::step(c, &actor, item.number, &step, now)?;
                }
                let row = queries::row(c, item.number)?;
                let (location, revision) = (format!("/api/v1{}", item.path()), row.item.revision);
                answer::Created::new(&body(c, row, &base_url)?, location, revision)
            })
        })
        .await?;
    Ok(created.into_response())
}

/// Changes an action item; what is left out stays, null clears.
///
/// # Errors
/// 404, 412 when it was changed since, 422 with a pointer to each field.
#[utoipa::path(patch, path = "/api/v1/action-items/{key}", tag = "action items",
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    request_body = RawItem, responses((status = 200, body = ItemBody), (status = "4XX", body = Problem)))]
pub async fn change(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawItem>,
) -> Result<HttpResponse, Error> {
    let (number, base) = (number(&key)?, answer::base_revision(&request)?);
    let (actor, now, base_url, raw) = (who.actor(), who.now, app.config.base_url.clone(), sent.value);
    let item = app
        .db
        .write(move |c| {
            let before = queries::row(c, number)?;
            answer::check_base(base, before.item.revision)?;
            let wish = raw.clone().over(before.draft())?;
            let edit = Edit { draft: &wish.draft, base: None, reason: &wish.reason };
            let item = queries::change(c, &actor, number, edit, now)?;
            let steps = wish.steps(&item);
            let completes = steps.iter().any(|step| matches!(step, Step::Complete(_)));
            if !completes && !wish.evidence.is_empty() {
                queries::give_evidence(c, &actor, &item, &wish.evidence, now)?;
            }
            for step in steps {
                queries::step(c, &actor, number, &step, now)?;
            }
            let row = queries::row(c, number)?;
            body(c, row, &base_url)
        })
        .await?;
    Ok(answer::ok_with_etag(&item, item.revision))
}

/// The parts of a split as they arrive.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = ActionItemSplit)]
pub struct RawSplit {
    /// What each part is to do; 2 to 20.
    #[serde(default)]
    pub titles: Vec<String>,
}

/// Splits an action item into others; it is closed and links to them.
///
/// # Errors
/// 404, 422 with a pointer to the field.
#[utoipa::path(post, path = "/api/v1/action-items/{key}/parts", tag = "action items", params(("key" = String, Path)),
    request_body = RawSplit, responses((status = 200, body = List<ItemBody>), (status = "4XX", body = Problem)))]
pub async fn split(
    who: ApiWrite,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawSplit>,
) -> Result<HttpResponse, Error> {
    let (number, actor, now, base_url) = (number(&key)?, who.actor(), who.now, app.config.base_url.clone());
    let list = app
        .db
        .write(move |c| {
            let parts = queries::split(c, &actor, number, &sent.value.titles, now)?;
            let mut items = Vec::with_capacity(parts.len());
            for part in parts {
                let row = queries::row(c, part.number)?;
                items.push(body(c, row, &base_url)?);
            }
            Ok::<_, Error>(List { items, next_cursor: None })
        })
        .await?;
    Ok(answer::ok(&list))
}

/// The other item of a merge as it arrives.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = ActionItemMerge)]
pub struct RawMerge {
    /// Key of the item that goes on.
    #[serde(default)]
    pub into: String,
}

/// Merges an action item into another one, which goes on.
///
/// # Errors
/// 404, 422 with a pointer to the field.
#[utoipa::path(post, path = "/api/v1/action-items/{key}/merge", tag = "action items", params(("key" = String, Path)),
    request_body = RawMerge, responses((status = 200, body = ItemBody), (status = "4XX", body = Problem)))]
pub async fn merge(
    who: ApiWrite,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawMerge>,
) -> Result<HttpResponse, Error> {
    let (number, actor, now, base_url) = (number(&key)?, who.actor(), who.now, app.config.base_url.clone());
    let into = parse_key(&sent.value.into)
        .ok_or_else(|| Error::field("into", "Give the key of the item that goes on, such as ACT-7."))?;
    let item = app
        .db
        .write(move |c| {
            queries::merge(c, &actor, number, into, now)?;
            let row = queries::row(c, number)?;
            body(c, row, &base_url)
        })
        .await?;
    Ok(answer::ok_with_etag(&item, item.revision))
}
