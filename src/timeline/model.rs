//! Events of a timeline and their rules.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use super::panel::{Panel, PanelLine, Reader, Setting, shown_zone};
use crate::clock::Moment;
use crate::db::schema::{timeline_events, timeline_evidence};
use crate::text_enum;

text_enum! {
    /// What an event is about.
    pub enum EventKind {
        /// Somebody saw something.
        Observation = "observation",
        /// Somebody did something.
        Action = "action",
        /// A decision was taken.
        Decision = "decision",
        /// Customers, colleagues or management were told.
        Communication = "communication",
        /// The trouble was noticed.
        Detection = "detection",
        /// A system was changed.
        Change = "change",
        /// The incident's state changed.
        Status = "status",
        /// Anything else worth keeping.
        Note = "note",
    }
}

text_enum! {
    /// Where an event comes from.
    pub enum EventSource {
        /// A person's account.
        Person = "person",
        /// A recorded deploy.
        Deploy = "deploy",
        /// An alert.
        Alert = "alert",
        /// A change of the incident's record.
        StatusChange = "status_change",
        /// A chat's log.
        Chat = "chat",
        /// A file that was imported.
        Import = "import",
    }
}

impl EventSource {
    /// Whether Debrief wrote it as a fact; such an event can be neither edited nor deleted.
    pub const fn is_automatic(self) -> bool {
        matches!(self, EventSource::Deploy | EventSource::Alert | EventSource::StatusChange)
    }
}

/// Most evidence links of one event.
pub const EVIDENCE_LIMIT: usize = 20;
/// Most events that one page shows.
pub const SHOWN_LIMIT: i64 = 2_000;

/// An event of a timeline.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = timeline_events)]
pub struct Event {
    /// Row id; the second sort key.
    pub id: i64,
    /// Whose timeline it is on.
    pub incident_id: i64,
    /// When it happened, not when it was written down.
    pub happened_at: Moment,
    /// What it is about.
    pub kind: EventKind,
    /// Where it comes from.
    pub source: EventSource,
    /// What happened, in Markdown.
    pub text: String,
    /// Who wrote it down, when it was a person.
    pub user_id: Option<i64>,
    /// The deploy that it speaks of.
    pub deploy_id: Option<i64>,
    /// Whether it stands on top of the panel as well.
    pub pinned: bool,
    /// Counts changes.
    pub revision: i64,
    /// When it was written down.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// When it was deleted.
    pub deleted_at: Option<Moment>,
}

impl Event {
    /// The anchor on the incident's page.
    pub fn anchor(&self) -> String {
        format!("event-{}", self.id)
    }
}

/// How an event is known: a graph, a log, a message.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = timeline_evidence)]
pub struct Evidence {
    /// Where it is.
    pub url: String,
    /// What stands on the link; empty for the host's name.
    pub label: String,
}

impl Evidence {
    /// What stands on the link.
    pub fn title(&self) -> &str {
        if self.label.is_empty() {
            let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
            rest.split(['/', '?', '#']).next().unwrap_or(rest)
        } else {
            &self.label
        }
    }
}

/// An event as somebody wants it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDraft {
    /// Whose timeline it goes on.
    pub incident_id: i64,
    /// When it happened.
    pub happened_at: Moment,
    /// What it is about.
    pub kind: EventKind,
    /// Where it comes from.
    pub source: EventSource,
    /// What happened, in Markdown.
    pub text: String,
    /// How that is known.
    pub evidence: Vec<Evidence>,
}

/// An event with what stands around it.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// The event.
    pub event: Event,
    /// How it is known.
    pub evidence: Vec<Evidence>,
    /// The name of the person who wrote it down.
    pub author: Option<String>,
    /// The number of the deploy that it speaks of.
    pub deploy_number: Option<i64>,
}

impl EventRow {
    /// Whether nothing but somebody's word stands behind it.
    pub fn is_unsourced(&self) -> bool {
        !self.event.source.is_automatic() && self.evidence.is_empty()
    }

    /// Who or what says so, in plain words.
    pub fn says(&self) -> String {
        let author = self.author.as_deref();
        match self.event.source {
            EventSource::Person => author.unwrap_or("a person").to_owned(),
            EventSource::Deploy => match self.deploy_number {
                Some(number) => format!("DEP-{number}"),
                None => "deploy record".to_owned(),
            },
            EventSource::Alert => "alert".to_owned(),
            EventSource::StatusChange => author.unwrap_or("Debrief").to_owned(),
            EventSource::Chat => "chat".to_owned(),
            EventSource::Import => "import".to_owned(),
        }
    }
}
