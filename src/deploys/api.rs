//! Deploys for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::{RawDeploy, Times};
use super::model::{
    BY_API, Deploy, DeployDraft, DeployKind, DeployStatus, EnvironmentTier, Part, Reference, ReferenceKind,
};
use super::model_marks::MarkKind;
use super::queries::{self, Trail};
use super::queries_list::{self as list, Filter};
use super::{model, queries_marks};
use crate::api::answer::{self, Created, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiIngest, ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, Turn};
use crate::error::Error;
use crate::services::model::Service;
use crate::web::body::{Json, Query};
use crate::web::problem::Problem;
use crate::web::times::Zone;

/// Somebody in the trail, on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeployPerson)]
pub struct PersonBody {
    /// What they stood for.
    pub part: Part,
    /// The name as it was given.
    pub name: String,
    /// The handle of the account, when it is known.
    pub handle: Option<String>,
    /// When.
    pub at: Option<Moment>,
}

/// A deploy on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Deploy)]
pub struct DeployBody {
    /// `DEP-12`
    pub key: String,
    /// The service's slug.
    pub service: String,
    /// Where.
    pub environment: String,
    /// What sort of change.
    pub kind: DeployKind,
    /// How it went.
    pub status: DeployStatus,
    /// Release, tag or branch.
    pub version: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// The version that ran before.
    pub previous_version: Option<String>,
    /// The commit that ran before.
    pub previous_commit_sha: Option<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it was over.
    pub finished_at: Option<Moment>,
    /// Finished, else started, else recorded; lists sort by it.
    pub happened_at: Moment,
    /// In Markdown.
    pub summary: String,
    /// The pipeline's run.
    pub url: Option<String>,
    /// What changed.
    pub compare_url: Option<String>,
    /// How many commits it brings, where that is told.
    pub commit_count: Option<i64>,
    /// How many files they touch, where that is told.
    pub file_count: Option<i64>,
    /// What the environment is for: production, staging, testing, development or other.
    pub environment_tier: EnvironmentTier,
    /// Pull requests that it brings.
    pub pull_requests: Vec<Reference>,
    /// Tickets that it serves.
    pub tickets: Vec<Reference>,
    /// Names of who wrote it.
    pub authors: Vec<String>,
    /// Names of who read it.
    pub reviewers: Vec<String>,
    /// Who tried it and found it good.
    pub qa_signed_off_by: Option<String>,
    /// Who said that it may go out.
    pub approved_by: Option<String>,
    /// Who sent it out.
    pub deployed_by: Option<String>,
    /// Everybody in the trail, with accounts and times.
    pub people: Vec<PersonBody>,
    /// Key of the deploy that this one undid, being a rollback.
    pub undoes: Option<String>,
    /// Key of the rollback that undid it.
    pub undone_by: Option<String>,
    /// Key of the deploy that this one mends: it is a revert or a hot fix.
    pub fixes: Option<String>,
    /// Key of the deploy that mends it.
    pub fixed_by: Option<String>,
    /// How many things of its checklist are open; nothing without a checklist.
    pub checklist_open_count: Option<i64>,
    /// Where the record came from.
    pub source: String,
    /// The source's own number for it.
    pub external_id: Option<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its page.
    pub html_url: String,
}

/// What other records say of a deploy.
struct Around {
    undoes: Option<String>,
    undone_by: Option<String>,
    fixes: Option<String>,
    fixed_by: Option<String>,
    checklist_open_count: Option<i64>,
}

impl DeployBody {
    /// Reads what belongs to each of a page of deploys: as many statements as for one.
    fn read_all(c: &mut Conn, deploys: Vec<(Deploy, Service)>, base_url: &str) -> Result<Vec<Self>, Error> {
        let ids: Vec<i64> = deploys.iter().map(|(deploy, _)| deploy.id).collect();
        let mut trails = queries::trails(c, &ids)?;
        let marks = queries_marks::standing(c, &ids)?;
        let open = crate::releases::queries::open_counts(c, &ids)?;
        let bodies = deploys.into_iter().map(|(deploy, service)| {
            // The other one of the last such mark.
            let made = |kind: MarkKind| {
                let found = marks.iter().rev().find(|pair| pair.mark == kind && pair.maker.0 == deploy.id);
                found.map(|pair| model::key(pair.marked.1))
            };
            let borne = |kind: MarkKind| {
                let found = marks.iter().rev().find(|pair| pair.mark == kind && pair.marked.0 == deploy.id);
                found.map(|pair| model::key(pair.maker.1))
            };
            let around = Around {
                undoes: made(MarkKind::Undoes),
                undone_by: borne(MarkKind::Undoes),
                fixes: made(MarkKind::Fixes),
                fixed_by: borne(MarkKind::Fixes),
                checklist_open_count: open.get(&deploy.id).map(|(open, _)| *open),
            };
            let trail = trails.remove(&deploy.id).unwrap_or_default();
            DeployBody::new(deploy, &service, trail, around, base_url)
        });
        Ok(bodies.collect())
    }

