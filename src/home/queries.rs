//! The reads of home; each has a limit.

use chrono::{Days, NaiveDate};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::{DUE_WINDOW, Desk, PART_LIMIT, SOON_DAYS};
use crate::action_items::list::queries::decorate;
use crate::action_items::model::ActionItem;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, deploys, incidents, postmortems, services};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::incidents::around::queries::services_of;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::incidents::register::queries::{live, that_hurt};
use crate::postmortems::model::PostmortemStatus;
use crate::services::model::{Service, ServiceName};

const LIMIT: i64 = PART_LIMIT as i64;
/// Most retros that are shown as the next ones.
const RETRO_LIMIT: i64 = 3;

/// Everything on the desk of one person, whose calendar says `today`.
///
/// # Errors
/// The database's.
pub fn desk(c: &mut Conn, user_id: i64, today: NaiveDate) -> Result<Desk, Error> {
    let deploys = latest_deploys(c)?;
    let live = live_incidents(c)?;
    let any_incident: Option<i64> = incidents::table.order(incidents::id).select(incidents::id).first(c).optional()?;
    Ok(Desk {
        is_blank: deploys.is_empty() && any_incident.is_none(),
        my_items: my_items(c, user_id, today)?,
        checks: crate::action_items::effects::queries::due_for(c, user_id, today, LIMIT)?,
        retros: crate::retros::queries::next_of_person(c, user_id, RETRO_LIMIT)?,
        unpublished: unpublished(c)?,
        my_drafts: my_drafts(c, user_id)?,
        published: published(c)?,
        closed: closed_items(c)?,
        live,
        deploys,
    })
}

fn live_incidents(c: &mut Conn) -> Result<Vec<(Incident, Vec<ServiceName>)>, Error> {
    let rows: Vec<Incident> = incidents::table
        .filter(incidents::status.eq_any(live()))
        .order((incidents::severity.asc(), incidents::started_at.desc(), incidents::id.desc()))
        .limit(LIMIT)
        .select(Incident::as_select())
        .load(c)?;
    let ids: Vec<i64> = rows.iter().map(|incident| incident.id).collect();
    let named = services_of(c, &ids)?;
    Ok(rows
        .into_iter()
        .map(|incident| {
            let hit = named.iter().filter(|(id, _)| *id == incident.id).map(|(_, service)| service.clone()).collect();
            (incident, hit)
        })
        .collect())
}

fn my_items(c: &mut Conn, user_id: i64, today: NaiveDate) -> Result<Vec<crate::action_items::model::ActionRow>, Error> {
    let soon = today.checked_add_days(Days::new(SOON_DAYS)).unwrap_or(today);
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::owner_id.eq(user_id))
        .filter(action_items::closed_at.is_null())
        .filter(action_items::due_on.le(soon))
        .order((action_items::due_on.asc(), action_items::id.asc()))
        .limit(LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    decorate(c, items)
}

fn unpublished(c: &mut Conn) -> Result<Vec<Incident>, Error> {
    let done = postmortems::table
        .filter(postmortems::incident_id.eq(incidents::id))
        .filter(postmortems::status.eq_any([PostmortemStatus::Published, PostmortemStatus::NotNeeded]));
    Ok(incidents::table
        .filter(incidents::status.eq(IncidentStatus::Resolved))
        .filter(that_hurt())
        .filter(diesel::dsl::not(exists(done)))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(DUE_WINDOW)
        .select(Incident::as_select())
        .load(c)?)
}

fn my_drafts(c: &mut Conn, user_id: i64) -> Result<Vec<Incident>, Error> {
    let mut found: Vec<(Moment, i64, Incident)> = Vec::new();
    // Each status by itself, along its index: those of both would have to be sorted.
    for status in [PostmortemStatus::Draft, PostmortemStatus::InReview] {
        let of_status: Vec<(Moment, i64, Incident)> = postmortems::table
            .inner_join(incidents::table)
            .filter(postmortems::status.eq(status))
            .filter(postmortems::started_by.eq(user_id))
            .order((postmortems::updated_at.desc(), postmortems::id.desc()))
            .limit(LIMIT)
            .select((postmortems::updated_at, postmortems::id, Incident::as_select()))
            .load(c)?;
        found.extend(of_status);
    }
    found.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
    Ok(found.into_iter().take(usize::try_from(LIMIT).unwrap_or(0)).map(|(_, _, incident)| incident).collect())
}

fn latest_deploys(c: &mut Conn) -> Result<Vec<(Deploy, Service)>, Error> {
    Ok(deploys::table
        .inner_join(services::table)
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(LIMIT)
        .select((Deploy::as_select(), Service::as_select()))
        .load(c)?)
}

fn published(c: &mut Conn) -> Result<Vec<(Incident, Moment)>, Error> {
    let rows: Vec<(Incident, Option<Moment>)> = postmortems::table
        .inner_join(incidents::table)
        .filter(postmortems::published_at.is_not_null())
        .order((postmortems::published_at.desc(), postmortems::id.desc()))
        .limit(LIMIT)
        .select((Incident::as_select(), postmortems::published_at))
        .load(c)?;
    Ok(rows.into_iter().filter_map(|(incident, at)| Some((incident, at?))).collect())
}

fn closed_items(c: &mut Conn) -> Result<Vec<crate::action_items::model::ActionRow>, Error> {
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::closed_at.is_not_null())
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    decorate(c, items)
}
