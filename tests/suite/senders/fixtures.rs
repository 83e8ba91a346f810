//! Deliveries of every sender, written for these tests after the senders' own descriptions.

use debrief::hooks::model::Sender;
use serde_json::{Value, json};

use super::Sent;

/// What a delivery is expected to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// A deploy: service, environment, status, kind, version.
    Deploy(&'static str, &'static str, &'static str, &'static str, Option<&'static str>),
    /// A signal, firing or resolved.
    Signal(&'static str),
    /// Nothing, with a sentence.
    Nothing,
}

use Becomes::{Deploy, Nothing, Signal};

pub const SHA: &str = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e";

fn repository() -> Value {
    json!({"name": "checkout", "full_name": "acme/checkout", "html_url": "https://git.example/acme/checkout"})
}

pub fn github(state: &str, id: i64, at: &str) -> Value {
    json!({
        "action": "created",
        "deployment_status": {"state": state, "environment": "production", "created_at": at,
            "updated_at": "2030-01-01T00:00:00Z", "target_url": format!("https://ci.example/{id}/{state}")},
        "deployment": {"id": id, "sha": SHA, "ref": "v2.4.0", "task": "deploy", "creator": {"login": "ada"},
            "description": "SHOP-45: rounds totals (#12)"},
        "repository": repository()
    })
}

pub fn gitlab(status: &str, id: i64, at: &str) -> Value {
    json!({"object_kind": "deployment", "status": status, "status_changed_at": at, "deployment_id": id,
        "deployable_url": format!("https://gitlab.example/acme/billing/-/jobs/{id}"), "environment": "staging",
        "environment_tier": "staging",
        "project": {"id": 1, "name": "Billing", "path_with_namespace": "acme/billing",
            "web_url": "https://gitlab.example/acme/billing"},
        "short_sha": "f95f852b", "user": {"username": "bo", "name": "Bo"},
        "commit_url": format!("https://gitlab.example/acme/billing/-/commit/{SHA}"),
        "commit_title": "BILL-7 charge once, see !31", "ref": "1.0.0"})
}

pub fn alertmanager(state: &str, name: &str, starts: &str, ends: &str) -> Value {
    json!({"version": "4", "groupKey": format!("{{}}:{{alertname=\"{name}\"}}"), "status": state, "receiver": "debrief",
        "groupLabels": {"alertname": name}, "commonLabels": {"alertname": name, "severity": "critical"},
        "commonAnnotations": {"summary": "Checkout answers 5xx"}, "externalURL": "http://alerts.example",
        "alerts": [{"status": state, "labels": {"alertname": name, "severity": "critical", "service": "checkout", "env": "production"},
            "annotations": {"summary": "Checkout answers 5xx"}, "startsAt": starts, "endsAt": ends,
            "generatorURL": "http://prometheus.example/graph?g0", "fingerprint": "c4edaaf9f9f839b0"}]})
}

fn argocd(phase: &str) -> Value {
    json!({"context": {"argocdUrl": "https://argo.example"}, "app": {"metadata": {"name": "shop-front", "namespace": "argocd"},
        "spec": {"destination": {"namespace": "staging"}, "source": {"repoURL": "https://git.example/acme/gitops", "targetRevision": "main"}},
        "status": {"operationState": {"phase": phase, "startedAt": "2026-11-23T13:00:00Z", "finishedAt": "2026-11-23T13:01:00Z",
            "syncResult": {"revision": SHA}}, "summary": {"images": ["registry.example/shop-front:v8"]}}}})
}

fn flux(reason: &str, severity: &str) -> Value {
    json!({"involvedObject": {"kind": "HelmRelease", "name": "webapp", "namespace": "production", "uid": "u-1"},
        "metadata": {"helm.toolkit.fluxcd.io/revision": "6.5.0"}, "severity": severity, "reason": reason,
        "message": "upgrade", "timestamp": "2026-11-23T13:00:00Z"})
}

fn pagerduty(kind: &str, status: &str) -> Value {
    json!({"event": {"id": format!("E-{kind}"), "event_type": kind, "occurred_at": "2026-11-23T13:05:00Z", "data": {
        "id": "PD1", "type": "incident", "status": status, "title": "Checkout is down", "created_at": "2026-11-23T13:00:00Z",
        "html_url": "https://pd.example/incidents/PD1", "service": {"summary": "checkout"}, "urgency": "high", "priority": {"summary": "P1"}}}})
}

fn azure_monitor(condition: &str) -> Value {
    json!({"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"alertId": "/a/1", "alertRule": "CPU high",
        "severity": "Sev1", "monitorCondition": condition, "originAlertId": "o-1", "firedDateTime": "2026-11-23T13:00:00.1234567Z",
        "resolvedDateTime": "2026-11-23T13:09:00Z", "configurationItems": ["checkout"], "description": "CPU over 90 %"}}})
}

