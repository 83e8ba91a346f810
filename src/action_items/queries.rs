//! Action items in the database: adding, changing and carrying them through their steps.

use diesel::prelude::*;
use serde_json::json;

use super::history::queries::{self as history, Fact};
use super::list::queries::decorate;
use super::model::{
    ActionDraft, ActionItem, ActionRow, ActionStatus, Due, EVIDENCE_LIMIT, Evidence, Origin, Owner, Step, WorkedFactor,
    check_step, due_reason, evidence_url, is_by_rule,
};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::{action_item_evidence, action_items, contributing_factors, incidents, users};
use crate::db::{Conn, counters};
use crate::error::Error;
use crate::teams::model::Team;
use crate::timeline;
use crate::timeline::model::{EventKind, EventSource};

/// Most items that an incident's page shows.
pub const INCIDENT_LIMIT: i64 = 200;

/// The item with this number.
///
/// # Errors
/// 404 when there is none.
pub fn by_number(c: &mut Conn, number: i64) -> Result<ActionItem, Error> {
    action_items::table
        .filter(action_items::number.eq(number))
        .select(ActionItem::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("action item", format!("ACT-{number}")))
}

/// The item with this number and what stands beside it.
///
/// # Errors
/// 404 when there is none.
pub fn row(c: &mut Conn, number: i64) -> Result<ActionRow, Error> {
    let item = by_number(c, number)?;
    Ok(decorate(c, vec![item])?.remove(0))
}

/// The items of an incident, oldest first.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<Vec<ActionRow>, Error> {
    let items = action_items::table
        .filter(action_items::incident_id.eq(incident_id))
        .order(action_items::id)
        .limit(INCIDENT_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    decorate(c, items)
}

/// What was given to show that an item is done, oldest first.
///
/// # Errors
/// The database's.
pub fn evidence(c: &mut Conn, item_id: i64) -> Result<Vec<Evidence>, Error> {
    Ok(action_item_evidence::table
        .filter(action_item_evidence::action_item_id.eq(item_id))
        .order(action_item_evidence::id)
        .select(Evidence::as_select())
        .load(c)?)
}

/// The rows that a draft names.
struct Named {
    incident: Option<Origin>,
    owner: Option<Owner>,
    team: Option<Team>,
    factor: Option<WorkedFactor>,
}

/// Finds what a draft names. `keeps_owner` may stay the owner even when they can no longer sign in.
fn named(c: &mut Conn, draft: &ActionDraft, keeps_owner: Option<i64>) -> Result<Named, Error> {
    let incident = match draft.incident {
        Some(number) => Some(origin(c, number)?),
        None => None,
    };
    let owner = match &draft.owner {
        Some(wanted) => {
            let found = owner(c, wanted)?.filter(|owner| owner.disabled_at.is_none() || Some(owner.id) == keeps_owner);
            Some(found.ok_or_else(|| {
                Error::field(
                    "owner",
                    format!("Nobody here is called {wanted}. Pick an owner, or leave it to the team."),
                )
            })?)
        }
        None => None,
    };
    let team = match &draft.team {
        Some(wanted) => Some(crate::teams::queries::find(c, wanted)?.ok_or_else(|| {
            Error::field("team", format!("There is no team {wanted}. Add it under Teams first, or leave it out."))
        })?),
        None => None,
    };
    let factor = match &draft.factor {
        Some(wanted) => Some(factor(c, wanted)?.ok_or_else(|| {
            Error::field("factor", format!("There is no contributing factor {wanted}. Add it to the incident first."))
        })?),
        None => None,
    };
    Ok(Named { incident, owner, team, factor })
}

/// The incident with this number, as an item's origin.
///
/// # Errors
/// 422 when there is none.
pub fn origin(c: &mut Conn, number: i64) -> Result<Origin, Error> {
    incidents::table
        .filter(incidents::number.eq(number))
        .select(Origin::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::field("incident", format!("There is no incident INC-{number}. Check the key.")))
}

/// The person with this handle (with or without `@`) or address.
///
/// # Errors
/// The database's.
pub fn owner(c: &mut Conn, wanted: &str) -> Result<Option<Owner>, Error> {
    let wanted = wanted.trim().trim_start_matches('@').to_lowercase();
    Ok(users::table
        .filter(users::handle.eq(&wanted).or(users::email.eq(&wanted)))
        .order(users::id)
        .select(Owner::as_select())
        .first(c)
        .optional()?)
}

