//! Whom an incident's changes are told: the teams of the services that it hurts, and who has a role in it.

use super::around::queries as around;
use super::model::{Incident, IncidentStatus};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};
use crate::notify::queries::{tell, tell_mentioned};

fn thing(incident: &Incident) -> Thing {
    Thing::new("incident", incident.key(), incident.path())
}

/// The teams of its services, and its people.
///
/// # Errors
/// The database's.
pub fn audience(c: &mut Conn, incident_id: i64) -> Result<Audience, Error> {
    let mut teams: Vec<i64> =
        around::services(c, incident_id)?.into_iter().filter_map(|service| service.team_id).collect();
    teams.sort_unstable();
    teams.dedup();
    let people = around::roles(c, incident_id)?.into_iter().map(|holder| holder.user_id).collect();
    Ok(Audience { people, teams })
}

/// It was declared. One that is over already when it is written down is no news.
///
/// # Errors
/// The database's.
pub fn declared(c: &mut Conn, actor: &Actor, incident: &Incident, now: Moment) -> Result<(), Error> {
    tell_mentioned(c, actor.user_id, &thing(incident), ("", &incident.summary), now)?;
    if incident.status == IncidentStatus::Resolved {
        return Ok(());
    }
    let notice = Notice {
        kind: NoticeKind::IncidentDeclared,
        thing: thing(incident),
        title: format!("{} {} ({})", incident.key(), incident.title, incident.severity),
        body: incident.summary.clone(),
        why: "it hurts a service of your team, or you have a role in it".to_owned(),
        audience: audience(c, incident.id)?,
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}

/// Its status or severity is not as it was.
///
/// # Errors
/// The database's.
pub fn changed(
    c: &mut Conn,
    actor: &Actor,
    (before, after): (&Incident, &Incident),
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    tell_mentioned(c, actor.user_id, &thing(after), (&before.summary, &after.summary), now)?;
    let mut words = Vec::new();
    if before.status != after.status {
        words.push(format!("is {}", after.status));
    }
    if before.severity != after.severity {
        words.push(format!("is {} now", after.severity));
    }
    if words.is_empty() {
        return Ok(());
    }
    let notice = Notice {
        kind: NoticeKind::IncidentUpdated,
        thing: thing(after),
        title: format!("{} {}: {}", after.key(), words.join(", "), after.title),
        body: reason.to_owned(),
        why: "it hurts a service of your team, or you have a role in it".to_owned(),
        audience: audience(c, after.id)?,
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}

/// Services were added: for their teams it is as if it was declared now.
///
/// # Errors
/// The database's.
pub fn services_changed(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    before: &[String],
    now: Moment,
) -> Result<(), Error> {
    if incident.status == IncidentStatus::Resolved {
        return Ok(());
    }
    let (known, new): (Vec<_>, Vec<_>) =
        around::services(c, incident.id)?.into_iter().partition(|service| before.contains(&service.slug));
    let known: Vec<i64> = known.into_iter().filter_map(|service| service.team_id).collect();
    let mut teams: Vec<i64> =
        new.into_iter().filter_map(|service| service.team_id).filter(|team| !known.contains(team)).collect();
    teams.dedup();
    if teams.is_empty() {
        return Ok(());
    }
    let notice = Notice {
        kind: NoticeKind::IncidentDeclared,
        thing: thing(incident),
        title: format!("{} {} ({})", incident.key(), incident.title, incident.severity),
        body: incident.summary.clone(),
        why: "it turned out to hurt a service of your team".to_owned(),
        audience: Audience::teams(teams),
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}

/// Somebody posted an update.
///
/// # Errors
/// The database's.
pub fn update_posted(c: &mut Conn, actor: &Actor, incident: &Incident, text: &str, now: Moment) -> Result<(), Error> {
    let notice = Notice {
        kind: NoticeKind::IncidentUpdated,
        thing: thing(incident),
        title: format!("{} update: {}", incident.key(), incident.title),
        body: text.to_owned(),
        why: "it hurts a service of your team, or you have a role in it".to_owned(),
        audience: audience(c, incident.id)?,
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}
