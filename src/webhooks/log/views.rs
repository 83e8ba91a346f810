//! The pages of the message log.

use askama::Template;

use super::queries::{Attempt, LogRow};
use crate::auth::who::SignedIn;
use crate::notify::model::{AttemptOutcome, DIGEST, Message, MessageState, NoticeKind};
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// A message as a line.
pub struct Line {
    /// The message.
    pub message: Message,
    /// What it says, in one line.
    pub title: String,
    /// Whom it goes to.
    pub receiver: String,
    /// When it was written.
    pub written: Stamp,
    /// When it is tried next, while it waits.
    pub due: Stamp,
}

/// A row of the log as this viewer reads it.
pub fn line(who: &SignedIn, row: LogRow) -> Line {
    Line {
        title: if row.message.kind == DIGEST { "Daily digest".to_owned() } else { row.title },
        receiver: row.receiver,
        written: who.stamp(row.message.created_at),
        due: who.stamp(row.message.due_at),
        message: row.message,
    }
}

impl Line {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/messages/{}", self.message.id)
    }

    /// Where sending again is asked for.
    pub fn replay_action(&self) -> String {
        format!("{}/replay", self.path())
    }

    /// Word and tone of its state.
    pub fn mark(&self) -> (&'static str, &'static str) {
        match self.message.state {
            MessageState::Waiting if self.message.attempts > 0 => ("trying again", "warn"),
            MessageState::Waiting => ("waiting", "info"),
            MessageState::Gathered => ("for the digest", ""),
            MessageState::InDigest => ("in a digest", ""),
            MessageState::Sent => ("sent", "ok"),
            MessageState::Skipped => ("not sent", "off"),
            MessageState::Failed => ("given up", "bad"),
        }
    }

    /// By which way it goes.
    pub fn way(&self) -> &'static str {
        match (self.message.channel_id, self.message.webhook_id) {
            (Some(_), _) => "chat",
            (_, Some(_)) => "webhook",
            (None, None) => "mail",
        }
    }

    /// The kind in words.
    pub fn kind(&self) -> &str {
        self.message.kind.parse::<NoticeKind>().map_or("Digest", NoticeKind::label)
    }

    /// Whether it can be sent again by hand.
    pub fn may_replay(&self) -> bool {
        !matches!(self.message.state, MessageState::Gathered | MessageState::InDigest)
    }

    /// Whether it waits for another try.
    pub fn is_waiting(&self) -> bool {
        self.message.state == MessageState::Waiting
    }
}

/// `GET /admin/messages`
#[derive(Template)]
#[template(path = "webhooks/log.html")]
pub struct Log {
    /// The frame.
    pub layout: Layout,
    /// One page of messages.
    pub rows: Vec<Line>,
    /// The state that it is narrowed down to, or empty.
    pub state: &'static str,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
}

/// `GET /admin/messages/{id}`
#[derive(Template)]
#[template(path = "webhooks/message.html")]
pub struct MessagePage {
    /// The frame.
    pub layout: Layout,
    /// The message.
    pub line: Line,
    /// Its tries.
    pub attempts: Vec<(Stamp, Attempt)>,
}

impl MessagePage {
    /// Word and tone of a try.
    pub fn outcome(&self, attempt: &Attempt) -> (&'static str, &'static str) {
        match attempt.outcome {
            AttemptOutcome::Delivered => ("delivered", "ok"),
            AttemptOutcome::Refused => ("refused", "bad"),
            AttemptOutcome::Unreachable => ("not reached", "warn"),
            AttemptOutcome::Skipped => ("not sent", "off"),
        }
    }
}
