//! Prometheus Alertmanager's webhook, version 4. Pure.
//!
//! A group is one signal, however many alerts are in it: that is what keeps a storm to one line. Where the groups are not
//! made by alert name, each name of a group is a signal of its own.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, RELEASE_LABELS, SERVICE_LABELS, Said, label, tidy};
use super::{Named, missing};
use crate::clock::Moment;
use crate::signals::model::{AlertDraft, AlertState, GROUP_KEY_LIMIT};

/// Most signals that one group makes.
const SIGNALS_LIMIT: usize = 50;
/// Most alerts that a signal's text lists.
const LISTED_LIMIT: usize = 5;

/// The event is the group's state; there is no id.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    (said.line("/status"), None)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    if !arrived.said.at("/alerts").0.is_array() {
        return Err(missing("list of alerts"));
    }
    groups(arrived.said)
}

/// The alerts of one notification, by name where the group is not made by it.
///
/// # Errors
/// There are none.
pub fn groups(said: Said<'_>) -> Result<Reading, String> {
    let group_labels = said.labels("/groupLabels");
    let whole_key = said.line("/groupKey");
    let is_by_name = label(&group_labels, &["alertname"]).is_some();
    let mut named: Vec<(String, Vec<Said<'_>>)> = Vec::new();
    for alert in said.at("/alerts").list().filter(|alert| alert.0.is_object()) {
        let labels = alert.labels("/labels");
        let name = label(&labels, &["alertname"]).unwrap_or_else(|| "Alert".to_owned());
        let key = match (&whole_key, is_by_name) {
            (Some(key), true) => key.clone(),
            (Some(key), false) => format!("{key}/{name}"),
            (None, _) => alert.line("/fingerprint").unwrap_or(name),
        };
        match named.iter().position(|(known, _)| *known == key) {
            Some(at) => named[at].1.push(alert),
            None if named.len() < SIGNALS_LIMIT => named.push((key, vec![alert])),
            None => {}
        }
    }
    if named.is_empty() {
        return Err("The notification holds no alert, so there is nothing to record.".to_owned());
    }
    Ok(Reading::Alerts(named.iter().map(|(key, alerts)| signal(said, key, alerts)).collect()))
}

fn is_firing(alert: Said<'_>, group: &str) -> bool {
    let own = alert.word("/status");
    let ended = alert.moment("/endsAt");
    match own.as_str() {
        "firing" => true,
        "resolved" => false,
        // Older versions tell it of the group alone.
        _ => group == "firing" || (group.is_empty() && ended.is_none()),
    }
}

fn signal(said: Said<'_>, key: &str, alerts: &[Said<'_>]) -> AlertDraft {
    let group = said.word("/status");
    let is_hurting = alerts.iter().any(|alert| is_firing(*alert, &group));
    let common = shared(alerts, "/labels");
    let notes = shared(alerts, "/annotations");
    let name = label(&common, &["alertname"]).or_else(|| label(&said.labels("/commonLabels"), &["alertname"]));
    let title = label(&notes, &["summary", "title", "message"])
        .or_else(|| label(&said.labels("/commonAnnotations"), &["summary", "title", "message"]))
        .map(|words| match &name {
            Some(name) if !words.contains(name.as_str()) => format!("{name}: {words}"),
            _ => words,
        })
        .or(name)
        .unwrap_or_else(|| "Alert".to_owned());
    let title = tidy(&title, 200).unwrap_or_else(|| "Alert".to_owned());
    let mut draft = AlertDraft::firing(&key.chars().take(GROUP_KEY_LIMIT).collect::<String>(), &title);
    draft.state = if is_hurting { AlertState::Firing } else { AlertState::Resolved };
    draft.summary = told(alerts);
    draft.severity = label(&common, &["severity", "priority", "level"]);
    draft.service = label(&common, SERVICE_LABELS);
    draft.environment = label(&common, ENVIRONMENT_LABELS);
    draft.release = label(&common, RELEASE_LABELS);
    draft.url = alerts
        .iter()
        .find_map(|alert| alert.first_url(&["/panelURL", "/dashboardURL", "/generatorURL"]))
        .or_else(|| said.url("/externalURL"));
    let began: Vec<Moment> = alerts
        .iter()
        .filter(|alert| !is_hurting || is_firing(**alert, &group))
        .filter_map(|alert| alert.moment("/startsAt"))
        .collect();
    draft.started_at = began.into_iter().min();
    draft.ended_at = (!is_hurting).then(|| alerts.iter().filter_map(|alert| alert.moment("/endsAt")).max()).flatten();
    draft.labels = common;
    draft
}

