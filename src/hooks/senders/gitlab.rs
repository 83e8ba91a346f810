//! GitLab: deployment, pipeline, job, push, release and feature flag events. Pure.
//!
//! A deployment has no whole commit but in the last part of `commit_url`, and its dates look like
//! `2021-04-28 21:50:00 +0200`.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, bare_ref, is_commit, last_part, tidy};
use super::github::kind_of;
use super::{Named, code, missing};
use crate::deploys::model::{DeployKind, DeployStatus, EnvironmentTier};
use crate::web::fields::LINE_LIMIT;

/// Event and delivery id stand in headers; the webhook's own UUID is the same for all of its deliveries.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let line = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    let event = line("x-gitlab-event").or_else(|| said.first_line(&["/object_kind", "/event_name"]));
    (event, line("idempotency-key").or_else(|| line("webhook-id")).or_else(|| line("x-gitlab-event-uuid")))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    match said.word("/object_kind").as_str() {
        "deployment" => deployment(said),
        "pipeline" => pipeline(said),
        "build" => job(said),
        "push" | "tag_push" => push(said),
        "release" => release(said),
        "feature_flag" => flag(said),
        "" => Err("The delivery names no object_kind, so it cannot be told what it is about.".to_owned()),
        other => Err(format!("Events of the kind {other} are not recorded; deployments are.")),
    }
}

fn project(said: Said<'_>) -> Result<Message, String> {
    let path = said.first_line(&["/project/path_with_namespace", "/project_name"]);
    let name = path
        .as_deref()
        .and_then(last_part)
        .or_else(|| said.first_line(&["/project/name", "/repository/name"]))
        .ok_or_else(|| missing("project"))?;
    let mut message = Message::of(&name);
    let home = said.first_url(&["/project/web_url", "/project/homepage", "/repository/homepage"]);
    message.from_repository(home, &[said.url("/project/git_http_url"), said.url("/project/http_url")], path);
    Ok(message)
}

fn status_of(word: &str) -> Result<DeployStatus, String> {
    match word {
        "running" | "created" | "pending" | "preparing" | "waiting_for_resource" => Ok(DeployStatus::Started),
        "success" => Ok(DeployStatus::Succeeded),
        "failed" | "canceled" | "canceling" => Ok(DeployStatus::Failed),
        "" => Err(missing("status")),
        other => Err(format!("The status {other} says that nothing was deployed yet.")),
    }
}

fn deployment(said: Said<'_>) -> Result<Reading, String> {
    let status = status_of(&said.word("/status"))?;
    let id = said.line("/deployment_id").ok_or_else(|| missing("deployment_id"))?;
    let mut message = project(said)?;
    message.went(status, said.moment("/status_changed_at"));
    message.known_as(id);
    message.into_environment(said.line("/environment"));
    message.draft.environment_tier = said.word("/environment_tier").parse::<EnvironmentTier>().ok();
    message.branch = said.line("/ref");
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_sha =
        said.text("/commit_url").and_then(last_part).filter(|sha| is_commit(sha)).or_else(|| said.line("/short_sha"));
    message.draft.deployed_by = said.first_line(&["/user/username", "/user/name"]);
    message.draft.summary = said.prose("/commit_title");
    message.draft.url = said.first_url(&["/deployable_url", "/environment_external_url"]);
    let words = message.draft.summary.clone();
    message.mention(&words, Forge::GitLab);
    Ok(message.into_reading())
}

