//! People, sessions, tokens and sign-in limits in the database.

use diesel::prelude::*;

use super::actor::Actor;
use super::audit::{self, Change};
use super::model::{
    ATTEMPT_LIMIT, ATTEMPT_WINDOW_S, ApiToken, ENDED_SESSION_S, Role, SESSION_S, Scope, Session, Theme, User,
    handle_from_email,
};
use super::secrets::{random_token, token_hash};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::schema::{
    action_items, api_tokens, incidents, services, sessions, settings, sign_in_attempts, sign_in_links, team_members,
    teams, users,
};
use crate::error::Error;
use crate::web::layout::{Nav, NavService};

/// How many services the navigation lists.
const NAV_SERVICES: i64 = 8;
/// As far as the navigation counts: one more than it says ("99+"), so that no page grows with a table.
const NAV_COUNT_LIMIT: i64 = 100;

/// The person, session and navigation behind a session cookie; nothing when it has ended.
///
/// # Errors
/// The database's.
pub fn session(c: &mut Conn, hash: &str, now: Moment) -> Result<Option<(User, Session)>, Error> {
    Ok(users::table
        .inner_join(sessions::table)
        .filter(sessions::token_hash.eq(hash))
        .filter(sessions::expires_at.gt(now))
        .filter(users::disabled_at.is_null())
        .select((User::as_select(), Session::as_select()))
        .first(c)
        .optional()?)
}

/// Whose session this was, when it ran out a short while ago. Good for nothing but keeping what that person typed:
/// it lets nobody in.
///
/// # Errors
/// The database's.
pub fn owner_of_ended_session(c: &mut Conn, hash: &str, now: Moment) -> Result<Option<i64>, Error> {
    Ok(sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(hash))
        .filter(sessions::expires_at.gt(now.plus_s(-ENDED_SESSION_S)))
        .filter(users::disabled_at.is_null())
        .select(users::id)
        .first(c)
        .optional()?)
}

/// What the navigation counts and lists for a person.
///
/// # Errors
/// The database's.
pub fn nav(c: &mut Conn, user_id: i64) -> Result<Nav, Error> {
    let team: Option<(i64, String)> = teams::table
        .inner_join(team_members::table)
        .filter(team_members::user_id.eq(user_id))
        .order((teams::name, teams::id))
        .select((teams::id, teams::name))
        .first(c)
        .optional()?;
    let live: Vec<i64> = incidents::table
        .filter(incidents::status.eq_any(["investigating", "identified", "mitigated"]))
        .limit(NAV_COUNT_LIMIT)
        .select(incidents::id)
        .load(c)?;
    let mine: Vec<i64> = action_items::table
        .filter(action_items::owner_id.eq(user_id))
        .filter(action_items::status.eq_any(["open", "in_progress"]))
        .limit(NAV_COUNT_LIMIT)
        .select(action_items::id)
        .load(c)?;
    let all: Vec<i64> = services::table.limit(NAV_COUNT_LIMIT).select(services::id).load(c)?;
    let own_team = team.as_ref().map_or(0, |(id, _)| *id);
    let mut listed: Vec<(String, String)> = services::table
        .filter(services::team_id.eq(own_team))
        .order((services::tier, services::slug))
        .limit(NAV_SERVICES)
        .select((services::slug, services::name))
        .load(c)?;
    if listed.is_empty() {
        listed = services::table
            .order((services::tier, services::slug))
            .limit(NAV_SERVICES)
            .select((services::slug, services::name))
            .load(c)?;
    }
    Ok(Nav {
        team_name: team.map(|(_, name)| name).unwrap_or_default(),
        live_count: live.len(),
        my_open_count: mine.len(),
        services: listed.into_iter().map(|(slug, name)| NavService { slug, name }).collect(),
        services_count: all.len(),
    })
}

/// Notes that a session was used, and carries its end forward.
///
/// # Errors
/// The database's.
pub fn touch_session(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set((sessions::last_used_at.eq(now), sessions::expires_at.eq(now.plus_s(SESSION_S))))
        .execute(c)?;
    Ok(())
}

/// The person and token behind a bearer token; nothing when it is unknown, expired or revoked.
///
/// # Errors
/// The database's.
pub fn token(c: &mut Conn, hash: &str, now: Moment) -> Result<Option<(User, ApiToken)>, Error> {
    Ok(users::table
        .inner_join(api_tokens::table)
        .filter(api_tokens::token_hash.eq(hash))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
        .filter(users::disabled_at.is_null())
        .select((User::as_select(), ApiToken::as_select()))
        .first(c)
        .optional()?)
}

/// Notes that a token was used.
///
/// # Errors
/// The database's.
pub fn touch_token(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(api_tokens::table.find(id)).set(api_tokens::last_used_at.eq(now)).execute(c)?;
    Ok(())
}

