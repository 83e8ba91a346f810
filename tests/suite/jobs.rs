//! The queue: leases, retries, dead letters, several nodes.

use debrief::clock::Moment;
use debrief::db::Conn;
use debrief::error::Error;
use debrief::jobs::model::Job;
use debrief::jobs::{queries, worker};
use diesel::prelude::*;

use crate::both;

/// Writes a row that can be there once only: a job that ran twice would break the constraint.
fn run_once(c: &mut Conn, job: &Job, _: Moment) -> Result<(), Error> {
    use debrief::db::schema::settings;
    diesel::insert_into(settings::table)
        .values((settings::name.eq(format!("ran {}", job.payload)), settings::value.eq("1")))
        .execute(c)?;
    Ok(())
}

fn fail(_: &mut Conn, _: &Job, _: Moment) -> Result<(), Error> {
    Err(Error::Conflict("not today".to_owned()))
}

fn registry(kind: &str) -> Option<worker::Handler> {
    match kind {
        "run_once" => Some(run_once),
        "fail" => Some(fail),
        _ => None,
    }
}

fn ran_count(c: &mut Conn) -> Result<i64, Error> {
    use debrief::db::schema::settings;
    Ok(settings::table.filter(settings::name.like("ran %")).count().get_result(c)?)
}

both!(
    async fn two_nodes_do_each_job_once(app: TestApp) {
        let now = app.now();
        for n in 0..40 {
            app.write(|c| queries::enqueue(c, "run_once", &n, now));
        }
        let nodes = [app.clone(), app.second_node()];
        let work = nodes.iter().flat_map(|node| {
            (0..4).map(move |_| async move {
                let mut count = 0;
                while worker::work_one(&node.app, registry).await.unwrap() {
                    count += 1;
                }
                count
            })
        });
        let done: Vec<i32> = futures_util::future::join_all(work).await;
        assert_eq!(done.iter().sum::<i32>(), 40, "{done:?}");
        assert_eq!(app.read(ran_count), 40);
        assert_eq!(app.read(queries::counts), (0, 0));
    }
);

both!(
    async fn a_job_comes_back_later_and_ends_as_a_dead_letter(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "fail", &"x", now));
        assert!(worker::work_one(&app.app, registry).await.unwrap());
        assert!(!worker::work_one(&app.app, registry).await.unwrap(), "it waits before the next try");
        for _ in 0..9 {
            app.app.clock.advance_s(3600);
            assert!(worker::work_one(&app.app, registry).await.unwrap());
        }
        assert_eq!(app.read(queries::counts), (0, 1));
        let dead = app.read(|c| queries::dead_letters(c, 10)).remove(0);
        assert_eq!((dead.attempts, dead.last_error.as_deref()), (10, Some("not today")));
        let now = app.now();
        app.write(|c| queries::revive(c, dead.id, now));
        assert_eq!(app.read(queries::counts), (1, 0));
    }
);

both!(
    async fn the_job_of_a_dead_worker_is_taken_over(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "run_once", &"y", now));
        let lost = app.write(|c| queries::claim(c, "a node that dies", now)).unwrap();
        assert!(!worker::work_one(&app.app, registry).await.unwrap(), "the lease holds");
        app.app.clock.advance_s(61);
        assert!(worker::work_one(&app.app, registry).await.unwrap());
        assert_eq!(app.read(ran_count), 1);
        assert!(!app.write(|c| queries::finish(c, &lost)), "the dead worker comes back too late");
    }
);

both!(
    async fn a_job_of_a_rolled_back_change_never_was(app: TestApp) {
        let now = app.now();
        let outcome: Result<(), Error> = app.app.db.write_blocking(|c| {
            queries::enqueue(c, "run_once", &"z", now)?;
            Err(Error::Conflict("changed my mind".to_owned()))
        });
        assert!(outcome.is_err());
        assert_eq!(app.read(queries::counts), (0, 0));
    }
);
