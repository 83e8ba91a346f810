//! Opsgenie's webhook. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, RELEASE_LABELS, SERVICE_LABELS, Said, label, tidy};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState};

/// The id is alert, action and time.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let action = said.line("/action");
    let id = said
        .line("/alert/alertId")
        .zip(said.line("/alert/updatedAt"))
        .map(|(id, at)| format!("{id} {} {at}", action.clone().unwrap_or_default()));
    (action, id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let state = match said.word("/action").as_str() {
        "create" | "unacknowledge" | "acknowledge" | "escalate" | "updatepriority" => AlertState::Firing,
        "close" | "delete" => AlertState::Resolved,
        "" => return Err(missing("action")),
        other => return Err(format!("The action {other} does not change whether it hurts, so nothing was recorded.")),
    };
    let about = said.at("/alert");
    let key = about.first_line(&["/alertId", "/alias"]).ok_or_else(|| missing("alert.alertId"))?;
    let title = about.line("/message").unwrap_or_else(|| "Opsgenie alert".to_owned());
    let mut labels = about.labels("/details");
    // Tags are single words, or `name:value`.
    for tag in about.at("/tags").list().filter_map(|tag| tag.line("")).take(20) {
        let (name, value) = tag.split_once(':').unwrap_or(("tag", &tag));
        labels.extend(tidy(name, 80).zip(tidy(value, 200)));
    }
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = state;
    draft.summary = about.prose("/description");
    draft.severity = about.line("/priority");
    draft.service = label(&labels, SERVICE_LABELS).or_else(|| about.line("/entity"));
    draft.environment = label(&labels, ENVIRONMENT_LABELS);
    draft.release = label(&labels, RELEASE_LABELS);
    draft.started_at = about.first_moment(&["/createdAt", "/insertedAt"]);
    draft.ended_at = about.moment("/updatedAt").filter(|_| state == AlertState::Resolved);
    draft.url = about.first_url(&["/webUrl", "/url"]);
    draft.labels = labels;
    Ok(Reading::Alerts(vec![draft]))
}
