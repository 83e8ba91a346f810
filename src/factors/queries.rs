//! Contributing factors in the database.

use diesel::prelude::*;

use super::model::{Factor, IncidentFactor, NAME_LIMIT, PER_INCIDENT_LIMIT};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{contributing_factors, incident_factors, incidents};
use crate::error::Error;
use crate::web::fields::slugify;

/// Most factors that a choice suggests.
pub const CHOICE_LIMIT: i64 = 500;

/// Every factor by name, for suggestions.
///
/// # Errors
/// The database's.
pub fn choices(c: &mut Conn) -> Result<Vec<Factor>, Error> {
    Ok(contributing_factors::table
        .order((contributing_factors::name, contributing_factors::id))
        .limit(CHOICE_LIMIT)
        .select(Factor::as_select())
        .load(c)?)
}

/// The factor with this slug.
///
/// # Errors
/// 404 when there is none.
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Factor, Error> {
    find(c, slug)?.ok_or_else(|| Error::no("contributing factor", slug))
}

/// The factor with this slug, if any.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, slug: &str) -> Result<Option<Factor>, Error> {
    Ok(contributing_factors::table
        .filter(contributing_factors::slug.eq(slug))
        .select(Factor::as_select())
        .first(c)
        .optional()?)
}

/// The factors of an incident, in the order in which they were named.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<Vec<IncidentFactor>, Error> {
    let rows: Vec<(Factor, String, Moment, Moment)> = incident_factors::table
        .inner_join(contributing_factors::table)
        .inner_join(incidents::table)
        .filter(incident_factors::incident_id.eq(incident_id))
        .order((incident_factors::added_at, incident_factors::factor_id))
        .limit(PER_INCIDENT_LIMIT as i64)
        .select((Factor::as_select(), incident_factors::note, incident_factors::added_at, incidents::started_at))
        .load(c)?;
    let Some(started_at) = rows.first().map(|(.., started_at)| *started_at) else { return Ok(Vec::new()) };
    let ids: Vec<i64> = rows.iter().map(|(factor, ..)| factor.id).collect();
    // Incidents that started at the same instant are ordered by id, so that no two are "the 4th time".
    let counted: Vec<(i64, i64)> = incident_factors::table
        .inner_join(incidents::table)
        .filter(incident_factors::factor_id.eq_any(ids))
        .filter(
            incidents::started_at
                .lt(started_at)
                .or(incidents::started_at.eq(started_at).and(incidents::id.le(incident_id))),
        )
        .group_by(incident_factors::factor_id)
        .select((incident_factors::factor_id, diesel::dsl::count_star()))
        .load(c)?;
    let occurrence = |id: i64| counted.iter().find(|(factor_id, _)| *factor_id == id).map_or(1, |(_, count)| *count);
    Ok(rows
        .into_iter()
        .map(|(factor, note, added_at, _)| IncidentFactor { occurrence: occurrence(factor.id), factor, note, added_at })
        .collect())
}

/// The factor of this name; made when nobody named it before.
///
/// # Errors
/// 422 about `name` when it makes no slug or is too long.
pub fn find_or_add(c: &mut Conn, actor: &Actor, name: &str, now: Moment) -> Result<Factor, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > NAME_LIMIT {
        return Err(Error::field("name", format!("Shorten the factor's name to {NAME_LIMIT} characters.")));
    }
    let slug = slugify(&name);
    if slug.is_empty() {
        return Err(Error::field("name", "Name the factor with at least one letter or digit."));
    }
    if let Some(factor) = find(c, &slug)? {
        return Ok(factor);
    }
    let row = (
        contributing_factors::slug.eq(&slug),
        contributing_factors::name.eq(&name),
        contributing_factors::description.eq(""),
        contributing_factors::created_at.eq(now),
    );
    // Two people may name the same new factor at once; both mean the same record.
    let is_new = match c {
        Conn::Sqlite(c) => {
            diesel::insert_into(contributing_factors::table).values(row).on_conflict_do_nothing().execute(c)?
        }
        Conn::Postgres(c) => {
            diesel::insert_into(contributing_factors::table).values(row).on_conflict_do_nothing().execute(c)?
        }
    } == 1;
    if is_new {
        audit::record(
            c,
            actor,
            now,
            &Change {
                action: "factor.add",
                subject: format!("factor {slug}"),
                old: None::<()>,
                new: Some(serde_json::json!({ "name": name })),
            },
        )?;
    }
    by_slug(c, &slug)
}
