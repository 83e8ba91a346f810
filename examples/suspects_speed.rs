//! How long it takes to reckon the suspects of an incident among a million deploys: `bin/bench-suspects speed`.
//!
//! Makes a SQLite file of its own (or fills an empty PostgreSQL database that is named) and prints milliseconds.

use std::collections::BTreeSet;
use std::time::Instant;

use debrief::auth::actor::Actor;
use debrief::clock::Moment;
use debrief::db::{Conn, Db, Target};
use debrief::error::Error;
use debrief::incidents::model::{IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};
use debrief::services::model::ServiceDraft;
use debrief::suspects::queries;
use debrief::suspects::queries_case::Words;
use debrief::{incidents, services};
use diesel::connection::SimpleConnection;

const SERVICES: i64 = 40;
const DEPLOYS: i64 = 1_000_000;
/// Three years.
const SPAN_S: i64 = 3 * 365 * 86_400;

fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "suspects-speed.db".to_owned());
    let db = Db::open(&Target::parse(&url)).map_err(|error| Error::Fault(error.to_string()))?;
    let (actor, now) = (Actor::program("bench"), Moment::from_millis(1_795_000_000_000));
    db.write_blocking(|c| fill(c, &actor, now))?;
    let mut times = Vec::new();
    for round in 0..60 {
        let began = now.plus_s(-round * 400_000 - 3600);
        let draft = IncidentDraft {
            title: "Slow".to_owned(),
            kind: IncidentKind::Incident,
            severity: Severity::Sev2,
            status: IncidentStatus::Investigating,
            summary: String::new(),
            times: Times::from_start(began),
            services: vec![format!("service-{}", round % 8 + 1)],
            tags: Vec::new(),
        };
        let incident = db.write_blocking(|c| incidents::queries::declare(c, &actor, &draft, now))?;
        let looked_at = db.read_blocking(|c| queries::compute(c, &incident, Words::Heard, now))?;
        let start = Instant::now();
        db.write_blocking(|c| queries::reckon(c, &incident, now))?;
        times.push((start.elapsed().as_secs_f64() * 1000.0, looked_at.reckoning.candidate_count));
    }
    times.sort_by(|one, other| one.0.total_cmp(&other.0));
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].0;
    println!("{DEPLOYS} deploys of {SERVICES} services; {} incidents reckoned and kept", times.len());
    println!("milliseconds: median {:.2}, 9 of 10 under {:.2}, worst {:.2}", at(0.5), at(0.9), at(1.0));
    println!("changes looked at: up to {}", times.iter().map(|(_, count)| *count).max().unwrap_or(0));
    Ok(())
}

/// Services on a sparse graph, and deploys by the thousand.
fn fill(c: &mut Conn, actor: &Actor, now: Moment) -> Result<(), Error> {
    for number in (1..=SERVICES).rev() {
        let needs = BTreeSet::from([number * 2, number * 2 + 1, number + 7]);
        let needs = needs.into_iter().filter(|needed| *needed <= SERVICES);
        let draft = ServiceDraft {
            slug: format!("service-{number}"),
            name: format!("Service {number}"),
            team: None,
            tier: 2,
            description: String::new(),
            repository_url: None,
            depends_on: needs.map(|needed| format!("service-{needed}")).collect(),
            links: Vec::new(),
        };
        services::queries::add(c, actor, &draft, now)?;
    }
    let series = match c {
        Conn::Sqlite(_) => {
            format!("WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {DEPLOYS})")
        }
        Conn::Postgres(_) => format!("WITH series AS (SELECT n FROM generate_series(1::bigint, {DEPLOYS}) AS n)"),
    };
    let step_ms = SPAN_S * 1000 / DEPLOYS;
    let at = format!("({} - ({DEPLOYS} - n) * {step_ms})", now.millis());
    c.batch_execute(&format!(
        "INSERT INTO deploys (number, service_id, environment, kind, status, version, summary, source, finished_at, \
         happened_at, revision, created_at, updated_at) {series} SELECT n, (n * 7919) % {SERVICES} + 1, 'production', \
         'deploy', 'succeeded', '1.' || n, '', 'bench', {at}, {at}, 1, {at}, {at} FROM series"
    ))?;
    c.batch_execute(&format!("UPDATE counters SET value = {DEPLOYS} WHERE name = 'deploy'"))?;
    if matches!(c, Conn::Postgres(_)) {
        c.batch_execute("ANALYZE deploys")?;
    }
    Ok(())
}
