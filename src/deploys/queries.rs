//! Deploys in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{
    Deploy, DeployDraft, DeployKind, DeployStatus, EnvironmentTier, Part, Person, PersonDraft, Reference, key,
    parse_key,
};
use super::queries_marks as marks;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::schema::{deploy_people, deploy_references, deploys, services, users};
use crate::db::{Conn, counters};
use crate::error::Error;
use crate::services::model::Service;

/// Most environments that a choice shows.
const ENVIRONMENT_CHOICES: usize = 40;

/// The deploy with this number.
///
/// # Errors
/// 404
pub fn by_number(c: &mut Conn, number: i64) -> Result<Deploy, Error> {
    deploys::table
        .filter(deploys::number.eq(number))
        .select(Deploy::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("deploy", key(number)))
}

/// The deploy with this key, `DEP-12` or `12`.
///
/// # Errors
/// 404
pub fn by_key(c: &mut Conn, text: &str) -> Result<Deploy, Error> {
    by_number(c, parse_key(text).ok_or_else(|| Error::no("deploy", text))?)
}

/// The deploy with this key, held until the transaction ends, so that nobody changes it in between.
///
/// # Errors
/// 404
pub fn for_change(c: &mut Conn, text: &str) -> Result<Deploy, Error> {
    let number = parse_key(text).ok_or_else(|| Error::no("deploy", text))?;
    let one = deploys::table.filter(deploys::number.eq(number)).select(deploys::id);
    // SQLite's writers are one at a time.
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => one.first(c).optional()?,
        Conn::Postgres(c) => one.for_update().first(c).optional()?,
    };
    by_id(c, id.ok_or_else(|| Error::no("deploy", key(number)))?)
}

/// The deploy in this row.
///
/// # Errors
/// 404
pub fn by_id(c: &mut Conn, id: i64) -> Result<Deploy, Error> {
    Ok(deploys::table.find(id).select(Deploy::as_select()).first(c)?)
}

/// Deploys by row id with their services, newest first.
///
/// # Errors
/// The database's.
pub fn with_services(c: &mut Conn, ids: &[i64]) -> Result<Vec<(Deploy, Service)>, Error> {
    Ok(deploys::table
        .inner_join(services::table)
        .filter(deploys::id.eq_any(ids.to_vec()))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select((Deploy::as_select(), Service::as_select()))
        .load(c)?)
}

/// The service of a deploy.
///
/// # Errors
/// The database's.
pub fn service_of(c: &mut Conn, deploy: &Deploy) -> Result<Service, Error> {
    Ok(services::table.find(deploy.service_id).select(Service::as_select()).first(c)?)
}

/// Who stood for what, and what it refers to.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// People with their accounts, where they have one.
    pub people: Vec<(Person, Option<User>)>,
    /// Pull requests and tickets.
    pub references: Vec<Reference>,
}

impl Trail {
    /// Everybody who stood for `part`.
    pub fn of(&self, part: Part) -> impl Iterator<Item = &(Person, Option<User>)> {
        self.people.iter().filter(move |(person, _)| person.part == part)
    }
}

/// The trail of a deploy.
///
/// # Errors
/// The database's.
pub fn trail(c: &mut Conn, deploy_id: i64) -> Result<Trail, Error> {
    Ok(trails(c, &[deploy_id])?.remove(&deploy_id).unwrap_or_default())
}

/// The trails of many deploys by their ids; one that has none is left out.
///
/// # Errors
/// The database's.
pub fn trails(c: &mut Conn, deploy_ids: &[i64]) -> Result<HashMap<i64, Trail>, Error> {
    let people: Vec<(Person, Option<User>)> = deploy_people::table
        .left_join(users::table)
        .filter(deploy_people::deploy_id.eq_any(deploy_ids.to_vec()))
        .order((deploy_people::deploy_id, deploy_people::id))
        .select((Person::as_select(), Option::<User>::as_select()))
        .load(c)?;
    let references: Vec<(i64, Reference)> = deploy_references::table
        .filter(deploy_references::deploy_id.eq_any(deploy_ids.to_vec()))
        .order((deploy_references::deploy_id, deploy_references::id))
        .select((deploy_references::deploy_id, Reference::as_select()))
        .load(c)?;
    let mut trails: HashMap<i64, Trail> = HashMap::new();
    for (person, user) in people {
        trails.entry(person.deploy_id).or_default().people.push((person, user));
    }
    for (deploy_id, reference) in references {
        trails.entry(deploy_id).or_default().references.push(reference);
    }
    Ok(trails)
}

