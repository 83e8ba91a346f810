//! Notes that several write, and the end of a retro.

use diesel::prelude::*;
use serde_json::json;

use super::agenda::queries::put_off_counts;
use super::minutes::{self, Source};
use super::model::{Retro, RetroStatus};
use super::queries::{by_id, freeze, raise_running, turn_to};
use super::queries_stage::Board;
use super::{notes, queries_cards, queries_stage};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{retro_notes, retro_people, retros};
use crate::error::Error;
use crate::notify;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};

/// Notes after a save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedNotes {
    /// The revision that holds what was sent, as it was sent; the base of whatever was typed since.
    pub base: i64,
    /// The present revision.
    pub revision: i64,
    /// The present text.
    pub text: String,
}

/// Saves notes that were written on top of revision `base`; what others wrote since is merged in, and no word of
/// either is lost. What was sent is kept as it was sent, too.
///
/// # Errors
/// 404; 409 when the retro does not run.
pub fn save_notes(
    c: &mut Conn,
    user: &User,
    (retro_id, base, sent): (i64, i64, &str),
    now: Moment,
) -> Result<SavedNotes, Error> {
    let retro = raise_running(c, retro_id, now)?;
    let base = base.clamp(0, retro.notes_revision);
    let base_text: String = if base == 0 {
        String::new()
    } else {
        retro_notes::table
            .filter(retro_notes::retro_id.eq(retro_id))
            .filter(retro_notes::number.eq(base))
            .select(retro_notes::markdown)
            .first(c)?
    };
    if sent == base_text || sent == retro.notes {
        return Ok(SavedNotes { base: retro.notes_revision, revision: retro.notes_revision, text: retro.notes });
    }
    let kept = retro.notes_revision + 1;
    keep(c, (retro_id, kept), sent, user, now)?;
    let merged = notes::merge(&base_text, &retro.notes, sent);
    let revision = if merged == sent { kept } else { kept + 1 };
    if revision != kept {
        keep(c, (retro_id, revision), &merged, user, now)?;
    }
    diesel::update(retros::table.find(retro_id))
        .set((retros::notes.eq(&merged), retros::notes_revision.eq(revision)))
        .execute(c)?;
    Ok(SavedNotes { base: kept, revision, text: merged })
}

fn keep(c: &mut Conn, (retro_id, number): (i64, i64), text: &str, user: &User, now: Moment) -> Result<(), Error> {
    diesel::insert_into(retro_notes::table)
        .values((
            retro_notes::retro_id.eq(retro_id),
            retro_notes::number.eq(number),
            retro_notes::markdown.eq(text),
            retro_notes::user_id.eq(user.id),
            retro_notes::created_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Ends a retro: its minutes are written, and the one that is prepared next looks at what is left.
///
/// # Errors
/// 404; 409 when it does not run, or when somebody else leads.
pub fn close(c: &mut Conn, (actor, user): (&Actor, &User), retro_id: i64, now: Moment) -> Result<Retro, Error> {
    let retro = raise_running(c, retro_id, now)?;
    if retro.facilitator_id.is_some_and(|leader| leader != user.id) {
        return Err(Error::Conflict("Whoever leads closes the retro. Take over the lead first.".to_owned()));
    }
    let (closed, board) = wind_up(c, (actor, user), &retro, now)?;
    seed_next(c, &closed, user, now)?;
    tell(c, &closed, &board, actor, now)?;
    Ok(closed)
}

/// Writes the minutes of a running retro and ends it, without telling anybody.
///
/// # Errors
/// The database's.
pub fn wind_up(
    c: &mut Conn,
    (actor, user): (&Actor, &User),
    retro: &Retro,
    now: Moment,
) -> Result<(Retro, Board), Error> {
    let retro_id = retro.id;
    turn_to(c, retro, retro.entry_position, now)?;
    let board = queries_stage::board(c, retro_id)?;
    let cards = queries_cards::all(c, retro_id, user.id)?;
    let ids: Vec<i64> = board.lines.iter().filter_map(|line| line.entry.action_item_id).collect();
    let put_off_counts = put_off_counts(c, &ids)?;
    let source =
        Source { board: &board, cards: &cards, put_off_counts: &put_off_counts, closed_at: now, zone: user.zone() };
    let minutes = minutes::write(&source);
    queries_cards::forget_voters(c, retro_id)?;
    diesel::update(retros::table.find(retro_id))
        .set((
            retros::status.eq(RetroStatus::Closed),
            retros::closed_at.eq(now),
            retros::entry_began_at.eq(None::<Moment>),
            retros::minutes.eq(&minutes),
        ))
        .execute(c)?;
    let change = Change {
        action: "retro.close",
        subject: format!("retro {retro_id}"),
        old: Some(json!({"status": "running"})),
        new: Some(json!({"status": "closed", "decisions": board.decisions.len()})),
    };
    audit::record(c, actor, now, &change)?;
    Ok((by_id(c, retro_id)?, board))
}

/// Sends the minutes to the team, and to those who were there from elsewhere.
fn tell(c: &mut Conn, retro: &Retro, board: &Board, actor: &Actor, now: Moment) -> Result<(), Error> {
    let guests: Vec<i64> =
        retro_people::table.filter(retro_people::retro_id.eq(retro.id)).select(retro_people::user_id).load(c)?;
    let minutes = retro.minutes.clone().unwrap_or_default();
    let notice = Notice {
        kind: NoticeKind::RetroMinutes,
        thing: Thing::new("retro", format!("retro {}", retro.id), retro.path()),
        title: format!("Minutes of the retro of {}: {} decisions", board.team.name, board.decisions.len()),
        // The heading is in the subject already.
        body: minutes.split_once("\n\n").map_or_else(String::new, |(_, rest)| rest.to_owned()),
        why: format!("you belong to {} or were there", board.team.name),
        audience: Audience { people: guests, teams: vec![board.team.id] },
        actor_id: actor.user_id,
        dedup_key: Some(format!("retro {} minutes", retro.id)),
    };
    notify::queries::tell(c, &notice, now)?;
    Ok(())
}

/// A retro of the team that is prepared already takes up where this one ended.
fn seed_next(c: &mut Conn, closed: &Retro, user: &User, now: Moment) -> Result<(), Error> {
    let prepared: Vec<Retro> = retros::table
        .filter(retros::team_id.eq(closed.team_id))
        .filter(retros::status.eq(RetroStatus::Prepared))
        .order(retros::id)
        .select(Retro::as_select())
        .load(c)?;
    for next in prepared {
        diesel::update(retros::table.find(next.id))
            .set((retros::period_from.eq(closed.period_to), retros::revision.eq(retros::revision + 1)))
            .execute(c)?;
        let next = by_id(c, next.id)?;
        freeze(c, &next, user.zone(), now)?;
    }
    Ok(())
}
