//! The pages of a timeline: the form of one event. The panel itself stands on the incident's page.

use askama::Template;

use super::model::EventKind;
use crate::error::FieldErrors;
use crate::incidents::model::Incident;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// The form for a new or a changed event.
#[derive(Template)]
#[template(path = "timeline/form.html")]
pub struct EventForm {
    /// The frame.
    pub layout: Layout,
    /// Whose timeline.
    pub incident: Incident,
    /// The event that is changed, or nothing for a new one.
    pub event_id: Option<i64>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// What somebody else saved in the meantime.
    pub conflict: Option<Conflict>,
    /// The zone of the times in the form.
    pub zone_name: &'static str,
}

/// Two texts that met.
pub struct Conflict {
    /// What happened, in a sentence.
    pub sentence: String,
    /// Who saved the other one.
    pub who: String,
    /// The other one.
    pub theirs: String,
}

impl EventForm {
    /// Where the form goes.
    pub fn action(&self) -> String {
        match self.event_id {
            Some(id) => format!("{}/events/{id}", self.incident.path()),
            None => format!("{}/events", self.incident.path()),
        }
    }

    /// Where "Cancel" leads.
    pub fn cancel_href(&self) -> String {
        match self.event_id {
            Some(id) => format!("{}#event-{id}", self.incident.path()),
            None => format!("{}#timeline", self.incident.path()),
        }
    }

    /// The name of the local copy of what is typed.
    pub fn keep(&self) -> String {
        match self.event_id {
            Some(id) => format!("event-{id}"),
            None => format!("incident-{}-event", self.incident.number),
        }
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [EventKind] {
        EventKind::ALL
    }

    /// What the field of the time says below it.
    pub fn at_hint(&self) -> String {
        match self.event_id {
            Some(_) => format!("Time in {}.", self.zone_name),
            None => format!("Time in {}. Now, when left out; or begin the text with it: 14:02, +12m.", self.zone_name),
        }
    }
}
