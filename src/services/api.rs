//! Services for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::RawService;
use super::model::{Service, ServiceLink};
use super::queries::{self, Surroundings};
use crate::api::answer::{self, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::db::paging::{decode_name, encode_name};
use crate::error::Error;
use crate::web::body::{Json, Query};
use crate::web::problem::Problem;

/// A service on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub struct ServiceBody {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The owner team's slug.
    pub team: Option<String>,
    /// 1 (most important) to 4.
    pub tier: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Where its source is.
    pub repository_url: Option<String>,
    /// Slugs of the services that it needs.
    pub depends_on: Vec<String>,
    /// Runbook, dashboard and other links.
    pub links: Vec<ServiceLink>,
    /// When it was added.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its page.
    pub html_url: String,
}

impl ServiceBody {
    fn new(service: Service, around: Surroundings, base_url: &str) -> Self {
        ServiceBody {
            html_url: format!("{base_url}{}", service.path()),
            slug: service.slug,
            name: service.name,
            team: around.team.map(|team| team.slug),
            tier: service.tier,
            description: service.description,
            repository_url: service.repository_url,
            depends_on: around.depends_on.into_iter().map(|other| other.slug).collect(),
            links: around.links,
            created_at: service.created_at,
            updated_at: service.updated_at,
        }
    }
}

/// Lists services by slug.
///
/// # Errors
/// 422 for a damaged cursor.
#[utoipa::path(get, path = "/api/v1/services", tag = "services",
    params(("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<ServiceBody>), (status = "4XX", body = Problem)))]
pub async fn list(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let after = query.0.some("cursor").map(decode_name).transpose().map_err(|why| Error::field("cursor", why))?;
    let base_url = app.config.base_url.clone();
    let (items, there_is_more) = app
        .db
        .read(move |c| {
            let (rows, there_is_more) = queries::list(c, None, after)?;
            let services: Vec<Service> = rows.into_iter().map(|(service, _)| service).collect();
            let around = queries::surroundings_of(c, &services)?;
            let pairs = services.into_iter().zip(around);
            let items: Vec<_> = pairs.map(|(service, around)| ServiceBody::new(service, around, &base_url)).collect();
            Ok::<_, Error>((items, there_is_more))
        })
        .await?;
    let next_cursor = items.last().filter(|_| there_is_more).map(|last| encode_name(&last.slug));
    Ok(answer::ok(&List { items, next_cursor }))
}

/// Shows one service.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/services/{slug}", tag = "services",
    params(("slug" = String, Path)),
    responses((status = 200, body = ServiceBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let base_url = app.config.base_url.clone();
    let (body, revision) = app
        .db
        .read(move |c| {
            let service = queries::by_slug(c, &slug)?;
            let around = queries::surroundings(c, &service)?;
            let revision = service.revision;
            Ok::<_, Error>((ServiceBody::new(service, around, &base_url), revision))
        })
        .await?;
    Ok(answer::ok_with_etag(&body, revision))
}

/// Adds a service.
///
/// # Errors
/// 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/services", tag = "services",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawService,
    responses((status = 201, body = ServiceBody), (status = "4XX", body = Problem)))]
pub async fn create(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    sent: Json<RawService>,
) -> Result<HttpResponse, Error> {
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let draft = sent.value.parse()?;
    let (actor, now, base_url) = (who.actor(), who.now, app.config.base_url.clone());
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let service = queries::add(c, &actor, &draft, now)?;
                let around = queries::surroundings(c, &service)?;
                let (location, revision) = (format!("/api/v1/services/{}", service.slug), service.revision);
                answer::Created::new(&ServiceBody::new(service, around, &base_url), location, revision)
            })
        })
        .await?;
    Ok(created.into_response())
}
