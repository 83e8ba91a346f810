//! The queue's SQL.

use diesel::prelude::*;
use serde::Serialize;

use super::model::{Job, LEASE_S, MAX_ATTEMPTS, delay_s};
use crate::clock::Moment;
use crate::db::schema::jobs;
use crate::db::{Conn, mark_enqueued};
use crate::error::Error;

/// Puts a job into the queue, inside the caller's transaction.
///
/// # Errors
/// The database's.
pub fn enqueue(c: &mut Conn, kind: &str, payload: &impl Serialize, now: Moment) -> Result<(), Error> {
    let payload = serde_json::to_string(payload).map_err(|error| Error::Fault(error.to_string()))?;
    diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::run_at.eq(now),
            jobs::attempts.eq(0),
            jobs::max_attempts.eq(MAX_ATTEMPTS),
            jobs::created_at.eq(now),
        ))
        .execute(c)?;
    mark_enqueued();
    Ok(())
}

/// Puts a job into the queue, not before `run_at`, unless the very same waits there already.
///
/// # Errors
/// The database's.
pub fn enqueue_once(
    c: &mut Conn,
    kind: &str,
    payload: &impl Serialize,
    run_at: Moment,
    now: Moment,
) -> Result<(), Error> {
    let payload = serde_json::to_string(payload).map_err(|error| Error::Fault(error.to_string()))?;
    let waits: Option<i64> = jobs::table
        .filter(jobs::dead_at.is_null())
        .filter(jobs::leased_until.is_null())
        .filter(jobs::kind.eq(kind))
        .filter(jobs::payload.eq(&payload))
        .order(jobs::id)
        .select(jobs::id)
        .first(c)
        .optional()?;
    if waits.is_some() {
        return Ok(());
    }
    diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::run_at.eq(run_at),
            jobs::attempts.eq(0),
            jobs::max_attempts.eq(MAX_ATTEMPTS),
            jobs::created_at.eq(now),
        ))
        .execute(c)?;
    mark_enqueued();
    Ok(())
}

/// Takes the next job whose turn it is and leases it to `worker`.
///
/// # Errors
/// The database's.
pub fn claim(c: &mut Conn, worker: &str, now: Moment) -> Result<Option<Job>, Error> {
    let due = jobs::table
        .filter(jobs::dead_at.is_null())
        .filter(jobs::run_at.le(now))
        .filter(jobs::leased_until.is_null().or(jobs::leased_until.lt(now)))
        .order((jobs::run_at, jobs::id))
        .select(jobs::id)
        .limit(1);
    // SQLite's writers are one at a time; PostgreSQL's must step round each other's rows.
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => due.first(c).optional()?,
        Conn::Postgres(c) => due.for_update().skip_locked().first(c).optional()?,
    };
    let Some(id) = id else { return Ok(None) };
    diesel::update(jobs::table.find(id))
        .set((
            jobs::leased_until.eq(now.plus_s(LEASE_S)),
            jobs::leased_by.eq(worker),
            jobs::attempts.eq(jobs::attempts + 1),
        ))
        .execute(c)?;
    Ok(Some(jobs::table.find(id).select(Job::as_select()).first(c)?))
}

/// Ends a job; false when its lease was lost and another worker has it now.
///
/// # Errors
/// The database's.
pub fn finish(c: &mut Conn, job: &Job) -> Result<bool, Error> {
    let mine = jobs::table
        .filter(jobs::id.eq(job.id))
        .filter(jobs::leased_by.nullable().eq(&job.leased_by))
        .filter(jobs::attempts.eq(job.attempts));
    Ok(diesel::delete(mine).execute(c)? == 1)
}

/// Puts a failed job back for later, or among the dead letters. Says whether it died.
///
/// # Errors
/// The database's.
pub fn fail(c: &mut Conn, job: &Job, why: &str, now: Moment) -> Result<bool, Error> {
    let is_dead = job.attempts >= job.max_attempts;
    diesel::update(jobs::table.find(job.id).filter(jobs::attempts.eq(job.attempts)))
        .set((
            jobs::leased_until.eq(None::<Moment>),
            jobs::leased_by.eq(None::<String>),
            jobs::last_error.eq(why.chars().take(2000).collect::<String>()),
            jobs::run_at.eq(now.plus_s(delay_s(job.attempts))),
            jobs::dead_at.eq(is_dead.then_some(now)),
        ))
        .execute(c)?;
    Ok(is_dead)
}

/// Dead letters, newest first.
///
/// # Errors
/// The database's.
pub fn dead_letters(c: &mut Conn, limit: i64) -> Result<Vec<Job>, Error> {
    Ok(jobs::table
        .filter(jobs::dead_at.is_not_null())
        .order((jobs::dead_at.desc(), jobs::id.desc()))
        .limit(limit)
        .select(Job::as_select())
        .load(c)?)
}

/// Gives a dead letter another full round of tries.
///
/// # Errors
/// 404 when it is not among the dead letters.
pub fn revive(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    let dead = jobs::table.filter(jobs::id.eq(id)).filter(jobs::dead_at.is_not_null());
    let changed = diesel::update(dead)
        .set((jobs::dead_at.eq(None::<Moment>), jobs::attempts.eq(0), jobs::run_at.eq(now)))
        .execute(c)?;
    if changed == 0 {
        return Err(Error::no("dead job", id));
    }
    mark_enqueued();
    Ok(())
}

/// How many jobs wait and how many are dead.
///
/// # Errors
/// The database's.
pub fn counts(c: &mut Conn) -> Result<(i64, i64), Error> {
    let waiting = jobs::table.filter(jobs::dead_at.is_null()).count().get_result(c)?;
    let dead = jobs::table.filter(jobs::dead_at.is_not_null()).count().get_result(c)?;
    Ok((waiting, dead))
}
