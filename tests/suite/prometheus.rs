//! A real Prometheus with a real Alertmanager: an alert fires and resolves into an incident's timeline.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrief::auth::actor::Actor;
use debrief::clock::{Clock, Moment};
use debrief::db::schema::{incidents, timeline_events};
use debrief::db::{Conn, Db, Target};
use debrief::error::Error;
use debrief::incidents::model::Severity;
use debrief::signals::model_rules::{Outcome, RuleDraft};
use diesel::prelude::*;

use crate::support::ports::free_port;
use crate::support::program::{Folder, Server, debrief, run};

/// How long the whole way may take, from the rule's first evaluation to the timeline.
const PATIENCE: Duration = Duration::from_secs(90);

/// A program that goes with the test.
struct Program(Child);

impl Program {
    fn start(binary: &Path, arguments: &[String], log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        let errors = log.try_clone().unwrap();
        let child = Command::new(binary).args(arguments).stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        Program(child.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn binary(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

fn rules(expression: &str) -> String {
    format!(
        "groups:\n- name: shop\n  interval: 1s\n  rules:\n  - alert: CheckoutErrorsHigh\n    expr: {expression}\n    \
         labels: {{severity: critical, service: checkout}}\n    annotations: {{summary: One in ten carts fails}}\n"
    )
}

/// Tries until it holds.
fn wait_for(what: &str, logs: &Folder, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > PATIENCE {
            let log = |name: &str| std::fs::read_to_string(logs.file(name)).unwrap_or_default();
            panic!("no {what} in {PATIENCE:?}\n{}\n{}", log("prometheus.log"), log("alertmanager.log"));
        }
        std::thread::sleep(Duration::from_millis(150));
    }
}

/// What the alert put on the timeline, in order.
fn told(db: &Db) -> Vec<(Moment, String)> {
    let read = |c: &mut Conn| -> Result<Vec<(Moment, String)>, Error> {
        Ok(timeline_events::table
            .filter(timeline_events::source.eq("alert"))
            .filter(timeline_events::deleted_at.is_null())
            .order((timeline_events::happened_at, timeline_events::id))
            .select((timeline_events::happened_at, timeline_events::text))
            .load(c)?)
    };
    db.read_blocking(read).unwrap()
}

#[test]
fn a_real_alert_fires_and_resolves_into_the_timeline() {
    let (Some(prometheus), Some(alertmanager)) =
        (binary(&["prometheus"]), binary(&["prometheus-alertmanager", "alertmanager"]))
    else {
        println!("skipped: there is no prometheus or alertmanager here; bin/test installs both where it may");
        return;
    };
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    let (code, out, err) = run(debrief(&database).args(["source", "add", "alertmanager", "--name", "alerts"]));
    assert_eq!(code, 0, "{out}{err}");
    let source: serde_json::Value = serde_json::from_str(&out).unwrap();
    let (secret, url) = (source["secret"].as_str().unwrap(), source["url"].as_str().unwrap());
    let db = Db::open(&Target::Sqlite(database.clone())).unwrap();
    let now = Clock::System.now();
    db.write_blocking(|c| {
        let actor = Actor::program("test");
        debrief::services::queries::find_or_add(c, &actor, "checkout", now)?;
        let rule = RuleDraft {
            label_name: "alertname".to_owned(),
            label_value: "Checkout*".to_owned(),
            service: Some("checkout".to_owned()),
            environment: String::new(),
            severity: "critical".to_owned(),
            outcome: Outcome::Declare,
            incident_severity: Some(Severity::Sev1),
        };
        debrief::signals::queries_rules::add(c, &actor, &rule, now)
    })
    .unwrap();
    let server = Server::start(debrief(&database).arg("serve"));
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(url);

    let write = |name: &str, text: String| std::fs::write(folder.file(name), text).unwrap();
    let file = |name: &str| folder.file(name).display().to_string();
    let (alert_port, prometheus_port) = (free_port(), free_port());
    write(
        "alertmanager.yml",
        format!(
            "route: {{receiver: debrief, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers:\n- name: debrief\n  webhook_configs:\n  - url: '{}{path}'\n    send_resolved: true\n    \
             http_config: {{authorization: {{type: Bearer, credentials: '{secret}'}}}}\n",
            server.base_url
        ),
    );
    write("rules.yml", rules("vector(1) > 0"));
    write(
        "prometheus.yml",
        format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alert_port}']}}]}}]}}\n",
            file("rules.yml")
        ),
    );
    let _alertmanager = Program::start(
        &alertmanager,
        &[
            format!("--config.file={}", file("alertmanager.yml")),
            format!("--storage.path={}", file("alertmanager")),
            format!("--web.listen-address=127.0.0.1:{alert_port}"),
            "--cluster.listen-address=".to_owned(),
        ],
        &folder.file("alertmanager.log"),
    );
    let _prometheus = Program::start(
        &prometheus,
        &[
            format!("--config.file={}", file("prometheus.yml")),
            format!("--storage.tsdb.path={}", file("prometheus")),
            format!("--web.listen-address=127.0.0.1:{prometheus_port}"),
            "--web.enable-lifecycle".to_owned(),
        ],
        &folder.file("prometheus.log"),
    );

    wait_for("firing", &folder, || told(&db).len() == 1);
    let events = told(&db);
    assert!(events[0].1.contains("Alert firing") && events[0].1.contains("CheckoutErrorsHigh"), "{events:?}");
    // Over: the rule no longer holds.
    write("rules.yml", rules("vector(0) > 0"));
    let reload = format!("http://127.0.0.1:{prometheus_port}/-/reload");
    wait_for("reload", &folder, || ureq::post(&reload).send_empty().is_ok());
    wait_for("end", &folder, || told(&db).len() == 2);
    let events = told(&db);
    assert!(events[1].1.contains("Alert resolved") && events[1].0 >= events[0].0, "{events:?}");
    let declared: Vec<(String, String)> = db
        .read_blocking(|c: &mut Conn| -> Result<_, Error> {
            Ok(incidents::table.select((incidents::title, incidents::severity)).load(c)?)
        })
        .unwrap();
    assert_eq!(declared, [("CheckoutErrorsHigh".to_owned(), "SEV1".to_owned())]);
    assert_eq!(server.stop(), 0);
}
