//! The loop that works the queue off.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::model::{Job, LEASE_S, Schedule};
use super::queries;
use crate::app::App;
use crate::clock::Moment;
use crate::config::Config;
use crate::db::{Conn, DbError};
use crate::error::Error;

/// How long a worker sleeps when nobody wakes it: jobs of other nodes and delayed ones are found then.
const IDLE: Duration = Duration::from_secs(1);
/// How many jobs that wait for the world outside one node does at once.
const OUTSIDE_AT_ONCE: usize = 4;
/// How often the lease of such a job is extended while it is at work.
const EXTEND_EVERY: Duration = Duration::from_secs(LEASE_S as u64 / 3);
/// How often that is done at most: a job that hangs is given to another worker in the end.
const EXTEND_LIMIT: u32 = 30;

/// How long the queue waits between two jobs while deliveries come in a crowd, and how often it does so before the next
/// job has its turn all the same. Whoever sends wants an answer now; what becomes of it may come a little later, and is
/// caught up with when the storm is over.
const GIVE_WAY: Duration = Duration::from_millis(10);
const GIVE_WAY_LIMIT: usize = 10;

/// Of jobs that need the database only, so many of one kind are done in one transaction: with each by itself most of the
/// work would be beginning and ending. When one of them fails, each is done by itself.
const AT_ONCE: usize = 8;
/// How long the queue gathers what comes in, when it has just been worked off.
const GATHERING: Duration = Duration::from_millis(10);

/// What a kind of job does, inside the transaction that also ends it.
pub type Handler = fn(&mut Conn, &Job, Moment) -> Result<(), Error>;

/// What is left to write down after work outside, inside the transaction that ends the job.
pub type Record = Box<dyn FnMut(&mut Conn, Moment) -> Result<(), Error> + Send>;

/// What a kind of job does that talks to the world outside: no transaction is open meanwhile, and it runs on a
/// thread that may block. It happens at least once: a node that dies after the talk and before the [`Record`] leaves
/// the job to another, so whatever is sent carries an id that is the same the next time.
pub type Outside = fn(&App, &Job) -> Result<Record, Error>;

/// Finds the handler of a kind of job.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Handlers that need the database only.
    pub inside: fn(&str) -> Option<Handler>,
    /// Handlers that talk to the world outside, by kind.
    pub outside: &'static [(&'static str, Outside)],
    /// Jobs that come back.
    pub schedules: &'static [Schedule],
    /// Kinds that this node leaves to others, because it lacks what they need.
    pub unable: fn(&Config) -> Vec<&'static str>,
}

impl Registry {
    fn outside_of(&self, kind: &str) -> Option<Outside> {
        self.outside.iter().find(|(known, _)| *known == kind).map(|(_, handler)| *handler)
    }
}

/// What came of a look into the queue.
enum Turn {
    /// Nothing has to be done now.
    Idle,
    /// These were done; all of them, and their end, is one transaction.
    Done(Vec<Job>, Next),
    /// A job is ours for a while, and is still to be done.
    Leased(Job),
}

/// What is worth while after a look into the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// To look again: jobs may be left.
    Look,
    /// To look again soon: the queue was worked off, and where something came more may come.
    Gather,
    /// To wait until somebody wakes the worker.
    Rest,
}

/// What a worker looks for.
struct Look {
    /// Kinds that it leaves to others, or for later.
    skipped: Vec<&'static str>,
    /// When it began to work.
    began: Moment,
    /// So many jobs at most.
    limit: usize,
}

/// Why a look into the queue came to nothing.
enum Undone {
    /// One of so many jobs failed; nothing of any was kept.
    Together(usize),
    /// A job failed; nothing of it was kept.
    Failed(Box<Job>, Error),
    /// The queue could not be read or written.
    Queue(Error),
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Undone::Queue(error.into())
    }
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Undone::Queue(error)
    }
}

