//! Messages as the log shows them.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{chat_channels, message_attempts, messages, notices, users, webhooks};
use crate::error::Error;
use crate::notify::model::{AttemptOutcome, Message, MessageState};

/// Most tries of one message that its page shows.
const ATTEMPTS_SHOWN: i64 = 200;

/// What the log is narrowed down to.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only messages in this state.
    pub state: Option<MessageState>,
    /// Only messages to this webhook.
    pub webhook_id: Option<i64>,
}

/// A message with its title and receiver in words.
#[derive(Clone, Debug)]
pub struct LogRow {
    /// The message.
    pub message: Message,
    /// The notice's title; empty for a digest.
    pub title: String,
    /// Whom it goes to.
    pub receiver: String,
}

/// What is in the log when nobody asks for a state, as the index `messages_shown` says it.
const SHOWN: &str = "messages.state NOT IN ('gathered', 'in_digest')";

type Found = (Message, Option<String>, Option<String>, Option<String>, Option<String>);

/// A page of the log, newest first. What waits for a digest is not in it; the digest is.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &LogFilter, turn: Turn) -> Result<Page<LogRow>, Error> {
    let mut query = messages::table
        .left_join(notices::table)
        .left_join(users::table)
        .left_join(chat_channels::table)
        .left_join(webhooks::table)
        .select((
            Message::as_select(),
            notices::title.nullable(),
            users::name.nullable(),
            chat_channels::name.nullable(),
            webhooks::name.nullable(),
        ))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    query = match filter.state {
        Some(state) => query.filter(messages::state.eq(state)),
        None => query.filter(sql::<Bool>(SHOWN)),
    };
    if let Some(id) = filter.webhook_id {
        query = query.filter(messages::webhook_id.eq(id));
    }
    query = match turn {
        Turn::First => query.order(messages::id.desc()),
        Turn::After(cursor) => query.filter(messages::id.lt(cursor.id)).order(messages::id.desc()),
        Turn::Before(cursor) => query.filter(messages::id.gt(cursor.id)).order(messages::id.asc()),
    };
    let found: Vec<Found> = query.load(c)?;
    let rows = found.into_iter().map(row_of).collect();
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |row: &LogRow| Cursor { sort: row.message.id, id: row.message.id }))
}

fn row_of((message, title, user, channel, webhook): Found) -> LogRow {
    let receiver = user.or(channel).or(webhook).unwrap_or_default();
    LogRow { message, title: title.unwrap_or_default(), receiver }
}

/// One message.
///
/// # Errors
/// 404
pub fn row(c: &mut Conn, id: i64) -> Result<LogRow, Error> {
    let found: Option<Found> = messages::table
        .left_join(notices::table)
        .left_join(users::table)
        .left_join(chat_channels::table)
        .left_join(webhooks::table)
        .filter(messages::id.eq(id))
        .select((
            Message::as_select(),
            notices::title.nullable(),
            users::name.nullable(),
            chat_channels::name.nullable(),
            webhooks::name.nullable(),
        ))
        .first(c)
        .optional()?;
    found.map(row_of).ok_or_else(|| Error::no("message", id))
}

/// One try.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = message_attempts)]
pub struct Attempt {
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// In words.
    pub detail: String,
    /// How long it took.
    pub took_ms: i64,
    /// When.
    pub attempted_at: Moment,
}

/// The tries of a message, newest first.
///
/// # Errors
/// The database's.
pub fn attempts(c: &mut Conn, message_id: i64) -> Result<Vec<Attempt>, Error> {
    Ok(message_attempts::table
        .filter(message_attempts::message_id.eq(message_id))
        .order(message_attempts::id.desc())
        .limit(ATTEMPTS_SHOWN)
        .select(Attempt::as_select())
        .load(c)?)
}
