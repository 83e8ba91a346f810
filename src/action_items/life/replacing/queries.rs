//! Splits and merges in the database.

use diesel::prelude::*;

use crate::action_items::history::queries::{self as history, Fact};
use crate::action_items::life::model::{PART_LIMIT, Relation};
use crate::action_items::life::queries::take_and_make;
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionStatus, Due};
use crate::action_items::queries::{add, for_change, write};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_item_relations, action_items};
use crate::error::Error;
use crate::web::fields::LINE_LIMIT;

/// Another item and what it is to this one.
#[derive(Clone, Debug)]
pub struct Related {
    /// In words: "split from", "merged into", "split into", "merged in".
    pub words: &'static str,
    /// The other one.
    pub item: ActionItem,
}

/// The items that this one was split from or into, or merged with.
///
/// # Errors
/// The database's.
pub fn relations(c: &mut Conn, item_id: i64) -> Result<Vec<Related>, Error> {
    Ok(relations_of(c, &[item_id])?.into_iter().map(|(_, related)| related).collect())
}

/// The same of many items, each with the id of the item whose relation it is.
///
/// # Errors
/// The database's.
pub fn relations_of(c: &mut Conn, item_ids: &[i64]) -> Result<Vec<(i64, Related)>, Error> {
    let limit = 100 * item_ids.len() as i64;
    type Found = Vec<(Relation, i64, i64)>;
    let here: Found = action_item_relations::table
        .filter(action_item_relations::action_item_id.eq_any(item_ids.to_vec()))
        .order((action_item_relations::action_item_id, action_item_relations::id))
        .limit(limit)
        .select((
            action_item_relations::relation,
            action_item_relations::action_item_id,
            action_item_relations::other_id,
        ))
        .load(c)?;
    let there: Found = action_item_relations::table
        .filter(action_item_relations::other_id.eq_any(item_ids.to_vec()))
        .order((action_item_relations::other_id, action_item_relations::id))
        .limit(limit)
        .select((
            action_item_relations::relation,
            action_item_relations::other_id,
            action_item_relations::action_item_id,
        ))
        .load(c)?;
    let ids: Vec<i64> = here.iter().chain(&there).map(|(_, _, id)| *id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<ActionItem> =
        action_items::table.filter(action_items::id.eq_any(ids)).select(ActionItem::as_select()).load(c)?;
    let outward = here.into_iter().map(|(relation, of, id)| match relation {
        Relation::SplitFrom => (of, "split from", id),
        Relation::MergedInto => (of, "merged into", id),
    });
    let inward = there.into_iter().map(|(relation, of, id)| match relation {
        Relation::SplitFrom => (of, "split into", id),
        Relation::MergedInto => (of, "merged in", id),
    });
    let related = outward.chain(inward).filter_map(|(of, words, id)| {
        let item = items.iter().find(|item| item.id == id)?;
        Some((of, Related { words, item: item.clone() }))
    });
    Ok(related.collect())
}

fn relate(
    c: &mut Conn,
    actor: &Actor,
    (item_id, relation, other_id): (i64, Relation, i64),
    now: Moment,
) -> Result<(), Error> {
    let same = action_item_relations::table
        .filter(action_item_relations::action_item_id.eq(item_id))
        .filter(action_item_relations::other_id.eq(other_id))
        .filter(action_item_relations::relation.eq(relation));
    let there: Option<i64> = same.select(action_item_relations::id).first(c).optional()?;
    if there.is_some() {
        return Ok(());
    }
    diesel::insert_into(action_item_relations::table)
        .values((
            action_item_relations::action_item_id.eq(item_id),
            action_item_relations::other_id.eq(other_id),
            action_item_relations::relation.eq(relation),
            action_item_relations::user_id.eq(actor.user_id),
            action_item_relations::related_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

fn note(
    c: &mut Conn,
    actor: &Actor,
    item_id: i64,
    (field, new): (&'static str, String),
    now: Moment,
) -> Result<(), Error> {
    history::note(c, actor, item_id, &Fact { field, old: None, new: Some(new), reason: String::new() }, now)
}

/// Closes an item as replaced, for this reason.
fn replaced(item: &ActionItem, reason: String, now: Moment) -> ActionItem {
    ActionItem {
        status: ActionStatus::Declined,
        declined_reason: Some(reason),
        closed_at: Some(now),
        replaced_at: Some(now),
        blocked_at: None,
        blocked_reason: None,
        ..item.clone()
    }
}

/// Splits an item: one new item for each title, with its owner, team, incident, factor, priority and due date; the
/// old one is closed and links to them.
///
/// # Errors
/// 404; 422 at `status` or `titles`.
pub fn split(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    titles: &[String],
    now: Moment,
) -> Result<Vec<ActionItem>, Error> {
    let item = for_change(c, number)?;
    if !item.status.is_unfinished() {
        return Err(Error::field(
            "status",
            format!("It is {}; only what is unfinished is split.", item.status.words()),
        ));
    }
    let titles: Vec<&str> = titles.iter().map(|title| title.trim()).filter(|title| !title.is_empty()).collect();
    if titles.len() < 2 || titles.len() > PART_LIMIT {
        return Err(Error::field("titles", format!("Name 2 to {PART_LIMIT} parts, each on a line of its own.")));
    }
    if titles.iter().any(|title| title.chars().count() > LINE_LIMIT || title.chars().any(char::is_control)) {
        return Err(Error::field("titles", format!("Keep each part to one line of {LINE_LIMIT} characters.")));
    }
    let row = decorate(c, vec![item.clone()])?.remove(0);
    let mut parts = Vec::with_capacity(titles.len());
    for title in titles {
        let mut draft = row.draft();
        title.clone_into(&mut draft.title);
        draft.due = item.due_on.map_or(Due::Never, Due::On);
        draft.tracker_url = None;
        // An owner who may no longer sign in does not get new work.
        draft.owner = draft.owner.filter(|_| row.owner.as_ref().is_some_and(|owner| owner.disabled_at.is_none()));
        let part = add(c, actor, &draft, now)?;
        relate(c, actor, (part.id, Relation::SplitFrom, item.id), now)?;
        note(c, actor, part.id, ("split_from", item.key()), now)?;
        parts.push(part);
    }
    let keys = parts.iter().map(ActionItem::key).collect::<Vec<_>>().join(", ");
    let reason = format!("Split into {keys}");
    let next = replaced(&item, reason.clone(), now);
    let made = parts.iter().map(|part| part.id).collect();
    take_and_make(c, actor, (&item, next, made), ("action_item.split", &reason), now)?;
    note(c, actor, item.id, ("split_into", keys), now)?;
    Ok(parts)
}

/// Merges an item into another one that stands for the same work; the first is closed and links to it.
///
/// # Errors
/// 404; 422 at `status` or `into`.
pub fn merge(c: &mut Conn, actor: &Actor, number: i64, into: i64, now: Moment) -> Result<ActionItem, Error> {
    if number == into {
        return Err(Error::field("into", "Name another item; this one cannot be merged into itself."));
    }
    // Held in the order of their numbers, so that two merges across never wait for each other.
    let (first, second) = (number.min(into), number.max(into));
    let told = |error, which| match error {
        Error::NotFound(_) if which == into => missing(into),
        other => other,
    };
    let low = for_change(c, first).map_err(|error| told(error, first))?;
    let high = for_change(c, second).map_err(|error| told(error, second))?;
    let (item, kept) = if number == first { (low, high) } else { (high, low) };
    if !item.status.is_unfinished() {
        let sentence = format!("It is {}; only what is unfinished is merged.", item.status.words());
        return Err(Error::field("status", sentence));
    }
    if kept.status == ActionStatus::Declined {
        return Err(Error::field(
            "into",
            format!("{} is closed without being done. Name one that goes on.", kept.key()),
        ));
    }
    let reason = format!("Merged into {}", kept.key());
    let next = replaced(&item, reason.clone(), now);
    let saved = take_and_make(c, actor, (&item, next, Vec::new()), ("action_item.merge", &reason), now)?;
    relate(c, actor, (item.id, Relation::MergedInto, kept.id), now)?;
    note(c, actor, item.id, ("merged_into", kept.key()), now)?;
    note(c, actor, kept.id, ("merged_in", item.key()), now)?;
    Ok(saved)
}

fn missing(number: i64) -> Error {
    Error::field("into", format!("There is no action item ACT-{number}. Check the key."))
}

/// Closes an item that a step made, because that step is taken back.
///
/// # Errors
/// 409 when it was changed since.
pub(crate) fn unmake(c: &mut Conn, actor: &Actor, id: i64, parent: &ActionItem, now: Moment) -> Result<(), Error> {
    let number: i64 = action_items::table.find(id).select(action_items::number).first(c)?;
    let part = for_change(c, number)?;
    if part.revision != 1 {
        return Err(Error::Conflict(format!(
            "{} was changed since, so the split cannot be undone any more.",
            part.key()
        )));
    }
    let reason = format!("The split of {} was undone", parent.key());
    let next = replaced(&part, reason.clone(), now);
    let status = Fact {
        field: "status",
        old: Some(part.status.words().to_owned()),
        new: Some(next.status.words().to_owned()),
        reason,
    };
    write(c, &part, next, now)?;
    history::note(c, actor, part.id, &status, now)?;
    diesel::delete(action_item_relations::table.filter(action_item_relations::action_item_id.eq(part.id)))
        .execute(c)?;
    Ok(())
}

/// An item that is opened again is no longer merged into another one.
///
/// # Errors
/// The database's.
pub(crate) fn unmerge(c: &mut Conn, item_id: i64) -> Result<(), Error> {
    let merged = action_item_relations::table
        .filter(action_item_relations::action_item_id.eq(item_id))
        .filter(action_item_relations::relation.eq(Relation::MergedInto));
    diesel::delete(merged).execute(c)?;
    Ok(())
}
