//! The pages of contributing factors.

use askama::Template;

use super::model::{FATE_LIMIT, Factor, FactorRow};
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

/// The action items of one fate.
pub struct Fate<'a> {
    /// What became of them.
    pub name: &'static str,
    /// The newest of them, the newest first.
    pub items: Vec<&'a ItemLine>,
    /// Whether there are more.
    pub is_cut: bool,
}

impl Show {
    /// The action items by what became of them; what became of none is left out.
    pub fn fates(&self) -> Vec<Fate<'_>> {
        let of = |name, wanted: &[ActionStatus]| {
            let mut items: Vec<_> = self.items.iter().filter(|(item, ..)| wanted.contains(&item.status)).collect();
            let is_cut = items.len() > FATE_LIMIT;
            items.truncate(FATE_LIMIT);
            Fate { name, items, is_cut }
        };
        [
            of("Open", &[ActionStatus::Open, ActionStatus::InProgress]),
            of("Finished", &[ActionStatus::Done, ActionStatus::Verified]),
            of("Declined", &[ActionStatus::Declined]),
        ]
        .into_iter()
        .filter(|fate| !fate.items.is_empty())
        .collect()
    }

    /// Whether the list of action items has more of them.
    pub fn has_more_items(&self) -> bool {
        self.fates().iter().any(|fate| fate.is_cut)
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
