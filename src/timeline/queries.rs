//! Timelines in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Event, EventDraft, EventKind, EventRow, EventSource, Evidence, SHOWN_LIMIT};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE};
use crate::db::schema::{deploys, incidents, timeline_events, timeline_evidence, users};
use crate::error::Error;

/// The whole timeline of an incident, oldest first, at most [`SHOWN_LIMIT`] events.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<Vec<EventRow>, Error> {
    let events = timeline_events::table
        .filter(timeline_events::incident_id.eq(incident_id))
        .filter(timeline_events::deleted_at.is_null())
        .order((timeline_events::happened_at, timeline_events::id))
        .limit(SHOWN_LIMIT)
        .select(Event::as_select())
        .load(c)?;
    with_surroundings(c, events)
}

/// A page of the timeline after a cursor, oldest first, and whether there is more.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, incident_id: i64, after: Option<Cursor>) -> Result<(Vec<EventRow>, bool), Error> {
    let mut query = timeline_events::table
        .filter(timeline_events::incident_id.eq(incident_id))
        .filter(timeline_events::deleted_at.is_null())
        .order((timeline_events::happened_at, timeline_events::id))
        .limit(PAGE_SIZE + 1)
        .select(Event::as_select())
        .into_boxed();
    if let Some(cursor) = after {
        let at = Moment::from_millis(cursor.sort);
        query = query.filter(
            timeline_events::happened_at
                .gt(at)
                .or(timeline_events::happened_at.eq(at).and(timeline_events::id.gt(cursor.id))),
        );
    }
    let mut events: Vec<Event> = query.load(c)?;
    let there_is_more = events.len() as i64 > PAGE_SIZE;
    events.truncate(PAGE_SIZE as usize);
    Ok((with_surroundings(c, events)?, there_is_more))
}

/// One event of this incident that is not deleted.
///
/// # Errors
/// 404, also for an event of another incident.
pub fn by_id(c: &mut Conn, incident_id: i64, id: i64) -> Result<EventRow, Error> {
    let row = by_id_or_deleted(c, incident_id, id)?;
    if row.event.deleted_at.is_some() { Err(no_event(id)) } else { Ok(row) }
}

/// One event of this incident, deleted or not: what somebody wrote about it must not be lost.
///
/// # Errors
/// 404, also for an event of another incident.
pub fn by_id_or_deleted(c: &mut Conn, incident_id: i64, id: i64) -> Result<EventRow, Error> {
    let event = find(c, incident_id, id)?.ok_or_else(|| no_event(id))?;
    let mut rows = with_surroundings(c, vec![event])?;
    rows.pop().ok_or_else(|| no_event(id))
}

fn no_event(id: i64) -> Error {
    Error::no("event", format!("{id} on this timeline"))
}

fn find(c: &mut Conn, incident_id: i64, id: i64) -> Result<Option<Event>, Error> {
    Ok(timeline_events::table
        .find(id)
        .filter(timeline_events::incident_id.eq(incident_id))
        .select(Event::as_select())
        .first(c)
        .optional()?)
}

fn with_surroundings(c: &mut Conn, events: Vec<Event>) -> Result<Vec<EventRow>, Error> {
    let mut evidence: HashMap<i64, Vec<Evidence>> = HashMap::new();
    // SQLite takes a limited number of variables in one statement.
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    for some in ids.chunks(500) {
        let rows: Vec<(i64, Evidence)> = timeline_evidence::table
            .filter(timeline_evidence::event_id.eq_any(some))
            .order(timeline_evidence::id)
            .select((timeline_evidence::event_id, Evidence::as_select()))
            .load(c)?;
        for (event_id, one) in rows {
            evidence.entry(event_id).or_default().push(one);
        }
    }
    let names = lookup(events.iter().filter_map(|event| event.user_id), |some| {
        Ok(users::table.filter(users::id.eq_any(some)).select((users::id, users::name)).load::<(i64, String)>(c)?)
    })?;
    let numbers = lookup(events.iter().filter_map(|event| event.deploy_id), |some| {
        Ok(deploys::table
            .filter(deploys::id.eq_any(some))
            .select((deploys::id, deploys::number))
            .load::<(i64, i64)>(c)?)
    })?;
    Ok(events
        .into_iter()
        .map(|event| EventRow {
            evidence: evidence.remove(&event.id).unwrap_or_default(),
            author: event.user_id.and_then(|id| names.get(&id).cloned()),
            deploy_number: event.deploy_id.and_then(|id| numbers.get(&id).copied()),
            event,
        })
        .collect())
}

fn lookup<T>(
    ids: impl Iterator<Item = i64>,
    mut load: impl FnMut(&[i64]) -> Result<Vec<(i64, T)>, Error>,
) -> Result<HashMap<i64, T>, Error> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for some in ids.chunks(500) {
        found.extend(load(some)?);
    }
    Ok(found)
}

