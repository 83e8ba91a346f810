//! Kinds of feeds, and what stands in them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::feeds;
use crate::text_enum;

text_enum! {
    /// What a feed holds.
    pub enum FeedKind {
        /// A calendar of what is due: of a person, or of a team.
        Calendar = "calendar",
        /// Incidents, newest first.
        Incidents = "incidents",
        /// Published postmortems, newest first.
        Postmortems = "postmortems",
    }
}

impl FeedKind {
    /// What its address ends with.
    pub const fn extension(self) -> &'static str {
        match self {
            FeedKind::Calendar => "ics",
            FeedKind::Incidents | FeedKind::Postmortems => "atom",
        }
    }

    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            FeedKind::Calendar => "Calendar",
            FeedKind::Incidents => "Incidents (Atom)",
            FeedKind::Postmortems => "Published postmortems (Atom)",
        }
    }
}

/// A secret address.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = feeds)]
pub struct Feed {
    /// Row id.
    pub id: i64,
    /// The first letters of its token, to tell it from others.
    pub hint: String,
    /// What it holds.
    pub kind: FeedKind,
    /// Whose it is.
    pub user_id: i64,
    /// The team whose calendar it is; none for the person's own.
    pub team_id: Option<i64>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last read, to the hour.
    pub last_used_at: Option<Moment>,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
}

/// When an entry of a calendar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All of a day, wherever the reader is.
    Day(NaiveDate),
    /// An hour from this instant on.
    Hour(Moment),
}

/// An entry of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEntry {
    /// Never changes and is nobody else's: `act-7-due@debrief.example.org`.
    pub uid: String,
    /// When it is.
    pub when: When,
    /// One line.
    pub title: String,
    /// More.
    pub text: String,
    /// Its page, whole.
    pub url: String,
    /// When it was last changed.
    pub changed_at: Moment,
    /// Counts changes.
    pub sequence: i64,
}

/// An entry of an Atom feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Never changes: `tag:…`.
    pub id: String,
    /// One line.
    pub title: String,
    /// Its page, whole.
    pub url: String,
    /// When it began or was published.
    pub published_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Plain text.
    pub summary: String,
    /// Severity and the like.
    pub category: String,
}

/// Most entries of a calendar.
pub const CALENDAR_LIMIT: i64 = 1_000;
/// Most entries of a feed.
pub const FEED_LIMIT: i64 = 50;
/// Most addresses of one person that are in force.
pub const ADDRESS_LIMIT: i64 = 20;
