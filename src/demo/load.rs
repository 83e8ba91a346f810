//! Writes a whole [`World`] into an empty database, row by row and in the order of its references.
//!
//! It keeps the world's numbers and turns its names into row ids. It must never be used on a database that
//! holds somebody's records: it looks for nothing that is there already.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::world::{ActionItem, Deploy, Postmortem, World};
use super::{load_changes, load_incident};
use crate::action_items::model::{ActionKind, ActionStatus, Priority};
use crate::auth::model::{Role, Theme};
use crate::clock::Moment;
use crate::db::schema::{
    action_item_changes, action_item_evidence, action_items, contributing_factors, deploy_people, deploy_references,
    deploys, postmortem_revisions, postmortem_steps, postmortems, service_dependencies, service_links, services,
    settings, team_members, teams, users,
};
use crate::db::types::UnknownWord;
use crate::db::{Conn, counters};
use crate::deploys::model::{DeployKind, DeployStatus, Part, ReferenceKind};
use crate::error::Error;
use crate::postmortems::model::PostmortemStatus;
use crate::services::model::LinkKind;

/// Writes everything that the world holds, in the caller's transaction, and ends first-run set-up.
///
/// # Errors
/// The database's, or a fault when the world says a word or names a thing that does not exist.
pub fn load(c: &mut Conn, world: &World) -> Result<(), Error> {
    let mut rows = Rows::default();
    let began_at = at(world.began_at);
    diesel::insert_into(settings::table)
        .values((settings::name.eq("set_up_at"), settings::value.eq(began_at.to_string())))
        .execute(c)?;
    add_people(c, world, &mut rows)?;
    add_services(c, world, &mut rows)?;
    add_factors(c, world, &mut rows)?;
    for deploy in &world.deploys {
        let id = add_deploy(c, deploy, &rows)?;
        rows.deploys.insert(deploy.number, id);
    }
    for incident in &world.incidents {
        let id = load_incident::add(c, incident, &rows)?;
        rows.incidents.insert(incident.number, id);
    }
    load_changes::add(c, world, &rows)?;
    for postmortem in &world.postmortems {
        add_postmortem(c, postmortem, &rows)?;
    }
    for item in &world.action_items {
        add_action_item(c, item, &rows)?;
    }
    let highest = [
        ("deploy", world.deploys.iter().map(|deploy| deploy.number).max()),
        ("incident", world.incidents.iter().map(|incident| incident.number).max()),
        ("action_item", world.action_items.iter().map(|item| item.number).max()),
    ];
    for (name, number) in highest {
        counters::lift(c, name, number.unwrap_or(0))?;
    }
    Ok(())
}

/// The rows that were written so far, by the names that the world calls them.
#[derive(Default)]
pub(super) struct Rows<'a> {
    people: HashMap<&'a str, (i64, &'a str)>,
    teams: HashMap<&'a str, i64>,
    services: HashMap<&'a str, i64>,
    factors: HashMap<&'a str, i64>,
    deploys: HashMap<i64, i64>,
    incidents: HashMap<i64, i64>,
}

impl Rows<'_> {
    /// Id of the person with this handle.
    pub(super) fn person(&self, handle: &str) -> Result<i64, Error> {
        self.people.get(handle).map(|(id, _)| *id).ok_or_else(|| missing("person", handle))
    }

    /// Full name of the person with this handle; a name that is no handle (`ci`) stands for itself.
    pub(super) fn full_name<'n>(&'n self, handle: &'n str) -> &'n str {
        self.people.get(handle).map_or(handle, |(_, name)| name)
    }

    pub(super) fn service(&self, slug: &str) -> Result<i64, Error> {
        self.services.get(slug).copied().ok_or_else(|| missing("service", slug))
    }

    pub(super) fn factor(&self, slug: &str) -> Result<i64, Error> {
        self.factors.get(slug).copied().ok_or_else(|| missing("factor", slug))
    }

    pub(super) fn deploy(&self, number: i64) -> Result<i64, Error> {
        self.deploys.get(&number).copied().ok_or_else(|| missing("deploy", number))
    }

    pub(super) fn incident(&self, number: i64) -> Result<i64, Error> {
        self.incidents.get(&number).copied().ok_or_else(|| missing("incident", number))
    }

    fn team(&self, slug: &str) -> Result<i64, Error> {
        self.teams.get(slug).copied().ok_or_else(|| missing("team", slug))
    }
}

