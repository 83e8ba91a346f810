//! What to do at each sender so that it delivers here: how it proves itself, the steps, and texts ready to be copied,
//! filled with the source's own address. Pure.

use super::model::Sender;
use super::proof::OWN_HEADER;

/// What stands where the secret belongs when it is not at hand.
pub const SECRET_PLACE: &str = "YOUR_SECRET";

/// A text to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is.
    pub title: &'static str,
    /// The text.
    pub text: String,
}

/// How a sender proves that it knows the secret.
pub const fn proof(sender: Sender) -> &'static str {
    match sender {
        Sender::GitHub => "X-Hub-Signature-256: sha256= and the hex HMAC-SHA256 of the body",
        Sender::GitLab => "X-Gitlab-Token: the secret; or a Standard Webhooks signature (webhook-signature)",
        Sender::Bitbucket => "X-Hub-Signature: sha256= and the hex HMAC-SHA256 of the body",
        Sender::Gitea => "X-Gitea-Signature or X-Forgejo-Signature: the hex HMAC-SHA256 of the body",
        Sender::CircleCi => "circleci-signature: v1= and the hex HMAC-SHA256 of the body",
        Sender::PagerDuty => "X-PagerDuty-Signature: v1= and the hex HMAC-SHA256 of the body",
        Sender::Sentry => {
            "Sentry-Hook-Signature: the hex HMAC-SHA256 of the body; the older plug-in: ?token= in the address"
        }
        Sender::Flux => "X-Signature: sha256= and the hex HMAC of the body (provider generic-hmac), or a bearer token",
        Sender::Grafana => "Authorization: Bearer and the secret, or X-Grafana-Alerting-Signature",
        Sender::AzureMonitor | Sender::GoogleCloudDeploy | Sender::Jenkins => "?token= and the secret in the address",
        Sender::GoogleMonitoring => "basic authentication with the secret as password, or ?token= in the address",
        Sender::AzureDevOps | Sender::Spinnaker | Sender::Alertmanager => {
            "basic authentication with the secret as password, a bearer token, or X-Debrief-Token"
        }
        Sender::ArgoCd | Sender::Opsgenie | Sender::Datadog | Sender::Kubernetes => "X-Debrief-Token: the secret",
        Sender::CdEvents => "Authorization: Bearer and the secret",
        Sender::PagerDutyChanges => "routing_key in the body",
        Sender::Honeybadger => "api_key in the form or X-API-Key in the headers",
        Sender::Other => "Authorization: Bearer and the secret, X-Debrief-Token, or X-Hub-Signature-256",
    }
}

/// Whether the secret stands in the address itself.
pub const fn is_in_address(sender: Sender) -> bool {
    matches!(sender, Sender::AzureMonitor | Sender::GoogleCloudDeploy | Sender::Jenkins)
}

/// The address to give to the sender.
pub fn address(sender: Sender, bare: &str, secret: &str) -> String {
    if is_in_address(sender) { format!("{bare}?token={secret}") } else { bare.to_owned() }
}

