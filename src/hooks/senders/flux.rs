//! Flux notification controller, provider `generic` or `generic-hmac`. What a Kustomization or HelmRelease did to one
//! revision is one deploy. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::{Said, is_commit, label, tidy};
use super::{Named, missing};
use crate::deploys::model::{DeployKind, DeployStatus, EnvironmentTier};
use crate::web::fields::LINE_LIMIT;

/// The event is the reason; the id is object, reason and time.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let event = said.line("/reason").or_else(|| headers.get("gotk-component").and_then(|name| tidy(name, LINE_LIMIT)));
    let id = said.line("/involvedObject/uid").zip(said.line("/timestamp")).map(|(uid, at)| {
        // The same second may bring two messages of one reason.
        let words = said.text("/message").map_or(0, str::len);
        format!("{uid} {} {at} {words}", said.line("/reason").unwrap_or_default())
    });
    (event, id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let kind = said.line("/involvedObject/kind").ok_or_else(|| missing("involvedObject.kind"))?;
    if !matches!(kind.as_str(), "Kustomization" | "HelmRelease") {
        return Err(format!("News of a {kind} is not recorded; that of a Kustomization or HelmRelease is."));
    }
    let name = said.line("/involvedObject/name").ok_or_else(|| missing("involvedObject.name"))?;
    let reason = said.line("/reason").unwrap_or_default();
    let is_error = said.word("/severity") == "error";
    let status = match reason.as_str() {
        _ if is_error => DeployStatus::Failed,
        "Progressing" | "ProgressingWithRetry" | "ArtifactUpToDate" => DeployStatus::Started,
        "DependencyNotReady" | "UninstallSucceeded" | "Suspended" | "GarbageCollectionSucceeded" => {
            return Err(format!("The reason {reason} says that nothing was deployed."));
        }
        failed if failed.ends_with("Failed") => DeployStatus::Failed,
        _ => DeployStatus::Succeeded,
    };
    if reason == "DependencyNotReady" {
        return Err("It waits for what it depends on. Nothing was deployed.".to_owned());
    }
    let mut message = Message::of(&name);
    message.went(status, said.moment("/timestamp"));
    let metadata = said.labels("/metadata");
    let revision = metadata
        .iter()
        .find(|(key, _)| key == "revision" || key.ends_with("/revision"))
        .map(|(_, revision)| revision.clone());
    let uid = said.line("/involvedObject/uid").unwrap_or_else(|| name.clone());
    message
        .known_as(format!("{uid} {}", revision.clone().unwrap_or_else(|| said.line("/timestamp").unwrap_or_default())));
    if let Some(revision) = revision {
        let (version, sha) = split(&revision);
        message.branch.clone_from(&version);
        message.draft.version = version;
        message.draft.commit_sha = sha;
    }
    if reason.starts_with("Rollback") {
        message.draft.kind = DeployKind::Rollback;
    }
    let namespace = said.line("/involvedObject/namespace");
    let of_namespace = namespace.clone().filter(|name| EnvironmentTier::of_name(name) != EnvironmentTier::Other);
    message.into_environment(label(&metadata, &["environment", "env", "cluster"]).or(of_namespace));
    message.full_name = namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
    message.workflow = Some(kind);
    message.draft.summary = said.prose("/message");
    message.draft.url = tidy_link(&metadata);
    Ok(message.into_reading())
}

fn tidy_link(metadata: &[(String, String)]) -> Option<String> {
    label(metadata, &["url", "link", "dashboard"]).and_then(|url| super::super::reading::tidy_url(&url))
}

/// Branch or version, and commit: `main@sha1:<sha>`, the older `main/<sha>`, a chart's `6.5.0`.
fn split(revision: &str) -> (Option<String>, Option<String>) {
    let (name, rest) = match revision.split_once('@') {
        Some((name, rest)) => (name, Some(rest)),
        None => match revision.rsplit_once('/') {
            Some((name, rest)) if is_commit(rest) => (name, Some(rest)),
            _ => (revision, None),
        },
    };
    let commit = rest.map(|rest| rest.strip_prefix("sha1:").unwrap_or(rest)).and_then(|sha| tidy(sha, LINE_LIMIT));
    (tidy(name, LINE_LIMIT), commit)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn revisions_of_every_age_are_read() {
        let sha = "731f7eaddfb6af01cb2173e18f0f75b0ba780ef1";
        for (revision, name, commit) in [
            (format!("main@sha1:{sha}"), Some("main"), Some(sha)),
            (format!("main/{sha}"), Some("main"), Some(sha)),
            (format!("feature/x/{sha}"), Some("feature/x"), Some(sha)),
            ("6.5.0".to_owned(), Some("6.5.0"), None),
            ("latest@sha256:abc".to_owned(), Some("latest"), Some("sha256:abc")),
        ] {
            assert_eq!(split(&revision), (name.map(str::to_owned), commit.map(str::to_owned)), "{revision}");
        }
    }
}
