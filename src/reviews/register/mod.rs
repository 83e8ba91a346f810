//! The list of reviews: what waits for whom, what is late, and what nobody looked at.

pub mod pages;
pub mod queries;

use crate::text_enum;

text_enum! {
    /// What the list shows.
    pub enum View {
        /// What waits for me.
        Mine = "mine",
        /// What waits for anybody.
        Waiting = "waiting",
        /// What waits longer than it was asked to.
        Late = "late",
        /// Texts that nobody reviewed.
        Unreviewed = "unreviewed",
    }
}

impl View {
    /// As a tab says it.
    pub const fn label(self) -> &'static str {
        match self {
            View::Mine => "Waiting for me",
            View::Waiting => "Waiting",
            View::Late => "Late",
            View::Unreviewed => "Not reviewed",
        }
    }
}
