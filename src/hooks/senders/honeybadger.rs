//! Honeybadger's deploys, spoken here as they are spoken there (`POST /v1/deploys`, as form or JSON). Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::{Said, last_part, tidy_url};
use super::{Named, missing};

/// How a delivery through that door is named.
pub const EVENT: &str = "honeybadger.deploy";

/// There is one event and no id.
pub fn envelope(_: &Headers, _: Said<'_>) -> Named {
    (Some(EVENT.to_owned()), None)
}

/// What a delivery says. Without a repository it is one of the source's own name.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let first =
        |name: &str| said.first_line(&[&format!("/deploy/{name}"), &format!("/deploy[{name}]"), &format!("/{name}")]);
    let revision = first("revision");
    let environment = first("environment");
    if revision.is_none() && environment.is_none() && !said.at("/deploy").is_there() {
        return Err(missing("deploy[revision] or deploy[environment]"));
    }
    let repository = first("repository");
    let name = repository
        .as_deref()
        .map(|url| url.trim_end_matches(".git"))
        .and_then(|url| last_part(url.rsplit(':').next().unwrap_or(url)));
    let mut message = Message::of(&first("service").or(name).unwrap_or_default());
    let home = repository.as_deref().and_then(tidy_url);
    message.from_repository(home, &[], repository);
    message.into_environment(environment);
    if let Some(revision) = revision {
        if names_a_commit(&revision) {
            message.draft.commit_sha = Some(revision);
        } else {
            message.draft.version = Some(revision);
        }
    }
    message.draft.deployed_by = first("local_username").or_else(|| first("user"));
    message.draft.url = said.first_url(&["/deploy/url", "/deploy[url]"]);
    message.draft.finished_at = said.first_moment(&["/deploy/timestamp", "/deploy[timestamp]", "/deploy/created_at"]);
    Ok(message.into_reading())
}

/// A revision is a commit, whole or shortened, unless it reads like a name.
fn names_a_commit(revision: &str) -> bool {
    (7..=64).contains(&revision.len())
        && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
        && revision.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::names_a_commit;

    #[test]
    fn commits_are_told_from_names() {
        for commit in ["f95f852", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"] {
            assert!(names_a_commit(commit), "{commit}");
        }
        for name in ["v6", "facade", "deadbeef", "2.4.1", "main"] {
            assert!(!names_a_commit(name), "{name}");
        }
    }
}
