//! GitHub: what a webhook's bytes and headers say. Pure.
//!
//! Acts on `deployment_status`. The deploy is known by `deployment.id`; the time is
//! `deployment_status.created_at`, never `deployment.updated_at`, which changes when anybody touches the record.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::model::{Envelope, Headers, Message, Reading};
use crate::clock::Moment;
use crate::deploys::model::{DeployDraft, DeployKind, DeployStatus, ENVIRONMENT_LIMIT};
use crate::web::fields::{LINE_LIMIT, TEXT_LIMIT, URL_LIMIT, is_web_address};

/// Longest event name or delivery id that is kept, in characters.
const ENVELOPE_LIMIT: usize = 200;

/// Whether `X-Hub-Signature-256` is the HMAC-SHA256 of the raw body, compared in constant time.
pub fn is_authentic(secret: &str, headers: &Headers, body: &[u8]) -> bool {
    let Some(signature) = headers.get("x-hub-signature-256").and_then(|value| value.trim().strip_prefix("sha256="))
    else {
        return false;
    };
    let Ok(signature) = hex::decode(signature) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    // Refuses truncated signatures as well; the comparison takes the same time wherever they differ.
    mac.verify_slice(&signature).is_ok()
}

/// The event's name and the delivery's id. Without an id the bytes themselves are the id.
pub fn envelope(headers: &Headers, body: &[u8]) -> Envelope {
    let bounded = |value: Option<&str>| {
        value
            .map(|value| value.trim().chars().filter(|letter| !letter.is_control()).take(ENVELOPE_LIMIT).collect())
            .filter(|value: &String| !value.is_empty())
    };
    Envelope {
        event: bounded(headers.get("x-github-event")).unwrap_or_else(|| "unnamed".to_owned()),
        delivery_key: bounded(headers.get("x-github-delivery"))
            .unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body)))),
    }
}

/// What a delivery says.
pub fn read(headers: &Headers, body: &[u8]) -> Reading {
    let event = envelope(headers, body).event;
    let Some(payload) = payload(headers, body) else {
        return nothing("The body is not JSON, so nothing could be read from it.");
    };
    match event.as_str() {
        "deployment_status" => deployment_status(&payload).unwrap_or_else(Reading::Nothing),
        "ping" => nothing("A ping: GitHub says that the hook is set up. There is nothing to record."),
        "deployment" => {
            nothing("A deployment was created, not carried out yet. Its deployment_status deliveries are recorded.")
        }
        "push" => nothing("A push is not a deploy. Only deployment_status is recorded."),
        "release" => nothing("A release is not a deploy. Only deployment_status is recorded."),
        "workflow_run" | "workflow_job" | "check_run" | "check_suite" => {
            nothing("A workflow's run does not say what was deployed where. Only deployment_status is recorded.")
        }
        "unnamed" => nothing("The delivery names no event in X-GitHub-Event."),
        other => nothing(&format!("Events of the kind {other} are not recorded; only deployment_status is.")),
    }
}

fn nothing(why: &str) -> Reading {
    Reading::Nothing(why.to_owned())
}

/// The JSON, sent as it is or as the `payload` field of a form.
fn payload(headers: &Headers, body: &[u8]) -> Option<Value> {
    let kind = headers.get("content-type").unwrap_or_default();
    if kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        let (_, json) = form_urlencoded::parse(body).find(|(name, _)| name == "payload")?;
        return serde_json::from_str(&json).ok();
    }
    serde_json::from_slice(body).ok()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn line(value: &Value, pointer: &str, limit: usize) -> Option<String> {
    let cut: String = text(value, pointer)?.chars().filter(|letter| !letter.is_control()).take(limit).collect();
    Some(cut).filter(|cut| !cut.is_empty())
}

fn address(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).filter(|url| is_web_address(url) && url.chars().count() <= URL_LIMIT).map(str::to_owned)
}

