//! The board's page.

use askama::Template;

use crate::action_items::model::ActionStatus;
use crate::action_items::views::Line;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// A column.
pub struct Column {
    /// Its status.
    pub status: ActionStatus,
    /// Its heading.
    pub title: &'static str,
    /// Its first items.
    pub lines: Vec<Line>,
    /// The list with all of them.
    pub href: String,
    /// Whether there are more than are shown.
    pub there_is_more: bool,
}

impl Column {
    /// Whether its items are open.
    pub fn is_open(&self) -> bool {
        self.status == ActionStatus::Open
    }

    /// Whether somebody is at its items.
    pub fn is_in_progress(&self) -> bool {
        self.status == ActionStatus::InProgress
    }

    /// Whether its items wait for somebody to look.
    pub fn is_done(&self) -> bool {
        self.status == ActionStatus::Done
    }
}

/// `GET /action-items/board`
#[derive(Template)]
#[template(path = "action_items/board.html")]
pub struct Board {
    /// The frame.
    pub layout: Layout,
    /// Whose page it is.
    pub viewer_id: i64,
    /// The columns.
    pub columns: Vec<Column>,
    /// The filter as typed.
    pub fields: Fields,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// The board's own address, to come back to.
    pub back: String,
    /// The same items as a table.
    pub table_href: String,
}

impl Board {
    /// Whether the viewer may verify this item.
    pub fn may_verify(&self, line: &Line) -> bool {
        let item = &line.row.item;
        !(item.priority.needs_another_pair_of_eyes() && item.done_by == Some(self.viewer_id))
    }
}
