//! Sentry: integration webhooks by `Sentry-Hook-Resource`, and the body of the older plug-in. `release` names the deploy
//! where releases are commits. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{Said, tidy, tidy_text};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState, LABELS_LIMIT};
use crate::web::fields::LINE_LIMIT;

/// Event and id stand in headers; the older plug-in has neither.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let line = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    let event =
        line("sentry-hook-resource").or_else(|| said.at("/event/event_id").is_there().then(|| "legacy".to_owned()));
    (event, line("request-id"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let draft = match arrived.event {
        "event_alert" => of_event(said.at("/data/event"), said),
        "error" => of_event(said.at("/data/error"), said),
        "issue" => issue(said),
        "metric_alert" => metric(said),
        _ if said.at("/event/event_id").is_there() || said.at("/project_slug").is_there() => legacy(said),
        "unnamed" => Err("The delivery names no resource in Sentry-Hook-Resource.".to_owned()),
        other => Err(format!("News of the kind {other} is not recorded; event_alert, issue and metric_alert are.")),
    }?;
    Ok(Reading::Alerts(vec![draft]))
}

/// Tags are pairs in a list, or objects with key and value.
fn tags(said: Said<'_>) -> Vec<(String, String)> {
    said.list()
        .filter_map(|tag| {
            let name = tag.first_line(&["/0", "/key"])?;
            let value = tag.first_line(&["/1", "/value"])?;
            Some((tidy(&name, 80)?, tidy(&value, 200)?))
        })
        .take(LABELS_LIMIT)
        .collect()
}

fn of_event(event: Said<'_>, said: Said<'_>) -> Result<AlertDraft, String> {
    let key = event.first_line(&["/issue_id", "/groupID", "/event_id"]).ok_or_else(|| missing("event.issue_id"))?;
    let title = event.first_line(&["/title", "/message"]).unwrap_or_else(|| "Sentry alert".to_owned());
    let mut draft = AlertDraft::firing(&format!("issue {key}"), &title);
    fill(&mut draft, event);
    draft.service = event.first_line(&["/project_slug", "/project_name"]).or_else(|| {
        // `https://sentry.io/api/0/projects/org/shop/events/…`
        event
            .text("/url")
            .and_then(|url| url.split("/projects/").nth(1)?.split('/').nth(1).and_then(|name| tidy(name, LINE_LIMIT)))
    });
    draft.url = event.first_url(&["/web_url", "/issue_url"]);
    draft.summary = together([event.prose("/culprit"), said.line("/data/triggered_rule").unwrap_or_default()]);
    Ok(draft)
}

/// Two texts under one another, as long together as one may be.
fn together(texts: [String; 2]) -> String {
    tidy_text(&texts.join("\n"))
}

fn fill(draft: &mut AlertDraft, event: Said<'_>) {
    draft.severity = event.line("/level");
    draft.environment = event.line("/environment");
    draft.release = event.first_line(&["/release", "/release/version"]);
    draft.started_at = event.first_moment(&["/timestamp", "/datetime", "/received"]);
    draft.labels = tags(event.at("/tags"));
    let of_tag = |name: &str| super::super::reading::label(&draft.labels, &[name]);
    let (environment, release) = (of_tag("environment"), of_tag("release"));
    draft.environment = draft.environment.take().or(environment);
    draft.release = draft.release.take().or(release);
}

fn issue(said: Said<'_>) -> Result<AlertDraft, String> {
    let about = said.at("/data/issue");
    let key = about.line("/id").ok_or_else(|| missing("data.issue.id"))?;
    let state = match said.word("/action").as_str() {
        "created" | "unresolved" => AlertState::Firing,
        "resolved" => AlertState::Resolved,
        other => {
            return Err(format!(
                "The action {other} of an issue does not change whether it hurts, so nothing was recorded."
            ));
        }
    };
    let title = about.first_line(&["/title", "/shortId"]).unwrap_or_else(|| "Sentry issue".to_owned());
    let mut draft = AlertDraft::firing(&format!("issue {key}"), &title);
    draft.state = state;
    draft.severity = about.first_line(&["/level", "/priority"]);
    draft.service = about.first_line(&["/project/slug", "/project/name"]);
    draft.url = about.first_url(&["/web_url", "/permalink"]);
    draft.summary = about.prose("/culprit");
    draft.release = about.first_line(&["/firstRelease/version", "/lastRelease/version"]);
    // An issue fires with each of its events; its end is told without a time, and ends whatever fired before it.
    match state {
        AlertState::Firing => draft.started_at = about.moment("/lastSeen").or_else(|| about.moment("/firstSeen")),
        AlertState::Resolved => draft.ended_at = about.moment("/statusDetails/resolvedAt"),
    }
    Ok(draft)
}

fn metric(said: Said<'_>) -> Result<AlertDraft, String> {
    let about = said.at("/data/metric_alert");
    let key = about.first_line(&["/id", "/identifier"]).ok_or_else(|| missing("data.metric_alert.id"))?;
    let action = said.word("/action");
    let title = said
        .line("/data/description_title")
        .or_else(|| about.first_line(&["/title", "/alert_rule/name"]))
        .unwrap_or_else(|| "Sentry metric alert".to_owned());
    let mut draft = AlertDraft::firing(&format!("metric {key}"), &title);
    match action.as_str() {
        "critical" | "warning" => draft.severity = Some(action),
        "resolved" => (draft.state, draft.ended_at) = (AlertState::Resolved, about.first_moment(&["/date_closed"])),
        other => {
            return Err(format!("The action {other} of a metric alert is not known here, so nothing was recorded."));
        }
    }
    draft.summary = said.prose("/data/description_text");
    draft.service = about.line("/projects/0");
    draft.environment = about.line("/alert_rule/environment");
    draft.url = said.url("/data/web_url");
    draft.started_at = about.first_moment(&["/date_started", "/date_detected", "/date_created"]);
    Ok(draft)
}

fn legacy(said: Said<'_>) -> Result<AlertDraft, String> {
    let key = said.first_line(&["/id", "/event/event_id"]).ok_or_else(|| missing("id"))?;
    let title = said.first_line(&["/event/title", "/message"]).unwrap_or_else(|| "Sentry alert".to_owned());
    let mut draft = AlertDraft::firing(&format!("issue {key}"), &title);
    fill(&mut draft, said.at("/event"));
    draft.severity = said.line("/level").or(draft.severity);
    draft.service = said.first_line(&["/project_slug", "/project", "/project_name"]);
    draft.url = said.url("/url");
    draft.summary = together([said.prose("/message"), said.prose("/culprit")]);
    Ok(draft)
}
