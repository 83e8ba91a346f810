//! Decisions of a retro: each is carried out on its item, kept on the item's history, and can be taken back.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Decision, Entry, Retro, SPLIT_LIMIT, Verb};
use super::queries::{raise_running, team_of, turn_to};
use crate::action_items::effects;
use crate::action_items::effects::model::Answer;
use crate::action_items::history::queries::{self as history, Fact};
use crate::action_items::life::model::{Effect, Refusal, Step};
use crate::action_items::model::{ActionDraft, ActionItem, ActionKind, ActionStatus, key_of};
use crate::action_items::queries as items;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, incidents, retro_decisions, retro_entries, users};
use crate::error::Error;

/// What somebody says about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// What is decided.
    pub verb: Verb,
    /// The evidence, the reason, the handle, or the title of a new item.
    pub text: String,
    /// The day that it is put off to, or to look again.
    pub due_on: Option<NaiveDate>,
    /// The titles that it is split into.
    pub titles: Vec<String>,
    /// How many decisions about the entry whoever says it had seen.
    pub seen_count: Option<usize>,
}

/// What taking a decision back needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    /// Numbers of the items that it added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<i64>,
}

/// Decides about an entry and turns everybody to the next one.
///
/// # Errors
/// 404; 409 when somebody was faster or the retro does not run; 422 at `text` when the item's rules forbid it.
pub fn decide(
    c: &mut Conn,
    (actor, user): (&Actor, &User),
    (retro_id, entry_id, say): (i64, i64, &Say),
    now: Moment,
) -> Result<Decision, Error> {
    let retro = raise_running(c, retro_id, now)?;
    let entry: Entry = retro_entries::table
        .find(entry_id)
        .filter(retro_entries::retro_id.eq(retro_id))
        .select(Entry::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("entry of this agenda", entry_id))?;
    let standing = standing(c, &entry)?;
    if say.seen_count.is_some_and(|seen| seen < standing.len()) {
        return Err(was_faster(c, standing.last())?);
    }
    if say.verb == Verb::Passed && !standing.is_empty() {
        // Something was decided already: going on adds nothing to it.
        move_on(c, &retro, &entry, now)?;
        return standing.into_iter().next_back().ok_or_else(|| Error::no("decision", entry_id));
    }
    let zone = user.zone();
    let ((text, due_on), before) = match entry.action_item_id {
        Some(item_id) => (carry_out(c, actor, (item_id, say), (zone.date(now), now))?, Before::default()),
        None => add_item(c, actor, (&retro, &entry, say), now)?,
    };
    let item_revision = match entry.action_item_id {
        Some(id) => Some(action_items::table.find(id).select(action_items::revision).first::<i64>(c)?),
        None => None,
    };
    let old_value = serde_json::to_string(&before).map_err(|error| Error::Fault(error.to_string()))?;
    let id: i64 = diesel::insert_into(retro_decisions::table)
        .values((
            retro_decisions::retro_id.eq(retro_id),
            retro_decisions::entry_id.eq(entry_id),
            retro_decisions::verb.eq(say.verb),
            retro_decisions::text.eq(text),
            retro_decisions::due_on.eq(due_on),
            retro_decisions::item_revision.eq(item_revision),
            retro_decisions::old_value.eq(old_value),
            retro_decisions::user_id.eq(user.id),
            retro_decisions::decided_at.eq(now),
        ))
        .returning(retro_decisions::id)
        .get_result(c)?;
    let decision: Decision = retro_decisions::table.find(id).select(Decision::as_select()).first(c)?;
    if let Some(item_id) = entry.action_item_id {
        remember(c, actor, (&retro, item_id), decision.sentence(), now)?;
    }
    let change = Change {
        action: "retro.decide",
        subject: format!("retro {retro_id}"),
        old: None::<()>,
        new: Some(json!({"entry": entry.position, "decision": decision.sentence()})),
    };
    audit::record(c, actor, now, &change)?;
    move_on(c, &retro, &entry, now)?;
    Ok(decision)
}

