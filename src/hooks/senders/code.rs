//! Pushes, as the forges that descend from one another write them.

use std::collections::BTreeSet;

use super::super::mentions::{Forge, in_order, mentions};
use super::super::model_reading::{Message, Push, Reading, WeakEvent};
use super::super::reading::{Said, bare_ref, is_zero};
use crate::clock::Moment;
use crate::deploys::model::DeployStatus;

/// What a forge calls the parts of a push.
pub struct Names<'a> {
    /// Whose signs stand in the messages.
    pub forge: Forge,
    /// The forge's own count of the commits.
    pub total: &'a str,
    /// What changed, commit by commit.
    pub compare_url: Option<String>,
}

/// A push with `ref`, `before`, `after` and `commits` that name their files.
pub fn push(said: Said<'_>, mut message: Message, names: &Names<'_>) -> Result<Reading, String> {
    let after = said.line("/after").ok_or_else(|| super::missing("after"))?;
    if is_zero(&after) {
        return Err("A branch or tag was deleted. There is nothing to record.".to_owned());
    }
    let before = said.line("/before").filter(|before| !is_zero(before));
    let home = message.fallback_url.clone();
    let mut files: BTreeSet<&str> = BTreeSet::new();
    let mut tells_files = false;
    let (mut references, mut listed, mut last) = (Vec::new(), 0_i64, None::<Moment>);
    for commit in said.at("/commits").list() {
        listed += 1;
        if let Some(words) = commit.text("/message") {
            references.extend(mentions(words, names.forge, home.as_deref()));
        }
        for part in ["/added", "/modified", "/removed"] {
            tells_files |= commit.at(part).0.is_array();
            files.extend(commit.at(part).list().filter_map(|file| file.0.as_str()));
        }
        last = last.max(commit.moment("/timestamp"));
    }
    let push = Push {
        after_sha: after.clone(),
        before_sha: before.clone(),
        repository: message.full_name.clone(),
        commit_count: said.count(names.total).unwrap_or(0).max(listed),
        file_count: tells_files.then(|| i64::try_from(files.len()).unwrap_or(i64::MAX)),
        compare_url: names.compare_url.clone().filter(|_| before.is_some()),
        references: in_order(references),
    };
    message.branch = said.line("/ref").map(|name| bare_ref(&name).to_owned());
    message.weak = Some(WeakEvent::Push);
    message.went(DeployStatus::Succeeded, last);
    message.draft.commit_sha = Some(after.clone());
    message.draft.version.clone_from(&message.branch);
    message.draft.previous_commit_sha = before;
    message.draft.deployed_by = said.first_line(&["/pusher/login", "/pusher/name", "/user_username", "/user_name"]);
    message.draft.summary = said.prose("/head_commit/message");
    message.draft.compare_url.clone_from(&push.compare_url);
    message.draft.url = said.url("/head_commit/url").or(home);
    message.draft.references.clone_from(&push.references);
    message.draft.commit_count = Some(push.commit_count);
    message.draft.file_count = push.file_count;
    message.known_as(format!("push {after}"));
    message.pushes.push(push);
    Ok(message.into_reading())
}
