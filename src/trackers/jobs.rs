//! Bringing an issue in step with its item. The work talks to the tracker while no transaction is open.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Access, Call, Issue, Said, TOKEN_PURPOSE, Tracker, TrackerKind, Wanted, mark};
use super::{github, gitlab, jira, queries};
use crate::action_items::model::ActionItem;
use crate::app::App;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::Job;
use crate::jobs::worker::Record;
use crate::outbound::{Answer, Client};

/// The kind of the job.
pub const PUSH: &str = "trackers.push";

/// What the job is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ToPush {
    /// Row id of the issue.
    pub issue_id: i64,
}

/// Creates an issue, or makes it say what its item says.
///
/// # Errors
/// What the tracker, or the way to it, has against it; it stands on the item as well, and the job is tried again.
pub fn push(app: &App, job: &Job) -> Result<Record, Error> {
    let task: ToPush = serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    let found = app.db.read_blocking(|c| queries::to_push(c, task.issue_id))?;
    let Some((issue, tracker, item)) = found else { return Ok(Box::new(|_, _| Ok(()))) };
    let version = issue.wanted_version;
    match in_step(app, &issue, &tracker, &item) {
        Ok(said) => Ok(Box::new(move |c: &mut Conn, now: Moment| queries::pushed(c, (&issue, version), &said, now))),
        Err(why) => {
            let now = app.clock.now();
            app.db.write_blocking(|c| queries::failed(c, issue.id, &why, now))?;
            Err(Error::Fault(why))
        }
    }
}

/// Says what the tracker knows afterwards, or in a sentence what is against it.
fn in_step(app: &App, issue: &Issue, tracker: &Tracker, item: &ActionItem) -> Result<Said, String> {
    let token = app.seal.open(TOKEN_PURPOSE, &tracker.sealed_token).map_err(|error| told(&error))?;
    let access = Access { tracker, token: &token };
    let talk = Talk { client: &app.outbound, access };
    let mark = mark(&item.key(), &app.config.base_url);
    let body = format!("{}\n\n{mark}", item.details).trim_start().to_owned();
    let wanted = Wanted { title: item.title.clone(), body, mark, is_done: !item.status.is_unfinished() };
    let said = match &issue.external_key {
        Some(key) => talk.get(key)?,
        None => match talk.find(&wanted)? {
            Some(said) => said,
            None => talk.create(&wanted)?,
        },
    };
    if said.title == wanted.title && said.is_done == wanted.is_done {
        return Ok(said);
    }
    talk.update(&said, &wanted)
}

fn told(error: &Error) -> String {
    match error {
        Error::Invalid(errors) => errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A talk with one project.
struct Talk<'a> {
    client: &'a Client,
    access: Access<'a>,
}

impl Talk<'_> {
    fn kind(&self) -> TrackerKind {
        self.access.tracker.kind
    }

    fn send(&self, call: &Call) -> Result<Answer, String> {
        let headers: Vec<(&str, &str)> =
            call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.client.send(call.method, &call.url, &headers, call.body.as_bytes()).map_err(|error| error.to_string())
    }

    /// Sends, and takes only an answer of success.
    fn ask(&self, call: &Call) -> Result<Value, String> {
        let answer = self.send(call)?;
        if !answer.is_success() {
            return Err(self.refusal(answer.status));
        }
        Ok(answer.json().unwrap_or(Value::Null))
    }

    /// What an error's status means. Its body is not shown: it is another program's.
    fn refusal(&self, status: u16) -> String {
        let name = self.kind().label();
        match status {
            401 => format!("{name} does not take the token any more. An admin can enter a new one under Trackers."),
            403 | 429 => format!("{name} refuses for now: the token may not do this, or it was asked too often."),
            404 | 410 => format!("{name} does not find the project or the issue, or the token may not see it."),
            400 | 422 => format!("{name} does not accept what was sent. Check the project under Trackers."),
            500.. => format!("{name} has trouble of its own ({status}). It is tried again."),
            other => format!("{name} answered {other}."),
        }
    }

    fn unreadable(&self) -> String {
        format!("{} answered something that cannot be read.", self.kind().label())
    }

    fn find(&self, wanted: &Wanted) -> Result<Option<Said>, String> {
        let access = &self.access;
        match self.kind() {
            TrackerKind::GitHub => Ok(github::find(&self.ask(&github::latest(access))?, &wanted.mark)),
            TrackerKind::GitLab => Ok(gitlab::find(&self.ask(&gitlab::latest(access))?, &wanted.mark)),
            TrackerKind::Jira => {
                let mut answer = self.send(&jira::search(access, wanted, "search/jql"))?;
                // Servers of one's own search elsewhere.
                if matches!(answer.status, 404 | 405 | 410) {
                    answer = self.send(&jira::search(access, wanted, "search"))?;
                }
                if !answer.is_success() {
                    return Err(self.refusal(answer.status));
                }
                Ok(answer.json().and_then(|answer| jira::find(&answer, &access.tracker.base_url)))
            }
        }
    }

    fn get(&self, key: &str) -> Result<Said, String> {
        let access = &self.access;
        let said = match self.kind() {
            TrackerKind::GitHub => github::read(&self.ask(&github::get(access, key))?),
            TrackerKind::GitLab => gitlab::read(&self.ask(&gitlab::get(access, key))?),
            TrackerKind::Jira => jira::read(&self.ask(&jira::get(access, key))?, &access.tracker.base_url),
        };
        said.ok_or_else(|| self.unreadable())
    }

    fn create(&self, wanted: &Wanted) -> Result<Said, String> {
        let access = &self.access;
        let said = match self.kind() {
            TrackerKind::GitHub => github::read(&self.ask(&github::create(access, wanted))?),
            TrackerKind::GitLab => gitlab::read(&self.ask(&gitlab::create(access, wanted))?),
            TrackerKind::Jira => {
                let key = jira::created(&self.ask(&jira::create(access, wanted))?).ok_or_else(|| self.unreadable())?;
                return self.get(&key);
            }
        };
        said.ok_or_else(|| self.unreadable())
    }

    fn update(&self, before: &Said, wanted: &Wanted) -> Result<Said, String> {
        let (access, key) = (&self.access, before.key.as_str());
        let said = match self.kind() {
            TrackerKind::GitHub => github::read(&self.ask(&github::update(access, key, wanted))?),
            TrackerKind::GitLab => gitlab::read(&self.ask(&gitlab::update(access, before, wanted))?),
            TrackerKind::Jira => {
                if before.title != wanted.title {
                    self.ask(&jira::rename(access, key, wanted))?;
                }
                if before.is_done != wanted.is_done {
                    let ways = self.ask(&jira::transitions(access, key))?;
                    let way = jira::way(&ways, wanted).ok_or_else(|| {
                        let state = if wanted.is_done { "a done" } else { "an open" };
                        format!("Jira's workflow has no way from here to {state} state. Move {key} there by hand.")
                    })?;
                    self.ask(&jira::go(access, key, &way))?;
                }
                return self.get(key);
            }
        };
        said.ok_or_else(|| self.unreadable())
    }
}
