//! Gitea and Forgejo, which write as GitHub does, with headers of their own. Pure.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Reading};
use super::super::reading::{Said, tidy};
use super::{Named, code, github};
use crate::web::fields::LINE_LIMIT;

/// Event and delivery id stand in headers.
pub fn envelope(headers: &Headers, _: Said<'_>) -> Named {
    let first =
        |names: &[&str]| names.iter().find_map(|name| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT)));
    (
        first(&["x-forgejo-event", "x-gitea-event", "x-gogs-event", "x-github-event"]),
        first(&["x-forgejo-delivery", "x-gitea-delivery", "x-gogs-delivery", "x-github-delivery"]),
    )
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    match arrived.event {
        "push" => {
            let compare_url = said.url("/compare_url");
            let names = code::Names { forge: Forge::Gitea, total: "/total_commits", compare_url };
            code::push(said, github::repository(said)?, &names)
        }
        "release" => github::release(said, Forge::Gitea),
        "workflow_run" | "action_run_success" | "action_run_failure" | "action_run_recover"
            if said.at("/workflow_run").is_there() =>
        {
            github::workflow_run(said, Forge::Gitea)
        }
        "unnamed" => Err("The delivery names no event in X-Gitea-Event or X-Forgejo-Event.".to_owned()),
        other => Err(format!("Events of the kind {other} are not recorded; push, release and workflow_run are.")),
    }
}