/// Where a new session comes from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The `User-Agent`, cut short.
    pub user_agent: String,
    /// The client's address.
    pub address: String,
}

/// Signs a person in; gives the cookie's value, which is stored nowhere.
///
/// # Errors
/// The database's.
pub fn open_session(c: &mut Conn, user_id: i64, browser: &Browser, now: Moment) -> Result<String, Error> {
    let token = random_token();
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now.plus_s(-ENDED_SESSION_S)))).execute(c)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash(&token)),
            sessions::user_id.eq(user_id),
            sessions::user_agent.eq(&browser.user_agent),
            sessions::address.eq(&browser.address),
            sessions::created_at.eq(now),
            sessions::last_used_at.eq(now),
            sessions::expires_at.eq(now.plus_s(SESSION_S)),
        ))
        .execute(c)?;
    Ok(token)
}

/// Ends one session.
///
/// # Errors
/// The database's.
pub fn close_session(c: &mut Conn, id: i64) -> Result<(), Error> {
    diesel::delete(sessions::table.find(id)).execute(c)?;
    Ok(())
}

/// Whether first-run set-up is over.
///
/// # Errors
/// The database's.
pub fn is_set_up(c: &mut Conn) -> Result<bool, Error> {
    // People without rights may have come with an import; somebody must still become the admin.
    let admin = users::table.filter(users::role.eq(Role::Admin)).select(users::id).first::<i64>(c).optional()?;
    Ok(admin.is_some())
}

/// A person who is about to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Lower-case address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Rights.
    pub role: Role,
    /// argon2id, or none for somebody who cannot sign in by password.
    pub password_hash: Option<String>,
    /// IANA name.
    pub zone: String,
}

/// Makes the first admin, exactly once: the row in `settings` decides a race.
///
/// # Errors
/// 409 when somebody was faster.
pub fn set_up(c: &mut Conn, new: &NewUser, now: Moment) -> Result<i64, Error> {
    let over = || Error::Conflict("Debrief is set up already. Sign in with the account that was made.".to_owned());
    if is_set_up(c)? {
        return Err(over());
    }
    diesel::insert_into(settings::table)
        .values((settings::name.eq("set_up_at"), settings::value.eq(now.to_string())))
        .execute(c)
        .map_err(|_| over())?;
    add_user(c, &Actor::program("first-run set-up"), new, now)
}

/// Adds a person with a handle that nobody has yet.
///
/// # Errors
/// 422 when the address is taken.
pub fn add_user(c: &mut Conn, actor: &Actor, new: &NewUser, now: Moment) -> Result<i64, Error> {
    let wish = handle_from_email(&new.email);
    let taken_handles: Vec<String> =
        users::table.filter(users::handle.like(format!("{wish}%"))).select(users::handle).load(c)?;
    let handle = (1..)
        .map(|n| if n == 1 { wish.clone() } else { format!("{wish}{n}") })
        .find(|candidate| !taken_handles.contains(candidate))
        .expect("there are more numbers than people");
    let id = diesel::insert_into(users::table)
        .values((
            users::email.eq(&new.email),
            users::handle.eq(&handle),
            users::name.eq(&new.name),
            users::role.eq(new.role),
            users::zone.eq(&new.zone),
            users::theme.eq(Theme::System),
            users::keys_on.eq(true),
            users::password_hash.eq(&new.password_hash),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(c)
        .map_err(|error| {
            taken(error, "email", "Somebody has this address already. Take another, or edit that person.")
        })?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "user.add",
            subject: format!("user {handle}"),
            old: None::<()>,
            new: Some(serde_json::json!({"email": new.email, "name": new.name, "role": new.role})),
        },
    )?;
    Ok(id)
}

/// The person with this address, for sign-in; disabled people are not found.
///
/// # Errors
/// The database's.
pub fn by_email(c: &mut Conn, email: &str) -> Result<Option<User>, Error> {
    Ok(users::table
        .filter(users::email.eq(email.trim().to_lowercase()))
        .filter(users::disabled_at.is_null())
        .select(User::as_select())
        .first(c)
        .optional()?)
}

/// The person with this address or handle (with or without `@`), if any.
///
/// # Errors
/// The database's.
pub fn by_email_or_handle(c: &mut Conn, wanted: &str) -> Result<Option<User>, Error> {
    let wanted = wanted.trim().to_lowercase();
    let handle = wanted.trim_start_matches('@').to_owned();
    Ok(users::table
        .filter(users::email.eq(wanted).or(users::handle.eq(handle)))
        .order(users::id)
        .select(User::as_select())
        .first(c)
        .optional()?)
}