/// Puts an event on a timeline, by a person or an import.
///
/// # Errors
/// The database's.
pub fn add(c: &mut Conn, actor: &Actor, draft: &EventDraft, now: Moment) -> Result<Event, Error> {
    let event = insert(c, actor, draft, None, now)?;
    let new = facts(&event, &draft.evidence);
    record(c, actor, now, "event.add", &event, None, Some(new))?;
    Ok(event)
}

/// Writes an automatic event: a fact about the incident, in the transaction of the change that it tells of.
/// The change itself is audited by whoever made it.
///
/// # Errors
/// The database's.
#[expect(clippy::too_many_arguments, reason = "one line in every room that changes an incident")]
pub fn note(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    at: Moment,
    kind: EventKind,
    source: EventSource,
    text: &str,
    deploy_id: Option<i64>,
    now: Moment,
) -> Result<Event, Error> {
    let draft = EventDraft { incident_id, happened_at: at, kind, source, text: text.to_owned(), evidence: Vec::new() };
    insert(c, actor, &draft, deploy_id, now)
}

/// Writes an automatic event with its evidence, as [`note`] does; gives its row id.
///
/// # Errors
/// The database's.
pub fn tell(c: &mut Conn, actor: &Actor, draft: &EventDraft, now: Moment) -> Result<i64, Error> {
    insert(c, actor, draft, None, now).map(|event| event.id)
}

/// Takes an automatic event off the timeline, because what it told of no longer holds; [`put_at`] puts it back.
///
/// # Errors
/// The database's.
pub fn withdraw(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    let standing = timeline_events::table.find(id).filter(timeline_events::deleted_at.is_null());
    diesel::update(standing).set(timeline_events::deleted_at.eq(now)).execute(c)?;
    Ok(())
}

/// Puts an automatic event at an instant, and back on the timeline when it was withdrawn.
///
/// # Errors
/// The database's.
pub fn put_at(c: &mut Conn, id: i64, at: Moment) -> Result<(), Error> {
    diesel::update(timeline_events::table.find(id))
        .set((
            timeline_events::happened_at.eq(at),
            timeline_events::deleted_at.eq(None::<Moment>),
            timeline_events::deleted_by.eq(None::<i64>),
        ))
        .execute(c)?;
    Ok(())
}

/// Moves an automatic event to an earlier instant; one that is earlier already stays.
///
/// # Errors
/// The database's.
pub fn put_no_later(c: &mut Conn, id: i64, at: Moment) -> Result<(), Error> {
    let later = timeline_events::table.find(id).filter(timeline_events::happened_at.gt(at));
    diesel::update(later).set(timeline_events::happened_at.eq(at)).execute(c)?;
    Ok(())
}

fn insert(
    c: &mut Conn,
    actor: &Actor,
    draft: &EventDraft,
    deploy_id: Option<i64>,
    now: Moment,
) -> Result<Event, Error> {
    let id: i64 = diesel::insert_into(timeline_events::table)
        .values((
            timeline_events::incident_id.eq(draft.incident_id),
            timeline_events::happened_at.eq(draft.happened_at),
            timeline_events::kind.eq(draft.kind),
            timeline_events::source.eq(draft.source),
            timeline_events::text.eq(&draft.text),
            timeline_events::user_id.eq(actor.user_id),
            timeline_events::deploy_id.eq(deploy_id),
            timeline_events::pinned.eq(false),
            timeline_events::revision.eq(1),
            timeline_events::created_at.eq(now),
            timeline_events::updated_at.eq(now),
        ))
        .returning(timeline_events::id)
        .get_result(c)?;
    set_evidence(c, id, &draft.evidence)?;
    Ok(timeline_events::table.find(id).select(Event::as_select()).first(c)?)
}

