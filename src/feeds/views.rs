//! The settings page of feeds.

use askama::Template;

use super::model::{Feed, FeedKind};
use crate::error::FieldErrors;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// An address as a row.
pub struct Row {
    /// The address, without its secret.
    pub feed: Feed,
    /// The team's name.
    pub team: Option<String>,
    /// When it was made.
    pub created: Stamp,
    /// When it was last read.
    pub last_used: Option<Stamp>,
}

impl Row {
    /// What it holds, in words.
    pub fn words(&self) -> String {
        match (self.feed.kind, &self.team) {
            (FeedKind::Calendar, Some(team)) => format!("Calendar of {team}"),
            (FeedKind::Calendar, None) => "Your own calendar".to_owned(),
            (kind, _) => kind.label().to_owned(),
        }
    }
}

/// `GET /settings/feeds`
#[derive(Template)]
#[template(path = "feeds/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The person's addresses.
    pub rows: Vec<Row>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// A new address, this once.
    pub address: Option<String>,
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

    /// What a feed may hold.
    pub fn kinds(&self) -> &'static [FeedKind] {
        FeedKind::ALL
    }
}