/// What to do there, a step each.
pub const fn steps(sender: Sender) -> &'static [&'static str] {
    match sender {
        Sender::GitHub => &[
            "In the repository or organisation open Settings, Webhooks, Add webhook.",
            "Put the address and the secret from above into Payload URL and Secret.",
            "Content type: application/json.",
            "Choose “Let me select individual events”, tick Deployment statuses and Pushes (for the size of a change), and Workflow runs if a workflow deploys without them. Untick the rest.",
            "Leave SSL verification on and Active ticked, then press Add webhook. GitHub sends a ping; it appears below.",
        ],
        Sender::GitLab => &[
            "In the project or group open Settings, Webhooks, Add new webhook.",
            "Put the address into URL and the secret into Secret token.",
            "Tick Deployment events and Push events; Pipeline or Job events if a rule counts them; Feature flag events if you use flags.",
            "Leave SSL verification on, save, and press Test.",
        ],
        Sender::Bitbucket => &[
            "In the repository open Repository settings, Webhooks, Add webhook.",
            "Put in the address and the secret, and leave Active ticked.",
            "Choose from the full list: Repository push, Build status created, Build status updated.",
            "Add a rule that says which build counts as a deploy, and of which service to which environment.",
        ],
        Sender::Gitea => &[
            "In the repository or organisation open Settings, Webhooks, Add webhook, and take Gitea (or Forgejo).",
            "Put in the address and the secret; POST, application/json.",
            "Custom events: Push, Release, and Workflow Run where there is one.",
            "Add a rule that says which of them counts as a deploy.",
        ],
        Sender::AzureDevOps => &[
            "In the project open Project settings, Service hooks, Create subscription, Web Hooks.",
            "Trigger: Release deployment started and Release deployment completed; for YAML pipelines Run stage state changed.",
            "URL: the address. Basic authentication: any user name, and the secret as password.",
            "Press Test; it appears below. Pipelines and builds need a rule to count as deploys.",
        ],
        Sender::CircleCi => &[
            "In the project open Project Settings, Webhooks, Add Webhook.",
            "Receiver URL: the address. Secret token: the secret. Leave certificate verification on.",
            "Tick Workflow Completed, and add a rule that says which workflow is a deploy.",
        ],
        Sender::Jenkins => &[
            "Install the plug-in Notification, or use the step below in a pipeline.",
            "In the job tick Job Notifications, format JSON, protocol HTTP, event All, and put in the address with its token.",
            "A build counts as a deploy when it has a parameter ENVIRONMENT; otherwise add a rule.",
        ],
        Sender::ArgoCd => &[
            "Put the secret into argocd-notifications-secret under debrief-token.",
            "Add the service, template and triggers from below to argocd-notifications-cm.",
            "Subscribe: annotate the applications (or all, by defaultTriggers) with the subscription below.",
        ],
        Sender::Flux => &[
            "Create the Secret, Provider and Alert from below in the namespace flux-system.",
            "Change eventSources to the Kustomizations and HelmReleases that deploy your services.",
        ],
        Sender::Spinnaker => &[
            "Add the endpoint from below to echo-local.yml and restart echo.",
            "Pipelines with a deploying stage are recorded; others need a rule.",
        ],
        Sender::GoogleCloudDeploy => &[
            "Create the Pub/Sub topic clouddeploy-operations in the project, if it is not there.",
            "Create a push subscription to the address with its token, as below.",
        ],
        Sender::Kubernetes => &[
            "Configure the handler cloudevent of kubewatch with the address and its token, as below.",
            "Let it watch deployments, statefulsets and daemonsets; changes of images are recorded.",
        ],
        Sender::CdEvents => &[
            "Send CDEvents over CloudEvents HTTP (binary, structured or batch) to the address, with the secret as bearer token.",
            "dev.cdevents.service.deployed, upgraded, rolledback and removed become changes; incident events become signals.",
        ],
        Sender::PagerDutyChanges => &[
            "Change the host of the sender from events.pagerduty.com to this one; path and body stay.",
            "Put the secret in as routing key (integration key).",
            "custom_details may name service, environment, version and commit; without a service it is one called like this source.",
        ],
        Sender::Honeybadger => &[
            "Change the host of the sender from api.honeybadger.io to this one; path and fields stay.",
            "Put the secret in as API key.",
        ],
        Sender::Alertmanager => {
            &["Add the receiver from below to alertmanager.yml, route to it, and reload Alertmanager."]
        }
        Sender::Grafana => &[
            "Open Alerting, Contact points, Add contact point, and take Webhook.",
            "URL: the address. Authorization header: scheme Bearer, credentials the secret.",
            "Press Test, then route notification policies to it.",
        ],
        Sender::PagerDuty => &[
            "Open Integrations, Generic Webhooks (v3), New Webhook, and put in the address.",
            "Choose the incident events: triggered, acknowledged, reopened, resolved.",
            "PagerDuty shows a secret of its own once. Put it in below as this source's secret.",
        ],
        Sender::Opsgenie => &[
            "Open Settings, Integrations, and add Webhook.",
            "Webhook URL: the address. Custom headers: X-Debrief-Token with the secret. Tick to add alert description and details.",
            "Leave the actions Create, Acknowledge and Close on.",
        ],
        Sender::Datadog => &[
            "Open Integrations, Webhooks, New, and name it debrief.",
            "URL: the address. Payload and custom headers: the texts below.",
            "Mention @webhook-debrief in the monitors that shall arrive here.",
        ],
        Sender::Sentry => &[
            "Open Settings, Developer Settings, and make an internal integration with the address as Webhook URL.",
            "Switch on Alert Rule Action and, under Webhooks, issue.",
            "Sentry shows a client secret. Put it in below as this source's secret.",
        ],
        Sender::AzureMonitor => &[
            "Open Monitor, Alerts, Action groups, and add an action of the type Webhook.",
            "URI: the address with its token. Enable the common alert schema: Yes.",
        ],
        Sender::GoogleMonitoring => &[
            "Open Monitoring, Alerting, Edit notification channels, Webhooks, Add new.",
            "Endpoint URL: the address. Use HTTP basic auth: any user name, and the secret as password.",
            "Press Test connection, then add the channel to the policies.",
        ],
        Sender::Other => &[
            "POST JSON to the address, with the secret as bearer token or in X-Debrief-Token.",
            "A change is written as for POST /api/v1/deploys; external_id makes start and finish one deploy.",
            "An alert stands under alert, with key, title and state (firing or resolved).",
        ],
    }
}

