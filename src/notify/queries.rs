//! Telling, and what people chose, in the database.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::jobs::SEND;
use super::model::{
    Choice, DIGEST_HOUR, MessageState, Notice, NoticeKind, NoticeSettings, Thing, after_quiet, kinds_of, next_digest,
};
use crate::auth::secrets::{random_hex, random_token};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    chat_channels, messages, notice_choices, notice_settings, notices, team_members, users, webhooks,
};
use crate::error::Error;
use crate::jobs;
use crate::web::times::Zone;

/// Most people that one notice is told to.
const AUDIENCE_LIMIT: usize = 5_000;
/// Most people that one text may mention.
const MENTION_LIMIT: usize = 50;

/// Which lane a job works off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// `user 5`, `channel 2`, `webhook 3`
    pub lane: String,
}

/// Tells a notice to its audience: a mail at once or a line of the next digest for each person, as each chose, a
/// message for each channel of a team that takes the kind, and one for each webhook that does. Call it in the
/// transaction of the change that it tells of. Says whether it is news: a notice whose `dedup_key` is known is told
/// to nobody again.
///
/// Whoever did it, disabled people, and those who chose never to hear of the kind are left out.
///
/// # Errors
/// The database's.
pub fn tell(c: &mut Conn, notice: &Notice, now: Moment) -> Result<bool, Error> {
    let insert = diesel::insert_into(notices::table)
        .values((
            notices::kind.eq(notice.kind),
            notices::thing_kind.eq(notice.thing.kind),
            notices::thing_key.eq(&notice.thing.key),
            notices::path.eq(&notice.thing.path),
            notices::title.eq(&notice.title),
            notices::body.eq(&notice.body),
            notices::why.eq(&notice.why),
            notices::actor_id.eq(notice.actor_id),
            notices::dedup_key.eq(&notice.dedup_key),
            notices::told_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .returning(notices::id);
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => insert.get_result(c).optional()?,
        Conn::Postgres(c) => insert.get_result(c).optional()?,
    };
    let Some(notice_id) = id else { return Ok(false) };
    for reader in readers(c, notice)? {
        let (state, due_at) = match reader.choice {
            Choice::Never => continue,
            Choice::Daily => (MessageState::Gathered, now),
            Choice::AtOnce => (MessageState::Waiting, after_quiet(&reader.zone, reader.quiet, now)),
        };
        let to = Receiver::Person(reader.user_id);
        write(c, (notice.kind.as_str(), Some(notice_id)), to, (state, due_at), now)?;
    }
    let channels: Vec<(i64, String)> = chat_channels::table
        .filter(chat_channels::team_id.eq_any(&notice.audience.teams))
        .filter(chat_channels::disabled_at.is_null())
        .order(chat_channels::id)
        .select((chat_channels::id, chat_channels::kinds))
        .load(c)?;
    let programs: Vec<(i64, String)> = webhooks::table
        .filter(webhooks::disabled_at.is_null())
        .order(webhooks::id)
        .select((webhooks::id, webhooks::kinds))
        .load(c)?;
    let channels = channels.into_iter().map(|(id, kinds)| (Receiver::Channel(id), kinds));
    let programs = programs.into_iter().map(|(id, kinds)| (Receiver::Webhook(id), kinds));
    for (to, kinds) in channels.chain(programs) {
        if kinds_of(&kinds).contains(&notice.kind) {
            write(c, (notice.kind.as_str(), Some(notice_id)), to, (MessageState::Waiting, now), now)?;
        }
    }
    Ok(true)
}

/// Tells everybody whose handle stands in `text` and not in `before` that they were mentioned.
///
/// # Errors
/// The database's.
pub fn tell_mentioned(
    c: &mut Conn,
    actor_id: Option<i64>,
    thing: &Thing,
    (before, text): (&str, &str),
    now: Moment,
) -> Result<(), Error> {
    if !text.contains('@') {
        return Ok(());
    }
    let known = crate::markdown::collect_references(before).handles;
    let new: Vec<String> = crate::markdown::collect_references(text)
        .handles
        .into_iter()
        .filter(|handle| !known.contains(handle))
        .map(|handle| handle.to_lowercase())
        .take(MENTION_LIMIT)
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let people: Vec<(i64, String)> =
        users::table.filter(users::handle.eq_any(&new)).order(users::id).select((users::id, users::handle)).load(c)?;
    let who: Option<String> = match actor_id {
        Some(id) => users::table.find(id).select(users::name).first(c).optional()?,
        None => None,
    };
    for (user_id, handle) in people {
        let notice = Notice {
            kind: NoticeKind::Mention,
            thing: thing.clone(),
            title: format!("{} mentioned you on {}", who.as_deref().unwrap_or("Somebody"), thing.key),
            body: around_mention(text, &handle),
            why: format!("@{handle} stands in what was written on {}", thing.key),
            audience: super::model::Audience::people([user_id]),
            actor_id,
            dedup_key: None,
        };
        tell(c, &notice, now)?;
    }
    Ok(())
}

/// The paragraph in which the handle stands.
fn around_mention(text: &str, handle: &str) -> String {
    let wanted = format!("@{handle}");
    let paragraph = text.split("\n\n").find(|paragraph| paragraph.to_lowercase().contains(&wanted));
    paragraph.unwrap_or(text).trim().chars().take(1_000).collect()
}

/// Somebody who is to be told, and how they want it.
struct Reader {
    user_id: i64,
    zone: Zone,
    quiet: Option<(i64, i64)>,
    choice: Choice,
}

fn readers(c: &mut Conn, notice: &Notice) -> Result<Vec<Reader>, Error> {
    let mut ids = notice.audience.people.clone();
    if !notice.audience.teams.is_empty() {
        let members: Vec<i64> = team_members::table
            .filter(team_members::team_id.eq_any(&notice.audience.teams))
            .select(team_members::user_id)
            .load(c)?;
        ids.extend(members);
    }
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| Some(*id) != notice.actor_id);
    ids.truncate(AUDIENCE_LIMIT);
    let mut readers = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let people: Vec<(i64, String)> = users::table
            .filter(users::id.eq_any(some))
            .filter(users::disabled_at.is_null())
            .order(users::id)
            .select((users::id, users::zone))
            .load(c)?;
        let quiet: BTreeMap<i64, (Option<i64>, Option<i64>)> = notice_settings::table
            .filter(notice_settings::user_id.eq_any(some))
            .select((notice_settings::user_id, (notice_settings::quiet_from, notice_settings::quiet_until)))
            .load(c)?
            .into_iter()
            .collect();
        let chosen: BTreeMap<i64, Choice> = notice_choices::table
            .filter(notice_choices::user_id.eq_any(some))
            .filter(notice_choices::kind.eq(notice.kind))
            .select((notice_choices::user_id, notice_choices::choice))
            .load(c)?
            .into_iter()
            .collect();
        readers.extend(people.into_iter().map(|(user_id, zone)| Reader {
            user_id,
            zone: Zone::or_utc(&zone),
            quiet: quiet.get(&user_id).and_then(|(from, until)| from.zip(*until)),
            choice: chosen.get(&user_id).copied().unwrap_or(notice.kind.default_choice()),
        }));
    }
    Ok(readers)
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A person, by mail.
    Person(i64),
    /// A team's channel.
    Channel(i64),
    /// A program.
    Webhook(i64),
}