fn missing(what: &str, which: impl std::fmt::Display) -> Error {
    Error::Fault(format!("the demo names the {what} {which}, which it does not hold"))
}

/// The column's type of one of the world's instants.
pub(super) fn at(instant: DateTime<Utc>) -> Moment {
    Moment::from_chrono(instant)
}

/// Reads one of the product's words.
pub(super) fn word<T: FromStr<Err = UnknownWord>>(field: &str, given: &str) -> Result<T, Error> {
    given.parse().map_err(|unknown: UnknownWord| Error::Fault(format!("the demo says {field} \"{given}\". {unknown}")))
}

fn add_people<'a>(c: &mut Conn, world: &'a World, rows: &mut Rows<'a>) -> Result<(), Error> {
    let began_at = at(world.began_at);
    for team in &world.teams {
        let id = diesel::insert_into(teams::table)
            .values((teams::slug.eq(team.slug), teams::name.eq(team.name), teams::created_at.eq(began_at)))
            .returning(teams::id)
            .get_result(c)?;
        rows.teams.insert(team.slug, id);
    }
    for person in &world.people {
        let id: i64 = diesel::insert_into(users::table)
            .values((
                users::email.eq(&person.email),
                users::handle.eq(person.handle),
                users::name.eq(person.name),
                users::role.eq(word::<Role>("role", person.role)?),
                users::zone.eq(person.zone),
                users::theme.eq(Theme::System),
                users::keys_on.eq(true),
                users::created_at.eq(began_at),
            ))
            .returning(users::id)
            .get_result(c)?;
        rows.people.insert(person.handle, (id, person.name));
        if let Some(team) = person.team {
            diesel::insert_into(team_members::table)
                .values((team_members::team_id.eq(rows.team(team)?), team_members::user_id.eq(id)))
                .execute(c)?;
        }
    }
    Ok(())
}

fn add_services<'a>(c: &mut Conn, world: &'a World, rows: &mut Rows<'a>) -> Result<(), Error> {
    let began_at = at(world.began_at);
    for service in &world.services {
        let id: i64 = diesel::insert_into(services::table)
            .values((
                services::slug.eq(service.slug),
                services::name.eq(service.name),
                services::team_id.eq(rows.team(service.team)?),
                services::tier.eq(service.tier),
                services::description.eq(service.description),
                services::repository_url.eq(&service.repository_url),
                services::revision.eq(1),
                services::created_at.eq(began_at),
                services::updated_at.eq(began_at),
            ))
            .returning(services::id)
            .get_result(c)?;
        rows.services.insert(service.slug, id);
        for link in &service.links {
            diesel::insert_into(service_links::table)
                .values((
                    service_links::service_id.eq(id),
                    service_links::kind.eq(word::<LinkKind>("kind of a link", link.kind)?),
                    service_links::label.eq(&link.label),
                    service_links::url.eq(&link.url),
                ))
                .execute(c)?;
        }
    }
    // Dependencies last: they may lead to any service.
    for service in &world.services {
        for needed in service.depends_on {
            diesel::insert_into(service_dependencies::table)
                .values((
                    service_dependencies::service_id.eq(rows.service(service.slug)?),
                    service_dependencies::depends_on_id.eq(rows.service(needed)?),
                ))
                .execute(c)?;
        }
    }
    Ok(())
}

fn add_factors<'a>(c: &mut Conn, world: &'a World, rows: &mut Rows<'a>) -> Result<(), Error> {
    let began_at = at(world.began_at);
    for factor in &world.factors {
        let id = diesel::insert_into(contributing_factors::table)
            .values((
                contributing_factors::slug.eq(factor.slug),
                contributing_factors::name.eq(factor.name),
                contributing_factors::description.eq(factor.description),
                contributing_factors::created_at.eq(began_at),
            ))
            .returning(contributing_factors::id)
            .get_result(c)?;
        rows.factors.insert(factor.slug, id);
    }
    Ok(())
}

