//! A saved view.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::saved_views;

/// Most saved views of one person or team.
pub const VIEW_LIMIT: i64 = 50;

/// A named query.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = saved_views)]
pub struct SavedView {
    /// Row id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What stands in the list's address after the question mark.
    pub query: String,
    /// Whose it is, when it is one person's.
    pub user_id: Option<i64>,
    /// Whose it is, when it is a team's.
    pub team_id: Option<i64>,
    /// Who saved it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
}

impl SavedView {
    /// The list that it shows.
    pub fn href(&self) -> String {
        format!("/action-items?{}", self.query)
    }
}

/// A view as somebody wants to save it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewDraft {
    /// What it is called.
    pub name: String,
    /// The query.
    pub query: String,
    /// Slug of the team; none for the person's own.
    pub team: Option<String>,
}
