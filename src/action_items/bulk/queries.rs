//! Changes of many items in the database.

use diesel::prelude::*;

use super::model::{BULK_LIMIT, BulkChange};
use crate::action_items::effects::jobs::tell_taker;
use crate::action_items::history::queries as history;
use crate::action_items::life::model::is_put_off;
use crate::action_items::life::queries::{owner_id, taker};
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus};
use crate::action_items::news;
use crate::action_items::queries::{facts, write};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_item_changes, action_items};
use crate::error::Error;
use crate::policies;
use crate::policies::model::{due_reason, is_by_rule};

/// Most keys that a refusal names.
const NAMED_LIMIT: usize = 5;

/// Changes every item of `numbers`, or none. Says how many were different before.
///
/// # Errors
/// 404 for a number that nobody has; 422 at `item` for items that the rules let nobody change, at the field of the
/// change otherwise.
pub fn change_all(
    c: &mut Conn,
    actor: &Actor,
    numbers: &[i64],
    change: &BulkChange,
    now: Moment,
) -> Result<usize, Error> {
    if numbers.len() > BULK_LIMIT {
        return Err(Error::field("item", format!("Tick at most {BULK_LIMIT} items at once.")));
    }
    let items = held(c, numbers)?;
    let before = decorate(c, items)?;
    if let Some(missing) = numbers.iter().find(|number| !before.iter().any(|row| row.item.number == **number)) {
        return Err(Error::no("action item", format!("ACT-{missing}")));
    }
    refuse_finished(&before)?;
    let plan = Plan::of(c, change, &before, now)?;
    let mut saved = Vec::new();
    let mut changed = Vec::new();
    for row in before {
        let next = plan.next(&row, now);
        if next.0 == row.item {
            continue;
        }
        // Many at once are not taken back one by one.
        let item = write(c, &row.item, ActionItem { before: None, ..next.0 }, now)?;
        saved.push(item);
        changed.push((row, next.1));
    }
    let after = decorate(c, saved)?;
    for ((row, reason), after) in changed.iter().zip(&after) {
        let mut differences = history::differences(row, after);
        if let Some(first) = differences.iter_mut().min_by_key(|fact| (fact.field != "status", fact.field != "due_on"))
        {
            first.reason.clone_from(reason);
        }
        history::note_all(c, actor, after.item.id, &differences, now)?;
        let entry =
            Change { action: change.verb(), subject: after.item.key(), old: Some(facts(row)), new: Some(facts(after)) };
        audit::record(c, actor, now, &entry)?;
    }
    match change {
        BulkChange::Assign(_) => {
            if let Some(owner_id) = plan.owner {
                let items: Vec<&ActionItem> = after.iter().map(|row| &row.item).collect();
                news::given(c, actor, (owner_id, &items), now)?;
            }
        }
        BulkChange::Due(..) => {
            for ((before, _), after) in changed.iter().zip(&after) {
                if let Some(taker) = after.item.owner_id.filter(|owner| before.item.owner_id != Some(*owner)) {
                    tell_taker(c, &after.item, taker, now)?;
                }
            }
        }
        BulkChange::Prioritise(_) | BulkChange::Decline(_) => {}
    }
    Ok(after.len())
}

/// The items, kept from other writers until the transaction ends, in the order of their rows.
fn held(c: &mut Conn, numbers: &[i64]) -> Result<Vec<ActionItem>, Error> {
    let wanted = action_items::table
        .filter(action_items::number.eq_any(numbers.to_vec()))
        .order(action_items::id)
        .select(action_items::id);
    // SQLite's writers are one at a time.
    let ids: Vec<i64> = match c {
        Conn::Sqlite(c) => wanted.load(c)?,
        Conn::Postgres(c) => wanted.for_update().load(c)?,
    };
    Ok(action_items::table
        .filter(action_items::id.eq_any(ids))
        .order(action_items::id)
        .select(ActionItem::as_select())
        .load(c)?)
}

