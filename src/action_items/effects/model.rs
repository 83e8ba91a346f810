//! Items that come up again on a later incident.

use crate::action_items::life::model::Effect;
use crate::action_items::model::{ActionItem, ActionStatus};

/// Why an earlier item is shown on an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Echo {
    /// It worked on a factor that the incident carries.
    Factor(String),
    /// It came from an incident of the same kind that hit this service.
    Service(String),
}

/// An earlier item that an incident puts in question.
#[derive(Clone, Debug)]
pub struct Echoed {
    /// The item.
    pub item: ActionItem,
    /// Why it is shown.
    pub echo: Echo,
    /// What somebody said about it on this incident.
    pub answer: Option<Effect>,
}

impl Echoed {
    /// What stands on the button that leaves it as it is.
    pub fn still_words(&self) -> &'static str {
        if self.item.status == ActionStatus::Declined { "Still declined" } else { "It works" }
    }

    /// Why it is shown, in words.
    pub fn why(&self) -> String {
        let was = if self.item.closed_at.is_some() { self.item.status.words() } else { "reopened" };
        match &self.echo {
            Echo::Factor(name) => format!("{was}, and its factor struck again: {name}"),
            Echo::Service(name) => format!("{was}, after an incident of the same kind on {name}"),
        }
    }
}

/// An answer to the question whether a finished item works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is said.
    pub effect: Effect,
    /// Number of the incident that raised the question; none when its day had come.
    pub incident: Option<i64>,
    /// Why; may be empty.
    pub reason: String,
}
