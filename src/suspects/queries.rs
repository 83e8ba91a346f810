//! Reckoning suspects, keeping them, and hearing what people say.

use diesel::prelude::*;

use super::fixes;
use super::jobs::{LEARN, RECKON};
use super::model::{KEPT_LIMIT, Part, Reckoning, Suspect, Why};
use super::queries_case::{self as cases, Words};
use super::queries_learning as learning;
use super::ranking;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    deploys, incident_deploys, incident_reckonings, incident_suspects, incidents, services, suspect_verdicts,
};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::links::model::{Relation, Speaker};
use crate::services::model::Service;
use crate::timeline::model::{EventKind, EventSource};

/// An incident that is younger may still change; it is learned from when it is older, or over.
const SETTLED_S: i64 = 86_400;
/// A deploy says something new about incidents that began so long before it, in seconds…
const BEFORE_S: i64 = 3 * 86_400;
/// … or so long after it.
const AFTER_S: i64 = 14 * 86_400;
/// Most incidents that one deploy, or one change of a service, has reckoned again.
const AGAIN_LIMIT: i64 = 20;
/// Most incidents that a deploy's page shows as suspecting it.
const SUSPECTING_LIMIT: i64 = 5;
/// Below this a deploy's page says nothing.
const WORTH_SAYING: f64 = 0.05;
/// A verdict on an incident that was learned from is learned after so many seconds, together with others.
const RELEARN_S: i64 = 60;

/// A ranking that is ready to be kept or shown.
#[derive(Clone, Debug)]
pub struct Reckoned {
    /// The whole.
    pub reckoning: Reckoning,
    /// Suspects and proposed ends.
    pub suspects: Vec<Suspect>,
}

/// Reckons the suspects of an incident by what is on record, without keeping them.
///
/// # Errors
/// The database's.
pub fn compute(c: &mut Conn, incident: &Incident, heard: Words, now: Moment) -> Result<Reckoned, Error> {
    let gathered = cases::gather(c, incident, heard)?;
    let ranking = ranking::rank(&gathered.case, &learning::beliefs(c)?);
    let reasons = |why: &[Why]| serde_json::to_string(why).map_err(|error| Error::Fault(error.to_string()));
    let mut suspects = Vec::new();
    for (place, suspect) in ranking.suspects.iter().take(KEPT_LIMIT).enumerate() {
        let why: Vec<Why> = suspect
            .reasons
            .iter()
            .map(|reason| Why { rule: reason.rule.as_str().to_owned(), text: reason.text.clone() })
            .collect();
        suspects.push(Suspect {
            incident_id: incident.id,
            deploy_id: gathered.deploy_ids[suspect.candidate],
            part: Part::Cause,
            place: place as i64 + 1,
            probability: suspect.probability,
            reasons: reasons(&why)?,
        });
    }
    let others_probability = ranking.suspects.iter().skip(KEPT_LIMIT).map(|suspect| suspect.probability).sum();
    let is_kept = |suspects: &[Suspect], id| suspects.iter().any(|suspect: &Suspect| suspect.deploy_id == id);
    let fixes = fixes::propose(incident.started_at, incident.mitigated_at.or(incident.resolved_at), &gathered.later);
    for fix in fixes {
        if !is_kept(&suspects, fix.deploy_id) {
            let place = suspects.iter().filter(|suspect| suspect.part == Part::Fix).count() as i64 + 1;
            suspects.push(Suspect {
                incident_id: incident.id,
                deploy_id: fix.deploy_id,
                part: Part::Fix,
                place,
                probability: fix.weight.min(1.0),
                reasons: reasons(&fix.reasons)?,
            });
        }
    }
    let reckoning = Reckoning {
        incident_id: incident.id,
        none_probability: ranking.none_probability,
        others_probability,
        candidate_count: ranking.suspects.len() as i64,
        reckoned_at: now,
        nothing_at: None,
        nothing_name: None,
        nothing_reason: None,
        learned_at: None,
    };
    Ok(Reckoned { reckoning, suspects })
}

/// Reckons the suspects of an incident and keeps them.
///
/// # Errors
/// The database's.
pub fn reckon(c: &mut Conn, incident: &Incident, now: Moment) -> Result<(), Error> {
    let reckoned = compute(c, incident, Words::Heard, now)?;
    keep(c, &reckoned)?;
    let kept = reckoning(c, incident.id)?;
    let is_new = kept.is_some_and(|kept| kept.learned_at.is_none());
    if is_new && is_settled(incident, now) {
        learning::enqueue(c, LEARN, now, now)?;
    }
    Ok(())
}

fn is_settled(incident: &Incident, now: Moment) -> bool {
    incident.status == IncidentStatus::Resolved || now.seconds_since(incident.started_at) >= SETTLED_S
}