/// The deploy that ran in the same service and environment before this one, and the one that came after it.
/// Only deploys that went live count.
///
/// # Errors
/// The database's.
pub fn neighbours(c: &mut Conn, deploy: &Deploy) -> Result<(Option<Deploy>, Option<Deploy>), Error> {
    let lane = || {
        deploys::table
            .filter(deploys::service_id.eq(deploy.service_id))
            .filter(deploys::environment.eq(deploy.environment.clone()))
            .filter(deploys::status.eq_any([DeployStatus::Succeeded, DeployStatus::RolledBack]))
    };
    let (at, id) = (deploy.happened_at, deploy.id);
    let before = lane()
        .filter(deploys::happened_at.le(at))
        .filter(deploys::happened_at.lt(at).or(deploys::id.lt(id)))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select(Deploy::as_select())
        .first(c)
        .optional()?;
    let after = lane()
        .filter(deploys::happened_at.ge(at))
        .filter(deploys::happened_at.gt(at).or(deploys::id.gt(id)))
        .order((deploys::happened_at.asc(), deploys::id.asc()))
        .select(Deploy::as_select())
        .first(c)
        .optional()?;
    Ok((before, after))
}

/// Every environment that a deploy named, a few dozen at most.
///
/// # Errors
/// The database's.
pub fn environments(c: &mut Conn) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    // One step in the index for each environment, in place of a walk over every deploy.
    while found.len() < ENVIRONMENT_CHOICES {
        let last = found.last().cloned().unwrap_or_default();
        let next: Option<String> = deploys::table
            .filter(deploys::environment.gt(last))
            .order(deploys::environment.asc())
            .select(deploys::environment)
            .first(c)
            .optional()?;
        match next {
            Some(environment) => found.push(environment),
            None => break,
        }
    }
    Ok(found)
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = deploys, treat_none_as_null = true)]
struct Columns<'a> {
    service_id: i64,
    environment: &'a str,
    kind: DeployKind,
    status: DeployStatus,
    version: Option<&'a str>,
    commit_sha: Option<&'a str>,
    previous_version: Option<&'a str>,
    previous_commit_sha: Option<&'a str>,
    summary: &'a str,
    url: Option<&'a str>,
    compare_url: Option<&'a str>,
    deployed_by: Option<&'a str>,
    source: &'a str,
    external_id: Option<&'a str>,
    started_at: Option<Moment>,
    finished_at: Option<Moment>,
    happened_at: Moment,
    updated_at: Moment,
    commit_count: Option<i64>,
    file_count: Option<i64>,
    environment_tier: Option<EnvironmentTier>,
}

impl<'a> Columns<'a> {
    fn new(draft: &'a DeployDraft, service_id: i64, recorded_at: Moment, now: Moment) -> Self {
        Columns {
            service_id,
            environment: &draft.environment,
            kind: draft.kind,
            status: draft.status,
            version: draft.version.as_deref(),
            commit_sha: draft.commit_sha.as_deref(),
            previous_version: draft.previous_version.as_deref(),
            previous_commit_sha: draft.previous_commit_sha.as_deref(),
            summary: &draft.summary,
            url: draft.url.as_deref(),
            compare_url: draft.compare_url.as_deref(),
            deployed_by: draft.deployed_by.as_deref(),
            source: &draft.source,
            external_id: draft.external_id.as_deref(),
            started_at: draft.started_at,
            finished_at: draft.finished_at,
            happened_at: draft.happened_at(recorded_at),
            updated_at: now,
            commit_count: draft.commit_count,
            file_count: draft.file_count,
            environment_tier: draft.environment_tier,
        }
    }
}

/// Records a deploy; its service is made when nobody named it before.
///
/// # Errors
/// 422 for times out of order, 409 when the source's number for it is taken.
pub fn record(c: &mut Conn, actor: &Actor, draft: &DeployDraft, now: Moment) -> Result<Deploy, Error> {
    draft.check_times()?;
    let service = crate::services::queries::find_or_add(c, actor, &draft.service, now)?;
    let number = counters::next(c, "deploy")?;
    let id: i64 = diesel::insert_into(deploys::table)
        .values((
            Columns::new(draft, service.id, now, now),
            deploys::number.eq(number),
            deploys::revision.eq(1),
            deploys::created_at.eq(now),
        ))
        .returning(deploys::id)
        .get_result(c)?;
    add_trail(c, id, draft)?;
    let change = Change { action: "deploy.record", subject: key(number), old: None::<()>, new: Some(facts(draft)) };
    audit::record(c, actor, now, &change)?;
    marks::notice(c, id, &[], now)?;
    crate::releases::queries::take_up(c, id)?;
    crate::suspects::queries::deploy_changed(c, draft.happened_at(now), now)?;
    by_id(c, id)
}

