//! What a delivery says, in the one shape that all senders' modules speak.

use super::mentions::{Forge, in_order, mentions};
use super::model::Headers;
use super::reading::Said;
use crate::clock::Moment;
use crate::deploys::model::{DeployDraft, DeployStatus, ENVIRONMENT_LIMIT, Reference};
use crate::signals::model::AlertDraft;
use crate::text_enum;
use crate::web::fields::LINE_LIMIT;

/// A delivery as a sender's module sees it.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// What kind of event it is.
    pub event: &'a str,
    /// The headers, lower-case names.
    pub headers: &'a Headers,
    /// The body.
    pub said: Said<'a>,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A change was made.
    Change(Box<Message>),
    /// Something hurts, or does so no more.
    Alerts(Vec<AlertDraft>),
    /// Nothing that is kept; a sentence says why.
    Nothing(String),
}

impl Reading {
    /// Nothing, and why.
    pub fn nothing(why: impl Into<String>) -> Self {
        Reading::Nothing(why.into())
    }
}

text_enum! {
    /// Events that may stand for a deploy, and do so only where a rule says it.
    pub enum WeakEvent {
        /// Code was pushed.
        Push = "push",
        /// A workflow ran.
        WorkflowRun = "workflow_run",
        /// A pipeline ran.
        Pipeline = "pipeline",
        /// A release was published.
        Release = "release",
        /// A build or job ran.
        Build = "build",
    }
}

impl WeakEvent {
    /// As a choice says it.
    pub const fn label(self) -> &'static str {
        match self {
            WeakEvent::Push => "Push",
            WeakEvent::WorkflowRun => "Workflow run",
            WeakEvent::Pipeline => "Pipeline",
            WeakEvent::Release => "Release",
            WeakEvent::Build => "Build or job",
        }
    }

    /// Why it is no deploy of itself.
    pub const fn why_not(self) -> &'static str {
        match self {
            WeakEvent::Push => "A push is not a deploy. What it brought is kept for the deploy of its last commit.",
            WeakEvent::WorkflowRun => {
                "A workflow's run does not say what was deployed where. Add a rule that counts this workflow as a deploy."
            }
            WeakEvent::Pipeline => {
                "A pipeline's run does not say what was deployed where. Add a rule that counts this pipeline as a deploy."
            }
            WeakEvent::Release => "A release is not a deploy. Add a rule that counts releases as deploys, if they are.",
            WeakEvent::Build => {
                "A build or job does not say what was deployed where. Add a rule that counts this one as a deploy."
            }
        }
    }
}

/// What a push brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The last commit.
    pub after_sha: String,
    /// The commit before the first.
    pub before_sha: Option<String>,
    /// The repository's whole name.
    pub repository: String,
    /// How many commits.
    pub commit_count: i64,
    /// How many files they touch, where that is told.
    pub file_count: Option<i64>,
    /// What changed, commit by commit.
    pub compare_url: Option<String>,
    /// Tickets and pull requests in the messages.
    pub references: Vec<Reference>,
}

/// A sender's word about a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The deploy as far as this message knows it. Its source is set by the reader.
    pub draft: DeployDraft,
    /// Addresses of the repository; a service that has one of them is the deploy's service.
    pub repository_urls: Vec<String>,
    /// The service's name when one that is called like the repository belongs to another.
    pub full_name: String,
    /// A page about it, for when no message brings a better one.
    pub fallback_url: Option<String>,
    /// The workflow, pipeline, job or application by its sender's name.
    pub workflow: Option<String>,
    /// The branch or tag.
    pub branch: Option<String>,
    /// What it needs a rule for, when it needs one.
    pub weak: Option<WeakEvent>,
    /// What was pushed, when that is what it says.
    pub pushes: Vec<Push>,
}

impl Message {
    /// A succeeded deploy of `service`; an empty name stands for "the source's own".
    pub fn of(service: &str) -> Self {
        Message {
            draft: DeployDraft::of(service, ""),
            repository_urls: Vec::new(),
            full_name: service.to_owned(),
            fallback_url: None,
            workflow: None,
            branch: None,
            weak: None,
            pushes: Vec::new(),
        }
    }

    /// As a reading.
    pub fn into_reading(mut self) -> Reading {
        let draft = &mut self.draft;
        // What cannot be (a sender's clock) is left out, so that the rest can be recorded.
        if let (Some(started), Some(finished)) = (draft.started_at, draft.finished_at)
            && finished < started
        {
            draft.started_at = None;
        }
        if !draft.status.is_finished() {
            draft.finished_at = None;
        }
        draft.references = in_order(std::mem::take(&mut draft.references));
        Reading::Change(Box::new(self))
    }

    /// How it went, and when that was.
    pub fn went(&mut self, status: DeployStatus, at: Option<Moment>) {
        self.draft.status = status;
        if status.is_finished() {
            self.draft.finished_at = at;
        } else {
            self.draft.started_at = at;
        }
    }

    /// Where it went, when that is told.
    pub fn into_environment(&mut self, name: Option<String>) {
        if let Some(name) = name {
            self.draft.environment = name.chars().take(ENVIRONMENT_LIMIT).collect();
        }
    }

    /// What it is known by at its sender.
    pub fn known_as(&mut self, id: impl Into<String>) {
        self.draft.external_id = super::reading::tidy(&id.into(), LINE_LIMIT);
    }

    /// Adds what `text` mentions.
    pub fn mention(&mut self, text: &str, forge: Forge) {
        self.draft.references.extend(mentions(text, forge, self.fallback_url.as_deref()));
    }

    /// The repository that it comes from: its page and other addresses, its name and whole name.
    pub fn from_repository(&mut self, home: Option<String>, others: &[Option<String>], full_name: Option<String>) {
        self.repository_urls = spellings(home.iter().cloned().chain(others.iter().flatten().cloned()));
        self.fallback_url = home;
        if let Some(full_name) = full_name {
            self.full_name = full_name;
        }
    }
}

/// The ways in which people write the address of a repository.
pub fn spellings(urls: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for url in urls {
        let bare = url.trim_end_matches('/').trim_end_matches(".git").to_owned();
        for variant in [bare.clone(), format!("{bare}/"), format!("{bare}.git"), url.clone()] {
            for spelled in [variant.to_lowercase(), variant] {
                if !found.contains(&spelled) {
                    found.push(spelled);
                }
            }
        }
    }
    found
}
