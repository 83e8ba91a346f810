//! The pages of release settings and freeze windows.

use askama::Template;

use super::model::Settings;
use super::queries_freeze::FreezeRow;
use crate::error::FieldErrors;
use crate::services::model::{Service, ServiceName};
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// The form of release settings, with what is there or was typed.
pub fn fields_of(settings: &Settings) -> Fields {
    Fields::prefilled([
        ("checklist", settings.checklist.clone()),
        ("checklist_environment", settings.checklist_environment.clone()),
        ("bindingness", settings.bindingness.to_string()),
    ])
}

/// `GET /services/{slug}/release`
#[derive(Template)]
#[template(path = "releases/settings.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// Whose settings.
    pub service: Service,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Environments to choose from.
    pub environments: Vec<String>,
}

impl Edit {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

/// A window, ready for the page.
pub struct FreezeLine {
    /// Row id.
    pub id: i64,
    /// What it is of.
    pub scope: String,
    /// Where.
    pub environment: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub starts: Stamp,
    /// Until when.
    pub ends: Stamp,
    /// upcoming, now, over or called off.
    pub state: &'static str,
}

impl FreezeLine {
    /// From a row.
    pub fn new((freeze, service, team): FreezeRow, stamps: (Stamp, Stamp), state: &'static str) -> Self {
        let scope = match (&service, &team) {
            (Some(service), _) => service.name.clone(),
            (None, Some(team)) => format!("services of {}", team.name),
            (None, None) => "everything".to_owned(),
        };
        let environment = if freeze.environment.is_empty() { "everywhere".to_owned() } else { freeze.environment };
        let (starts, ends) = stamps;
        FreezeLine { id: freeze.id, scope, environment, reason: freeze.reason, starts, ends, state }
    }
}

/// `GET /admin/freezes`
#[derive(Template)]
#[template(path = "releases/freezes.html")]
pub struct Freezes {
    /// The frame.
    pub layout: Layout,
    /// Windows that hold or will hold.
    pub standing: Vec<FreezeLine>,
    /// Windows that are over.
    pub over: Vec<FreezeLine>,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// The zone in which times are typed.
    pub zone: &'static str,
}

impl Freezes {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// In which zone times are typed.
    pub fn zone_hint(&self) -> String {
        format!("In {}.", self.zone)
    }
}
