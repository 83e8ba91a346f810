//! The round of cards: quiet writing, then grouping and votes.

use diesel::prelude::*;
use serde_json::json;

use super::model::{CARD_LIMIT, Card, CardsPhase, Mood, Retro};
use super::queries::{raise, raise_running};
use super::queries_decide::add_titled;
use crate::action_items::model::ActionItem;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, retro_cards, retro_votes, retros, users};
use crate::error::Error;

/// A card on the table.
#[derive(Clone, Debug)]
pub struct CardRow {
    /// The card.
    pub card: Card,
    /// Who wrote it, where cards carry names.
    pub author: Option<String>,
    /// Whether the viewer voted for it.
    pub is_mine: Vote,
    /// The number of the item that came of it.
    pub item_number: Option<i64>,
}

/// Whether somebody voted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// They did.
    Given,
    /// They did not.
    Kept,
}

/// Every card of a retro, oldest first, as `user_id` sees them.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn, retro_id: i64, user_id: i64) -> Result<Vec<CardRow>, Error> {
    let mine: Vec<i64> = retro_votes::table
        .filter(retro_votes::retro_id.eq(retro_id))
        .filter(retro_votes::user_id.eq(user_id))
        .select(retro_votes::card_id)
        .load(c)?;
    let rows: Vec<(Card, Option<String>)> = retro_cards::table
        .left_join(users::table)
        .filter(retro_cards::retro_id.eq(retro_id))
        .filter(retro_cards::removed_at.is_null())
        .order(retro_cards::id)
        .limit(CARD_LIMIT)
        .select((Card::as_select(), users::name.nullable()))
        .load(c)?;
    let wanted: Vec<i64> = rows.iter().filter_map(|(card, _)| card.action_item_id).collect();
    let numbers: Vec<(i64, i64)> = action_items::table
        .filter(action_items::id.eq_any(wanted))
        .select((action_items::id, action_items::number))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(card, author)| CardRow {
            author,
            is_mine: if mine.contains(&card.id) { Vote::Given } else { Vote::Kept },
            item_number: card
                .action_item_id
                .and_then(|id| numbers.iter().find(|(known, _)| *known == id))
                .map(|(_, number)| *number),
            card,
        })
        .collect())
}

/// Whoever does something with a card, as the log names them: nobody, where cards are anonymous.
fn named(retro: &Retro, actor: &Actor) -> Actor {
    if retro.anonymous { Actor::program("somebody in the retro") } else { actor.clone() }
}

/// Writes a card. Where cards are anonymous, its author is not stored.
///
/// # Errors
/// 409 when no round of cards is on; 422 when there are too many.
pub fn write(
    c: &mut Conn,
    (actor, user): (&Actor, &User),
    (retro_id, mood, text): (i64, Mood, &str),
    now: Moment,
) -> Result<Retro, Error> {
    let retro = raise_running(c, retro_id, now)?;
    if retro.cards_phase == CardsPhase::Off {
        return Err(Error::Conflict("No round of cards is on. Whoever leads can begin one.".to_owned()));
    }
    let count: i64 = retro_cards::table
        .filter(retro_cards::retro_id.eq(retro_id))
        .filter(retro_cards::removed_at.is_null())
        .count()
        .get_result(c)?;
    if count >= CARD_LIMIT {
        return Err(Error::field("text", format!("There are {CARD_LIMIT} cards already. Remove one first.")));
    }
    diesel::insert_into(retro_cards::table)
        .values((
            retro_cards::retro_id.eq(retro_id),
            retro_cards::mood.eq(mood),
            retro_cards::text.eq(text),
            retro_cards::author_id.eq((!retro.anonymous).then_some(user.id)),
            retro_cards::vote_count.eq(0),
            retro_cards::created_at.eq(now),
        ))
        .execute(c)?;
    let change = Change {
        action: "retro.card",
        subject: format!("retro {retro_id}"),
        old: None::<()>,
        new: Some(json!({"mood": mood})),
    };
    audit::record(c, &named(&retro, actor), now, &change)?;
    Ok(retro)
}

fn card_of(c: &mut Conn, retro_id: i64, card_id: i64) -> Result<Card, Error> {
    retro_cards::table
        .find(card_id)
        .filter(retro_cards::retro_id.eq(retro_id))
        .filter(retro_cards::removed_at.is_null())
        .select(Card::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("card in this retro", card_id))
}