/// Keeps a ranking in place of the last one.
///
/// # Errors
/// The database's.
pub fn keep(c: &mut Conn, reckoned: &Reckoned) -> Result<(), Error> {
    let Reckoned { reckoning, suspects } = reckoned;
    let incident_id = reckoning.incident_id;
    let figures = (
        incident_reckonings::none_probability.eq(reckoning.none_probability),
        incident_reckonings::others_probability.eq(reckoning.others_probability),
        incident_reckonings::candidate_count.eq(reckoning.candidate_count),
        incident_reckonings::reckoned_at.eq(reckoning.reckoned_at),
    );
    let changed = diesel::update(incident_reckonings::table.find(incident_id)).set(figures).execute(c)?;
    if changed == 0 {
        diesel::insert_into(incident_reckonings::table)
            .values((incident_reckonings::incident_id.eq(incident_id), figures))
            .execute(c)?;
    }
    diesel::delete(incident_suspects::table.filter(incident_suspects::incident_id.eq(incident_id))).execute(c)?;
    let rows: Vec<_> = suspects
        .iter()
        .map(|suspect| {
            (
                incident_suspects::incident_id.eq(suspect.incident_id),
                incident_suspects::deploy_id.eq(suspect.deploy_id),
                incident_suspects::part.eq(suspect.part),
                incident_suspects::place.eq(suspect.place),
                incident_suspects::probability.eq(suspect.probability),
                incident_suspects::reasons.eq(&suspect.reasons),
            )
        })
        .collect();
    match c {
        Conn::Sqlite(c) => diesel::insert_into(incident_suspects::table).values(rows).execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(incident_suspects::table).values(rows).execute(c)?,
    };
    Ok(())
}

/// What is kept of an incident's ranking.
///
/// # Errors
/// The database's.
pub fn reckoning(c: &mut Conn, incident_id: i64) -> Result<Option<Reckoning>, Error> {
    Ok(incident_reckonings::table.find(incident_id).select(Reckoning::as_select()).first(c).optional()?)
}

/// A suspect with what it is.
pub type SuspectRow = (Suspect, Deploy, Service);

/// The ranking of an incident: the kept one, or for an incident that was never reckoned, one of now.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident: &Incident, now: Moment) -> Result<(Reckoning, Vec<SuspectRow>), Error> {
    if let Some(kept) = reckoning(c, incident.id)? {
        let rows = incident_suspects::table
            .inner_join(deploys::table)
            .inner_join(services::table.on(services::id.eq(deploys::service_id)))
            .filter(incident_suspects::incident_id.eq(incident.id))
            .order((incident_suspects::part, incident_suspects::place, incident_suspects::id))
            .limit(KEPT_LIMIT as i64 * 2)
            .select((Suspect::as_select(), Deploy::as_select(), Service::as_select()))
            .load(c)?;
        return Ok((kept, rows));
    }
    let Reckoned { reckoning, suspects } = compute(c, incident, Words::Heard, now)?;
    let ids: Vec<i64> = suspects.iter().map(|suspect| suspect.deploy_id).collect();
    let deploys = crate::deploys::queries::with_services(c, &ids)?;
    let rows = suspects.into_iter().filter_map(|suspect| {
        let (deploy, service) = deploys.iter().find(|(deploy, _)| deploy.id == suspect.deploy_id)?.clone();
        Some((suspect, deploy, service))
    });
    Ok((reckoning, rows.collect()))
}

/// Incidents that a deploy may have caused or ended and that nobody has linked it to, the newest first.
///
/// # Errors
/// The database's.
pub fn of_deploy(c: &mut Conn, deploy_id: i64) -> Result<Vec<(Suspect, Incident)>, Error> {
    let linked =
        incident_deploys::table.filter(incident_deploys::deploy_id.eq(deploy_id)).select(incident_deploys::incident_id);
    Ok(incident_suspects::table
        .inner_join(incidents::table)
        .filter(incident_suspects::deploy_id.eq(deploy_id))
        .filter(incident_suspects::probability.ge(WORTH_SAYING))
        .filter(diesel::dsl::not(incident_suspects::incident_id.eq_any(linked)))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(SUSPECTING_LIMIT)
        .select((Suspect::as_select(), Incident::as_select()))
        .load(c)?)
}