fn google_monitoring(state: &str) -> Value {
    json!({"version": "1.2", "incident": {"incident_id": "0.abc", "state": state, "started_at": 1_795_438_800,
        "ended_at": if state == "closed" { json!(1_795_439_400) } else { json!(null) }, "policy_name": "5xx", "condition_name": "5xx > 5 %",
        "summary": "High", "url": "https://console.example/i", "policy_user_labels": {"service": "checkout", "env": "production"}}})
}

fn rollout(action: &str) -> Value {
    json!({"message": {"attributes": {"ResourceType": "Rollout", "Action": action, "ReleaseId": "rel-20", "DeliveryPipelineId": "pipe-1",
        "RolloutId": "rel-20-to-prod-0001", "TargetId": "prod"}, "messageId": format!("m-{action}"), "publishTime": "2026-11-23T13:00:00Z"},
        "subscription": "s"})
}

fn circleci(status: &str) -> Value {
    json!({"type": "workflow-completed", "id": "w-1", "happened_at": "2026-11-23T13:00:00Z",
        "workflow": {"id": "wf-1", "name": "deploy", "status": status, "created_at": "2026-11-23T12:55:00Z", "stopped_at": "2026-11-23T13:00:00Z", "url": "https://ci.example/wf"},
        "pipeline": {"vcs": {"provider_name": "github", "target_repository_url": "https://git.example/acme/checkout", "revision": SHA, "branch": "main",
            "commit": {"subject": "SHOP-9", "author": {"name": "Ada"}}}},
        "project": {"name": "checkout", "slug": "gh/acme/checkout"}})
}

fn jenkins(phase: &str, status: Value, parameters: Value) -> Value {
    json!({"name": "deploy-checkout", "display_name": "deploy-checkout", "build": {"full_url": "http://ci.example/job/7/", "number": 7,
        "phase": phase, "status": status, "parameters": parameters, "timestamp": 1_795_438_800_000_i64, "duration": 60_000,
        "scm": {"url": "https://git.example/acme/checkout.git", "branch": "origin/main", "commit": SHA}}})
}

fn spinnaker(kind: &str, status: &str, stage: &str) -> Value {
    json!({"details": {"type": kind, "application": "orders"}, "content": {"execution": {"id": "ex-1", "status": status, "name": "Ship it",
        "startTime": 1_795_438_800_000_i64, "endTime": 1_795_438_860_000_i64, "trigger": {"user": "ada", "parameters": {"version": "v3"}},
        "stages": [{"type": stage, "context": {"account": "prod-eu"}}]}}})
}

fn opsgenie(action: &str) -> Value {
    json!({"action": action, "alert": {"alertId": "op-1", "message": "Disk full", "tags": ["service:checkout", "env:production"],
        "createdAt": 1_795_438_800_000_i64, "updatedAt": 1_795_438_900_000_000_000_i64, "priority": "P2"}})
}

fn datadog(transition: &str) -> Value {
    json!({"alert_cycle_key": "997", "alert_id": "55", "title": "Latency high", "body": "p99 over 2 s", "transition": transition,
        "tags": "env:production,service:checkout,version:v2.4.0", "date": "1795438800000", "link": "https://dd.example/m/55", "priority": "P1"})
}

