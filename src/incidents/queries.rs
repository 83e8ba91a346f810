//! Incidents in the database: declaring, finding and changing them.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::around::model::NewTime;
use super::around::queries as around;
use super::forms::DeployLink;
use super::model::{Incident, IncidentChange, IncidentDraft, IncidentStatus, TimeField, Times};
use super::{news, story};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::incidents;
use crate::db::{Conn, counters};
use crate::error::{Error, FieldErrors};
use crate::web::times::Zone;

/// The incident with this number.
///
/// # Errors
/// 404 when there is none.
pub fn by_number(c: &mut Conn, number: i64) -> Result<Incident, Error> {
    let found =
        incidents::table.filter(incidents::number.eq(number)).select(Incident::as_select()).first(c).optional()?;
    found.ok_or_else(|| Error::no("incident", format!("INC-{number}")))
}

/// The incident with this row id.
///
/// # Errors
/// 404 when there is none.
pub fn by_id(c: &mut Conn, id: i64) -> Result<Incident, Error> {
    Ok(incidents::table.find(id).select(Incident::as_select()).first(c)?)
}

/// The incident with this number, kept from other writers until the transaction ends.
///
/// # Errors
/// 404 when there is none.
pub fn for_change(c: &mut Conn, number: i64) -> Result<Incident, Error> {
    let wanted = incidents::table.filter(incidents::number.eq(number)).select(incidents::id);
    // SQLite's writers are one at a time.
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => wanted.first(c).optional()?,
        Conn::Postgres(c) => wanted.for_update().first(c).optional()?,
    };
    match id {
        Some(id) => by_id(c, id),
        None => Err(Error::no("incident", format!("INC-{number}"))),
    }
}

/// Declares an incident, with its services, its tags and the first events of its timeline.
///
/// # Errors
/// 422 when a service's name makes no slug.
pub fn declare(c: &mut Conn, actor: &Actor, draft: &IncidentDraft, now: Moment) -> Result<Incident, Error> {
    let number = counters::next(c, "incident")?;
    let incident: Incident = diesel::insert_into(incidents::table)
        .values((
            incidents::number.eq(number),
            incidents::title.eq(&draft.title),
            incidents::kind.eq(draft.kind),
            incidents::severity.eq(draft.severity),
            incidents::status.eq(draft.status),
            incidents::summary.eq(&draft.summary),
            incidents::started_at.eq(draft.times.started_at),
            incidents::detected_at.eq(draft.times.detected_at),
            incidents::acknowledged_at.eq(draft.times.acknowledged_at),
            incidents::identified_at.eq(draft.times.identified_at),
            incidents::mitigated_at.eq(draft.times.mitigated_at),
            incidents::resolved_at.eq(draft.times.resolved_at),
            incidents::declared_at.eq(now),
            incidents::declared_by.eq(actor.user_id),
            incidents::revision.eq(1),
            incidents::updated_at.eq(now),
        ))
        .returning(incidents::all_columns)
        .get_result(c)?;
    around::set_services(c, actor, incident.id, &draft.services, now)?;
    around::set_tags(c, incident.id, &draft.tags)?;
    story::declared(c, actor, &incident, now)?;
    news::declared(c, actor, &incident, now)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.declare",
            subject: incident.key(),
            old: None::<()>,
            new: Some(json!({
                "title": draft.title, "kind": draft.kind, "severity": draft.severity, "status": draft.status,
                "summary": draft.summary, "times": draft.times, "services": draft.services, "tags": draft.tags,
            })),
        },
    )?;
    crate::suspects::queries::reckon(c, &incident, now)?;
    Ok(incident)
}

/// Declares an incident and links deploys to it.
///
/// # Errors
/// 422 when a deploy does not exist, or as [`declare`].
pub fn declare_with_links(
    c: &mut Conn,
    actor: &Actor,
    draft: &IncidentDraft,
    deploys: &[DeployLink],
    now: Moment,
) -> Result<Incident, Error> {
    let incident = declare(c, actor, draft, now)?;
    link(c, actor, &incident, deploys, now)?;
    Ok(incident)
}

