//! One's own profile, sessions and tokens in the database.

use diesel::prelude::*;

use super::forms::Profile;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{ApiToken, Session, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::schema::{api_tokens, sessions, users};
use crate::error::Error;

/// Most sessions or tokens that the page shows.
const SHOWN: i64 = 100;

/// The person's open sessions, last used first.
///
/// # Errors
/// The database's.
pub fn open_sessions(c: &mut Conn, user_id: i64, now: Moment) -> Result<Vec<Session>, Error> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .limit(SHOWN)
        .select(Session::as_select())
        .load(c)?)
}

/// The person's tokens, newest first, also the revoked ones.
///
/// # Errors
/// The database's.
pub fn tokens(c: &mut Conn, user_id: i64) -> Result<Vec<ApiToken>, Error> {
    Ok(api_tokens::table
        .filter(api_tokens::user_id.eq(user_id))
        .order(api_tokens::id.desc())
        .limit(SHOWN)
        .select(ApiToken::as_select())
        .load(c)?)
}

/// Changes the person's own profile.
///
/// # Errors
/// 422 when the handle is taken.
pub fn change_profile(c: &mut Conn, actor: &Actor, before: &User, profile: &Profile, now: Moment) -> Result<(), Error> {
    diesel::update(users::table.find(before.id))
        .set((
            users::name.eq(&profile.name),
            users::handle.eq(&profile.handle),
            users::zone.eq(&profile.zone),
            users::theme.eq(profile.theme),
            users::keys_on.eq(profile.keys_on),
        ))
        .execute(c)
        .map_err(|error| taken(error, "handle", "Somebody has this handle already. Take another."))?;
    if profile.zone != before.zone {
        let zone = crate::web::times::Zone::or_utc(&profile.zone);
        crate::notify::queries::moved(c, (before.id, &zone), now)?;
    }
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "user.change",
            subject: format!("user {}", before.handle),
            old: Some(serde_json::json!({"name": before.name, "handle": before.handle, "zone": before.zone})),
            new: Some(serde_json::json!({"name": profile.name, "handle": profile.handle, "zone": profile.zone})),
        },
    )
}

/// Sets a new password and ends every other session of the person.
///
/// # Errors
/// The database's.
pub fn change_password(
    c: &mut Conn,
    actor: &Actor,
    user: &User,
    hash: &str,
    (session_id, now): (i64, Moment),
) -> Result<(), Error> {
    diesel::update(users::table.find(user.id)).set(users::password_hash.eq(hash)).execute(c)?;
    let others = sessions::table.filter(sessions::user_id.eq(user.id)).filter(sessions::id.ne(session_id));
    diesel::delete(others).execute(c)?;
    let subject = format!("user {}", user.handle);
    audit::record(c, actor, now, &Change { action: "user.password", subject, old: None::<()>, new: None::<()> })
}

/// Ends one of the person's own sessions.
///
/// # Errors
/// 404 for somebody else's.
pub fn end_session(c: &mut Conn, user_id: i64, id: i64) -> Result<(), Error> {
    let own = sessions::table.filter(sessions::id.eq(id)).filter(sessions::user_id.eq(user_id));
    match diesel::delete(own).execute(c)? {
        0 => Err(Error::no("session", id)),
        _ => Ok(()),
    }
}

/// Takes one of the person's own tokens back.
///
/// # Errors
/// 404 for somebody else's.
pub fn revoke_token(c: &mut Conn, actor: &Actor, user_id: i64, id: i64, now: Moment) -> Result<(), Error> {
    let own = api_tokens::table.filter(api_tokens::id.eq(id)).filter(api_tokens::user_id.eq(user_id));
    let token: ApiToken =
        own.select(ApiToken::as_select()).first(c).optional()?.ok_or_else(|| Error::no("token", id))?;
    if token.revoked_at.is_some() {
        return Ok(());
    }
    diesel::update(api_tokens::table.find(id)).set(api_tokens::revoked_at.eq(now)).execute(c)?;
    let subject = format!("token {}", token.name);
    audit::record(c, actor, now, &Change { action: "token.revoke", subject, old: Some(token.hint), new: None::<()> })
}
