//! Prometheus Alertmanager's webhook, version 4. Pure.
//!
//! All alerts of a group share the group's key, so that a storm stays one signal. Where the groups are not made by alert
//! name, each name of a group is a signal of its own.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{ENVIRONMENT_LABELS, RELEASE_LABELS, SERVICE_LABELS, Said, label, tidy};
use super::{Named, missing};
use crate::signals::model::{AlertDraft, AlertState};
use crate::web::fields::LINE_LIMIT;

/// Most alerts of one notification; a body cannot hold more.
const ALERTS_LIMIT: usize = 5000;

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

/// The alerts of one notification.
///
/// # Errors
/// There are none.
pub fn groups(said: Said<'_>) -> Result<Reading, String> {
    let group_labels = said.labels("/groupLabels");
    let whole_key = said.line("/groupKey");
    let is_by_name = label(&group_labels, &["alertname"]).is_some();
    let drafts: Vec<AlertDraft> = said
        .at("/alerts")
        .list()
        .filter(|alert| alert.0.is_object())
        .take(ALERTS_LIMIT)
        .map(|alert| {
            let labels = alert.labels("/labels");
            let name = label(&labels, &["alertname"]).or_else(|| label(&group_labels, &["alertname"]));
            let key = match (&whole_key, is_by_name, &name) {
                (Some(key), true, _) | (Some(key), false, None) => key.clone(),
                (Some(key), false, Some(name)) => format!("{key}/{name}"),
                (None, ..) => alert.line("/fingerprint").or_else(|| name.clone()).unwrap_or_else(|| "alert".to_owned()),
            };
            one(said, alert, labels, (key, name))
        })
        .collect();
    if drafts.is_empty() {
        return Err("The notification holds no alert, so there is nothing to record.".to_owned());
    }
    Ok(Reading::Alerts(drafts))
}

fn one(said: Said<'_>, alert: Said<'_>, labels: Vec<(String, String)>, named: (String, Option<String>)) -> AlertDraft {
    let (key, name) = named;
    let notes = alert.labels("/annotations");
    let common = said.labels("/commonAnnotations");
    let words = label(&notes, &["summary", "title", "message"])
        .or_else(|| label(&common, &["summary", "title", "message"]))
        .or_else(|| label(&notes, &["description"]));
    let title = match (name, words) {
        (Some(name), Some(words)) if !words.contains(name.as_str()) => format!("{name}: {words}"),
        (_, Some(words)) => words,
        (Some(name), None) => name,
        (None, None) => "Alert".to_owned(),
    };
    let title = tidy(&title, LINE_LIMIT).unwrap_or_else(|| "Alert".to_owned());
    let mut draft = AlertDraft::firing(&key, &title);
    let (own, group) = (alert.word("/status"), said.word("/status"));
    // Older versions tell the state of the group alone.
    let told = if own.is_empty() { group.as_str() } else { own.as_str() };
    let ended_at = alert.moment("/endsAt");
    let is_over = told == "resolved" || (told.is_empty() && ended_at.is_some());
    draft.state = if is_over { AlertState::Resolved } else { AlertState::Firing };
    draft.summary = label(&notes, &["description", "message"]).unwrap_or_default();
    let shared = said.labels("/commonLabels");
    let of_labels = |names: &[&str]| label(&labels, names).or_else(|| label(&shared, names));
    draft.severity = of_labels(&["severity", "priority", "level"]);
    draft.service = of_labels(SERVICE_LABELS);
    draft.environment = of_labels(ENVIRONMENT_LABELS);
    draft.release = of_labels(RELEASE_LABELS);
    draft.url = alert.first_url(&["/panelURL", "/dashboardURL", "/generatorURL"]).or_else(|| said.url("/externalURL"));
    draft.started_at = alert.moment("/startsAt");
    draft.ended_at = ended_at.filter(|_| is_over);
    draft.labels = labels;
    draft
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn read_body(body: &serde_json::Value) -> Vec<AlertDraft> {
        let Ok(Reading::Alerts(drafts)) = groups(Said(body)) else { panic!("{body}") };
        drafts
    }

    #[test]
    fn a_storm_has_one_key() {
        let alerts: Vec<_> = (0..2000)
            .map(|n| {
                json!({"status": "firing", "labels": {"alertname": "Down", "service": "shop", "pod": format!("p{n}")},
                "startsAt": "2026-11-23T14:00:00Z", "endsAt": "0001-01-01T00:00:00Z"})
            })
            .collect();
        let drafts = read_body(&json!({"version": "4", "groupKey": "{}:{alertname=\"Down\"}", "status": "firing",
            "groupLabels": {"alertname": "Down"}, "alerts": alerts}));
        let keys: BTreeSet<_> = drafts.iter().map(|draft| draft.group_key.as_str()).collect();
        assert_eq!((drafts.len(), keys.len()), (2000, 1));
        assert_eq!(drafts[0].service.as_deref(), Some("shop"));
        assert_eq!((drafts[0].state, drafts[0].ended_at), (AlertState::Firing, None));
    }

    #[test]
    fn what_all_alerts_share_counts_for_each() {
        let body = json!({"groupKey": "k", "status": "firing", "groupLabels": {"alertname": "Down"},
            "commonLabels": {"severity": "critical", "service": "shop", "env": "staging"},
            "alerts": [{"status": "firing", "labels": {"alertname": "Down", "severity": "warning"}}]});
        let drafts = read_body(&body);
        let told = (drafts[0].severity.as_deref(), drafts[0].service.as_deref(), drafts[0].environment.as_deref());
        assert_eq!(told, (Some("warning"), Some("shop"), Some("staging")));
    }

    #[test]
    fn an_alert_without_a_state_has_its_groups() {
        let alert = |status: Option<&str>| json!({"status": status, "labels": {"alertname": "Down"}, "endsAt": "2026-11-23T14:05:00Z"});
        let body = json!({"groupKey": "k", "status": "resolved", "groupLabels": {"alertname": "Down"},
            "alerts": [alert(None), alert(Some("firing"))]});
        let drafts = read_body(&body);
        assert_eq!((drafts[0].state, drafts[1].state), (AlertState::Resolved, AlertState::Firing));
        assert_eq!(drafts[0].ended_at.unwrap().to_string(), "2026-11-23T14:05:00Z");
        assert_eq!(drafts[1].ended_at, None);
    }

    #[test]
    fn groups_that_are_not_made_by_name_are_split_by_it() {
        let alert = |name: &str| json!({"status": "firing", "labels": {"alertname": name}});
        let drafts = read_body(
            &json!({"groupKey": "{}:{}", "status": "firing", "groupLabels": {}, "alerts": [alert("A"), alert("B")]}),
        );
        let keys: Vec<_> = drafts.iter().map(|draft| draft.group_key.as_str()).collect();
        assert_eq!(keys, ["{}:{}/A", "{}:{}/B"]);
    }
}