fn set_evidence(c: &mut Conn, event_id: i64, evidence: &[Evidence]) -> Result<(), Error> {
    diesel::delete(timeline_evidence::table.filter(timeline_evidence::event_id.eq(event_id))).execute(c)?;
    for one in evidence {
        diesel::insert_into(timeline_evidence::table)
            .values((
                timeline_evidence::event_id.eq(event_id),
                timeline_evidence::url.eq(&one.url),
                timeline_evidence::label.eq(&one.label),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// What became of an edit.
#[derive(Clone, Debug)]
pub enum Edited {
    /// It is saved.
    Saved(Event),
    /// Somebody else was faster; this is what stands there now, and nothing was saved.
    Outdated(EventRow),
}

/// Changes an event's time, kind, text and evidence, when nobody changed it since `base_revision`.
///
/// # Errors
/// 404, or 409 for an automatic event.
pub fn change(
    c: &mut Conn,
    actor: &Actor,
    id: i64,
    base_revision: i64,
    draft: &EventDraft,
    now: Moment,
) -> Result<Edited, Error> {
    let row = by_id_or_deleted(c, draft.incident_id, id)?;
    check_manual(&row.event)?;
    let mine = timeline_events::table
        .find(id)
        .filter(timeline_events::revision.eq(base_revision))
        .filter(timeline_events::deleted_at.is_null());
    let changed = diesel::update(mine)
        .set((
            timeline_events::happened_at.eq(draft.happened_at),
            timeline_events::kind.eq(draft.kind),
            timeline_events::text.eq(&draft.text),
            timeline_events::revision.eq(timeline_events::revision + 1),
            timeline_events::updated_at.eq(now),
        ))
        .execute(c)?;
    if changed == 0 {
        return Ok(Edited::Outdated(by_id_or_deleted(c, draft.incident_id, id)?));
    }
    set_evidence(c, id, &draft.evidence)?;
    let after = by_id(c, draft.incident_id, id)?;
    let (old, new) = (facts(&row.event, &row.evidence), facts(&after.event, &after.evidence));
    record(c, actor, now, "event.change", &after.event, Some(old), Some(new))?;
    Ok(Edited::Saved(after.event))
}

/// Refuses to touch what Debrief recorded itself.
///
/// # Errors
/// 409
pub fn check_manual(event: &Event) -> Result<(), Error> {
    if event.source.is_automatic() {
        return Err(Error::Conflict(
            "Debrief recorded this event itself, so it stays as it is. Correct a wrong time on the incident, \
             or add an event beside it."
                .to_owned(),
        ));
    }
    Ok(())
}

/// Takes an event off the timeline; [`restore`] puts it back.
///
/// # Errors
/// 404, or 409 for an automatic event.
pub fn remove(c: &mut Conn, actor: &Actor, incident_id: i64, id: i64, now: Moment) -> Result<Event, Error> {
    let row = by_id(c, incident_id, id)?;
    check_manual(&row.event)?;
    diesel::update(timeline_events::table.find(id))
        .set((timeline_events::deleted_at.eq(Some(now)), timeline_events::deleted_by.eq(actor.user_id)))
        .execute(c)?;
    let old = facts(&row.event, &row.evidence);
    record(c, actor, now, "event.remove", &row.event, Some(old), None)?;
    Ok(row.event)
}

/// Puts a deleted event back; one that is there already stays.
///
/// # Errors
/// 404
pub fn restore(c: &mut Conn, actor: &Actor, incident_id: i64, id: i64, now: Moment) -> Result<Event, Error> {
    let event = find(c, incident_id, id)?.ok_or_else(|| no_event(id))?;
    if event.deleted_at.is_some() {
        diesel::update(timeline_events::table.find(id))
            .set((timeline_events::deleted_at.eq(None::<Moment>), timeline_events::deleted_by.eq(None::<i64>)))
            .execute(c)?;
        let row = by_id(c, incident_id, id)?;
        let new = facts(&row.event, &row.evidence);
        record(c, actor, now, "event.restore", &row.event, None, Some(new))?;
    }
    Ok(event)
}

/// Puts an event among the pinned ones, or takes it from them.
///
/// # Errors
/// 404
pub fn set_pin(c: &mut Conn, actor: &Actor, incident_id: i64, id: i64, pin: Pin, now: Moment) -> Result<Event, Error> {
    let event = by_id(c, incident_id, id)?.event;
    let pinned = pin == Pin::On;
    if event.pinned != pinned {
        diesel::update(timeline_events::table.find(id)).set(timeline_events::pinned.eq(pinned)).execute(c)?;
        let action = if pinned { "event.pin" } else { "event.unpin" };
        let (old, new) =
            (serde_json::json!({"event": id, "pinned": !pinned}), serde_json::json!({"event": id, "pinned": pinned}));
        record(c, actor, now, action, &event, Some(old), Some(new))?;
    }
    Ok(event)
}

/// Whether an event is to be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Pinned.
    On,
    /// Not pinned.
    Off,
}

fn record(
    c: &mut Conn,
    actor: &Actor,
    now: Moment,
    action: &str,
    event: &Event,
    old: Option<serde_json::Value>,
    new: Option<serde_json::Value>,
) -> Result<(), Error> {
    let number: i64 = incidents::table.find(event.incident_id).select(incidents::number).first(c)?;
    audit::record(c, actor, now, &Change { action, subject: format!("INC-{number}"), old, new })
}

fn facts(event: &Event, evidence: &[Evidence]) -> serde_json::Value {
    serde_json::json!({
        "event": event.id, "at": event.happened_at, "kind": event.kind, "source": event.source,
        "text": event.text, "evidence": evidence,
    })
}
