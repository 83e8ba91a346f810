//! Sources, their deliveries, and what a delivery can turn out to be.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::model_reading::{Arrived, Reading};
use super::proof::Knock;
use super::reading::{self, Said, tidy};
use super::senders;
use crate::clock::Moment;
use crate::db::schema::{deliveries, sources};
use crate::db::types::UnknownWord;
use crate::text_enum;

text_enum! {
    /// Programs whose deliveries are understood.
    pub enum Sender {
        /// GitHub's webhooks.
        GitHub = "github",
        /// GitLab's webhooks.
        GitLab = "gitlab",
        /// Bitbucket Cloud's webhooks.
        Bitbucket = "bitbucket",
        /// Gitea and Forgejo.
        Gitea = "gitea",
        /// Azure DevOps service hooks.
        AzureDevOps = "azure_devops",
        /// CircleCI.
        CircleCi = "circleci",
        /// The notification plug-in of Jenkins.
        Jenkins = "jenkins",
        /// Argo CD notifications.
        ArgoCd = "argocd",
        /// Flux notification controller.
        Flux = "flux",
        /// Spinnaker's echo.
        Spinnaker = "spinnaker",
        /// Google Cloud Deploy through Pub/Sub.
        GoogleCloudDeploy = "google_cloud_deploy",
        /// Kubernetes, by kubewatch.
        Kubernetes = "kubernetes",
        /// CDEvents over CloudEvents.
        CdEvents = "cdevents",
        /// PagerDuty's change events.
        PagerDutyChanges = "pagerduty_changes",
        /// Honeybadger's deploys.
        Honeybadger = "honeybadger",
        /// Prometheus Alertmanager.
        Alertmanager = "alertmanager",
        /// Grafana alerting.
        Grafana = "grafana",
        /// PagerDuty's webhooks.
        PagerDuty = "pagerduty",
        /// Opsgenie.
        Opsgenie = "opsgenie",
        /// Datadog.
        Datadog = "datadog",
        /// Sentry.
        Sentry = "sentry",
        /// Azure Monitor.
        AzureMonitor = "azure_monitor",
        /// Google Cloud Monitoring.
        GoogleMonitoring = "google_monitoring",
        /// Anything that can send JSON.
        Other = "other",
    }
}

impl Sender {
    /// Its name as people write it.
    pub const fn label(self) -> &'static str {
        match self {
            Sender::GitHub => "GitHub",
            Sender::GitLab => "GitLab",
            Sender::Bitbucket => "Bitbucket Cloud",
            Sender::Gitea => "Gitea or Forgejo",
            Sender::AzureDevOps => "Azure DevOps",
            Sender::CircleCi => "CircleCI",
            Sender::Jenkins => "Jenkins",
            Sender::ArgoCd => "Argo CD",
            Sender::Flux => "Flux",
            Sender::Spinnaker => "Spinnaker",
            Sender::GoogleCloudDeploy => "Google Cloud Deploy",
            Sender::Kubernetes => "Kubernetes (kubewatch)",
            Sender::CdEvents => "CDEvents",
            Sender::PagerDutyChanges => "PagerDuty change events",
            Sender::Honeybadger => "Honeybadger deploys",
            Sender::Alertmanager => "Prometheus Alertmanager",
            Sender::Grafana => "Grafana",
            Sender::PagerDuty => "PagerDuty",
            Sender::Opsgenie => "Opsgenie",
            Sender::Datadog => "Datadog",
            Sender::Sentry => "Sentry",
            Sender::AzureMonitor => "Azure Monitor",
            Sender::GoogleMonitoring => "Google Cloud Monitoring",
            Sender::Other => "Anything else (JSON)",
        }
    }

    /// The sender of a word as people write it: `azure-devops`, `forgejo`, `prometheus`.
    ///
    /// # Errors
    /// Nobody is called so.
    pub fn named(word: &str) -> Result<Self, UnknownWord> {
        let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        let word = match word.as_str() {
            "forgejo" | "gogs" => "gitea",
            "bitbucket_cloud" => "bitbucket",
            "google_cloud_monitoring" | "gcp_monitoring" => "google_monitoring",
            "clouddeploy" | "cloud_deploy" => "google_cloud_deploy",
            "prometheus" => "alertmanager",
            "kubewatch" => "kubernetes",
            "cloudevents" => "cdevents",
            "argo_cd" => "argocd",
            "generic" | "json" => "other",
            other => other,
        };
        word.parse()
    }

    /// The event's name and the delivery's own id. Without an id the bytes themselves are the id.
    pub fn envelope(self, headers: &Headers, body: &[u8]) -> Envelope {
        let value = value_of(headers, body).unwrap_or_default();
        let (event, id) = senders::named(self, headers, Said(&value));
        let bounded = |text: Option<String>| text.and_then(|text| tidy(&text, ENVELOPE_LIMIT));
        Envelope {
            event: bounded(event).unwrap_or_else(|| "unnamed".to_owned()),
            // An id that would be cut could be the id of another delivery as well.
            delivery_key: id
                .filter(|id| id.chars().count() <= ENVELOPE_LIMIT)
                .and_then(|id| bounded(Some(id)))
                .unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body)))),
        }
    }

    /// What a delivery says.
    pub fn read(self, event: &str, headers: &Headers, body: &[u8]) -> Reading {
        match value_of(headers, body) {
            Ok(value) => senders::read(self, Arrived { event, headers, said: Said(&value) }),
            Err(why) => Reading::Nothing(why),
        }
    }
}

