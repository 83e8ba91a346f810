//! The page of a team's channels.

use askama::Template;

use super::model::{Channel, Flavour};
use crate::error::FieldErrors;
use crate::notify::model::NoticeKind;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// A channel as a row.
pub struct Row {
    /// The channel.
    pub channel: Channel,
    /// Since when it is off.
    pub off_since: Option<Stamp>,
}

impl Row {
    /// The kinds that it takes, in words.
    pub fn kinds(&self) -> String {
        self.channel.kinds().iter().map(|kind| kind.label()).collect::<Vec<_>>().join(", ")
    }
}

/// `GET /teams/{slug}/channels`
#[derive(Template)]
#[template(path = "chat/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Whose channels they are.
    pub team: Team,
    /// The channels.
    pub rows: Vec<Row>,
    /// Kinds that are ticked in the form.
    pub ticked: Vec<NoticeKind>,
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

    /// The chat programs.
    pub fn flavours(&self) -> &'static [Flavour] {
        Flavour::ALL
    }

    /// Every kind, and whether it is ticked.
    pub fn kinds(&self) -> Vec<(NoticeKind, bool)> {
        NoticeKind::ALL.iter().map(|kind| (*kind, self.ticked.contains(kind))).collect()
    }

    /// Where a form of this channel posts to.
    pub fn action(&self, row: &Row, verb: &str) -> String {
        format!("{}/channels/{}/{verb}", self.team.path(), row.channel.id)
    }

    /// Where the page is.
    pub fn path(&self) -> String {
        format!("{}/channels", self.team.path())
    }
}
