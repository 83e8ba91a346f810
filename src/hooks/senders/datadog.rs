//! Datadog: the payload is ours to define (see the template on the source's page); the one that Datadog proposes is
//! understood as well. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, RELEASE_LABELS, SERVICE_LABELS, Said, label, tidy, tidy_moment};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState, LABELS_LIMIT};

/// A field by any spelling of its name: `alert_cycle_key`, `alertCycleKey`, `ALERT_CYCLE_KEY`. What Datadog did not fill
/// in (`$ALERT_ID`) is nothing.
fn field<'a>(said: Said<'a>, names: &[&str]) -> Option<Said<'a>> {
    let plain = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    names.iter().find_map(|wanted| {
        said.fields()
            .find(|(name, value)| plain(name) == *wanted && value.is_there())
            .map(|(_, value)| value)
            .filter(|value| !value.0.as_str().is_some_and(|text| text.is_empty() || text.starts_with('$')))
    })
}

fn line(said: Said<'_>, names: &[&str]) -> Option<String> {
    field(said, names).and_then(|value| value.line(""))
}

fn key(said: Said<'_>) -> Option<String> {
    line(said, &["alertcyclekey", "alertid", "aggregkey", "aggregationkey", "monitorid", "id"])
}

/// `Triggered`, `Recovered`: told by itself, or in brackets before the title.
fn transition(said: Said<'_>) -> Option<String> {
    line(said, &["alerttransition", "transition"]).or_else(|| {
        let title = line(said, &["title", "eventtitle"])?;
        let inside = title.strip_prefix('[')?.split_once(']')?.0;
        tidy(inside.split(" on ").next().unwrap_or(inside), 40)
    })
}

/// The id is the alert with its transition and time.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let event = transition(said).or_else(|| line(said, &["eventtype"]));
    let id = key(said)
        .zip(line(said, &["date", "lastupdated", "datepartial"]))
        .map(|(key, at)| format!("{key} {} {at}", event.clone().unwrap_or_default()));
    (event, id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let key = key(said).ok_or_else(|| missing("alert_cycle_key or alert_id"))?;
    let transition = transition(said).unwrap_or_default().to_lowercase();
    let kind = line(said, &["alerttype"]).unwrap_or_default().to_lowercase();
    let state = match transition.as_str() {
        "recovered" | "no data recovered" | "resolved" | "warn recovered" => AlertState::Resolved,
        "triggered" | "re-triggered" | "warn" | "re-warn" | "no data" | "re-no data" | "renotify" => AlertState::Firing,
        _ => match kind.as_str() {
            "success" => AlertState::Resolved,
            "error" | "warning" => AlertState::Firing,
            _ => {
                return Err("The event says neither that an alert was triggered nor that it recovered, so nothing was recorded."
                    .to_owned());
            }
        },
    };
    let title = line(said, &["alerttitle", "title", "eventtitle"]).unwrap_or_else(|| "Datadog alert".to_owned());
    let title = match title.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => tidy(rest, 200).unwrap_or(title),
        None => title,
    };
    let mut labels: Vec<(String, String)> = Vec::new();
    let words = match field(said, &["tags"]).map(|tags| tags.0) {
        Some(serde_json::Value::Array(tags)) => {
            tags.iter().filter_map(|tag| tag.as_str()).map(str::to_owned).collect::<Vec<_>>()
        }
        Some(serde_json::Value::String(tags)) => tags.split(',').map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    for tag in words.iter().take(LABELS_LIMIT) {
        let (name, value) = tag.split_once(':').unwrap_or(("tag", tag));
        labels.extend(tidy(name, 80).zip(tidy(value, 200)));
    }
    let at = field(said, &["date", "lastupdated"]).and_then(|value| tidy_moment(value.0));
    let mut draft = AlertDraft::firing(&key, &title);
    draft.state = state;
    draft.summary =
        field(said, &["textonlymsg", "body", "message", "eventmsg"]).map(|text| text.prose("")).unwrap_or_default();
    draft.severity = line(said, &["alertpriority", "priority"]).or_else(|| line(said, &["alerttype"]));
    draft.service = label(&labels, SERVICE_LABELS);
    draft.environment = label(&labels, ENVIRONMENT_LABELS);
    draft.release = label(&labels, RELEASE_LABELS);
    draft.url = field(said, &["link", "url"]).and_then(|url| url.url(""));
    if state == AlertState::Firing {
        draft.started_at = at;
    } else {
        draft.ended_at = at;
    }
    draft.labels = labels;
    Ok(Reading::Alerts(vec![draft]))
}
