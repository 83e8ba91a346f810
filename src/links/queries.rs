//! Links in the database.

use diesel::prelude::*;

use super::forms::{LinkDraft, Side};
use super::model::{Link, Relation, Speaker, Verdict, VerdictWord};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deploys, incident_deploy_verdicts, incident_deploys, incidents, services, timeline_events};
use crate::deploys::model::{Deploy, DeployKind};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::services::model::Service;
use crate::timeline::model::{EventKind, EventSource};
use crate::{deploys as deploy_room, incidents as incident_room, timeline};

/// Most links that a page shows.
pub const SHOWN_LIMIT: i64 = 200;

/// A link as an incident's page shows it.
pub type DeployLink = (Link, Deploy, Service);
/// A link as a deploy's page shows it.
pub type IncidentLink = (Link, Incident);

/// The deploys that are linked to an incident, the newest first.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<Vec<DeployLink>, Error> {
    Ok(incident_deploys::table
        .inner_join(deploys::table.on(deploys::id.eq(incident_deploys::deploy_id)))
        .inner_join(services::table.on(services::id.eq(deploys::service_id)))
        .filter(incident_deploys::incident_id.eq(incident_id))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(SHOWN_LIMIT)
        .select((Link::as_select(), Deploy::as_select(), Service::as_select()))
        .load(c)?)
}

/// The deploys that are linked to many incidents, of each the newest first: the link and the deploy's number.
///
/// # Errors
/// The database's.
pub fn of_incidents(c: &mut Conn, incident_ids: &[i64]) -> Result<Vec<(Link, i64)>, Error> {
    Ok(incident_deploys::table
        .inner_join(deploys::table.on(deploys::id.eq(incident_deploys::deploy_id)))
        .filter(incident_deploys::incident_id.eq_any(incident_ids.to_vec()))
        .order((incident_deploys::incident_id, deploys::happened_at.desc(), deploys::id.desc()))
        .limit(SHOWN_LIMIT * incident_ids.len() as i64)
        .select((Link::as_select(), deploys::number))
        .load(c)?)
}

/// The incidents that are linked to a deploy, the newest first.
///
/// # Errors
/// The database's.
pub fn of_deploy(c: &mut Conn, deploy_id: i64) -> Result<Vec<IncidentLink>, Error> {
    Ok(incident_deploys::table
        .inner_join(incidents::table.on(incidents::id.eq(incident_deploys::incident_id)))
        .filter(incident_deploys::deploy_id.eq(deploy_id))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(SHOWN_LIMIT)
        .select((Link::as_select(), Incident::as_select()))
        .load(c)?)
}

/// Everything that was ever said about the deploys of an incident, oldest first.
///
/// # Errors
/// The database's.
pub fn verdicts(c: &mut Conn, incident_id: i64) -> Result<Vec<Verdict>, Error> {
    Ok(incident_deploy_verdicts::table
        .filter(incident_deploy_verdicts::incident_id.eq(incident_id))
        .order(incident_deploy_verdicts::id)
        .limit(SHOWN_LIMIT * 10)
        .select(Verdict::as_select())
        .load(c)?)
}

/// Everything that was ever said about a deploy, oldest first.
///
/// # Errors
/// The database's.
pub fn verdicts_of_deploy(c: &mut Conn, deploy_id: i64) -> Result<Vec<Verdict>, Error> {
    Ok(incident_deploy_verdicts::table
        .filter(incident_deploy_verdicts::deploy_id.eq(deploy_id))
        .order(incident_deploy_verdicts::id)
        .limit(SHOWN_LIMIT * 10)
        .select(Verdict::as_select())
        .load(c)?)
}

/// The incidents that began last, to choose from.
///
/// # Errors
/// The database's.
pub fn latest_incidents(c: &mut Conn) -> Result<Vec<Incident>, Error> {
    Ok(incidents::table
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(20)
        .select(Incident::as_select())
        .load(c)?)
}

/// The link of a pair, if there is one.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, incident_id: i64, deploy_id: i64) -> Result<Option<Link>, Error> {
    Ok(incident_deploys::table
        .filter(incident_deploys::incident_id.eq(incident_id))
        .filter(incident_deploys::deploy_id.eq(deploy_id))
        .select(Link::as_select())
        .first(c)
        .optional()?)
}