/// A word about a pair was said: keeps it beside what was proposed, and reckons again.
///
/// # Errors
/// The database's.
pub fn heard(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    deploy: &Deploy,
    relation: Relation,
    now: Moment,
) -> Result<(), Error> {
    if Speaker::of(actor) == Speaker::Person {
        if relation == Relation::Suspected {
            forget_verdict(c, incident.id, deploy.id)?;
        } else {
            keep_verdict(c, incident, deploy.id, relation, now)?;
        }
        let kept = reckoning(c, incident.id)?;
        if matches!(relation, Relation::Caused | Relation::Contributed)
            && kept.as_ref().is_some_and(|kept| kept.nothing_at.is_some())
        {
            take_back_nothing(c, actor, incident, now)?;
        }
        relearn(c, kept.as_ref(), now)?;
    }
    reckon(c, incident, now)
}

/// A link was taken away: its verdict no longer counts.
///
/// # Errors
/// The database's.
pub fn unheard(c: &mut Conn, incident: &Incident, deploy: &Deploy, now: Moment) -> Result<(), Error> {
    forget_verdict(c, incident.id, deploy.id)?;
    let kept = reckoning(c, incident.id)?;
    relearn(c, kept.as_ref(), now)?;
    reckon(c, incident, now)
}

/// Keeps a verdict beside what was proposed when the first one was said.
///
/// # Errors
/// The database's.
pub fn keep_verdict(
    c: &mut Conn,
    incident: &Incident,
    deploy_id: i64,
    relation: Relation,
    said_at: Moment,
) -> Result<(), Error> {
    let known = suspect_verdicts::table
        .filter(suspect_verdicts::incident_id.eq(incident.id))
        .filter(suspect_verdicts::deploy_id.eq(deploy_id));
    let changed = diesel::update(known)
        .set((suspect_verdicts::relation.eq(relation), suspect_verdicts::said_at.eq(said_at)))
        .execute(c)?;
    if changed > 0 {
        return Ok(());
    }
    let proposed: Option<Suspect> = incident_suspects::table
        .filter(incident_suspects::incident_id.eq(incident.id))
        .filter(incident_suspects::deploy_id.eq(deploy_id))
        .select(Suspect::as_select())
        .first(c)
        .optional()?;
    let rules: Vec<String> = proposed.iter().flat_map(Suspect::why).map(|why| why.rule).collect();
    let part =
        proposed.as_ref().map_or(if relation == Relation::Fixed { Part::Fix } else { Part::Cause }, |it| it.part);
    diesel::insert_into(suspect_verdicts::table)
        .values((
            suspect_verdicts::incident_id.eq(incident.id),
            suspect_verdicts::deploy_id.eq(deploy_id),
            suspect_verdicts::relation.eq(relation),
            suspect_verdicts::part.eq(part),
            suspect_verdicts::place.eq(proposed.as_ref().map(|proposed| proposed.place)),
            suspect_verdicts::probability.eq(proposed.as_ref().map_or(0.0, |proposed| proposed.probability)),
            suspect_verdicts::rules.eq(rules.join(" ")),
            suspect_verdicts::said_at.eq(said_at),
        ))
        .execute(c)?;
    Ok(())
}

fn forget_verdict(c: &mut Conn, incident_id: i64, deploy_id: i64) -> Result<(), Error> {
    diesel::delete(
        suspect_verdicts::table
            .filter(suspect_verdicts::incident_id.eq(incident_id))
            .filter(suspect_verdicts::deploy_id.eq(deploy_id)),
    )
    .execute(c)?;
    Ok(())
}

/// A verdict about an incident that was learned from already: everything is learned again, a little later.
fn relearn(c: &mut Conn, kept: Option<&Reckoning>, now: Moment) -> Result<(), Error> {
    match kept {
        Some(Reckoning { learned_at: Some(_), .. }) => learning::enqueue_again(c, now.plus_s(RELEARN_S), now),
        _ => Ok(()),
    }
}

/// A person says that no change on record caused an incident.
///
/// # Errors
/// 409 when a change is said to have caused it.
pub fn say_nothing(c: &mut Conn, actor: &Actor, incident: &Incident, reason: &str, now: Moment) -> Result<(), Error> {
    let cause: Option<i64> = incident_deploys::table
        .inner_join(deploys::table.on(deploys::id.eq(incident_deploys::deploy_id)))
        .filter(incident_deploys::incident_id.eq(incident.id))
        .filter(incident_deploys::relation.eq(Relation::Caused))
        .order(incident_deploys::id)
        .select(deploys::number)
        .first(c)
        .optional()?;
    if let Some(number) = cause {
        return Err(Error::Conflict(format!(
            "{} is said to have caused {}. Take that back first, then say that no change did.",
            crate::deploys::model::key(number),
            incident.key()
        )));
    }
    if reckoning(c, incident.id)?.is_none() {
        reckon(c, incident, now)?;
    }
    let kept = reckoning(c, incident.id)?;
    if kept.as_ref().is_some_and(|kept| kept.nothing_at.is_some()) {
        return Ok(());
    }
    let best: Option<f64> = incident_suspects::table
        .filter(incident_suspects::incident_id.eq(incident.id))
        .filter(incident_suspects::part.eq(Part::Cause))
        .order((incident_suspects::probability.desc(), incident_suspects::id))
        .select(incident_suspects::probability)
        .first(c)
        .optional()?;
    let reason = reason.trim();
    diesel::update(incident_reckonings::table.find(incident.id))
        .set((
            incident_reckonings::nothing_at.eq(Some(now)),
            incident_reckonings::nothing_by.eq(actor.user_id),
            incident_reckonings::nothing_name.eq(Some(&actor.name)),
            incident_reckonings::nothing_reason.eq(Some(reason)),
            incident_reckonings::nothing_best.eq(Some(best.unwrap_or(0.0))),
        ))
        .execute(c)?;
    let words = "No change on record caused it";
    tell(c, actor, incident, &if reason.is_empty() { words.to_owned() } else { format!("{words}: {reason}") }, now)?;
    let facts = serde_json::json!({ "cause": "none", "reason": reason });
    record(c, actor, incident, ("suspects.nothing", None, Some(facts)), now)?;
    relearn(c, kept.as_ref(), now)
}

