//! The pages of action items.

use askama::Template;

use super::filter::View;
use super::model::{ActionKind, ActionRow, ActionStatus, Evidence, ItemChange, Owner, Priority, WorkedFactor};
use crate::error::FieldErrors;
use crate::markdown::SafeHtml;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;
use crate::wording::actions::Concern;

/// An item as a line of the list.
pub struct Line {
    /// The item with its surroundings.
    pub row: ActionRow,
    /// `due 8 Dec`, `11 days late`.
    pub due: String,
    /// The class `late`, or nothing.
    pub late: &'static str,
}

/// `GET /action-items`
#[derive(Template)]
#[template(path = "action_items/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The items.
    pub lines: Vec<Line>,
    /// The view that is shown.
    pub view: View,
    /// The filter as typed.
    pub fields: Fields,
    /// What needs another look in the filter.
    pub errors: FieldErrors,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
    /// Address without the filter, or nothing when none is set.
    pub clear: String,
}

impl Index {
    /// Every view with its address.
    pub fn views(&self) -> Vec<(View, String)> {
        View::ALL.iter().map(|view| (*view, format!("/action-items?view={view}"))).collect()
    }

    /// Every kind.
    pub fn kinds(&self) -> &'static [ActionKind] {
        ActionKind::ALL
    }

    /// Every priority.
    pub fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
}

/// `GET /action-items/ACT-n`
#[derive(Template)]
#[template(path = "action_items/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The item with its surroundings.
    pub row: ActionRow,
    /// Its details.
    pub details: SafeHtml,
    /// `due 8 Dec`, `11 days late`.
    pub due: String,
    /// The class `late`, or nothing.
    pub late: &'static str,
    /// Which rule set the date, or nothing.
    pub due_rule: String,
    /// Evidence with who gave it and when.
    pub evidence: Vec<(Evidence, Stamp)>,
    /// Its history, newest first: the change, who made it, when.
    pub history: Vec<(ItemChange, String, Stamp)>,
    /// What it may still lack.
    pub concerns: Vec<Concern>,
    /// What stands in a refused small form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// Whether a small form was refused for this field, so that it stays open.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Whether it is unfinished.
    pub fn is_unfinished(&self) -> bool {
        self.row.item.status.is_unfinished()
    }

    /// Whether it waits for somebody to look.
    pub fn is_done(&self) -> bool {
        self.row.item.status == ActionStatus::Done
    }

    /// Whether nobody has begun.
    pub fn is_open(&self) -> bool {
        self.row.item.status == ActionStatus::Open
    }
}

/// The form for a new or a changed item.
#[derive(Template)]
#[template(path = "action_items/form.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The key of the item that is changed, or nothing for a new one.
    pub key: String,
    /// Where the form goes.
    pub action: String,
    /// Where "Cancel" leads.
    pub cancel: String,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// What it may still lack.
    pub concerns: Vec<Concern>,
    /// What somebody else changed it to in the meantime, when they did.
    pub theirs: Vec<(String, String)>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// People to choose from.
    pub owners: Vec<Owner>,
    /// Factors to choose from.
    pub factors: Vec<WorkedFactor>,
}

impl Edit {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every kind.
    pub fn kinds(&self) -> &'static [ActionKind] {
        ActionKind::ALL
    }

    /// Every priority.
    pub fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
}