impl Receiver {
    /// The queue of its messages.
    pub fn lane(self) -> String {
        match self {
            Receiver::Person(id) => format!("user {id}"),
            Receiver::Channel(id) => format!("channel {id}"),
            Receiver::Webhook(id) => format!("webhook {id}"),
        }
    }
}

/// Writes one message of a notice, and the job that sends it unless it is gathered. Gives its row id.
///
/// # Errors
/// The database's.
pub fn write(
    c: &mut Conn,
    (kind, notice_id): (&str, Option<i64>),
    to: Receiver,
    (state, due_at): (MessageState, Moment),
    now: Moment,
) -> Result<i64, Error> {
    let (user_id, channel_id, webhook_id) = match to {
        Receiver::Person(id) => (Some(id), None, None),
        Receiver::Channel(id) => (None, Some(id), None),
        Receiver::Webhook(id) => (None, None, Some(id)),
    };
    let id = diesel::insert_into(messages::table)
        .values((
            messages::lane.eq(to.lane()),
            messages::kind.eq(kind),
            messages::notice_id.eq(notice_id),
            messages::user_id.eq(user_id),
            messages::channel_id.eq(channel_id),
            messages::webhook_id.eq(webhook_id),
            messages::state.eq(state),
            messages::public_id.eq(format!("msg_{}", random_hex(16))),
            messages::due_at.eq(due_at),
            messages::attempts.eq(0),
            messages::last_error.eq(""),
            messages::created_at.eq(now),
        ))
        .returning(messages::id)
        .get_result(c)?;
    if state == MessageState::Waiting {
        wake(c, &to.lane(), due_at, now)?;
    }
    Ok(id)
}

/// Makes sure that a job works the lane off at `at`.
///
/// # Errors
/// The database's.
pub fn wake(c: &mut Conn, lane: &str, at: Moment, now: Moment) -> Result<(), Error> {
    let payload = Lane { lane: lane.to_owned() };
    jobs::queries::enqueue_once(c, &format!("lane {lane}"), (SEND, &payload), at, now)
}

/// When a person wants to hear; made with what is usual when they never said.
///
/// # Errors
/// The database's.
pub fn settings_of(c: &mut Conn, user_id: i64, zone: &Zone, now: Moment) -> Result<NoticeSettings, Error> {
    let insert = diesel::insert_into(notice_settings::table)
        .values((
            notice_settings::user_id.eq(user_id),
            notice_settings::stop_token.eq(random_token()),
            notice_settings::digest_hour.eq(DIGEST_HOUR),
            notice_settings::next_digest_at.eq(next_digest(zone, DIGEST_HOUR, now)),
        ))
        .on_conflict_do_nothing();
    match c {
        Conn::Sqlite(c) => insert.execute(c)?,
        Conn::Postgres(c) => insert.execute(c)?,
    };
    Ok(notice_settings::table.find(user_id).select(NoticeSettings::as_select()).first(c)?)
}

/// What a person chose, kind by kind, with the default where they did not.
///
/// # Errors
/// The database's.
pub fn choices(c: &mut Conn, user_id: i64) -> Result<Vec<(NoticeKind, Choice)>, Error> {
    let rows: Vec<(String, Choice)> = notice_choices::table
        .filter(notice_choices::user_id.eq(user_id))
        .select((notice_choices::kind, notice_choices::choice))
        .load(c)?;
    let chosen: BTreeMap<String, Choice> = rows.into_iter().collect();
    Ok(NoticeKind::ALL
        .iter()
        .map(|kind| (*kind, chosen.get(kind.as_str()).copied().unwrap_or(kind.default_choice())))
        .collect())
}
