//! Drafts and open editors in the database.

use diesel::prelude::*;

use super::model::{Draft, PRESENT_S};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{postmortem_drafts, postmortem_writers, users};
use crate::error::Error;
use crate::postmortems::model::Postmortem;
use crate::postmortems::queries::revision;

/// Most people that a page says are writing.
const SHOWN_LIMIT: i64 = 8;

/// The draft of a person, unless it was dropped.
///
/// # Errors
/// The database's.
pub fn of(c: &mut Conn, postmortem: &Postmortem, user_id: i64) -> Result<Option<Draft>, Error> {
    Ok(postmortem_drafts::table
        .filter(postmortem_drafts::postmortem_id.eq(postmortem.id))
        .filter(postmortem_drafts::user_id.eq(user_id))
        .filter(postmortem_drafts::dropped_at.is_null())
        .select(Draft::as_select())
        .first(c)
        .optional()?)
}

/// A text to keep.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The text.
    pub markdown: &'a str,
    /// The revision that it is based on.
    pub base: i64,
}

/// Keeps what was typed in place of what was kept before. A text that is the newest revision's, or its own base's,
/// needs no keeping.
///
/// # Errors
/// The database's.
pub fn keep(c: &mut Conn, postmortem: &Postmortem, user_id: i64, typed: &Typed<'_>, now: Moment) -> Result<(), Error> {
    let newest = postmortem.current_revision;
    if newest > 0 && revision(c, postmortem, newest)?.markdown == typed.markdown {
        return clear(c, postmortem, user_id);
    }
    let is_known = (1..newest).contains(&typed.base);
    if is_known && revision(c, postmortem, typed.base)?.markdown == typed.markdown {
        return clear(c, postmortem, user_id);
    }
    let values = (
        postmortem_drafts::base_revision.eq(typed.base),
        postmortem_drafts::markdown.eq(typed.markdown),
        postmortem_drafts::saved_at.eq(now),
        postmortem_drafts::dropped_at.eq(None::<Moment>),
    );
    let row = (postmortem_drafts::postmortem_id.eq(postmortem.id), postmortem_drafts::user_id.eq(user_id), values);
    let key = (postmortem_drafts::postmortem_id, postmortem_drafts::user_id);
    match c {
        Conn::Sqlite(c) => diesel::insert_into(postmortem_drafts::table)
            .values(row)
            .on_conflict(key)
            .do_update()
            .set(values)
            .execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(postmortem_drafts::table)
            .values(row)
            .on_conflict(key)
            .do_update()
            .set(values)
            .execute(c)?,
    };
    Ok(())
}

/// Forgets a draft: it is saved.
///
/// # Errors
/// The database's.
pub fn clear(c: &mut Conn, postmortem: &Postmortem, user_id: i64) -> Result<(), Error> {
    let mine = postmortem_drafts::table
        .filter(postmortem_drafts::postmortem_id.eq(postmortem.id))
        .filter(postmortem_drafts::user_id.eq(user_id));
    diesel::delete(mine).execute(c)?;
    Ok(())
}

/// Whether a draft is kept at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is shown.
    Kept,
    /// It was dropped, and can be brought back.
    Dropped,
}

/// Drops a draft, or brings it back.
///
/// # Errors
/// The database's.
pub fn set_hold(c: &mut Conn, postmortem: &Postmortem, user_id: i64, hold: Hold, now: Moment) -> Result<(), Error> {
    let mine = postmortem_drafts::table
        .filter(postmortem_drafts::postmortem_id.eq(postmortem.id))
        .filter(postmortem_drafts::user_id.eq(user_id));
    let dropped_at = (hold == Hold::Dropped).then_some(now);
    diesel::update(mine).set(postmortem_drafts::dropped_at.eq(dropped_at)).execute(c)?;
    Ok(())
}

/// Notes that a person has the editor open.
///
/// # Errors
/// The database's.
pub fn see(c: &mut Conn, postmortem: &Postmortem, user_id: i64, now: Moment) -> Result<(), Error> {
    let row = (
        postmortem_writers::postmortem_id.eq(postmortem.id),
        postmortem_writers::user_id.eq(user_id),
        postmortem_writers::seen_at.eq(now),
    );
    let key = (postmortem_writers::postmortem_id, postmortem_writers::user_id);
    let seen = postmortem_writers::seen_at.eq(now);
    match c {
        Conn::Sqlite(c) => diesel::insert_into(postmortem_writers::table)
            .values(row)
            .on_conflict(key)
            .do_update()
            .set(seen)
            .execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(postmortem_writers::table)
            .values(row)
            .on_conflict(key)
            .do_update()
            .set(seen)
            .execute(c)?,
    };
    Ok(())
}

/// Notes that a person closed the editor.
///
/// # Errors
/// The database's.
pub fn leave(c: &mut Conn, postmortem: &Postmortem, user_id: i64) -> Result<(), Error> {
    let mine = postmortem_writers::table
        .filter(postmortem_writers::postmortem_id.eq(postmortem.id))
        .filter(postmortem_writers::user_id.eq(user_id));
    diesel::delete(mine).execute(c)?;
    Ok(())
}

/// Who else has the editor open, and when each was last heard of; the latest first.
///
/// # Errors
/// The database's.
pub fn others(
    c: &mut Conn,
    postmortem: &Postmortem,
    user_id: i64,
    now: Moment,
) -> Result<Vec<(String, Moment)>, Error> {
    Ok(postmortem_writers::table
        .inner_join(users::table)
        .filter(postmortem_writers::postmortem_id.eq(postmortem.id))
        .filter(postmortem_writers::user_id.ne(user_id))
        .filter(postmortem_writers::seen_at.gt(now.plus_s(-PRESENT_S)))
        .order((postmortem_writers::seen_at.desc(), postmortem_writers::id))
        .limit(SHOWN_LIMIT)
        .select((users::name, postmortem_writers::seen_at))
        .load(c)?)
}