/// Says what a deploy had to do with an incident. The first word links the two and puts the deploy on the timeline
/// at its own time; each further word replaces the last one, which stays in the history. Saying the same again
/// changes nothing, and neither does a program's suspicion where a person has spoken.
///
/// # Errors
/// 403 when a program says more than that it suspects.
pub fn say(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    deploy: &Deploy,
    relation: Relation,
    reason: &str,
    now: Moment,
) -> Result<Link, Error> {
    let speaker = Speaker::of(actor);
    speaker.check(relation)?;
    let reason = reason.trim();
    let before = find(c, incident.id, deploy.id)?;
    if let Some(link) = &before {
        let says_nothing_new = link.relation == relation && (reason.is_empty() || link.reason == reason);
        let overrules_a_person = speaker == Speaker::Program && link.user_id.is_some();
        if says_nothing_new || overrules_a_person {
            return Ok(link.clone());
        }
    }
    match &before {
        Some(link) => {
            diesel::update(incident_deploys::table.find(link.id))
                .set((
                    incident_deploys::relation.eq(relation),
                    incident_deploys::reason.eq(reason),
                    incident_deploys::said_by.eq(&actor.name),
                    incident_deploys::user_id.eq(actor.user_id),
                    incident_deploys::said_at.eq(now),
                ))
                .execute(c)?;
        }
        None => {
            diesel::insert_into(incident_deploys::table)
                .values((
                    incident_deploys::incident_id.eq(incident.id),
                    incident_deploys::deploy_id.eq(deploy.id),
                    incident_deploys::relation.eq(relation),
                    incident_deploys::reason.eq(reason),
                    incident_deploys::said_by.eq(&actor.name),
                    incident_deploys::user_id.eq(actor.user_id),
                    incident_deploys::said_at.eq(now),
                ))
                .execute(c)?;
            put_on_timeline(c, incident, deploy, now)?;
        }
    }
    tell(c, actor, incident, deploy, relation.into(), reason, now)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "link.say",
            subject: incident.key(),
            old: before.map(|link| facts(deploy, link.relation, &link.reason)),
            new: Some(facts(deploy, relation, reason)),
        },
    )?;
    crate::suspects::queries::heard(c, actor, incident, deploy, relation, now)?;
    find(c, incident.id, deploy.id)?.ok_or_else(|| Error::Fault("the link that was just written is gone".to_owned()))
}

/// Says a word about a pair of which the form names one side.
///
/// # Errors
/// 404 for the side in the address, 422 for the one in the form.
pub fn say_by_key(
    c: &mut Conn,
    actor: &Actor,
    side: Side,
    key: &str,
    draft: &LinkDraft,
    now: Moment,
) -> Result<((Incident, Deploy), Link), Error> {
    // The side in the address is a page that may be missing; the side in the form is a field.
    let on_field = |error| match error {
        Error::NotFound(sentence) => Error::field(side.field(), sentence),
        other => other,
    };
    let (incident, deploy) = match side {
        Side::Deploy => {
            let number = incident_room::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
            let incident = incident_room::queries::for_change(c, number)?;
            (incident, deploy_room::queries::by_number(c, draft.number).map_err(on_field)?)
        }
        Side::Incident => {
            let deploy = deploy_room::queries::by_key(c, key)?;
            (incident_room::queries::for_change(c, draft.number).map_err(on_field)?, deploy)
        }
    };
    let link = say(c, actor, &incident, &deploy, draft.relation, &draft.reason, now)?;
    Ok(((incident, deploy), link))
}

/// Takes a link away; what was said stays in the history, and [`relink`] says it again.
///
/// # Errors
/// 404 when the two are not linked.
pub fn unlink(c: &mut Conn, actor: &Actor, incident: &Incident, deploy: &Deploy, now: Moment) -> Result<(), Error> {
    let link = find(c, incident.id, deploy.id)?.ok_or_else(|| not_linked(incident, deploy))?;
    diesel::delete(incident_deploys::table.find(link.id)).execute(c)?;
    let on_timeline =
        deploy_events(incident.id, deploy.id, EventSource::Deploy).filter(timeline_events::deleted_at.is_null());
    diesel::update(on_timeline)
        .set((timeline_events::deleted_at.eq(Some(now)), timeline_events::deleted_by.eq(actor.user_id)))
        .execute(c)?;
    tell(c, actor, incident, deploy, VerdictWord::Unlinked, "", now)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "link.remove",
            subject: incident.key(),
            old: Some(facts(deploy, link.relation, &link.reason)),
            new: None::<()>,
        },
    )?;
    crate::suspects::queries::unheard(c, incident, deploy, now)
}

