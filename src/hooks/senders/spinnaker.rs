//! Spinnaker's echo: pipelines that began, completed or failed. A pipeline with a deploying stage is a deploy; others
//! need a rule. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, image_version, label, tidy_url};
use super::{Named, missing};
use crate::deploys::model::{DeployKind, DeployStatus, EnvironmentTier};

/// The event stands in the details; the id is the execution with the event.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let event = said.line("/details/type");
    let id = said
        .first_line(&["/content/execution/id", "/content/executionId"])
        .zip(event.clone())
        .filter(|_| event.as_deref().is_some_and(|event| event.starts_with("orca:pipeline:")))
        .map(|(id, event)| format!("{id} {event}"));
    (event, id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let phase = match said.word("/details/type").as_str() {
        "orca:pipeline:starting" => "starting",
        "orca:pipeline:complete" => "complete",
        "orca:pipeline:failed" => "failed",
        "" => return Err(missing("details.type")),
        other => return Err(format!("Events of the kind {other} are not recorded; those of whole pipelines are.")),
    };
    let run = said.at("/content/execution");
    let id = run.line("/id").ok_or_else(|| missing("content.execution.id"))?;
    let status = match (phase, run.word("/status").as_str()) {
        ("starting", _) => DeployStatus::Started,
        ("failed", _) | (_, "terminal" | "canceled" | "stopped" | "failed_continue") => DeployStatus::Failed,
        (_, "running" | "not_started" | "paused" | "suspended" | "buffered") => DeployStatus::Started,
        _ => DeployStatus::Succeeded,
    };
    let application = said
        .first_line(&["/details/application", "/content/execution/application"])
        .ok_or_else(|| missing("application"))?;
    let mut message = Message::of(&application);
    let at =
        if status.is_finished() { run.moment("/endTime") } else { run.first_moment(&["/startTime", "/buildTime"]) };
    message.went(status, at.or_else(|| said.moment("/details/created")));
    message.draft.started_at = message.draft.started_at.or_else(|| run.first_moment(&["/startTime", "/buildTime"]));
    message.known_as(id.clone());
    message.workflow = run.line("/name");
    if let Some(name) = &message.workflow {
        message.full_name = format!("{application} {name}");
    }

    let mut environment = None;
    let (mut deploys, mut undoes) = (false, false);
    for stage in run.at("/stages").list().take(200) {
        let kind = stage.word("/type");
        deploys |= kind.contains("deploy") || kind.contains("canary") || kind == "bake";
        undoes |= kind.contains("rollback") || kind.contains("undo");
        let named = stage.first_line(&[
            "/context/environment",
            "/context/account",
            "/context/credentials",
            "/context/location",
        ]);
        environment = environment.or(named.filter(|name| EnvironmentTier::of_name(name) != EnvironmentTier::Other));
    }
    if undoes {
        message.draft.kind = DeployKind::Rollback;
    }
    message.weak = (!deploys && !undoes).then_some(WeakEvent::Pipeline);
    let parameters = run.labels("/trigger/parameters");
    message.into_environment(label(&parameters, &["environment", "env", "account", "target"]).or(environment));
    message.branch = run.line("/trigger/branch");
    message.draft.version = label(&parameters, &["version", "tag", "release", "image_tag"])
        .or_else(|| run.first_line(&["/trigger/tag", "/trigger/artifacts/0/version"]))
        .or_else(|| run.text("/trigger/artifacts/0/reference").and_then(image_version))
        .or_else(|| message.branch.clone());
    message.draft.commit_sha = run.first_line(&["/trigger/hash", "/trigger/buildInfo/scm/0/sha1"]);
    message.draft.deployed_by =
        run.first_line(&["/trigger/user", "/authentication/user"]).filter(|user| user != "[anonymous]");
    message.draft.url = run.text("/url").and_then(tidy_url);
    Ok(message.into_reading())
}
