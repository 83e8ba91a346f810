//! Steps in the database. Each is one transaction: the item, its history, the audit entry, the incident's timeline.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Before, Refusal, Step, check_put_off, check_step};
use crate::action_items::history::queries::{self as history};
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionStatus};
use crate::action_items::news;
use crate::action_items::queries::{evidence, facts, for_change, give_evidence, owner, save, tell_incident, write};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_item_evidence, effect_answers, users};
use crate::error::Error;
use crate::policies;

/// Takes a step in an item's life.
///
/// # Errors
/// 404; 422 at `status`, `evidence`, `declined_reason` or `blocked_reason` when the rules forbid it.
pub fn step(c: &mut Conn, actor: &Actor, number: i64, step: &Step, now: Moment) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    let there = evidence(c, item.id)?;
    check_step(&item, there.len(), actor.user_id, step)?;
    let mut next = item.clone();
    match step {
        Step::Start => next.status = ActionStatus::InProgress,
        Step::Stop => next.status = ActionStatus::Open,
        Step::Complete(_) => {
            close(&mut next, ActionStatus::Done, now);
            next.done_by = actor.user_id;
            next.effect = None;
            next.check_on = policies::queries::current(c)?.check_on(now.date());
        }
        Step::Verify => {
            next.status = ActionStatus::Verified;
            next.closed_at = item.closed_at.or(Some(now));
        }
        Step::Decline(refusal) => {
            close(&mut next, ActionStatus::Declined, now);
            next.declined_reason = Some(refusal.reason.clone());
            next.look_again_on = match refusal.look_again_on {
                Some(day) => Some(day),
                None => policies::queries::current(c)?.look_again_on(now.date()),
            };
        }
        Step::Reopen(_) => {
            open_again(&mut next);
            if item.replaced_at.is_some() {
                super::replacing::unmerge(c, item.id)?;
            }
        }
        Step::Block(reason) => {
            next.blocked_at = Some(now);
            next.blocked_reason = Some(reason.clone());
        }
        Step::Unblock => unblocked(&mut next),
    }
    let item = take(c, actor, (&item, next), (step.verb(), step.reason()), now)?;
    if let Step::Complete(given) = step {
        give_evidence(c, actor, &item, given, now)?;
        tell_incident(c, actor, &item, &format!("Action item {} done: {}", item.key(), item.title), now)?;
    }
    Ok(item)
}

fn close(next: &mut ActionItem, status: ActionStatus, now: Moment) {
    next.status = status;
    next.closed_at = Some(now);
    unblocked(next);
}

fn unblocked(next: &mut ActionItem) {
    next.blocked_at = None;
    next.blocked_reason = None;
}

/// Makes an item open again, as if nothing had ended it.
pub(crate) fn open_again(next: &mut ActionItem) {
    next.status = ActionStatus::Open;
    next.closed_at = None;
    next.declined_reason = None;
    next.look_again_on = None;
    next.done_by = None;
    next.check_on = None;
    next.effect = None;
    next.replaced_at = None;
}

/// Writes the item, what differs in its history, and the audit entry. The reason stands at the first difference.
pub(crate) fn take(
    c: &mut Conn,
    actor: &Actor,
    (before, next): (&ActionItem, ActionItem),
    (verb, reason): (&str, &str),
    now: Moment,
) -> Result<ActionItem, Error> {
    take_and_make(c, actor, (before, next, Vec::new()), (verb, reason), now)
}

/// [`take`] for a step that made other items.
pub(super) fn take_and_make(
    c: &mut Conn,
    actor: &Actor,
    (before, next, made): (&ActionItem, ActionItem, Vec<i64>),
    (verb, reason): (&str, &str),
    now: Moment,
) -> Result<ActionItem, Error> {
    let saved = save(c, before, next, made, now)?;
    record(c, actor, (before, &saved), (verb, reason), now)?;
    Ok(saved)
}

