//! Webhooks in the database.

use diesel::prelude::*;

use super::forms::WebhookDraft;
use super::model::{OLD_SECRET_S, Webhook};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::webhooks;
use crate::error::Error;
use crate::notify::model::{MessageState, Notice, list_of};
use crate::notify::queries::{Receiver, keep, write};
use crate::notify::queries_lane;

/// Most webhooks.
pub const WEBHOOK_LIMIT: i64 = 100;

/// Every webhook, by name.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<Webhook>, Error> {
    Ok(webhooks::table
        .order((webhooks::name, webhooks::id))
        .limit(WEBHOOK_LIMIT)
        .select(Webhook::as_select())
        .load(c)?)
}

/// One webhook.
///
/// # Errors
/// 404
pub fn by_id(c: &mut Conn, id: i64) -> Result<Webhook, Error> {
    webhooks::table.find(id).select(Webhook::as_select()).first(c).optional()?.ok_or_else(|| Error::no("webhook", id))
}

/// Adds a webhook with its sealed secret.
///
/// # Errors
/// 422 when there are too many.
pub fn add(
    c: &mut Conn,
    actor: &Actor,
    (draft, sealed_secret): (&WebhookDraft, &str),
    now: Moment,
) -> Result<Webhook, Error> {
    let count: i64 = webhooks::table.count().get_result(c)?;
    if count >= WEBHOOK_LIMIT {
        return Err(Error::field("name", format!("There are {WEBHOOK_LIMIT} webhooks already. Remove one first.")));
    }
    let id: i64 = diesel::insert_into(webhooks::table)
        .values((
            webhooks::name.eq(&draft.name),
            webhooks::url.eq(&draft.url),
            webhooks::secret.eq(sealed_secret),
            webhooks::kinds.eq(list_of(&draft.kinds)),
            webhooks::failure_count.eq(0),
            webhooks::disabled_reason.eq(""),
            webhooks::created_by.eq(actor.user_id),
            webhooks::created_at.eq(now),
        ))
        .returning(webhooks::id)
        .get_result(c)?;
    let webhook = by_id(c, id)?;
    record(c, actor, "webhook.add", (&webhook, None, Some(facts(&webhook))), now)?;
    Ok(webhook)
}

/// Changes name, address and kinds.
///
/// # Errors
/// 404
pub fn change(c: &mut Conn, actor: &Actor, id: i64, draft: &WebhookDraft, now: Moment) -> Result<Webhook, Error> {
    let before = by_id(c, id)?;
    diesel::update(webhooks::table.find(id))
        .set((webhooks::name.eq(&draft.name), webhooks::url.eq(&draft.url), webhooks::kinds.eq(list_of(&draft.kinds))))
        .execute(c)?;
    let after = by_id(c, id)?;
    record(c, actor, "webhook.change", (&after, Some(facts(&before)), Some(facts(&after))), now)?;
    Ok(after)
}

/// Gives a webhook another secret; the one so far signs beside it for a day.
///
/// # Errors
/// 404
pub fn renew_secret(c: &mut Conn, actor: &Actor, id: i64, sealed: &str, now: Moment) -> Result<Webhook, Error> {
    let before = by_id(c, id)?;
    diesel::update(webhooks::table.find(id))
        .set((
            webhooks::secret.eq(sealed),
            webhooks::old_secret.eq(&before.secret),
            webhooks::old_secret_until.eq(now.plus_s(OLD_SECRET_S)),
        ))
        .execute(c)?;
    record(c, actor, "webhook.renew_secret", (&before, None, None), now)?;
    by_id(c, id)
}

/// Switches a webhook off, with a reason, or on again.
///
/// # Errors
/// 404
pub fn switch(c: &mut Conn, actor: &Actor, id: i64, off_because: Option<&str>, now: Moment) -> Result<Webhook, Error> {
    let webhook = by_id(c, id)?;
    diesel::update(webhooks::table.find(id))
        .set((
            webhooks::disabled_at.eq(off_because.map(|_| now)),
            webhooks::disabled_reason.eq(off_because.unwrap_or_default()),
            webhooks::failure_count.eq(0),
        ))
        .execute(c)?;
    let action = if off_because.is_some() { "webhook.switch_off" } else { "webhook.switch_on" };
    record(c, actor, action, (&webhook, None, None), now)?;
    if off_because.is_none() {
        queries_lane::hasten(c, &Receiver::Webhook(id).lane(), now)?;
    }
    by_id(c, id)
}

/// Writes a message to one webhook alone, to see whether it arrives.
///
/// # Errors
/// The database's.
pub fn try_out(c: &mut Conn, id: i64, notice: &Notice, now: Moment) -> Result<(), Error> {
    let notice_id = keep(c, notice, now)?;
    let kind = (notice.kind.as_str(), Some(notice_id));
    write(c, kind, Receiver::Webhook(id), (MessageState::Waiting, now), now).map(|_| ())
}

fn facts(webhook: &Webhook) -> serde_json::Value {
    serde_json::json!({"name": webhook.name, "url": webhook.url, "kinds": webhook.kinds})
}

type Facts = Option<serde_json::Value>;

fn record(
    c: &mut Conn,
    actor: &Actor,
    action: &str,
    (webhook, old, new): (&Webhook, Facts, Facts),
    now: Moment,
) -> Result<(), Error> {
    audit::record(c, actor, now, &Change { action, subject: format!("webhook {}", webhook.name), old, new })
}
