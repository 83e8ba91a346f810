//! What stands around an incident, in the database.

use diesel::prelude::*;
use serde_json::json;

use super::model::{FIGURE_LIMIT, FigureDraft, ImpactFigure, IncidentRole, NewTime, TimeCorrection};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    impact_figures, incident_roles, incident_services, incident_tags, services, time_corrections, timeline_events,
    users,
};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::incidents::story;
use crate::services::model::{Service, ServiceName};
use crate::timeline::model::EventSource;

/// Most corrections that a page shows.
pub const CORRECTION_LIMIT: i64 = 100;

/// The services that an incident hit, by slug.
///
/// # Errors
/// The database's.
pub fn services(c: &mut Conn, incident_id: i64) -> Result<Vec<Service>, Error> {
    Ok(incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq(incident_id))
        .order(services::slug)
        .select(Service::as_select())
        .load(c)?)
}

/// The services of many incidents, as pairs of incident id and service, by slug.
///
/// # Errors
/// The database's.
pub fn services_of(c: &mut Conn, incident_ids: &[i64]) -> Result<Vec<(i64, ServiceName)>, Error> {
    Ok(incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq_any(incident_ids.to_vec()))
        .order((incident_services::incident_id, services::slug))
        .select((incident_services::incident_id, ServiceName::as_select()))
        .load(c)?)
}

/// Makes `names` the services of an incident; unknown ones are added. Gives the slugs before and after.
///
/// # Errors
/// 422 when a name makes no slug.
pub fn set_services(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    names: &[String],
    now: Moment,
) -> Result<(Vec<String>, Vec<String>), Error> {
    let before: Vec<String> = services(c, incident_id)?.into_iter().map(|service| service.slug).collect();
    let mut wanted = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let service = crate::services::queries::find_or_add(c, actor, name, now).map_err(|error| match error {
            Error::Invalid(_) => {
                Error::field(&format!("services/{index}"), "Name the service with at least one letter or digit.")
            }
            other => other,
        })?;
        if !wanted.iter().any(|(id, _)| *id == service.id) {
            wanted.push((service.id, service.slug));
        }
    }
    diesel::delete(incident_services::table.filter(incident_services::incident_id.eq(incident_id))).execute(c)?;
    for (service_id, _) in &wanted {
        diesel::insert_into(incident_services::table)
            .values((incident_services::incident_id.eq(incident_id), incident_services::service_id.eq(service_id)))
            .execute(c)?;
    }
    let mut after: Vec<String> = wanted.into_iter().map(|(_, slug)| slug).collect();
    after.sort();
    Ok((before, after))
}

/// An incident's tags in order.
///
/// # Errors
/// The database's.
pub fn tags(c: &mut Conn, incident_id: i64) -> Result<Vec<String>, Error> {
    Ok(tags_of(c, &[incident_id])?.into_iter().map(|(_, tag)| tag).collect())
}

/// The tags of many incidents, as pairs of incident id and tag.
///
/// # Errors
/// The database's.
pub fn tags_of(c: &mut Conn, incident_ids: &[i64]) -> Result<Vec<(i64, String)>, Error> {
    Ok(incident_tags::table
        .filter(incident_tags::incident_id.eq_any(incident_ids.to_vec()))
        .order((incident_tags::incident_id, incident_tags::tag))
        .select((incident_tags::incident_id, incident_tags::tag))
        .load(c)?)
}

/// Makes `tags` the tags of an incident.
///
/// # Errors
/// The database's.
pub fn set_tags(c: &mut Conn, incident_id: i64, tags: &[String]) -> Result<(), Error> {
    diesel::delete(incident_tags::table.filter(incident_tags::incident_id.eq(incident_id))).execute(c)?;
    let mut tags = tags.to_vec();
    tags.sort();
    tags.dedup();
    for tag in &tags {
        diesel::insert_into(incident_tags::table)
            .values((incident_tags::incident_id.eq(incident_id), incident_tags::tag.eq(tag)))
            .execute(c)?;
    }
    Ok(())
}

/// Somebody in a role.
#[derive(Clone, Debug)]
pub struct RoleHolder {
    /// The role.
    pub role: IncidentRole,
    /// The person's row id.
    pub user_id: i64,
    /// The person's name.
    pub name: String,
    /// Since when.
    pub assigned_at: Moment,
}

/// Who has which role.
///
/// # Errors
/// The database's.
pub fn roles(c: &mut Conn, incident_id: i64) -> Result<Vec<RoleHolder>, Error> {
    let rows: Vec<(IncidentRole, i64, String, Moment)> = incident_roles::table
        .inner_join(users::table)
        .filter(incident_roles::incident_id.eq(incident_id))
        .order(incident_roles::role)
        .select((incident_roles::role, users::id, users::name, incident_roles::assigned_at))
        .load(c)?;
    let mut holders: Vec<RoleHolder> = rows
        .into_iter()
        .map(|(role, user_id, name, assigned_at)| RoleHolder { role, user_id, name, assigned_at })
        .collect();
    holders.sort_by_key(|holder| holder.role);
    Ok(holders)
}