/// Says of each deploy what it had to do with the incident.
///
/// # Errors
/// 422 when a deploy does not exist.
pub fn link(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    deploys: &[DeployLink],
    now: Moment,
) -> Result<(), Error> {
    for (index, wanted) in deploys.iter().enumerate() {
        let deploy = crate::deploys::queries::by_number(c, wanted.number).map_err(|error| match error {
            Error::NotFound(_) => Error::field(
                &format!("deploys/{index}/deploy"),
                format!("There is no deploy DEP-{}. Check the key, or leave it out.", wanted.number),
            ),
            other => other,
        })?;
        crate::links::queries::say(c, actor, incident, &deploy, wanted.relation, &wanted.reason, now)?;
    }
    Ok(())
}

/// Changes an incident: what it says, its severity, its status, its times. What was changed is on its timeline,
/// and every time that was there before stays on record.
///
/// # Errors
/// 404, or 422 for times out of order and for a status that does not go with them.
pub fn change(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    change: &IncidentChange,
    now: Moment,
) -> Result<Incident, Error> {
    let before = for_change(c, number)?;
    let (status, times) = after_change(&before, change, now)?;
    let title = change.title.clone().unwrap_or_else(|| before.title.clone());
    let summary = change.summary.clone().unwrap_or_else(|| before.summary.clone());
    let kind = change.kind.unwrap_or(before.kind);
    let severity = change.severity.unwrap_or(before.severity);
    let after: Incident = diesel::update(incidents::table.find(before.id))
        .set((
            incidents::title.eq(title),
            incidents::kind.eq(kind),
            incidents::severity.eq(severity),
            incidents::status.eq(status),
            incidents::summary.eq(summary),
            incidents::started_at.eq(times.started_at),
            incidents::detected_at.eq(times.detected_at),
            incidents::acknowledged_at.eq(times.acknowledged_at),
            incidents::identified_at.eq(times.identified_at),
            incidents::mitigated_at.eq(times.mitigated_at),
            incidents::resolved_at.eq(times.resolved_at),
            incidents::revision.eq(incidents::revision + 1),
            incidents::updated_at.eq(now),
        ))
        .returning(incidents::all_columns)
        .get_result(c)?;
    let (mut old, mut new) = (facts(&before), facts(&after));
    if let Some(services) = &change.services {
        let (was, is) = around::set_services(c, actor, before.id, services, now)?;
        if was != is {
            story::services_changed(c, actor, before.id, &is, now)?;
            news::services_changed(c, actor, &after, &was, now)?;
        }
        old.insert("services".into(), json!(was));
        new.insert("services".into(), json!(is));
    }
    if let Some(tags) = &change.tags {
        old.insert("tags".into(), json!(around::tags(c, before.id)?));
        around::set_tags(c, before.id, tags)?;
        new.insert("tags".into(), json!(around::tags(c, before.id)?));
    }
    story::changed(c, actor, (&before, &after), &change.reason, now)?;
    news::changed(c, actor, (&before, &after), &change.reason, now)?;
    record_times(c, actor, (&before, &after), &change.reason, now)?;
    let changed: Vec<String> =
        new.iter().filter(|(name, value)| old.get(*name) != Some(value)).map(|(name, _)| name.clone()).collect();
    old.retain(|name, _| changed.contains(name));
    new.retain(|name, _| changed.contains(name));
    if !changed.is_empty() {
        if !change.reason.is_empty() {
            new.insert("reason".into(), json!(change.reason));
        }
        audit::record(
            c,
            actor,
            now,
            &Change { action: "incident.change", subject: after.key(), old: Some(old), new: Some(new) },
        )?;
        crate::suspects::queries::reckon(c, &after, now)?;
    }
    Ok(after)
}

/// Counts a change of what stands around an incident, for its ETag.
///
/// # Errors
/// The database's.
pub fn touch(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(incidents::table.find(id))
        .set((incidents::revision.eq(incidents::revision + 1), incidents::updated_at.eq(now)))
        .execute(c)?;
    Ok(())
}

