//! What a signal is, and its rules.

use crate::clock::Moment;
use crate::text_enum;

text_enum! {
    /// Whether what the alert is about still hurts.
    pub enum AlertState {
        /// It hurts.
        Firing = "firing",
        /// It is over.
        Resolved = "resolved",
    }
}

impl AlertState {
    /// As the page says it.
    pub const fn label(self) -> &'static str {
        match self {
            AlertState::Firing => "Firing",
            AlertState::Resolved => "Resolved",
        }
    }
}

/// Most characters of a group's key.
pub const GROUP_KEY_LIMIT: usize = 200;
/// Most labels of one alert.
pub const LABELS_LIMIT: usize = 40;
/// Most characters of a label's name.
pub const LABEL_NAME_LIMIT: usize = 80;
/// Most characters of a label's value.
pub const LABEL_VALUE_LIMIT: usize = 200;

/// One alert as a sender told it: bounded, without control characters, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertDraft {
    /// The sender's own key: what comes again under it is the same signal.
    pub group_key: String,
    /// What is wrong, on one line.
    pub title: String,
    /// More about it, plain text; may be empty.
    pub summary: String,
    /// The sender's word for how bad it is: `critical`, `P2`, `warning`.
    pub severity: Option<String>,
    /// Firing or resolved.
    pub state: AlertState,
    /// Slug or name of the service that the sender speaks of, as far as it can be guessed.
    pub service: Option<String>,
    /// Where: production, staging.
    pub environment: Option<String>,
    /// Names and values, in the sender's order.
    pub labels: Vec<(String, String)>,
    /// The sender's page about it.
    pub url: Option<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it was over; only of a resolved one.
    pub ended_at: Option<Moment>,
    /// The release or commit that it names.
    pub release: Option<String>,
}

impl AlertDraft {
    /// A firing alert of which nothing but key and title is known. A key that is too long is cut.
    pub fn firing(group_key: &str, title: &str) -> Self {
        AlertDraft {
            group_key: group_key.chars().take(GROUP_KEY_LIMIT).collect(),
            title: title.to_owned(),
            summary: String::new(),
            severity: None,
            state: AlertState::Firing,
            service: None,
            environment: None,
            labels: Vec::new(),
            url: None,
            started_at: None,
            ended_at: None,
            release: None,
        }
    }
}
