//! PagerDuty's change events, spoken here as they are spoken there (`POST /v2/change/enqueue`). Pure.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::{Said, is_commit, label, tidy_url};
use super::github::kind_of;
use super::{Named, missing};
use crate::deploys::model::DeployStatus;

/// How a delivery through that door is named.
pub const EVENT: &str = "change.enqueue";

/// There is one event and no id.
pub fn envelope(_: &Headers, _: Said<'_>) -> Named {
    (Some(EVENT.to_owned()), None)
}

/// What a delivery says. Without a service among its details it is one of the source's own name.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let about = arrived.said.at("/payload");
    let summary = about.line("/summary").ok_or_else(|| missing("payload.summary"))?;
    let details = about.labels("/custom_details");
    let service = label(&details, &["service", "service_name", "app", "application", "component", "project"]);
    let mut message = Message::of(&service.unwrap_or_default());
    let word =
        label(&details, &["status", "build_state", "state", "result", "outcome"]).unwrap_or_default().to_lowercase();
    let status = match word.as_str() {
        "failed" | "failure" | "error" | "errored" | "canceled" | "cancelled" | "aborted" => DeployStatus::Failed,
        "started" | "running" | "in_progress" | "inprogress" | "pending" => DeployStatus::Started,
        _ => DeployStatus::Succeeded,
    };
    message.went(status, about.moment("/timestamp"));
    if let Some(id) = label(&details, &["external_id", "deploy_id", "deployment_id", "id"]) {
        message.known_as(id);
    }
    message.into_environment(label(&details, &["environment", "env", "target"]));
    message.draft.kind = kind_of(&summary.to_lowercase());
    message.draft.version = label(&details, &["version", "release", "tag", "build_number", "build"]);
    message.draft.commit_sha = label(&details, &["commit_sha", "commit", "sha", "revision", "git_sha"])
        .filter(|sha| is_commit(sha) || sha.bytes().all(|byte| byte.is_ascii_hexdigit()));
    message.draft.deployed_by = label(&details, &["deployed_by", "user", "author", "actor", "deployer"]);
    message.draft.summary = about.prose("/summary");
    message.draft.url = arrived
        .said
        .at("/links")
        .list()
        .find_map(|link| link.text("/href").or_else(|| link.0.as_str()).and_then(tidy_url));
    let words = message.draft.summary.clone();
    message.mention(&words, Forge::Unknown);
    message.workflow = about.line("/source");
    Ok(message.into_reading())
}
