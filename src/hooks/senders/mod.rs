//! One pure module for each program that sends. Each has an `envelope` (the event's name and the sender's own id of the
//! delivery, where there are any) and a `read` (what it says; an `Err` is the sentence that says why it is nothing).

pub mod alertmanager;
pub mod argocd;
pub mod azure_devops;
pub mod azure_monitor;
pub mod bitbucket;
pub mod cdevents;
pub mod circleci;
pub mod code;
pub mod datadog;
pub mod flux;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod google_cloud_deploy;
pub mod google_monitoring;
pub mod grafana;
pub mod honeybadger;
pub mod jenkins;
pub mod kubernetes;
pub mod opsgenie;
pub mod other;
pub mod pagerduty;
pub mod pagerduty_changes;
pub mod sentry;
pub mod spinnaker;

use super::model::{Headers, Sender};
use super::model_reading::{Arrived, Reading};
use super::reading::Said;

/// The event's name and the sender's own id of the delivery, each where there is one.
pub type Named = (Option<String>, Option<String>);

/// Event and id as this sender writes them.
pub fn named(sender: Sender, headers: &Headers, said: Said<'_>) -> Named {
    let read = match sender {
        Sender::GitHub => github::envelope,
        Sender::GitLab => gitlab::envelope,
        Sender::Bitbucket => bitbucket::envelope,
        Sender::Gitea => gitea::envelope,
        Sender::AzureDevOps => azure_devops::envelope,
        Sender::AzureMonitor => azure_monitor::envelope,
        Sender::GoogleMonitoring => google_monitoring::envelope,
        Sender::GoogleCloudDeploy => google_cloud_deploy::envelope,
        Sender::ArgoCd => argocd::envelope,
        Sender::Flux => flux::envelope,
        Sender::CircleCi => circleci::envelope,
        Sender::Jenkins => jenkins::envelope,
        Sender::Spinnaker => spinnaker::envelope,
        Sender::Alertmanager => alertmanager::envelope,
        Sender::Grafana => grafana::envelope,
        Sender::PagerDuty => pagerduty::envelope,
        Sender::Opsgenie => opsgenie::envelope,
        Sender::Datadog => datadog::envelope,
        Sender::Sentry => sentry::envelope,
        Sender::CdEvents => cdevents::envelope,
        Sender::Kubernetes => kubernetes::envelope,
        Sender::Other => other::envelope,
        Sender::PagerDutyChanges => pagerduty_changes::envelope,
        Sender::Honeybadger => honeybadger::envelope,
    };
    read(headers, said)
}

/// What a delivery says. What came through another's door is read in that one's words, whoever the source is.
pub fn read(sender: Sender, arrived: Arrived<'_>) -> Reading {
    let read = match (arrived.event, sender) {
        (pagerduty_changes::EVENT, _) | (_, Sender::PagerDutyChanges) => pagerduty_changes::read,
        (honeybadger::EVENT, _) | (_, Sender::Honeybadger) => honeybadger::read,
        (_, Sender::GitHub) => github::read,
        (_, Sender::GitLab) => gitlab::read,
        (_, Sender::Bitbucket) => bitbucket::read,
        (_, Sender::Gitea) => gitea::read,
        (_, Sender::AzureDevOps) => azure_devops::read,
        (_, Sender::AzureMonitor) => azure_monitor::read,
        (_, Sender::GoogleMonitoring) => google_monitoring::read,
        (_, Sender::GoogleCloudDeploy) => google_cloud_deploy::read,
        (_, Sender::ArgoCd) => argocd::read,
        (_, Sender::Flux) => flux::read,
        (_, Sender::CircleCi) => circleci::read,
        (_, Sender::Jenkins) => jenkins::read,
        (_, Sender::Spinnaker) => spinnaker::read,
        (_, Sender::Alertmanager) => alertmanager::read,
        (_, Sender::Grafana) => grafana::read,
        (_, Sender::PagerDuty) => pagerduty::read,
        (_, Sender::Opsgenie) => opsgenie::read,
        (_, Sender::Datadog) => datadog::read,
        (_, Sender::Sentry) => sentry::read,
        (_, Sender::CdEvents) => cdevents::read,
        (_, Sender::Kubernetes) => kubernetes::read,
        (_, Sender::Other) => other::read,
    };
    read(arrived).unwrap_or_else(Reading::Nothing)
}

/// Why a delivery that lacks something cannot be recorded.
fn missing(what: &str) -> String {
    format!("The delivery has no {what}, so nothing could be recorded.")
}
