//! Azure DevOps service hooks: classic releases (which carry no commit), pipeline runs and stages, builds, pushes. Pure.

use super::super::mentions::{Forge, in_order, mentions};
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Push, Reading, WeakEvent};
use super::super::reading::{Said, bare_ref, is_zero, tidy};
use super::github::kind_of;
use super::{Named, missing};
use crate::deploys::model::DeployStatus;

/// Event and id stand in the body.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    (said.line("/eventType"), said.line("/id"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    match said.word("/eventType").as_str() {
        "ms.vss-release.deployment-started-event" | "ms.vss-release.deployment-completed-event" => release(said),
        "ms.vss-pipelines.run-state-changed-event"
        | "ms.vss-pipelines.stage-state-changed-event"
        | "ms.vss-pipelines.job-state-changed-event" => run(said),
        "build.complete" => build(said),
        "git.push" => push(said),
        "" => Err(missing("eventType")),
        other => Err(format!("Events of the kind {other} are not recorded; deployments, runs, builds and pushes are.")),
    }
}

fn went(word: &str) -> Result<DeployStatus, String> {
    match word {
        "succeeded" | "partiallysucceeded" => Ok(DeployStatus::Succeeded),
        "failed" | "rejected" | "canceled" | "cancelled" | "stopped" => Ok(DeployStatus::Failed),
        "inprogress" | "running" | "queued" | "pending" | "started" => Ok(DeployStatus::Started),
        "" => Err(missing("status")),
        other => Err(format!("The status {other} says that nothing was deployed.")),
    }
}

/// A stage ("environment") of a classic release. Started and completed are one deploy.
fn release(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/resource");
    let is_start = said.word("/eventType").ends_with("started-event");
    let status = if is_start {
        DeployStatus::Started
    } else {
        let word = [about.word("/deployment/deploymentStatus"), about.word("/environment/status")];
        went(word.iter().find(|word| !word.is_empty()).map_or("", |word| word))?
    };
    let id = about.line("/environment/id").ok_or_else(|| missing("resource.environment.id"))?;
    let definition = about.first_line(&[
        "/environment/releaseDefinition/name",
        "/deployment/releaseDefinition/name",
        "/release/releaseDefinition/name",
        "/project/name",
    ]);
    let mut message = Message::of(&definition.clone().ok_or_else(|| missing("release definition"))?);
    let at = if is_start {
        about.first_moment(&["/deployment/startedOn", "/environment/createdOn"])
    } else {
        about.first_moment(&["/deployment/completedOn", "/environment/modifiedOn"])
    };
    message.went(status, at.or_else(|| said.moment("/createdDate")));
    if !is_start {
        message.draft.started_at = about.moment("/deployment/startedOn");
    }
    let release = about.first_line(&["/environment/releaseId", "/release/id", "/environment/release/id"]);
    let attempt = about.count("/deployment/attempt").filter(|attempt| *attempt > 1);
    let attempt = attempt.map(|attempt| format!(" attempt {attempt}")).unwrap_or_default();
    message.known_as(format!("release {} environment {id}{attempt}", release.unwrap_or_default()));
    message.into_environment(about.line("/environment/name"));
    message.workflow = definition;
    message.full_name = about
        .line("/project/name")
        .map_or(message.full_name.clone(), |project| format!("{project} {}", message.full_name));
    message.draft.version =
        about.first_line(&["/environment/release/name", "/release/name", "/deployment/release/name"]);
    message.draft.deployed_by = about.first_line(&[
        "/deployment/requestedFor/displayName",
        "/deployment/requestedBy/displayName",
        "/environment/owner/displayName",
    ]);
    message.draft.summary = said.prose("/message/text");
    message.draft.url = about.first_url(&[
        "/environment/release/_links/web/href",
        "/release/_links/web/href",
        "/deployment/release/_links/web/href",
        "/release/webAccessUri",
    ]);
    Ok(message.into_reading())
}