    fn new(deploy: Deploy, service: &Service, trail: Trail, around: Around, base_url: &str) -> Self {
        let names = |part: Part| trail.of(part).map(|(person, _)| person.name.clone()).collect::<Vec<_>>();
        let (authors, reviewers) = (names(Part::Author), names(Part::Reviewer));
        let (qa, approver) = (names(Part::Qa).into_iter().next(), names(Part::Approver).into_iter().next());
        let people = trail
            .people
            .into_iter()
            .map(|(person, user)| PersonBody {
                part: person.part,
                name: person.name,
                handle: user.map(|user| user.handle),
                at: person.stood_at,
            })
            .collect();
        let (pull_requests, tickets) =
            trail.references.into_iter().partition(|reference| reference.kind == ReferenceKind::PullRequest);
        DeployBody {
            key: deploy.key(),
            html_url: format!("{base_url}{}", deploy.path()),
            service: service.slug.clone(),
            commit_count: deploy.commit_count,
            file_count: deploy.file_count,
            environment_tier: deploy.tier(),
            environment: deploy.environment,
            kind: deploy.kind,
            status: deploy.status,
            version: deploy.version,
            commit_sha: deploy.commit_sha,
            previous_version: deploy.previous_version,
            previous_commit_sha: deploy.previous_commit_sha,
            started_at: deploy.started_at,
            finished_at: deploy.finished_at,
            happened_at: deploy.happened_at,
            summary: deploy.summary,
            url: deploy.url,
            compare_url: deploy.compare_url,
            pull_requests,
            tickets,
            authors,
            reviewers,
            qa_signed_off_by: qa,
            approved_by: approver,
            deployed_by: deploy.deployed_by,
            people,
            undoes: around.undoes,
            undone_by: around.undone_by,
            fixes: around.fixes,
            fixed_by: around.fixed_by,
            checklist_open_count: around.checklist_open_count,
            source: deploy.source,
            external_id: deploy.external_id,
            created_at: deploy.created_at,
            updated_at: deploy.updated_at,
        }
    }
}

/// A deploy with everything that the wire form needs.
fn body(c: &mut Conn, deploy: Deploy, base_url: &str) -> Result<DeployBody, Error> {
    let (key, service) = (deploy.key(), queries::service_of(c, &deploy)?);
    DeployBody::read_all(c, vec![(deploy, service)], base_url)?.pop().ok_or_else(|| Error::no("deploy", key))
}

/// Lists deploys, newest first.
///
/// # Errors
/// 422 for a filter or cursor that cannot be read.
#[utoipa::path(get, path = "/api/v1/deploys", tag = "deploys",
    params(
        ("service" = Option<String>, Query, description = "A service's slug"),
        ("environment" = Option<String>, Query),
        ("kind" = Option<DeployKind>, Query),
        ("status" = Option<DeployStatus>, Query),
        ("person" = Option<String>, Query, description = "Anybody in the trail: name, handle or address"),
        ("from" = Option<String>, Query, description = "A day or an instant"),
        ("to" = Option<String>, Query, description = "A day (to its end, UTC) or an instant"),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<DeployBody>), (status = "4XX", body = Problem)))]
pub async fn list(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = Filter::from_query(&query.0, &Zone::UTC)?;
    let turn = match query.0.some("cursor") {
        Some(cursor) => Turn::After(Cursor::decode(cursor).map_err(|sentence| Error::field("cursor", sentence))?),
        None => Turn::First,
    };
    let base_url = app.config.base_url.clone();
    let (items, next) = app
        .db
        .read(move |c| {
            let page = list::list(c, &filter, turn)?;
            Ok::<_, Error>((DeployBody::read_all(c, page.rows, &base_url)?, page.after))
        })
        .await?;
    Ok(answer::ok(&List { items, next_cursor: next.map(Cursor::encode) }))
}

/// Shows one deploy.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/deploys/{key}", tag = "deploys",
    params(("key" = String, Path, description = "DEP-12, or 12")),
    responses((status = 200, body = DeployBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let base_url = app.config.base_url.clone();
    let (body, revision) = app
        .db
        .read(move |c| {
            let deploy = queries::by_key(c, &key)?;
            let revision = deploy.revision;
            Ok::<_, Error>((body(c, deploy, &base_url)?, revision))
        })
        .await?;
    Ok(answer::ok_with_etag(&body, revision))
}

/// Records a deploy. With an `external_id` that is known, it changes that deploy in place (200).
///
/// # Errors
/// 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/deploys", tag = "deploys",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawDeploy,
    responses((status = 201, body = DeployBody), (status = 200, body = DeployBody), (status = "4XX", body = Problem)))]
