//! The administration's pages of rules.

use askama::Template;

use super::model::Decision;
use super::queries::RuleRow;
use crate::deploys::model::{DeployKind, EnvironmentTier};
use crate::error::FieldErrors;
use crate::hooks::model::Source;
use crate::hooks::model_reading::WeakEvent;
use crate::services::model::ServiceName;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `GET /admin/rules`
#[derive(Template)]
#[template(path = "hooks/rules.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The rules in order.
    pub rows: Vec<RuleRow>,
}

/// A delivery on which a rule is tried.
pub struct Tried {
    /// When it came.
    pub received: Stamp,
    /// Its page.
    pub href: String,
    /// What kind of event it is.
    pub event: String,
    /// What it is with the rules as they are.
    pub now: String,
    /// What it would be.
    pub then: String,
    /// Whether the two differ.
    pub is_changed: bool,
}

/// `GET /admin/rules/new` and `GET /admin/rules/{id}`
#[derive(Template)]
#[template(path = "hooks/rule.html")]
pub struct RuleForm {
    /// The frame.
    pub layout: Layout,
    /// The rule that is changed, if it is one.
    pub id: Option<i64>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Sources to choose from.
    pub sources: Vec<Source>,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// What it would have done, once that was asked.
    pub tried: Option<Vec<Tried>>,
}

impl RuleForm {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Where it is sent.
    pub fn action(&self) -> String {
        self.id.map_or_else(|| "/admin/rules".to_owned(), |id| format!("/admin/rules/{id}"))
    }

    /// Where it is removed, when it is there.
    pub fn removal(&self) -> Option<String> {
        self.id.map(|id| format!("/admin/rules/{id}/removal"))
    }

    /// What may become of a delivery.
    pub fn decisions(&self) -> &'static [Decision] {
        Decision::ALL
    }

    /// What is chosen.
    pub fn decision(&self) -> &str {
        self.fields.some("decision").unwrap_or("map")
    }

    /// Events that need a rule to count.
    pub fn events(&self) -> &'static [WeakEvent] {
        WeakEvent::ALL
    }

    /// What an environment may be for.
    pub fn tiers(&self) -> &'static [EnvironmentTier] {
        EnvironmentTier::ALL
    }

    /// Sorts of change.
    pub fn kinds(&self) -> &'static [DeployKind] {
        DeployKind::ALL
    }

    /// How many deliveries would become something else.
    pub fn changed_count(&self) -> usize {
        self.tried.iter().flatten().filter(|row| row.is_changed).count()
    }
}
