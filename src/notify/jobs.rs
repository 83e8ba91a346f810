//! The jobs that send, gather and tidy up.

use std::time::Instant;

use super::compose::{self, Addressee, House};
use super::model::{AttemptOutcome, Message, MessageState, REFUSED_FOR_S, TRY_FOR_S, ToldNotice, retry_s};
use super::queries::Lane;
use super::queries_lane::{self, Door, Ending};
use super::{queries_digest, signing};
use crate::app::App;
use crate::auth::model::User;
use crate::chat::model::{CHANNEL_ADDRESS, Channel};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::Job;
use crate::jobs::queries::enqueue_once;
use crate::jobs::worker::Record;
use crate::mail::{Letter, MailError};
use crate::outbound::{Answer, OutboundError};
use crate::webhooks::model::{WEBHOOK_SECRET, Webhook};

/// Works one lane off: hands its next message over.
pub const SEND: &str = "notify.send";
/// Makes digests of those whose hour has come.
pub const DIGESTS: &str = "notify.digests";
/// Wakes lanes whose job was given up.
pub const SWEEP: &str = "notify.sweep";
/// Removes what was settled long ago.
pub const PRUNE: &str = "notify.prune";

/// [`DIGESTS`]
///
/// # Errors
/// The database's.
pub fn digests(c: &mut Conn, _: &Job, now: Moment) -> Result<(), Error> {
    let there_may_be_more = queries_digest::make_due(c, now)?;
    again(c, DIGESTS, there_may_be_more.then_some(now), now)
}

/// [`SWEEP`]
///
/// # Errors
/// The database's.
pub fn sweep(c: &mut Conn, _: &Job, now: Moment) -> Result<(), Error> {
    queries_lane::sweep(c, now)
}

/// [`PRUNE`]
///
/// # Errors
/// The database's.
pub fn prune(c: &mut Conn, _: &Job, now: Moment) -> Result<(), Error> {
    let there_may_be_more = queries_digest::prune(c, now)?;
    again(c, PRUNE, there_may_be_more.then_some(now), now)
}

/// The same job once more, as a transaction of its own.
fn again(c: &mut Conn, kind: &str, at: Option<Moment>, now: Moment) -> Result<(), Error> {
    match at {
        Some(at) => enqueue_once(c, &format!("schedule {kind}"), (kind, &()), at, now),
        None => Ok(()),
    }
}

/// What is handed over, and where.
enum Parcel {
    Letter(Box<Letter>),
    Chat {
        url: String,
        body: Vec<u8>,
    },
    Signed {
        url: String,
        secrets: Vec<String>,
        body: Vec<u8>,
    },
    /// Nothing is sent, ever, for this reason.
    Nothing(String),
    /// The receiver is switched off; the message waits.
    Later,
}

/// [`SEND`]: takes the lane's next message, hands it over while no transaction is open, and writes down what came of
/// it together with the lane's next turn.
///
/// # Errors
/// The database's.
pub fn send(app: &App, job: &Job) -> Result<Record, Error> {
    let Lane { lane } = serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    let now = app.clock.now();
    let found = {
        let lane = lane.clone();
        let base_url = app.config.base_url.clone();
        // `door` may make the person's settings, so this is a write; it is over before anything is sent.
        app.db.write_blocking(move |c| match queries_lane::head(c, &lane)?.filter(|head| head.due_at <= now) {
            Some(head) => packed(c, &head, House { base_url: &base_url }, now).map(|packed| Some((head, packed))),
            None => Ok(None),
        })?
    };
    let Some((message, packed)) = found else {
        return Ok(Box::new(move |c, now| queries_lane::go_on(c, &lane, now)));
    };
    let parcel = address(app, packed)?;
    if matches!(parcel, Parcel::Later) {
        return Ok(Box::new(|_, _| Ok(())));
    }
    let began = Instant::now();
    let mut ending = hand_over(app, &message, &parcel, now);
    ending.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(Box::new(move |c, now| {
        queries_lane::settle(c, &message, &ending, now)?;
        queries_lane::go_on(c, &lane, now)
    }))
}