/// Gives a role to a person, or to nobody.
///
/// # Errors
/// 422 when the person is unknown or may no longer sign in.
pub fn assign(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (role, user_id): (IncidentRole, Option<i64>),
    now: Moment,
) -> Result<(), Error> {
    let before = roles(c, incident.id)?.into_iter().find(|holder| holder.role == role);
    let name: Option<String> = match user_id {
        None => None,
        Some(id) => Some(
            users::table
                .find(id)
                .filter(users::disabled_at.is_null())
                .select(users::name)
                .first(c)
                .optional()?
                .ok_or_else(|| Error::field("user", "Pick one of the people who may sign in."))?,
        ),
    };
    if before.as_ref().map(|holder| holder.user_id) == user_id {
        return Ok(());
    }
    let mine =
        incident_roles::table.filter(incident_roles::incident_id.eq(incident.id)).filter(incident_roles::role.eq(role));
    diesel::delete(mine).execute(c)?;
    if let Some(user_id) = user_id {
        diesel::insert_into(incident_roles::table)
            .values((
                incident_roles::incident_id.eq(incident.id),
                incident_roles::role.eq(role),
                incident_roles::user_id.eq(user_id),
                incident_roles::assigned_at.eq(now),
            ))
            .execute(c)?;
    }
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.assign",
            subject: incident.key(),
            old: before.map(|holder| json!({ "role": role, "name": holder.name })),
            new: name.as_ref().map(|name| json!({ "role": role, "name": name })),
        },
    )?;
    story::assigned(c, actor, incident.id, (role, name.as_deref()), now)
}

/// An incident's impact figures in the order in which they were added.
///
/// # Errors
/// The database's.
pub fn figures(c: &mut Conn, incident_id: i64) -> Result<Vec<ImpactFigure>, Error> {
    Ok(impact_figures::table
        .filter(impact_figures::incident_id.eq(incident_id))
        .order(impact_figures::id)
        .limit(FIGURE_LIMIT)
        .select(ImpactFigure::as_select())
        .load(c)?)
}

/// Adds an impact figure.
///
/// # Errors
/// 422 when there are too many already.
pub fn add_figure(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    draft: &FigureDraft,
    now: Moment,
) -> Result<(), Error> {
    if figures(c, incident.id)?.len() as i64 >= FIGURE_LIMIT {
        return Err(Error::field("label", format!("Keep it to {FIGURE_LIMIT} figures: remove one first.")));
    }
    diesel::insert_into(impact_figures::table)
        .values((
            impact_figures::incident_id.eq(incident.id),
            impact_figures::label.eq(&draft.label),
            impact_figures::amount.eq(draft.amount),
            impact_figures::unit.eq(&draft.unit),
            impact_figures::source.eq(&draft.source),
            impact_figures::basis.eq(draft.basis),
            impact_figures::created_by.eq(actor.user_id),
            impact_figures::created_at.eq(now),
        ))
        .execute(c)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.add_figure",
            subject: incident.key(),
            old: None::<()>,
            new: Some(json!({
                "label": draft.label, "amount": draft.amount, "unit": draft.unit, "source": draft.source,
                "basis": draft.basis,
            })),
        },
    )?;
    story::figure_added(c, actor, incident.id, draft, now)
}

/// Removes an impact figure of this incident.
///
/// # Errors
/// 404 when it is not one of this incident's.
pub fn remove_figure(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    id: i64,
    now: Moment,
) -> Result<ImpactFigure, Error> {
    let figure: ImpactFigure = impact_figures::table
        .find(id)
        .filter(impact_figures::incident_id.eq(incident.id))
        .select(ImpactFigure::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("impact figure", id))?;
    diesel::delete(impact_figures::table.find(id)).execute(c)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.remove_figure",
            subject: incident.key(),
            old: Some(json!({
                "label": figure.label, "amount": figure.amount, "unit": figure.unit, "source": figure.source,
                "basis": figure.basis,
            })),
            new: None::<()>,
        },
    )?;
    story::figure_removed(c, actor, incident.id, &figure, now)?;
    Ok(figure)
}

/// Corrected times with the names of those who did it, newest first.
///
/// # Errors
/// The database's.
pub fn corrections(c: &mut Conn, incident_id: i64) -> Result<Vec<(TimeCorrection, Option<String>)>, Error> {
    Ok(time_corrections::table
        .left_join(users::table)
        .filter(time_corrections::incident_id.eq(incident_id))
        .order(time_corrections::id.desc())
        .limit(CORRECTION_LIMIT)
        .select((TimeCorrection::as_select(), users::name.nullable()))
        .load(c)?)
}

/// Puts a changed time on record and on the timeline: what it was, what it is.
///
/// # Errors
/// The database's.
pub fn record_correction(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    time: &NewTime<'_>,
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(time_corrections::table)
        .values((
            time_corrections::incident_id.eq(incident_id),
            time_corrections::field.eq(time.field),
            time_corrections::old_at.eq(time.old_at),
            time_corrections::new_at.eq(time.new_at),
            time_corrections::reason.eq(time.reason),
            time_corrections::corrected_by.eq(actor.user_id),
            time_corrections::corrected_at.eq(now),
        ))
        .execute(c)?;
    if let (Some(old), Some(new)) = (time.old_at, time.new_at) {
        // The fact itself moves to where it belongs; that it was corrected stands on the timeline as well.
        let fact = timeline_events::table
            .filter(timeline_events::incident_id.eq(incident_id))
            .filter(timeline_events::source.eq(EventSource::StatusChange))
            .filter(timeline_events::happened_at.eq(old))
            .filter(timeline_events::text.like(format!("{}%", story::step_words(time.field))));
        diesel::update(fact)
            .set((timeline_events::happened_at.eq(new), timeline_events::updated_at.eq(now)))
            .execute(c)?;
    }
    story::corrected(c, actor, incident_id, time, now)
}

/// People who may take a role, by name: row id and name.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn) -> Result<Vec<(i64, String)>, Error> {
    Ok(users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .limit(500)
        .select((users::id, users::name))
        .load(c)?)
}
