//! A lane's next message, and what became of it.

use diesel::prelude::*;

use super::compose::Addressee;
use super::model::{
    AttemptOutcome, Audience, Choice, FAILURE_LIMIT, Message, MessageState, Notice, NoticeKind, Thing, ToldNotice,
};
use super::queries::{self, choices, settings_of};
use crate::auth::model::{Role, User};
use crate::chat::model::Channel;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, chat_channels, incidents, message_attempts, messages, notices, users, webhooks};
use crate::error::Error;
use crate::webhooks::model::Webhook;

/// Most lanes that one look wakes.
const LANES_AT_ONCE: i64 = 500;

/// The message whose turn it is, whatever its time.
///
/// # Errors
/// The database's.
pub fn head(c: &mut Conn, lane: &str) -> Result<Option<Message>, Error> {
    Ok(messages::table
        .filter(messages::lane.eq(lane))
        .filter(messages::state.eq(MessageState::Waiting))
        .order(messages::id)
        .select(Message::as_select())
        .first(c)
        .optional()?)
}

/// The notice of a message.
///
/// # Errors
/// 404
pub fn notice(c: &mut Conn, id: i64) -> Result<ToldNotice, Error> {
    Ok(notices::table.find(id).select(ToldNotice::as_select()).first(c)?)
}

/// Everything about the receiver of a message, or why nothing is sent.
#[derive(Clone, Debug)]
pub enum Door {
    /// A person.
    Person(User, Addressee),
    /// A team's channel, with the path of its page.
    Channel(Channel, String),
    /// A program.
    Webhook(Webhook),
    /// Not now: it is switched off.
    Closed,
    /// Not at all, for this reason.
    Gone(&'static str),
}

/// Who gets a message, as they are now.
///
/// # Errors
/// The database's.
pub fn door(c: &mut Conn, message: &Message, now: Moment) -> Result<Door, Error> {
    if let Some(id) = message.channel_id {
        return crate::chat::queries::with_team(c, id).map(|(channel, team)| match channel.disabled_at {
            None => Door::Channel(channel, format!("{}/channels", team.path())),
            Some(_) => Door::Closed,
        });
    }
    if let Some(id) = message.webhook_id {
        let webhook: Webhook = webhooks::table.find(id).select(Webhook::as_select()).first(c)?;
        return Ok(if webhook.disabled_at.is_some() { Door::Closed } else { Door::Webhook(webhook) });
    }
    let Some(user_id) = message.user_id else { return Ok(Door::Gone("nobody is named")) };
    let user: User = users::table.find(user_id).select(User::as_select()).first(c)?;
    if user.disabled_at.is_some() {
        return Ok(Door::Gone("the person is disabled"));
    }
    let settings = settings_of(c, user.id, &user.zone(), now)?;
    let addressee = Addressee { name: user.name.clone(), email: user.email.clone(), stop_token: settings.stop_token };
    Ok(Door::Person(user, addressee))
}

/// Why this person is not told of this notice any more, if so: asked right before it is sent.
///
/// # Errors
/// The database's.
pub fn objection(c: &mut Conn, user: &User, notice: &ToldNotice) -> Result<Option<&'static str>, Error> {
    let chosen = choices(c, user.id)?.into_iter().find(|(kind, _)| *kind == notice.kind);
    if chosen.is_some_and(|(_, choice)| choice == Choice::Never) {
        return Ok(Some("the person does not want to hear of this kind any more"));
    }
    Ok(if may_see(c, user, notice)? { None } else { Some("the person may not see it") })
}

/// Whether this person may open what the notice is about.
///
/// # Errors
/// The database's.
pub fn may_see(c: &mut Conn, user: &User, notice: &ToldNotice) -> Result<bool, Error> {
    let number = |prefix: &str| notice.thing_key.strip_prefix(prefix).and_then(|digits| digits.parse::<i64>().ok());
    Ok(match notice.thing_kind.as_str() {
        "incident" | "postmortem" => match number("INC-") {
            Some(number) => diesel::select(diesel::dsl::exists(incidents::table.filter(incidents::number.eq(number))))
                .get_result(c)?,
            None => false,
        },
        "action_item" => match number("ACT-") {
            Some(number) => {
                diesel::select(diesel::dsl::exists(action_items::table.filter(action_items::number.eq(number))))
                    .get_result(c)?
            }
            None => false,
        },
        "webhook" | "backup" => user.role == Role::Admin,
        _ => true,
    })
}