/// The decisions about an entry that stand, oldest first.
fn standing(c: &mut Conn, entry: &Entry) -> Result<Vec<Decision>, Error> {
    Ok(retro_decisions::table
        .filter(retro_decisions::entry_id.eq(entry.id))
        .filter(retro_decisions::undone_at.is_null())
        .order(retro_decisions::id)
        .select(Decision::as_select())
        .load(c)?)
}

fn was_faster(c: &mut Conn, decision: Option<&Decision>) -> Result<Error, Error> {
    let who: Option<String> = match decision.and_then(|decision| decision.user_id) {
        Some(id) => users::table.find(id).select(users::name).first(c).optional()?,
        None => None,
    };
    let what = decision.map(Decision::sentence).unwrap_or_default();
    let who = who.unwrap_or_else(|| "Somebody".to_owned());
    Ok(Error::Conflict(format!("{who} was faster: {what}. Take it back first if that is not right.")))
}

/// Turns everybody on from `entry`, if that is what they see: to the next one about which nothing is decided.
fn move_on(c: &mut Conn, retro: &Retro, entry: &Entry, now: Moment) -> Result<(), Error> {
    if entry.position != retro.entry_position {
        return Ok(());
    }
    let decided = retro_decisions::table
        .filter(retro_decisions::retro_id.eq(retro.id))
        .filter(retro_decisions::undone_at.is_null())
        .select(retro_decisions::entry_id);
    let next: Option<i64> = retro_entries::table
        .filter(retro_entries::retro_id.eq(retro.id))
        .filter(retro_entries::position.gt(entry.position))
        .filter(diesel::dsl::not(retro_entries::id.eq_any(decided)))
        .order(retro_entries::position)
        .select(retro_entries::position)
        .first(c)
        .optional()?;
    turn_to(c, retro, next.unwrap_or(i64::MAX), now)
}

/// Puts a decision onto the item's history, with the retro as its reason.
fn remember(
    c: &mut Conn,
    actor: &Actor,
    (retro, item_id): (&Retro, i64),
    sentence: String,
    now: Moment,
) -> Result<(), Error> {
    let team = team_of(c, retro)?;
    let day = now.date().format("%-d %b %Y");
    let fact = Fact {
        field: "retro",
        old: None,
        new: Some(sentence),
        reason: format!("Retro of {}, {day} ({})", team.name, retro.path()),
    };
    history::note(c, actor, item_id, &fact, now)
}

/// What is written down of a decision: its words and its day.
type Said = (String, Option<NaiveDate>);

/// Carries a decision out on its item.
fn carry_out(
    c: &mut Conn,
    actor: &Actor,
    (item_id, say): (i64, &Say),
    (today, now): (NaiveDate, Moment),
) -> Result<Said, Error> {
    let number: i64 = action_items::table.find(item_id).select(action_items::number).first(c)?;
    let mut text = say.text.clone();
    let mut due_on = None;
    match say.verb {
        Verb::Passed => {}
        Verb::Done => {
            let given = if text.is_empty() { Vec::new() } else { vec![text.clone()] };
            step(c, actor, number, &Step::Complete(given), now)?;
        }
        Verb::Verified => verify(c, actor, number, today, now)?,
        Verb::Declined => {
            let refusal = Refusal { reason: text.clone(), look_again_on: say.due_on };
            at_field(if items::by_number(c, number)?.status == ActionStatus::Declined {
                items::decline_again(c, actor, number, &refusal, now)
            } else {
                items::decline(c, actor, number, &refusal, now)
            })?;
            due_on = say.due_on;
        }
        Verb::Reopened => reopen(c, actor, number, (&text, today), now)?,
        Verb::Blocked => step(c, actor, number, &Step::Block(text.clone()), now)?,
        Verb::Unblocked => step(c, actor, number, &Step::Unblock, now)?,
        Verb::PutOff => {
            let item = items::by_number(c, number)?;
            let day = say.due_on.ok_or_else(|| Error::field("text", "Say until when, for example 10 Dec."))?;
            check_later(day, item.due_on, today)?;
            let reason = if text.is_empty() { "Decided in the retro".to_owned() } else { text.clone() };
            at_field(items::put_off(c, actor, number, (day, &reason), now))?;
            due_on = Some(day);
        }
        Verb::Assigned => {
            let owner = items::owner(c, &text)?.filter(|owner| owner.disabled_at.is_none());
            let owner = owner.ok_or_else(|| {
                Error::field("text", format!("Nobody here is called {text}. Type a handle, for example @ada."))
            })?;
            text = owner.name;
            items::reassign(c, actor, number, (Some(&owner.handle), "Decided in the retro"), now)?;
        }
        Verb::Split => {
            check_pieces(&say.titles)?;
            let parts = items::split(c, actor, number, &say.titles, now)?;
            text = parts.iter().map(ActionItem::key).collect::<Vec<_>>().join(", ");
        }
        Verb::ItemAdded => {
            return Err(Error::field("text", "That cannot be decided about an action item."));
        }
    }
    Ok((text, due_on))
}