/// Takes a card off the table: its author while it is written, anybody once all are on the table.
///
/// # Errors
/// 404, also for somebody else's card that is still hidden; 409 when the retro does not run.
pub fn remove(
    c: &mut Conn,
    (actor, user): (&Actor, &User),
    (retro_id, card_id): (i64, i64),
    now: Moment,
) -> Result<(), Error> {
    let retro = raise_running(c, retro_id, now)?;
    let card = card_of(c, retro_id, card_id)?;
    if retro.cards_phase != CardsPhase::Revealed && card.author_id != Some(user.id) {
        return Err(Error::no("card in this retro", card_id));
    }
    diesel::update(retro_cards::table.find(card_id)).set(retro_cards::removed_at.eq(now)).execute(c)?;
    // What lay under it comes back onto the table, and its votes go back to those who gave them.
    diesel::update(retro_cards::table.filter(retro_cards::group_id.eq(card_id)))
        .set(retro_cards::group_id.eq(None::<i64>))
        .execute(c)?;
    diesel::delete(retro_votes::table.filter(retro_votes::card_id.eq(card_id))).execute(c)?;
    let change = Change {
        action: "retro.card_removal",
        subject: format!("retro {retro_id}"),
        old: Some(json!({"mood": card.mood})),
        new: None::<()>,
    };
    audit::record(c, &named(&retro, actor), now, &change)
}

/// What a round of cards goes on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The phase.
    pub phase: CardsPhase,
    /// Whether nobody is named; only when it begins.
    pub anonymous: Option<bool>,
}

/// Begins a round of cards, or puts all cards on the table.
///
/// # Errors
/// 409 when the retro does not run, or when named cards would become anonymous or the other way round.
pub fn go_on(c: &mut Conn, actor: &Actor, (retro_id, round): (i64, Round), now: Moment) -> Result<Retro, Error> {
    let retro = raise_running(c, retro_id, now)?;
    let anonymous = round.anonymous.unwrap_or(retro.anonymous);
    if anonymous != retro.anonymous {
        let any: Option<i64> = retro_cards::table
            .filter(retro_cards::retro_id.eq(retro_id))
            .select(retro_cards::id)
            .first(c)
            .optional()?;
        if any.is_some() {
            return Err(Error::Conflict(
                "There are cards already, so it stays as it was promised when they were written.".to_owned(),
            ));
        }
    }
    diesel::update(retros::table.find(retro_id))
        .set((retros::cards_phase.eq(round.phase), retros::anonymous.eq(anonymous)))
        .execute(c)?;
    let change = Change {
        action: "retro.cards",
        subject: format!("retro {retro_id}"),
        old: Some(json!({"phase": retro.cards_phase, "anonymous": retro.anonymous})),
        new: Some(json!({"phase": round.phase, "anonymous": anonymous})),
    };
    audit::record(c, actor, now, &change)?;
    Ok(retro)
}

fn check_revealed(retro: &Retro) -> Result<(), Error> {
    if retro.cards_phase == CardsPhase::Revealed {
        return Ok(());
    }
    Err(Error::Conflict("The cards are not on the table yet.".to_owned()))
}

/// Lays a card under another one, or back onto the table.
///
/// # Errors
/// 404; 409 while cards are hidden; 422 at `under` for itself or another column.
pub fn lay(
    c: &mut Conn,
    actor: &Actor,
    (retro_id, card_id, under): (i64, i64, Option<i64>),
    now: Moment,
) -> Result<(), Error> {
    let retro = raise_running(c, retro_id, now)?;
    check_revealed(&retro)?;
    let card = card_of(c, retro_id, card_id)?;
    let target = match under {
        None => None,
        Some(id) => {
            let top = card_of(c, retro_id, id)?;
            // Groups are one deep: a card that lies under another leads to that one.
            let top_id = top.group_id.unwrap_or(top.id);
            if top_id == card.id || top.mood != card.mood {
                return Err(Error::field("under", "Lay it under another card of the same column."));
            }
            Some(top_id)
        }
    };
    diesel::update(retro_cards::table.find(card_id)).set(retro_cards::group_id.eq(target)).execute(c)?;
    if target.is_some() {
        diesel::update(retro_cards::table.filter(retro_cards::group_id.eq(card_id)))
            .set(retro_cards::group_id.eq(target))
            .execute(c)?;
    }
    let change = Change {
        action: "retro.card_group",
        subject: format!("retro {retro_id}"),
        old: Some(json!({"card": card_id, "under": card.group_id})),
        new: Some(json!({"card": card_id, "under": target})),
    };
    audit::record(c, &named(&retro, actor), now, &change)
}

