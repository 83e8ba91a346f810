//! A postmortem, its revisions and its steps.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{postmortem_revisions, postmortem_steps, postmortems};
use crate::incidents::model::Incident;
use crate::markdown::Merge;
use crate::notify::model::Thing;
use crate::text_enum;

/// Longest text of a postmortem, in bytes.
pub const MARKDOWN_LIMIT_BYTES: usize = 1024 * 1024;

text_enum! {
    /// How far a postmortem is.
    pub enum PostmortemStatus {
        /// Being written.
        Draft = "draft",
        /// Others read it before it is published.
        InReview = "in_review",
        /// For everybody to read.
        Published = "published",
        /// Somebody said why none is written.
        NotNeeded = "not_needed",
    }
}

impl PostmortemStatus {
    /// The word in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            PostmortemStatus::Draft => "draft",
            PostmortemStatus::InReview => "in review",
            PostmortemStatus::Published => "published",
            PostmortemStatus::NotNeeded => "not needed",
        }
    }
}

/// The postmortem of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortems)]
pub struct Postmortem {
    /// Row id.
    pub id: i64,
    /// Whose it is.
    pub incident_id: i64,
    /// How far it is.
    pub status: PostmortemStatus,
    /// The newest revision's number; 0 when nothing was ever written (only with `not_needed`).
    pub current_revision: i64,
    /// The revision that readers see, while it is published.
    pub published_revision: Option<i64>,
    /// When that one was published.
    pub published_at: Option<Moment>,
    /// Who published it.
    pub published_by: Option<i64>,
    /// Why none is needed.
    pub not_needed_reason: Option<String>,
    /// Who started it.
    pub started_by: Option<i64>,
    /// When it was started.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl Postmortem {
    /// Whether there is a text to read.
    pub fn is_written(&self) -> bool {
        self.current_revision > 0
    }

    /// The revision that a reader is shown: the published one, else the newest.
    pub fn shown_revision(&self) -> i64 {
        self.published_revision.unwrap_or(self.current_revision)
    }

    /// Whether there are revisions that readers do not see yet.
    pub fn has_unpublished_changes(&self) -> bool {
        self.published_revision.is_some_and(|published| published < self.current_revision)
    }
}

/// Address of an incident's postmortem page.
pub fn path(incident_number: i64) -> String {
    format!("/incidents/INC-{incident_number}/postmortem")
}

/// An incident's postmortem as the thing that a notice is about.
pub fn thing(incident: &Incident) -> Thing {
    Thing::new("postmortem", incident.key(), path(incident.number))
}

/// One revision of the text. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortem_revisions)]
pub struct Revision {
    /// Row id.
    pub id: i64,
    /// Whose text it is.
    pub postmortem_id: i64,
    /// Counts from 1.
    pub number: i64,
    /// The revision that its writer started from.
    pub base_number: Option<i64>,
    /// The text, as it was sent.
    pub markdown: String,
    /// Where it came from, when not from the editor: "Brought back from revision 3".
    pub note: String,
    /// Who wrote it, when it was a person.
    pub user_id: Option<i64>,
    /// When it was saved.
    pub created_at: Moment,
    /// What readers see in its place since it was published: its live blocks as they were then. Set once, and only
    /// where the text has something to freeze.
    pub frozen_markdown: Option<String>,
}

impl Revision {
    /// What readers of the published revision see.
    pub fn published_markdown(&self) -> &str {
        self.frozen_markdown.as_deref().unwrap_or(&self.markdown)
    }
}

/// A revision in the history, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct RevisionRow {
    /// Counts from 1.
    pub number: i64,
    /// The revision that its writer started from.
    pub base_number: Option<i64>,
    /// Where it came from, when not from the editor.
    pub note: String,
    /// Who wrote it, when it was a person.
    pub writer: Option<String>,
    /// When it was saved.
    pub created_at: Moment,
}

/// A step of a postmortem: a recorded fact.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortem_steps)]
pub struct Step {
    /// Row id; also the order.
    pub id: i64,
    /// What it became.
    pub status: PostmortemStatus,
    /// Why.
    pub reason: String,
    /// The newest revision at the time.
    pub revision: i64,
    /// Who, when it was a person.
    pub user_id: Option<i64>,
    /// When.
    pub happened_at: Moment,
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// A new revision.
    New(Revision),
    /// A new revision that holds both this text and what somebody saved since its base.
    Merged(Revision),
    /// The text is the newest revision's already; nothing was written.
    Unchanged(Revision),
    /// Somebody changed the same places since the base; holds the newest revision. Nothing was written.
    Outdated(Box<Clash>),
}

/// Two texts that change the same places of one base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The newest revision.
    pub newest: Revision,
    /// What came together and what did not; whole when the base is not known any more.
    pub merge: Merge,
}