fn add_deploy(c: &mut Conn, deploy: &Deploy, rows: &Rows<'_>) -> Result<i64, Error> {
    let id: i64 = diesel::insert_into(deploys::table)
        .values((
            deploys::number.eq(deploy.number),
            deploys::service_id.eq(rows.service(deploy.service)?),
            deploys::environment.eq(deploy.environment),
            deploys::kind.eq(word::<DeployKind>("kind of a deploy", deploy.kind)?),
            deploys::status.eq(word::<DeployStatus>("status of a deploy", deploy.status)?),
            deploys::version.eq(&deploy.version),
            deploys::commit_sha.eq(&deploy.commit_sha),
            deploys::previous_version.eq(&deploy.previous_version),
            deploys::previous_commit_sha.eq(&deploy.previous_commit_sha),
            deploys::summary.eq(&deploy.summary),
            deploys::url.eq(&deploy.url),
            deploys::compare_url.eq(&deploy.compare_url),
            deploys::deployed_by.eq(rows.full_name(&deploy.deployed_by)),
            deploys::source.eq(deploy.source),
            deploys::external_id.eq(&deploy.external_id),
            deploys::started_at.eq(at(deploy.started_at)),
            deploys::finished_at.eq(deploy.finished_at.map(at)),
            deploys::happened_at.eq(at(deploy.happened_at())),
            deploys::revision.eq(1),
            deploys::created_at.eq(at(deploy.started_at)),
            deploys::updated_at.eq(at(deploy.happened_at())),
        ))
        .returning(deploys::id)
        .get_result(c)?;
    // As when a deploy is recorded: whoever deployed stands at the end of the trail.
    let deployer = ("deployer", deploy.deployed_by.as_str(), Some(deploy.started_at));
    let trail = deploy.trail.iter().map(|entry| (entry.part, entry.handle, entry.stood_at));
    for (part, handle, stood_at) in trail.chain([deployer]) {
        diesel::insert_into(deploy_people::table)
            .values((
                deploy_people::deploy_id.eq(id),
                deploy_people::part.eq(word::<Part>("part", part)?),
                deploy_people::name.eq(rows.full_name(handle)),
                deploy_people::user_id.eq(rows.people.get(handle).map(|(id, _)| *id)),
                deploy_people::stood_at.eq(stood_at.map(at)),
            ))
            .execute(c)?;
    }
    for reference in &deploy.references {
        diesel::insert_into(deploy_references::table)
            .values((
                deploy_references::deploy_id.eq(id),
                deploy_references::kind.eq(word::<ReferenceKind>("kind of a reference", reference.kind)?),
                deploy_references::label.eq(&reference.label),
                deploy_references::url.eq(&reference.url),
            ))
            .execute(c)?;
    }
    Ok(id)
}