/// Longest event name or delivery id that is kept, in characters.
const ENVELOPE_LIMIT: usize = 400;
/// Most fields of a form that are read.
const FIELDS_LIMIT: usize = 200;

/// The JSON of a body: sent as it is, as the `payload` field of a form, or as a form's fields.
fn value_of(headers: &Headers, body: &[u8]) -> Result<serde_json::Value, String> {
    let kind = headers.get("content-type").unwrap_or_default();
    if !kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return reading::parse(body);
    }
    let pairs: Vec<_> = form_urlencoded::parse(body).take(FIELDS_LIMIT).collect();
    if let Some((_, json)) = pairs.iter().find(|(name, _)| name == "payload") {
        return reading::parse(json.as_bytes());
    }
    Ok(serde_json::Value::Object(
        pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect(),
    ))
}

text_enum! {
    /// What became of a delivery.
    pub enum Verdict {
        /// Stored, not read yet.
        Waiting = "waiting",
        /// It became a deploy, or changed one.
        Recorded = "recorded",
        /// It became a signal, or changed one.
        Alerted = "alerted",
        /// It says nothing that is kept here; the reason says why.
        Ignored = "ignored",
    }
}

/// The name and the id that a delivery carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of event it is.
    pub event: String,
    /// The sender's id of this delivery; the same one again is the same delivery.
    pub delivery_key: String,
}

/// Headers of a delivery, lower-case names, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers(pub Vec<(String, String)>);

/// What stands in place of a secret header.
pub const MASK: &str = "••••••";

impl Headers {
    /// The first header of this (lower-case) name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same without what could be used again: signatures, credentials, cookies.
    #[must_use]
    pub fn masked(&self) -> Self {
        Headers(
            self.0
                .iter()
                .map(|(name, value)| (name.clone(), if is_secret_name(name) { MASK.to_owned() } else { value.clone() }))
                .collect(),
        )
    }
}

/// Whether something of this name is likely to hold a secret.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    [
        "signature",
        "authorization",
        "cookie",
        "token",
        "secret",
        "apikey",
        "password",
        "passwd",
        "routingkey",
        "integrationkey",
        "servicekey",
        "accesskey",
        "privatekey",
        "credential",
    ]
    .iter()
    .any(|word| plain.contains(word))
}

/// Where deliveries come from.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sources)]
pub struct Source {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Which program sends.
    pub sender: Sender,
    /// Its name.
    pub name: String,
    /// What its deliveries are signed with.
    pub secret: String,
    /// Who added it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
    /// When it first delivered something.
    pub first_delivery_at: Option<Moment>,
    /// Since when nothing more is taken from it.
    pub disabled_at: Option<Moment>,
    /// The secret before this one.
    pub previous_secret: Option<String>,
    /// Until when the one before opens the door as well.
    pub previous_secret_until: Option<Moment>,
}

impl Source {
    /// Where it delivers to.
    pub fn hook_path(&self) -> String {
        match self.sender {
            Sender::PagerDutyChanges => "/v2/change/enqueue".to_owned(),
            Sender::Honeybadger => "/v1/deploys".to_owned(),
            sender => format!("/hooks/{sender}/{}", self.slug),
        }
    }

    /// The secrets that open its door now: the current one, and for a while the one before.
    pub fn secrets(&self, now: Moment) -> impl Iterator<Item = &str> {
        let before = self.previous_secret.as_deref().filter(|_| self.previous_secret_until.is_some_and(|at| now < at));
        std::iter::once(self.secret.as_str()).chain(before)
    }

    /// Whether it opens to the same proofs as `other`.
    pub fn has_door_of(&self, other: &Self) -> bool {
        let at = |of: &Self| (of.id, of.sender, of.disabled_at, of.previous_secret_until);
        at(self) == at(other) && self.secret == other.secret && self.previous_secret == other.previous_secret
    }

    /// Whether a delivery proves that it comes from here.
    pub fn knows(&self, knock: Knock<'_>) -> bool {
        self.secrets(knock.now).any(|secret| self.sender.is_authentic(secret, knock))
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/sources/{}", self.slug)
    }

    /// How its deploys name it; see [`crate::deploys::model::Deploy::source`].
    pub fn deploy_source(&self) -> String {
        format!("{}/{}", self.sender, self.slug)
    }
}

/// One delivery without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct Delivery {
    /// Row id; the order of arrival.
    pub id: i64,
    /// Where it came from.
    pub source_id: i64,
    /// The sender's id of it.
    pub delivery_key: String,
    /// What kind of event it is.
    pub event: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why; a sentence.
    pub reason: String,
    /// The deploy that it made or changed.
    pub deploy_id: Option<i64>,
    /// When it came.
    pub received_at: Moment,
    /// When it was read.
    pub processed_at: Option<Moment>,
    /// Which program sent it.
    pub sender: Sender,
    /// The signal that it made or changed.
    pub signal_id: Option<i64>,
}

impl Delivery {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/deliveries/{}", self.id)
    }
}
