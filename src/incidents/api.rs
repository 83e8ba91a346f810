//! Incidents for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::RawIncident;
use super::model::{Incident, IncidentKind, IncidentStatus, Severity};
use super::pages::number;
use super::register::queries::Filter;
use super::{queries, register};
use crate::api::answer::{self, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, Turn};
use crate::deploys;
use crate::error::Error;
use crate::incidents::around::queries as around;
use crate::links::model::Relation;
use crate::web::body::{Json, Query};
use crate::web::problem::Problem;
use crate::web::times::Zone;

/// A deploy of an incident on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentDeploy)]
pub struct IncidentDeployBody {
    /// `DEP-12`
    pub deploy: String,
    /// What it had to do with the incident.
    pub relation: Relation,
    /// Why that is said.
    pub reason: String,
}

/// An incident on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentBody {
    /// `INC-42`
    pub key: String,
    /// 42
    pub number: i64,
    /// What was wrong, in a line.
    pub title: String,
    /// Whether it hurt.
    pub kind: IncidentKind,
    /// How bad it is.
    pub severity: Severity,
    /// How far its handling has come.
    pub status: IncidentStatus,
    /// What happened, in Markdown.
    pub summary: String,
    /// Slugs of the services that it hit.
    pub services: Vec<String>,
    /// The impact began.
    pub started_at: Moment,
    /// Somebody or something noticed.
    pub detected_at: Option<Moment>,
    /// Somebody took it on.
    pub acknowledged_at: Option<Moment>,
    /// It became known why.
    pub identified_at: Option<Moment>,
    /// It stopped to hurt.
    pub mitigated_at: Option<Moment>,
    /// It was over.
    pub resolved_at: Option<Moment>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Deploys that have to do with it.
    pub deploys: Vec<IncidentDeployBody>,
    /// When it was entered here.
    pub declared_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Counts its changes; also its ETag.
    pub revision: i64,
    /// Its page.
    pub html_url: String,
}

impl IncidentBody {
    /// Reads what belongs to an incident, for the wire.
    ///
    /// # Errors
    /// The database's.
    pub fn read(c: &mut Conn, incident: Incident, base_url: &str) -> Result<Self, Error> {
        let key = incident.key();
        Self::read_all(c, vec![incident], base_url)?.pop().ok_or_else(|| Error::no("incident", key))
    }

    /// Reads what belongs to each of a page of incidents: as many statements as for one.
    ///
    /// # Errors
    /// The database's.
    fn read_all(c: &mut Conn, incidents: Vec<Incident>, base_url: &str) -> Result<Vec<Self>, Error> {
        let ids: Vec<i64> = incidents.iter().map(|incident| incident.id).collect();
        let mut services = around::services_of(c, &ids)?;
        let mut tags = around::tags_of(c, &ids)?;
        let mut links = crate::links::queries::of_incidents(c, &ids)?;
        let bodies = incidents.into_iter().map(|incident| {
            let id = incident.id;
            let services = services.extract_if(.., |(of, _)| *of == id).map(|(_, service)| service.slug).collect();
            let tags = tags.extract_if(.., |(of, _)| *of == id).map(|(_, tag)| tag).collect();
            let deploys = links
                .extract_if(.., |(link, _)| link.incident_id == id)
                .map(|(link, number)| IncidentDeployBody {
                    deploy: deploys::model::key(number),
                    relation: link.relation,
                    reason: link.reason,
                })
                .collect();
            IncidentBody::new(incident, services, tags, deploys, base_url)
        });
        Ok(bodies.collect())
    }

    fn new(
        incident: Incident,
        services: Vec<String>,
        tags: Vec<String>,
        deploys: Vec<IncidentDeployBody>,
        base_url: &str,
    ) -> Self {
        IncidentBody {
            key: incident.key(),
            html_url: format!("{base_url}{}", incident.path()),
            number: incident.number,
            title: incident.title,
            kind: incident.kind,
            severity: incident.severity,
            status: incident.status,
            summary: incident.summary,
            services,
            started_at: incident.started_at,
            detected_at: incident.detected_at,
            acknowledged_at: incident.acknowledged_at,
            identified_at: incident.identified_at,
            mitigated_at: incident.mitigated_at,
            resolved_at: incident.resolved_at,
            tags,
            deploys,
            declared_at: incident.declared_at,
            updated_at: incident.updated_at,
            revision: incident.revision,
        }
    }
}

