//! Starting and stopping: listener, workers, queue.

use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::sync::watch;

use crate::app::App;
use crate::auth::answers;
use crate::backups::jobs as backups;
use crate::config::Config;
use crate::jobs::model::Schedule;
use crate::jobs::worker::{self, Registry};
use crate::notify::jobs as notify;
use crate::routes;
use crate::web::{compress, errors, guard};

/// How long requests may go on after the signal to stop, in seconds.
const DRAIN_S: u64 = 25;

/// The handler of each kind of job; domains add theirs here.
pub fn job_handler(kind: &str) -> Option<worker::Handler> {
    match kind {
        crate::hooks::jobs::READ_DELIVERY => Some(crate::hooks::jobs::read_delivery),
        crate::suspects::jobs::RECKON => Some(crate::suspects::jobs::reckon),
        crate::suspects::jobs::LEARN => Some(crate::suspects::jobs::learn),
        crate::suspects::jobs::LEARN_AGAIN => Some(crate::suspects::jobs::learn_again),
        crate::action_items::effects::jobs::ASK => Some(crate::action_items::effects::jobs::ask),
        crate::postmortems::jobs::REMIND => Some(crate::postmortems::jobs::remind),
        crate::reviews::jobs::REMIND => Some(crate::reviews::jobs::remind),
        notify::DIGESTS => Some(notify::digests),
        notify::SWEEP => Some(notify::sweep),
        notify::PRUNE => Some(notify::prune),
        crate::retros::jobs::PREPARE => Some(crate::retros::jobs::prepare),
        _ => None,
    }
}

/// The handler of each kind of job that talks to the world outside; domains add theirs here.
pub const OUTSIDE_JOBS: &[(&str, worker::Outside)] = &[
    (crate::trackers::jobs::PUSH, crate::trackers::jobs::push),
    (notify::SEND, notify::send),
    (backups::TAKE, backups::take),
];

/// Jobs that come back by themselves; domains add theirs here.
pub const SCHEDULES: &[Schedule] = &[
    crate::action_items::effects::jobs::SCHEDULE,
    Schedule { kind: notify::DIGESTS, every_s: 300 },
    Schedule { kind: notify::SWEEP, every_s: 60 },
    Schedule { kind: notify::PRUNE, every_s: 86_400 },
    crate::retros::jobs::SCHEDULE,
    crate::reviews::jobs::SCHEDULE,
    crate::postmortems::jobs::SCHEDULE,
    backups::SCHEDULE,
];

/// Kinds of jobs that a node with these settings leaves to others; domains add theirs here.
pub fn unable(config: &Config) -> Vec<&'static str> {
    if config.backups.is_none() { vec![backups::TAKE] } else { Vec::new() }
}

/// All of them, for the worker and for tests.
pub const JOBS: Registry = Registry { inside: job_handler, outside: OUTSIDE_JOBS, schedules: SCHEDULES, unable };

/// The application with every middleware and route. Tests mount the same one.
#[macro_export]
macro_rules! application {
    ($app:expr) => {
        actix_web::App::new()
            .app_data(actix_web::web::Data::new($app))
            .wrap(actix_web::middleware::from_fn($crate::web::errors::present))
            .wrap(actix_web::middleware::from_fn($crate::web::compress::answers))
            .wrap(actix_web::middleware::from_fn($crate::auth::answers::give))
            .wrap(actix_web::middleware::from_fn($crate::web::guard::stand))
            .configure($crate::routes::mount)
    };
}

/// Binds the address and starts to serve; the queue is worked beside.
///
/// # Errors
/// A sentence when the address cannot be bound.
pub fn start(app: &App) -> Result<(Server, Vec<std::net::SocketAddr>), String> {
    let bind = app.config.bind;
    let shared = app.clone();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(web::Data::new(shared.clone()))
            .wrap(from_fn(errors::present))
            .wrap(from_fn(compress::answers))
            .wrap(from_fn(answers::give))
            .wrap(from_fn(guard::stand))
            .configure(routes::mount)
    })
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(DRAIN_S)
    .workers(std::thread::available_parallelism().map_or(2, usize::from).min(16))
    .bind(bind)
    .map_err(|error| format!("Cannot listen on {bind}: {error}. Choose another address with --bind."))?;
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

/// Incidents from an import, or from before there were suspects, get theirs.
async fn adopt_strangers(app: &App) -> Result<(), crate::error::Error> {
    let now = app.clock.now();
    let kind = crate::suspects::jobs::LEARN;
    app.db.write(move |c| crate::suspects::queries_learning::enqueue(c, kind, now, now)).await
}

/// Serves until a signal to stop, then lets requests and the job at hand finish.
///
/// # Errors
/// A sentence for the operator.
pub async fn serve(app: App, announce: impl FnOnce(&[std::net::SocketAddr])) -> Result<(), String> {
    let (server, addresses) = start(&app)?;
    announce(&addresses);
    if let Err(error) = adopt_strangers(&app).await {
        tracing::warn!(%error, "old incidents get their suspects after the next start");
    }
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(end_open_pages(app.live.clone()));
    let queue = tokio::spawn(worker::run(app, JOBS, stopped));
    let outcome = server.await.map_err(|error| format!("The server stopped: {error}"));
    // The receiver is gone only when the worker has ended by itself.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_S), queue).await;
    outcome
}

/// Pages that wait for news would hold up the stop for as long as it is patient: they are told at the signal.
async fn end_open_pages(live: std::sync::Arc<crate::retros::live::Hub>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    live.close();
}
