//! Every fixture, and every real sample where there are some, becomes what it says.

use debrief::db::schema::deliveries;
use debrief::hooks::model::{Sender, Verdict};
use diesel::prelude::*;

use super::fixtures::{self, Becomes};
use super::{Sent, deliver, source_of, verdicts};
use crate::both;
use crate::support::{TestApp, samples};

fn deploy_of_last(app: &TestApp) -> Option<super::Seen> {
    let id: Option<i64> =
        app.read(|c| Ok(deliveries::table.order(deliveries::id.desc()).select(deliveries::deploy_id).first(c)?));
    id.map(|id| super::deploy_seen(app, id))
}

fn check(app: &TestApp, name: &str, becomes: Becomes) {
    let (verdict, reason) = verdicts(app).pop().unwrap();
    assert!(reason.ends_with('.') && reason.len() > 15, "{name}: {reason}");
    match becomes {
        Becomes::Nothing => assert_eq!(verdict, Verdict::Ignored, "{name}: {reason}"),
        Becomes::Signal(state) => {
            assert_eq!(verdict, Verdict::Alerted, "{name}: {reason}");
            assert!(reason.contains(state), "{name}: {reason}");
        }
        Becomes::Deploy(service, environment, status, kind, version) => {
            assert_eq!(verdict, Verdict::Recorded, "{name}: {reason}");
            let seen = deploy_of_last(app).unwrap();
            let told = (
                seen.service.as_str(),
                seen.environment.as_str(),
                seen.status.as_str(),
                seen.kind.as_str(),
                seen.version.as_deref(),
            );
            assert_eq!(told, (service, environment, status, kind, version), "{name}");
        }
    }
}

