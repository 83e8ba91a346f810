//! The pages of contributing factors.

use askama::Template;

use super::model::{Factor, FactorRow};
use crate::action_items::model::{ActionItem, ActionStatus};
use crate::error::FieldErrors;
use crate::incidents::model::Incident;
use crate::markdown::SafeHtml;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// An action item, when it is due, `late` or nothing.
pub type ItemLine = (ActionItem, String, &'static str);

/// `GET /factors`
#[derive(Template)]
#[template(path = "factors/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The factors.
    pub rows: Vec<FactorRow>,
    /// Address of the next page, or nothing.
    pub next_href: String,
}

/// `GET /factors/{slug}`
#[derive(Template)]
#[template(path = "factors/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The factor and its counts.
    pub row: FactorRow,
    /// What is meant by it.
    pub description: SafeHtml,
    /// Incidents with it, newest first: the incident, its note there, when it started.
    pub incidents: Vec<(Incident, String, Stamp)>,
    /// Address of newer incidents, or nothing.
    pub newer_href: String,
    /// Address of older incidents, or nothing.
    pub older_href: String,
    /// Action items that work on it.
    pub items: Vec<ItemLine>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

impl Show {
    /// The action items by what became of them, those that are empty left out.
    pub fn fates(&self) -> Vec<(&'static str, Vec<&ItemLine>)> {
        let of =
            |wanted: &[ActionStatus]| self.items.iter().filter(|(item, ..)| wanted.contains(&item.status)).collect();
        [
            ("Open", of(&[ActionStatus::Open, ActionStatus::InProgress])),
            ("Finished", of(&[ActionStatus::Done, ActionStatus::Verified])),
            ("Declined", of(&[ActionStatus::Declined])),
        ]
        .into_iter()
        .filter(|(_, items): &(_, Vec<_>)| !items.is_empty())
        .collect()
    }
}

/// `GET /incidents/{key}/factors/new`
#[derive(Template)]
#[template(path = "factors/form.html")]
pub struct Attach {
    /// The frame.
    pub layout: Layout,
    /// The incident.
    pub incident: Incident,
    /// Factors to choose from.
    pub choices: Vec<Factor>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Attach {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}
