//! Any program that can send JSON. A change is written as for `POST /api/v1/deploys`; an alert stands under `alert`
//! (or `alerts`) with `key`, `title`, `state` (firing or resolved) and, as far as is known, `summary`, `severity`,
//! `service`, `environment`, `labels`, `url`, `started_at`, `ended_at`, `release`. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::{Said, tidy};
use super::{Named, missing};
use crate::clock::Moment;
use crate::deploys::forms::{RawDeploy, Times};
use crate::error::Error;
use crate::signals::model::{AlertDraft, AlertState};
use crate::web::fields::LINE_LIMIT;

/// Most alerts of one delivery.
const ALERTS_LIMIT: usize = 100;

/// Event and id are what the sender calls them, if it does.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let header = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    let is_alert = said.at("/alert").is_there() || said.at("/alerts").is_there();
    let event = header("x-event")
        .or_else(|| said.line("/event"))
        .or(Some(if is_alert { "alert" } else { "deploy" }.to_owned()));
    (event, header("idempotency-key").or_else(|| header("x-delivery-id")).or_else(|| said.line("/delivery_id")))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    if said.at("/alert").is_there() {
        return Ok(Reading::Alerts(vec![alert(said.at("/alert"))?]));
    }
    if said.at("/alerts").is_there() {
        let drafts: Vec<_> = said.at("/alerts").list().take(ALERTS_LIMIT).map(alert).collect::<Result<_, _>>()?;
        return if drafts.is_empty() { Err(missing("alert")) } else { Ok(Reading::Alerts(drafts)) };
    }
    let told = if said.at("/deploy").0.is_object() { said.at("/deploy") } else { said };
    if !told.at("/service").is_there() {
        return Err("The delivery names no service and no alert, so nothing could be recorded.".to_owned());
    }
    let raw: RawDeploy = serde_json::from_value(told.0.clone()).map_err(|error| {
        format!("A field has a shape that is not understood ({}).", tidy(&error.to_string(), 120).unwrap_or_default())
    })?;
    // The time that goes without saying is that of the delivery; it is filled in where that is known.
    let tells_time = told.at("/started_at").is_there() || told.at("/finished_at").is_there();
    let mut draft = raw.parse("", Times::Exact, Moment::from_millis(1)).map_err(|error| match error {
        Error::Invalid(errors) => errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    })?;
    if !tells_time {
        (draft.started_at, draft.finished_at) = (None, None);
        let at = told.first_moment(&["/at", "/time", "/timestamp"]);
        *if draft.status.is_finished() { &mut draft.finished_at } else { &mut draft.started_at } = at;
    }
    let mut message = Message::of(&draft.service);
    message.branch = told.line("/branch");
    message.workflow = told.first_line(&["/workflow", "/pipeline"]);
    message.draft = draft;
    Ok(message.into_reading())
}

fn alert(said: Said<'_>) -> Result<AlertDraft, String> {
    let title = said.line("/title").ok_or_else(|| missing("alert.title"))?;
    let key = said.line("/key").unwrap_or_else(|| title.clone());
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = match said.word("/state").as_str() {
        "" | "firing" => AlertState::Firing,
        "resolved" => AlertState::Resolved,
        _ => return Err("The state of an alert is firing or resolved.".to_owned()),
    };
    draft.summary = said.prose("/summary");
    draft.severity = said.line("/severity");
    draft.service = said.line("/service");
    draft.environment = said.line("/environment");
    draft.labels = said.labels("/labels");
    draft.url = said.url("/url");
    draft.started_at = said.moment("/started_at");
    draft.ended_at = said.moment("/ended_at").filter(|_| draft.state == AlertState::Resolved);
    draft.release = said.line("/release");
    Ok(draft)
}
