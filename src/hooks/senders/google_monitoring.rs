//! Google Cloud Monitoring's incidents. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, RELEASE_LABELS, SERVICE_LABELS, Said, label};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState, LABELS_LIMIT};

/// The id is the incident with its state: `open` and `closed` are two deliveries.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let id = said.line("/incident/incident_id").map(|id| format!("{id} {}", said.word("/incident/state")));
    (said.at("/incident").is_there().then(|| "incident".to_owned()), id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let about = arrived.said.at("/incident");
    let key = about.line("/incident_id").ok_or_else(|| missing("incident.incident_id"))?;
    let state = match about.word("/state").as_str() {
        "open" | "acknowledged" => AlertState::Firing,
        "closed" => AlertState::Resolved,
        _ => return Err(missing("incident.state that is open or closed")),
    };
    let labels: Vec<(String, String)> = [
        "/policy_user_labels",
        "/metadata/user_labels",
        "/metadata/system_labels",
        "/resource/labels",
        "/metric/labels",
    ]
    .iter()
    .flat_map(|pointer| about.labels(pointer))
    .take(LABELS_LIMIT)
    .collect();
    let title = about
        .first_line(&["/documentation/subject", "/policy_name", "/condition_name", "/summary"])
        .unwrap_or_else(|| "Google Cloud Monitoring incident".to_owned());
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = state;
    draft.summary = about.prose("/summary");
    draft.severity =
        about.line("/severity").filter(|word| word != "No severity").or_else(|| label(&labels, &["severity"]));
    draft.service = label(&labels, SERVICE_LABELS)
        .or_else(|| about.first_line(&["/resource_display_name", "/resource_name"]))
        .or_else(|| label(&labels, &["service_id", "container_name", "module_id", "backend_service_name"]));
    draft.environment = label(&labels, ENVIRONMENT_LABELS);
    draft.release = label(&labels, RELEASE_LABELS).or_else(|| label(&labels, &["version_id", "revision_name"]));
    draft.url = about.url("/url");
    draft.started_at = about.moment("/started_at");
    draft.ended_at = about.moment("/ended_at").filter(|_| state == AlertState::Resolved);
    draft.labels = labels;
    Ok(Reading::Alerts(vec![draft]))
}