/// How a try ended, and what follows from it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// How.
    pub outcome: AttemptOutcome,
    /// In words, for admins.
    pub detail: String,
    /// Where the message stands now.
    pub state: MessageState,
    /// When it is tried again, when it still waits.
    pub again_at: Option<Moment>,
    /// How long it took.
    pub took_ms: i64,
    /// Whether the receiver itself says that it is gone for good.
    pub is_gone: bool,
}

/// Writes down how a try ended; a channel or webhook that failed too often is switched off.
///
/// # Errors
/// The database's.
pub fn settle(c: &mut Conn, message: &Message, ending: &Ending, now: Moment) -> Result<(), Error> {
    diesel::insert_into(message_attempts::table)
        .values((
            message_attempts::message_id.eq(message.id),
            message_attempts::outcome.eq(ending.outcome),
            message_attempts::detail.eq(&ending.detail),
            message_attempts::took_ms.eq(ending.took_ms),
            message_attempts::attempted_at.eq(now),
        ))
        .execute(c)?;
    let is_over = ending.state != MessageState::Waiting;
    let failed = if ending.outcome == AttemptOutcome::Delivered { "" } else { ending.detail.as_str() };
    diesel::update(messages::table.find(message.id))
        .set((
            messages::state.eq(ending.state),
            messages::attempts.eq(messages::attempts + 1),
            messages::last_error.eq(failed),
            messages::due_at.eq(ending.again_at.unwrap_or(message.due_at)),
            messages::settled_at.eq(is_over.then_some(now)),
        ))
        .execute(c)?;
    match ending.outcome {
        AttemptOutcome::Skipped => Ok(()),
        AttemptOutcome::Delivered => reset_failures(c, message),
        AttemptOutcome::Refused | AttemptOutcome::Unreachable => count_failure(c, message, ending, now),
    }
}

fn reset_failures(c: &mut Conn, message: &Message) -> Result<(), Error> {
    if let Some(id) = message.channel_id {
        diesel::update(chat_channels::table.find(id)).set(chat_channels::failure_count.eq(0)).execute(c)?;
    }
    if let Some(id) = message.webhook_id {
        diesel::update(webhooks::table.find(id)).set(webhooks::failure_count.eq(0)).execute(c)?;
    }
    Ok(())
}

fn count_failure(c: &mut Conn, message: &Message, ending: &Ending, now: Moment) -> Result<(), Error> {
    let is_over = |count: i64| count >= FAILURE_LIMIT || ending.is_gone;
    if let Some(id) = message.channel_id {
        let count: i64 = diesel::update(chat_channels::table.find(id))
            .set(chat_channels::failure_count.eq(chat_channels::failure_count + 1))
            .returning(chat_channels::failure_count)
            .get_result(c)?;
        if is_over(count) {
            diesel::update(chat_channels::table.find(id))
                .set((chat_channels::disabled_at.eq(now), chat_channels::disabled_reason.eq(&ending.detail)))
                .execute(c)?;
            let (channel, team) = crate::chat::queries::with_team(c, id)?;
            let thing = Thing::new("channel", channel.name.clone(), format!("{}/channels", team.path()));
            let mut audience = Audience::people(channel.created_by);
            audience.teams.push(team.id);
            tell_switched_off(c, thing, audience, (count, &ending.detail), now)?;
        }
    }
    if let Some(id) = message.webhook_id {
        let count: i64 = diesel::update(webhooks::table.find(id))
            .set(webhooks::failure_count.eq(webhooks::failure_count + 1))
            .returning(webhooks::failure_count)
            .get_result(c)?;
        if is_over(count) {
            diesel::update(webhooks::table.find(id))
                .set((webhooks::disabled_at.eq(now), webhooks::disabled_reason.eq(&ending.detail)))
                .execute(c)?;
            let webhook: Webhook = webhooks::table.find(id).select(Webhook::as_select()).first(c)?;
            let admins: Vec<i64> = users::table
                .filter(users::role.eq(Role::Admin))
                .filter(users::disabled_at.is_null())
                .order(users::id)
                .limit(LANES_AT_ONCE)
                .select(users::id)
                .load(c)?;
            let thing = Thing::new("webhook", webhook.name.clone(), webhook.path());
            tell_switched_off(c, thing, Audience::people(admins), (count, &ending.detail), now)?;
        }
    }
    Ok(())
}

