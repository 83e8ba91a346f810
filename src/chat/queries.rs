//! Channels in the database.

use diesel::prelude::*;

use super::forms::ChannelDraft;
use super::model::Channel;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{chat_channels, messages, teams};
use crate::error::Error;
use crate::notify::model::{MessageState, Notice, list_of};
use crate::notify::queries::Receiver;
use crate::notify::queries_lane;
use crate::teams::model::Team;

/// Most channels of one team.
pub const CHANNEL_LIMIT: i64 = 20;

/// A team's channels, oldest first.
///
/// # Errors
/// The database's.
pub fn of_team(c: &mut Conn, team_id: i64) -> Result<Vec<Channel>, Error> {
    Ok(chat_channels::table
        .filter(chat_channels::team_id.eq(team_id))
        .order(chat_channels::id)
        .limit(CHANNEL_LIMIT)
        .select(Channel::as_select())
        .load(c)?)
}

/// A channel and whose it is.
///
/// # Errors
/// 404
pub fn with_team(c: &mut Conn, id: i64) -> Result<(Channel, Team), Error> {
    chat_channels::table
        .inner_join(teams::table)
        .filter(chat_channels::id.eq(id))
        .select((Channel::as_select(), Team::as_select()))
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("channel", id))
}

/// A team's own channel.
///
/// # Errors
/// 404 for another team's.
pub fn of_team_by_id(c: &mut Conn, team_id: i64, id: i64) -> Result<Channel, Error> {
    let (channel, team) = with_team(c, id)?;
    if team.id == team_id { Ok(channel) } else { Err(Error::no("channel", id)) }
}

/// Adds a channel; `sealed_url` is its address, sealed.
///
/// # Errors
/// 422 when the team has too many.
pub fn add(
    c: &mut Conn,
    actor: &Actor,
    team: &Team,
    (draft, sealed_url): (&ChannelDraft, &str),
    now: Moment,
) -> Result<i64, Error> {
    let count: i64 = chat_channels::table.filter(chat_channels::team_id.eq(team.id)).count().get_result(c)?;
    if count >= CHANNEL_LIMIT {
        return Err(Error::field("name", format!("A team has at most {CHANNEL_LIMIT} channels. Remove one first.")));
    }
    let id = diesel::insert_into(chat_channels::table)
        .values((
            chat_channels::team_id.eq(team.id),
            chat_channels::flavour.eq(draft.flavour),
            chat_channels::name.eq(&draft.name),
            chat_channels::url.eq(sealed_url),
            chat_channels::kinds.eq(list_of(&draft.kinds)),
            chat_channels::failure_count.eq(0),
            chat_channels::disabled_reason.eq(""),
            chat_channels::created_by.eq(actor.user_id),
            chat_channels::created_at.eq(now),
        ))
        .returning(chat_channels::id)
        .get_result(c)?;
    let new = serde_json::json!({"flavour": draft.flavour, "name": draft.name, "kinds": draft.kinds});
    record(c, actor, ("channel.add", team, &draft.name), Some(new), now)?;
    Ok(id)
}

/// Removes a channel; what waits for it is dropped, what was sent is forgotten with it.
///
/// # Errors
/// 404
pub fn remove(c: &mut Conn, actor: &Actor, team: &Team, id: i64, now: Moment) -> Result<Channel, Error> {
    use crate::db::schema::message_attempts;
    let channel = of_team_by_id(c, team.id, id)?;
    let own: Vec<i64> = messages::table.filter(messages::channel_id.eq(id)).select(messages::id).load(c)?;
    for some in own.chunks(500) {
        diesel::delete(message_attempts::table.filter(message_attempts::message_id.eq_any(some))).execute(c)?;
        diesel::delete(messages::table.filter(messages::id.eq_any(some))).execute(c)?;
    }
    diesel::delete(chat_channels::table.find(id)).execute(c)?;
    record(c, actor, ("channel.remove", team, &channel.name), None, now)?;
    Ok(channel)
}

/// Switches a channel off or on again; what waits is sent when it is on.
///
/// # Errors
/// 404
pub fn switch(
    c: &mut Conn,
    actor: &Actor,
    (team, id): (&Team, i64),
    off_because: Option<&str>,
    now: Moment,
) -> Result<Channel, Error> {
    let channel = of_team_by_id(c, team.id, id)?;
    diesel::update(chat_channels::table.find(id))
        .set((
            chat_channels::disabled_at.eq(off_because.map(|_| now)),
            chat_channels::disabled_reason.eq(off_because.unwrap_or_default()),
            chat_channels::failure_count.eq(0),
        ))
        .execute(c)?;
    let action = if off_because.is_some() { "channel.switch_off" } else { "channel.switch_on" };
    record(c, actor, (action, team, &channel.name), None, now)?;
    if off_because.is_none() {
        queries_lane::hasten(c, &Receiver::Channel(id).lane(), now)?;
    }
    Ok(channel)
}

/// Writes a message to one channel alone, to see whether it arrives.
///
/// # Errors
/// The database's.
pub fn try_out(c: &mut Conn, id: i64, notice: &Notice, now: Moment) -> Result<(), Error> {
    let notice_id = crate::notify::queries::keep(c, notice, now)?;
    let to = Receiver::Channel(id);
    let kind = (notice.kind.as_str(), Some(notice_id));
    crate::notify::queries::write(c, kind, to, (MessageState::Waiting, now), now).map(|_| ())
}

fn record(
    c: &mut Conn,
    actor: &Actor,
    (action, team, name): (&str, &Team, &str),
    new: Option<serde_json::Value>,
    now: Moment,
) -> Result<(), Error> {
    let subject = format!("channel {name} of {}", team.slug);
    audit::record(c, actor, now, &Change { action, subject, old: None::<()>, new })
}
