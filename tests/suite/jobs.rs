//! The queue: leases, retries, dead letters, several nodes.

use debrief::app::App;
use debrief::clock::Moment;
use debrief::db::Conn;
use debrief::error::Error;
use debrief::jobs::model::{Job, Schedule};
use debrief::jobs::worker::Registry;
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

fn stumble(c: &mut Conn, job: &Job, now: Moment) -> Result<(), Error> {
    run_once(c, job, now)?;
    panic!("a fault of ours")
}

fn inside(kind: &str) -> Option<worker::Handler> {
    match kind {
        "run_once" => Some(run_once),
        "fail" => Some(fail),
        "stumble" => Some(stumble),
        _ => None,
    }
}

/// Changes the database while no transaction of the job is open, and writes down that it did afterwards.
fn go_outside(app: &App, job: &Job) -> Result<worker::Record, Error> {
    let kind = job.payload.clone();
    app.db.write_blocking(|c| queries::enqueue(c, "run_once", &kind, app.clock.now()))?;
    let job = job.clone();
    Ok(Box::new(move |c, now| run_once(c, &job, now)))
}

fn fail_outside(_: &App, _: &Job) -> Result<worker::Record, Error> {
    Err(Error::Conflict("nobody is there".to_owned()))
}

const REGISTRY: Registry = Registry {
    inside,
    outside: &[("go_outside", go_outside), ("fail_outside", fail_outside)],
    schedules: &[Schedule { kind: "run_once", every_s: 600 }],
    unable: |_| Vec::new(),
};

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
                while worker::work_one(&node.app, REGISTRY).await.unwrap() {
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
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap(), "it waits before the next try");
        for _ in 0..9 {
            app.app.clock.advance_s(3600);
            assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
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
    async fn a_job_that_panics_is_tried_as_often_as_one_that_fails(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "stumble", &"x", now));
        for _ in 0..10 {
            assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
            assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap(), "it waits before the next try");
            app.app.clock.advance_s(3600);
        }
        assert_eq!(app.read(queries::counts), (0, 1));
        let dead = app.read(|c| queries::dead_letters(c, 10)).remove(0);
        assert_eq!((dead.attempts, dead.last_error.as_deref()), (10, Some("the job panicked")));
        assert_eq!(app.read(ran_count), 0, "nothing of it was kept");
    }
);

both!(
    async fn of_jobs_that_are_done_together_one_may_fail(app: TestApp) {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let node = app.app.clone();
        let working = tokio::spawn(worker::run(node, REGISTRY, stopped));
        // The schedule's own comes first.
        while app.read(ran_count) < 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let now = app.now();
        app.write(|c| {
            for payload in ["a", "b", "a", "c"] {
                queries::enqueue(c, "run_once", &payload, now)?;
            }
            Ok::<_, Error>(())
        });
        while app.read(ran_count) < 4 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        stop.send(true).unwrap();
        working.await.unwrap();
        assert_eq!(app.read(queries::counts), (1, 0), "the second of a kind waits for its next try");
    }
);

both!(
    async fn the_job_of_a_dead_worker_is_taken_over(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "run_once", &"y", now));
        let lost = app.write(|c| queries::claim(c, "a node that dies", now)).unwrap();
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap(), "the lease holds");
        app.app.clock.advance_s(61);
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
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

both!(
    async fn a_delayed_job_waits_for_its_time(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue_at(c, "run_once", &"later", now.plus_s(600), now));
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap());
        app.app.clock.advance_s(600);
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert_eq!(app.read(ran_count), 1);
    }
);

both!(
    async fn of_one_key_one_job_is_in_the_queue_at_a_time(app: TestApp) {
        let now = app.now();
        let once = |at: Moment| app.write(|c| queries::enqueue_once(c, "k", ("run_once", &"once"), at, now));
        once(now.plus_s(600));
        once(now.plus_s(900));
        assert_eq!(app.read(queries::counts), (1, 0));
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap());
        // The earlier time wins.
        once(now);
        assert_eq!(app.read(queries::counts), (1, 0));
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert_eq!(app.read(ran_count), 1);
        // It has ended, so the key is free; a dead one frees it, too.
        app.write(|c| queries::enqueue_once(c, "k", ("fail", &()), now, now));
        for _ in 0..10 {
            app.app.clock.advance_s(3600);
            assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        }
        assert_eq!(app.read(queries::counts), (0, 1));
        once(now);
        assert_eq!(app.read(queries::counts), (1, 1));
    }
);

both!(
    async fn work_outside_is_written_down_in_the_end(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "go_outside", &"out", now));
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert_eq!(app.read(ran_count), 1);
        assert_eq!(app.read(queries::counts), (1, 0), "what it enqueued meanwhile");
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        app.write(|c| queries::enqueue(c, "fail_outside", &(), now));
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap(), "it waits before the next try");
        assert_eq!(app.read(queries::counts), (1, 0));
    }
);

both!(
    async fn a_lost_lease_leaves_no_trace_of_work_outside(app: TestApp) {
        let now = app.now();
        app.write(|c| queries::enqueue(c, "go_outside", &"twice", now));
        let lost = app.write(|c| queries::claim(c, "a slow node", now)).unwrap();
        assert!(app.write(|c| queries::extend_lease(c, &lost, now.plus_s(30))));
        app.app.clock.advance_s(61);
        assert!(!worker::work_one(&app.app, REGISTRY).await.unwrap(), "the lease was extended");
        app.app.clock.advance_s(30);
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        let now = app.now();
        assert!(!app.write(|c| queries::extend_lease(c, &lost, now)));
        assert!(!app.write(|c| queries::finish(c, &lost)));
        assert_eq!(app.read(ran_count), 1);
    }
);

both!(
    async fn a_scheduled_job_comes_back_once_for_all_nodes(app: TestApp) {
        let nodes = [app.clone(), app.second_node()];
        let due = || async {
            let turns = (0..8).map(|n| worker::run_schedules(&nodes[n % 2].app, REGISTRY.schedules, &[]));
            futures_util::future::join_all(turns).await.into_iter().map(Result::unwrap).sum::<usize>()
        };
        assert_eq!(due().await, 1, "a new one begins at once");
        assert_eq!(app.read(queries::counts), (1, 0));
        assert!(worker::work_one(&app.app, REGISTRY).await.unwrap());
        assert_eq!(due().await, 0);
        app.app.clock.advance_s(599);
        assert_eq!(due().await, 0);
        app.app.clock.advance_s(1);
        assert_eq!(due().await, 1);
        // One that still waits is not doubled, however many turns were missed.
        app.app.clock.advance_s(6000);
        assert_eq!(due().await, 1);
        assert_eq!(app.read(queries::counts), (1, 0));
    }
);