/// Takes back that no change caused an incident; nothing happens when it was not said.
///
/// # Errors
/// The database's.
pub fn take_back_nothing(c: &mut Conn, actor: &Actor, incident: &Incident, now: Moment) -> Result<(), Error> {
    let kept = reckoning(c, incident.id)?;
    let Some(reason) = kept.as_ref().and_then(|kept| kept.nothing_at.and(kept.nothing_reason.clone())) else {
        return Ok(());
    };
    diesel::update(incident_reckonings::table.find(incident.id))
        .set((
            incident_reckonings::nothing_at.eq(None::<Moment>),
            incident_reckonings::nothing_by.eq(None::<i64>),
            incident_reckonings::nothing_name.eq(None::<String>),
            incident_reckonings::nothing_reason.eq(None::<String>),
            incident_reckonings::nothing_best.eq(None::<f64>),
        ))
        .execute(c)?;
    tell(c, actor, incident, "A change may have caused it after all", now)?;
    let facts = serde_json::json!({ "cause": "none", "reason": reason });
    record(c, actor, incident, ("suspects.nothing", Some(facts), None), now)?;
    relearn(c, kept.as_ref(), now)
}

fn tell(c: &mut Conn, actor: &Actor, incident: &Incident, text: &str, now: Moment) -> Result<(), Error> {
    let (kind, source) = (EventKind::Status, EventSource::StatusChange);
    crate::timeline::queries::note(c, actor, incident.id, now, kind, source, text, None, now)?;
    Ok(())
}

type Facts = Option<serde_json::Value>;

fn record(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (action, old, new): (&'static str, Facts, Facts),
    now: Moment,
) -> Result<(), Error> {
    audit::record(c, actor, now, &Change { action, subject: incident.key(), old, new })
}

/// A deploy was recorded or changed: the incidents that it may have to do with are reckoned again, soon.
///
/// # Errors
/// The database's.
pub fn deploy_changed(c: &mut Conn, happened_at: Moment, now: Moment) -> Result<(), Error> {
    let is_open_then = incidents::resolved_at
        .is_null()
        .or(incidents::resolved_at.ge(happened_at.plus_s(-3600)))
        .or(incidents::started_at.ge(happened_at.plus_s(-3600)));
    let near: Vec<i64> = incidents::table
        .filter(incidents::started_at.ge(happened_at.plus_s(-BEFORE_S)))
        .filter(incidents::started_at.le(happened_at.plus_s(AFTER_S)))
        .filter(is_open_then)
        .order((incidents::started_at.asc(), incidents::id.asc()))
        .limit(AGAIN_LIMIT)
        .select(incidents::id)
        .load(c)?;
    reckon_soon(c, &near, now)
}

/// A service has other neighbours now: the incidents of the last days are reckoned again, soon.
///
/// # Errors
/// The database's.
pub fn graph_changed(c: &mut Conn, now: Moment) -> Result<(), Error> {
    let near: Vec<i64> = incidents::table
        .filter(incidents::started_at.ge(now.plus_s(-BEFORE_S)))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(AGAIN_LIMIT)
        .select(incidents::id)
        .load(c)?;
    reckon_soon(c, &near, now)
}

fn reckon_soon(c: &mut Conn, incident_ids: &[i64], now: Moment) -> Result<(), Error> {
    for incident_id in incident_ids {
        let payload = super::jobs::OneIncident { incident_id: *incident_id };
        let key = format!("{RECKON} {incident_id}");
        crate::jobs::queries::enqueue_once(c, &key, (RECKON, &payload), now, now)?;
    }
    Ok(())
}
