//! What a signal becomes by itself, and when.

use diesel::prelude::*;

use super::model_signal::Signal;
use crate::clock::Moment;
use crate::db::schema::signal_rules;
use crate::incidents::model::Severity;
use crate::text_enum;

text_enum! {
    /// What a rule makes of a signal.
    pub enum Outcome {
        /// An incident, or a part of the live one that this rule declared for the service before.
        Declare = "declare",
        /// A part of the live incident of its service, if there is one.
        Attach = "attach",
        /// A line in the list, and nothing else.
        List = "list",
    }
}

impl Outcome {
    /// As a choice says it.
    pub const fn label(self) -> &'static str {
        match self {
            Outcome::Declare => "declare an incident",
            Outcome::Attach => "attach to the live incident of the service",
            Outcome::List => "only list it",
        }
    }
}

/// Most rules that there may be.
pub const RULE_LIMIT: i64 = 200;

/// A rule; of all rules the first that fits holds.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signal_rules)]
pub struct Rule {
    /// Row id.
    pub id: i64,
    /// Its place among the rules.
    pub position: i64,
    /// Which label must have [`Rule::label_value`]; empty for none.
    pub label_name: String,
    /// A star at the end stands for any rest.
    pub label_value: String,
    /// Of which service.
    pub service_id: Option<i64>,
    /// In which environment; empty for any.
    pub environment: String,
    /// The sender's word for how bad it is; empty for any.
    pub severity: String,
    /// What then.
    pub outcome: Outcome,
    /// How bad the incident is that it declares.
    pub incident_severity: Option<Severity>,
    /// When it was made.
    pub created_at: Moment,
}

/// A rule as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDraft {
    /// See [`Rule::label_name`].
    pub label_name: String,
    /// See [`Rule::label_value`].
    pub label_value: String,
    /// A service's slug.
    pub service: Option<String>,
    /// See [`Rule::environment`].
    pub environment: String,
    /// See [`Rule::severity`].
    pub severity: String,
    /// What then.
    pub outcome: Outcome,
    /// See [`Rule::incident_severity`].
    pub incident_severity: Option<Severity>,
}

impl Rule {
    /// Whether it speaks of this signal.
    pub fn fits(&self, signal: &Signal) -> bool {
        let label_fits = self.label_name.is_empty()
            || signal.label(&self.label_name).is_some_and(|value| value_fits(&self.label_value, &value));
        let service_fits = self.service_id.is_none() || self.service_id == signal.service_id;
        label_fits
            && service_fits
            && word_fits(&self.environment, signal.environment.as_deref())
            && word_fits(&self.severity, signal.severity.as_deref())
    }
}

fn value_fits(wanted: &str, value: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => value.starts_with(beginning),
        None => value == wanted,
    }
}

fn word_fits(wanted: &str, word: Option<&str>) -> bool {
    wanted.is_empty() || word.is_some_and(|word| word.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_whole_or_by_their_beginning() {
        assert!(value_fits("checkout", "checkout"));
        assert!(!value_fits("checkout", "checkout-api"));
        assert!(value_fits("checkout*", "checkout-api"));
        assert!(value_fits("*", "") && !value_fits("", "x"));
        assert!(word_fits("", None) && word_fits("critical", Some("Critical")) && !word_fits("critical", None));
    }
}