/// A step, with its sentences at the one field that a retro has.
fn step(c: &mut Conn, actor: &Actor, number: i64, step: &Step, now: Moment) -> Result<(), Error> {
    at_field(items::step(c, actor, number, step, now)).map(|_| ())
}

/// Somebody looked: what is done is verified; of what was verified long ago, it is said that it works still.
fn verify(c: &mut Conn, actor: &Actor, number: i64, today: NaiveDate, now: Moment) -> Result<(), Error> {
    let item = items::by_number(c, number)?;
    if item.status == ActionStatus::Verified && item.is_to_check(today) {
        return judge(c, actor, number, (Effect::Works, "Decided in the retro"), now);
    }
    step(c, actor, number, &Step::Verify, now)
}

/// There is something to do again; when the effect was in question, that is the answer.
fn reopen(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    (reason, today): (&str, NaiveDate),
    now: Moment,
) -> Result<(), Error> {
    if items::by_number(c, number)?.is_to_check(today) {
        return judge(c, actor, number, (Effect::CameBack, reason), now);
    }
    step(c, actor, number, &Step::Reopen(reason.to_owned()), now)
}

fn judge(c: &mut Conn, actor: &Actor, number: i64, (effect, reason): (Effect, &str), now: Moment) -> Result<(), Error> {
    let answer = Answer { effect, incident: None, reason: reason.to_owned() };
    at_field(effects::queries::answer(c, actor, number, &answer, now)).map(|_| ())
}

/// The same outcome with every sentence at `text`.
fn at_field(outcome: Result<ActionItem, Error>) -> Result<ActionItem, Error> {
    outcome.map_err(|error| match error {
        Error::Invalid(errors) => {
            let sentences: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            Error::field("text", sentences.join(" "))
        }
        other => other,
    })
}

fn check_later(day: NaiveDate, due_on: Option<NaiveDate>, today: NaiveDate) -> Result<(), Error> {
    if day <= today {
        return Err(Error::field("text", "Put it off to a day that is still to come, for example 10 Dec."));
    }
    match due_on {
        Some(due) if day <= due => {
            let due = due.format("%-d %b %Y");
            Err(Error::field("text", format!("It is due on {due} already. Put it off to a later day.")))
        }
        _ => Ok(()),
    }
}

fn check_pieces(titles: &[String]) -> Result<(), Error> {
    if titles.len() < 2 {
        return Err(Error::field("text", "Write two or more titles with a semicolon between them."));
    }
    if titles.len() > SPLIT_LIMIT {
        return Err(Error::field("text", format!("Split it into at most {SPLIT_LIMIT} items at once.")));
    }
    Ok(())
}

