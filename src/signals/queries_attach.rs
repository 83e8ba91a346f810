//! Signals and incidents: attaching, taking off, and what the timeline says of it.

use diesel::prelude::*;

use super::model::AlertState;
use super::model_signal::{Attachment, Signal};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incident_services, incidents, signal_incidents, signals};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::timeline;
use crate::timeline::model::{EventDraft, EventKind, EventSource, Evidence};

/// Most signals of one incident whose firing and end stand on its timeline; the rest are in the list alone.
pub const TOLD_LIMIT: i64 = 20;
/// Most signals or incidents that a page shows.
pub const SHOWN_LIMIT: i64 = 50;

/// The signals that are attached to an incident, the first to fire first, and how many there are.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<(Vec<Signal>, i64), Error> {
    let attached = || {
        signal_incidents::table
            .inner_join(signals::table)
            .filter(signal_incidents::incident_id.eq(incident_id))
            .filter(signal_incidents::detached_at.is_null())
    };
    let rows =
        attached().order(signal_incidents::id).limit(SHOWN_LIMIT).select(Signal::as_select()).load::<Signal>(c)?;
    let count = if (rows.len() as i64) < SHOWN_LIMIT { rows.len() as i64 } else { attached().count().get_result(c)? };
    Ok((rows, count))
}

/// The incidents that a signal is attached to, the last first.
///
/// # Errors
/// The database's.
pub fn of_signal(c: &mut Conn, signal_id: i64) -> Result<Vec<(Attachment, Incident)>, Error> {
    Ok(signal_incidents::table
        .inner_join(incidents::table)
        .filter(signal_incidents::signal_id.eq(signal_id))
        .filter(signal_incidents::detached_at.is_null())
        .order(signal_incidents::id.desc())
        .limit(SHOWN_LIMIT)
        .select((Attachment::as_select(), Incident::as_select()))
        .load(c)?)
}

/// The numbers of the incidents that many signals are attached to, with the signal's id, of each the last first.
///
/// # Errors
/// The database's.
pub fn of_signals(c: &mut Conn, signal_ids: &[i64]) -> Result<Vec<(i64, i64)>, Error> {
    Ok(signal_incidents::table
        .inner_join(incidents::table)
        .filter(signal_incidents::signal_id.eq_any(signal_ids.to_vec()))
        .filter(signal_incidents::detached_at.is_null())
        .order((signal_incidents::signal_id, signal_incidents::id.desc()))
        .limit(SHOWN_LIMIT * signal_ids.len() as i64)
        .select((signal_incidents::signal_id, incidents::number))
        .load(c)?)
}

/// The live incidents, to choose from: those of a signal's service first.
///
/// # Errors
/// The database's.
pub fn live_incidents(c: &mut Conn, service_id: Option<i64>) -> Result<Vec<Incident>, Error> {
    let mut found: Vec<Incident> = incidents::table
        .filter(incidents::status.eq_any(live()))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(SHOWN_LIMIT)
        .select(Incident::as_select())
        .load(c)?;
    let ids: Vec<i64> = found.iter().map(|incident| incident.id).collect();
    let own: Vec<i64> = incident_services::table
        .filter(incident_services::incident_id.eq_any(ids))
        .filter(incident_services::service_id.eq(service_id.unwrap_or(0)))
        .select(incident_services::incident_id)
        .load(c)?;
    found.sort_by_key(|incident| !own.contains(&incident.id));
    Ok(found)
}

/// The live incident of a service that began last.
///
/// # Errors
/// The database's.
pub fn live_of_service(c: &mut Conn, service_id: i64) -> Result<Option<Incident>, Error> {
    Ok(incidents::table
        .inner_join(incident_services::table)
        .filter(incident_services::service_id.eq(service_id))
        .filter(incidents::status.eq_any(live()))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .select(Incident::as_select())
        .first(c)
        .optional()?)
}

