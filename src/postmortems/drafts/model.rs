//! A draft.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::postmortem_drafts;

/// How long somebody counts as writing after their browser was last heard of, in seconds.
pub const PRESENT_S: i64 = 15 * 60;

/// A text on its way.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortem_drafts)]
pub struct Draft {
    /// The revision that it is based on.
    pub base_revision: i64,
    /// The text as typed.
    pub markdown: String,
    /// When it was last kept.
    pub saved_at: Moment,
}
