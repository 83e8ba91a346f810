//! Action items in the database: adding, changing and carrying them through their steps.

use diesel::prelude::*;
use serde_json::json;

use super::history::queries::{self as history, Fact};
use super::life::model::{Before, is_put_off};
pub use super::life::queries::{
    block, complete, decline, decline_again, put_off, reassign, reopen, start, step, stop, take_back, unblock, verify,
};
pub use super::life::replacing::{merge, relations, relations_of, split};
use super::list::queries::decorate;
use super::model::{
    ActionDraft, ActionItem, ActionRow, ActionStatus, Due, EVIDENCE_LIMIT, Evidence, Origin, Owner, Standing,
    WorkedFactor, commit_of, deploy_of, is_link,
};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::{
    action_item_evidence, action_items, contributing_factors, deploys, incident_services, incidents, services, users,
};
use crate::db::{Conn, counters};
use crate::error::Error;
use crate::policies;
use crate::policies::model::{Policy, due_reason, is_by_rule};
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

/// The item with this number, kept from other writers until the transaction ends.
///
/// # Errors
/// 404 when there is none.
pub fn for_change(c: &mut Conn, number: i64) -> Result<ActionItem, Error> {
    let wanted = action_items::table.filter(action_items::number.eq(number)).select(action_items::id);
    // SQLite's writers are one at a time.
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => wanted.first(c).optional()?,
        Conn::Postgres(c) => wanted.for_update().first(c).optional()?,
    };
    id.ok_or_else(|| Error::no("action item", format!("ACT-{number}")))?;
    by_number(c, number)
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
    evidence_of(c, &[item_id])
}

/// What shows that each of many items is done, in the order it was given.
///
/// # Errors
/// The database's.
pub fn evidence_of(c: &mut Conn, item_ids: &[i64]) -> Result<Vec<Evidence>, Error> {
    Ok(action_item_evidence::table
        .filter(action_item_evidence::action_item_id.eq_any(item_ids.to_vec()))
        .order((action_item_evidence::action_item_id, action_item_evidence::id))
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
    let policy = policies::queries::current(c)?;
    let severity = named.incident.as_ref().map(|incident| incident.severity);
    let ruling = policy.ruling(now.date(), severity, draft.priority);
    let due_on = match draft.due {
        Due::ByRule => ruling.due_on,
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
            action_items::assign_by.eq(ruling.assign_by),
            action_items::put_off_count.eq(0),
            action_items::revision.eq(1),
            action_items::created_at.eq(now),
            action_items::updated_at.eq(now),
        ))
        .returning(action_items::id)
        .get_result(c)?;
    let status = Fact { field: "status", old: None, new: Some("open".to_owned()), reason: String::new() };
    history::note(c, actor, id, &status, now)?;
    let due_why = if draft.due == Due::ByRule { due_reason(&ruling) } else { String::new() };
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

/// A change of what an item says.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// What it shall say.
    pub draft: &'a ActionDraft,
    /// The revision that the change is based on; any when none.
    pub base: Option<i64>,
    /// Why; may be empty.
    pub reason: &'a str,
}

impl<'a> From<&'a ActionDraft> for Edit<'a> {
    fn from(draft: &'a ActionDraft) -> Self {
        Edit { draft, base: None, reason: "" }
    }
}

/// Changes what an item says, moves it to another incident, team or owner; its status is the business of [`step`].
///
/// A due date that the rule set moves with the priority and the incident's severity, unless the draft changes the
/// date as well. A date that somebody moves back is counted as putting off.
///
/// # Errors
/// 404; 412 when somebody changed it since; 422 when the draft names something that is not there.
pub fn change(c: &mut Conn, actor: &Actor, number: i64, edit: Edit<'_>, now: Moment) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    let before = decorate(c, vec![item])?.remove(0);
    if edit.base.is_some_and(|base| base != before.item.revision) {
        return Err(outdated());
    }
    let draft = edit.draft;
    let named = named(c, draft, before.item.owner_id)?;
    let policy = policies::queries::current(c)?;
    let (due_on, due_why) = due_after(c, &policy, (&before, &named), draft)?;
    let is_by_hand = due_why.is_empty();
    let mut next = before.item.clone();
    next.incident_id = named.incident.as_ref().map(|incident| incident.id);
    next.title.clone_from(&draft.title);
    next.details.clone_from(&draft.details);
    next.kind = draft.kind;
    next.priority = draft.priority;
    next.owner_id = named.owner.as_ref().map(|owner| owner.id);
    next.team_id = named.team.as_ref().map(|team| team.id);
    next.factor_id = named.factor.as_ref().map(|factor| factor.id);
    next.due_on = due_on;
    next.tracker_url.clone_from(&draft.tracker_url);
    if is_by_hand && next.status.is_unfinished() && is_put_off(before.item.due_on, next.due_on) {
        next.put_off_count += 1;
    }
    if next == before.item {
        return Ok(before.item);
    }
    let after = save(c, &before.item, next, Vec::new(), now)?;
    let after = decorate(c, vec![after])?.remove(0);
    for mut fact in history::differences(&before, &after) {
        let why = if fact.field == "due_on" && !is_by_hand { due_why.as_str() } else { edit.reason.trim() };
        why.clone_into(&mut fact.reason);
        history::note(c, actor, after.item.id, &fact, now)?;
    }
    let change = Change {
        action: "action_item.change",
        subject: after.item.key(),
        old: Some(facts(&before)),
        new: Some(facts(&after)),
    };
    audit::record(c, actor, now, &change)?;
    super::news::changed(c, actor, (Some(&before.item), &after.item), now)?;
    Ok(after.item)
}

