//! From what a delivery says, as the rules put it, to what is on record.

use super::model::Verdict;
use super::model_reading::Message;
use super::queries::{How, Outcome, Whole};
use super::rules::model::{Judged, Rule, judge};
use super::{queries_deliveries, queries_sizes};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::deploys;
use crate::deploys::model::{DeployDraft, DeployStatus};
use crate::deploys::model_follow::told;
use crate::error::Error;
use crate::services;
use crate::services::model::ServiceDraft;
use crate::signals;
use crate::signals::model::{AlertDraft, AlertState};
use crate::web::fields::slugify;

/// A delivery that is being read.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The delivery.
    pub whole: &'a Whole,
    /// The rules that it asks.
    pub rules: &'a [Rule],
    /// Why it is read.
    pub how: How,
    /// When it is read.
    pub now: Moment,
}

impl Task<'_> {
    /// In whose name it is done.
    pub fn actor(self) -> Actor {
        Actor::program(&format!("{} hook", self.whole.source.sender.label()))
    }
}

/// Records a change: all messages about it say together what it is, so that their order does not matter.
///
/// # Errors
/// 422 when the deploy cannot be; the database's.
pub fn change(c: &mut Conn, task: Task<'_>, message: &Message) -> Result<Outcome, Error> {
    let Task { whole, now, .. } = task;
    let actor = task.actor();
    let message = &named(task, message);
    if slugify(&message.draft.service).is_empty() {
        return Ok(Outcome::ignored("The delivery names no service with a letter or digit in its name.".to_owned()));
    }
    let mut news = prepared(task, message, whole.delivery.id, whole.delivery.received_at);
    news.check_times()?;
    news.service = service_of(c, &actor, message, now)?;
    let external_id = news.external_id.clone().unwrap_or_default();
    let known = deploys::queries::by_external_id(c, &news.source, &external_id)?;
    let deploy = match known {
        None => {
            let mut draft = told(vec![news]).expect("one message tells something");
            with_address(&mut draft, message);
            queries_sizes::complete(c, &mut draft)?;
            deploys::queries::record(c, &actor, &draft, now)?
        }
        Some(deploy) => {
            let mut messages = earlier(c, task, deploy.id, &news)?;
            let before = told(messages.clone());
            messages.push(news.clone());
            let mut said = told(messages).expect("one message tells something");
            with_address(&mut said, message);
            let mut draft = deploys::queries::retold(c, &deploy, |draft| {
                match before {
                    Some(mut before) => {
                        with_address(&mut before, message);
                        draft.follow(&before, &said);
                    }
                    None => draft.heed(&said),
                }
                if task.how == How::Replayed {
                    draft.service.clone_from(&news.service);
                    draft.environment.clone_from(&said.environment);
                    draft.environment_tier = said.environment_tier;
                }
            })?;
            queries_sizes::add_references(&mut draft, said.references);
            queries_sizes::complete(c, &mut draft)?;
            deploys::queries::change(c, &actor, &deploy, &draft, now)?
        }
    };
    let reason = format!("It says that {} {}.", deploy.key(), phrase(message.draft.status));
    Ok(Outcome { verdict: Verdict::Recorded, reason, deploy_id: Some(deploy.id), signal_id: None })
}

/// Records alerts as signals.
///
/// # Errors
/// The database's.
pub fn alerts(c: &mut Conn, task: Task<'_>, drafts: &[AlertDraft]) -> Result<Outcome, Error> {
    let (actor, source) = (task.actor(), task.whole.source.deploy_source());
    let received_at = task.whole.delivery.received_at;
    let mut made: Vec<i64> = Vec::new();
    for draft in drafts {
        let mut draft = draft.clone();
        match draft.state {
            AlertState::Firing => draft.started_at = draft.started_at.or(Some(received_at)),
            AlertState::Resolved => draft.ended_at = draft.ended_at.or(Some(received_at)),
        }
        let signal = signals::queries::heed(c, &actor, &source, &draft, task.now)?;
        if !made.contains(&signal.id) {
            made.push(signal.id);
        }
    }
    let lead = drafts.iter().find(|draft| draft.state == AlertState::Firing).or(drafts.first());
    let (Some(lead), Some(first)) = (lead, made.first()) else {
        return Ok(Outcome::ignored("It holds no alert.".to_owned()));
    };
    let count = match (drafts.len(), made.len()) {
        (1, _) => String::new(),
        (alerts, 1) => format!(" It holds {alerts} alerts of one group."),
        (alerts, groups) => format!(" It holds {alerts} alerts of {groups} groups."),
    };
    let reason = format!("It says that “{}” is {}.{count}", lead.title, lead.state);
    Ok(Outcome { verdict: Verdict::Alerted, reason, deploy_id: None, signal_id: Some(*first) })
}

