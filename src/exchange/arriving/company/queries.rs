//! People, teams, services, factors and deploys: what is here already stays as it is, the rest is added.

use diesel::prelude::*;

use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{Role, Theme};
use crate::clock::Moment;
use crate::db::schema::{
    contributing_factors, deploy_people, deploy_references, deploys, service_dependencies, service_links, services,
    team_members, teams, users,
};
use crate::db::{Conn, counters};
use crate::deploys::model::{DeployKind, DeployStatus, Part, ReferenceKind};
use crate::error::Error;
use crate::exchange::arriving::restore::{Book, number_of, word};
use crate::exchange::wire::{ExportedDeploy, ExportedFactor, ExportedPerson, ExportedService, ExportedTeam};
use crate::services::model::{DEFAULT_TIER, LinkKind, TIERS};

/// Finds or adds everybody; gives the row of each handle and how many were added.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn, actor: &Actor, all: &[ExportedPerson], now: Moment) -> Result<(Book, usize), Error> {
    let mut book = Book::default();
    let mut added = 0;
    for person in all {
        let email = person.email.trim().to_lowercase();
        let known = users::table.filter(users::email.eq(&email)).select(users::id).first(c).optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                added += 1;
                add_person(c, actor, &ExportedPerson { email, ..person.clone() }, now)?
            }
        };
        book.people.insert(person.handle.clone(), id);
    }
    Ok((book, added))
}

/// The person behind a handle; somebody unknown is added, so that histories keep their names.
///
/// # Errors
/// The database's.
pub fn person(
    c: &mut Conn,
    actor: &Actor,
    book: &Book,
    handle: Option<&str>,
    now: Moment,
) -> Result<Option<i64>, Error> {
    let Some(handle) = handle.filter(|handle| !handle.is_empty()) else { return Ok(None) };
    if let Some(id) = book.people.get(handle) {
        return Ok(Some(*id));
    }
    let known = users::table.filter(users::handle.eq(handle)).select(users::id).first(c).optional()?;
    if known.is_some() {
        return Ok(known);
    }
    let unknown = ExportedPerson {
        handle: handle.to_owned(),
        name: handle.to_owned(),
        email: format!("{handle}@imported.invalid"),
    };
    add_person(c, actor, &unknown, now).map(Some)
}