/// What can be decided about an incident, its postmortem or a deploy: nothing, or that an action item comes of it.
fn add_item(
    c: &mut Conn,
    actor: &Actor,
    (retro, entry, say): (&Retro, &Entry, &Say),
    now: Moment,
) -> Result<(Said, Before), Error> {
    match say.verb {
        Verb::Passed => Ok(((say.text.clone(), None), Before::default())),
        Verb::ItemAdded if say.text.is_empty() => {
            Err(Error::field("text", "Say what is to be done, starting with a verb."))
        }
        Verb::ItemAdded => {
            let incident = match entry.incident_id {
                Some(id) => Some(incidents::table.find(id).select(incidents::number).first::<i64>(c)?),
                None => None,
            };
            let added = add_titled(c, actor, (retro, incident, &say.text), now)?;
            let text = format!("{} {}", added.key(), added.title);
            Ok(((text, None), Before { added: vec![added.number] }))
        }
        _ => Err(Error::field("text", "That is decided about action items. Add one here, or go on.")),
    }
}

/// An action item that a retro decided on: the team carries it, its priority's rule dates it.
///
/// # Errors
/// The database's.
pub fn add_titled(
    c: &mut Conn,
    actor: &Actor,
    (retro, incident, title): (&Retro, Option<i64>, &str),
    now: Moment,
) -> Result<ActionItem, Error> {
    let team = team_of(c, retro)?;
    let draft = ActionDraft {
        incident,
        team: Some(team.slug),
        kind: if incident.is_some() { ActionKind::Prevent } else { ActionKind::Process },
        ..ActionDraft::titled(title)
    };
    let added = items::add(c, actor, &draft, now)?;
    remember(c, actor, (retro, added.id), "added".to_owned(), now)?;
    Ok(added)
}

/// Takes the last decision that stands back, and turns everybody to its entry.
///
/// # Errors
/// 404; 409 when there is none, or when its item was changed since.
pub fn take_back(c: &mut Conn, (actor, user): (&Actor, &User), retro_id: i64, now: Moment) -> Result<Decision, Error> {
    let retro = raise_running(c, retro_id, now)?;
    let last: Option<Decision> = retro_decisions::table
        .filter(retro_decisions::retro_id.eq(retro_id))
        .filter(retro_decisions::undone_at.is_null())
        .order(retro_decisions::id.desc())
        .select(Decision::as_select())
        .first(c)
        .optional()?;
    let decision =
        last.ok_or_else(|| Error::Conflict("Nothing is decided yet, so nothing can be undone.".to_owned()))?;
    let entry: Entry = retro_entries::table.find(decision.entry_id).select(Entry::as_select()).first(c)?;
    let before: Before = serde_json::from_str(&decision.old_value).unwrap_or_default();
    if let Some(item_id) = entry.action_item_id {
        let number: i64 = action_items::table.find(item_id).select(action_items::number).first(c)?;
        undo_on_item(c, actor, (number, &decision), now)?;
        if decision.verb != Verb::Passed {
            remember(c, actor, (&retro, item_id), format!("taken back: {}", decision.sentence()), now)?;
        }
    }
    for number in &before.added {
        let added = items::by_number(c, *number)?;
        if added.status.is_unfinished() {
            items::step(c, actor, *number, &Step::Decline(Refusal::because("Taken back in the retro.")), now)?;
        }
    }
    diesel::update(retro_decisions::table.find(decision.id))
        .set((retro_decisions::undone_at.eq(now), retro_decisions::undone_by.eq(user.id)))
        .execute(c)?;
    let change = Change {
        action: "retro.undo",
        subject: format!("retro {retro_id}"),
        old: Some(json!({"entry": entry.position, "decision": decision.sentence()})),
        new: None::<()>,
    };
    audit::record(c, actor, now, &change)?;
    turn_to(c, &retro, entry.position, now)?;
    Ok(decision)
}

fn undo_on_item(c: &mut Conn, actor: &Actor, (number, decision): (i64, &Decision), now: Moment) -> Result<(), Error> {
    if decision.verb == Verb::Passed {
        return Ok(());
    }
    let row = items::row(c, number)?;
    if Some(row.item.revision) != decision.item_revision {
        let sentence = format!("{} was changed since. Change it on its own page.", key_of(number));
        return Err(Error::Conflict(sentence));
    }
    items::take_back(c, actor, number, row.item.revision, now).map(|_| ())
}
