//! CircleCI: `workflow-completed` and `job-completed`. Pure.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, last_part, tidy};
use super::github::kind_of;
use super::{Named, missing};
use crate::deploys::model::DeployStatus;
use crate::web::fields::LINE_LIMIT;

/// The event stands in a header and in the body; the id in the body.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let event =
        headers.get("circleci-event-type").and_then(|name| tidy(name, LINE_LIMIT)).or_else(|| said.line("/type"));
    (event, said.line("/id"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let (part, weak) = match said.word("/type").as_str() {
        "workflow-completed" => ("/workflow", WeakEvent::WorkflowRun),
        "job-completed" => ("/job", WeakEvent::Build),
        "ping" => return Err("A ping: CircleCI says that the hook is set up. There is nothing to record.".to_owned()),
        "" => return Err(missing("type")),
        other => return Err(format!("Events of the kind {other} are not recorded; workflow-completed is.")),
    };
    let about = said.at(part);
    let status = match about.word("/status").as_str() {
        "success" => DeployStatus::Succeeded,
        "failed" | "error" | "canceled" | "unauthorized" | "failing" => DeployStatus::Failed,
        "not_run" => return Err("It was not run. Nothing was deployed.".to_owned()),
        _ => return Err(missing("status that is known here")),
    };
    let id = about.line("/id").ok_or_else(|| missing("id of the workflow or job"))?;
    let name = said
        .line("/project/name")
        .or_else(|| said.text("/project/slug").and_then(last_part))
        .ok_or_else(|| missing("project.name"))?;
    let mut message = Message::of(&name);
    let vcs = said.at("/pipeline/vcs");
    message.from_repository(
        vcs.first_url(&["/target_repository_url", "/origin_repository_url"]),
        &[vcs.url("/origin_repository_url")],
        said.line("/project/slug"),
    );
    message.went(status, about.moment("/stopped_at").or_else(|| said.moment("/happened_at")));
    message.draft.started_at = about.first_moment(&["/started_at", "/created_at"]);
    message.known_as(id);
    message.weak = Some(weak);
    message.workflow = about.line("/name");
    message.branch = vcs.first_line(&["/branch", "/tag"]);
    message.draft.kind = kind_of(&about.word("/name"));
    message.draft.version = vcs.first_line(&["/tag", "/branch"]);
    message.draft.commit_sha = vcs.line("/revision");
    message.draft.deployed_by = vcs.first_line(&["/commit/committer/name", "/commit/author/name"]);
    message.draft.summary = vcs.prose("/commit/subject");
    message.draft.url = about.url("/url").or_else(|| said.url("/workflow/url"));
    let forge = if vcs.word("/provider_name") == "github" { Forge::GitHub } else { Forge::Unknown };
    let words = format!("{} {}", vcs.prose("/commit/subject"), vcs.prose("/commit/body"));
    message.mention(&words, forge);
    Ok(message.into_reading())
}
