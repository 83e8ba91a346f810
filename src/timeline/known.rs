//! A timeline as it was known at a minute, and with people as roles. Pure.

use super::model::{EventRow, EventSource};
use crate::clock::Moment;
use crate::wording::roles::Mask;

/// What of a timeline is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    /// The minute up to which it is read, as a form shows it; empty for all.
    pub until: String,
    /// The same with its day, for a sentence.
    pub until_words: String,
    /// Events of that time that were written down only later, and are hidden.
    pub hidden_count: usize,
    /// What is wrong with the minute that was asked for; empty when nothing is.
    pub error: String,
    /// Where people are shown the other way.
    pub people_href: String,
    /// What stands on that link.
    pub people_label: &'static str,
    /// Whether people are shown as roles.
    pub shows_roles: bool,
}

/// The rows that had happened and were written down by the end of a minute, and how many of those that had happened
/// were written down only later. What Debrief records itself is known when it happens.
pub fn as_known(rows: Vec<EventRow>, until: Moment) -> (Vec<EventRow>, usize) {
    let end = until.plus_s(60);
    let happened = rows.into_iter().filter(|row| row.event.happened_at < end);
    let (known, later): (Vec<_>, Vec<_>) =
        happened.partition(|row| row.event.source.is_automatic() || row.event.created_at < end);
    (known, later.len())
}

/// The rows with people as roles.
pub fn as_roles(mut rows: Vec<EventRow>, mask: &Mask) -> Vec<EventRow> {
    for row in &mut rows {
        row.event.text = mask.apply(&row.event.text);
        if let Some(author) = &row.author {
            row.author = Some(mask.role_of(author));
        }
    }
    rows
}

/// Whether an event is somebody's account of what they saw.
pub const fn is_account(source: EventSource) -> bool {
    matches!(source, EventSource::Person | EventSource::Chat | EventSource::Import)
}
