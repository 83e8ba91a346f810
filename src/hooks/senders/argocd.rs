//! Argo CD notifications: the body is ours to define (see the template on the source's page); it holds the whole
//! application. Started, succeeded and failed of one sync are one deploy, known by when the sync began. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::{Said, image_name, image_version, is_commit, label, tidy, tidy_url};
use super::{Named, missing};
use crate::deploys::model::{DeployStatus, EnvironmentTier};

fn application(said: Said<'_>) -> Said<'_> {
    let inside = said.at("/app");
    if inside.is_there() { inside } else { said }
}

/// The event is the phase; there is no id.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let phase = application(said).word("/status/operationState/phase");
    (Some(if phase.is_empty() { "sync".to_owned() } else { format!("sync {phase}") }), None)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let app = application(arrived.said);
    let name = app.line("/metadata/name").ok_or_else(|| missing("app.metadata.name"))?;
    let state = app.at("/status/operationState");
    let status = match state.word("/phase").as_str() {
        "succeeded" => DeployStatus::Succeeded,
        "failed" | "error" => DeployStatus::Failed,
        "running" | "terminating" => DeployStatus::Started,
        "" => return Err("The application has not been synced yet: it has no operationState.phase.".to_owned()),
        other => return Err(format!("The phase {other} is not known here, so nothing was recorded.")),
    };
    let mut message = Message::of(&name);
    let began = state.moment("/startedAt");
    message.went(status, if status.is_finished() { state.moment("/finishedAt") } else { began });
    message.draft.started_at = began;
    let mark = state.first_line(&["/startedAt", "/finishedAt"]).unwrap_or_default();
    message.known_as(format!("{} {name} {mark}", app.line("/metadata/namespace").unwrap_or_default()));

    let labels = app.labels("/metadata/labels");
    let namespace = app.line("/spec/destination/namespace");
    let of_namespace = namespace.filter(|name| EnvironmentTier::of_name(name) != EnvironmentTier::Other);
    message.into_environment(label(&labels, &["environment", "env", "app.kubernetes.io/environment"]).or(of_namespace));

    let revisions: Vec<String> = state
        .line("/syncResult/revision")
        .into_iter()
        .chain(state.at("/syncResult/revisions").list().filter_map(|one| one.line("")))
        .chain(app.line("/status/sync/revision"))
        .chain(app.at("/status/sync/revisions").list().filter_map(|one| one.line("")))
        .collect();
    message.draft.commit_sha = revisions.iter().find(|one| is_commit(one)).cloned();
    let images: Vec<&str> = app.at("/status/summary/images").list().filter_map(|image| image.0.as_str()).collect();
    let asked = app.first_line(&["/spec/source/targetRevision", "/spec/sources/0/targetRevision"]);
    // The image says best what runs; else the chart's version, else what was asked for.
    message.draft.version = own_image(&name, &images)
        .and_then(image_version)
        .or_else(|| revisions.iter().find(|one| !is_commit(one)).cloned())
        .or_else(|| asked.clone().filter(|asked| asked != "HEAD"));
    message.branch = asked;
    message.workflow = app.line("/spec/project");
    message.full_name = app
        .first_line(&["/spec/source/repoURL", "/spec/sources/0/repoURL"])
        .and_then(|url| tidy(&url, 200))
        .unwrap_or_else(|| name.clone());
    message.draft.deployed_by = state.line("/operation/initiatedBy/username");
    message.draft.summary = state.prose("/message");
    message.draft.url = arrived
        .said
        .text("/context/argocdUrl")
        .and_then(|base| tidy_url(&format!("{}/applications/{name}", base.trim_end_matches('/'))));
    Ok(message.into_reading())
}

/// Of several images the one that is called like the application, or a part of whose name is; an only one is it.
fn own_image<'a>(application: &str, images: &[&'a str]) -> Option<&'a str> {
    if let [only] = images {
        return Some(only);
    }
    let named = |fits: &dyn Fn(&str) -> bool| {
        let mut found = images.iter().filter(|image| image_name(image).is_some_and(|name| fits(&name)));
        found.next().filter(|_| found.next().is_none()).copied()
    };
    named(&|name| name == application)
        .or_else(|| named(&|name| application.contains(name) || name.contains(application)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applications_own_image_gives_the_version() {
        let images = ["ghcr.io/acme/orders:1.9.0", "redis:7", "ghcr.io/acme/proxy:2"];
        assert_eq!(own_image("orders", &images), Some(images[0]));
        assert_eq!(own_image("orders-production", &images), Some(images[0]));
        assert_eq!(own_image("billing", &images), None);
        assert_eq!(own_image("billing", &images[1..2]), Some("redis:7"));
    }
}