fn refuse_finished(rows: &[ActionRow]) -> Result<(), Error> {
    let finished: Vec<&ActionItem> =
        rows.iter().map(|row| &row.item).filter(|item| !item.status.is_unfinished()).collect();
    if finished.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        finished.iter().take(NAMED_LIMIT).map(|item| format!("{} is {}", item.key(), item.status.words())).collect();
    let more = finished.len().saturating_sub(NAMED_LIMIT);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Err(Error::field("item", format!("Nothing was changed: {}{more}. Untick what is finished.", named.join(", "))))
}

/// A change with everything that it needs, looked up once.
struct Plan<'a> {
    change: &'a BulkChange,
    owner: Option<i64>,
    policy: policies::model::Policy,
    /// Who takes over what was put off too often, if they may sign in.
    put_off_person: Option<i64>,
    by_rule: Vec<i64>,
    look_again_on: Option<chrono::NaiveDate>,
}

impl<'a> Plan<'a> {
    fn of(c: &mut Conn, change: &'a BulkChange, rows: &[ActionRow], now: Moment) -> Result<Self, Error> {
        let policy = policies::queries::current(c)?;
        let owner = match change {
            BulkChange::Assign(wanted) => owner_id(c, wanted.as_deref()).map_err(|error| match error {
                Error::Invalid(errors) => {
                    Error::field("bulk_owner", errors.of("owner").unwrap_or("Pick an owner.").to_owned())
                }
                other => other,
            })?,
            _ => None,
        };
        let by_rule = match change {
            BulkChange::Prioritise(_) => due_by_rule(c, rows)?,
            _ => Vec::new(),
        };
        let look_again_on = match change {
            BulkChange::Decline(refusal) => refusal.look_again_on.or_else(|| policy.look_again_on(now.date())),
            _ => None,
        };
        let put_off_person = match change {
            BulkChange::Due(..) => taker(c, i64::MAX)?,
            _ => None,
        };
        Ok(Plan { change, owner, policy, put_off_person, by_rule, look_again_on })
    }

    /// What an item becomes, and why.
    fn next(&self, row: &ActionRow, now: Moment) -> (ActionItem, String) {
        let mut next = row.item.clone();
        let mut why = String::new();
        match self.change {
            BulkChange::Assign(_) => next.owner_id = self.owner,
            BulkChange::Due(day, reason) => {
                next.due_on = Some(*day);
                why.clone_from(reason);
                if is_put_off(row.item.due_on, next.due_on) {
                    next.put_off_count += 1;
                    if self.policy.takes_over_after(next.put_off_count).is_some() {
                        next.owner_id = self.put_off_person.or(next.owner_id);
                    }
                }
            }
            BulkChange::Prioritise(priority) => {
                next.priority = *priority;
                if self.by_rule.contains(&row.item.id) {
                    let severity = row.origin.as_ref().map(|origin| origin.severity);
                    let ruling = self.policy.ruling(row.item.created_at.date(), severity, *priority);
                    next.due_on = ruling.due_on;
                    why = due_reason(&ruling);
                }
            }
            BulkChange::Decline(refusal) => {
                next.status = ActionStatus::Declined;
                next.declined_reason = Some(refusal.reason.clone());
                next.look_again_on = self.look_again_on;
                next.closed_at = Some(now);
                next.blocked_at = None;
                next.blocked_reason = None;
                why.clone_from(&refusal.reason);
            }
        }
        (next, why)
    }
}

/// Those of the items whose due date a rule set.
fn due_by_rule(c: &mut Conn, rows: &[ActionRow]) -> Result<Vec<i64>, Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.item.id).collect();
    let dates: Vec<(i64, String)> = action_item_changes::table
        .filter(action_item_changes::action_item_id.eq_any(ids))
        .filter(action_item_changes::field.eq("due_on"))
        .order(action_item_changes::id)
        .select((action_item_changes::action_item_id, action_item_changes::reason))
        .load(c)?;
    // The last word about each item's date counts.
    let last: std::collections::HashMap<i64, String> = dates.into_iter().collect();
    Ok(last.into_iter().filter(|(_, reason)| is_by_rule(reason)).map(|(id, _)| id).collect())
}
