//! The pages of teams.

use askama::Template;

use super::model::Team;
use super::queries::TeamRow;
use crate::action_items::model::ActionRow;
use crate::auth::model::User;
use crate::error::FieldErrors;
use crate::services::model::Service;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /teams`
#[derive(Template)]
#[template(path = "teams/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Teams with how much they hold.
    pub rows: Vec<TeamRow>,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

/// An unfinished item in words.
pub struct ItemLine {
    /// The item and what stands beside it.
    pub row: ActionRow,
    /// When it is due, or how late it is.
    pub due: String,
    /// `late`, or empty.
    pub late: &'static str,
}

/// `GET /teams/{slug}`
#[derive(Template)]
#[template(path = "teams/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The team.
    pub team: Team,
    /// Its people.
    pub members: Vec<User>,
    /// Whether the viewer may change who belongs to it.
    pub may_change: bool,
    /// What it owns.
    pub services: Vec<Service>,
    /// Its unfinished items.
    pub items: Vec<ItemLine>,
    /// Its retro that runs or comes next, with when it meets.
    pub retro: Option<(crate::retros::model::Retro, crate::web::times::Stamp)>,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The list of the team's items.
    pub fn items_href(&self) -> String {
        format!("/action-items?view=open&team={}", self.team.slug)
    }
}