fn tell_switched_off(
    c: &mut Conn,
    thing: Thing,
    audience: Audience,
    (count, detail): (i64, &str),
    now: Moment,
) -> Result<(), Error> {
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times in a row") };
    let notice = Notice {
        kind: NoticeKind::ChannelOff,
        title: format!("{} was switched off", thing.key),
        body: format!(
            "It failed {times}. The last time: {detail}\n\nMend it, then switch it on again; what waits is sent then."
        ),
        why: format!("you look after the {} {}", thing.kind, thing.key),
        thing,
        audience,
        actor_id: None,
        dedup_key: None,
    };
    queries::tell(c, &notice, now).map(|_| ())
}

/// Wakes the lane again when another message waits in it. Call it after the end of the lane's job.
///
/// # Errors
/// The database's.
pub fn go_on(c: &mut Conn, lane: &str, now: Moment) -> Result<(), Error> {
    match head(c, lane)? {
        Some(next) => queries::wake(c, lane, next.due_at.max(now), now),
        None => Ok(()),
    }
}

/// Makes a lane's waiting messages due now, and wakes it: for a receiver that was switched on again.
///
/// # Errors
/// The database's.
pub fn hasten(c: &mut Conn, lane: &str, now: Moment) -> Result<(), Error> {
    let later = messages::table
        .filter(messages::lane.eq(lane))
        .filter(messages::state.eq(MessageState::Waiting))
        .filter(messages::due_at.gt(now));
    diesel::update(later).set(messages::due_at.eq(now)).execute(c)?;
    go_on(c, lane, now)
}

/// Wakes every lane with a message whose time has come: for those whose job was given up.
///
/// # Errors
/// The database's.
pub fn sweep(c: &mut Conn, now: Moment) -> Result<(), Error> {
    let lanes: Vec<String> = messages::table
        .filter(messages::state.eq(MessageState::Waiting))
        .filter(messages::due_at.le(now))
        .order(messages::lane)
        .limit(LANES_AT_ONCE)
        .select(messages::lane)
        .distinct()
        .load(c)?;
    for lane in lanes {
        queries::wake(c, &lane, now, now)?;
    }
    Ok(())
}

/// Puts a message back among those that wait, whatever became of it.
///
/// # Errors
/// 404; 409 for one that a digest carries.
pub fn send_again(c: &mut Conn, id: i64, now: Moment) -> Result<Message, Error> {
    let message: Message = messages::table
        .find(id)
        .select(Message::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("message", id))?;
    if matches!(message.state, MessageState::Gathered | MessageState::InDigest) {
        return Err(Error::Conflict("It belongs to a digest. Send the digest again instead.".to_owned()));
    }
    diesel::update(messages::table.find(id))
        .set((
            messages::state.eq(MessageState::Waiting),
            messages::due_at.eq(now),
            messages::created_at.eq(now),
            messages::attempts.eq(0),
            messages::settled_at.eq(None::<Moment>),
        ))
        .execute(c)?;
    queries::wake(c, &message.lane, now, now)?;
    Ok(message)
}

/// Ends everything that waits for a person.
///
/// # Errors
/// The database's.
pub fn drop_waiting(c: &mut Conn, user_id: i64, why: &str, now: Moment) -> Result<(), Error> {
    let waiting = messages::table
        .filter(messages::user_id.eq(user_id))
        .filter(messages::state.eq_any([MessageState::Waiting, MessageState::Gathered]));
    diesel::update(waiting)
        .set((messages::state.eq(MessageState::Skipped), messages::last_error.eq(why), messages::settled_at.eq(now)))
        .execute(c)?;
    Ok(())
}
