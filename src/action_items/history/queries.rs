//! The history in the database. Rows are added and never changed.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::action_items::model::{ActionRow, ItemChange, Origin};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_item_changes, users};
use crate::error::Error;

/// Most lines of a history that a page shows.
pub const HISTORY_LIMIT: i64 = 500;

/// A change that is about to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What changed.
    pub field: &'static str,
    /// What it was, in words.
    pub old: Option<String>,
    /// What it became, in words.
    pub new: Option<String>,
    /// Why; may be empty.
    pub reason: String,
}

/// Writes a change down.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, actor: &Actor, item_id: i64, fact: &Fact, now: Moment) -> Result<(), Error> {
    diesel::insert_into(action_item_changes::table)
        .values((
            action_item_changes::action_item_id.eq(item_id),
            action_item_changes::field.eq(fact.field),
            action_item_changes::old_value.eq(&fact.old),
            action_item_changes::new_value.eq(&fact.new),
            action_item_changes::reason.eq(&fact.reason),
            action_item_changes::user_id.eq(actor.user_id),
            action_item_changes::changed_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Writes changes down, one after the other.
///
/// # Errors
/// The database's.
pub fn note_all(c: &mut Conn, actor: &Actor, item_id: i64, facts: &[Fact], now: Moment) -> Result<(), Error> {
    for fact in facts {
        note(c, actor, item_id, fact, now)?;
    }
    Ok(())
}

/// The history of an item with the names of those who made it, newest first.
///
/// # Errors
/// The database's.
pub fn of_item(c: &mut Conn, item_id: i64) -> Result<Vec<(ItemChange, Option<String>)>, Error> {
    Ok(action_item_changes::table
        .left_join(users::table)
        .filter(action_item_changes::action_item_id.eq(item_id))
        .order(action_item_changes::id.desc())
        .limit(HISTORY_LIMIT)
        .select((ItemChange::as_select(), users::name.nullable()))
        .load(c)?)
}

/// Why an item is due when it is: the reason of the last change of its date, if there was one.
///
/// # Errors
/// The database's.
pub fn due_rule(c: &mut Conn, item_id: i64) -> Result<Option<String>, Error> {
    Ok(last(c, item_id, "due_on")?.map(|change| change.reason))
}

/// The same of many items by their ids; one whose date never changed is left out.
///
/// # Errors
/// The database's.
pub fn due_rules(c: &mut Conn, item_ids: &[i64]) -> Result<HashMap<i64, String>, Error> {
    let changes: Vec<(i64, String)> = action_item_changes::table
        .filter(action_item_changes::action_item_id.eq_any(item_ids.to_vec()))
        .filter(action_item_changes::field.eq("due_on"))
        .order((action_item_changes::action_item_id, action_item_changes::id))
        .select((action_item_changes::action_item_id, action_item_changes::reason))
        .load(c)?;
    // The last of each stays.
    Ok(changes.into_iter().collect())
}

fn last(c: &mut Conn, item_id: i64, field: &str) -> Result<Option<ItemChange>, Error> {
    Ok(action_item_changes::table
        .filter(action_item_changes::action_item_id.eq(item_id))
        .filter(action_item_changes::field.eq(field))
        .order(action_item_changes::id.desc())
        .select(ItemChange::as_select())
        .first(c)
        .optional()?)
}

/// What differs between two states of an item, field by field, in words.
pub fn differences(before: &ActionRow, after: &ActionRow) -> Vec<Fact> {
    let words = |row: &ActionRow| {
        [
            ("title", Some(row.item.title.clone())),
            ("incident", row.origin.as_ref().map(Origin::key)),
            ("kind", Some(row.item.kind.to_string())),
            ("priority", Some(row.item.priority.to_string())),
            ("owner", row.owner.as_ref().map(|owner| format!("{} (@{})", owner.name, owner.handle))),
            ("team", row.team.as_ref().map(|team| team.name.clone())),
            ("due_on", row.item.due_on.map(|day| day.to_string())),
            ("factor", row.factor.as_ref().map(|factor| factor.name.clone())),
            ("tracker_url", row.item.tracker_url.clone()),
            ("details", Some(row.item.details.clone()).filter(|text| !text.is_empty())),
            ("status", Some(row.item.status.words().to_owned())),
            ("blocked", row.item.blocked_reason.clone()),
            ("put_off", Some(row.item.put_off_count.to_string()).filter(|_| row.item.put_off_count > 0)),
            ("look_again_on", row.item.look_again_on.map(|day| day.to_string())),
            ("check_on", row.item.check_on.map(|day| day.to_string())),
            ("effect", row.item.effect.map(|effect| effect.words().to_owned())),
        ]
    };
    words(before)
        .into_iter()
        .zip(words(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| Fact { field, old, new, reason: String::new() })
        .collect()
}