both!(
    async fn every_fixture_becomes_what_it_says(app: TestApp) {
        for (number, (sender, sent, becomes)) in fixtures::all().into_iter().enumerate() {
            let source = source_of(&app, sender);
            deliver(&app, &source, &sent).await;
            app.work_queue().await;
            check(&app, &format!("{sender} {number}"), becomes);
            assert_eq!(
                deliver(&app, &source, &sent).await.status,
                200,
                "{sender} {number}: the same again is here already"
            );
        }
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

/// Where a sample is, who sends it with which headers, and what it becomes.
type Sample = (&'static str, Sender, &'static [(&'static str, &'static str)], Becomes);

const SAMPLES: &[Sample] = &[
    ("alertmanager/webhook.v4.firing.json", Sender::Alertmanager, &[], Becomes::Signal("firing")),
    (
        "argocd/captured.001.json",
        Sender::ArgoCd,
        &[],
        Becomes::Deploy("aaaaa-aaaaaaa", "cdviz-dev", "succeeded", "deploy", Some("0.4.0-11-gd6f6e7b")),
    ),
    ("azure-devops/build.complete.json", Sender::AzureDevOps, &[], Becomes::Nothing),
    (
        "bitbucket/repo_commit_status_updated.json",
        Sender::Bitbucket,
        &[("x-event-key", "repo:commit_status_updated")],
        Becomes::Nothing,
    ),
    ("bitbucket/repo_push.json", Sender::Bitbucket, &[("x-event-key", "repo:push")], Becomes::Nothing),
    ("cdevents/incident_detected.json", Sender::CdEvents, &[], Becomes::Signal("firing")),
    ("cdevents/incident_resolved.json", Sender::CdEvents, &[], Becomes::Signal("resolved")),
    (
        "cdevents/service_deployed.json",
        Sender::CdEvents,
        &[],
        Becomes::Deploy(
            "mysubject123",
            "test123",
            "succeeded",
            "deploy",
            Some("sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"),
        ),
    ),
    (
        "cdevents/service_rolledback.json",
        Sender::CdEvents,
        &[],
        Becomes::Deploy(
            "mysubject123",
            "test123",
            "succeeded",
            "rollback",
            Some("sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"),
        ),
    ),
    (
        "cdevents/v0.4.1.service_deployed.json",
        Sender::CdEvents,
        &[],
        Becomes::Deploy(
            "mysubject123",
            "test123",
            "succeeded",
            "deploy",
            Some("sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"),
        ),
    ),
    (
        "cdevents/cloudevents.structured.service_deployed.json",
        Sender::CdEvents,
        &[],
        Becomes::Deploy(
            "mysubject123",
            "test123",
            "succeeded",
            "deploy",
            Some("sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"),
        ),
    ),
    (
        "flux/generic.kustomization.error.json",
        Sender::Flux,
        &[],
        Becomes::Deploy("webapp", "production", "failed", "deploy", Some("main")),
    ),
    ("gitea/push.json", Sender::Gitea, &[("x-gitea-event", "push")], Becomes::Nothing),
    ("github/deployment.created.json", Sender::GitHub, &[("x-github-event", "deployment")], Becomes::Nothing),
    (
        "github/deployment_status.in_progress.json",
        Sender::GitHub,
        &[("x-github-event", "deployment_status")],
        Becomes::Deploy("hello-world", "github-pages", "started", "deploy", Some("master")),
    ),
    (
        "github/deployment_status.success.json",
        Sender::GitHub,
        &[("x-github-event", "deployment_status")],
        Becomes::Deploy("hello-world", "production", "succeeded", "deploy", Some("master")),
    ),
    ("github/ping.json", Sender::GitHub, &[("x-github-event", "ping")], Becomes::Nothing),
    ("github/push.commits.json", Sender::GitHub, &[("x-github-event", "push")], Becomes::Nothing),
    ("github/release.published.json", Sender::GitHub, &[("x-github-event", "release")], Becomes::Nothing),
    ("github/workflow_run.completed.json", Sender::GitHub, &[("x-github-event", "workflow_run")], Becomes::Nothing),
    (
        "gitlab/deployment.json",
        Sender::GitLab,
        &[("x-gitlab-event", "Deployment Hook")],
        Becomes::Deploy("test-deployment-webhooks", "staging", "succeeded", "deploy", Some("1.0.0")),
    ),
    ("gitlab/pipeline.json", Sender::GitLab, &[("x-gitlab-event", "Pipeline Hook")], Becomes::Nothing),
    ("gitlab/push.json", Sender::GitLab, &[("x-gitlab-event", "Push Hook")], Becomes::Nothing),
    ("gitlab/release.json", Sender::GitLab, &[("x-gitlab-event", "Release Hook")], Becomes::Nothing),
    (
        "google-cloud-deploy/pubsub-attributes.rollout.succeed.json",
        Sender::GoogleCloudDeploy,
        &[],
        Becomes::Deploy("pipe-1", "production", "succeeded", "deploy", Some("rel-20")),
    ),
    ("google-cloud-monitoring/5xx_errors_production.json", Sender::GoogleMonitoring, &[], Becomes::Signal("firing")),
    ("grafana/alerting.v12.test.json", Sender::Grafana, &[], Becomes::Signal("firing")),
    (
        "kubernetes/kubewatch.deployment.update.json",
        Sender::Kubernetes,
        &[],
        Becomes::Deploy("aaaaaaaaa", "production", "succeeded", "deploy", Some("v2.9.0")),
    ),
    ("pagerduty/v3.incident.triggered.json", Sender::PagerDuty, &[], Becomes::Signal("firing")),
    ("sentry/legacy-webhook-plugin.browser_timeout.json", Sender::Sentry, &[], Becomes::Signal("firing")),
    (
        "spinnaker/echo-rest.orca.pipeline.complete.json",
        Sender::Spinnaker,
        &[],
        Becomes::Deploy("someapp", "production", "succeeded", "deploy", None),
    ),
];

both!(
    async fn every_sample_becomes_what_it_says(app: TestApp) {
        let Some(folder) = samples() else { return };
        for (path, sender, headers, becomes) in SAMPLES {
            // A source for each: the samples share ids.
            let source = source_of(&app, *sender);
            let body = std::fs::read(folder.join("payloads").join(path)).unwrap();
            let body = if path.starts_with("google-cloud-deploy") {
                let attributes: serde_json::Value = serde_json::from_slice(&body).unwrap();
                serde_json::json!({"message": {"attributes": attributes, "messageId": "1", "publishTime": "2026-11-23T13:00:00Z"}})
                    .to_string()
                    .into_bytes()
            } else {
                body
            };
            deliver(&app, &source, &Sent::bytes(headers, body)).await;
            app.work_queue().await;
            check(&app, path, *becomes);
        }
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

#[test]
fn no_sample_is_left_out() {
    let Some(folder) = samples() else { return };
    let mut missing = Vec::new();
    for sender in std::fs::read_dir(folder.join("payloads")).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(&sender).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let name = format!(
                "{}/{}",
                sender.file_name().unwrap().to_string_lossy(),
                file.file_name().unwrap().to_string_lossy()
            );
            if !name.ends_with(".headers.json") && !SAMPLES.iter().any(|(path, ..)| *path == name) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
