//! Reading stored deliveries, after the sender has had its answer.

use super::model::{Message, Reading, Verdict};
use super::queries::{self, ToRead};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::deploys;
use crate::error::Error;
use crate::jobs::model::Job;
use crate::services;
use crate::services::model::ServiceDraft;
use crate::web::fields::slugify;

/// The kind of the job.
pub const READ_DELIVERY: &str = "hooks.read_delivery";

/// Reads one delivery and does what it says.
///
/// # Errors
/// The database's; the job is then tried again. A delivery that cannot be understood is no error but ignored.
pub fn read_delivery(c: &mut Conn, job: &Job, now: Moment) -> Result<(), Error> {
    let task: ToRead = serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    let whole = queries::delivery(c, task.delivery_id)?;
    let id = whole.delivery.id;
    let message = match whole.source.sender.read(&whole.headers, &whole.body) {
        Reading::Change(message) => message,
        Reading::Nothing(reason) => return queries::settle(c, id, Verdict::Ignored, &reason, None, now),
    };
    let actor = Actor::program(&format!("{} hook", whole.source.sender.label()));
    let mut news = message.draft.clone();
    news.source = whole.source.deploy_source();
    news.service = service_of(c, &actor, &message, now)?;
    match deploys::queries::heed(c, &actor, &news, now) {
        Ok(deploy) => {
            let deploy = with_address(c, &actor, deploy, &message, now)?;
            let reason = format!("It says that {} {}.", deploy.key(), phrase(&message));
            queries::settle(c, id, Verdict::Recorded, &reason, Some(deploy.id), now)
        }
        // Refused before anything was written: it will be refused again, so it is told and not tried again.
        Err(Error::Invalid(errors)) => {
            let reason = errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" ");
            queries::settle(c, id, Verdict::Ignored, &reason, None, now)
        }
        Err(other) => Err(other),
    }
}

fn phrase(message: &Message) -> &'static str {
    use deploys::model::DeployStatus;
    match message.draft.status {
        DeployStatus::Started => "has started",
        DeployStatus::Succeeded => "succeeded",
        DeployStatus::Failed => "failed",
        DeployStatus::RolledBack => "was rolled back",
    }
}

/// The service that has this repository; else the one that is called like it, made when there is none.
fn service_of(c: &mut Conn, actor: &Actor, message: &Message, now: Moment) -> Result<String, Error> {
    let slug = slugify(&message.draft.service);
    let owners = services::queries::by_repository(c, &message.repository_urls)?;
    // A repository of several services: the one that is called like it, if there is one.
    if let Some(owner) = owners.iter().find(|owner| owner.slug == slug) {
        return Ok(owner.slug.clone());
    }
    if let [only] = &owners[..] {
        return Ok(only.slug.clone());
    }
    let namesake = services::queries::find(c, &slug)?;
    let is_of_another = namesake.as_ref().is_some_and(|service| {
        service.repository_url.as_ref().is_some_and(|url| !message.repository_urls.contains(url))
    });
    let name = if is_of_another { &message.full_name } else { &message.draft.service };
    let slug = slugify(name);
    if services::queries::find(c, &slug)?.is_none() && !slug.is_empty() {
        let draft = ServiceDraft {
            slug: slug.clone(),
            name: name.clone(),
            team: None,
            tier: services::model::DEFAULT_TIER,
            description: String::new(),
            repository_url: message.fallback_url.clone(),
            depends_on: Vec::new(),
            links: Vec::new(),
        };
        services::queries::add(c, actor, &draft, now)?;
    }
    Ok(slug)
}

/// A deploy for which no message brought an address leads to its repository.
fn with_address(
    c: &mut Conn,
    actor: &Actor,
    deploy: deploys::model::Deploy,
    message: &Message,
    now: Moment,
) -> Result<deploys::model::Deploy, Error> {
    if deploy.url.is_some() || message.fallback_url.is_none() {
        return Ok(deploy);
    }
    let mut draft = deploys::queries::draft_of(c, &deploy)?;
    draft.url.clone_from(&message.fallback_url);
    deploys::queries::change(c, actor, &deploy, &draft, now)
}