/// The live incident that a signal is attached to.
///
/// # Errors
/// The database's.
pub fn live_of_signal(c: &mut Conn, signal_id: i64) -> Result<Option<Incident>, Error> {
    Ok(of_signal(c, signal_id)?.into_iter().map(|(_, incident)| incident).find(|incident| incident.status.is_live()))
}

/// The live incident that a rule had to do with last: of the same service, when the signal has one.
///
/// # Errors
/// The database's.
pub fn live_of_rule(c: &mut Conn, rule_id: i64, service_id: Option<i64>) -> Result<Option<Incident>, Error> {
    let mut query = signal_incidents::table
        .inner_join(incidents::table)
        .filter(signal_incidents::rule_id.eq(rule_id))
        .filter(signal_incidents::detached_at.is_null())
        .filter(incidents::status.eq_any(live()))
        .order(signal_incidents::id.desc())
        .select(Incident::as_select())
        .into_boxed();
    if let Some(service_id) = service_id {
        let theirs = incident_services::table
            .filter(incident_services::service_id.eq(service_id))
            .select(incident_services::incident_id);
        query = query.filter(incidents::id.eq_any(theirs));
    }
    Ok(query.first(c).optional()?)
}

/// Every status in which an incident still asks for somebody.
fn live() -> Vec<IncidentStatus> {
    IncidentStatus::ALL.iter().copied().filter(|status| status.is_live()).collect()
}

/// Attaches a signal to an incident; its firing and its end stand on the timeline from then on. Attached already, it
/// stays so.
///
/// # Errors
/// The database's.
pub fn attach(
    c: &mut Conn,
    actor: &Actor,
    signal: &Signal,
    incident: &Incident,
    rule_id: Option<i64>,
    now: Moment,
) -> Result<(), Error> {
    let known: Option<Attachment> = pair(c, signal.id, incident.id)?;
    match &known {
        Some(attachment) if attachment.detached_at.is_none() => return Ok(()),
        Some(attachment) => {
            diesel::update(signal_incidents::table.find(attachment.id))
                .set((
                    signal_incidents::detached_at.eq(None::<Moment>),
                    signal_incidents::detached_by.eq(None::<i64>),
                    signal_incidents::said_by.eq(&actor.name),
                    signal_incidents::user_id.eq(actor.user_id),
                    signal_incidents::said_at.eq(now),
                ))
                .execute(c)?;
        }
        None => {
            diesel::insert_into(signal_incidents::table)
                .values((
                    signal_incidents::signal_id.eq(signal.id),
                    signal_incidents::incident_id.eq(incident.id),
                    signal_incidents::rule_id.eq(rule_id),
                    signal_incidents::said_by.eq(&actor.name),
                    signal_incidents::user_id.eq(actor.user_id),
                    signal_incidents::said_at.eq(now),
                ))
                .execute(c)?;
        }
    }
    let change = Change {
        action: "signal.attach",
        subject: incident.key(),
        old: None::<()>,
        new: Some(serde_json::json!({ "signal": signal.id, "title": signal.title, "rule": rule_id })),
    };
    audit::record(c, actor, now, &change)?;
    if let Some(attachment) = pair(c, signal.id, incident.id)? {
        begin(c, signal, &attachment, now)?;
    }
    follow(c, signal, now)?;
    // Its labels may name the change that is to blame.
    crate::suspects::queries::reckon(c, incident, now)
}

/// Takes a signal off an incident, and its events off the timeline.
///
/// # Errors
/// 404 when the two have nothing to do with each other.
pub fn detach(c: &mut Conn, actor: &Actor, signal: &Signal, incident: &Incident, now: Moment) -> Result<(), Error> {
    let attachment = pair(c, signal.id, incident.id)?
        .filter(|attachment| attachment.detached_at.is_none())
        .ok_or_else(|| Error::NotFound(format!("This signal is not attached to {}.", incident.key())))?;
    diesel::update(signal_incidents::table.find(attachment.id))
        .set((signal_incidents::detached_at.eq(now), signal_incidents::detached_by.eq(actor.user_id)))
        .execute(c)?;
    for event_id in attachment.firing_event_id.into_iter().chain(attachment.resolved_event_id) {
        timeline::queries::withdraw(c, event_id, now)?;
    }
    let change = Change {
        action: "signal.detach",
        subject: incident.key(),
        old: Some(serde_json::json!({ "signal": signal.id, "title": signal.title })),
        new: None::<()>,
    };
    audit::record(c, actor, now, &change)?;
    crate::suspects::queries::reckon(c, incident, now)
}

