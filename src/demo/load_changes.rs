//! What came in beside the deploys: alerts of the stories, marks of rollbacks, a checklist, freeze windows.
//!
//! Written with the rooms' own functions where these add nothing to the told timelines.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::load::{Rows, at};
use super::world::{Incident, World};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{signal_incidents, timeline_events};
use crate::deploys::queries_marks;
use crate::error::Error;
use crate::incidents::model::Severity;
use crate::releases::model::{Bindingness, SettingsDraft, Step};
use crate::releases::model_freeze::FreezeDraft;
use crate::releases::{queries as releases, queries_freeze};
use crate::signals::model::{AlertDraft, AlertState};
use crate::signals::model_rules::{Outcome, RuleDraft};
use crate::signals::{queries as signals, queries_rules};

/// Where the demo's alerts come from.
const SOURCE: &str = "alertmanager/main";
/// How many of the last rollbacks are marked.
const MARKED: usize = 40;
/// The checklist of the demo's most important services.
const CHECKLIST: &str = "Before it goes out:\n\n- [ ] Migrations ran on staging\n- [ ] Feature flag is off at first\n- [ ] Support knows what changes\n\nAfter:\n\n- [ ] Dashboards looked at for ten minutes\n";
/// Alerts that came and went by themselves: service, name, days ago, minutes that it lasted.
const PASSING: &[(&str, &str, i64, i64)] = &[
    ("reporting", "ReportQueueLong", 1, 25),
    ("edge-proxy", "CertificateExpiresSoon", 2, 180),
    ("partner-feeds", "FeedStale", 3, 12),
    ("identity", "LoginLatencyHigh", 5, 8),
    ("timetable-search", "IndexLagHigh", 6, 40),
    ("partner-feeds", "FeedStale", 9, 15),
    ("job-runner", "JobsRetrying", 12, 33),
    ("storefront", "PictureCacheMisses", 16, 21),
];

/// Writes all of it.
///
/// # Errors
/// The database's.
pub(super) fn add(c: &mut Conn, world: &World, rows: &Rows<'_>) -> Result<(), Error> {
    let rollbacks: Vec<_> = world.deploys.iter().filter(|deploy| deploy.kind == "rollback").collect();
    for deploy in rollbacks.iter().rev().take(MARKED).rev() {
        queries_marks::notice(c, rows.deploy(deploy.number)?, &[], at(deploy.happened_at()))?;
    }
    for incident in &world.incidents {
        add_alert(c, incident, rows)?;
    }
    for (service, name, days_ago, minutes) in PASSING {
        let started = world.now - TimeDelta::days(*days_ago) - TimeDelta::minutes(minutes + 40);
        let mut draft = alert(service, name, started);
        draft.severity = Some("warning".to_owned());
        heed(c, &draft, started)?;
        let ended = started + TimeDelta::minutes(*minutes);
        heed(c, &over(&draft, ended), ended)?;
    }
    add_rules(c, world, rows)?;
    add_releases(c, world, rows)
}

fn alert(service: &str, name: &str, started: DateTime<Utc>) -> AlertDraft {
    let mut draft = AlertDraft::firing(&format!("{{}}:{{alertname=\"{name}\", service=\"{service}\"}}"), name);
    draft.service = Some(service.to_owned());
    draft.environment = Some("production".to_owned());
    draft.labels = vec![
        ("alertname".to_owned(), name.to_owned()),
        ("service".to_owned(), service.to_owned()),
        ("environment".to_owned(), "production".to_owned()),
    ];
    draft.url = Some(format!("https://prometheus.{}/graph?g0.expr={name}", super::cast::DOMAIN));
    draft.started_at = Some(at(started));
    draft
}

fn over(draft: &AlertDraft, ended: DateTime<Utc>) -> AlertDraft {
    AlertDraft { state: AlertState::Resolved, ended_at: Some(at(ended)), ..draft.clone() }
}

fn heed(c: &mut Conn, draft: &AlertDraft, now: DateTime<Utc>) -> Result<i64, Error> {
    signals::heed(c, &Actor::program("Alertmanager hook"), SOURCE, draft, at(now)).map(|signal| signal.id)
}