/// Changes a deploy to what the draft says; nothing is written when it says what is there.
///
/// # Errors
/// 422 for times out of order.
pub fn change(c: &mut Conn, actor: &Actor, deploy: &Deploy, draft: &DeployDraft, now: Moment) -> Result<Deploy, Error> {
    draft.check_times()?;
    let old = draft_of(c, deploy)?;
    if old == *draft {
        return Ok(deploy.clone());
    }
    let depended = marks::dependants(c, deploy)?;
    marks::overrule(c, actor, deploy, (draft.kind, draft.status), now)?;
    let service = crate::services::queries::find_or_add(c, actor, &draft.service, now)?;
    // The trail goes first and comes back last: the search index gathers the labels in that order.
    diesel::delete(deploy_people::table.filter(deploy_people::deploy_id.eq(deploy.id))).execute(c)?;
    diesel::delete(deploy_references::table.filter(deploy_references::deploy_id.eq(deploy.id))).execute(c)?;
    diesel::update(deploys::table.find(deploy.id))
        .set((Columns::new(draft, service.id, deploy.created_at, now), deploys::revision.eq(deploys::revision + 1)))
        .execute(c)?;
    add_trail(c, deploy.id, draft)?;
    let change =
        Change { action: "deploy.change", subject: deploy.key(), old: Some(facts(&old)), new: Some(facts(draft)) };
    audit::record(c, actor, now, &change)?;
    marks::notice(c, deploy.id, &depended, now)?;
    crate::suspects::queries::deploy_changed(c, draft.happened_at(deploy.created_at), now)?;
    by_id(c, deploy.id)
}

/// Puts somebody into a deploy's trail, with the time.
///
/// # Errors
/// 409 when they stand there already.
pub fn add_person(
    c: &mut Conn,
    actor: &Actor,
    deploy: &Deploy,
    person: &PersonDraft,
    now: Moment,
) -> Result<Deploy, Error> {
    let mut draft = draft_of(c, deploy)?;
    if person.part == Part::Deployer {
        draft.deployed_by = Some(person.name.clone());
    } else if draft.people.iter().any(|other| other.part == person.part && other.name == person.name) {
        let words = format!("{} stands there already as {}.", person.name, person.part.label());
        return Err(Error::Conflict(words));
    } else {
        draft.people.push(person.clone());
        draft.people.sort_by_key(|other| other.part);
    }
    change(c, actor, deploy, &draft, now)
}

/// Takes somebody out of a deploy's trail.
///
/// # Errors
/// 404 when they are not in it.
pub fn remove_person(
    c: &mut Conn,
    actor: &Actor,
    deploy: &Deploy,
    person_id: i64,
    now: Moment,
) -> Result<Deploy, Error> {
    let person: Person = deploy_people::table
        .find(person_id)
        .filter(deploy_people::deploy_id.eq(deploy.id))
        .select(Person::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("such person in the trail of", deploy.key()))?;
    let mut draft = draft_of(c, deploy)?;
    if person.part == Part::Deployer {
        draft.deployed_by = None;
    }
    draft.people.retain(|other| other.part != person.part || other.name != person.name);
    change(c, actor, deploy, &draft, now)
}

/// The deploy that `source` calls `external_id`. Until the transaction ends nobody else records one, so that two
/// messages about the same deploy cannot both find nothing.
///
/// # Errors
/// The database's.
pub fn by_external_id(c: &mut Conn, source: &str, external_id: &str) -> Result<Option<Deploy>, Error> {
    counters::hold(c, "deploy")?;
    known_as(c, source, external_id)
}

/// The deploy that `source` calls `external_id`, to be read.
///
/// # Errors
/// The database's.
pub fn known_as(c: &mut Conn, source: &str, external_id: &str) -> Result<Option<Deploy>, Error> {
    Ok(deploys::table
        .filter(deploys::source.eq(source))
        .filter(deploys::external_id.eq(external_id))
        .select(Deploy::as_select())
        .first(c)
        .optional()?)
}

/// A sender's message about a deploy: recorded when it is the first, else heeded as [`DeployDraft::heed`] says.
///
/// # Errors
/// As [`record`].
pub fn heed(c: &mut Conn, actor: &Actor, news: &DeployDraft, now: Moment) -> Result<Deploy, Error> {
    let known = match &news.external_id {
        Some(external_id) => by_external_id(c, &news.source, external_id)?,
        None => None,
    };
    match known {
        None => record(c, actor, news, now),
        Some(deploy) => {
            let draft = retold(c, &deploy, |draft| draft.heed(news))?;
            change(c, actor, &deploy, &draft, now)
        }
    }
}