/// A run of a YAML pipeline, or a stage or job of it.
fn run(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/resource");
    let part = ["/stage", "/job"].into_iter().map(|name| about.at(name)).find(|part| part.is_there());
    let subject = part.unwrap_or(about.at("/run"));
    let word = [subject.word("/result"), subject.word("/state")];
    let status = went(word.iter().find(|word| !word.is_empty() && *word != "completed").map_or("", |word| word))?;
    let run = about.line("/run/id").ok_or_else(|| missing("resource.run.id"))?;
    let pipeline = about.first_line(&["/pipeline/name", "/run/pipeline/name"]);
    let mut message = Message::of(&pipeline.clone().ok_or_else(|| missing("pipeline name"))?);
    let at = if status.is_finished() {
        subject.first_moment(&["/finishTime", "/finishedDate"]).or_else(|| about.moment("/run/finishedDate"))
    } else {
        subject.first_moment(&["/startTime", "/createdDate"]).or_else(|| about.moment("/run/createdDate"))
    };
    message.went(status, at.or_else(|| said.moment("/createdDate")));
    let stage = part.and_then(|part| part.first_line(&["/displayName", "/name"]));
    message.known_as(format!("run {run} {}", stage.clone().unwrap_or_default()));
    message.weak = Some(WeakEvent::Pipeline);
    message.workflow = match (pipeline, stage) {
        (Some(pipeline), Some(stage)) => tidy(&format!("{pipeline}/{stage}"), 200),
        (pipeline, _) => pipeline,
    };
    message.draft.kind = kind_of(&message.workflow.clone().unwrap_or_default().to_lowercase());
    message.branch = about.line("/run/resources/repositories/self/refName").map(|name| bare_ref(&name).to_owned());
    message.draft.commit_sha = about.line("/run/resources/repositories/self/version");
    message.draft.version = about.line("/run/name");
    message.draft.summary = said.prose("/message/text");
    message.draft.url = about.first_url(&["/run/_links/web/href", "/run/_links/pipeline.web/href"]);
    Ok(message.into_reading())
}

fn build(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/resource");
    let word = [about.word("/result"), about.word("/status")];
    let status = went(word.iter().find(|word| !word.is_empty() && *word != "completed").map_or("", |word| word))?;
    let id = about.line("/id").ok_or_else(|| missing("resource.id"))?;
    let definition = about.line("/definition/name").ok_or_else(|| missing("resource.definition.name"))?;
    let mut message = Message::of(&definition);
    message
        .went(status, about.first_moment(&["/finishTime", "/lastChangedDate"]).or_else(|| said.moment("/createdDate")));
    message.draft.started_at = about.moment("/startTime");
    message.known_as(format!("build {id}"));
    message.weak = Some(WeakEvent::Build);
    message.workflow = Some(definition);
    // `LG:refs/heads/master:600c52d…` of the older builds.
    let old: Vec<String> =
        about.line("/sourceGetVersion").map(|text| text.split(':').map(str::to_owned).collect()).unwrap_or_default();
    message.branch = about
        .line("/sourceBranch")
        .or_else(|| old.get(1).cloned())
        .map(|name| bare_ref(&name).to_owned())
        .filter(|name| !name.is_empty());
    message.draft.commit_sha = about.line("/sourceVersion").or_else(|| old.get(2).cloned());
    message.draft.version = about.line("/buildNumber");
    message.draft.deployed_by =
        about.first_line(&["/requestedFor/displayName", "/requests/0/requestedFor/displayName"]);
    message.draft.summary = said.prose("/message/text");
    message.draft.url = about.first_url(&["/_links/web/href", "/url"]);
    if let Some(project) = about.line("/project/name") {
        message.full_name = format!("{project} {}", message.full_name);
    }
    Ok(message.into_reading())
}

fn push(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/resource");
    let name = about.line("/repository/name").ok_or_else(|| missing("resource.repository.name"))?;
    let mut message = Message::of(&name);
    let full = about.line("/repository/project/name").map(|project| format!("{project}/{name}"));
    message.from_repository(about.url("/repository/remoteUrl"), &[], full);
    let (mut count, mut references) = (0, Vec::new());
    for commit in about.at("/commits").list() {
        count += 1;
        references.extend(mentions(commit.text("/comment").unwrap_or_default(), Forge::Unknown, None));
    }
    let references = in_order(references);
    for update in about.at("/refUpdates").list().take(20) {
        let Some(after_sha) = update.line("/newObjectId").filter(|sha| !is_zero(sha)) else { continue };
        message.branch = update.line("/name").map(|name| bare_ref(&name).to_owned());
        message.draft.previous_commit_sha = update.line("/oldObjectId").filter(|sha| !is_zero(sha));
        message.pushes.push(Push {
            after_sha,
            before_sha: message.draft.previous_commit_sha.clone(),
            repository: message.full_name.clone(),
            commit_count: count,
            file_count: None,
            compare_url: None,
            references: references.clone(),
        });
    }
    let Some(last) = message.pushes.last().cloned() else {
        return Err("A branch or tag was deleted. There is nothing to record.".to_owned());
    };
    message.went(DeployStatus::Succeeded, about.moment("/date").or_else(|| said.moment("/createdDate")));
    message.known_as(format!("push {}", last.after_sha));
    message.weak = Some(WeakEvent::Push);
    message.draft.commit_sha = Some(last.after_sha);
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_count = Some(count);
    message.draft.references = references;
    message.draft.deployed_by = about.line("/pushedBy/displayName");
    Ok(message.into_reading())
}