/// Texts to be copied, filled with the address and, where it is known, the secret.
pub fn templates(sender: Sender, base: &str, bare: &str, secret: &str) -> Vec<Template> {
    let one = |title, text: String| vec![Template { title, text }];
    match sender {
        Sender::GitHub => vec![
            Template { title: "GitHub Actions step, for workflows without deployments", text: actions_step(base) },
            Template { title: "One line of curl, to try it", text: api_curl(base) },
        ],
        Sender::GitLab => vec![
            Template { title: "GitLab CI job, for pipelines without environments", text: gitlab_job(base) },
            Template {
                title: "Signing token, where GitLab asks for one",
                text: format!("whsec_{}\n", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret)),
            },
        ],
        Sender::Jenkins => one("Pipeline step, in place of the plug-in", jenkins_step(bare, secret)),
        Sender::ArgoCd => one("argocd-notifications-cm", argocd(bare)),
        Sender::Flux => one("Secret, Provider and Alert", flux(bare, secret)),
        Sender::Spinnaker => one("echo-local.yml", spinnaker(bare, secret)),
        Sender::GoogleCloudDeploy => one("Push subscription", cloud_deploy(bare, secret)),
        Sender::Kubernetes => one(
            "kubewatch",
            format!(
                "handler:\n  cloudevent:\n    url: {bare}?token={secret}\nresource:\n  deployment: true\n  statefulset: true\n  daemonset: true\n"
            ),
        ),
        Sender::CdEvents => one("One line of curl, to try it", cdevents_curl(bare, secret)),
        Sender::PagerDutyChanges => one("One line of curl, to try it", change_curl(bare, secret)),
        Sender::Honeybadger => one(
            "One line of curl",
            format!(
                "curl -fsS -d 'deploy[environment]=production' -d \"deploy[revision]=$(git rev-parse HEAD)\" -d 'deploy[repository]=https://git.example/acme/shop' -d \"deploy[local_username]=$USER\" -d 'api_key={secret}' {bare}\n"
            ),
        ),
        Sender::Alertmanager => one("alertmanager.yml", alertmanager(bare, secret)),
        Sender::Datadog => datadog(secret),
        Sender::Opsgenie => one("Custom header", format!("X-Debrief-Token: {secret}\n")),
        Sender::Other => vec![
            Template { title: "A change, with one line of curl", text: other_curl(bare, secret) },
            Template { title: "An alert, with one line of curl", text: other_alert_curl(bare, secret) },
        ],
        Sender::Bitbucket
        | Sender::Gitea
        | Sender::AzureDevOps
        | Sender::CircleCi
        | Sender::Grafana
        | Sender::PagerDuty
        | Sender::Sentry
        | Sender::AzureMonitor
        | Sender::GoogleMonitoring => Vec::new(),
    }
}

fn api_curl(base: &str) -> String {
    format!(
        "curl -fsS {base}/api/v1/deploys -H 'Authorization: Bearer YOUR_TOKEN' -H 'Content-Type: application/json' -d '{{\"service\":\"checkout\",\"environment\":\"production\",\"version\":\"v1\"}}'\n"
    )
}

