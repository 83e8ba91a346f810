//! Sources and deliveries in the database.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::jobs::READ_DELIVERY;
use super::model::{Delivery, Headers, Sender, Source, Verdict};
use super::model_reading::Reading;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::secrets::random_token;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deliveries, sources};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::jobs;
use crate::web::fields::slugify;

/// Most sources that the list shows.
const SOURCE_LIMIT: i64 = 500;
/// How long the secret before a new one goes on opening the door.
pub const OVERLAP_S: i64 = 24 * 3600;

/// What the job that reads a delivery is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ToRead {
    /// Row id.
    pub delivery_id: i64,
    /// Why it is read.
    #[serde(default)]
    pub how: How,
}

/// Why a delivery is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It came.
    #[default]
    Arrived,
    /// Somebody wants it read again, with the rules as they are now.
    Replayed,
}

/// Every source by name.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<Source>, Error> {
    Ok(sources::table.order((sources::name, sources::id)).limit(SOURCE_LIMIT).select(Source::as_select()).load(c)?)
}

/// The source with this slug.
///
/// # Errors
/// 404
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Source, Error> {
    find(c, slug)?.ok_or_else(|| Error::no("source", slug))
}

/// The source with this slug, if any.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, slug: &str) -> Result<Option<Source>, Error> {
    Ok(sources::table.filter(sources::slug.eq(slug)).select(Source::as_select()).first(c).optional()?)
}

/// Adds a source with a new secret and a slug that nobody has yet.
///
/// # Errors
/// 422 when the name makes no slug.
pub fn add(c: &mut Conn, actor: &Actor, sender: Sender, name: &str, now: Moment) -> Result<Source, Error> {
    let wish = slugify(name);
    if wish.is_empty() {
        return Err(Error::field("name", "Use at least one letter or digit."));
    }
    let taken: Vec<String> =
        sources::table.filter(sources::slug.like(format!("{wish}%"))).select(sources::slug).load(c)?;
    let slug = (1..)
        .map(|n| if n == 1 { wish.clone() } else { format!("{wish}-{n}") })
        .find(|candidate| !taken.contains(candidate))
        .expect("there are more numbers than sources");
    diesel::insert_into(sources::table)
        .values((
            sources::slug.eq(&slug),
            sources::sender.eq(sender),
            sources::name.eq(name),
            sources::secret.eq(random_token()),
            sources::created_by.eq(actor.user_id),
            sources::created_at.eq(now),
        ))
        .execute(c)?;
    let new = serde_json::json!({"name": name, "sender": sender});
    let change = Change { action: "source.add", subject: format!("source {slug}"), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)?;
    by_slug(c, &slug)
}

/// The source in this row.
///
/// # Errors
/// 404
pub fn by_id(c: &mut Conn, id: i64) -> Result<Source, Error> {
    Ok(sources::table.find(id).select(Source::as_select()).first(c)?)
}

/// What becomes of the secret before a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSecret {
    /// It opens the door for [`OVERLAP_S`] more, so that the sender can be changed over.
    GoesOn,
    /// It opens nothing any more: somebody else may know it.
    Ends,
}

/// Gives a source a new secret: the sender's own, or one that is made here.
///
/// # Errors
/// 404
pub fn renew_secret(
    c: &mut Conn,
    actor: &Actor,
    slug: &str,
    (old_secret, given): (OldSecret, Option<String>),
    now: Moment,
) -> Result<Source, Error> {
    let source = by_slug(c, slug)?;
    let before = (old_secret == OldSecret::GoesOn).then_some(source.secret);
    diesel::update(sources::table.find(source.id))
        .set((
            sources::secret.eq(given.unwrap_or_else(random_token)),
            sources::previous_secret_until.eq(before.as_ref().map(|_| now.plus_s(OVERLAP_S))),
            sources::previous_secret.eq(before),
        ))
        .execute(c)?;
    let old = serde_json::json!({"goes_on": old_secret == OldSecret::GoesOn});
    let change =
        Change { action: "source.renew_secret", subject: format!("source {slug}"), old: Some(old), new: None::<()> };
    audit::record(c, actor, now, &change)?;
    by_slug(c, slug)
}