/// What all of them have in common.
fn shared(alerts: &[Said<'_>], pointer: &str) -> Vec<(String, String)> {
    let Some((first, rest)) = alerts.split_first() else { return Vec::new() };
    let mut common = first.labels(pointer);
    for alert in rest {
        common.retain(|(name, value)| {
            alert
                .at(pointer)
                .0
                .get(name)
                .and_then(|other| other.as_str())
                .is_some_and(|other| tidy(other, 200).as_deref() == Some(value))
        });
    }
    common
}

fn told(alerts: &[Said<'_>]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for alert in alerts {
        let notes = alert.labels("/annotations");
        if let Some(words) = label(&notes, &["description", "message", "summary"])
            && !lines.contains(&words)
        {
            lines.push(words);
        }
        if lines.len() == LISTED_LIMIT {
            break;
        }
    }
    if alerts.len() > LISTED_LIMIT {
        lines.push(format!("{} alerts in all.", alerts.len()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_body(body: &serde_json::Value) -> Vec<AlertDraft> {
        let Ok(Reading::Alerts(drafts)) = groups(Said(body)) else { panic!("{body}") };
        drafts
    }

    #[test]
    fn a_storm_is_one_signal() {
        let alerts: Vec<_> = (0..5000)
            .map(|n| {
                json!({"status": "firing", "labels": {"alertname": "Down", "service": "shop", "pod": format!("p{n}")},
                "startsAt": "2026-11-23T14:00:00Z", "endsAt": "0001-01-01T00:00:00Z"})
            })
            .collect();
        let drafts = read_body(&json!({"version": "4", "groupKey": "{}:{alertname=\"Down\"}", "status": "firing",
            "groupLabels": {"alertname": "Down"}, "alerts": alerts}));
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].service.as_deref(), Some("shop"));
        assert_eq!(drafts[0].labels.len(), 2, "what differs is left out");
        assert_eq!(drafts[0].state, AlertState::Firing);
    }

    #[test]
    fn a_group_ends_with_its_last_alert() {
        let alert = |status: &str, ends: &str| {
            json!({"status": status, "labels": {"alertname": "Down"},
            "startsAt": "2026-11-23T14:00:00Z", "endsAt": ends})
        };
        let body = |status: &str, alerts: Vec<serde_json::Value>| {
            json!({"groupKey": "k", "status": status,
            "groupLabels": {"alertname": "Down"}, "alerts": alerts})
        };
        let half = read_body(&body(
            "firing",
            vec![alert("resolved", "2026-11-23T14:05:00Z"), alert("firing", "0001-01-01T00:00:00Z")],
        ));
        assert_eq!((half[0].state, half[0].ended_at), (AlertState::Firing, None));
        let whole = read_body(&body(
            "resolved",
            vec![alert("resolved", "2026-11-23T14:05:00Z"), alert("resolved", "2026-11-23T14:09:00Z")],
        ));
        assert_eq!(whole[0].state, AlertState::Resolved);
        assert_eq!(whole[0].ended_at.unwrap().to_string(), "2026-11-23T14:09:00Z");
    }

    #[test]
    fn groups_that_are_not_made_by_name_are_split_by_it() {
        let alert = |name: &str| json!({"status": "firing", "labels": {"alertname": name}});
        let drafts = read_body(
            &json!({"groupKey": "{}:{}", "status": "firing", "groupLabels": {}, "alerts": [alert("A"), alert("B"), alert("A")]}),
        );
        let keys: Vec<_> = drafts.iter().map(|draft| draft.group_key.as_str()).collect();
        assert_eq!(keys, ["{}:{}/A", "{}:{}/B"]);
    }
}
