//! PagerDuty's webhooks, version 3. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::Said;
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState};

/// Event and id stand in the body.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    (said.line("/event/event_type"), said.line("/event/id"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let event = arrived.said.at("/event");
    let kind = event.word("/event_type");
    let about = event.at("/data");
    let state = match kind.as_str() {
        "incident.triggered"
        | "incident.reopened"
        | "incident.acknowledged"
        | "incident.unacknowledged"
        | "incident.escalated"
        | "incident.reassigned"
        | "incident.delegated"
        | "incident.priority_updated"
        | "incident.service_updated" => {
            // A late message about one that is over says so itself.
            if about.word("/status") == "resolved" { AlertState::Resolved } else { AlertState::Firing }
        }
        "incident.resolved" => AlertState::Resolved,
        "pagey.ping" => {
            return Err("A ping: PagerDuty says that the hook is set up. There is nothing to record.".to_owned());
        }
        "" => return Err(missing("event.event_type")),
        other => {
            return Err(format!("Events of the kind {other} do not change whether it hurts, so nothing was recorded."));
        }
    };
    let key = about.line("/id").ok_or_else(|| missing("event.data.id"))?;
    let title = about.first_line(&["/title", "/summary"]).unwrap_or_else(|| "PagerDuty incident".to_owned());
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = state;
    draft.severity = about.first_line(&["/priority/summary", "/urgency"]);
    draft.service = about.first_line(&["/service/summary", "/service/name"]);
    draft.url = about.url("/html_url");
    draft.started_at = match kind.as_str() {
        "incident.reopened" => event.moment("/occurred_at"),
        _ => about.moment("/created_at").or_else(|| event.moment("/occurred_at")),
    };
    draft.ended_at = (state == AlertState::Resolved)
        .then(|| about.moment("/resolved_at").or_else(|| event.moment("/occurred_at")))
        .flatten();
    draft.labels = [
        ("urgency", "/urgency"),
        ("number", "/number"),
        ("escalation_policy", "/escalation_policy/summary"),
        ("incident_key", "/incident_key"),
    ]
    .into_iter()
    .filter_map(|(name, pointer)| Some((name.to_owned(), about.line(pointer)?)))
    .collect();
    Ok(Reading::Alerts(vec![draft]))
}