fn factor(c: &mut Conn, wanted: &str) -> Result<Option<WorkedFactor>, Error> {
    Ok(contributing_factors::table
        .filter(contributing_factors::slug.eq(wanted).or(contributing_factors::name.eq(wanted)))
        .order(contributing_factors::id)
        .select(WorkedFactor::as_select())
        .first(c)
        .optional()?)
}

/// Contributing factors to choose from: those of the incident first, then the rest.
///
/// # Errors
/// The database's.
pub fn factor_choices(c: &mut Conn) -> Result<Vec<WorkedFactor>, Error> {
    Ok(contributing_factors::table
        .order((contributing_factors::name, contributing_factors::id))
        .limit(500)
        .select(WorkedFactor::as_select())
        .load(c)?)
}

/// Owners to choose from, by name.
///
/// # Errors
/// The database's.
pub fn owner_choices(c: &mut Conn) -> Result<Vec<Owner>, Error> {
    Ok(users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .limit(500)
        .select(Owner::as_select())
        .load(c)?)
}

/// Adds an item; it is open.
///
/// # Errors
/// 422 when the draft names an incident, person, team or factor that is not there.
pub fn add(c: &mut Conn, actor: &Actor, draft: &ActionDraft, now: Moment) -> Result<ActionItem, Error> {
    let named = named(c, draft, None)?;
    let due_on = match draft.due {
        Due::ByRule => draft.priority.due_on(now.date()),
        Due::On(day) => Some(day),
        Due::Never => None,
    };
    let number = counters::next(c, "action_item")?;
    let id: i64 = diesel::insert_into(action_items::table)
        .values((
            action_items::number.eq(number),
            action_items::incident_id.eq(named.incident.as_ref().map(|incident| incident.id)),
            action_items::title.eq(&draft.title),
            action_items::details.eq(&draft.details),
            action_items::kind.eq(draft.kind),
            action_items::status.eq(ActionStatus::Open),
            action_items::priority.eq(draft.priority),
            action_items::owner_id.eq(named.owner.as_ref().map(|owner| owner.id)),
            action_items::team_id.eq(named.team.as_ref().map(|team| team.id)),
            action_items::factor_id.eq(named.factor.as_ref().map(|factor| factor.id)),
            action_items::due_on.eq(due_on),
            action_items::tracker_url.eq(&draft.tracker_url),
            action_items::created_by.eq(actor.user_id),
            action_items::revision.eq(1),
            action_items::created_at.eq(now),
            action_items::updated_at.eq(now),
        ))
        .returning(action_items::id)
        .get_result(c)?;
    let status = Fact { field: "status", old: None, new: Some("open".to_owned()), reason: String::new() };
    history::note(c, actor, id, &status, now)?;
    let due_why = if draft.due == Due::ByRule { due_reason(draft.priority) } else { String::new() };
    if due_on.is_some() || draft.due == Due::ByRule {
        let due = Fact { field: "due_on", old: None, new: due_on.map(|day| day.to_string()), reason: due_why };
        history::note(c, actor, id, &due, now)?;
    }
    let item = by_number(c, number)?;
    let row = decorate(c, vec![item.clone()])?.remove(0);
    audit::record(
        c,
        actor,
        now,
        &Change { action: "action_item.add", subject: item.key(), old: None::<()>, new: Some(facts(&row)) },
    )?;
    tell_incident(c, actor, &item, &format!("Action item {} added: {}", item.key(), item.title), now)?;
    super::news::changed(c, actor, (None, &item), now)?;
    Ok(item)
}

