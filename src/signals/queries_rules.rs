//! Rules in the database, and what they do to a signal that has newly fired.

use diesel::prelude::*;

use super::model_rules::{Outcome, RULE_LIMIT, Rule, RuleDraft};
use super::model_signal::Signal;
use super::queries_attach as attach;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::{services, signal_rules};
use crate::db::{Conn, counters};
use crate::error::Error;
use crate::incidents::forms::DEFAULT_SEVERITY;
use crate::incidents::model::{IncidentDraft, IncidentKind, IncidentStatus, Times};
use crate::services::model::Service;
use crate::web::fields::slugify;

/// Every rule with its service, in the order in which they are asked.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<(Rule, Option<Service>)>, Error> {
    Ok(signal_rules::table
        .left_join(services::table)
        .order((signal_rules::position, signal_rules::id))
        .limit(RULE_LIMIT)
        .select((Rule::as_select(), Option::<Service>::as_select()))
        .load(c)?)
}

/// Adds a rule behind the others.
///
/// # Errors
/// 422 for a service that does not exist, or one rule too many.
pub fn add(c: &mut Conn, actor: &Actor, draft: &RuleDraft, now: Moment) -> Result<(), Error> {
    let service_id = match &draft.service {
        Some(slug) => {
            let service = crate::services::queries::find(c, slug)?;
            let missing = || Error::field("service", format!("There is no service {slug}. Pick one of the list."));
            Some(service.ok_or_else(missing)?.id)
        }
        None => None,
    };
    let (count, last): (i64, Option<i64>) =
        signal_rules::table.select((diesel::dsl::count_star(), diesel::dsl::max(signal_rules::position))).first(c)?;
    if count >= RULE_LIMIT {
        return Err(Error::field("", format!("There are {RULE_LIMIT} rules already. Remove one first.")));
    }
    diesel::insert_into(signal_rules::table)
        .values((
            signal_rules::position.eq(last.unwrap_or(0) + 1),
            signal_rules::label_name.eq(&draft.label_name),
            signal_rules::label_value.eq(&draft.label_value),
            signal_rules::service_id.eq(service_id),
            signal_rules::environment.eq(&draft.environment),
            signal_rules::severity.eq(&draft.severity),
            signal_rules::outcome.eq(draft.outcome),
            signal_rules::incident_severity.eq(draft.incident_severity),
            signal_rules::created_by.eq(actor.user_id),
            signal_rules::created_at.eq(now),
        ))
        .execute(c)?;
    let new = serde_json::json!({
        "label": draft.label_name, "value": draft.label_value, "service": draft.service,
        "environment": draft.environment, "severity": draft.severity, "outcome": draft.outcome,
        "incident_severity": draft.incident_severity,
    });
    let change =
        Change { action: "signal_rule.add", subject: "signal rules".to_owned(), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)
}

/// Removes a rule; what it did stays.
///
/// # Errors
/// 404
pub fn remove(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let rule: Rule = signal_rules::table
        .find(id)
        .select(Rule::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("rule", id))?;
    diesel::delete(signal_rules::table.find(id)).execute(c)?;
    let old = serde_json::json!({
        "label": rule.label_name, "value": rule.label_value, "outcome": rule.outcome,
        "environment": rule.environment, "severity": rule.severity,
    });
    let change =
        Change { action: "signal_rule.remove", subject: "signal rules".to_owned(), old: Some(old), new: None::<()> };
    audit::record(c, actor, now, &change)
}

/// Asks a rule before the one that stands before it.
///
/// # Errors
/// 404
pub fn raise(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let rules = all(c)?;
    let place = rules.iter().position(|(rule, _)| rule.id == id).ok_or_else(|| Error::no("rule", id))?;
    if place == 0 {
        return Ok(());
    }
    let (above, below) = (&rules[place - 1].0, &rules[place].0);
    for (id, position) in [(above.id, below.position), (below.id, above.position)] {
        diesel::update(signal_rules::table.find(id)).set(signal_rules::position.eq(position)).execute(c)?;
    }
    let new = serde_json::json!({ "rule": id, "position": above.position });
    let change =
        Change { action: "signal_rule.raise", subject: "signal rules".to_owned(), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)
}

/// What the first rule that fits makes of a signal of which an alert has newly fired. A signal that is attached to a
/// live incident belongs to that one.
///
/// # Errors
/// The database's.
pub fn apply(c: &mut Conn, actor: &Actor, signal: &Signal, started_at: Moment, now: Moment) -> Result<(), Error> {
    let Some((rule, _)) = all(c)?.into_iter().find(|(rule, _)| rule.fits(signal)) else {
        return attach::began_earlier(c, signal, started_at);
    };
    if rule.outcome == Outcome::List {
        return attach::began_earlier(c, signal, started_at);
    }
    // Two alerts of one trouble may come at once: one declares, the other waits here and then finds it.
    counters::hold(c, "incident")?;
    if attach::live_of_signal(c, signal.id)?.is_some() {
        return attach::began_earlier(c, signal, started_at);
    }
    let incident = match (rule.outcome, signal.service_id) {
        (Outcome::Attach, Some(service_id)) => attach::live_of_service(c, service_id)?,
        (Outcome::Declare, service_id) => match attach::live_of_rule(c, rule.id, service_id)? {
            Some(incident) => Some(incident),
            None => Some(crate::incidents::queries::declare(c, actor, &draft(signal, &rule, started_at, now), now)?),
        },
        _ => None,
    };
    match incident {
        Some(incident) => attach::attach(c, actor, signal, &incident, Some(rule.id), now),
        None => Ok(()),
    }
}

fn draft(signal: &Signal, rule: &Rule, started_at: Moment, now: Moment) -> IncidentDraft {
    let started_at = started_at.min(now);
    let service = signal.service_name.iter().filter(|name| !slugify(name).is_empty()).cloned().collect();
    let mut times = Times::from_start(started_at);
    times.detected_at = Some(now);
    IncidentDraft {
        title: signal.title.clone(),
        kind: IncidentKind::Incident,
        severity: rule.incident_severity.unwrap_or(DEFAULT_SEVERITY),
        status: IncidentStatus::Investigating,
        summary: String::new(),
        times,
        services: service,
        tags: Vec::new(),
    }
}