fn add_postmortem(c: &mut Conn, postmortem: &Postmortem, rows: &Rows<'_>) -> Result<(), Error> {
    let status: PostmortemStatus = word("status of a postmortem", postmortem.status)?;
    let numbered = || (1_i64..).zip(&postmortem.revisions);
    let current = numbered().last().map_or(0, |(number, _)| number);
    let last_saved = postmortem.revisions.iter().map(|revision| revision.created_at);
    let last_step = postmortem.steps.iter().map(|step| step.happened_at);
    let updated_at = last_saved.chain(last_step).fold(postmortem.created_at, DateTime::max);
    // Nobody starts what is not needed; its step says who put it down.
    let started_by = if current > 0 { Some(rows.person(postmortem.started_by)?) } else { None };
    let id: i64 = diesel::insert_into(postmortems::table)
        .values((
            postmortems::incident_id.eq(rows.incident(postmortem.incident)?),
            postmortems::status.eq(status),
            postmortems::current_revision.eq(current),
            postmortems::published_revision.eq((status == PostmortemStatus::Published).then_some(current)),
            postmortems::published_at.eq(postmortem.published_at.map(at)),
            postmortems::published_by.eq(postmortem.published_by.map(|who| rows.person(who)).transpose()?),
            postmortems::not_needed_reason.eq(&postmortem.not_needed_reason),
            postmortems::started_by.eq(started_by),
            postmortems::created_at.eq(at(postmortem.created_at)),
            postmortems::updated_at.eq(at(updated_at)),
        ))
        .returning(postmortems::id)
        .get_result(c)?;
    for (number, revision) in numbered() {
        diesel::insert_into(postmortem_revisions::table)
            .values((
                postmortem_revisions::postmortem_id.eq(id),
                postmortem_revisions::number.eq(number),
                postmortem_revisions::base_number.eq((number > 1).then_some(number - 1)),
                postmortem_revisions::markdown.eq(&revision.markdown),
                postmortem_revisions::note.eq(&revision.note),
                postmortem_revisions::user_id.eq(rows.person(revision.written_by)?),
                postmortem_revisions::created_at.eq(at(revision.created_at)),
            ))
            .execute(c)?;
    }
    for step in &postmortem.steps {
        diesel::insert_into(postmortem_steps::table)
            .values((
                postmortem_steps::postmortem_id.eq(id),
                postmortem_steps::status.eq(word::<PostmortemStatus>("status of a step", step.status)?),
                postmortem_steps::reason.eq(&step.reason),
                postmortem_steps::revision.eq(step.revision),
                postmortem_steps::user_id.eq(rows.person(step.taken_by)?),
                postmortem_steps::happened_at.eq(at(step.happened_at)),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn add_action_item(c: &mut Conn, item: &ActionItem, rows: &Rows<'_>) -> Result<(), Error> {
    let last_change = item.changes.iter().map(|change| change.changed_at);
    let updated_at = last_change.fold(item.created_at, DateTime::max);
    let id: i64 = diesel::insert_into(action_items::table)
        .values((
            action_items::number.eq(item.number),
            action_items::incident_id.eq(item.incident.map(|number| rows.incident(number)).transpose()?),
            action_items::title.eq(&item.title),
            action_items::details.eq(&item.details),
            action_items::kind.eq(word::<ActionKind>("kind of an action item", item.kind)?),
            action_items::status.eq(word::<ActionStatus>("status of an action item", item.status)?),
            action_items::priority.eq(word::<Priority>("priority", item.priority)?),
            action_items::owner_id.eq(item.owner.map(|who| rows.person(who)).transpose()?),
            action_items::team_id.eq(item.team.map(|slug| rows.team(slug)).transpose()?),
            action_items::factor_id.eq(item.factor.map(|slug| rows.factor(slug)).transpose()?),
            action_items::due_on.eq(item.due_on),
            action_items::tracker_url.eq(&item.tracker_url),
            action_items::declined_reason.eq(&item.declined_reason),
            action_items::closed_at.eq(item.closed_at.map(at)),
            action_items::created_by.eq(rows.person(item.created_by)?),
            action_items::revision.eq(1),
            action_items::created_at.eq(at(item.created_at)),
            action_items::updated_at.eq(at(updated_at)),
        ))
        .returning(action_items::id)
        .get_result(c)?;
    for evidence in &item.evidence {
        diesel::insert_into(action_item_evidence::table)
            .values((
                action_item_evidence::action_item_id.eq(id),
                action_item_evidence::text.eq(&evidence.text),
                action_item_evidence::url.eq(&evidence.url),
                action_item_evidence::user_id.eq(rows.person(evidence.given_by)?),
                action_item_evidence::given_at.eq(at(evidence.given_at)),
            ))
            .execute(c)?;
    }
    for change in &item.changes {
        diesel::insert_into(action_item_changes::table)
            .values((
                action_item_changes::action_item_id.eq(id),
                action_item_changes::field.eq(change.field),
                action_item_changes::old_value.eq(&change.old_value),
                action_item_changes::new_value.eq(&change.new_value),
                action_item_changes::reason.eq(&change.reason),
                action_item_changes::user_id.eq(rows.person(change.changed_by)?),
                action_item_changes::changed_at.eq(at(change.changed_at)),
            ))
            .execute(c)?;
    }
    Ok(())
}
