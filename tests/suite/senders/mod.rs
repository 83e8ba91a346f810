//! Every sender, from its bytes and headers at the door to what is on record.

mod doors;
mod fixtures;
mod hostile;
mod order;
mod pages;
mod proofs;
mod rules;
mod samples;
mod sizes;

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::db::schema::{deliveries, deploys, services};
use debrief::hooks::model::{Sender, Source, Verdict};
use debrief::hooks::queries;
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::TestApp;
use crate::support::browser::Answer;

/// A source of this sender, called like it.
pub fn source_of(app: &TestApp, sender: Sender) -> Source {
    let now = app.now();
    app.write(|c| queries::add(c, &Actor::program("test"), sender, sender.label(), now))
}

pub fn hmac_hex(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// What a program sends.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub kind: Option<&'static str>,
}

impl Sent {
    pub fn json(headers: &[(&str, &str)], body: &serde_json::Value) -> Self {
        Sent::bytes(headers, body.to_string().into_bytes())
    }

    pub fn bytes(headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sent { headers, body, kind: None }
    }
}

/// The headers, and what follows the address, by which a delivery proves itself.
pub fn proof_of(sender: Sender, secret: &str, body: &[u8]) -> (Vec<(String, String)>, String) {
    let hex = hmac_hex(secret, body);
    let header = |name: &str, value: String| (vec![(name.to_owned(), value)], String::new());
    match sender {
        Sender::GitHub => header("x-hub-signature-256", format!("sha256={hex}")),
        Sender::GitLab => header("x-gitlab-token", secret.to_owned()),
        Sender::Bitbucket => header("x-hub-signature", format!("sha256={hex}")),
        Sender::Gitea => header("x-gitea-signature", hex),
        Sender::CircleCi => header("circleci-signature", format!("v1={hex}")),
        Sender::PagerDuty => header("x-pagerduty-signature", format!("v1={hex}")),
        Sender::Flux => header("x-signature", format!("sha256={hex}")),
        Sender::Sentry => header("sentry-hook-signature", hex),
        Sender::AzureMonitor | Sender::GoogleCloudDeploy | Sender::Jenkins => (Vec::new(), format!("?token={secret}")),
        Sender::ArgoCd | Sender::Opsgenie | Sender::Datadog | Sender::Kubernetes => {
            header("x-debrief-token", secret.to_owned())
        }
        Sender::GoogleMonitoring | Sender::AzureDevOps | Sender::Spinnaker => {
            use base64::Engine as _;
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("debrief:{secret}"));
            header("authorization", format!("Basic {pair}"))
        }
        Sender::Alertmanager
        | Sender::Grafana
        | Sender::CdEvents
        | Sender::Other
        | Sender::PagerDutyChanges
        | Sender::Honeybadger => header("authorization", format!("Bearer {secret}")),
    }
}

/// Knocks at a source's own door with this proof.
pub async fn knock(app: &TestApp, source: &Source, sent: &Sent, proof: &(Vec<(String, String)>, String)) -> Answer {
    let mut http = app.anonymous();
    http.headers = sent.headers.iter().chain(&proof.0).cloned().collect();
    let path = format!("/hooks/{}/{}{}", source.sender, source.slug, proof.1);
    http.send(Method::POST, &path, sent.kind.unwrap_or("application/json"), sent.body.clone()).await
}

/// Delivers as the sender does, and is taken.
pub async fn deliver(app: &TestApp, source: &Source, sent: &Sent) -> Answer {
    let answer = knock(app, source, sent, &proof_of(source.sender, &source.secret, &sent.body)).await;
    assert!(answer.status.is_success(), "{}: {} {}", source.sender, answer.status, answer.text());
    answer
}

/// Verdict and reason of every delivery, in order of arrival.
pub fn verdicts(app: &TestApp) -> Vec<(Verdict, String)> {
    app.read(|c| {
        Ok(deliveries::table.order(deliveries::id).select((deliveries::verdict, deliveries::reason)).load(c)?)
    })
}

/// What is on record of a deploy, but for its number and the times of recording.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub service: String,
    pub external_id: Option<String>,
    pub environment: String,
    pub kind: String,
    pub status: String,
    pub version: Option<String>,
    pub commit_sha: Option<String>,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub url: Option<String>,
    pub deployed_by: Option<String>,
    pub summary: String,
    pub commit_count: Option<i64>,
    pub file_count: Option<i64>,
    pub references: Vec<String>,
}

/// What is on record of one deploy.
pub fn deploy_seen(app: &TestApp, id: i64) -> Seen {
    app.read(|c| {
        let row = debrief::deploys::queries::by_id(c, id)?;
        let service: String = services::table.find(row.service_id).select(services::slug).first(c)?;
        let mut references: Vec<String> = debrief::deploys::queries::trail(c, row.id)?
            .references
            .into_iter()
            .map(|one| format!("{} {} {}", one.kind, one.label, one.url.unwrap_or_default()))
            .collect();
        references.sort();
        Ok(Seen {
            service,
            external_id: row.external_id,
            environment: row.environment,
            kind: row.kind.to_string(),
            status: row.status.to_string(),
            version: row.version,
            commit_sha: row.commit_sha,
            started_at: row.started_at.map(debrief::clock::Moment::millis),
            finished_at: row.finished_at.map(debrief::clock::Moment::millis),
            url: row.url,
            deployed_by: row.deployed_by,
            summary: row.summary,
            commit_count: row.commit_count,
            file_count: row.file_count,
            references,
        })
    })
}

/// Every deploy, sorted.
pub fn deploys_seen(app: &TestApp) -> Vec<Seen> {
    let ids: Vec<i64> = app.read(|c| Ok(deploys::table.order(deploys::id).select(deploys::id).load(c)?));
    let mut seen: Vec<Seen> = ids.into_iter().map(|id| deploy_seen(app, id)).collect();
    seen.sort();
    seen
}

/// Every signal, sorted: its key, state and times.
pub fn signals_of(app: &TestApp) -> Vec<String> {
    use debrief::db::schema::signals;
    let mut seen: Vec<String> = app.read(|c| {
        let rows: Vec<debrief::signals::model_signal::Signal> =
            signals::table.order(signals::id).select(debrief::signals::model_signal::Signal::as_select()).load(c)?;
        Ok(rows
            .into_iter()
            .map(|one| {
                format!(
                    "{} {} {} {} fired {} times, {} to {:?}, last {}, {:?}",
                    one.source,
                    one.group_key,
                    one.title,
                    one.state,
                    one.firing_count,
                    one.first_started_at,
                    one.last_ended_at,
                    one.last_started_at,
                    one.service_name,
                )
            })
            .collect())
    });
    seen.sort();
    seen
}