/// Votes for a card, or takes the vote back. Done again, it changes nothing.
///
/// # Errors
/// 404; 409 while cards are hidden, or when every vote is given.
pub fn vote(c: &mut Conn, user: &User, (retro_id, card_id, vote): (i64, i64, Vote), now: Moment) -> Result<(), Error> {
    let retro = raise_running(c, retro_id, now)?;
    check_revealed(&retro)?;
    card_of(c, retro_id, card_id)?;
    let own = retro_votes::table.find((card_id, user.id));
    let given: Option<i64> = own.select(retro_votes::card_id).first(c).optional()?;
    match (vote, given) {
        (Vote::Given, None) => {
            let used: i64 = retro_votes::table
                .filter(retro_votes::retro_id.eq(retro_id))
                .filter(retro_votes::user_id.eq(user.id))
                .count()
                .get_result(c)?;
            if used >= retro.votes_each {
                let all = retro.votes_each;
                return Err(Error::Conflict(format!("All of your {all} votes are given. Take one back first.")));
            }
            diesel::insert_into(retro_votes::table)
                .values((
                    retro_votes::card_id.eq(card_id),
                    retro_votes::user_id.eq(user.id),
                    retro_votes::retro_id.eq(retro_id),
                ))
                .execute(c)?;
        }
        (Vote::Kept, Some(_)) => {
            diesel::delete(own).execute(c)?;
        }
        _ => return Ok(()),
    }
    let count: i64 = retro_votes::table.filter(retro_votes::card_id.eq(card_id)).count().get_result(c)?;
    diesel::update(retro_cards::table.find(card_id)).set(retro_cards::vote_count.eq(count)).execute(c)?;
    Ok(())
}

/// Makes an action item of a card; the card's text is its title unless another one is given.
///
/// # Errors
/// 404; 409 while cards are hidden or when one was made already.
pub fn make_item(
    c: &mut Conn,
    actor: &Actor,
    (retro_id, card_id, title): (i64, i64, Option<&str>),
    now: Moment,
) -> Result<ActionItem, Error> {
    let retro = raise_running(c, retro_id, now)?;
    check_revealed(&retro)?;
    let card = card_of(c, retro_id, card_id)?;
    if card.action_item_id.is_some() {
        return Err(Error::Conflict("An action item came of this card already.".to_owned()));
    }
    let title: String = title.unwrap_or(&card.text).split('\n').collect::<Vec<_>>().join(" ");
    let title: String = title.chars().take(crate::web::fields::LINE_LIMIT).collect();
    let added = add_titled(c, actor, (&retro, None, title.trim()), now)?;
    diesel::update(retro_cards::table.find(card_id)).set(retro_cards::action_item_id.eq(added.id)).execute(c)?;
    Ok(added)
}

/// Forgets who voted for what; the counts stay. Done when a retro is closed.
///
/// # Errors
/// The database's.
pub fn forget_voters(c: &mut Conn, retro_id: i64) -> Result<(), Error> {
    diesel::delete(retro_votes::table.filter(retro_votes::retro_id.eq(retro_id))).execute(c)?;
    Ok(())
}

/// Sets the soft time box of an entry, in seconds.
///
/// # Errors
/// 404
pub fn set_box(c: &mut Conn, actor: &Actor, (retro_id, box_s): (i64, i64), now: Moment) -> Result<(), Error> {
    let retro = raise(c, retro_id, now)?;
    diesel::update(retros::table.find(retro_id)).set(retros::box_s.eq(box_s)).execute(c)?;
    let change = Change {
        action: "retro.time_box",
        subject: format!("retro {retro_id}"),
        old: Some(retro.box_s),
        new: Some(box_s),
    };
    audit::record(c, actor, now, &change)
}