fn record(
    c: &mut Conn,
    actor: &Actor,
    (before, after): (&ActionItem, &ActionItem),
    (verb, reason): (&str, &str),
    now: Moment,
) -> Result<(), Error> {
    let mut rows = decorate(c, vec![before.clone(), after.clone()])?;
    let (after, before) = (rows.remove(1), rows.remove(0));
    let mut differences = history::differences(&before, &after);
    // What was decided comes first; what follows from it after.
    let rank =
        |field: &str| ["status", "blocked", "effect", "due_on"].iter().position(|first| *first == field).unwrap_or(9);
    differences.sort_by_key(|fact| rank(fact.field));
    if let Some(first) = differences.first_mut() {
        reason.trim().clone_into(&mut first.reason);
    }
    history::note_all(c, actor, after.item.id, &differences, now)?;
    let mut new = facts(&after);
    if !reason.is_empty() {
        new["reason"] = reason.into();
    }
    audit::record(
        c,
        actor,
        now,
        &Change { action: verb, subject: after.item.key(), old: Some(facts(&before)), new: Some(new) },
    )
}

/// Somebody begins.
///
/// # Errors
/// As [`step`].
pub fn start(c: &mut Conn, actor: &Actor, number: i64, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Start, now)
}

/// Nobody is at it any more; it is open.
///
/// # Errors
/// As [`step`].
pub fn stop(c: &mut Conn, actor: &Actor, number: i64, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Stop, now)
}

/// It is done, and `given` shows it.
///
/// # Errors
/// As [`step`].
pub fn complete(c: &mut Conn, actor: &Actor, number: i64, given: &[String], now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Complete(given.to_vec()), now)
}

/// Somebody looked, and it works; for P1 and P2 somebody else than who finished it.
///
/// # Errors
/// As [`step`].
pub fn verify(c: &mut Conn, actor: &Actor, number: i64, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Verify, now)
}

/// It will not be done; without a day to look again the policy sets one.
///
/// # Errors
/// As [`step`].
pub fn decline(c: &mut Conn, actor: &Actor, number: i64, refusal: &Refusal, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Decline(refusal.clone()), now)
}

/// It was looked at again when its day had come, and will not be done still.
///
/// # Errors
/// 404; 422 at `status` when it is not declined, at `declined_reason` without a reason.
pub fn decline_again(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    refusal: &Refusal,
    now: Moment,
) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    if item.status != ActionStatus::Declined || item.replaced_at.is_some() {
        let sentence = format!("It is {}; only what was declined is declined again.", item.status.words());
        return Err(Error::field("status", sentence));
    }
    if refusal.reason.trim().is_empty() {
        return Err(Error::field("declined_reason", "Say why it will not be done; it goes into the register."));
    }
    let look_again_on = match refusal.look_again_on {
        Some(day) => Some(day),
        None => policies::queries::current(c)?.look_again_on(now.date()),
    };
    let next = ActionItem { declined_reason: Some(refusal.reason.clone()), look_again_on, ..item.clone() };
    take(c, actor, (&item, next), ("action_item.decline_again", &refusal.reason), now)
}

/// There is something to do again.
///
/// # Errors
/// As [`step`].
pub fn reopen(c: &mut Conn, actor: &Actor, number: i64, reason: &str, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Reopen(reason.to_owned()), now)
}

/// Something stands in the way.
///
/// # Errors
/// As [`step`].
pub fn block(c: &mut Conn, actor: &Actor, number: i64, reason: &str, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Block(reason.to_owned()), now)
}

/// Nothing stands in the way any more.
///
/// # Errors
/// As [`step`].
pub fn unblock(c: &mut Conn, actor: &Actor, number: i64, now: Moment) -> Result<ActionItem, Error> {
    step(c, actor, number, &Step::Unblock, now)
}