/// Status and times after a change: a step forward gets its time, a step back clears the times that no longer hold.
fn after_change(before: &Incident, change: &IncidentChange, now: Moment) -> Result<(IncidentStatus, Times), Error> {
    let mut times = before.times();
    for &(field, at) in &change.times {
        times.set(field, at);
    }
    let status = change.status.unwrap_or_else(|| before.status.max(times.status()));
    if status < before.status {
        let is_given = |field| change.times.iter().any(|&(given, at)| given == field && at.is_some());
        for &later in TimeField::ALL {
            if belongs_after(later, status) && !is_given(later) {
                times.set(later, None);
            }
        }
    }
    let needed = status.time_field().filter(|_| change.status.is_none());
    if let Some(field) = needed.filter(|&field| change.times.contains(&(field, None))) {
        return Err(Error::field(
            field.as_str(),
            format!("It is {status}, and that has a time: correct it, or take the status back first."),
        ));
    }
    // What is on record is not in the future, whatever a clock that was set back says.
    let known = TimeField::ALL.iter().filter_map(|&field| before.times().get(field)).max();
    settle(status, &mut times, &change.zone, known.map_or(now, |known| known.max(now)))?;
    Ok((status, times))
}

/// Makes times go with `status`: the status's own time is now when it is missing, a resolution mitigates.
///
/// # Errors
/// 422 when a time of a later status is there, or the times are out of order.
pub fn settle(status: IncidentStatus, times: &mut Times, zone: &Zone, now: Moment) -> Result<(), Error> {
    if let Some(field) = status.time_field() {
        if times.get(field).is_none() {
            // Never before what was noted already: clocks differ a little.
            let latest = TimeField::ALL.iter().filter_map(|&field| times.get(field)).max();
            times.set(field, Some(latest.map_or(now, |latest| latest.max(now))));
        }
        if status == IncidentStatus::Resolved && times.mitigated_at.is_none() {
            times.mitigated_at = times.resolved_at;
        }
    }
    let mut errors = FieldErrors::new();
    for &field in TimeField::ALL {
        if let Some(at) = times.get(field).filter(|_| belongs_after(field, status)) {
            errors.add(
                "status",
                format!(
                    "It has a time for {} ({}): set the status to {}, or clear that time.",
                    field.label().to_lowercase(),
                    zone.clock(at),
                    times.status(),
                ),
            );
            break;
        }
    }
    for error in &times.errors(zone, now) {
        errors.add(error.field.clone(), error.message.clone());
    }
    errors.into_result()
}

/// Whether an incident of this status cannot have this time yet. The time of identification may stay when the
/// status is past it, and goes when everything is open again.
const fn belongs_after(field: TimeField, status: IncidentStatus) -> bool {
    match field {
        TimeField::Resolved => !matches!(status, IncidentStatus::Resolved),
        TimeField::Mitigated => matches!(status, IncidentStatus::Investigating | IncidentStatus::Identified),
        TimeField::Identified => matches!(status, IncidentStatus::Investigating),
        TimeField::Started | TimeField::Detected | TimeField::Acknowledged => false,
    }
}

fn record_times(
    c: &mut Conn,
    actor: &Actor,
    (before, after): (&Incident, &Incident),
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    let reached = (after.status != before.status).then(|| after.status.time_field()).flatten();
    for &field in TimeField::ALL {
        let (old_at, new_at) = (before.times().get(field), after.times().get(field));
        let is_step = old_at.is_none()
            && (reached == Some(field)
                || (after.status == IncidentStatus::Resolved
                    && before.status != after.status
                    && field == TimeField::Mitigated));
        if old_at != new_at && !is_step {
            around::record_correction(c, actor, after.id, &NewTime { field, old_at, new_at, reason }, now)?;
        }
    }
    Ok(())
}

fn facts(incident: &Incident) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("title".into(), json!(incident.title));
    facts.insert("kind".into(), json!(incident.kind));
    facts.insert("severity".into(), json!(incident.severity));
    facts.insert("status".into(), json!(incident.status));
    facts.insert("summary".into(), json!(incident.summary));
    for &field in TimeField::ALL {
        facts.insert(field.as_str().into(), json!(incident.times().get(field)));
    }
    facts
}