fn cdevent(kind: &str, subject: Value) -> Value {
    json!({"context": {"specversion": "0.5.1", "id": format!("id-{kind}"), "source": "/ci", "type": format!("dev.cdevents.{kind}.0.3.0"),
        "timestamp": "2026-11-23T13:00:00Z"}, "subject": subject})
}

fn workload(old: &str, new: &str) -> Value {
    let object = |image: &str, generation: i64| {
        json!({"metadata": {"name": "checkout", "namespace": "production", "uid": "u-2", "generation": generation},
        "spec": {"template": {"spec": {"containers": [{"name": "checkout", "image": image}]}}}})
    };
    json!({"specversion": "1.0", "type": "KUBERNETES_TOPOLOGY_CHANGE", "source": "kubewatch", "id": format!("k-{old}-{new}"),
        "time": "2026-11-23T13:00:00Z", "data": {"operation": "update", "kind": "Deployment", "obj": object(new, 5), "oldObj": object(old, 4)}})
}

/// One of everything: who sends it, what, and what it becomes.
pub fn all() -> Vec<(Sender, Sent, Becomes)> {
    let azure = |kind: &str, resource: Value| json!({"id": format!("az-{kind}"), "eventType": kind, "createdDate": "2026-11-23T13:00:00Z", "resource": resource});
    let stage = json!({"environment": {"id": 5, "name": "Production", "status": "succeeded", "releaseId": 3, "release": {"name": "Release-3"},
        "releaseDefinition": {"name": "Orders.CD"}}, "project": {"name": "Orders"}});
    let service = json!({"id": "orders", "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/orders?tag=v4"}});
    let incident = json!({"id": "inc-1", "content": {"description": "Slow", "service": {"id": "orders"}, "environment": {"id": "production"}}});
    let sentry = |action: &str, part: &str, body: Value| json!({"action": action, "data": {part: body}});
    let issue = json!({"id": "77", "title": "TypeError", "level": "error", "project": {"slug": "checkout"}, "web_url": "https://sentry.example/77"});
    vec![
        (
            Sender::GitHub,
            Sent::json(
                &[("x-github-event", "deployment_status"), ("x-github-delivery", "gh-1")],
                &github("success", 4711, "2026-11-23T13:00:00Z"),
            ),
            Deploy("checkout", "production", "succeeded", "deploy", Some("v2.4.0")),
        ),
        (
            Sender::GitHub,
            Sent::json(&[("x-github-event", "ping"), ("x-github-delivery", "gh-2")], &json!({"zen": "x"})),
            Nothing,
        ),
        (
            Sender::GitHub,
            Sent::json(
                &[("x-github-event", "workflow_run"), ("x-github-delivery", "gh-3")],
                &json!({"action": "completed", "workflow_run": {"id": 9, "name": "Deploy", "conclusion": "success", "head_branch": "main", "head_sha": SHA,
                "updated_at": "2026-11-23T13:00:00Z"}, "repository": repository()}),
            ),
            Nothing,
        ),
        (
            Sender::GitLab,
            Sent::json(&[("x-gitlab-event", "Deployment Hook")], &gitlab("failed", 15, "2026-11-23 14:00:00 +0100")),
            Deploy("billing", "staging", "failed", "deploy", Some("1.0.0")),
        ),
        (
            Sender::GitLab,
            Sent::json(
                &[("x-gitlab-event", "Feature Flag Hook")],
                &json!({"object_kind": "feature_flag",
            "project": {"path_with_namespace": "acme/billing"}, "object_attributes": {"id": 6, "name": "new_cart", "active": true}}),
            ),
            Deploy("billing", "production", "succeeded", "flag", Some("new_cart on")),
        ),
        (
            Sender::Bitbucket,
            Sent::json(
                &[("x-event-key", "repo:commit_status_updated")],
                &json!({"repository": {"full_name": "acme/checkout"},
            "commit_status": {"key": "BUILD", "name": "Pipeline #3", "state": "SUCCESSFUL", "updated_on": "2026-11-23T13:00:00Z"}}),
            ),
            Nothing,
        ),
        (
            Sender::Gitea,
            Sent::json(
                &[("x-gitea-event", "release"), ("x-gitea-delivery", "gt-1")],
                &json!({"action": "published",
            "release": {"id": 1, "tag_name": "v1"}, "repository": repository()}),
            ),
            Nothing,
        ),
        (
            Sender::AzureDevOps,
            Sent::json(&[], &azure("ms.vss-release.deployment-completed-event", stage)),
            Deploy("orders-cd", "Production", "succeeded", "deploy", Some("Release-3")),
        ),
        (
            Sender::AzureDevOps,
            Sent::json(
                &[],
                &azure("build.complete", json!({"id": 2, "status": "succeeded", "definition": {"name": "CI"}})),
            ),
            Nothing,
        ),
        (Sender::AzureMonitor, Sent::json(&[], &azure_monitor("Fired")), Signal("firing")),
        (Sender::AzureMonitor, Sent::json(&[], &azure_monitor("Resolved")), Signal("resolved")),
        (Sender::GoogleMonitoring, Sent::json(&[], &google_monitoring("OPEN")), Signal("firing")),
        (Sender::GoogleMonitoring, Sent::json(&[], &google_monitoring("closed")), Signal("resolved")),
        (
            Sender::GoogleCloudDeploy,
            Sent::json(&[], &rollout("Start")),
            Deploy("pipe-1", "prod", "started", "deploy", Some("rel-20")),
        ),
        (
            Sender::GoogleCloudDeploy,
            Sent::json(&[], &rollout("Failure")),
            Deploy("pipe-1", "prod", "failed", "deploy", Some("rel-20")),
        ),
        (
            Sender::ArgoCd,
            Sent::json(&[], &argocd("Succeeded")),
            Deploy("shop-front", "staging", "succeeded", "deploy", Some("v8")),
        ),
        (
            Sender::Flux,
            Sent::json(&[("gotk-component", "helm-controller")], &flux("UpgradeSucceeded", "info")),
            Deploy("webapp", "production", "succeeded", "deploy", Some("6.5.0")),
        ),
        (Sender::CircleCi, Sent::json(&[("circleci-event-type", "workflow-completed")], &circleci("success")), Nothing),
        (
            Sender::Jenkins,
            Sent::json(&[], &jenkins("COMPLETED", json!("SUCCESS"), json!({"ENVIRONMENT": "qa", "VERSION": "1.9"}))),
            Deploy("checkout", "qa", "succeeded", "deploy", Some("1.9")),
        ),
        (Sender::Jenkins, Sent::json(&[], &jenkins("STARTED", json!(null), json!({}))), Nothing),
        (
            Sender::Spinnaker,
            Sent::json(&[], &spinnaker("orca:pipeline:complete", "SUCCEEDED", "deployManifest")),
            Deploy("orders", "prod-eu", "succeeded", "deploy", Some("v3")),
        ),
        (Sender::Spinnaker, Sent::json(&[], &spinnaker("orca:stage:complete", "SUCCEEDED", "deploy")), Nothing),
        (
            Sender::Alertmanager,
            Sent::json(&[], &alertmanager("firing", "High5xx", "2026-11-23T13:00:00Z", "0001-01-01T00:00:00Z")),
            Signal("firing"),
        ),
        (
            Sender::Alertmanager,
            Sent::json(&[], &alertmanager("resolved", "High5xx", "2026-11-23T13:00:00Z", "2026-11-23T13:20:00Z")),
            Signal("resolved"),
        ),
        (
            Sender::Grafana,
            Sent::json(&[], &alertmanager("firing", "GrafanaSlow", "2026-11-23T13:00:00Z", "0001-01-01T00:00:00Z")),
            Signal("firing"),
        ),
        (
            Sender::Grafana,
            Sent::json(&[], &json!({"ruleId": 4, "ruleName": "Old rule", "state": "ok"})),
            Signal("resolved"),
        ),
        (Sender::PagerDuty, Sent::json(&[], &pagerduty("incident.triggered", "triggered")), Signal("firing")),
        (Sender::PagerDuty, Sent::json(&[], &pagerduty("incident.annotated", "triggered")), Nothing),
        (Sender::PagerDuty, Sent::json(&[], &pagerduty("incident.resolved", "resolved")), Signal("resolved")),
        (Sender::Opsgenie, Sent::json(&[], &opsgenie("Create")), Signal("firing")),
        (Sender::Opsgenie, Sent::json(&[], &opsgenie("AddNote")), Nothing),
        (Sender::Opsgenie, Sent::json(&[], &opsgenie("Close")), Signal("resolved")),
        (Sender::Datadog, Sent::json(&[], &datadog("Triggered")), Signal("firing")),
        (Sender::Datadog, Sent::json(&[], &datadog("Recovered")), Signal("resolved")),
        (
            Sender::Sentry,
            Sent::json(
                &[("sentry-hook-resource", "issue"), ("request-id", "se-1")],
                &sentry("created", "issue", issue.clone()),
            ),
            Signal("firing"),
        ),
        (
            Sender::Sentry,
            Sent::json(
                &[("sentry-hook-resource", "issue"), ("request-id", "se-2")],
                &sentry("assigned", "issue", issue),
            ),
            Nothing,
        ),
        (
            Sender::Sentry,
            Sent::json(
                &[("sentry-hook-resource", "event_alert"), ("request-id", "se-3")],
                &sentry(
                    "triggered",
                    "event",
                    json!({"event_id": "e", "issue_id": "78", "title": "Boom", "release": SHA, "timestamp": 1_795_438_800.5}),
                ),
            ),
            Signal("firing"),
        ),
        (
            Sender::CdEvents,
            Sent::json(&[], &cdevent("service.deployed", service.clone())),
            Deploy("orders", "production", "succeeded", "deploy", Some("v4")),
        ),
        (
            Sender::CdEvents,
            Sent::json(&[], &cdevent("service.rolledback", service)),
            Deploy("orders", "production", "succeeded", "rollback", Some("v4")),
        ),
        (Sender::CdEvents, Sent::json(&[], &cdevent("incident.detected", incident.clone())), Signal("firing")),
        (Sender::CdEvents, Sent::json(&[], &cdevent("incident.resolved", incident)), Signal("resolved")),
        (Sender::CdEvents, Sent::json(&[], &cdevent("branch.created", json!({"id": "b"}))), Nothing),
        (
            Sender::Kubernetes,
            Sent::json(&[], &workload("shop/checkout:v1", "shop/checkout:v2")),
            Deploy("checkout", "production", "succeeded", "deploy", Some("v2")),
        ),
        (Sender::Kubernetes, Sent::json(&[], &workload("shop/checkout:v2", "shop/checkout:v2")), Nothing),
        (
            Sender::Other,
            Sent::json(
                &[],
                &json!({"service": "search", "kind": "migration", "version": "0042", "external_id": 8, "tickets": ["SHOP-1"]}),
            ),
            Deploy("search", "production", "succeeded", "migration", Some("0042")),
        ),
        (
            Sender::Other,
            Sent::json(
                &[],
                &json!({"alert": {"key": "k", "title": "Queue grows", "state": "firing", "service": "search"}}),
            ),
            Signal("firing"),
        ),
        (Sender::Other, Sent::json(&[], &json!({"hello": "world"})), Nothing),
        (
            Sender::PagerDutyChanges,
            Sent::json(
                &[],
                &json!({"payload": {"summary": "Build Success", "timestamp": "2026-11-23T13:00:00Z",
            "custom_details": {"service": "orders", "version": "v5"}}}),
            ),
            Deploy("orders", "production", "succeeded", "deploy", Some("v5")),
        ),
        (
            Sender::Honeybadger,
            Sent::json(
                &[],
                &json!({"deploy": {"environment": "production", "revision": "v6", "repository": "git@git.example:acme/orders.git"}}),
            ),
            Deploy("orders", "production", "succeeded", "deploy", Some("v6")),
        ),
    ]
}