fn actions_step(base: &str) -> String {
    format!(
        r#"- name: Tell Debrief
  if: always()
  env:
    DEBRIEF_TOKEN: ${{{{ secrets.DEBRIEF_TOKEN }}}} # a token that may ingest, from your settings in Debrief
    STATUS: ${{{{ job.status == 'success' && 'succeeded' || 'failed' }}}}
  run: |
    curl -fsS --retry 3 {base}/api/v1/deploys \
      -H "Authorization: Bearer $DEBRIEF_TOKEN" -H "Content-Type: application/json" \
      -d "{{\"service\":\"${{GITHUB_REPOSITORY#*/}}\",\"environment\":\"production\",\"status\":\"$STATUS\",\"version\":\"$GITHUB_REF_NAME\",\"commit_sha\":\"$GITHUB_SHA\",\"deployed_by\":\"$GITHUB_ACTOR\",\"external_id\":\"run $GITHUB_RUN_ID $GITHUB_RUN_ATTEMPT\",\"url\":\"$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID\"}}"
"#
    )
}

fn gitlab_job(base: &str) -> String {
    format!(
        r#"tell-debrief:
  stage: .post
  image: curlimages/curl
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    # DEBRIEF_TOKEN: a masked variable that holds a token that may ingest, from your settings in Debrief
    - >
      curl -fsS --retry 3 {base}/api/v1/deploys
      -H "Authorization: Bearer $DEBRIEF_TOKEN" -H "Content-Type: application/json"
      -d "{{\"service\":\"$CI_PROJECT_NAME\",\"environment\":\"production\",\"version\":\"$CI_COMMIT_REF_NAME\",\"commit_sha\":\"$CI_COMMIT_SHA\",\"deployed_by\":\"$GITLAB_USER_LOGIN\",\"external_id\":\"pipeline $CI_PIPELINE_ID\",\"url\":\"$CI_PIPELINE_URL\"}}"
"#
    )
}

fn jenkins_step(bare: &str, secret: &str) -> String {
    format!(
        r#"post {{
  always {{
    sh('''
      curl -fsS --retry 3 "{bare}?token={secret}" -H "Content-Type: application/json" \\
        -d "{{\\"name\\":\\"$JOB_NAME\\",\\"build\\":{{\\"phase\\":\\"COMPLETED\\",\\"status\\":\\"''' + currentBuild.currentResult + '''\\",\\"number\\":$BUILD_NUMBER,\\"full_url\\":\\"$BUILD_URL\\",\\"parameters\\":{{\\"environment\\":\\"production\\",\\"service\\":\\"checkout\\"}},\\"scm\\":{{\\"commit\\":\\"$GIT_COMMIT\\",\\"branch\\":\\"$GIT_BRANCH\\"}}}}}}"
    ''')
  }}
}}
"#
    )
}

fn argocd(bare: &str) -> String {
    format!(
        r#"service.webhook.debrief: |
  url: {bare}
  headers:
    - name: {OWN_HEADER}
      value: $debrief-token
    - name: Content-Type
      value: application/json
template.debrief: |
  webhook:
    debrief:
      method: POST
      body: |
        {{"context": {{{{toJson .context}}}}, "app": {{"metadata": {{"name": {{{{toJson .app.metadata.name}}}}, "namespace": {{{{toJson .app.metadata.namespace}}}}, "labels": {{{{toJson .app.metadata.labels}}}}}}, "spec": {{{{toJson .app.spec}}}}, "status": {{"operationState": {{{{toJson .app.status.operationState}}}}, "summary": {{{{toJson .app.status.summary}}}}, "health": {{{{toJson .app.status.health}}}}}}}}}}
trigger.debrief: |
  - when: app.status?.operationState.phase in ['Running']
    oncePer: app.status.operationState.startedAt
    send: [debrief]
  - when: app.status?.operationState.phase in ['Succeeded', 'Failed', 'Error']
    oncePer: app.status.operationState.finishedAt
    send: [debrief]
# on each application, or under subscriptions for all:
# notifications.argoproj.io/subscribe.debrief.debrief: ""
"#
    )
}