/// Adds a reader without a password: rights do not travel.
fn add_person(c: &mut Conn, actor: &Actor, person: &ExportedPerson, now: Moment) -> Result<i64, Error> {
    let mut handle = person.handle.clone();
    let mut suffix = 1;
    while users::table.filter(users::handle.eq(&handle)).select(users::id).first::<i64>(c).optional()?.is_some() {
        suffix += 1;
        handle = format!("{}{suffix}", person.handle);
    }
    let id = diesel::insert_into(users::table)
        .values((
            users::email.eq(&person.email),
            users::handle.eq(&handle),
            users::name.eq(&person.name),
            users::role.eq(Role::Viewer),
            users::zone.eq("UTC"),
            users::theme.eq(Theme::System),
            users::keys_on.eq(true),
            users::password_hash.eq(None::<String>),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(c)?;
    imported(c, actor, "user.import", format!("user {handle}"), now)?;
    Ok(id)
}

fn imported(c: &mut Conn, actor: &Actor, action: &str, subject: String, now: Moment) -> Result<(), Error> {
    audit::record(c, actor, now, &Change { action, subject, old: None::<()>, new: None::<()> })
}

/// The row of a team's slug.
///
/// # Errors
/// The database's.
pub fn team_id(c: &mut Conn, slug: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(slug) = slug else { return Ok(None) };
    Ok(teams::table.filter(teams::slug.eq(slug)).select(teams::id).first(c).optional()?)
}

/// The row of a factor's slug.
///
/// # Errors
/// The database's.
pub fn factor_id(c: &mut Conn, slug: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(slug) = slug else { return Ok(None) };
    Ok(contributing_factors::table
        .filter(contributing_factors::slug.eq(slug))
        .select(contributing_factors::id)
        .first(c)
        .optional()?)
}

/// Adds the teams that are not here; says how many.
///
/// # Errors
/// The database's.
pub fn teams(c: &mut Conn, actor: &Actor, book: &Book, all: &[ExportedTeam], now: Moment) -> Result<usize, Error> {
    let mut added = 0;
    for team in all {
        if team_id(c, Some(&team.slug))?.is_some() {
            continue;
        }
        let id: i64 = diesel::insert_into(teams::table)
            .values((
                teams::slug.eq(&team.slug),
                teams::name.eq(&team.name),
                teams::created_at.eq(team.created_at.unwrap_or(now)),
            ))
            .returning(teams::id)
            .get_result(c)?;
        for handle in &team.members {
            let Some(user) = person(c, actor, book, Some(handle), now)? else { continue };
            diesel::insert_into(team_members::table)
                .values((team_members::team_id.eq(id), team_members::user_id.eq(user)))
                .execute(c)?;
        }
        imported(c, actor, "team.import", format!("team {}", team.slug), now)?;
        added += 1;
    }
    Ok(added)
}

fn service_id(c: &mut Conn, slug: &str) -> Result<Option<i64>, Error> {
    Ok(services::table.filter(services::slug.eq(slug)).select(services::id).first(c).optional()?)
}

/// Adds the services that are not here; says how many.
///
/// # Errors
/// The database's, or a word that is not understood.
pub fn services(c: &mut Conn, actor: &Actor, all: &[ExportedService], now: Moment) -> Result<usize, Error> {
    let mut new = Vec::new();
    for service in all {
        if service_id(c, &service.slug)?.is_some() {
            continue;
        }
        let team = team_id(c, service.team.as_deref())?;
        let tier = if TIERS.contains(&service.tier) { service.tier } else { DEFAULT_TIER };
        let id: i64 = diesel::insert_into(services::table)
            .values((
                services::slug.eq(&service.slug),
                services::name.eq(&service.name),
                services::team_id.eq(team),
                services::tier.eq(tier),
                services::description.eq(&service.description),
                services::repository_url.eq(&service.repository_url),
                services::revision.eq(service.revision.max(1)),
                services::created_at.eq(service.created_at.unwrap_or(now)),
                services::updated_at.eq(service.updated_at.unwrap_or(now)),
            ))
            .returning(services::id)
            .get_result(c)?;
        for link in &service.links {
            diesel::insert_into(service_links::table)
                .values((
                    service_links::service_id.eq(id),
                    service_links::kind.eq(word::<LinkKind>("kind of a link", &link.kind)?),
                    service_links::label.eq(&link.label),
                    service_links::url.eq(&link.url),
                ))
                .execute(c)?;
        }
        imported(c, actor, "service.import", format!("service {}", service.slug), now)?;
        new.push((id, service));
    }
    // Dependencies last: they may lead to any of the new ones.
    for (id, service) in &new {
        for slug in &service.depends_on {
            let Some(needed) = service_id(c, slug)? else { continue };
            diesel::insert_into(service_dependencies::table)
                .values((service_dependencies::service_id.eq(id), service_dependencies::depends_on_id.eq(needed)))
                .execute(c)?;
        }
    }
    Ok(new.len())
}

/// Adds the factors that are not here; says how many.
///
/// # Errors
/// The database's.
pub fn factors(c: &mut Conn, actor: &Actor, all: &[ExportedFactor], now: Moment) -> Result<usize, Error> {
    let mut added = 0;
    for factor in all {
        if factor_id(c, Some(&factor.slug))?.is_some() {
            continue;
        }
        diesel::insert_into(contributing_factors::table)
            .values((
                contributing_factors::slug.eq(&factor.slug),
                contributing_factors::name.eq(&factor.name),
                contributing_factors::description.eq(&factor.description),
                contributing_factors::created_at.eq(factor.created_at.unwrap_or(now)),
            ))
            .execute(c)?;
        imported(c, actor, "factor.import", format!("factor {}", factor.slug), now)?;
        added += 1;
    }
    Ok(added)
}

/// Where a deploy of the export is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDeploy {
    /// Its key in the export.
    pub key: String,
    /// Its row here.
    pub id: i64,
    /// Whether it was added just now.
    pub is_new: bool,
    /// What a person should know.
    pub remark: Option<String>,
}

/// Finds or adds a deploy.
///
/// # Errors
/// The database's, or a word that is not understood.
pub fn deploy(
    c: &mut Conn,
    actor: &Actor,
    book: &Book,
    deploy: &ExportedDeploy,
    now: Moment,
) -> Result<PlacedDeploy, Error> {
    let placed = |id, is_new, remark| PlacedDeploy { key: deploy.key.clone(), id, is_new, remark };
    let service = crate::services::queries::find_or_add(c, actor, &deploy.service, now)?;
    let created_at = deploy.created_at.unwrap_or(now);
    if let Some(external_id) = &deploy.external_id {
        let known = deploys::table
            .filter(deploys::source.eq(&deploy.source))
            .filter(deploys::external_id.eq(external_id))
            .select(deploys::id)
            .first(c)
            .optional()?;
        if let Some(id) = known {
            return Ok(placed(id, false, None));
        }
    }
    let wish = number_of("DEP-", &deploy.key);
    let holder: Option<(i64, Moment)> = deploys::table
        .filter(deploys::number.eq(wish.unwrap_or(0)))
        .select((deploys::id, deploys::created_at))
        .first(c)
        .optional()?;
    let (number, remark) = match (wish, holder) {
        (_, Some((id, at))) if at == created_at => return Ok(placed(id, false, None)),
        (Some(number), None) => {
            counters::lift(c, "deploy", number)?;
            (number, None)
        }
        _ => {
            // Its number went to another one: it may have come before, under a new number.
            let twin = deploys::table
                .filter(deploys::service_id.eq(service.id))
                .filter(deploys::environment.eq(&deploy.environment))
                .filter(deploys::created_at.eq(created_at))
                .filter(deploys::summary.eq(&deploy.summary))
                .select(deploys::id)
                .first(c)
                .optional()?;
            if let Some(id) = twin {
                return Ok(placed(id, false, None));
            }
            let number = counters::next(c, "deploy")?;
            (number, Some(format!("{} is another deploy here; it became DEP-{number}.", deploy.key)))
        }
    };
    let id = insert_deploy(c, deploy, (number, service.id), (created_at, now))?;
    for one in &deploy.people {
        let user = person(c, actor, book, one.person.as_deref(), now)?;
        diesel::insert_into(deploy_people::table)
            .values((
                deploy_people::deploy_id.eq(id),
                deploy_people::part.eq(word::<Part>("part", &one.part)?),
                deploy_people::name.eq(&one.name),
                deploy_people::user_id.eq(user),
                deploy_people::stood_at.eq(one.stood_at),
            ))
            .execute(c)?;
    }
    for one in &deploy.references {
        diesel::insert_into(deploy_references::table)
            .values((
                deploy_references::deploy_id.eq(id),
                deploy_references::kind.eq(word::<ReferenceKind>("kind of a reference", &one.kind)?),
                deploy_references::label.eq(&one.label),
                deploy_references::url.eq(&one.url),
            ))
            .execute(c)?;
    }
    imported(c, actor, "deploy.import", format!("DEP-{number}"), now)?;
    Ok(placed(id, true, remark))
}

fn insert_deploy(
    c: &mut Conn,
    deploy: &ExportedDeploy,
    (number, service_id): (i64, i64),
    (created_at, now): (Moment, Moment),
) -> Result<i64, Error> {
    Ok(diesel::insert_into(deploys::table)
        .values((
            deploys::number.eq(number),
            deploys::service_id.eq(service_id),
            deploys::environment.eq(&deploy.environment),
            deploys::kind.eq(word::<DeployKind>("kind", &deploy.kind)?),
            deploys::status.eq(word::<DeployStatus>("status", &deploy.status)?),
            deploys::version.eq(&deploy.version),
            deploys::commit_sha.eq(&deploy.commit_sha),
            deploys::previous_version.eq(&deploy.previous_version),
            deploys::previous_commit_sha.eq(&deploy.previous_commit_sha),
            deploys::summary.eq(&deploy.summary),
            deploys::url.eq(&deploy.url),
            deploys::compare_url.eq(&deploy.compare_url),
            deploys::deployed_by.eq(&deploy.deployed_by),
            deploys::source.eq(&deploy.source),
            deploys::external_id.eq(&deploy.external_id),
            deploys::started_at.eq(deploy.started_at),
            deploys::finished_at.eq(deploy.finished_at),
            deploys::happened_at.eq(deploy.happened_at.unwrap_or(created_at)),
            deploys::revision.eq(deploy.revision.max(1)),
            deploys::created_at.eq(created_at),
            deploys::updated_at.eq(deploy.updated_at.unwrap_or(now)),
        ))
        .returning(deploys::id)
        .get_result(c)?)
}