/// The alert that told of an incident, when one did; its events stand on the timeline already.
fn add_alert(c: &mut Conn, incident: &Incident, rows: &Rows<'_>) -> Result<(), Error> {
    let Some(told) = incident.timeline.iter().find(|event| event.source == "alert") else { return Ok(()) };
    let service = incident.services.first().copied().unwrap_or("edge-proxy");
    let mut draft = alert(service, &name_of(service, incident), told.happened_at);
    draft.summary.clone_from(&incident.title);
    draft.severity = Some(if incident.severity <= "SEV2" { "critical" } else { "warning" }.to_owned());
    let signal_id = heed(c, &draft, told.happened_at)?;
    if let Some(ended) = incident.mitigated_at.or(incident.resolved_at).filter(|ended| *ended > told.happened_at) {
        heed(c, &over(&draft, ended), ended)?;
    }
    let incident_id = rows.incident(incident.number)?;
    let event: Option<i64> = timeline_events::table
        .filter(timeline_events::incident_id.eq(incident_id))
        .filter(timeline_events::source.eq("alert"))
        .order((timeline_events::happened_at, timeline_events::id))
        .select(timeline_events::id)
        .first(c)
        .optional()?;
    diesel::insert_into(signal_incidents::table)
        .values((
            signal_incidents::signal_id.eq(signal_id),
            signal_incidents::incident_id.eq(incident_id),
            signal_incidents::said_by.eq(rows.full_name(incident.declared_by)),
            signal_incidents::user_id.eq(rows.person(incident.declared_by)?),
            signal_incidents::said_at.eq(at(incident.declared_at)),
            signal_incidents::firing_event_id.eq(event),
            // Its end is told by the story itself.
            signal_incidents::resolved_event_id.eq(event.filter(|_| incident.resolved_at.is_some())),
        ))
        .execute(c)?;
    Ok(())
}

/// `CheckoutApiTrouble12`: one alert rule for each incident's symptom.
fn name_of(service: &str, incident: &Incident) -> String {
    let camel: String = service
        .split('-')
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
        })
        .collect();
    let symptom = ["ErrorsHigh", "LatencyHigh", "RequestsDropped", "QueueLong", "SaturationHigh"];
    format!("{camel}{}", symptom[usize::try_from(incident.number).unwrap_or(0) % symptom.len()])
}

fn add_rules(c: &mut Conn, world: &World, rows: &Rows<'_>) -> Result<(), Error> {
    let actor = guest(world, rows)?;
    let rule = |environment: &str, severity: &str, outcome: Outcome, incident_severity: Option<Severity>| RuleDraft {
        label_name: String::new(),
        label_value: String::new(),
        service: None,
        environment: environment.to_owned(),
        severity: severity.to_owned(),
        outcome,
        incident_severity,
    };
    let began = at(world.began_at);
    for draft in [
        rule("staging", "", Outcome::List, None),
        rule("production", "critical", Outcome::Declare, Some(Severity::Sev2)),
        rule("production", "warning", Outcome::Attach, None),
    ] {
        queries_rules::add(c, &actor, &draft, began)?;
    }
    Ok(())
}

fn guest(world: &World, rows: &Rows<'_>) -> Result<Actor, Error> {
    let mut actor = Actor::program(rows.full_name(world.signed_in));
    actor.user_id = Some(rows.person(world.signed_in)?);
    Ok(actor)
}

fn add_releases(c: &mut Conn, world: &World, rows: &Rows<'_>) -> Result<(), Error> {
    let (actor, now) = (guest(world, rows)?, at(world.now));
    for (slug, bindingness) in [("checkout-api", Bindingness::Advice), ("payment-gateway", Bindingness::Lock)] {
        let Some(service) = crate::services::queries::find(c, slug)? else { continue };
        let draft = SettingsDraft {
            checklist: CHECKLIST.to_owned(),
            checklist_environment: "production".to_owned(),
            bindingness,
        };
        releases::set(c, &actor, &service, &draft, at(world.began_at))?;
        let last =
            world.deploys.iter().rev().filter(|deploy| {
                deploy.service == slug && deploy.environment == "production" && deploy.kind == "deploy"
            });
        for (place, told) in last.take(3).enumerate() {
            let deploy = crate::deploys::queries::by_number(c, told.number)?;
            releases::give(c, &actor, &deploy, deploy.happened_at)?;
            let items = releases::of_deploy(c, deploy.id)?;
            // The last one is still open.
            let done = if place == 0 { items.len().saturating_sub(2) } else { items.len() };
            for (minute, (item, _)) in (1..).zip(items.iter().take(done)) {
                let ticked_at: Moment = deploy.happened_at.plus_s(minute * 60).min(now);
                releases::tick(c, &actor, &deploy, item.id, Step::Ticked, ticked_at)?;
            }
        }
    }
    let freeze = |starts: DateTime<Utc>, hours: i64, reason: &str| FreezeDraft {
        service: None,
        team: None,
        environment: "production".to_owned(),
        starts_at: at(starts),
        ends_at: at(starts + TimeDelta::hours(hours)),
        reason: reason.to_owned(),
    };
    let day = |days: i64| world.now + TimeDelta::days(days);
    for draft in [
        freeze(day(-4), 20, "Rehearsal of the timetable change"),
        freeze(day(3), 48, "Long weekend: few of us are here"),
    ] {
        queries_freeze::declare(c, &actor, &draft, at(day(-10)))?;
    }
    Ok(())
}
