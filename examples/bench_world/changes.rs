//! Deploys with their trails, signals, and raw deliveries.

use debrief::db::Conn;

use crate::chance::Chance;
use crate::company::{service_name, service_slug};
use crate::plan::{HOUR_MS, MINUTE_MS, PEOPLE, Plan, SERVICES};
use crate::row;
use crate::sheet::Sheet;
use crate::words::{CHANGES, SUBJECTS, SYMPTOMS, capital, full_name};

/// The service of the deploy with this number; links and suspects ask for it too.
pub fn service_of_deploy(plan: &Plan, number: i64) -> i64 {
    Chance::of(plan.seed ^ number as u64, "service of a deploy").skewed(SERVICES) + 1
}

pub fn add_deploys(c: &mut Conn, plan: &Plan) {
    let mut chance = Chance::of(plan.seed, "deploys");
    let mut deploys = Sheet::new(
        "deploys",
        "number, service_id, environment, kind, status, version, commit_sha, previous_version, summary, url, \
         compare_url, deployed_by, source, external_id, started_at, finished_at, happened_at, revision, created_at, \
         updated_at, commit_count, file_count, environment_tier",
    );
    let mut people = Sheet::new("deploy_people", "deploy_id, part, name, user_id, stood_at");
    let mut references = Sheet::new("deploy_references", "deploy_id, kind, label, url");
    for number in 1..=plan.deploys {
        let service = service_of_deploy(plan, number);
        let at = plan.at(number, plan.deploys, chance.below(HOUR_MS));
        let environment = if chance.happens(700) { "production" } else { "staging" };
        let kind = match chance.below(100) {
            0..=79 => "deploy",
            80..=87 => "config",
            88..=92 => "flag",
            93..=95 => "migration",
            96..=97 => "infrastructure",
            _ => "rollback",
        };
        let status = match chance.below(100) {
            0..=95 => "succeeded",
            96..=98 => "failed",
            _ => "started",
        };
        // A deploy that goes on for years is none.
        let status = if status == "started" && number < plan.deploys - 20 { "succeeded" } else { status };
        let version = format!("2.{}.{}", number / 100, number % 100);
        let before = format!("2.{}.{}", (number - 1) / 100, (number - 1) % 100);
        let commit = chance.commit();
        let summary = format!("{} {}", chance.pick(CHANGES), chance.pick(SUBJECTS));
        let slug = service_slug(service);
        let url = format!("https://ci.example.org/{slug}/runs/{number}");
        let compare = format!("https://git.example.org/example/{slug}/compare/v{before}...v{version}");
        let external = format!("run-{number}");
        let (deployer, author) = (chance.below(PEOPLE) + 1, chance.below(PEOPLE) + 1);
        let (deployer_name, author_name) = (full_name(deployer - 1), full_name(author - 1));
        let finished = Some(at).filter(|_| status != "started");
        let started = at - chance.between(1, 12) * MINUTE_MS;
        row!(deploys, c; number, service, environment, kind, status, &version, &commit, &before, &summary, &url,
            &compare, &deployer_name, "github/bench", &external, started, finished, at, 1, started, at,
            chance.between(1, 20), chance.between(1, 60), environment);
        row!(people, c; number, "deployer", &deployer_name, deployer, started);
        if chance.happens(500) {
            row!(people, c; number, "author", &author_name, author, started);
            let (label, pull) = (format!("#{number}"), format!("https://git.example.org/example/{slug}/pull/{number}"));
            row!(references, c; number, "pull_request", &label, &pull);
        }
    }
    deploys.send(c);
    people.send(c);
    references.send(c);
}

pub fn add_signals(c: &mut Conn, plan: &Plan) {
    let mut chance = Chance::of(plan.seed, "signals");
    let mut signals = Sheet::new(
        "signals",
        "source, group_key, title, summary, severity, state, service_name, service_id, environment, labels, url, \
         firing_count, first_started_at, last_started_at, last_ended_at, told_by, created_at, updated_at",
    );
    let mut alerts = Sheet::new("signal_alerts", "signal_id, labels_hash, started_at, ended_at, heard_firing, is_open");
    for number in 1..=plan.signals {
        let at = plan.at(number, plan.signals, chance.below(HOUR_MS));
        let service = chance.skewed(SERVICES) + 1;
        let (name, slug) = (service_name(service), service_slug(service));
        let alert = format!("{}{}", capital(chance.pick(SYMPTOMS)).replace(' ', ""), chance.below(50));
        let key = format!("{{}}:{{alertname=\"{alert}\", service=\"{slug}\", n=\"{number}\"}}");
        let labels = format!(
            "[[\"alertname\",\"{alert}\"],[\"service\",\"{slug}\"],[\"environment\",\"production\"],[\"n\",\"{number}\"]]"
        );
        let severity = if chance.happens(300) { "critical" } else { "warning" };
        let summary = format!("{name} {}", chance.pick(SYMPTOMS));
        let is_firing = number > plan.signals - plan.firing_signals * 2 && chance.happens(500);
        let ended =
            Some(at + chance.between(2, 240) * MINUTE_MS).filter(|_| !is_firing).map(|end| end.min(plan.now_ms));
        let state = if is_firing { "firing" } else { "resolved" };
        let told_by = format!("{at:015}.{}.bench", u8::from(is_firing));
        let touched = ended.unwrap_or(at);
        row!(signals, c; "alertmanager/alerts", &key, &alert, &summary, severity, state, &slug, service, "production",
            &labels, "https://prometheus.example.org/graph", 1, at, at, ended, &told_by, at, touched);
        row!(alerts, c; number, "", at, ended, true, is_firing);
    }
    signals.send(c);
    alerts.send(c);
}

pub fn add_deliveries(c: &mut Conn, plan: &Plan) {
    let mut deliveries = Sheet::new(
        "deliveries",
        "source_id, delivery_key, event, headers, body, verdict, reason, deploy_id, received_at, processed_at, sender",
    );
    let headers = "[[\"content-type\",\"application/json\"],[\"x-github-event\",\"deployment_status\"]]";
    for number in 1..=plan.deliveries {
        let deploy = plan.deploys - plan.deliveries + number;
        let at = plan.at(deploy, plan.deploys, 0);
        let key = format!("delivery-{number}");
        let body = format!(
            "{{\"deployment_status\":{{\"state\":\"success\"}},\"deployment\":{{\"id\":{deploy},\"ref\":\"main\"}},\"padding\":\"{}\"}}",
            "x".repeat(600)
        );
        row!(deliveries, c; 1, &key, "deployment_status", headers, &body, "recorded", "", deploy, at, at, "github");
    }
    deliveries.send(c);
}