fn flux(bare: &str, secret: &str) -> String {
    format!(
        r#"apiVersion: v1
kind: Secret
metadata:
  name: debrief
  namespace: flux-system
stringData:
  token: {secret}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata:
  name: debrief
  namespace: flux-system
spec:
  type: generic-hmac
  address: {bare}
  secretRef:
    name: debrief
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata:
  name: debrief
  namespace: flux-system
spec:
  providerRef:
    name: debrief
  eventSeverity: info
  eventSources:
    - kind: Kustomization
      name: "*"
    - kind: HelmRelease
      name: "*"
"#
    )
}

fn spinnaker(bare: &str, secret: &str) -> String {
    format!(
        "rest:\n  enabled: true\n  endpoints:\n    - wrap: false\n      url: {bare}\n      username: spinnaker\n      password: {secret}\n"
    )
}

fn cloud_deploy(bare: &str, secret: &str) -> String {
    format!(
        "gcloud pubsub topics create clouddeploy-operations\ngcloud pubsub subscriptions create debrief --topic=clouddeploy-operations --push-endpoint='{bare}?token={secret}'\n"
    )
}

fn cdevents_curl(bare: &str, secret: &str) -> String {
    format!(
        r#"curl -fsS {bare} -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' \
  -H 'ce-specversion: 1.0' -H "ce-id: $(date +%s)" -H 'ce-source: /ci/shop' -H 'ce-type: dev.cdevents.service.deployed.0.3.0' \
  -d '{{"context":{{"specversion":"0.5.1","id":"1","source":"/ci/shop","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"}},"subject":{{"id":"checkout","content":{{"environment":{{"id":"production"}},"artifactId":"pkg:oci/checkout?tag=v1"}}}}}}'
"#
    )
}

fn change_curl(bare: &str, secret: &str) -> String {
    format!(
        r#"curl -fsS {bare} -H 'Content-Type: application/json' \
  -d '{{"routing_key":"{secret}","payload":{{"summary":"Deploy checkout v1","timestamp":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'","custom_details":{{"service":"checkout","environment":"production","version":"v1"}}}},"links":[{{"href":"https://ci.example/1"}}]}}'
"#
    )
}

fn alertmanager(bare: &str, secret: &str) -> String {
    format!(
        r#"receivers:
  - name: debrief
    webhook_configs:
      - url: {bare}
        send_resolved: true
        max_alerts: 500
        http_config:
          authorization:
            type: Bearer
            credentials: {secret}
route:
  routes:
    - receiver: debrief
      continue: true
      group_by: [alertname, service]
"#
    )
}

fn datadog(secret: &str) -> Vec<Template> {
    vec![
        Template {
            title: "Payload",
            text: r#"{
  "alert_cycle_key": "$ALERT_CYCLE_KEY",
  "alert_id": "$ALERT_ID",
  "title": "$ALERT_TITLE",
  "body": "$TEXT_ONLY_MSG",
  "transition": "$ALERT_TRANSITION",
  "alert_type": "$ALERT_TYPE",
  "priority": "$ALERT_PRIORITY",
  "tags": "$TAGS",
  "date": "$DATE",
  "link": "$LINK"
}
"#
            .to_owned(),
        },
        Template { title: "Custom headers", text: format!("{{\"X-Debrief-Token\": \"{secret}\"}}\n") },
    ]
}

fn other_curl(bare: &str, secret: &str) -> String {
    format!(
        "curl -fsS {bare} -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -d '{{\"service\":\"checkout\",\"environment\":\"production\",\"kind\":\"deploy\",\"status\":\"succeeded\",\"version\":\"v1\",\"external_id\":\"42\"}}'\n"
    )
}

fn other_alert_curl(bare: &str, secret: &str) -> String {
    format!(
        "curl -fsS {bare} -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -d '{{\"alert\":{{\"key\":\"checkout-5xx\",\"title\":\"Checkout answers 5xx\",\"state\":\"firing\",\"severity\":\"critical\",\"service\":\"checkout\"}}}}'\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sender_has_steps_and_its_templates_lead_here() {
        for sender in Sender::ALL {
            assert!(!steps(*sender).is_empty(), "{sender}");
            assert!(proof(*sender).len() > 10);
            for template in templates(*sender, "https://d.example", "https://d.example/hooks/x/y", "s3cret") {
                let leads = template.text.contains("https://d.example") || template.text.contains("s3cret");
                assert!(leads || template.title == "Payload" || template.title.starts_with("Signing"), "{sender}");
            }
        }
    }
}