/// A message in its receiver's form, with secrets still sealed.
enum Packed {
    Letter(Box<Letter>),
    Chat(Channel, serde_json::Value),
    Event(Webhook, serde_json::Value),
    Nothing(&'static str),
    Later,
}

fn packed(c: &mut Conn, message: &Message, house: House<'_>, now: Moment) -> Result<Packed, Error> {
    let notice: Option<ToldNotice> = match message.notice_id {
        Some(id) => Some(queries_lane::notice(c, id)?),
        None => None,
    };
    Ok(match (queries_lane::door(c, message, now)?, notice) {
        (Door::Closed, _) => Packed::Later,
        (Door::Gone(why), _) => Packed::Nothing(why),
        (Door::Person(user, reader), Some(notice)) => match queries_lane::objection(c, &user, &notice)? {
            Some(why) => Packed::Nothing(why),
            None => {
                let id = (message.public_id.as_str(), message.created_at);
                Packed::Letter(Box::new(compose::letter(house, &reader, &notice, id)?))
            }
        },
        (Door::Person(user, reader), None) => digest(c, message, house, (&user, &reader))?,
        (Door::Channel(channel, page), Some(notice)) => {
            let body = compose::chat(house, channel.flavour, &notice, &page);
            Packed::Chat(channel, body)
        }
        (Door::Webhook(webhook), Some(notice)) => Packed::Event(webhook, compose::event(house, &notice)),
        (Door::Channel(..) | Door::Webhook(_), None) => Packed::Nothing("there is nothing to tell"),
    })
}

fn digest(
    c: &mut Conn,
    message: &Message,
    house: House<'_>,
    (user, reader): (&User, &Addressee),
) -> Result<Packed, Error> {
    let today = message.digest_on.unwrap_or_else(|| user.zone().date(message.created_at));
    let parts = queries_digest::parts(c, user, message, today)?;
    if parts.is_empty() {
        return Ok(Packed::Nothing("nothing of it is left to tell"));
    }
    let id = (message.public_id.as_str(), message.created_at);
    Ok(Packed::Letter(Box::new(compose::digest(house, reader, &parts, id)?)))
}

/// Opens what is sealed.
fn address(app: &App, packed: Packed) -> Result<Parcel, Error> {
    let bytes = |value: &serde_json::Value| value.to_string().into_bytes();
    Ok(match packed {
        Packed::Letter(letter) => Parcel::Letter(letter),
        Packed::Chat(channel, body) => {
            Parcel::Chat { url: app.seal.open(CHANNEL_ADDRESS, &channel.url)?, body: bytes(&body) }
        }
        Packed::Event(webhook, body) => {
            let mut secrets = vec![app.seal.open(WEBHOOK_SECRET, &webhook.secret)?];
            if let Some(old) = webhook.secret_before(app.clock.now()) {
                secrets.push(app.seal.open(WEBHOOK_SECRET, old)?);
            }
            Parcel::Signed { url: webhook.url, secrets, body: bytes(&body) }
        }
        Packed::Nothing(why) => Parcel::Nothing(why.to_owned()),
        Packed::Later => Parcel::Later,
    })
}

fn hand_over(app: &App, message: &Message, parcel: &Parcel, now: Moment) -> Ending {
    match parcel {
        Parcel::Letter(letter) => match &app.mailer {
            None => skipped("no mail server is set up (smtp_host)"),
            Some(mailer) => match mailer.send(letter) {
                Ok(()) => delivered("taken by the mail server"),
                Err(MailError::Unwritable(why)) => over(AttemptOutcome::Refused, why),
                Err(error @ MailError::Refused(_)) if now.seconds_since(message.created_at) >= REFUSED_FOR_S => {
                    over(AttemptOutcome::Refused, error.to_string())
                }
                Err(error @ MailError::Refused(_)) => {
                    // For good, says the server; but servers are set up wrongly, so it is asked a few times more.
                    let wait_s = 600 * (message.attempts + 1);
                    waiting(AttemptOutcome::Refused, error.to_string(), now.plus_s(wait_s))
                }
                Err(error @ MailError::NotNow(_)) => {
                    later(message, AttemptOutcome::Unreachable, error.to_string(), now)
                }
            },
        },
        Parcel::Chat { url, body } => {
            let headers = [("content-type", "application/json")];
            answered(message, app.outbound.post(url, &headers, body), now)
        }
        Parcel::Signed { url, secrets, body } => {
            let timestamp_s = now.millis().div_euclid(1000);
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let signature = signing::signatures(&secrets, &message.public_id, timestamp_s, body);
            let timestamp = timestamp_s.to_string();
            let headers = [
                ("content-type", "application/json"),
                ("webhook-id", message.public_id.as_str()),
                ("webhook-timestamp", timestamp.as_str()),
                ("webhook-signature", signature.as_str()),
            ];
            answered(message, app.outbound.post(url, &headers, body), now)
        }
        Parcel::Nothing(why) => skipped(why),
        Parcel::Later => skipped("it is switched off"),
    }
}

fn answered(message: &Message, outcome: Result<Answer, OutboundError>, now: Moment) -> Ending {
    match outcome {
        Ok(answer) if answer.is_success() => delivered(&format!("answered {}", answer.status)),
        Ok(answer) => {
            let mut ending =
                later(message, AttemptOutcome::Refused, format!("It answered with status {}.", answer.status), now);
            // Gone: the receiver asks for no more.
            ending.is_gone = answer.status == 410;
            ending
        }
        Err(error) => later(message, AttemptOutcome::Unreachable, error.to_string(), now),
    }
}

fn ending(outcome: AttemptOutcome, detail: String, state: MessageState) -> Ending {
    Ending { outcome, detail, state, again_at: None, took_ms: 0, is_gone: false }
}

fn delivered(detail: &str) -> Ending {
    ending(AttemptOutcome::Delivered, detail.to_owned(), MessageState::Sent)
}

fn skipped(why: &str) -> Ending {
    ending(AttemptOutcome::Skipped, why.to_owned(), MessageState::Skipped)
}

fn over(outcome: AttemptOutcome, why: String) -> Ending {
    ending(outcome, why, MessageState::Failed)
}

fn waiting(outcome: AttemptOutcome, why: String, at: Moment) -> Ending {
    Ending { again_at: Some(at), ..ending(outcome, why, MessageState::Waiting) }
}

/// Again after a while, until it has been tried for long enough.
fn later(message: &Message, outcome: AttemptOutcome, why: String, now: Moment) -> Ending {
    if now.seconds_since(message.created_at) >= TRY_FOR_S {
        return over(outcome, why);
    }
    waiting(outcome, why, now.plus_s(retry_s(message.attempts + 1)))
}