/// Works until `stop` says true; finishes the jobs at hand first.
pub async fn run(app: App, registry: Registry, mut stop: watch::Receiver<bool>) {
    let began = app.clock.now();
    let mut outside = JoinSet::new();
    let outside_kinds: Vec<&'static str> = registry.outside.iter().map(|(kind, _)| *kind).collect();
    let unable = (registry.unable)(&app.config);
    let mut schedules_seen: Option<Instant> = None;
    let mut alone: usize = 0;
    while !*stop.borrow() {
        if schedules_seen.is_none_or(|seen| seen.elapsed() >= IDLE) {
            schedules_seen = Some(Instant::now());
            if let Err(error) = run_schedules(&app, registry.schedules, &unable).await {
                tracing::warn!(%error, "the schedules cannot be read; trying again");
            }
        }
        let is_full = outside.len() >= OUTSIDE_AT_ONCE;
        let skipped = if is_full { outside_kinds.clone() } else { unable.clone() };
        let look = Look { skipped, began, limit: if alone > 0 { 1 } else { AT_ONCE } };
        alone = alone.saturating_sub(1);
        let next = match turn(&app, registry, look).await {
            Ok(Turn::Leased(job)) if registry.outside_of(&job.kind).is_some() => {
                let app = app.clone();
                outside.spawn(async move { finish(&app, job, registry).await });
                Ok(Next::Look)
            }
            Err(Undone::Together(count)) => {
                alone = count;
                Ok(Next::Look)
            }
            outcome => conclude_turn(&app, registry, outcome).await,
        };
        match next {
            Ok(Next::Look) => {
                give_way(&app).await;
                continue;
            }
            Ok(Next::Gather) => tokio::time::sleep(GATHERING).await,
            Ok(Next::Rest) => {}
            Err(error) => tracing::warn!(%error, "the queue cannot be worked off; trying again"),
        }
        tokio::select! {
            () = app.db.job_enqueued() => {}
            () = tokio::time::sleep(IDLE) => {}
            Some(_) = outside.join_next() => {}
            _ = stop.changed() => {}
        }
    }
    while outside.join_next().await.is_some() {}
}

async fn give_way(app: &App) {
    for _ in 0..GIVE_WAY_LIMIT {
        if !app.arrivals.is_crowded() {
            return;
        }
        tokio::time::sleep(GIVE_WAY).await;
    }
}

/// Puts the jobs into the queue whose time has come. Says how many.
///
/// # Errors
/// The database's.
pub async fn run_schedules(app: &App, list: &[Schedule], unable: &[&str]) -> Result<usize, Error> {
    let now = app.clock.now();
    let list: Arc<[Schedule]> = list.iter().filter(|schedule| !unable.contains(&schedule.kind)).copied().collect();
    let known = list.clone();
    if !app.db.read(move |c| queries::is_schedule_due(c, &known, now)).await? {
        return Ok(0);
    }
    app.db.write(move |c| queries::enqueue_scheduled(c, &list, now)).await
}

/// Takes one job and does it. Says whether there was one.
///
/// # Errors
/// The database's; a failed job is no error here.
pub async fn work_one(app: &App, registry: Registry) -> Result<bool, Error> {
    let look = Look { skipped: (registry.unable)(&app.config), began: app.clock.now(), limit: 1 };
    let outcome = turn(app, registry, look).await;
    Ok(conclude_turn(app, registry, outcome).await? != Next::Rest)
}

/// Takes the next jobs. What needs the database only is done in the transaction that takes it and ends it; what talks to
/// the world outside is leased. So is a job from before this worker began: a node may have died of it, and with a lease
/// its tries are counted.
async fn turn(app: &App, registry: Registry, look: Look) -> Result<Turn, Undone> {
    let (worker, clock) = (app.node.to_string(), app.clock.clone());
    app.db
        .write(move |c| {
            let now = clock.now();
            let jobs = queries::next(c, &look.skipped, now, look.limit)?;
            let Some(first) = jobs.first() else { return Ok(Turn::Idle) };
            if registry.outside_of(&first.kind).is_some() || first.created_at < look.began {
                return Ok(queries::lease(c, first, &worker, now)?.map_or(Turn::Idle, Turn::Leased));
            }
            let kind = first.kind.clone();
            let is_like_it = |job: &&Job| job.kind == kind && job.created_at >= look.began;
            let together: Vec<Job> = jobs.iter().take_while(is_like_it).cloned().collect();
            // First the end, then the work: see `queries::enqueue_once`.
            queries::remove(c, &together)?;
            for job in &together {
                if let Err(error) = do_inside(c, job, registry, now) {
                    return Err(match together.len() {
                        1 => Undone::Failed(Box::new(job.clone()), error),
                        count => Undone::Together(count),
                    });
                }
            }
            let is_all = together.len() == jobs.len() && jobs.len() < look.limit;
            Ok(Turn::Done(together, if is_all { Next::Gather } else { Next::Look }))
        })
        .await
}

