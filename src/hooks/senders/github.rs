//! GitHub: what a webhook's bytes and headers say. Pure.
//!
//! Acts on `deployment_status`. The deploy is known by `deployment.id`; the time is
//! `deployment_status.created_at`, never `deployment.updated_at`, which changes when anybody touches the record.
//! Workflow runs, pushes and releases count where a rule says so.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, bare_ref, tidy};
use super::{Named, code, missing};
use crate::deploys::model::{DeployKind, DeployStatus};
use crate::web::fields::LINE_LIMIT;

/// Event and delivery id stand in headers.
pub fn envelope(headers: &Headers, _: Said<'_>) -> Named {
    let line = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    (line("x-github-event"), line("x-github-delivery"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    match arrived.event {
        "deployment_status" => deployment_status(said),
        "workflow_run" => workflow_run(said, Forge::GitHub),
        "push" => {
            let compare_url = said.url("/compare").filter(|url| url.contains("/compare/"));
            code::push(said, repository(said)?, &code::Names { forge: Forge::GitHub, total: "/size", compare_url })
        }
        "release" => release(said, Forge::GitHub),
        "ping" => Err("A ping: GitHub says that the hook is set up. There is nothing to record.".to_owned()),
        "deployment" => {
            Err("A deployment was created, not carried out yet. Its deployment_status deliveries are recorded."
                .to_owned())
        }
        "workflow_job" | "check_run" | "check_suite" | "status" => {
            Err("A single job or check does not say what was deployed where. Send workflow_run or deployment_status."
                .to_owned())
        }
        "unnamed" => Err("The delivery names no event in X-GitHub-Event.".to_owned()),
        other => Err(format!("Events of the kind {other} are not recorded; deployment_status is.")),
    }
}

/// A message about a service that is called like the repository.
///
/// # Errors
/// There is no repository.
pub fn repository(said: Said<'_>) -> Result<Message, String> {
    let name =
        said.first_line(&["/repository/name", "/repository/full_name"]).ok_or_else(|| missing("repository.name"))?;
    let mut message = Message::of(&name);
    message.from_repository(
        said.url("/repository/html_url"),
        &[said.url("/repository/clone_url")],
        said.line("/repository/full_name"),
    );
    Ok(message)
}

fn deployment_status(said: Said<'_>) -> Result<Reading, String> {
    let state = said.text("/deployment_status/state").ok_or_else(|| missing("deployment_status.state"))?;
    let status = match state {
        "in_progress" => DeployStatus::Started,
        "pending" | "queued" | "waiting" => {
            return Err("The deployment waits to begin. It is recorded once it is in progress.".to_owned());
        }
        "success" => DeployStatus::Succeeded,
        "failure" | "error" => DeployStatus::Failed,
        "inactive" => {
            return Err("The deployment became inactive: another one took its place. Nothing was deployed.".to_owned());
        }
        other => {
            let other = tidy(other, 40).unwrap_or_default();
            return Err(format!("The state {other} is not known here, so nothing was recorded."));
        }
    };
    let id = said.line("/deployment/id").ok_or_else(|| missing("deployment.id"))?;
    let mut message = repository(said)?;
    if !said.at("/deployment_status/created_at").is_there() {
        return Err(missing("deployment_status.created_at"));
    }
    let at = said
        .moment("/deployment_status/created_at")
        .ok_or_else(|| "The time in deployment_status.created_at cannot be read.".to_owned())?;
    message.went(status, Some(at));
    message.known_as(id);
    message.into_environment(said.first_line(&["/deployment_status/environment", "/deployment/environment"]));
    let task = said.word("/deployment/task");
    message.draft.kind = kind_of(&task);
    message.workflow = said.first_line(&["/workflow/name", "/workflow_run/name"]);
    message.branch = said.first_line(&["/deployment/ref", "/workflow_run/head_branch"]);
    let draft = &mut message.draft;
    draft.commit_sha = said.line("/deployment/sha");
    draft.version = said.line("/deployment/ref").map(|name| bare_ref(&name).to_owned());
    draft.deployed_by = said.first_line(&["/deployment/creator/login", "/deployment_status/creator/login"]);
    draft.summary = [said.prose("/deployment/description"), said.prose("/deployment_status/description")]
        .into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_default();
    draft.url = said.first_url(&[
        "/deployment_status/target_url",
        "/deployment_status/log_url",
        "/deployment_status/environment_url",
    ]);
    let words = draft.summary.clone();
    message.mention(&words, Forge::GitHub);
    for pull in said.at("/workflow_run/pull_requests").list().take(20) {
        if let Some(number) = pull.count("/number") {
            message.mention(&format!("#{number}"), Forge::GitHub);
        }
    }
    Ok(message.into_reading())
}

/// What a task or a pipeline's name says about the kind of change.
pub fn kind_of(name: &str) -> DeployKind {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["rollback", "roll back", "roll-back"]) {
        DeployKind::Rollback
    } else if has(&["migrate", "migration"]) {
        DeployKind::Migration
    } else if has(&["terraform", "infrastructure", "pulumi"]) {
        DeployKind::Infrastructure
    } else if has(&["feature-flag", "feature flag"]) {
        DeployKind::Flag
    } else if has(&["config"]) && !has(&["reconfig"]) {
        DeployKind::Config
    } else {
        DeployKind::Deploy
    }
}

/// A run of a workflow; a run that is tried again is another one.
///
/// # Errors
/// Why it is nothing.
pub fn workflow_run(said: Said<'_>, forge: Forge) -> Result<Reading, String> {
    let run = said.at("/workflow_run");
    let id = run.line("/id").ok_or_else(|| missing("workflow_run.id"))?;
    let status = match run.word("/conclusion").as_str() {
        "success" => DeployStatus::Succeeded,
        "failure" | "timed_out" | "startup_failure" | "cancelled" | "canceled" => DeployStatus::Failed,
        "skipped" | "neutral" | "stale" | "action_required" => {
            return Err("The workflow was skipped or waits for somebody. Nothing was deployed.".to_owned());
        }
        _ => DeployStatus::Started,
    };
    let mut message = repository(said)?;
    let at = if status.is_finished() {
        run.first_moment(&["/updated_at", "/completed_at"])
    } else {
        run.first_moment(&["/run_started_at", "/created_at"])
    };
    message.went(status, at);
    message.draft.started_at = run.first_moment(&["/run_started_at", "/created_at"]);
    let attempt = run.count("/run_attempt").unwrap_or(1);
    message.known_as(format!("run {id} attempt {attempt}"));
    message.workflow = run.line("/name").or_else(|| said.line("/workflow/name"));
    message.branch = run.line("/head_branch");
    message.weak = Some(WeakEvent::WorkflowRun);
    message.draft.kind = kind_of(&message.workflow.clone().unwrap_or_default().to_lowercase());
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_sha = run.line("/head_sha");
    message.draft.deployed_by = run.first_line(&["/triggering_actor/login", "/actor/login"]);
    message.draft.url = run.url("/html_url");
    message.draft.summary = run.prose("/display_title");
    let words = format!("{} {}", message.draft.summary, run.prose("/head_commit/message"));
    message.mention(&words, forge);
    Ok(message.into_reading())
}

/// A published release.
///
/// # Errors
/// Why it is nothing.
pub fn release(said: Said<'_>, forge: Forge) -> Result<Reading, String> {
    if !matches!(said.word("/action").as_str(), "published" | "released") {
        return Err("The release was edited or prepared, not published. There is nothing to record.".to_owned());
    }
    let tag = said.line("/release/tag_name").ok_or_else(|| missing("release.tag_name"))?;
    let mut message = repository(said)?;
    message.went(DeployStatus::Succeeded, said.first_moment(&["/release/published_at", "/release/created_at"]));
    message.known_as(format!("release {}", said.line("/release/id").unwrap_or_else(|| tag.clone())));
    message.weak = Some(WeakEvent::Release);
    message.branch = said.line("/release/target_commitish");
    message.draft.version = Some(tag);
    message.draft.deployed_by = said.line("/release/author/login");
    message.draft.url = said.url("/release/html_url");
    message.draft.summary = said.prose("/release/body");
    let words = message.draft.summary.clone();
    message.mention(&words, forge);
    Ok(message.into_reading())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_event(event: &str, body: &serde_json::Value) -> Reading {
        let headers = Headers::default();
        super::super::read(super::super::Sender::GitHub, Arrived { event, headers: &headers, said: Said(body) })
    }

    #[test]
    fn other_events_say_why_they_are_nothing() {
        for event in ["ping", "push", "release", "workflow_run", "deployment", "star", "unnamed", "deployment_status"] {
            let Reading::Nothing(why) = read_event(event, &json!({})) else { panic!("{event}") };
            assert!(why.ends_with('.'), "{why}");
        }
        for partial in [json!([]), json!(3), json!({"deployment_status": {"state": "success"}})] {
            assert!(matches!(read_event("deployment_status", &partial), Reading::Nothing(_)));
        }
    }

    #[test]
    fn what_only_waits_is_no_deploy_yet() {
        for state in ["queued", "pending", "waiting"] {
            let body = json!({"deployment_status": {"state": state, "created_at": "2026-11-23T14:00:00Z"},
                "deployment": {"id": 7, "ref": "main"}, "repository": {"name": "shop"}});
            let Reading::Nothing(why) = read_event("deployment_status", &body) else { panic!("{state}") };
            assert!(why.contains("waits"), "{why}");
        }
    }

    #[test]
    fn the_time_is_the_statuses_own() {
        let body = json!({"deployment_status": {"state": "success", "created_at": "2026-11-23T14:00:00Z",
                "environment": "production", "target_url": "", "environment_url": "javascript:alert(1)"},
            "deployment": {"id": 7, "sha": "abc", "ref": "main", "updated_at": "2026-12-24T00:00:00Z",
                "creator": {"login": "ada"}, "description": "SHOP-45 and #12"},
            "repository": {"name": "shop", "full_name": "acme/shop", "html_url": "https://git.example/acme/Shop"}});
        let Reading::Change(message) = read_event("deployment_status", &body) else { panic!() };
        assert_eq!(message.draft.finished_at.unwrap().to_string(), "2026-11-23T14:00:00Z");
        assert_eq!(message.draft.url, None);
        assert_eq!(message.draft.external_id.as_deref(), Some("7"));
        assert_eq!(message.draft.references.len(), 2);
        assert!(message.repository_urls.contains(&"https://git.example/acme/shop.git".to_owned()));
    }

    #[test]
    fn a_push_tells_its_size() {
        let commit = |id: &str, files: &[&str]| json!({"id": id, "message": "SHOP-1 (#4)", "modified": files});
        let body = json!({"ref": "refs/heads/main", "before": "a".repeat(40), "after": "b".repeat(40),
            "compare": "https://git.example/acme/shop/compare/a...b",
            "commits": [commit("1", &["x", "y"]), commit("2", &["y"])],
            "repository": {"name": "shop", "full_name": "acme/shop", "html_url": "https://git.example/acme/shop"}});
        let Reading::Change(message) = read_event("push", &body) else { panic!() };
        assert_eq!(message.weak, Some(WeakEvent::Push));
        let push = &message.pushes[0];
        assert_eq!((push.commit_count, push.file_count), (2, Some(2)));
        assert_eq!(push.references.len(), 2);
        assert_eq!(message.branch.as_deref(), Some("main"));
    }
}
