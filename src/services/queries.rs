//! Services in the database.

use diesel::prelude::*;

use super::model::{DEFAULT_TIER, Service, ServiceDraft, ServiceLink, ServiceName};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::paging::PAGE_SIZE;
use crate::db::schema::{service_dependencies, service_links, services, teams};
use crate::error::Error;
use crate::teams::model::Team;
use crate::web::fields::slugify;

/// Most services that a choice shows.
pub const CHOICE_LIMIT: i64 = 1000;

/// A service with the name of its owner.
pub type ServiceRow = (Service, Option<Team>);

/// A page of services by slug.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, team_id: Option<i64>, after_slug: Option<String>) -> Result<(Vec<ServiceRow>, bool), Error> {
    let mut query = services::table
        .left_join(teams::table)
        .select((Service::as_select(), Option::<Team>::as_select()))
        .order(services::slug.asc())
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(team_id) = team_id {
        query = query.filter(services::team_id.eq(team_id));
    }
    if let Some(slug) = after_slug {
        query = query.filter(services::slug.gt(slug));
    }
    let mut rows: Vec<ServiceRow> = query.load(c)?;
    let there_is_more = rows.len() as i64 > PAGE_SIZE;
    rows.truncate(PAGE_SIZE as usize);
    Ok((rows, there_is_more))
}

/// Slug and name of every service, for choices.
///
/// # Errors
/// The database's.
pub fn choices(c: &mut Conn) -> Result<Vec<ServiceName>, Error> {
    Ok(services::table.order(services::slug).limit(CHOICE_LIMIT).select(ServiceName::as_select()).load(c)?)
}

/// The service with this slug.
///
/// # Errors
/// 404 when there is none.
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Service, Error> {
    find(c, slug)?.ok_or_else(|| Error::no("service", slug))
}

/// The service with this slug, if any.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, slug: &str) -> Result<Option<Service>, Error> {
    Ok(services::table.filter(services::slug.eq(slug)).select(Service::as_select()).first(c).optional()?)
}

/// The first `limit` services whose slug begins as `name` would.
///
/// # Errors
/// The database's.
pub fn named(c: &mut Conn, name: &str, limit: i64) -> Result<Vec<Service>, Error> {
    // A slug holds letters, digits and hyphens only: nothing that LIKE would read as its own.
    let slug = slugify(name);
    if slug.is_empty() {
        return Ok(Vec::new());
    }
    Ok(services::table
        .filter(services::slug.like(format!("{slug}%")))
        .order(services::slug)
        .limit(limit)
        .select(Service::as_select())
        .load(c)?)
}

/// The services whose repository has one of these addresses.
///
/// # Errors
/// The database's.
pub fn by_repository(c: &mut Conn, urls: &[String]) -> Result<Vec<Service>, Error> {
    Ok(services::table
        .filter(services::repository_url.eq_any(urls.to_vec()))
        .order(services::slug)
        .limit(CHOICE_LIMIT)
        .select(Service::as_select())
        .load(c)?)
}

/// A service's owner, links, and neighbours in the dependency graph.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The owner.
    pub team: Option<Team>,
    /// Its links.
    pub links: Vec<ServiceLink>,
    /// What it needs.
    pub depends_on: Vec<Service>,
    /// What needs it.
    pub needed_by: Vec<Service>,
}

/// Reads what stands around a service.
///
/// # Errors
/// The database's.
pub fn surroundings(c: &mut Conn, service: &Service) -> Result<Surroundings, Error> {
    let found = surroundings_of(c, std::slice::from_ref(service))?.pop();
    found.ok_or_else(|| Error::no("service", &service.slug))
}

/// Reads what stands around each of many services, in their order: as many statements as for one.
///
/// # Errors
/// The database's.
pub fn surroundings_of(c: &mut Conn, of: &[Service]) -> Result<Vec<Surroundings>, Error> {
    let ids: Vec<i64> = of.iter().map(|service| service.id).collect();
    let team_ids: Vec<i64> = of.iter().filter_map(|service| service.team_id).collect();
    let teams: Vec<Team> = teams::table.filter(teams::id.eq_any(team_ids)).select(Team::as_select()).load(c)?;
    let mut links: Vec<(i64, ServiceLink)> = service_links::table
        .filter(service_links::service_id.eq_any(ids.clone()))
        .order((service_links::service_id, service_links::id))
        .select((service_links::service_id, ServiceLink::as_select()))
        .load(c)?;
    let mut depends_on: Vec<(i64, Service)> = services::table
        .inner_join(service_dependencies::table.on(service_dependencies::depends_on_id.eq(services::id)))
        .filter(service_dependencies::service_id.eq_any(ids.clone()))
        .order(services::slug)
        .select((service_dependencies::service_id, Service::as_select()))
        .load(c)?;
    let mut needed_by: Vec<(i64, Service)> = services::table
        .inner_join(service_dependencies::table.on(service_dependencies::service_id.eq(services::id)))
        .filter(service_dependencies::depends_on_id.eq_any(ids))
        .order(services::slug)
        .limit(CHOICE_LIMIT * of.len() as i64)
        .select((service_dependencies::depends_on_id, Service::as_select()))
        .load(c)?;
    let found = of.iter().map(|service| Surroundings {
        team: teams.iter().find(|team| Some(team.id) == service.team_id).cloned(),
        links: links.extract_if(.., |(id, _)| *id == service.id).map(|(_, link)| link).collect(),
        depends_on: depends_on.extract_if(.., |(id, _)| *id == service.id).map(|(_, other)| other).collect(),
        needed_by: needed_by.extract_if(.., |(id, _)| *id == service.id).map(|(_, other)| other).collect(),
    });
    Ok(found.collect())
}

