//! What the list's address and the rules' form say.

use super::model::{LABEL_NAME_LIMIT, LABEL_VALUE_LIMIT};
use super::model_rules::{Outcome, RuleDraft};
use super::queries_list::Filter;
use crate::deploys::forms::day_or_moment;
use crate::deploys::model::ENVIRONMENT_LIMIT;
use crate::error::Error;
use crate::incidents::model::parse_key;
use crate::web::fields::{Check, Fields};
use crate::web::times::Zone;

impl Filter {
    /// From the query string of the list's address. A day in `to` is meant to its end.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_query(fields: &Fields, zone: &Zone) -> Result<Self, Error> {
        let mut check = Check::new();
        let owned = |name: &str| fields.some(name).map(|text| text.trim().to_owned());
        let state = fields.some("state").and_then(|word| check.word("state", Some(word), ""));
        let from = day_or_moment(&mut check, "from", fields.some("from"), zone, 0);
        let to = day_or_moment(&mut check, "to", fields.some("to"), zone, 1);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            check.add("to", "The period ends before it begins. Swap the two, or clear one.");
        }
        check.finish()?;
        Ok(Filter { state, service: owned("service"), source: owned("source"), from, to })
    }
}

/// A rule as it was typed.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn rule(fields: &Fields) -> Result<RuleDraft, Error> {
    let mut check = Check::new();
    let label_name = check.optional_line("label_name", fields.some("label_name"), LABEL_NAME_LIMIT);
    let label_value = check.optional_line("label_value", fields.some("label_value"), LABEL_VALUE_LIMIT);
    match (&label_name, &label_value) {
        (Some(_), None) => {
            check.add("label_value", "Give the value that the label must have; a star stands for any.");
        }
        (None, Some(_)) => check.add("label_name", "Name the label that must have this value, or clear the value."),
        _ => {}
    }
    let service = check.optional_line("service", fields.some("service"), 80);
    let environment = check.optional_line("environment", fields.some("environment"), ENVIRONMENT_LIMIT);
    let severity = check.optional_line("severity", fields.some("severity"), LABEL_VALUE_LIMIT);
    let outcome = check.word("outcome", fields.some("outcome"), "Pick what the rule does.");
    let declares = outcome == Some(Outcome::Declare);
    let incident_severity = if declares {
        check.word("incident_severity", fields.some("incident_severity"), "Pick how bad the incident is.")
    } else {
        None
    };
    match outcome {
        Some(outcome) if check.is_ok() => Ok(RuleDraft {
            label_name: label_name.unwrap_or_default(),
            label_value: label_value.unwrap_or_default(),
            service,
            environment: environment.unwrap_or_default(),
            severity: severity.unwrap_or_default(),
            outcome,
            incident_severity,
        }),
        _ => Err(check.into_error()),
    }
}

/// The number of the incident that a signal is to be attached to.
///
/// # Errors
/// 422
pub fn incident(fields: &Fields) -> Result<i64, Error> {
    let missing = || Error::field("incident", "Pick an incident, or write its key as in INC-42.");
    fields.some("incident").and_then(|text| parse_key(text.trim())).ok_or_else(missing)
}
