//! Azure Monitor: the common alert schema, and the metric alerts before it. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, SERVICE_LABELS, Said, label, last_part, tidy};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState};

/// The event is the schema; the id is the alert with what became of it.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let about = said.at("/data/essentials");
    let id = about.first_line(&["/originAlertId", "/alertId"]).map(|id| {
        let at = about.first_line(&["/resolvedDateTime", "/firedDateTime"]).unwrap_or_default();
        format!("{id} {} {at}", about.word("/monitorCondition"))
    });
    (said.line("/schemaId"), id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    match said.text("/schemaId") {
        Some("azureMonitorCommonAlertSchema") => common(said),
        Some("AzureMonitorMetricAlert") => metric(said),
        Some(other) => {
            let other = tidy(other, 80).unwrap_or_default();
            Err(format!("The schema {other} is not read. Switch on the common alert schema in the action group."))
        }
        None => Err(missing("schemaId")),
    }
}

fn common(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/data/essentials");
    let key =
        about.first_line(&["/originAlertId", "/alertId"]).ok_or_else(|| missing("data.essentials.originAlertId"))?;
    let state = match about.word("/monitorCondition").as_str() {
        "fired" => AlertState::Firing,
        "resolved" => AlertState::Resolved,
        _ => return Err(missing("data.essentials.monitorCondition that is Fired or Resolved")),
    };
    let title = about.line("/alertRule").unwrap_or_else(|| "Azure Monitor alert".to_owned());
    let mut labels = said.labels("/data/customProperties");
    let target = about.line("/configurationItems/0").or_else(|| about.text("/alertTargetIDs/0").and_then(last_part));
    for (name, pointer) in [("monitoringService", "/monitoringService"), ("signalType", "/signalType")] {
        labels.extend(about.line(pointer).map(|value| (name.to_owned(), value)));
    }
    labels.extend(target.clone().map(|target| ("target".to_owned(), target)));
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = state;
    draft.summary = about.prose("/description");
    draft.severity = about.line("/severity");
    draft.service = label(&labels, SERVICE_LABELS).or(target);
    draft.environment = label(&labels, ENVIRONMENT_LABELS);
    draft.url = about
        .first_url(&["/investigationLink", "/portalLink"])
        .or_else(|| said.url("/data/alertContext/condition/allOf/0/linkToSearchResultsUI"));
    draft.started_at = about.moment("/firedDateTime");
    draft.ended_at = about.moment("/resolvedDateTime").filter(|_| state == AlertState::Resolved);
    draft.labels = labels;
    Ok(Reading::Alerts(vec![draft]))
}

fn metric(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/data/context");
    let key = about.line("/id").ok_or_else(|| missing("data.context.id"))?;
    let is_over = matches!(said.word("/data/status").as_str(), "deactivated" | "resolved");
    let title = about.line("/name").unwrap_or_else(|| "Azure Monitor alert".to_owned());
    let mut draft = AlertDraft::firing(&key, &title);
    let at = about.moment("/timestamp");
    if is_over {
        (draft.state, draft.ended_at) = (AlertState::Resolved, at);
    } else {
        draft.started_at = at;
    }
    draft.summary = about.prose("/description");
    draft.severity = about.line("/severity").map(|level| format!("Sev{level}"));
    draft.service = about.line("/resourceName");
    draft.url = about.url("/portalLink");
    draft.labels = said.labels("/data/properties");
    Ok(Reading::Alerts(vec![draft]))
}