/// A deploy as a draft in which its sender tells something anew. What marks made of its kind and status is no word of
/// its sender: it is told what was said, and what the marks made of that stays where nothing else is said.
///
/// # Errors
/// The database's.
pub fn retold(c: &mut Conn, deploy: &Deploy, tell: impl FnOnce(&mut DeployDraft)) -> Result<DeployDraft, Error> {
    let mut draft = draft_of(c, deploy)?;
    let (kind, status) = marks::unmarked(c, deploy)?;
    (draft.kind, draft.status) = (kind, status);
    tell(&mut draft);
    if draft.kind == kind {
        draft.kind = deploy.kind;
    }
    if draft.status == status {
        draft.status = deploy.status;
    }
    Ok(draft)
}

/// A deploy as a draft, to be changed.
///
/// # Errors
/// The database's.
pub fn draft_of(c: &mut Conn, deploy: &Deploy) -> Result<DeployDraft, Error> {
    let service = service_of(c, deploy)?;
    let trail = trail(c, deploy.id)?;
    let deploy = deploy.clone();
    Ok(DeployDraft {
        service: service.slug,
        environment: deploy.environment,
        kind: deploy.kind,
        status: deploy.status,
        version: deploy.version,
        commit_sha: deploy.commit_sha,
        previous_version: deploy.previous_version,
        previous_commit_sha: deploy.previous_commit_sha,
        summary: deploy.summary,
        url: deploy.url,
        compare_url: deploy.compare_url,
        deployed_by: deploy.deployed_by,
        source: deploy.source,
        external_id: deploy.external_id,
        started_at: deploy.started_at,
        finished_at: deploy.finished_at,
        people: trail
            .people
            .into_iter()
            .filter(|(person, _)| person.part != Part::Deployer)
            .map(|(person, _)| PersonDraft { part: person.part, name: person.name, stood_at: person.stood_at })
            .collect(),
        references: trail.references,
        commit_count: deploy.commit_count,
        file_count: deploy.file_count,
        environment_tier: deploy.environment_tier,
    })
}

fn add_trail(c: &mut Conn, deploy_id: i64, draft: &DeployDraft) -> Result<(), Error> {
    let deployer = draft.deployed_by.iter().map(|name| PersonDraft {
        part: Part::Deployer,
        name: name.clone(),
        stood_at: draft.started_at.or(draft.finished_at),
    });
    for person in draft.people.iter().cloned().chain(deployer) {
        let user_id = account(c, &person.name)?;
        diesel::insert_into(deploy_people::table)
            .values((
                deploy_people::deploy_id.eq(deploy_id),
                deploy_people::part.eq(person.part),
                deploy_people::name.eq(&person.name),
                deploy_people::user_id.eq(user_id),
                deploy_people::stood_at.eq(person.stood_at),
            ))
            .execute(c)?;
    }
    for reference in &draft.references {
        diesel::insert_into(deploy_references::table)
            .values((
                deploy_references::deploy_id.eq(deploy_id),
                deploy_references::kind.eq(reference.kind),
                deploy_references::label.eq(&reference.label),
                deploy_references::url.eq(&reference.url),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// The account of a name, handle, address or `Name <address>`; nothing when it fits nobody, or more than one.
///
/// # Errors
/// The database's.
pub fn account(c: &mut Conn, name: &str) -> Result<Option<i64>, Error> {
    let name = name.trim().trim_start_matches('@');
    let address = name.rsplit_once('<').map_or(name, |(_, address)| address.trim_end_matches('>'));
    let by_sign: Option<i64> = users::table
        .filter(users::email.eq(address.to_lowercase()).or(users::handle.eq(name.to_lowercase())))
        .order(users::id)
        .select(users::id)
        .first(c)
        .optional()?;
    if by_sign.is_some() {
        return Ok(by_sign);
    }
    let by_name: Vec<i64> =
        users::table.filter(users::name.eq(name)).order(users::id).limit(2).select(users::id).load(c)?;
    Ok(match by_name[..] {
        [only] => Some(only),
        _ => None,
    })
}

/// What the audit log keeps of a deploy.
fn facts(draft: &DeployDraft) -> serde_json::Value {
    let people: Vec<_> = draft.people.iter().map(|person| format!("{}: {}", person.part, person.name)).collect();
    let references: Vec<_> = draft.references.iter().map(|reference| &reference.label).collect();
    serde_json::json!({
        "service": draft.service, "environment": draft.environment, "kind": draft.kind, "status": draft.status,
        "version": draft.version, "commit_sha": draft.commit_sha, "previous_version": draft.previous_version,
        "previous_commit_sha": draft.previous_commit_sha, "summary": draft.summary, "url": draft.url,
        "compare_url": draft.compare_url, "deployed_by": draft.deployed_by, "external_id": draft.external_id,
        "started_at": draft.started_at, "finished_at": draft.finished_at, "people": people,
        "references": references, "commit_count": draft.commit_count, "file_count": draft.file_count,
        "environment_tier": draft.environment_tier,
    })
}