fn due_after(
    c: &mut Conn,
    policy: &Policy,
    (before, named): (&ActionRow, &Named),
    draft: &ActionDraft,
) -> Result<(Option<chrono::NaiveDate>, String), Error> {
    let severity = named.incident.as_ref().map(|incident| incident.severity);
    let ruling = policy.ruling(before.item.created_at.date(), severity, draft.priority);
    let typed = match draft.due {
        Due::ByRule => return Ok((ruling.due_on, due_reason(&ruling))),
        Due::On(day) => Some(day),
        Due::Never => None,
    };
    let follows_another_rule =
        draft.priority != before.item.priority || severity != before.origin.as_ref().map(|origin| origin.severity);
    let moves_along = typed == before.item.due_on
        && follows_another_rule
        && history::due_rule(c, before.item.id)?.is_some_and(|reason| is_by_rule(&reason));
    Ok(if moves_along { (ruling.due_on, due_reason(&ruling)) } else { (typed, String::new()) })
}

/// What a change that came too late is told.
fn outdated() -> Error {
    Error::Outdated(
        "It was changed since you read it. Read it again, put your change on top, and send the new ETag.".to_owned(),
    )
}

/// Writes `next` over `before`, and remembers `before` so that the step can be taken back; `made` are the items that
/// the step makes. Every change of an item goes through here.
///
/// # Errors
/// 409 when somebody was faster.
pub fn save(
    c: &mut Conn,
    before: &ActionItem,
    mut next: ActionItem,
    made: Vec<i64>,
    now: Moment,
) -> Result<ActionItem, Error> {
    let last_evidence_id: Option<i64> = action_item_evidence::table
        .filter(action_item_evidence::action_item_id.eq(before.id))
        .order(action_item_evidence::id.desc())
        .select(action_item_evidence::id)
        .first(c)
        .optional()?;
    let memory = Before {
        item: ActionItem { before: None, ..before.clone() },
        last_evidence_id: last_evidence_id.unwrap_or(0),
        made,
    };
    next.before = Some(serde_json::to_string(&memory).map_err(|error| Error::Fault(error.to_string()))?);
    write(c, before, next, now)
}

/// [`save`] without a memory: what follows cannot be taken back.
///
/// # Errors
/// As [`save`].
pub fn write(c: &mut Conn, before: &ActionItem, mut next: ActionItem, now: Moment) -> Result<ActionItem, Error> {
    next.revision = before.revision + 1;
    next.updated_at = now;
    let row = || action_items::table.find(next.id);
    let changed = diesel::update(row().filter(action_items::revision.eq(before.revision)))
        .set(&Standing::of(&next))
        .execute(c)?;
    if changed != 1 {
        return Err(Error::Conflict("Somebody changed this item at the same moment. Look at it again.".to_owned()));
    }
    // Apart, because the search index is written anew whenever one of these is named.
    if (&next.title, &next.details, next.incident_id) != (&before.title, &before.details, before.incident_id) {
        diesel::update(row())
            .set((
                action_items::title.eq(&next.title),
                action_items::details.eq(&next.details),
                action_items::incident_id.eq(next.incident_id),
            ))
            .execute(c)?;
    }
    crate::trackers::queries::item_changed(c, &next, now)?;
    Ok(next)
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
        let url = evidence_url(c, item, text)?;
        diesel::insert_into(action_item_evidence::table)
            .values((
                action_item_evidence::action_item_id.eq(item.id),
                action_item_evidence::text.eq(text),
                action_item_evidence::url.eq(url),
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

/// Where a piece of evidence leads: a whole address; a deploy that is on record; a commit in the repository of a
/// service that the incident hit.
fn evidence_url(c: &mut Conn, item: &ActionItem, text: &str) -> Result<Option<String>, Error> {
    if is_link(text) {
        return Ok(Some(text.trim().to_owned()));
    }
    if let Some(number) = deploy_of(text) {
        let found: Option<i64> =
            deploys::table.filter(deploys::number.eq(number)).select(deploys::number).first(c).optional()?;
        return Ok(found.map(|number| format!("/deploys/DEP-{number}")));
    }
    let (Some(commit), Some(incident_id)) = (commit_of(text), item.incident_id) else { return Ok(None) };
    let repository: Option<Option<String>> = incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq(incident_id))
        .filter(services::repository_url.is_not_null())
        .order(services::id)
        .select(services::repository_url)
        .first(c)
        .optional()?;
    Ok(repository.flatten().map(|url| {
        let home = url.trim_end_matches('/').trim_end_matches(".git");
        format!("{home}/commit/{commit}")
    }))
}

/// Puts a word about an item on its incident's timeline.
pub(super) fn tell_incident(
    c: &mut Conn,
    actor: &Actor,
    item: &ActionItem,
    text: &str,
    now: Moment,
) -> Result<(), Error> {
    let Some(incident_id) = item.incident_id else { return Ok(()) };
    let (kind, source) = (EventKind::Action, EventSource::StatusChange);
    timeline::queries::note(c, actor, incident_id, now, kind, source, text, None, now)?;
    Ok(())
}

/// An item as the audit log keeps it.
pub fn facts(row: &ActionRow) -> serde_json::Value {
    let item = &row.item;
    json!({
        "incident": row.origin.as_ref().map(Origin::key), "title": item.title, "details": item.details,
        "kind": item.kind, "status": item.status, "priority": item.priority,
        "owner": row.owner.as_ref().map(|owner| &owner.handle), "team": row.team.as_ref().map(|team| &team.slug),
        "factor": row.factor.as_ref().map(|factor| &factor.slug), "due_on": item.due_on,
        "tracker_url": item.tracker_url, "declined_reason": item.declined_reason,
        "look_again_on": item.look_again_on, "blocked_reason": item.blocked_reason,
        "put_off_count": item.put_off_count, "check_on": item.check_on, "effect": item.effect,
    })
}
