//! The pages of notifications.

use askama::Template;

use super::forms::field_of;
use super::model::{Choice, NoticeKind};
use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /settings/notifications`
#[derive(Template)]
#[template(path = "notify/settings.html")]
pub struct Settings {
    /// The frame.
    pub layout: Layout,
    /// Where mail goes.
    pub email: String,
    /// The zone of the hours.
    pub zone: String,
    /// Whether this Debrief sends mail at all.
    pub has_mail: bool,
    /// What was typed, or is so.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Settings {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every kind.
    pub fn kinds(&self) -> &'static [NoticeKind] {
        NoticeKind::ALL
    }

    /// The field of a kind.
    pub fn field(&self, kind: &NoticeKind) -> String {
        field_of(*kind)
    }

    /// Choices with their words.
    pub fn choices(&self) -> [(Choice, &'static str); 3] {
        [(Choice::AtOnce, "At once"), (Choice::Daily, "Once a day"), (Choice::Never, "Never")]
    }

    /// Whether this is chosen for the kind.
    pub fn is_chosen(&self, kind: &NoticeKind, choice: &Choice) -> bool {
        self.fields.get(&field_of(*kind)) == choice.as_str()
    }

    /// Hours as the selects show them: value and words.
    pub fn hours(&self) -> Vec<(String, String)> {
        (0..24).map(|hour| (hour.to_string(), format!("{hour:02}:00"))).collect()
    }
}

/// `GET /notifications/stop/{token}/{kind}`, and the answer to its button.
#[derive(Template)]
#[template(path = "notify/stop.html")]
pub struct Stop {
    /// The frame.
    pub layout: Layout,
    /// What is stopped.
    pub what: &'static str,
    /// Where the button posts to.
    pub action: String,
    /// Whether it is stopped.
    pub is_done: bool,
}