fn pair(c: &mut Conn, signal_id: i64, incident_id: i64) -> Result<Option<Attachment>, Error> {
    Ok(signal_incidents::table
        .filter(signal_incidents::signal_id.eq(signal_id))
        .filter(signal_incidents::incident_id.eq(incident_id))
        .select(Attachment::as_select())
        .first(c)
        .optional()?)
}

/// Puts the firing on the timeline of an incident, once, while there is room for one more signal.
fn begin(c: &mut Conn, signal: &Signal, attachment: &Attachment, now: Moment) -> Result<(), Error> {
    if let Some(event_id) = attachment.firing_event_id {
        return timeline::queries::put_at(c, event_id, signal.last_started_at);
    }
    let told: i64 = signal_incidents::table
        .filter(signal_incidents::incident_id.eq(attachment.incident_id))
        .filter(signal_incidents::firing_event_id.is_not_null())
        .count()
        .get_result(c)?;
    if told >= TOLD_LIMIT {
        return Ok(());
    }
    let draft =
        event(signal, attachment.incident_id, EventKind::Detection, (signal.last_started_at, signal.firing_words()));
    let id = timeline::queries::tell(c, &Actor::program(signal.sender()), &draft, now)?;
    diesel::update(signal_incidents::table.find(attachment.id))
        .set(signal_incidents::firing_event_id.eq(id))
        .execute(c)?;
    Ok(())
}

/// Brings the timelines of a signal's incidents up to date: it stands there firing once and, when it is over, resolved
/// once, however often it went back and forth. An incident that is over takes the end, but no new beginning.
///
/// # Errors
/// The database's.
pub fn follow(c: &mut Conn, signal: &Signal, now: Moment) -> Result<(), Error> {
    for (attachment, incident) in of_signal(c, signal.id)? {
        if attachment.firing_event_id.is_none() {
            continue;
        }
        let is_live = incident.status.is_live();
        match (signal.state, signal.last_ended_at, attachment.resolved_event_id) {
            (AlertState::Firing, _, Some(event_id)) if is_live => timeline::queries::withdraw(c, event_id, now)?,
            (AlertState::Resolved, Some(ended_at), Some(event_id)) if is_live => {
                timeline::queries::put_at(c, event_id, ended_at)?;
            }
            (AlertState::Resolved, Some(ended_at), None) => {
                let words = (ended_at, signal.resolved_words());
                let draft = event(signal, incident.id, EventKind::Observation, words);
                let id = timeline::queries::tell(c, &Actor::program(signal.sender()), &draft, now)?;
                diesel::update(signal_incidents::table.find(attachment.id))
                    .set(signal_incidents::resolved_event_id.eq(id))
                    .execute(c)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Moves the beginning of an alert on the timelines where it stands back to `started_at`: an earlier alert came late.
///
/// # Errors
/// The database's.
pub fn began_earlier(c: &mut Conn, signal: &Signal, started_at: Moment) -> Result<(), Error> {
    for (attachment, incident) in of_signal(c, signal.id)? {
        if let Some(event_id) = attachment.firing_event_id.filter(|_| incident.status.is_live()) {
            timeline::queries::put_no_later(c, event_id, started_at)?;
        }
    }
    Ok(())
}

fn event(signal: &Signal, incident_id: i64, kind: EventKind, (at, text): (Moment, String)) -> EventDraft {
    let evidence = signal.url.iter().map(|url| Evidence { url: url.clone(), label: String::new() }).collect();
    EventDraft { incident_id, happened_at: at, kind, source: EventSource::Alert, text, evidence }
}