/// Says again what stood before a link was taken away. A link that is there stays.
///
/// # Errors
/// 404 when nothing was ever said about the two.
pub fn relink(c: &mut Conn, actor: &Actor, incident: &Incident, deploy: &Deploy, now: Moment) -> Result<Link, Error> {
    if let Some(link) = find(c, incident.id, deploy.id)? {
        return Ok(link);
    }
    let last: Option<Verdict> = incident_deploy_verdicts::table
        .filter(incident_deploy_verdicts::incident_id.eq(incident.id))
        .filter(incident_deploy_verdicts::deploy_id.eq(deploy.id))
        .filter(incident_deploy_verdicts::relation.ne(VerdictWord::Unlinked))
        .order(incident_deploy_verdicts::id.desc())
        .select(Verdict::as_select())
        .first(c)
        .optional()?;
    let (relation, reason) = last
        .and_then(|last| Some((last.relation.relation()?, last.reason)))
        .ok_or_else(|| not_linked(incident, deploy))?;
    say(c, actor, incident, deploy, relation, &reason, now)
}

fn not_linked(incident: &Incident, deploy: &Deploy) -> Error {
    Error::NotFound(format!("{} and {} are not linked.", deploy.key(), incident.key()))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn deploy_events(incident_id: i64, deploy_id: i64, source: EventSource) -> _ {
    timeline_events::table
        .filter(timeline_events::incident_id.eq(incident_id))
        .filter(timeline_events::deploy_id.eq(deploy_id))
        .filter(timeline_events::source.eq(source))
}

/// The deploy stands on the timeline at its own time, once.
fn put_on_timeline(c: &mut Conn, incident: &Incident, deploy: &Deploy, now: Moment) -> Result<(), Error> {
    let put_back = diesel::update(deploy_events(incident.id, deploy.id, EventSource::Deploy))
        .set((timeline_events::deleted_at.eq(None::<Moment>), timeline_events::deleted_by.eq(None::<i64>)))
        .execute(c)?;
    if put_back > 0 {
        return Ok(());
    }
    let service: String = services::table.find(deploy.service_id).select(services::name).first(c)?;
    let text = deploy_text(deploy, &service);
    let recorder = Actor::program("Debrief");
    timeline::queries::note(
        c,
        &recorder,
        incident.id,
        deploy.happened_at,
        EventKind::Change,
        EventSource::Deploy,
        &text,
        Some(deploy.id),
        now,
    )?;
    Ok(())
}

/// `DEP-12: deploy of checkout 2.4.0 to production`
fn deploy_text(deploy: &Deploy, service: &str) -> String {
    let what = match deploy.kind {
        DeployKind::Deploy => "deploy",
        DeployKind::Rollback => "rollback",
        DeployKind::Config => "config change",
        DeployKind::Flag => "flag change",
        DeployKind::Migration => "migration",
        DeployKind::Infrastructure => "infrastructure change",
    };
    let version = deploy.version_or_commit();
    let version = if version.is_empty() { String::new() } else { format!(" {version}") };
    format!("{}: {what} of {service}{version} to {}", deploy.key(), deploy.environment)
}

/// Writes the word into the history and onto the timeline.
fn tell(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    deploy: &Deploy,
    word: VerdictWord,
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(incident_deploy_verdicts::table)
        .values((
            incident_deploy_verdicts::incident_id.eq(incident.id),
            incident_deploy_verdicts::deploy_id.eq(deploy.id),
            incident_deploy_verdicts::relation.eq(word),
            incident_deploy_verdicts::reason.eq(reason),
            incident_deploy_verdicts::said_by.eq(&actor.name),
            incident_deploy_verdicts::user_id.eq(actor.user_id),
            incident_deploy_verdicts::said_at.eq(now),
        ))
        .execute(c)?;
    let text = if reason.is_empty() {
        format!("{} {}", deploy.key(), word.phrase())
    } else {
        format!("{} {}: {reason}", deploy.key(), word.phrase())
    };
    timeline::queries::note(
        c,
        actor,
        incident.id,
        now,
        EventKind::Status,
        EventSource::StatusChange,
        &text,
        Some(deploy.id),
        now,
    )?;
    Ok(())
}

fn facts(deploy: &Deploy, relation: Relation, reason: &str) -> serde_json::Value {
    serde_json::json!({ "deploy": deploy.key(), "relation": relation, "reason": reason })
}
