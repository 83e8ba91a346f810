//! People as admins change them.

use diesel::prelude::*;

use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{Role, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::PAGE_SIZE;
use crate::db::schema::{api_tokens, sessions, sign_in_links, users};
use crate::error::Error;

/// A page of people by id, and whether there are more.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn, after_id: i64) -> Result<(Vec<User>, bool), Error> {
    let mut rows: Vec<User> = users::table
        .filter(users::id.gt(after_id))
        .order(users::id)
        .limit(PAGE_SIZE + 1)
        .select(User::as_select())
        .load(c)?;
    let there_is_more = rows.len() as i64 > PAGE_SIZE;
    rows.truncate(PAGE_SIZE as usize);
    Ok((rows, there_is_more))
}

/// The person with this id.
///
/// # Errors
/// 404
pub fn person(c: &mut Conn, id: i64) -> Result<User, Error> {
    users::table.find(id).select(User::as_select()).first(c).optional()?.ok_or_else(|| Error::no("person", id))
}

/// Refuses to go on when `id` is the only admin left. Locks the admins, so that two who remove each other at
/// the same time do not both succeed.
fn keep_an_admin(c: &mut Conn, id: i64) -> Result<(), Error> {
    let admins = users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select(users::id);
    let ids: Vec<i64> = match c {
        Conn::Sqlite(c) => admins.load(c)?,
        Conn::Postgres(c) => admins.for_update().load(c)?,
    };
    if ids == [id] {
        return Err(Error::Conflict(
            "This is the last admin. Make somebody else an admin first, then try again.".to_owned(),
        ));
    }
    Ok(())
}

/// Gives a person another role.
///
/// # Errors
/// 404, or 409 for the last admin.
pub fn change_role(c: &mut Conn, actor: &Actor, id: i64, role: Role, now: Moment) -> Result<User, Error> {
    if role != Role::Admin {
        keep_an_admin(c, id)?;
    }
    let before = person(c, id)?;
    diesel::update(users::table.find(id)).set(users::role.eq(role)).execute(c)?;
    let subject = format!("user {}", before.handle);
    audit::record(c, actor, now, &Change { action: "user.role", subject, old: Some(before.role), new: Some(role) })?;
    Ok(before)
}

/// Shuts a person out: sessions, tokens and sign-in links die with it.
///
/// # Errors
/// 404, or 409 for the last admin.
pub fn disable(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<User, Error> {
    keep_an_admin(c, id)?;
    let before = person(c, id)?;
    diesel::update(users::table.find(id)).set(users::disabled_at.eq(now)).execute(c)?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(c)?;
    diesel::delete(sign_in_links::table.filter(sign_in_links::user_id.eq(id))).execute(c)?;
    let live = api_tokens::table.filter(api_tokens::user_id.eq(id)).filter(api_tokens::revoked_at.is_null());
    diesel::update(live).set(api_tokens::revoked_at.eq(now)).execute(c)?;
    crate::feeds::queries::revoke_all(c, id, now)?;
    crate::notify::queries_lane::drop_waiting(c, id, "the person was disabled", now)?;
    let subject = format!("user {}", before.handle);
    audit::record(c, actor, now, &Change { action: "user.disable", subject, old: None::<()>, new: None::<()> })?;
    Ok(before)
}

/// Lets a person in again; tokens stay revoked.
///
/// # Errors
/// 404
pub fn enable(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<User, Error> {
    let before = person(c, id)?;
    diesel::update(users::table.find(id)).set(users::disabled_at.eq(None::<Moment>)).execute(c)?;
    let subject = format!("user {}", before.handle);
    audit::record(c, actor, now, &Change { action: "user.enable", subject, old: None::<()>, new: None::<()> })?;
    Ok(before)
}