/// Adds a service.
///
/// # Errors
/// 422 when the slug is taken, or a team or dependency does not exist.
pub fn add(c: &mut Conn, actor: &Actor, draft: &ServiceDraft, now: Moment) -> Result<Service, Error> {
    let team_id = team_id(c, draft.team.as_deref())?;
    let id: i64 = diesel::insert_into(services::table)
        .values((
            services::slug.eq(&draft.slug),
            services::name.eq(&draft.name),
            services::team_id.eq(team_id),
            services::tier.eq(draft.tier),
            services::description.eq(&draft.description),
            services::repository_url.eq(&draft.repository_url),
            services::revision.eq(1),
            services::created_at.eq(now),
            services::updated_at.eq(now),
        ))
        .returning(services::id)
        .get_result(c)
        .map_err(|error| {
            taken(error, "slug", "There is a service with this slug already. Open it, or take another.")
        })?;
    set_neighbours(c, id, draft)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "service.add",
            subject: format!("service {}", draft.slug),
            old: None::<()>,
            new: Some(facts(draft)),
        },
    )?;
    by_slug(c, &draft.slug)
}

/// Changes a service; the slug stays.
///
/// # Errors
/// 404, or 422 when a team or dependency does not exist.
pub fn change(c: &mut Conn, actor: &Actor, slug: &str, draft: &ServiceDraft, now: Moment) -> Result<Service, Error> {
    let before = by_slug(c, slug)?;
    let around = surroundings(c, &before)?;
    let old = ServiceDraft {
        slug: before.slug.clone(),
        name: before.name,
        team: around.team.map(|team| team.slug),
        tier: before.tier,
        description: before.description,
        repository_url: before.repository_url,
        depends_on: around.depends_on.into_iter().map(|service| service.slug).collect(),
        links: around.links,
    };
    let team_id = team_id(c, draft.team.as_deref())?;
    diesel::update(services::table.find(before.id))
        .set((
            services::name.eq(&draft.name),
            services::team_id.eq(team_id),
            services::tier.eq(draft.tier),
            services::description.eq(&draft.description),
            services::repository_url.eq(&draft.repository_url),
            services::revision.eq(services::revision + 1),
            services::updated_at.eq(now),
        ))
        .execute(c)?;
    diesel::delete(service_links::table.filter(service_links::service_id.eq(before.id))).execute(c)?;
    diesel::delete(service_dependencies::table.filter(service_dependencies::service_id.eq(before.id))).execute(c)?;
    set_neighbours(c, before.id, draft)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "service.change",
            subject: format!("service {slug}"),
            old: Some(facts(&old)),
            new: Some(facts(draft)),
        },
    )?;
    if old.depends_on != draft.depends_on {
        crate::suspects::queries::graph_changed(c, now)?;
    }
    by_slug(c, slug)
}

/// The service that a deploy or an incident names; made with what is known when nobody named it before.
///
/// # Errors
/// 422 when the name makes no slug.
pub fn find_or_add(c: &mut Conn, actor: &Actor, name: &str, now: Moment) -> Result<Service, Error> {
    let slug = slugify(name);
    if slug.is_empty() {
        return Err(Error::field("service", "Name the service with at least one letter or digit."));
    }
    if let Some(service) = find(c, &slug)? {
        return Ok(service);
    }
    // Two deploys may name a new service at once: one makes it, the other waits here and then finds it.
    crate::db::counters::hold(c, "deploy")?;
    if let Some(service) = find(c, &slug)? {
        return Ok(service);
    }
    let draft = ServiceDraft {
        slug,
        name: name.trim().to_owned(),
        team: None,
        tier: DEFAULT_TIER,
        description: String::new(),
        repository_url: None,
        depends_on: Vec::new(),
        links: Vec::new(),
    };
    add(c, actor, &draft, now)
}

fn team_id(c: &mut Conn, team: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(team) = team else { return Ok(None) };
    match crate::teams::queries::find(c, team)? {
        Some(team) => Ok(Some(team.id)),
        None => {
            Err(Error::field("team", format!("There is no team {team}. Add it under Teams first, or leave it out.")))
        }
    }
}

fn set_neighbours(c: &mut Conn, id: i64, draft: &ServiceDraft) -> Result<(), Error> {
    for slug in &draft.depends_on {
        let needed = find(c, slug)?.ok_or_else(|| {
            Error::field("depends_on", format!("There is no service {slug}. Add it first, or leave it out."))
        })?;
        diesel::insert_into(service_dependencies::table)
            .values((service_dependencies::service_id.eq(id), service_dependencies::depends_on_id.eq(needed.id)))
            .execute(c)?;
    }
    for link in &draft.links {
        diesel::insert_into(service_links::table)
            .values((
                service_links::service_id.eq(id),
                service_links::kind.eq(link.kind),
                service_links::label.eq(&link.label),
                service_links::url.eq(&link.url),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn facts(draft: &ServiceDraft) -> serde_json::Value {
    serde_json::json!({
        "name": draft.name, "team": draft.team, "tier": draft.tier, "description": draft.description,
        "repository_url": draft.repository_url, "depends_on": draft.depends_on, "links": draft.links,
    })
}
