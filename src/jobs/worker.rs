//! The loop that works the queue off.

use std::time::Duration;

use tokio::sync::watch;

use super::model::Job;
use super::queries;
use crate::app::App;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;

/// How long a worker sleeps when nobody wakes it: jobs of other nodes and delayed ones are found then.
const IDLE: Duration = Duration::from_secs(1);

/// What a kind of job does, inside the transaction that also ends it.
pub type Handler = fn(&mut Conn, &Job, Moment) -> Result<(), Error>;

/// Finds the handler of a kind of job.
pub type Registry = fn(&str) -> Option<Handler>;

/// Works until `stop` says true; finishes the job at hand first.
pub async fn run(app: App, registry: Registry, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match work_one(&app, registry).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the queue cannot be read; trying again"),
        }
        tokio::select! {
            () = app.db.job_enqueued() => {}
            () = tokio::time::sleep(IDLE) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Takes one job and does it. Says whether there was one.
///
/// # Errors
/// The database's; a failed job is no error here.
pub async fn work_one(app: &App, registry: Registry) -> Result<bool, Error> {
    let (worker, now) = (app.node.to_string(), app.clock.now());
    let Some(job) = app.db.write(move |c| queries::claim(c, &worker, now)).await? else { return Ok(false) };
    let outcome = match registry(&job.kind) {
        None => Err(Error::Fault(format!("no handler for jobs of kind {}", job.kind))),
        Some(handler) => {
            let (job, clock) = (job.clone(), app.clock.clone());
            app.db
                .write(move |c| {
                    handler(c, &job, clock.now())?;
                    if queries::finish(c, &job)? {
                        Ok(())
                    } else {
                        // Rolled back: whoever holds the lease now does it.
                        Err(Error::Conflict("the lease was lost".to_owned()))
                    }
                })
                .await
        }
    };
    match outcome {
        Ok(()) => app.metrics.job_ended(&job.kind, "done"),
        Err(error) => {
            tracing::warn!(job = job.id, kind = job.kind, attempt = job.attempts, %error, "job failed");
            let (now, failed) = (app.clock.now(), job.clone());
            let is_dead = app.db.write(move |c| queries::fail(c, &failed, &error.to_string(), now)).await?;
            app.metrics.job_ended(&job.kind, if is_dead { "dead" } else { "retried" });
        }
    }
    Ok(true)
}