/// Does what a turn left to do.
async fn conclude_turn(app: &App, registry: Registry, outcome: Result<Turn, Undone>) -> Result<Next, Error> {
    match outcome {
        Ok(Turn::Idle) => return Ok(Next::Rest),
        Ok(Turn::Done(jobs, next)) => {
            for job in &jobs {
                app.metrics.job_ended(&job.kind, "done");
            }
            return Ok(next);
        }
        Ok(Turn::Leased(job)) => finish(app, job, registry).await?,
        Err(Undone::Together(_)) => {}
        Err(Undone::Failed(job, error)) => {
            let (worker, now) = (app.node.to_string(), app.clock.now());
            let tried = app.db.write(move |c| queries::lease(c, &job, &worker, now)).await?;
            if let Some(job) = tried {
                conclude(app, job, Err(error)).await?;
            }
        }
        Err(Undone::Queue(error)) => return Err(error),
    }
    Ok(Next::Look)
}

/// A handler that panics has failed like any other.
fn do_inside(c: &mut Conn, job: &Job, registry: Registry, now: Moment) -> Result<(), Error> {
    let Some(handler) = (registry.inside)(&job.kind) else {
        return Err(Error::Fault(format!("no handler for jobs of kind {}", job.kind)));
    };
    catch_unwind(AssertUnwindSafe(|| handler(c, job, now)))
        .unwrap_or_else(|_| Err(Error::Fault("the job panicked".to_owned())))
}

/// Does a leased job.
async fn finish(app: &App, job: Job, registry: Registry) -> Result<(), Error> {
    match registry.outside_of(&job.kind) {
        Some(handler) => finish_outside(app, job, handler).await,
        None => finish_inside(app, job, registry).await,
    }
}

/// Does a leased job in the transaction that ends it.
async fn finish_inside(app: &App, job: Job, registry: Registry) -> Result<(), Error> {
    let (leased, clock) = (job.clone(), app.clock.clone());
    let outcome = app
        .db
        .write(move |c| {
            end(c, &leased)?;
            do_inside(c, &leased, registry, clock.now())
        })
        .await;
    conclude(app, job, outcome).await
}

/// Does a job outside of any transaction, and then writes down what came of it.
async fn finish_outside(app: &App, job: Job, handler: Outside) -> Result<(), Error> {
    let outcome = match attended(app, &job, handler).await {
        Err(error) => Err(error),
        Ok(mut record) => {
            let (job, clock) = (job.clone(), app.clock.clone());
            app.db
                .write(move |c| {
                    end(c, &job)?;
                    record(c, clock.now())
                })
                .await
        }
    };
    conclude(app, job, outcome).await
}

/// Runs the handler on a thread of its own and extends the job's lease meanwhile.
async fn attended(app: &App, job: &Job, handler: Outside) -> Result<Record, Error> {
    let (inner_app, inner_job) = (app.clone(), job.clone());
    let mut work = tokio::task::spawn_blocking(move || handler(&inner_app, &inner_job));
    for _ in 0..EXTEND_LIMIT {
        tokio::select! {
            done = &mut work => return done.unwrap_or_else(|stopped| Err(Error::Fault(stopped.to_string()))),
            () = tokio::time::sleep(EXTEND_EVERY) => {
                let (job, now) = (job.clone(), app.clock.now());
                // A lost lease shows when the job is ended.
                app.db.write(move |c| queries::extend_lease(c, &job, now)).await?;
            }
        }
    }
    work.await.unwrap_or_else(|stopped| Err(Error::Fault(stopped.to_string())))
}

fn end(c: &mut Conn, job: &Job) -> Result<(), Error> {
    if queries::finish(c, job)? {
        return Ok(());
    }
    // Rolled back: whoever holds the lease now does it.
    Err(Error::Conflict("the lease was lost".to_owned()))
}

async fn conclude(app: &App, job: Job, outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Ok(()) => app.metrics.job_ended(&job.kind, "done"),
        Err(error) => {
            tracing::warn!(job = job.id, kind = job.kind, attempt = job.attempts, %error, "job failed");
            let (now, failed) = (app.clock.now(), job.clone());
            let is_dead = app.db.write(move |c| queries::fail(c, &failed, &error.to_string(), now)).await?;
            app.metrics.job_ended(&job.kind, if is_dead { "dead" } else { "retried" });
        }
    }
    Ok(())
}
