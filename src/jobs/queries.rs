//! The queue's SQL.

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use serde::Serialize;

use super::model::{Job, LEASE_S, MAX_ATTEMPTS, Schedule, delay_s};
use crate::clock::Moment;
use crate::db::schema::{jobs, schedules};
use crate::db::{Conn, mark_enqueued};
use crate::error::Error;

/// Puts a job into the queue, inside the caller's transaction.
///
/// # Errors
/// The database's.
pub fn enqueue(c: &mut Conn, kind: &str, payload: &impl Serialize, now: Moment) -> Result<(), Error> {
    enqueue_at(c, kind, payload, now, now)
}

/// Puts a job into the queue that is not begun before `run_at`.
///
/// # Errors
/// The database's.
pub fn enqueue_at(
    c: &mut Conn,
    kind: &str,
    payload: &impl Serialize,
    run_at: Moment,
    now: Moment,
) -> Result<(), Error> {
    let payload = text_of(payload)?;
    let insert = diesel::insert_into(jobs::table).values((
        jobs::kind.eq(kind),
        jobs::payload.eq(payload),
        jobs::run_at.eq(run_at),
        jobs::attempts.eq(0),
        jobs::max_attempts.eq(MAX_ATTEMPTS),
        jobs::created_at.eq(now),
    ));
    // Each in its own words: for whichever it may be, the statement would be put together anew for every job.
    match c {
        Conn::Sqlite(c) => insert.execute(c)?,
        Conn::Postgres(c) => insert.execute(c)?,
    };
    mark_enqueued();
    Ok(())
}

/// Puts jobs of one kind into the queue: each payload with the moment from which it may be begun, which is now.
///
/// # Errors
/// The database's.
pub fn enqueue_all(c: &mut Conn, kind: &str, jobs: &[(impl Serialize, Moment)]) -> Result<(), Error> {
    match c {
        Conn::Sqlite(_) => {
            for (payload, now) in jobs {
                enqueue(c, kind, payload, *now)?;
            }
        }
        Conn::Postgres(_) if jobs.is_empty() => {}
        Conn::Postgres(c) => {
            let payloads = jobs.iter().map(|(payload, _)| text_of(payload)).collect::<Result<Vec<_>, Error>>()?;
            let moments: Vec<Moment> = jobs.iter().map(|(_, now)| *now).collect();
            InsertAll { kind, payloads, moments }.execute(c)?;
            mark_enqueued();
        }
    }
    Ok(())
}

/// One statement for all jobs on PostgreSQL; however many they are, a connection prepares it once.
struct InsertAll<'a> {
    kind: &'a str,
    payloads: Vec<String>,
    moments: Vec<Moment>,
}

impl QueryId for InsertAll<'_> {
    type QueryId = InsertAll<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for InsertAll<'_> {}

impl QueryFragment<Pg> for InsertAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO jobs (kind, payload, run_at, created_at, attempts, max_attempts)
             SELECT ",
        );
        out.push_bind_param::<Text, _>(self.kind)?;
        out.push_sql(", payload, moment, moment, 0, ");
        out.push_bind_param::<BigInt, _>(&MAX_ATTEMPTS)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.payloads)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.moments)?;
        out.push_sql(") AS new (payload, moment)");
        Ok(())
    }
}

/// Puts a job into the queue unless one with this `key` is there; that one then runs at `run_at` if it would have
/// run later (and is not waiting after a failure).
///
/// A job keeps its key until it ends, and the transaction in which it ends waits for this one. So whoever changes
/// something and then calls this may rely on it: a run of the job begins, or looks again, after the change.
///
/// # Errors
/// The database's.
pub fn enqueue_once(
    c: &mut Conn,
    key: &str,
    (kind, payload): (&str, &impl Serialize),
    run_at: Moment,
    now: Moment,
) -> Result<(), Error> {
    let payload = text_of(payload)?;
    let insert = diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::run_at.eq(run_at),
            jobs::attempts.eq(0),
            jobs::max_attempts.eq(MAX_ATTEMPTS),
            jobs::created_at.eq(now),
            jobs::unique_key.eq(key),
        ))
        .on_conflict(jobs::unique_key)
        .do_update()
        // Changes nothing, but holds the row, so that its job cannot end before this transaction does.
        .set(jobs::kind.eq(kind));
    match c {
        Conn::Sqlite(c) => insert.execute(c)?,
        Conn::Postgres(c) => insert.execute(c)?,
    };
    diesel::update(
        jobs::table.filter(jobs::unique_key.eq(key)).filter(jobs::attempts.eq(0)).filter(jobs::run_at.gt(run_at)),
    )
    .set(jobs::run_at.eq(run_at))
    .execute(c)?;
    mark_enqueued();
    Ok(())
}

fn text_of(payload: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(payload).map_err(|error| Error::Fault(error.to_string()))
}