pub async fn create(
    who: ApiIngest,
    request: HttpRequest,
    app: web::Data<App>,
    sent: Json<RawDeploy>,
) -> Result<HttpResponse, Error> {
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let raw = sent.value;
    let draft = raw.clone().parse(BY_API, Times::Exact, who.now)?;
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let known = match &draft.external_id {
                    Some(external_id) => queries::by_external_id(c, BY_API, external_id)?,
                    None => None,
                };
                let is_known = known.is_some();
                let deploy = match known {
                    None => queries::record(c, &actor, &draft, now)?,
                    Some(deploy) => {
                        let present = queries::draft_of(c, &deploy)?;
                        let next = again(&deploy, present, raw.clone(), &draft, now)?;
                        queries::change(c, &actor, &deploy, &next, now)?
                    }
                };
                let (location, revision) = (format!("/api/v1/deploys/{}", deploy.key()), deploy.revision);
                let created = Created::new(&body(c, deploy, &base_url)?, location, revision)?;
                Ok(if is_known { created.found() } else { created })
            })
        })
        .await?;
    Ok(created.into_response())
}

/// A known deploy that was sent again. A pipeline's number that is used in two places must not turn one deploy
/// into the other, and a late "started" takes nothing back.
fn again(
    deploy: &Deploy,
    present: DeployDraft,
    mut raw: RawDeploy,
    sent: &DeployDraft,
    now: Moment,
) -> Result<DeployDraft, Error> {
    let names_other_service = present.service != crate::web::fields::slugify(&sent.service);
    let names_other_place = raw.environment.is_some() && present.environment != sent.environment;
    if names_other_service || names_other_place {
        return Err(Error::field(
            "external_id",
            format!(
                "This external_id belongs to {} ({} in {}). Give each deploy its own, for example with the service and environment in it.",
                deploy.key(),
                present.service,
                present.environment
            ),
        ));
    }
    raw.service = None;
    let was_finished = present.status.is_finished();
    // A message that was overtaken by a newer one about the same deploy takes back neither its end nor how it ended.
    if was_finished && sent.finished_at.zip(present.finished_at).is_some_and(|(told, known)| told < known) {
        (raw.finished_at, raw.status) = (None, None);
    }
    // What was noticed since, or said by a person, stays when the pipeline sends its message again.
    if (was_finished && !sent.status.is_finished()) || present.status == DeployStatus::RolledBack {
        raw.status = None;
    }
    if present.kind == DeployKind::Rollback {
        raw.kind = None;
    }
    let says_no_end = raw.finished_at.is_none();
    let mut next = raw.over(present, Times::Exact)?;
    if !was_finished && next.status.is_finished() && says_no_end {
        next.finished_at = Some(now.max(next.started_at.unwrap_or(now)));
    }
    Ok(next)
}

/// Changes a deploy: status, times, trail, or any other field that is sent.
///
/// # Errors
/// 404, 412 when it was changed since it was read, 422 with a pointer to each field.
#[utoipa::path(patch, path = "/api/v1/deploys/{key}", tag = "deploys",
    params(("key" = String, Path, description = "DEP-12, or 12"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the change is based on")),
    request_body = RawDeploy,
    responses((status = 200, body = DeployBody), (status = "4XX", body = Problem)))]
pub async fn change(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawDeploy>,
) -> Result<HttpResponse, Error> {
    let base = answer::base_revision(&request)?;
    let (actor, now, base_url, raw) = (who.actor(), who.now, app.config.base_url.clone(), sent.value);
    let (body, revision) = app
        .db
        .write(move |c| {
            let deploy = queries::for_change(c, &key)?;
            answer::check_base(base, deploy.revision)?;
            let present = queries::draft_of(c, &deploy)?;
            let was_finished = present.status.is_finished();
            let says_no_end = raw.finished_at.is_none();
            let mut next = raw.clone().over(present, Times::Exact)?;
            if !was_finished && next.status.is_finished() && says_no_end {
                next.finished_at = Some(now.max(next.started_at.unwrap_or(now)));
            }
            let deploy = queries::change(c, &actor, &deploy, &next, now)?;
            let revision = deploy.revision;
            Ok::<_, Error>((body(c, deploy, &base_url)?, revision))
        })
        .await?;
    Ok(answer::ok_with_etag(&body, revision))
}