/// Changes what an item says; its status is the business of [`step`]. With a `base`, only an item that is still
/// at that revision is changed.
///
/// A due date that the rule set moves with the priority, unless the draft changes the date as well.
///
/// # Errors
/// 404; 412 when somebody changed it since; 422 when the draft names something that is not there.
pub fn change(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    (draft, base): (&ActionDraft, Option<i64>),
    now: Moment,
) -> Result<ActionItem, Error> {
    let before = row(c, number)?;
    if base.is_some_and(|base| base != before.item.revision) {
        return Err(outdated());
    }
    let named = named(c, draft, before.item.owner_id)?;
    let (due_on, due_why) = due_after(c, &before, draft)?;
    let changed = diesel::update(
        action_items::table.find(before.item.id).filter(action_items::revision.eq(before.item.revision)),
    )
    .set((
        action_items::incident_id.eq(named.incident.as_ref().map(|incident| incident.id)),
        action_items::title.eq(&draft.title),
        action_items::details.eq(&draft.details),
        action_items::kind.eq(draft.kind),
        action_items::priority.eq(draft.priority),
        action_items::owner_id.eq(named.owner.as_ref().map(|owner| owner.id)),
        action_items::team_id.eq(named.team.as_ref().map(|team| team.id)),
        action_items::factor_id.eq(named.factor.as_ref().map(|factor| factor.id)),
        action_items::due_on.eq(due_on),
        action_items::tracker_url.eq(&draft.tracker_url),
        action_items::revision.eq(action_items::revision + 1),
        action_items::updated_at.eq(now),
    ))
    .execute(c)?;
    if changed != 1 {
        return Err(outdated());
    }
    let after = row(c, number)?;
    let mut any = false;
    for mut fact in history::differences(&before, &after) {
        if fact.field == "due_on" {
            fact.reason.clone_from(&due_why);
        }
        history::note(c, actor, after.item.id, &fact, now)?;
        any = true;
    }
    if any {
        let change = Change {
            action: "action_item.change",
            subject: after.item.key(),
            old: Some(facts(&before)),
            new: Some(facts(&after)),
        };
        audit::record(c, actor, now, &change)?;
        super::news::changed(c, actor, (Some(&before.item), &after.item), now)?;
    }
    Ok(after.item)
}

fn due_after(
    c: &mut Conn,
    before: &ActionRow,
    draft: &ActionDraft,
) -> Result<(Option<chrono::NaiveDate>, String), Error> {
    let by_rule = || (draft.priority.due_on(before.item.created_at.date()), due_reason(draft.priority));
    let typed = match draft.due {
        Due::ByRule => return Ok(by_rule()),
        Due::On(day) => Some(day),
        Due::Never => None,
    };
    let moves_along = typed == before.item.due_on
        && draft.priority != before.item.priority
        && history::due_rule(c, before.item.id)?.is_some_and(|reason| is_by_rule(&reason));
    Ok(if moves_along { by_rule() } else { (typed, String::new()) })
}

/// What a change that came too late is told.
fn outdated() -> Error {
    Error::Outdated(
        "It was changed since you read it. Read it again, put your change on top, and send the new ETag.".to_owned(),
    )
}

/// Takes a step in an item's life.
///
/// # Errors
/// 404; 409 when somebody was faster; 422 at `status`, `evidence` or `declined_reason` when the rules forbid it.
pub fn step(c: &mut Conn, actor: &Actor, number: i64, step: &Step, now: Moment) -> Result<ActionItem, Error> {
    let item = by_number(c, number)?;
    let there = evidence(c, item.id)?;
    check_step(item.status, there.len(), step)?;
    let target = step.target();
    let declined_reason = matches!(step, Step::Decline(_)).then(|| step.reason().to_owned());
    let closed_at = match target {
        ActionStatus::Open | ActionStatus::InProgress => None,
        ActionStatus::Done | ActionStatus::Declined => Some(now),
        ActionStatus::Verified => item.closed_at.or(Some(now)),
    };
    set_status(c, &item, (target, declined_reason, closed_at), now)?;
    if let Step::Complete(given) = step {
        give_evidence(c, actor, &item, given, now)?;
    }
    let fact = Fact {
        field: "status",
        old: Some(item.status.words().to_owned()),
        new: Some(target.words().to_owned()),
        reason: step.reason().to_owned(),
    };
    history::note(c, actor, item.id, &fact, now)?;
    let evidence: Vec<String> = match step {
        Step::Complete(given) => given.clone(),
        _ => Vec::new(),
    };
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: step.verb(),
            subject: item.key(),
            old: Some(json!({"status": item.status, "declined_reason": item.declined_reason})),
            new: Some(json!({"status": target, "reason": step.reason(), "evidence": evidence})),
        },
    )?;
    if matches!(step, Step::Complete(_)) {
        tell_incident(c, actor, &item, &format!("Action item {} done: {}", item.key(), item.title), now)?;
    }
    by_number(c, number)
}

fn set_status(
    c: &mut Conn,
    item: &ActionItem,
    (status, declined_reason, closed_at): (ActionStatus, Option<String>, Option<Moment>),
    now: Moment,
) -> Result<(), Error> {
    let changed = diesel::update(action_items::table.find(item.id).filter(action_items::revision.eq(item.revision)))
        .set((
            action_items::status.eq(status),
            action_items::declined_reason.eq(declined_reason),
            action_items::closed_at.eq(closed_at),
            action_items::revision.eq(action_items::revision + 1),
            action_items::updated_at.eq(now),
        ))
        .execute(c)?;
    if changed != 1 {
        return Err(Error::Conflict("Somebody changed this item at the same moment. Look at it again.".to_owned()));
    }
    Ok(())
}

