//! The pages of action items.

use askama::Template;

use chrono::NaiveDate;

use super::filter::{Filter, View};
use super::life::replacing::Related;
use super::model::{ActionKind, ActionRow, ActionStatus, Evidence, ItemChange, Owner, Priority, WorkedFactor};
use crate::error::FieldErrors;
use crate::markdown::SafeHtml;
use crate::policies::model::is_by_rule;
use crate::saved_views::model::SavedView;
use crate::teams::model::Team;
use crate::trackers::model::{Issue, Tracker};
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

impl Line {
    /// What stands in the way, or why it was declined.
    pub fn why(&self) -> Option<&str> {
        self.row.item.blocked_reason.as_deref().or(self.row.item.declined_reason.as_deref())
    }
}

/// The form that changes many items, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Bulk {
    /// What stands in it.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
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
    /// People to choose from.
    pub owners: Vec<Owner>,
    /// Views with a name: the viewer's own and those of their teams.
    pub saved: Vec<SavedView>,
    /// What is shown, as it stands in an address.
    pub query: String,
    /// The form that changes many items.
    pub bulk: Bulk,
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

    /// The fields of the filter that are set, for forms that must keep them.
    pub fn kept(&self) -> Vec<(&'static str, String)> {
        Filter::kept(&self.fields)
    }

    /// The sentence about a field of the form that changes many, or nothing.
    pub fn bulk_error(&self, field: &str) -> &str {
        self.bulk.errors.of(field).unwrap_or_default()
    }

    /// Whether an item was ticked in a form that was refused.
    pub fn is_ticked(&self, key: &str) -> bool {
        self.bulk.fields.has("item", key)
    }

    /// Whether the form that changes many was refused.
    pub fn bulk_is_refused(&self) -> bool {
        !self.bulk.errors.is_empty()
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
    /// Whose page it is.
    pub viewer_id: i64,
    /// The viewer's date.
    pub today: NaiveDate,
    /// Its details.
    pub details: SafeHtml,
    /// `due 8 Dec`, `11 days late`.
    pub due: String,
    /// The class `late`, or nothing.
    pub late: &'static str,
    /// Which rule set the date, or nothing.
    pub due_rule: String,
    /// Who hears when it is late.
    pub late_words: String,
    /// Who gets it when it was put off too often, or nothing.
    pub put_off_words: String,
    /// Remarks on its text.
    pub hints: Vec<&'static str>,
    /// What it was split into or from, or merged with.
    pub related: Vec<Related>,
    /// People to choose from.
    pub owners: Vec<Owner>,
    /// Its issue in a tracker.
    pub issue: Option<(Issue, Tracker)>,
    /// When that could not be brought in step.
    pub failed: Option<Stamp>,
    /// When it last was.
    pub synced: Option<Stamp>,
    /// Trackers to choose from.
    pub trackers: Vec<Tracker>,
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

    /// Whether the viewer may verify it: what matters is verified by somebody else than who finished it.
    pub fn may_verify(&self) -> bool {
        let item = &self.row.item;
        !(item.priority.needs_another_pair_of_eyes() && item.done_by == Some(self.viewer_id))
    }

    /// Whether its owner is asked now whether it works.
    pub fn is_to_check(&self) -> bool {
        self.row.item.is_to_check(self.today)
    }

    /// Whether it can be judged: finished, and not replaced by others.
    pub fn is_judged(&self) -> bool {
        matches!(self.row.item.status, ActionStatus::Done | ActionStatus::Verified)
    }

    /// The handle of its owner, or nothing.
    pub fn owner_handle(&self) -> &str {
        self.row.owner.as_ref().map_or("", |owner| owner.handle.as_str())
    }

    /// The rule that set the date, without its first words; nothing when a person set it.
    pub fn rule(&self) -> &str {
        if is_by_rule(&self.due_rule) { &self.due_rule } else { "" }
    }

    /// Why a person moved the date, or nothing.
    pub fn due_why(&self) -> &str {
        if is_by_rule(&self.due_rule) { "" } else { &self.due_rule }
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
