//! Links for programs.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::{RawLink, Side};
use super::model::{Link, Relation, Verdict, VerdictWord};
use super::queries;
use crate::api::answer::{self, List};
use crate::api::idempotency;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::error::Error;
use crate::web::body::Json;
use crate::web::problem::Problem;
use crate::{deploys, incidents};

/// A link on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentDeployLink)]
pub struct LinkBody {
    /// `INC-42`
    pub incident: String,
    /// `DEP-12`
    pub deploy: String,
    /// What the deploy had to do with the incident.
    pub relation: Relation,
    /// Why; may be empty.
    pub reason: String,
    /// Who or what said so.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
    /// Every word about the two so far, the oldest first.
    pub history: Vec<VerdictBody>,
}

/// A word of a link's history on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentDeployVerdict)]
pub struct VerdictBody {
    /// What was said.
    pub relation: VerdictWord,
    /// Why; may be empty.
    pub reason: String,
    /// Who or what said so.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
}

impl LinkBody {
    fn new(link: Link, incident: String, deploy: String, history: Vec<VerdictBody>) -> Self {
        LinkBody {
            incident,
            deploy,
            relation: link.relation,
            reason: link.reason,
            said_by: link.said_by,
            said_at: link.said_at,
            history,
        }
    }
}

fn histories(verdicts: Vec<Verdict>, other_side: impl Fn(&Verdict) -> i64) -> HashMap<i64, Vec<VerdictBody>> {
    let mut histories: HashMap<i64, Vec<VerdictBody>> = HashMap::new();
    for verdict in verdicts {
        histories.entry(other_side(&verdict)).or_default().push(VerdictBody {
            relation: verdict.relation,
            reason: verdict.reason,
            said_by: verdict.said_by,
            said_at: verdict.said_at,
        });
    }
    histories
}

/// Lists the deploys that are linked to an incident, at most 200.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/incidents/{key}/deploys", tag = "links",
    operation_id = "list_deploys_of_incident",
    params(("key" = String, Path, description = "`INC-42`")),
    responses((status = 200, body = List<LinkBody>), (status = "4XX", body = Problem)))]
pub async fn of_incident(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = incidents::model::parse_key(&key).ok_or_else(|| Error::no("incident", key))?;
    let items = app
        .db
        .read(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let mut told = histories(queries::verdicts(c, incident.id)?, |verdict| verdict.deploy_id);
            let links = queries::of_incident(c, incident.id)?;
            let bodies = links.into_iter().map(|(link, deploy, _)| {
                let history = told.remove(&link.deploy_id).unwrap_or_default();
                LinkBody::new(link, incident.key(), deploy.key(), history)
            });
            Ok::<_, Error>(bodies.collect::<Vec<_>>())
        })
        .await?;
    Ok(answer::ok(&List { items, next_cursor: None }))
}

/// Lists the incidents that are linked to a deploy, at most 200.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/deploys/{key}/incidents", tag = "links",
    operation_id = "list_incidents_of_deploy",
    params(("key" = String, Path, description = "`DEP-12`")),
    responses((status = 200, body = List<LinkBody>), (status = "4XX", body = Problem)))]
pub async fn of_deploy(_who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let items = app
        .db
        .read(move |c| {
            let deploy = deploys::queries::by_key(c, &key)?;
            let mut told = histories(queries::verdicts_of_deploy(c, deploy.id)?, |verdict| verdict.incident_id);
            let links = queries::of_deploy(c, deploy.id)?;
            let bodies = links.into_iter().map(|(link, incident)| {
                let history = told.remove(&link.incident_id).unwrap_or_default();
                LinkBody::new(link, incident.key(), deploy.key(), history)
            });
            Ok::<_, Error>(bodies.collect::<Vec<_>>())
        })
        .await?;
    Ok(answer::ok(&List { items, next_cursor: None }))
}

/// Says what a deploy had to do with an incident; a further word about the same two replaces the last one.
///
/// # Errors
/// 404, or 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/incidents/{key}/deploys", tag = "links",
    operation_id = "say_deploy_of_incident",
    params(("key" = String, Path, description = "`INC-42`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer again")),
    request_body = RawLink,
    responses((status = 201, body = LinkBody), (status = "4XX", body = Problem)))]
pub async fn say(
    who: ApiWrite,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawLink>,
) -> Result<HttpResponse, Error> {
    let once = idempotency::key(&request, &who, &sent.bytes)?;
    let draft = sent.value.parse()?;
    let (actor, now) = (who.actor(), who.now);
    let created = app
        .db
        .write(move |c| {
            idempotency::once(c, &once, now, |c| {
                let ((incident, deploy), link) = queries::say_by_key(c, &actor, Side::Deploy, &key, &draft, now)?;
                let mut told = histories(queries::verdicts(c, incident.id)?, |verdict| verdict.deploy_id);
                let history = told.remove(&deploy.id).unwrap_or_default();
                let (location, revision) = (format!("/api/v1{}/deploys", incident.path()), history.len() as i64);
                let body = LinkBody::new(link, incident.key(), deploy.key(), history);
                answer::Created::new(&body, location, revision)
            })
        })
        .await?;
    Ok(created.into_response())
}
