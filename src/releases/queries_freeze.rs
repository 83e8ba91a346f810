//! Freeze windows in the database, and what speaks against a deploy.

use diesel::prelude::*;

use super::model::Bindingness;
use super::model_freeze::{Freeze, FreezeDraft, WINDOW_LIMIT};
use super::queries::{open_counts, settings};
use super::readiness::{Binding, Readiness, Reason, ReasonKind};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deploys, freeze_windows, incident_services, incidents, service_dependencies, services, teams};
use crate::deploys::model::{Deploy, DeployStatus};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus, Severity};
use crate::incidents::register::queries::that_hurt;
use crate::services::model::{Service, ServiceName};
use crate::teams::model::Team;
use crate::web::times::Zone;

/// Most services that a dependency graph is followed to.
const GRAPH_LIMIT: usize = 2000;
/// Most incidents that are given as reasons.
const INCIDENT_LIMIT: usize = 20;
/// Most live incidents that are looked at, the latest first.
const LIVE_LIMIT: usize = 500;

/// A window with what it is of.
pub type FreezeRow = (Freeze, Option<Service>, Option<Team>);

/// The windows that have not ended, the next to end first; then, with `past`, those that have, the last first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, now: Moment) -> Result<(Vec<FreezeRow>, Vec<FreezeRow>), Error> {
    let all = || {
        freeze_windows::table
            .left_join(services::table)
            .left_join(teams::table.on(teams::id.nullable().eq(freeze_windows::team_id)))
            .select((Freeze::as_select(), Option::<Service>::as_select(), Option::<Team>::as_select()))
    };
    let standing = all()
        .filter(freeze_windows::ends_at.gt(now))
        .filter(freeze_windows::cancelled_at.is_null())
        .order((freeze_windows::ends_at.asc(), freeze_windows::id.asc()))
        .limit(WINDOW_LIMIT)
        .load(c)?;
    let over = all()
        .filter(freeze_windows::ends_at.le(now).or(freeze_windows::cancelled_at.is_not_null()))
        .order((freeze_windows::ends_at.desc(), freeze_windows::id.desc()))
        .limit(20)
        .load(c)?;
    Ok((standing, over))
}

/// The windows that have not ended or been called off and that begin before `to`, the next to end first.
///
/// # Errors
/// The database's.
pub fn between(c: &mut Conn, from: Moment, to: Moment) -> Result<Vec<Freeze>, Error> {
    Ok(freeze_windows::table
        .filter(freeze_windows::ends_at.gt(from))
        .filter(freeze_windows::starts_at.lt(to))
        .filter(freeze_windows::cancelled_at.is_null())
        .order((freeze_windows::ends_at.asc(), freeze_windows::id.asc()))
        .limit(WINDOW_LIMIT)
        .select(Freeze::as_select())
        .load(c)?)
}

/// Declares a window.
///
/// # Errors
/// 422 for a service or team that does not exist.
pub fn declare(c: &mut Conn, actor: &Actor, draft: &FreezeDraft, now: Moment) -> Result<(), Error> {
    let service_id = match &draft.service {
        Some(slug) => {
            let missing = || Error::field("service", format!("There is no service {slug}. Pick one of the list."));
            Some(crate::services::queries::find(c, slug)?.ok_or_else(missing)?.id)
        }
        None => None,
    };
    let team_id = match &draft.team {
        Some(slug) => {
            let missing = || Error::field("team", format!("There is no team {slug}. Pick one of the list."));
            Some(crate::teams::queries::find(c, slug)?.ok_or_else(missing)?.id)
        }
        None => None,
    };
    diesel::insert_into(freeze_windows::table)
        .values((
            freeze_windows::service_id.eq(service_id),
            freeze_windows::team_id.eq(team_id),
            freeze_windows::environment.eq(&draft.environment),
            freeze_windows::starts_at.eq(draft.starts_at),
            freeze_windows::ends_at.eq(draft.ends_at),
            freeze_windows::reason.eq(&draft.reason),
            freeze_windows::created_by.eq(actor.user_id),
            freeze_windows::created_at.eq(now),
        ))
        .execute(c)?;
    let new = serde_json::json!({
        "service": draft.service, "team": draft.team, "environment": draft.environment,
        "starts_at": draft.starts_at, "ends_at": draft.ends_at, "reason": draft.reason,
    });
    let change = Change { action: "freeze.declare", subject: "freezes".to_owned(), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)
}

/// Calls a window off.
///
/// # Errors
/// 404, 409 when it was called off already.
pub fn cancel(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let freeze: Freeze = freeze_windows::table
        .find(id)
        .select(Freeze::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("freeze window", id))?;
    if freeze.cancelled_at.is_some() {
        return Err(Error::Conflict("This window was called off already.".to_owned()));
    }
    diesel::update(freeze_windows::table.find(id))
        .set((freeze_windows::cancelled_at.eq(now), freeze_windows::cancelled_by.eq(actor.user_id)))
        .execute(c)?;
    let old = serde_json::json!({ "starts_at": freeze.starts_at, "ends_at": freeze.ends_at, "reason": freeze.reason });
    let change = Change { action: "freeze.cancel", subject: "freezes".to_owned(), old: Some(old), new: None::<()> };
    audit::record(c, actor, now, &change)
}

