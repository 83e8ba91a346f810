//! The pages of signals and of their rules.

use askama::Template;

use super::model::AlertState;
use super::model_rules::{Outcome, Rule};
use super::model_signal::Signal;
use crate::error::FieldErrors;
use crate::incidents::model::{Incident, Severity};
use crate::services::model::{Service, ServiceName};
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, duration};

/// A line of the list.
pub struct Row {
    /// The signal.
    pub signal: Signal,
    /// Its service, when it is on record.
    pub service: Option<Service>,
    /// When it fired last.
    pub at: Stamp,
}

/// `GET /signals`
#[derive(Template)]
#[template(path = "signals/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// What stands in the filter.
    pub fields: Fields,
    /// What of it needs another look.
    pub errors: FieldErrors,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Sources to choose from.
    pub sources: Vec<String>,
    /// The signals.
    pub rows: Vec<Row>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
    /// Whether a filter is set.
    pub is_filtered: bool,
}

impl Index {
    /// States to choose from.
    pub fn states(&self) -> &'static [AlertState] {
        AlertState::ALL
    }

    /// Where "Clear" leads; nowhere without a filter.
    pub fn clear_href(&self) -> &'static str {
        if self.is_filtered { "/signals" } else { "" }
    }
}

/// The query string of a filter, for the links to the neighbouring pages.
pub fn query_of(fields: &Fields, turn: &str, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["state", "service", "source", "from", "to"] {
        if let Some(value) = fields.some(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair(turn, cursor);
    format!("/signals?{}", query.finish())
}

/// One time that an alert fired.
pub struct AlertRow {
    /// When it began.
    pub started: Stamp,
    /// How long it lasted, or that it still does.
    pub lasted: String,
}

impl AlertRow {
    /// How long an alert lasted.
    pub fn lasted(seconds: Option<i64>, is_open: bool) -> String {
        match (seconds, is_open) {
            (Some(seconds), _) => duration(seconds),
            (None, true) => "still firing".to_owned(),
            (None, false) => "its end did not come in".to_owned(),
        }
    }
}

/// `GET /signals/{id}`
#[derive(Template)]
#[template(path = "signals/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The signal.
    pub signal: Signal,
    /// Its service, when it is on record.
    pub service: Option<Service>,
    /// When it fired first.
    pub first: Stamp,
    /// When it fired last.
    pub last: Stamp,
    /// When it was over.
    pub ended: Option<Stamp>,
    /// The last times that it fired.
    pub alerts: Vec<AlertRow>,
    /// Incidents that it is attached to, by whom.
    pub attached: Vec<(Incident, String, Stamp)>,
    /// Live incidents that it may be attached to.
    pub choices: Vec<Incident>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// `3 times`
    pub fn times_words(&self) -> String {
        match self.signal.firing_count {
            0 => "its firing did not come in".to_owned(),
            1 => "once".to_owned(),
            count => format!("{count} times"),
        }
    }

    /// Whether the list of alerts is only the end of it.
    pub fn is_cut(&self) -> bool {
        self.signal.firing_count > self.alerts.len() as i64
    }

    /// The sentence about the incident field, or nothing.
    pub fn error(&self) -> &str {
        self.errors.of("incident").unwrap_or_default()
    }
}

/// `GET /admin/signal-rules`
#[derive(Template)]
#[template(path = "signals/rules.html")]
pub struct Rules {
    /// The frame.
    pub layout: Layout,
    /// The rules in their order.
    pub rules: Vec<(Rule, Option<Service>)>,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Rules {
    /// What a rule asks for, in words.
    pub fn condition(&self, rule: &Rule, service: &Option<Service>) -> String {
        let mut parts = Vec::new();
        if !rule.label_name.is_empty() {
            parts.push(format!("{} is {}", rule.label_name, rule.label_value));
        }
        if let Some(service) = service {
            parts.push(format!("service is {}", service.name));
        }
        if !rule.environment.is_empty() {
            parts.push(format!("environment is {}", rule.environment));
        }
        if !rule.severity.is_empty() {
            parts.push(format!("severity is {}", rule.severity));
        }
        if parts.is_empty() { "every signal".to_owned() } else { parts.join(" and ") }
    }

    /// What a rule does, in words.
    pub fn outcome(&self, rule: &Rule) -> String {
        match (rule.outcome, rule.incident_severity) {
            (Outcome::Declare, Some(severity)) => format!("declare a {severity} incident"),
            (outcome, _) => outcome.label().to_owned(),
        }
    }

    /// Outcomes to choose from.
    pub fn outcomes(&self) -> &'static [Outcome] {
        Outcome::ALL
    }

    /// Severities to choose from.
    pub fn severities(&self) -> &'static [Severity] {
        Severity::ALL
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}
