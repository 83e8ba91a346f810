//! The loop that works the queue off.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::model::{Job, LEASE_S, Schedule};
use super::queries;
use crate::app::App;
use crate::clock::Moment;
use crate::config::Config;
use crate::db::Conn;
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

/// Works until `stop` says true; finishes the jobs at hand first.
pub async fn run(app: App, registry: Registry, mut stop: watch::Receiver<bool>) {
    let mut outside = JoinSet::new();
    let outside_kinds: Vec<&'static str> = registry.outside.iter().map(|(kind, _)| *kind).collect();
    let unable = (registry.unable)(&app.config);
    while !*stop.borrow() {
        let is_full = outside.len() >= OUTSIDE_AT_ONCE;
        let skipped = if is_full { outside_kinds.clone() } else { unable.clone() };
        match claim(&app, skipped).await {
            Ok(Some(job)) => {
                match registry.outside_of(&job.kind) {
                    Some(handler) => {
                        let app = app.clone();
                        outside.spawn(async move { finish_outside(&app, job, handler).await });
                    }
                    None => {
                        if let Err(error) = finish_inside(&app, job, registry.inside).await {
                            tracing::warn!(%error, "the queue cannot be written; trying again");
                        }
                    }
                }
                give_way(&app).await;
                continue;
            }
            Ok(None) => {
                if let Err(error) = run_schedules(&app, registry.schedules, &unable).await {
                    tracing::warn!(%error, "the schedules cannot be read; trying again");
                }
            }
            Err(error) => tracing::warn!(%error, "the queue cannot be read; trying again"),
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
    let Some(job) = claim(app, (registry.unable)(&app.config)).await? else { return Ok(false) };
    match registry.outside_of(&job.kind) {
        Some(handler) => finish_outside(app, job, handler).await?,
        None => finish_inside(app, job, registry.inside).await?,
    }
    Ok(true)
}

async fn claim(app: &App, skipped: Vec<&'static str>) -> Result<Option<Job>, Error> {
    let (worker, now) = (app.node.to_string(), app.clock.now());
    app.db.write(move |c| queries::claim_except(c, &worker, &skipped, now)).await
}

/// Does a job in the transaction that ends it.
async fn finish_inside(app: &App, job: Job, inside: fn(&str) -> Option<Handler>) -> Result<(), Error> {
    let outcome = match inside(&job.kind) {
        None => Err(Error::Fault(format!("no handler for jobs of kind {}", job.kind))),
        Some(handler) => {
            let (job, clock) = (job.clone(), app.clock.clone());
            app.db
                .write(move |c| {
                    // First the end, then the work: see `queries::enqueue_once`.
                    end(c, &job)?;
                    handler(c, &job, clock.now())
                })
                .await
        }
    };
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
