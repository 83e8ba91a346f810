//! Grafana alerting (which writes as Alertmanager does), and the alerts before it. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, SERVICE_LABELS, Said, label};
use super::{Named, alertmanager, missing};
use crate::signals::model::{AlertDraft, AlertState};

/// The event is the state; there is no id.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    (said.first_line(&["/status", "/state"]), None)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    if said.at("/alerts").0.is_array() {
        return alertmanager::groups(said);
    }
    let rule = said.line("/ruleId").ok_or_else(|| missing("list of alerts"))?;
    let state = match said.word("/state").as_str() {
        "alerting" => AlertState::Firing,
        "ok" => AlertState::Resolved,
        other => return Err(format!("The state {other} says neither that it hurts nor that it is over.")),
    };
    let title = said.first_line(&["/ruleName", "/title"]).unwrap_or_else(|| "Grafana alert".to_owned());
    let mut draft = AlertDraft::firing(&format!("rule {rule}"), &title);
    draft.state = state;
    draft.summary = said.prose("/message");
    draft.url = said.url("/ruleUrl");
    draft.labels = said.labels("/tags");
    draft.service = label(&draft.labels, SERVICE_LABELS);
    draft.environment = label(&draft.labels, ENVIRONMENT_LABELS);
    draft.severity = label(&draft.labels, &["severity", "priority"]);
    Ok(Reading::Alerts(vec![draft]))
}
