//! Jenkins notification plug-in. A build counts as a deploy where it names an environment among its parameters, or
//! where a rule says so. Pure.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, bare_ref, label, tidy_url};
use super::github::kind_of;
use super::{Named, missing};
use crate::clock::Moment;
use crate::deploys::model::DeployStatus;

/// Parameters by which jobs name where they deploy to.
const ENVIRONMENT_PARAMETERS: &[&str] =
    &["environment", "env", "deploy_env", "deploy_environment", "target_env", "target_environment", "target"];
/// Parameters by which jobs name what they deploy.
const VERSION_PARAMETERS: &[&str] = &["version", "tag", "release", "image_tag", "build_version"];

/// The event is the phase; the id is the build's address and the phase.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let phase = said.line("/build/phase");
    let build = said.first_line(&["/build/full_url", "/build/url"]);
    let id = build.zip(phase.clone()).map(|(build, phase)| format!("{build} {phase}"));
    (phase, id)
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let build = said.at("/build");
    let phase = build.word("/phase");
    let status = match (phase.as_str(), build.word("/status").as_str()) {
        ("queued" | "started", _) => DeployStatus::Started,
        ("completed" | "finalized", "success" | "unstable") => DeployStatus::Succeeded,
        ("completed" | "finalized", "failure" | "aborted") => DeployStatus::Failed,
        ("completed" | "finalized", "not_built") => return Err("It was not built. Nothing was deployed.".to_owned()),
        _ => return Err(missing("build.phase and build.status that are known here")),
    };
    let job = said.first_line(&["/display_name", "/name"]).ok_or_else(|| missing("name"))?;
    let number = build.line("/number").unwrap_or_default();
    let mut message = Message::of(&job);
    let repository = build.text("/scm/url").and_then(tidy_url);
    message.from_repository(repository.map(|url| url.trim_end_matches(".git").to_owned()), &[], said.line("/name"));
    // The time is that of the build's start; some versions tell when this message was made.
    let began = build.first_moment(&["/timestamp", "/startTime"]);
    let took_ms = build.count("/duration").filter(|took| *took > 0);
    let ended = began.zip(took_ms).map(|(began, took)| Moment::from_millis(began.millis() + took)).or(began);
    message.went(status, if status.is_finished() { ended } else { began });
    if status.is_finished() {
        message.draft.started_at = began.filter(|_| took_ms.is_some());
    }
    message.known_as(build.first_line(&["/full_url", "/url"]).unwrap_or_else(|| format!("{job} {number}")));
    let parameters = build.labels("/parameters");
    let environment = label(&parameters, ENVIRONMENT_PARAMETERS);
    message.weak = environment.is_none().then_some(WeakEvent::Build);
    message.into_environment(environment);
    message.workflow = said.line("/name").or(Some(job));
    message.branch = build.line("/scm/branch").map(|name| {
        let name = bare_ref(&name).to_owned();
        name.strip_prefix("origin/").map_or(name.clone(), str::to_owned)
    });
    message.draft.kind = kind_of(&said.word("/name"));
    message.draft.version = label(&parameters, VERSION_PARAMETERS)
        .or_else(|| message.branch.clone())
        .or_else(|| (!number.is_empty()).then(|| format!("build {number}")));
    if let Some(service) = label(&parameters, &["service", "app", "application", "component"]) {
        message.draft.service = service;
    }
    message.draft.commit_sha = build.line("/scm/commit");
    message.draft.deployed_by =
        label(&parameters, &["deployed_by", "user", "build_user"]).or_else(|| build.line("/scm/culprits/0"));
    message.draft.url = build.url("/full_url");
    let words: String =
        build.at("/scm/changes").list().filter_map(|change| change.text("")).collect::<Vec<_>>().join("\n");
    message.mention(&words, Forge::Unknown);
    if !words.is_empty() {
        message.draft.summary = super::super::reading::tidy_text(&words);
    }
    Ok(message.into_reading())
}
