//! Bitbucket Cloud. It has no event for deployments: pipelines arrive as statuses of a commit. Pure.

use super::super::mentions::{Forge, in_order, mentions};
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Push, Reading, WeakEvent};
use super::super::reading::{Said, last_part, tidy};
use super::github::kind_of;
use super::{Named, missing};
use crate::deploys::model::DeployStatus;
use crate::web::fields::LINE_LIMIT;

/// Most branches of one push that are read.
const CHANGES_LIMIT: usize = 20;

/// Event and delivery id stand in headers.
pub fn envelope(headers: &Headers, _: Said<'_>) -> Named {
    let line = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    (line("x-event-key"), line("x-request-uuid"))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    // Without the header the body's own parts tell.
    if said.at("/commit_status").is_there() {
        commit_status(said)
    } else if said.at("/push").is_there() {
        push(said)
    } else {
        let event = tidy(arrived.event, 80).unwrap_or_default();
        Err(format!("Events of the kind {event} are not recorded; repo:commit_status_updated and repo:push are."))
    }
}

fn repository(said: Said<'_>) -> Result<Message, String> {
    let full_name = said.line("/repository/full_name");
    let name = full_name
        .as_deref()
        .and_then(last_part)
        .or_else(|| said.line("/repository/name"))
        .ok_or_else(|| missing("repository.full_name"))?;
    let mut message = Message::of(&name);
    let home = said
        .url("/repository/links/html/href")
        .filter(|url| !url.contains("://api."))
        .or_else(|| full_name.as_ref().map(|name| format!("https://bitbucket.org/{name}")));
    message.from_repository(home, &[], full_name);
    Ok(message)
}

fn commit_status(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/commit_status");
    let status = match about.word("/state").as_str() {
        "inprogress" => DeployStatus::Started,
        "successful" => DeployStatus::Succeeded,
        "failed" | "stopped" => DeployStatus::Failed,
        _ => return Err(missing("commit_status.state that is known here")),
    };
    let key = about.line("/key").ok_or_else(|| missing("commit_status.key"))?;
    let mut message = repository(said)?;
    let sha = about.line("/commit/hash").or_else(|| about.text("/links/commit/href").and_then(last_part));
    message.went(status, about.first_moment(&["/updated_on", "/created_on"]));
    message.draft.started_at = about.moment("/created_on");
    message.known_as(format!("{key} {}", sha.clone().unwrap_or_default()));
    message.weak = Some(if about.word("/name").contains("pipeline") { WeakEvent::Pipeline } else { WeakEvent::Build });
    message.workflow = about.line("/name").or(Some(key));
    message.branch = about.line("/refname");
    message.draft.kind = kind_of(&about.word("/name"));
    message.draft.version.clone_from(&message.branch);
    message.draft.commit_sha = sha;
    message.draft.deployed_by = said.first_line(&["/actor/nickname", "/actor/display_name"]);
    message.draft.url = about.url("/url");
    message.draft.summary = about.prose("/description");
    let words = about.prose("/commit/message");
    message.mention(&words, Forge::Bitbucket);
    Ok(message.into_reading())
}

fn push(said: Said<'_>) -> Result<Reading, String> {
    let mut message = repository(said)?;
    let home = message.fallback_url.clone();
    for change in said.at("/push/changes").list().take(CHANGES_LIMIT) {
        let Some(after_sha) = change.line("/new/target/hash") else { continue };
        let (mut count, mut references) = (0, Vec::new());
        for commit in change.at("/commits").list() {
            count += 1;
            references.extend(mentions(commit.text("/message").unwrap_or_default(), Forge::Bitbucket, home.as_deref()));
        }
        message.branch = change.line("/new/name");
        message.went(DeployStatus::Succeeded, change.moment("/new/target/date"));
        message.draft.commit_sha = Some(after_sha.clone());
        message.draft.previous_commit_sha = change.line("/old/target/hash");
        message.draft.summary = change.prose("/new/target/message");
        message.draft.compare_url = change.url("/links/html/href");
        message.pushes.push(Push {
            after_sha,
            before_sha: change.line("/old/target/hash"),
            repository: message.full_name.clone(),
            commit_count: count,
            file_count: None,
            compare_url: change.url("/links/html/href"),
            references: in_order(references),
        });
    }
    let Some(last) = message.pushes.last().cloned() else {
        return Err("A branch or tag was deleted. There is nothing to record.".to_owned());
    };
    message.known_as(format!("push {}", last.after_sha));
    message.weak = Some(WeakEvent::Push);
    message.draft.version.clone_from(&message.branch);
    message.draft.deployed_by = said.first_line(&["/actor/nickname", "/actor/display_name"]);
    message.draft.commit_count = Some(last.commit_count);
    message.draft.references = last.references;
    Ok(message.into_reading())
}
