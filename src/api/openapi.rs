//! The OpenAPI 3.1 document, gathered from the annotations on the handlers. A test holds it against the
//! route table, so that no handler is missing and none is invented.

use actix_web::HttpResponse;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::refine;
use crate::{deploys, incidents, links, postmortems, releases, services, signals, timeline};

#[derive(OpenApi)]
#[openapi(
    info(title = "Debrief", description = "Deploys, incidents, postmortems and action items for programs."),
    modifiers(&Bearer),
    security(("token" = [])),
    paths(
        crate::search::api::find,
        crate::action_items::api::list,
        crate::action_items::api::create,
        crate::action_items::api::show,
        crate::action_items::api::change,
        crate::action_items::api::split,
        crate::action_items::api::merge,
        signals::api::list,
        signals::api::show,
        crate::retros::api::list,
        crate::retros::api::show,
        services::api::list,
        services::api::create,
        services::api::show,
        crate::suspects::api::of_incident,
        crate::suspects::api::say_none,
        crate::suspects::api::take_back_none,
        links::api::of_incident,
        links::api::of_deploy,
        links::api::say,
        timeline::api::list,
        timeline::api::create,
        incidents::api::list,
        incidents::api::create,
        incidents::api::show,
        incidents::api::change,
        postmortems::api::show,
        postmortems::api::put,
        postmortems::api::publish,
        releases::api::readiness,
        crate::wording::api::look,
        deploys::api::list,
        deploys::api::create,
        deploys::api::show,
        deploys::api::change,
    )
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The document.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).expect("the document has text for keys");
    refine::refine(&mut document);
    document
}

/// `GET /api/v1/openapi.json`
pub async fn show() -> HttpResponse {
    HttpResponse::Ok().json(document())
}