/// Lists incidents, newest start first.
///
/// # Errors
/// 400 for a damaged cursor, 422 for a filter that cannot be read.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents",
    operation_id = "list_incidents",
    params(
        ("status" = Option<String>, Query, description = "live, investigating, identified, mitigated or resolved"),
        ("severity" = Option<Severity>, Query),
        ("kind" = Option<IncidentKind>, Query),
        ("service" = Option<String>, Query, description = "A service's slug"),
        ("tag" = Option<String>, Query),
        ("from" = Option<String>, Query, description = "Started on this day (UTC) or later"),
        ("to" = Option<String>, Query, description = "Started on this day (UTC) or earlier"),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before"),
    ),
    responses((status = 200, body = List<IncidentBody>), (status = "4XX", body = Problem)))]
pub async fn list(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = Filter::from_fields(&query.0, &Zone::UTC)?;
    let turn = Turn::from_query(query.0.some("cursor"), None).map_err(|sentence| Error::field("cursor", sentence))?;
    let base_url = app.config.base_url.clone();
    let body = app
        .db
        .read(move |c| {
            let found = register::queries::list(c, &filter, turn)?;
            let next_cursor = found.after.map(Cursor::encode);
            Ok::<_, Error>(List { items: IncidentBody::read_all(c, found.rows, &base_url)?, next_cursor })
        })
        .await?;
    Ok(answer::ok(&body))
}

/// Shows one incident.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/incidents/{key}", tag = "incidents",
    operation_id = "show_incident",
    params(("key" = String, Path, description = "INC-42")),
    responses((status = 200, body = IncidentBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (number, base_url) = (number(&key)?, app.config.base_url.clone());
    let body = app
        .db
        .read(move |c| {
            let incident = queries::by_number(c, number)?;
            IncidentBody::read(c, incident, &base_url)
        })
        .await?;
    Ok(answer::ok_with_etag(&body, body.revision))
}

/// Declares an incident, also an old one with all its times.
///
/// # Errors
/// 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents",
    operation_id = "declare_incident",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawIncident,
    responses((status = 201, body = IncidentBody), (status = "4XX", body = Problem)))]
pub async fn create(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    sent: Json<RawIncident>,
) -> Result<HttpResponse, Error> {
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let (draft, deploys) = sent.value.parse_draft(&Zone::UTC, now)?;
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let incident = queries::declare_with_links(c, &actor, &draft, &deploys, now)?;
                let (location, revision) = (format!("/api/v1/incidents/{}", incident.key()), incident.revision);
                answer::Created::new(&IncidentBody::read(c, incident, &base_url)?, location, revision)
            })
        })
        .await?;
    Ok(created.into_response())
}

/// Changes an incident. What is left out stays, `null` clears a time, a status without its time gets now, and a
/// corrected time stays on record. `deploys` are said in addition to those that are linked already.
///
/// # Errors
/// 404; 412 when it was changed since it was read; 422 with a pointer to each field.
#[utoipa::path(patch, path = "/api/v1/incidents/{key}", tag = "incidents",
    operation_id = "change_incident",
    params(
        ("key" = String, Path, description = "INC-42"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; refused with 412 when outdated"),
    ),
    request_body = RawIncident,
    responses((status = 200, body = IncidentBody), (status = "4XX", body = Problem)))]
pub async fn change(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawIncident>,
) -> Result<HttpResponse, Error> {
    let (number, base) = (number(&key)?, answer::base_revision(&request)?);
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let (change, deploys) = sent.value.parse_change(&Zone::UTC)?;
    let body = app
        .db
        .write(move |c| {
            answer::check_base(base, queries::for_change(c, number)?.revision)?;
            let incident = queries::change(c, &actor, number, &change, now)?;
            queries::link(c, &actor, &incident, &deploys, now)?;
            IncidentBody::read(c, incident, &base_url)
        })
        .await?;
    Ok(answer::ok_with_etag(&body, body.revision))
}
