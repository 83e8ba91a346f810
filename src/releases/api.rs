//! The answer to a pipeline's "may I".

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use super::queries_freeze;
use super::readiness::Readiness;
use crate::app::App;
use crate::auth::who::ApiAny;
use crate::deploys::model::{DEFAULT_ENVIRONMENT, ENVIRONMENT_LIMIT};
use crate::error::Error;
use crate::web::body::Query;
use crate::web::fields::{Check, LINE_LIMIT, slugify};
use crate::web::problem::Problem;

/// Says go or wait, with reasons: freeze windows, live SEV1 and SEV2 incidents on the service or what it depends on,
/// an open checklist. Advice, unless the service's team made it binding; then "wait" comes as 409.
///
/// # Errors
/// 422 without a service.
#[utoipa::path(get, path = "/api/v1/deploys/readiness", tag = "deploys",
    params(
        ("service" = String, Query, description = "A service's slug or name"),
        ("environment" = Option<String>, Query, description = "production when left out")),
    responses((status = 200, body = Readiness), (status = 409, body = Readiness), (status = "4XX", body = Problem)))]
pub async fn readiness(who: ApiAny, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let service = check.line("service", query.0.some("service"), LINE_LIMIT, "Name the service, as in ?service=shop.");
    let environment = check.optional_line("environment", query.0.some("environment"), ENVIRONMENT_LIMIT);
    let Some(service) = service.filter(|_| check.is_ok()) else { return Err(check.into_error()) };
    let environment = environment.unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned());
    let (now, base_url) = (who.now, app.config.base_url.clone());
    let answer =
        app.db.read(move |c| queries_freeze::readiness(c, &slugify(&service), &environment, &base_url, now)).await?;
    let mut response = if answer.locked { HttpResponse::Conflict() } else { HttpResponse::Ok() };
    Ok(response.insert_header((CACHE_CONTROL, "no-store")).json(&answer))
}