fn deployment_status(payload: &Value) -> Result<Reading, String> {
    let missing = |what: &str| format!("The delivery has no {what}, so no deploy could be recorded.");
    let state = text(payload, "/deployment_status/state").ok_or_else(|| missing("deployment_status.state"))?;
    let status = match state {
        "in_progress" | "pending" | "queued" => DeployStatus::Started,
        "success" => DeployStatus::Succeeded,
        "failure" | "error" => DeployStatus::Failed,
        "inactive" => {
            return Ok(nothing("The deployment became inactive: another one took its place. Nothing was deployed."));
        }
        other => return Ok(nothing(&format!("The state {other} is not known here, so nothing was recorded."))),
    };
    let id = payload
        .pointer("/deployment/id")
        .and_then(|id| id.as_i64().map(|id| id.to_string()).or_else(|| id.as_str().map(str::to_owned)))
        .filter(|id| !id.is_empty() && id.len() <= LINE_LIMIT)
        .ok_or_else(|| missing("deployment.id"))?;
    let name = line(payload, "/repository/name", LINE_LIMIT).ok_or_else(|| missing("repository.name"))?;
    let at = text(payload, "/deployment_status/created_at").ok_or_else(|| missing("deployment_status.created_at"))?;
    let at = Moment::parse(at).map_err(|_| "The time in deployment_status.created_at cannot be read.".to_owned())?;

    let mut draft = DeployDraft::of(&name, "");
    draft.status = status;
    if status.is_finished() {
        draft.finished_at = Some(at);
    } else {
        draft.started_at = Some(at);
    }
    draft.external_id = Some(id);
    if let Some(environment) = line(payload, "/deployment_status/environment", ENVIRONMENT_LIMIT)
        .or_else(|| line(payload, "/deployment/environment", ENVIRONMENT_LIMIT))
    {
        draft.environment = environment;
    }
    if text(payload, "/deployment/task").is_some_and(|task| task.starts_with("rollback")) {
        draft.kind = DeployKind::Rollback;
    }
    draft.commit_sha = line(payload, "/deployment/sha", LINE_LIMIT);
    draft.version = line(payload, "/deployment/ref", LINE_LIMIT);
    draft.deployed_by = line(payload, "/deployment/creator/login", LINE_LIMIT)
        .or_else(|| line(payload, "/deployment_status/creator/login", LINE_LIMIT));
    draft.summary = text(payload, "/deployment/description")
        .or_else(|| text(payload, "/deployment_status/description"))
        .map(|words| words.chars().filter(|letter| *letter != '\0').take(TEXT_LIMIT).collect())
        .unwrap_or_default();
    draft.url = ["target_url", "log_url", "environment_url"]
        .iter()
        .find_map(|field| address(payload, &format!("/deployment_status/{field}")));

    let home = address(payload, "/repository/html_url");
    let mut repository_urls: Vec<String> = Vec::new();
    for url in home.iter().cloned().chain(address(payload, "/repository/clone_url")) {
        let bare = url.trim_end_matches('/').trim_end_matches(".git").to_owned();
        for variant in [bare.clone(), format!("{bare}/"), format!("{bare}.git"), url.clone()] {
            for spelled in [variant.to_lowercase(), variant] {
                if !repository_urls.contains(&spelled) {
                    repository_urls.push(spelled);
                }
            }
        }
    }
    let full_name = line(payload, "/repository/full_name", LINE_LIMIT).unwrap_or_else(|| name.clone());
    Ok(Reading::Change(Box::new(Message { draft, repository_urls, full_name, fallback_url: home })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(event: &str) -> Headers {
        Headers(vec![("x-github-event".to_owned(), event.to_owned())])
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn only_the_whole_right_signature_opens() {
        let right = sign("s3cret", b"{}");
        let with = |value: String| Headers(vec![("x-hub-signature-256".to_owned(), value)]);
        assert!(is_authentic("s3cret", &with(format!("sha256={right}")), b"{}"));
        assert!(!is_authentic("other", &with(format!("sha256={right}")), b"{}"));
        assert!(!is_authentic("s3cret", &with(format!("sha256={right}")), b"{} "));
        for wrong in [String::new(), "sha256=".into(), right.clone(), format!("sha256={}", &right[..32]), "sha256=zz".into()] {
            assert!(!is_authentic("s3cret", &with(wrong.clone()), b"{}"), "{wrong}");
        }
        assert!(!is_authentic("s3cret", &Headers::default(), b"{}"));
    }

    #[test]
    fn other_events_say_why_they_are_nothing() {
        for event in ["ping", "push", "release", "workflow_run", "deployment", "star", ""] {
            let Reading::Nothing(why) = read(&headers(event), b"{}") else { panic!("{event}") };
            assert!(why.ends_with('.'), "{why}");
        }
        assert!(matches!(read(&headers("deployment_status"), b"{\"a\":"), Reading::Nothing(_)));
        for partial in ["{}", "[]", "3", r#"{"deployment_status":{"state":"success"}}"#] {
            assert!(matches!(read(&headers("deployment_status"), partial.as_bytes()), Reading::Nothing(_)));
        }
    }

    #[test]
    fn the_time_is_the_statuses_own() {
        let body = br#"{"deployment_status":{"state":"success","created_at":"2026-11-23T14:00:00Z","environment":"production","target_url":"","environment_url":"javascript:alert(1)"},
            "deployment":{"id":7,"sha":"abc","ref":"main","updated_at":"2026-12-24T00:00:00Z","creator":{"login":"ada"}},
            "repository":{"name":"shop","full_name":"acme/shop","html_url":"https://git.example/acme/Shop"}}"#;
        let Reading::Change(message) = read(&headers("deployment_status"), body) else { panic!() };
        assert_eq!(message.draft.finished_at.unwrap().to_string(), "2026-11-23T14:00:00Z");
        assert_eq!(message.draft.url, None);
        assert_eq!(message.draft.external_id.as_deref(), Some("7"));
        assert!(message.repository_urls.contains(&"https://git.example/acme/shop.git".to_owned()));
    }

    #[test]
    fn a_form_carries_the_same() {
        let json = r#"{"deployment_status":{"state":"queued","created_at":"2026-11-23T14:00:00Z"},"deployment":{"id":7},"repository":{"name":"shop"}}"#;
        let form: String = form_urlencoded::Serializer::new(String::new()).append_pair("payload", json).finish();
        let mut headers = headers("deployment_status");
        headers.0.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        assert!(matches!(read(&headers, form.as_bytes()), Reading::Change(_)));
    }
}