/// Counts a try to sign in, of an account and of an address; [`forget_attempt`] takes it back when it was right.
///
/// # Errors
/// The database's.
pub fn note_attempt(c: &mut Conn, subjects: &[String], now: Moment) -> Result<(), Error> {
    let old = sign_in_attempts::table.filter(sign_in_attempts::attempted_at.lt(now.plus_s(-ATTEMPT_WINDOW_S)));
    diesel::delete(old).execute(c)?;
    for subject in subjects {
        diesel::insert_into(sign_in_attempts::table)
            .values((sign_in_attempts::subject.eq(subject), sign_in_attempts::attempted_at.eq(now)))
            .execute(c)?;
    }
    Ok(())
}

/// Takes a try back that was right after all: only failed ones count.
///
/// # Errors
/// The database's.
pub fn forget_attempt(c: &mut Conn, subjects: &[String], now: Moment) -> Result<(), Error> {
    for subject in subjects {
        let newest = sign_in_attempts::table
            .filter(sign_in_attempts::subject.eq(subject))
            .filter(sign_in_attempts::attempted_at.eq(now))
            .order(sign_in_attempts::id.desc())
            .select(sign_in_attempts::id)
            .first::<i64>(c)
            .optional()?;
        if let Some(id) = newest {
            diesel::delete(sign_in_attempts::table.find(id)).execute(c)?;
        }
    }
    Ok(())
}

/// Refuses further tries for an account or address that failed too often. Tries of the same account or address
/// queue up here until the transaction ends.
///
/// # Errors
/// 429 with the seconds to wait.
pub fn check_attempts(c: &mut Conn, subjects: &[String], now: Moment) -> Result<(), Error> {
    for subject in subjects {
        if let Conn::Postgres(c) = c {
            diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))")
                .bind::<diesel::sql_types::Text, _>(subject)
                .execute(c)?;
        }
        let recent: Vec<Moment> = sign_in_attempts::table
            .filter(sign_in_attempts::subject.eq(subject))
            .filter(sign_in_attempts::attempted_at.ge(now.plus_s(-ATTEMPT_WINDOW_S)))
            .order(sign_in_attempts::attempted_at.desc())
            .limit(ATTEMPT_LIMIT)
            .select(sign_in_attempts::attempted_at)
            .load(c)?;
        if recent.len() as i64 >= ATTEMPT_LIMIT {
            let oldest = recent.last().copied().unwrap_or(now);
            return Err(Error::TooMany((ATTEMPT_WINDOW_S - now.seconds_since(oldest)).max(1)));
        }
    }
    Ok(())
}

/// Makes a link that signs a person in once.
///
/// # Errors
/// The database's.
pub fn add_sign_in_link(c: &mut Conn, user_id: i64, expires_at: Moment) -> Result<String, Error> {
    let token = random_token();
    diesel::insert_into(sign_in_links::table)
        .values((
            sign_in_links::token_hash.eq(token_hash(&token)),
            sign_in_links::user_id.eq(user_id),
            sign_in_links::expires_at.eq(expires_at),
        ))
        .execute(c)?;
    Ok(token)
}

/// Uses a sign-in link up; gives the person. Raced, one wins.
///
/// # Errors
/// 403 when it was used, has expired or never was.
pub fn use_sign_in_link(c: &mut Conn, token: &str, now: Moment) -> Result<i64, Error> {
    let hash = token_hash(token);
    let fresh = sign_in_links::table
        .filter(sign_in_links::token_hash.eq(&hash))
        .filter(sign_in_links::used_at.is_null())
        .filter(sign_in_links::expires_at.gt(now));
    if diesel::update(fresh).set(sign_in_links::used_at.eq(now)).execute(c)? != 1 {
        return Err(Error::Forbidden(
            "This sign-in link was used already or has expired. Ask for a new one.".to_owned(),
        ));
    }
    Ok(sign_in_links::table.filter(sign_in_links::token_hash.eq(&hash)).select(sign_in_links::user_id).first(c)?)
}

/// A token that is about to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// In whose name it acts.
    pub user_id: i64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Until when, if ever.
    pub expires_at: Option<Moment>,
}

/// Makes a token; gives its text, which is stored nowhere.
///
/// # Errors
/// The database's.
pub fn add_token(c: &mut Conn, actor: &Actor, new: &NewToken, now: Moment) -> Result<String, Error> {
    let token = format!("dbr_{}", random_token());
    let hint: String = token.chars().take(8).collect();
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::user_id.eq(new.user_id),
            api_tokens::name.eq(&new.name),
            api_tokens::scope.eq(new.scope),
            api_tokens::token_hash.eq(token_hash(&token)),
            api_tokens::hint.eq(&hint),
            api_tokens::created_at.eq(now),
            api_tokens::expires_at.eq(new.expires_at),
        ))
        .execute(c)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "token.create",
            subject: format!("token {}", new.name),
            old: None::<()>,
            new: Some(serde_json::json!({"scope": new.scope, "hint": hint, "expires_at": new.expires_at})),
        },
    )?;
    Ok(token)
}