/// Adds the pieces of evidence that are not there yet; none is removed.
///
/// # Errors
/// 422 when there would be too many.
pub fn give_evidence(
    c: &mut Conn,
    actor: &Actor,
    item: &ActionItem,
    given: &[String],
    now: Moment,
) -> Result<(), Error> {
    let mut there: Vec<String> = evidence(c, item.id)?.into_iter().map(|piece| piece.text).collect();
    for text in given {
        if there.contains(text) {
            continue;
        }
        if there.len() == EVIDENCE_LIMIT {
            return Err(Error::field("evidence", format!("Keep it to {EVIDENCE_LIMIT} pieces of evidence.")));
        }
        diesel::insert_into(action_item_evidence::table)
            .values((
                action_item_evidence::action_item_id.eq(item.id),
                action_item_evidence::text.eq(text),
                action_item_evidence::url.eq(evidence_url(text)),
                action_item_evidence::user_id.eq(actor.user_id),
                action_item_evidence::given_at.eq(now),
            ))
            .execute(c)?;
        let fact = Fact { field: "evidence", old: None, new: Some(text.clone()), reason: String::new() };
        history::note(c, actor, item.id, &fact, now)?;
        there.push(text.clone());
    }
    Ok(())
}

/// Takes the last step back: the status before it, and its evidence with it; the history keeps both. `revision`
/// is the item's when the step had been taken, so that only that very step is taken back.
///
/// # Errors
/// 404; 409 when something happened since.
pub fn take_back(c: &mut Conn, actor: &Actor, number: i64, revision: i64, now: Moment) -> Result<ActionItem, Error> {
    let item = by_number(c, number)?;
    let too_late = || Error::Conflict("It was changed since, so that step cannot be undone any more.".to_owned());
    if item.revision != revision {
        return Err(too_late());
    }
    let last = history::last_status(c, item.id)?.ok_or_else(too_late)?;
    let words = last.old_value.clone().ok_or_else(too_late)?;
    let status = ActionStatus::ALL.iter().copied().find(|status| status.words() == words).ok_or_else(too_late)?;
    let declined_reason = item.declined_reason.clone().filter(|_| status == ActionStatus::Declined);
    let closed_at = item.closed_at.filter(|_| !status.is_unfinished());
    set_status(c, &item, (status, declined_reason, closed_at), now)?;
    if item.status == ActionStatus::Done {
        diesel::delete(
            action_item_evidence::table
                .filter(action_item_evidence::action_item_id.eq(item.id))
                .filter(action_item_evidence::given_at.eq(last.changed_at)),
        )
        .execute(c)?;
    }
    let fact = Fact {
        field: "status",
        old: Some(item.status.words().to_owned()),
        new: Some(words),
        reason: "Undone".to_owned(),
    };
    history::note(c, actor, item.id, &fact, now)?;
    let change = Change {
        action: "action_item.undo",
        subject: item.key(),
        old: Some(json!({"status": item.status})),
        new: Some(json!({"status": status})),
    };
    audit::record(c, actor, now, &change)?;
    by_number(c, number)
}

/// An event on the timeline of the item's incident.
fn tell_incident(c: &mut Conn, actor: &Actor, item: &ActionItem, text: &str, now: Moment) -> Result<(), Error> {
    let Some(incident_id) = item.incident_id else { return Ok(()) };
    let (kind, source) = (EventKind::Action, EventSource::StatusChange);
    timeline::queries::note(c, actor, incident_id, now, kind, source, text, None, now)?;
    Ok(())
}

fn facts(row: &ActionRow) -> serde_json::Value {
    json!({
        "incident": row.origin.as_ref().map(Origin::key), "title": row.item.title, "details": row.item.details,
        "kind": row.item.kind, "status": row.item.status, "priority": row.item.priority,
        "owner": row.owner.as_ref().map(|owner| &owner.handle), "team": row.team.as_ref().map(|team| &team.slug),
        "factor": row.factor.as_ref().map(|factor| &factor.slug), "due_on": row.item.due_on,
        "tracker_url": row.item.tracker_url,
    })
}
