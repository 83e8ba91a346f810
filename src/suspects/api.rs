//! Suspects for programs.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Certainty, Part, Why};
use super::queries;
use crate::api::answer;
use crate::app::App;
use crate::auth::who::{ApiRead, ApiWrite};
use crate::clock::Moment;
use crate::error::Error;
use crate::links::model::Relation;
use crate::web::body::Json;
use crate::web::fields::{Check, LINE_LIMIT};
use crate::web::problem::Problem;
use crate::{incidents, links};

/// The suspects of an incident. The probabilities of the suspects, of the others and of none are 1 together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Suspects)]
pub struct SuspectsBody {
    /// `INC-42`
    pub incident: String,
    /// Changes that may have caused it, the likeliest first.
    pub suspects: Vec<SuspectBody>,
    /// What the changes that are not listed have together.
    pub others_probability: f64,
    /// That no change on record caused it.
    pub none_of_these: NoneBody,
    /// Changes that may have ended it, the likeliest first.
    pub fixes: Vec<FixBody>,
    /// How many changes were looked at.
    pub candidate_count: i64,
    /// When it was reckoned.
    pub reckoned_at: Moment,
}

/// A change that may have caused an incident.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Suspect)]
pub struct SuspectBody {
    /// `DEP-12`
    pub deploy: String,
    /// The service's slug.
    pub service: String,
    /// 1 for the likeliest.
    pub place: i64,
    /// From 0 to 1.
    pub probability: f64,
    /// `likely`, `possible` or `unlikely`
    pub certainty: &'static str,
    /// Why.
    pub reasons: Vec<Why>,
    /// What is said about the two, if anything.
    pub relation: Option<Relation>,
}

/// A change that may have ended an incident.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProposedFix)]
pub struct FixBody {
    /// `DEP-12`
    pub deploy: String,
    /// The service's slug.
    pub service: String,
    /// When it finished: the end of the impact, if it fixed it.
    pub finished_at: Moment,
    /// Why.
    pub reasons: Vec<Why>,
}

/// None of these.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NoneOfThese)]
pub struct NoneBody {
    /// From 0 to 1.
    pub probability: f64,
    /// When a person said that no change caused it.
    pub said_at: Option<Moment>,
    /// Who said so.
    pub said_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Ranks the changes that may have caused an incident.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/incidents/{key}/suspects", tag = "suspects",
    operation_id = "list_suspects_of_incident",
    params(("key" = String, Path, description = "`INC-42`")),
    responses((status = 200, body = SuspectsBody), (status = "4XX", body = Problem)))]
pub async fn of_incident(who: ApiRead, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    Ok(answer::ok(&body(&app, number, who.now).await?))
}

fn number(key: &str) -> Result<i64, Error> {
    incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))
}

/// Why no change caused it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawNone {
    /// May be empty.
    pub reason: Option<String>,
}

/// Says that no change on record caused an incident; saying it again changes nothing.
///
/// # Errors
/// 404; 409 when a change is said to have caused it; 422 with a pointer to each field.
#[utoipa::path(post, path = "/api/v1/incidents/{key}/suspects/none", tag = "suspects",
    operation_id = "say_none_of_suspects",
    params(("key" = String, Path, description = "`INC-42`")),
    request_body = RawNone,
    responses((status = 200, body = SuspectsBody), (status = "4XX", body = Problem)))]
pub async fn say_none(
    who: ApiWrite,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: Json<RawNone>,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let mut check = Check::new();
    let reason = check.text("reason", sent.value.reason.as_deref(), LINE_LIMIT).unwrap_or_default();
    check.finish()?;
    let (actor, now) = (who.actor(), who.now);
    app.db
        .write(move |c| {
            let incident = incidents::queries::for_change(c, number)?;
            queries::say_nothing(c, &actor, &incident, &reason, now)
        })
        .await?;
    Ok(answer::ok(&body(&app, number, now).await?))
}

/// Takes back that no change caused an incident.
///
/// # Errors
/// 404
#[utoipa::path(delete, path = "/api/v1/incidents/{key}/suspects/none", tag = "suspects",
    operation_id = "take_back_none_of_suspects",
    params(("key" = String, Path, description = "`INC-42`")),
    responses((status = 200, body = SuspectsBody), (status = "4XX", body = Problem)))]
pub async fn take_back_none(who: ApiWrite, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    app.db
        .write(move |c| {
            let incident = incidents::queries::for_change(c, number)?;
            queries::take_back_nothing(c, &actor, &incident, now)
        })
        .await?;
    Ok(answer::ok(&body(&app, number, now).await?))
}

async fn body(app: &App, number: i64, now: Moment) -> Result<SuspectsBody, Error> {
    let (incident, (reckoning, rows), relations) = app
        .db
        .read(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let ranking = queries::of_incident(c, &incident, now)?;
            let links = links::queries::of_incident(c, incident.id)?;
            let relations: HashMap<i64, Relation> =
                links.into_iter().map(|(link, _, _)| (link.deploy_id, link.relation)).collect();
            Ok::<_, Error>((incident, ranking, relations))
        })
        .await?;
    let (mut suspects, mut fixes) = (Vec::new(), Vec::new());
    for (suspect, deploy, service) in rows {
        match suspect.part {
            Part::Cause => suspects.push(SuspectBody {
                deploy: deploy.key(),
                service: service.slug,
                place: suspect.place,
                probability: suspect.probability,
                certainty: Certainty::of(suspect.probability).as_str(),
                reasons: suspect.why(),
                relation: relations.get(&deploy.id).copied(),
            }),
            Part::Fix => fixes.push(FixBody {
                deploy: deploy.key(),
                service: service.slug,
                finished_at: deploy.happened_at,
                reasons: suspect.why(),
            }),
        }
    }
    Ok(SuspectsBody {
        incident: incident.key(),
        suspects,
        others_probability: reckoning.others_probability,
        none_of_these: NoneBody {
            probability: reckoning.none_probability,
            said_at: reckoning.nothing_at,
            said_by: reckoning.nothing_name,
            reason: reckoning.nothing_reason,
        },
        fixes,
        candidate_count: reckoning.candidate_count,
        reckoned_at: reckoning.reckoned_at,
    })
}
