//! `Idempotency-Key`: the same key with the same request is done once and answered alike, also in parallel.

use actix_web::HttpRequest;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::answer::Created;
use crate::auth::who::Caller;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::idempotency_keys;
use crate::error::Error;

/// How long an answer is kept, in seconds: a day.
const KEPT_S: i64 = 86_400;
/// Longest key, in characters.
const KEY_LIMIT: usize = 255;

/// Fingerprint, status, location, ETag and body of an answer that was given.
type Stored = (String, i64, Option<String>, Option<String>, String);

/// A request that must be done once; without a key it is done each time.
#[derive(Clone, Debug)]
pub struct Once {
    user_id: i64,
    key: Option<String>,
    fingerprint: String,
}

/// Reads the key of a request.
///
/// # Errors
/// 400 for an empty or overlong key.
pub fn key(request: &HttpRequest, caller: &Caller, body: &[u8]) -> Result<Once, Error> {
    let key = match request.headers().get("idempotency-key") {
        None => None,
        Some(value) => {
            let text = value.to_str().unwrap_or_default().trim();
            if text.is_empty() || text.len() > KEY_LIMIT || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::Malformed(format!(
                    "Idempotency-Key takes 1 to {KEY_LIMIT} letters, digits and signs, without blanks."
                )));
            }
            Some(text.to_owned())
        }
    };
    let mut hash = Sha256::new();
    hash.update(request.method().as_str());
    hash.update(b" ");
    hash.update(request.path());
    hash.update(b"\n");
    hash.update(body);
    Ok(Once { user_id: caller.user.id, key, fingerprint: hex::encode(hash.finalize()) })
}

/// Does `work` once for the key; later calls get the stored answer. Raced, the unique key decides and the
/// loser's transaction is told to come back.
///
/// # Errors
/// 422 when the key was used for another request, or what `work` returns.
pub fn once(
    c: &mut Conn,
    once: &Once,
    now: Moment,
    work: impl FnOnce(&mut Conn) -> Result<Created, Error>,
) -> Result<Created, Error> {
    let Some(key) = &once.key else { return work(c) };
    if let Conn::Postgres(c) = c {
        // Requests with one key queue up here, before any of them can trip over what another is making.
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<diesel::sql_types::Text, _>(format!("{} {key}", once.user_id))
            .execute(c)?;
    }
    let mine = idempotency_keys::table
        .filter(idempotency_keys::user_id.eq(once.user_id))
        .filter(idempotency_keys::idempotency_key.eq(key));
    let stored: Option<Stored> = mine
        .select((
            idempotency_keys::fingerprint,
            idempotency_keys::status,
            idempotency_keys::location,
            idempotency_keys::etag,
            idempotency_keys::body,
        ))
        .first(c)
        .optional()?;
    if let Some((fingerprint, status, location, etag, body)) = stored {
        if fingerprint != once.fingerprint {
            return Err(Error::field(
                "",
                "This Idempotency-Key was used for another request. Take a new key for a new request.",
            ));
        }
        return Ok(Created { status: u16::try_from(status).unwrap_or(201), location, etag, body });
    }
    let created = work(c)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(now.plus_s(-KEPT_S)))).execute(c)?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::user_id.eq(once.user_id),
            idempotency_keys::idempotency_key.eq(key),
            idempotency_keys::fingerprint.eq(&once.fingerprint),
            idempotency_keys::status.eq(i64::from(created.status)),
            idempotency_keys::location.eq(&created.location),
            idempotency_keys::etag.eq(&created.etag),
            idempotency_keys::body.eq(&created.body),
            idempotency_keys::created_at.eq(now),
        ))
        .execute(c)
        .map_err(|error| {
            // Another request with this key was faster: from the start again, its answer is there now.
            crate::db::errors::note_race();
            Error::from(error)
        })?;
    Ok(created)
}