/// Switches a source off, or on again.
///
/// # Errors
/// 404
pub fn switch(
    c: &mut Conn,
    actor: &Actor,
    slug: &str,
    off_since: Option<Moment>,
    now: Moment,
) -> Result<Source, Error> {
    let source = by_slug(c, slug)?;
    diesel::update(sources::table.find(source.id)).set(sources::disabled_at.eq(off_since)).execute(c)?;
    let change = Change {
        action: if off_since.is_some() { "source.switch_off" } else { "source.switch_on" },
        subject: format!("source {slug}"),
        old: None::<()>,
        new: None::<()>,
    };
    audit::record(c, actor, now, &change)?;
    by_slug(c, slug)
}

/// A delivery with everything that is stored of it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The delivery.
    pub delivery: Delivery,
    /// Where it came from.
    pub source: Source,
    /// Its headers, masked.
    pub headers: Headers,
    /// The raw bytes.
    pub body: Vec<u8>,
    /// The deploy that it made or changed.
    pub deploy: Option<Deploy>,
}

impl Whole {
    /// What it says.
    pub fn read(&self) -> Reading {
        self.source.sender.read(&self.delivery.event, &self.headers, &self.body)
    }
}

/// One delivery.
///
/// # Errors
/// 404
pub fn delivery(c: &mut Conn, id: i64) -> Result<Whole, Error> {
    let found: Option<(Delivery, Source, String, Vec<u8>)> = deliveries::table
        .inner_join(sources::table)
        .filter(deliveries::id.eq(id))
        .select((Delivery::as_select(), Source::as_select(), deliveries::headers, deliveries::body))
        .first(c)
        .optional()?;
    let (delivery, source, headers, body) = found.ok_or_else(|| Error::no("delivery", id))?;
    let headers = serde_json::from_str(&headers).map_err(|error| Error::Fault(error.to_string()))?;
    let deploy = match delivery.deploy_id {
        Some(deploy_id) => Some(crate::deploys::queries::by_id(c, deploy_id)?),
        None => None,
    };
    Ok(Whole { delivery, source, headers, body, deploy })
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// In a word.
    pub verdict: Verdict,
    /// In a sentence.
    pub reason: String,
    /// The deploy that it made or changed.
    pub deploy_id: Option<i64>,
    /// The signal that it made or changed.
    pub signal_id: Option<i64>,
}

impl Outcome {
    /// Nothing was kept.
    pub fn ignored(reason: String) -> Self {
        Outcome { verdict: Verdict::Ignored, reason, deploy_id: None, signal_id: None }
    }
}

/// Notes what became of a delivery.
///
/// # Errors
/// The database's.
pub fn settle(c: &mut Conn, id: i64, outcome: &Outcome, now: Moment) -> Result<(), Error> {
    diesel::update(deliveries::table.find(id))
        .set((
            deliveries::verdict.eq(outcome.verdict),
            deliveries::reason.eq(&outcome.reason),
            deliveries::deploy_id.eq(outcome.deploy_id),
            deliveries::signal_id.eq(outcome.signal_id),
            deliveries::processed_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Reads a delivery again, as if it had come now.
///
/// # Errors
/// 404
pub fn replay(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let whole = delivery(c, id)?;
    diesel::update(deliveries::table.find(id))
        .set((deliveries::verdict.eq(Verdict::Waiting), deliveries::reason.eq("")))
        .execute(c)?;
    let change = Change {
        action: "delivery.replay",
        subject: format!("delivery {}", whole.delivery.id),
        old: None::<()>,
        new: None::<()>,
    };
    audit::record(c, actor, now, &change)?;
    jobs::queries::enqueue(c, READ_DELIVERY, &ToRead { delivery_id: id, how: How::Replayed }, now)
}