/// Moves the due date back, and counts it. An item that was put off as often as the policy allows goes to the person
/// whom it names.
///
/// # Errors
/// 404; 422 at `status`, `due_on` or `reason`.
pub fn put_off(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    (until, reason): (NaiveDate, &str),
    now: Moment,
) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    check_put_off(&item, until, reason, now.date())?;
    let mut next = item.clone();
    // A first date is no putting off.
    if next.due_on.is_some() {
        next.put_off_count += 1;
    }
    next.due_on = Some(until);
    let taker = taker(c, next.put_off_count)?.filter(|person| item.owner_id != Some(*person));
    if let Some(person) = taker {
        next.owner_id = Some(person);
    }
    let saved = take(c, actor, (&item, next), ("action_item.put_off", reason), now)?;
    if let Some(person) = taker {
        crate::action_items::effects::jobs::tell_taker(c, &saved, person, now)?;
    }
    Ok(saved)
}

/// Who takes over what was put off `count` times: the person whom the policy names, while they may sign in.
pub(crate) fn taker(c: &mut Conn, count: i64) -> Result<Option<i64>, Error> {
    let Some(id) = policies::queries::current(c)?.takes_over_after(count) else { return Ok(None) };
    Ok(users::table.find(id).filter(users::disabled_at.is_null()).select(users::id).first(c).optional()?)
}

/// Gives an item to somebody (by handle or address), or to nobody.
///
/// # Errors
/// 404; 422 at `owner` when there is no such person.
pub fn reassign(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    (wanted, reason): (Option<&str>, &str),
    now: Moment,
) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    let owner_id = owner_id(c, wanted)?;
    if owner_id == item.owner_id {
        return Ok(item);
    }
    let next = ActionItem { owner_id, ..item.clone() };
    let saved = take(c, actor, (&item, next), ("action_item.reassign", reason), now)?;
    news::changed(c, actor, (Some(&item), &saved), now)?;
    Ok(saved)
}

/// The person who shall carry something.
///
/// # Errors
/// 422 at `owner` when there is no such person, or they may no longer sign in.
pub(crate) fn owner_id(c: &mut Conn, wanted: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.trim().is_empty()) else { return Ok(None) };
    let found = owner(c, wanted)?.filter(|owner| owner.disabled_at.is_none()).ok_or_else(|| {
        Error::field("owner", format!("Nobody here is called {wanted}. Pick an owner, or leave it to the team."))
    })?;
    Ok(Some(found.id))
}

/// Takes the last step back, with the evidence that it brought and the items that it made; the history keeps both.
/// `revision` is the item's when the step had been taken, so that only that very step is taken back.
///
/// # Errors
/// 404; 409 when something happened since, also to an item that the step made.
pub fn take_back(c: &mut Conn, actor: &Actor, number: i64, revision: i64, now: Moment) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    let too_late = || Error::Conflict("It was changed since, so that step cannot be undone any more.".to_owned());
    let memory = item.before.as_deref().filter(|_| item.revision == revision).ok_or_else(too_late)?;
    let memory: Before = serde_json::from_str(memory).map_err(|error| Error::Fault(error.to_string()))?;
    for id in &memory.made {
        super::replacing::unmake(c, actor, *id, &item, now)?;
    }
    diesel::delete(
        action_item_evidence::table
            .filter(action_item_evidence::action_item_id.eq(item.id))
            .filter(action_item_evidence::id.gt(memory.last_evidence_id)),
    )
    .execute(c)?;
    // What the step said about the item's effect is no answer any more.
    diesel::delete(
        effect_answers::table
            .filter(effect_answers::action_item_id.eq(item.id))
            .filter(effect_answers::answered_at.eq(item.updated_at)),
    )
    .execute(c)?;
    if item.replaced_at.is_some() && memory.item.replaced_at.is_none() {
        super::replacing::unmerge(c, item.id)?;
    }
    // The revision goes on counting, so that an address that undoes works once.
    let next = ActionItem { before: None, ..memory.item };
    let saved = write(c, &item, next, now)?;
    record(c, actor, (&item, &saved), ("action_item.undo", "Undone"), now)?;
    Ok(saved)
}