/// Whether a deploy of a service to an environment may go out now, and what speaks against it. A service that is not
/// on record yet is asked for freezes of everything alone.
///
/// # Errors
/// The database's.
pub fn readiness(c: &mut Conn, slug: &str, environment: &str, base_url: &str, now: Moment) -> Result<Readiness, Error> {
    let service = crate::services::queries::find(c, slug)?;
    let mut reasons = freezes(c, service.as_ref(), environment, now)?;
    let mut binding = Binding::No;
    if let Some(service) = &service {
        reasons.extend(live_incidents(c, service, base_url)?);
        reasons.extend(open_checklist(c, service, environment, base_url)?);
        if settings(c, service.id)?.bindingness == Bindingness::Lock {
            binding = Binding::Yes;
        }
    }
    Ok(Readiness::weigh(slug, environment, reasons, binding))
}

fn freezes(c: &mut Conn, service: Option<&Service>, environment: &str, now: Moment) -> Result<Vec<Reason>, Error> {
    let (service_id, team_id) = (service.map(|service| service.id), service.and_then(|service| service.team_id));
    let standing = between(c, now, now.plus_s(1))?;
    Ok(standing
        .into_iter()
        .filter(|freeze| freeze.holds(now, service_id, team_id, environment))
        .map(|freeze| Reason {
            kind: ReasonKind::Freeze,
            text: format!("Frozen until {} UTC: {}", Zone::UTC.long(freeze.ends_at), freeze.reason),
            url: None,
        })
        .collect())
}

/// A service and all that it depends on, however indirectly.
fn needed(c: &mut Conn, service_id: i64) -> Result<Vec<i64>, Error> {
    let mut found = vec![service_id];
    let mut edge = vec![service_id];
    while !edge.is_empty() && found.len() < GRAPH_LIMIT {
        let next: Vec<i64> = service_dependencies::table
            .filter(service_dependencies::service_id.eq_any(edge))
            .select(service_dependencies::depends_on_id)
            .order(service_dependencies::depends_on_id)
            .limit(GRAPH_LIMIT as i64)
            .load(c)?;
        edge = next.into_iter().filter(|id| !found.contains(id)).collect();
        edge.dedup();
        found.extend(&edge);
    }
    Ok(found)
}

fn live_incidents(c: &mut Conn, service: &Service, base_url: &str) -> Result<Vec<Reason>, Error> {
    let near = needed(c, service.id)?;
    let live = live_and_severe(c)?;
    let ids: Vec<i64> = live.iter().map(|incident| incident.id).collect();
    let hit: Vec<(i64, ServiceName)> = incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq_any(ids))
        .filter(incident_services::service_id.eq_any(near))
        .order((incident_services::incident_id, services::slug))
        .select((incident_services::incident_id, ServiceName::as_select()))
        .load(c)?;
    let reason = |incident: Incident| {
        let (_, hit) = hit.iter().find(|(id, _)| *id == incident.id)?;
        let whose = if hit.id == service.id { String::new() } else { format!(", which {} depends on", service.name) };
        let text =
            format!("{} {} is live on {}{whose}: {}", incident.severity, incident.key(), hit.name, incident.title);
        Some(Reason { kind: ReasonKind::Incident, text, url: Some(format!("{base_url}{}", incident.path())) })
    };
    Ok(live.into_iter().filter_map(reason).take(INCIDENT_LIMIT).collect())
}

/// What is live is little, and found first: a service's incidents of all times are many.
fn live_and_severe(c: &mut Conn) -> Result<Vec<Incident>, Error> {
    let mut found: Vec<Incident> = Vec::new();
    // Each status by itself, along its index: those of several are sought along another one, past all that is over.
    for status in IncidentStatus::ALL.iter().filter(|status| status.is_live()) {
        let of_status: Vec<Incident> = incidents::table
            .filter(incidents::status.eq(*status))
            .filter(incidents::severity.eq_any([Severity::Sev1, Severity::Sev2]))
            .filter(that_hurt())
            .order((incidents::started_at.desc(), incidents::id.desc()))
            .limit(LIVE_LIMIT as i64)
            .select(Incident::as_select())
            .load(c)?;
        found.extend(of_status);
    }
    found.sort_by_key(|incident| std::cmp::Reverse((incident.started_at, incident.id)));
    found.truncate(LIVE_LIMIT);
    Ok(found)
}

fn open_checklist(c: &mut Conn, service: &Service, environment: &str, base_url: &str) -> Result<Option<Reason>, Error> {
    let last: Option<Deploy> = deploys::table
        .filter(deploys::service_id.eq(service.id))
        .filter(deploys::environment.eq(environment))
        .filter(deploys::status.eq_any([DeployStatus::Started, DeployStatus::Succeeded]))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select(Deploy::as_select())
        .first(c)
        .optional()?;
    let Some(last) = last else { return Ok(None) };
    let (open, all) = open_counts(c, &[last.id])?.get(&last.id).copied().unwrap_or_default();
    Ok((open > 0).then(|| Reason {
        kind: ReasonKind::Checklist,
        text: format!("The checklist of {} has {open} of {all} open.", last.key()),
        url: Some(format!("{base_url}{}#checklist", last.path())),
    }))
}