const fn phrase(status: DeployStatus) -> &'static str {
    match status {
        DeployStatus::Started => "has started",
        DeployStatus::Succeeded => "succeeded",
        DeployStatus::Failed => "failed",
        DeployStatus::RolledBack => "was rolled back",
    }
}

/// The message with a service: where it names none, it is of the source's own name.
fn named(task: Task<'_>, message: &Message) -> Message {
    let mut message = message.clone();
    if slugify(&message.draft.service).is_empty() {
        message.draft.service.clone_from(&task.whole.source.name);
    }
    message
}

/// The deploy that a message tells of, with source, id and time.
fn prepared(task: Task<'_>, message: &Message, delivery_id: i64, received_at: Moment) -> DeployDraft {
    let mut draft = message.draft.clone();
    draft.source = task.whole.source.deploy_source();
    if draft.external_id.is_none() {
        // What has no id of its own is one deploy for each delivery, also when that is read again.
        draft.external_id = Some(format!("delivery {delivery_id}"));
    }
    draft.assume_now(received_at);
    draft
}

/// What the deliveries before said about the same deploy.
fn earlier(c: &mut Conn, task: Task<'_>, deploy_id: i64, news: &DeployDraft) -> Result<Vec<DeployDraft>, Error> {
    let mut messages = Vec::new();
    for past in queries_deliveries::others_of(c, deploy_id, &task.whole.delivery)? {
        let Judged::Change(message) = judge(past.read(), task.rules) else { continue };
        let mut draft = prepared(task, &message, past.delivery.id, past.delivery.received_at);
        if draft.external_id == news.external_id {
            draft.service.clone_from(&news.service);
            messages.push(draft);
        }
    }
    Ok(messages)
}

/// A deploy for which no message brought an address leads to its repository.
fn with_address(draft: &mut DeployDraft, message: &Message) {
    if draft.url.is_none() {
        draft.url.clone_from(&message.fallback_url);
    }
}

/// The service that has this repository; else the one that is called like it, made when there is none.
fn service_of(c: &mut Conn, actor: &Actor, message: &Message, now: Moment) -> Result<String, Error> {
    let slug = slugify(&message.draft.service);
    let owners = if message.repository_urls.is_empty() {
        Vec::new()
    } else {
        services::queries::by_repository(c, &message.repository_urls)?
    };
    // A repository of several services: the one that is called like it, if there is one.
    if let Some(owner) = owners.iter().find(|owner| owner.slug == slug) {
        return Ok(owner.slug.clone());
    }
    if let [only] = &owners[..] {
        return Ok(only.slug.clone());
    }
    let namesake = services::queries::find(c, &slug)?;
    let is_of_another = !message.repository_urls.is_empty()
        && namesake.as_ref().is_some_and(|service| {
            service.repository_url.as_ref().is_some_and(|url| !message.repository_urls.contains(url))
        });
    let name = if is_of_another { &message.full_name } else { &message.draft.service };
    let slug = slugify(name);
    if slug.is_empty() || services::queries::find(c, &slug)?.is_some() {
        return Ok(slug);
    }
    // Two deliveries may name a new service at once: one makes it, the other waits here and then finds it.
    crate::db::counters::hold(c, "deploy")?;
    if services::queries::find(c, &slug)?.is_none() {
        let draft = ServiceDraft {
            slug: slug.clone(),
            name: name.clone(),
            team: None,
            tier: services::model::DEFAULT_TIER,
            description: String::new(),
            repository_url: message.fallback_url.clone().filter(|_| !message.repository_urls.is_empty()),
            depends_on: Vec::new(),
            links: Vec::new(),
        };
        services::queries::add(c, actor, &draft, now)?;
    }
    Ok(slug)
}
