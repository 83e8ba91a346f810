//! The pages of trackers.

use askama::Template;

use super::model::{Tracker, TrackerKind};
use crate::error::FieldErrors;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /admin/trackers`
#[derive(Template)]
#[template(path = "trackers/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Trackers with the names of their teams.
    pub rows: Vec<(Tracker, Option<String>)>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [TrackerKind] {
        TrackerKind::ALL
    }
}

/// `GET /admin/trackers/{slug}`
#[derive(Template)]
#[template(path = "trackers/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The tracker.
    pub tracker: Tracker,
    /// Where it delivers to, whole.
    pub hook_url: String,
    /// What its deliveries are signed with.
    pub secret: String,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// What to choose there, in a sentence.
    pub fn events(&self) -> &'static str {
        match self.tracker.kind {
            TrackerKind::GitHub => {
                "Under Settings, Webhooks: this address as payload URL, application/json, the secret, and only the event Issues."
            }
            TrackerKind::GitLab => {
                "Under Settings, Webhooks: this address, the secret as secret token, and the trigger Issues events."
            }
            TrackerKind::Jira => {
                "Under System, Webhooks: this address, the secret, and the events Issue created and updated."
            }
        }
    }
}