fn pipeline(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/object_attributes");
    let status = status_of(&about.word("/status"))?;
    let id = about.line("/id").ok_or_else(|| missing("object_attributes.id"))?;
    let mut message = project(said)?;
    message.went(status, about.first_moment(if status.is_finished() { &["/finished_at"] } else { &["/created_at"] }));
    message.draft.started_at = about.moment("/created_at");
    message.known_as(format!("pipeline {id}"));
    message.weak = Some(WeakEvent::Pipeline);
    message.workflow = about.first_line(&["/name", "/source"]);
    message.branch = about.line("/ref");
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_sha = about.line("/sha");
    message.draft.previous_commit_sha =
        about.line("/before_sha").filter(|sha| Some(sha) != about.line("/sha").as_ref());
    // The environment of the job that went out, when there is exactly one.
    let mut names: Vec<String> = said
        .at("/builds")
        .list()
        .filter(|build| build.word("/status") == "success")
        .filter_map(|build| build.line("/environment/name"))
        .collect();
    names.dedup();
    if let [only] = &names[..] {
        message.into_environment(Some(only.clone()));
    }
    message.draft.deployed_by = said.first_line(&["/user/username", "/user/name"]);
    message.draft.url =
        about.url("/url").or_else(|| message.fallback_url.as_ref().map(|home| format!("{home}/-/pipelines/{id}")));
    message.draft.summary = said.prose("/commit/title");
    message.draft.references.extend(said.count("/merge_request/iid").into_iter().flat_map(|number| {
        super::super::mentions::mentions(&format!("!{number}"), Forge::GitLab, message.fallback_url.as_deref())
    }));
    let words = said.prose("/commit/message");
    message.mention(&words, Forge::GitLab);
    Ok(message.into_reading())
}

fn job(said: Said<'_>) -> Result<Reading, String> {
    let status = status_of(&said.word("/build_status"))?;
    let id = said.line("/build_id").ok_or_else(|| missing("build_id"))?;
    let mut message = project(said)?;
    message.went(
        status,
        said.first_moment(if status.is_finished() { &["/build_finished_at"] } else { &["/build_started_at"] }),
    );
    message.draft.started_at = said.moment("/build_started_at");
    message.known_as(format!("job {id}"));
    message.weak = Some(WeakEvent::Build);
    message.workflow = said.line("/build_name");
    message.branch = said.line("/ref").map(|name| bare_ref(&name).to_owned());
    message.into_environment(said.line("/environment/name"));
    message.draft.kind = kind_of(&said.word("/build_name"));
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_sha = said.line("/sha");
    message.draft.deployed_by = said.first_line(&["/user/username", "/user/name"]);
    message.draft.summary = said.prose("/commit/message");
    let words = message.draft.summary.clone();
    message.mention(&words, Forge::GitLab);
    Ok(message.into_reading())
}

fn push(said: Said<'_>) -> Result<Reading, String> {
    let message = project(said)?;
    let compare_url = message.fallback_url.as_ref().and_then(|home| {
        let (before, after) = (said.line("/before")?, said.line("/after")?);
        super::super::reading::tidy_url(&format!("{home}/-/compare/{before}...{after}"))
    });
    code::push(said, message, &code::Names { forge: Forge::GitLab, total: "/total_commits_count", compare_url })
}

fn release(said: Said<'_>) -> Result<Reading, String> {
    if said.word("/action") != "create" {
        return Err("The release was changed or deleted, not made. There is nothing to record.".to_owned());
    }
    let tag = said.line("/tag").ok_or_else(|| missing("tag"))?;
    let mut message = project(said)?;
    message.went(DeployStatus::Succeeded, said.first_moment(&["/released_at", "/created_at"]));
    message.known_as(format!("release {}", said.line("/id").unwrap_or_else(|| tag.clone())));
    message.weak = Some(WeakEvent::Release);
    message.draft.version = Some(tag.clone());
    message.branch = Some(tag);
    message.draft.commit_sha = said.line("/commit/id");
    message.draft.url = said.url("/url");
    message.draft.summary = said.prose("/description");
    let words = format!("{} {}", message.draft.summary, said.prose("/commit/message"));
    message.mention(&words, Forge::GitLab);
    Ok(message.into_reading())
}

fn flag(said: Said<'_>) -> Result<Reading, String> {
    let name = said.line("/object_attributes/name").ok_or_else(|| missing("object_attributes.name"))?;
    let is_on = said.at("/object_attributes/active").0.as_bool().unwrap_or(false);
    let mut message = project(said)?;
    message.draft.kind = DeployKind::Flag;
    message.draft.version = tidy(&format!("{name} {}", if is_on { "on" } else { "off" }), LINE_LIMIT);
    message.draft.summary = said.prose("/object_attributes/description");
    message.draft.deployed_by = said.first_line(&["/user/username", "/user/name"]);
    Ok(message.into_reading())
}
