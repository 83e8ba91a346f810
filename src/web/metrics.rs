//! Figures for Prometheus at `/metrics`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::error::Error;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct JobOutcome {
    kind: String,
    outcome: &'static str,
}

/// Every figure of this node.
pub struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter>,
    durations: Histogram,
    given_again: Counter,
    jobs: Family<JobOutcome, Counter>,
    jobs_waiting: Gauge,
    jobs_dead: Gauge,
    connections_used: Gauge,
    connections_open: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("debrief");
        let answers = Family::default();
        let durations = Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]);
        let given_again = Counter::default();
        let jobs = Family::default();
        let (jobs_waiting, jobs_dead) = (Gauge::default(), Gauge::default());
        let (connections_used, connections_open) = (Gauge::default(), Gauge::default());
        registry.register("http_answers", "Answers by method, route and status", answers.clone());
        registry.register_with_unit("http_answer_duration", "Time to answer", Unit::Seconds, durations.clone());
        registry.register("http_answers_given_again", "Answers that were kept from a moment ago", given_again.clone());
        registry.register("jobs_finished", "Jobs by kind and outcome", jobs.clone());
        registry.register("jobs_waiting", "Jobs that wait for their turn", jobs_waiting.clone());
        registry.register("jobs_dead", "Jobs that failed for good and wait for a person", jobs_dead.clone());
        registry.register("db_connections_used", "Reader connections in use", connections_used.clone());
        registry.register("db_connections_open", "Reader connections open", connections_open.clone());
        Metrics {
            registry,
            answers,
            durations,
            given_again,
            jobs,
            jobs_waiting,
            jobs_dead,
            connections_used,
            connections_open,
        }
    }

    /// One request was answered.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        // The method comes from outside: only those of the route table may become a label.
        let method = if matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") {
            method
        } else {
            "OTHER"
        };
        let label = Answer { method: method.to_owned(), route: route.to_owned(), status };
        self.answers.get_or_create(&label).inc();
        self.durations.observe(took.as_secs_f64());
    }

    /// One request was answered with what was kept.
    pub fn given_again(&self) {
        self.given_again.inc();
    }

    /// One job ended: `done`, `retried` or `dead`.
    pub fn job_ended(&self, kind: &str, outcome: &'static str) {
        self.jobs.get_or_create(&JobOutcome { kind: kind.to_owned(), outcome }).inc();
    }
}

/// `GET /metrics`
///
/// # Errors
/// 503 when the database does not answer.
pub async fn show(app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (waiting, dead) = app.db.read(crate::jobs::queries::counts).await?;
    let metrics = &app.metrics;
    metrics.jobs_waiting.set(waiting);
    metrics.jobs_dead.set(dead);
    let (used, open) = app.db.pool_use();
    metrics.connections_used.set(i64::from(used));
    metrics.connections_open.set(i64::from(open));
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