/// Takes the jobs whose time has come from `list` and puts them into the queue; a kind that is new begins now.
/// Every node may call it at any time: the row decides who does it.
///
/// # Errors
/// The database's.
pub fn enqueue_scheduled(c: &mut Conn, list: &[Schedule], now: Moment) -> Result<usize, Error> {
    let mut count = 0;
    for schedule in list {
        let row = schedules::table.find(schedule.kind).select(schedules::next_at);
        let next_at: Option<Moment> = match c {
            Conn::Sqlite(c) => row.first(c).optional()?,
            Conn::Postgres(c) => row.for_update().first(c).optional()?,
        };
        match next_at {
            Some(next_at) if schedule.is_waiting(next_at, now) => continue,
            Some(next_at) => {
                diesel::update(schedules::table.find(schedule.kind))
                    .set((
                        schedules::every_s.eq(schedule.every_s),
                        schedules::next_at.eq(schedule.next_after(next_at, now)),
                        schedules::last_at.eq(now),
                    ))
                    .execute(c)?;
            }
            None => {
                let insert = diesel::insert_into(schedules::table)
                    .values((
                        schedules::kind.eq(schedule.kind),
                        schedules::every_s.eq(schedule.every_s),
                        schedules::next_at.eq(now.plus_s(schedule.every_s)),
                        schedules::last_at.eq(now),
                    ))
                    .on_conflict_do_nothing();
                let added = match c {
                    Conn::Sqlite(c) => insert.execute(c)?,
                    Conn::Postgres(c) => insert.execute(c)?,
                };
                if added == 0 {
                    continue;
                }
            }
        }
        let key = format!("schedule {}", schedule.kind);
        enqueue_once(c, &key, (schedule.kind, &()), now, now)?;
        count += 1;
    }
    Ok(count)
}

/// Whether [`enqueue_scheduled`] has something to do; a cheap look that locks nothing.
///
/// # Errors
/// The database's.
pub fn is_schedule_due(c: &mut Conn, list: &[Schedule], now: Moment) -> Result<bool, Error> {
    let kinds: Vec<&str> = list.iter().map(|schedule| schedule.kind).collect();
    let known: Vec<(String, Moment)> = schedules::table
        .filter(schedules::kind.eq_any(&kinds))
        .order(schedules::kind)
        .select((schedules::kind, schedules::next_at))
        .load(c)?;
    Ok(list.iter().any(|schedule| {
        !known.iter().any(|(kind, next_at)| kind == schedule.kind && schedule.is_waiting(*next_at, now))
    }))
}

/// Takes the next job whose turn it is and leases it to `worker`.
///
/// # Errors
/// The database's.
pub fn claim(c: &mut Conn, worker: &str, now: Moment) -> Result<Option<Job>, Error> {
    claim_except(c, worker, &[], now)
}

/// [`claim`], leaving jobs of these kinds to others.
///
/// # Errors
/// The database's.
pub fn claim_except(c: &mut Conn, worker: &str, kinds: &[&str], now: Moment) -> Result<Option<Job>, Error> {
    let Some(job) = next(c, kinds, now, 1)?.pop() else { return Ok(None) };
    lease(c, &job, worker, now)
}

/// The next jobs whose turn it is, at most `limit`, leaving jobs of these kinds to others. Until the transaction ends they
/// are nobody else's.
///
/// # Errors
/// The database's.
pub fn next(c: &mut Conn, except: &[&str], now: Moment, limit: usize) -> Result<Vec<Job>, Error> {
    let due = jobs::table
        .filter(jobs::kind.ne_all(except.to_vec()))
        .filter(jobs::dead_at.is_null())
        .filter(jobs::run_at.le(now))
        .filter(jobs::leased_until.is_null().or(jobs::leased_until.lt(now)))
        .order((jobs::run_at, jobs::id))
        .limit(limit as i64);
    // SQLite's writers are one at a time; PostgreSQL's must step round each other's rows.
    Ok(match c {
        Conn::Sqlite(c) => due.select(Job::as_select()).load(c)?,
        Conn::Postgres(c) => due.select(Job::as_select()).for_update().skip_locked().load(c)?,
    })
}

/// Leases a job to `worker`, which counts as one more try; nothing when another was there first.
///
/// # Errors
/// The database's.
pub fn lease(c: &mut Conn, job: &Job, worker: &str, now: Moment) -> Result<Option<Job>, Error> {
    let unchanged = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempts));
    let leased = Job {
        leased_until: Some(now.plus_s(LEASE_S)),
        leased_by: Some(worker.to_owned()),
        attempts: job.attempts + 1,
        ..job.clone()
    };
    let changed = diesel::update(unchanged)
        .set((
            jobs::leased_until.eq(leased.leased_until),
            jobs::leased_by.eq(&leased.leased_by),
            jobs::attempts.eq(leased.attempts),
        ))
        .execute(c)?;
    Ok((changed == 1).then_some(leased))
}

/// Holds a job for longer, while its worker is still at it; false when the lease was lost.
///
/// # Errors
/// The database's.
pub fn extend_lease(c: &mut Conn, job: &Job, now: Moment) -> Result<bool, Error> {
    let mine = jobs::table
        .filter(jobs::id.eq(job.id))
        .filter(jobs::leased_by.nullable().eq(&job.leased_by))
        .filter(jobs::attempts.eq(job.attempts));
    Ok(diesel::update(mine).set(jobs::leased_until.eq(now.plus_s(LEASE_S))).execute(c)? == 1)
}

/// Ends jobs that [`next`] gave in the same transaction.
///
/// # Errors
/// The database's.
pub fn remove(c: &mut Conn, done: &[Job]) -> Result<(), Error> {
    let ids: Vec<i64> = done.iter().map(|job| job.id).collect();
    diesel::delete(jobs::table.filter(jobs::id.eq_any(ids))).execute(c)?;
    Ok(())
}

/// Ends a leased job; false when its lease was lost and another worker has it now.
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
    if is_dead {
        // A dead letter must not keep the next one with its key from being enqueued.
        diesel::update(jobs::table.find(job.id)).set(jobs::unique_key.eq(None::<String>)).execute(c)?;
    }
    Ok(is_dead)
}

/// Dead letters, newest first.
///
/// # Errors
/// The database's.
pub fn dead_letters(c: &mut Conn, limit: i64) -> Result<Vec<Job>, Error> {
    Ok(jobs::table
        .filter(jobs::dead_at.is_not_null())
        .order((jobs::dead_at.desc(), jobs::run_at.desc(), jobs::id.desc()))
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
