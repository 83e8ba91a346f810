//! Contributing factors in the database.

use diesel::prelude::*;

use super::forms::FactorDraft;
use super::model::{FATE_LIMIT, Factor, FactorRow, IncidentFactor, NAME_LIMIT, PER_INCIDENT_LIMIT};
use crate::action_items::model::{ActionItem, ActionStatus};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{action_items, contributing_factors, incident_factors, incidents};
use crate::db::{Conn, few};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::timeline::model::{EventKind, EventSource};
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

/// The factors of an incident: row id and name, by row id.
///
/// # Errors
/// The database's.
pub fn names(c: &mut Conn, incident_id: i64) -> Result<Vec<(i64, String)>, Error> {
    Ok(incident_factors::table
        .inner_join(contributing_factors::table)
        .filter(incident_factors::incident_id.eq(incident_id))
        .order(incident_factors::factor_id)
        .limit(PER_INCIDENT_LIMIT as i64)
        .select((incident_factors::factor_id, contributing_factors::name))
        .load(c)?)
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
        .filter(incident_factors::factor_id.eq_any(ids))
        .filter(incident_factors::struck_at.le(started_at))
        .filter(incident_factors::struck_at.lt(started_at).or(incident_factors::incident_id.le(incident_id)))
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

/// One page of the factors by name, with how often they came up and what is still to be done about them.
/// `after` is the slug of the last row seen.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, after: Option<String>) -> Result<(Vec<FactorRow>, bool), Error> {
    let mut query = contributing_factors::table
        .order(contributing_factors::slug.asc())
        .limit(PAGE_SIZE + 1)
        .select(Factor::as_select())
        .into_boxed();
    if let Some(slug) = after {
        query = query.filter(contributing_factors::slug.gt(slug));
    }
    let mut factors: Vec<Factor> = query.load(c)?;
    let there_is_more = factors.len() as i64 > PAGE_SIZE;
    factors.truncate(PAGE_SIZE as usize);
    Ok((counted(c, factors)?, there_is_more))
}

fn counted(c: &mut Conn, factors: Vec<Factor>) -> Result<Vec<FactorRow>, Error> {
    let ids: Vec<i64> = factors.iter().map(|factor| factor.id).collect();
    let incident_counts: Vec<(i64, i64)> = contributing_factors::table
        .filter(contributing_factors::id.eq_any(&ids))
        .select((contributing_factors::id, contributing_factors::incident_count))
        .load(c)?;
    let unfinished = ActionStatus::ALL.iter().filter(|status| status.is_unfinished());
    let unfinished = unfinished.map(|status| format!("'{status}'")).collect::<Vec<_>>().join(", ");
    let items = format!("FROM action_items i WHERE i.factor_id = x.id AND i.status IN ({unfinished})");
    let item_counts = few::counts(c, "contributing_factors", &items, &ids)?;
    Ok(factors
        .into_iter()
        .map(|factor| FactorRow {
            incident_count: incident_counts.iter().find(|(id, _)| *id == factor.id).map_or(0, |(_, count)| *count),
            open_item_count: item_counts.get(&factor.id).copied().unwrap_or_default(),
            factor,
        })
        .collect())
}

/// The counts of one factor.
///
/// # Errors
/// The database's.
pub fn with_counts(c: &mut Conn, factor: Factor) -> Result<FactorRow, Error> {
    Ok(counted(c, vec![factor])?.remove(0))
}

/// A page of the incidents with a factor and its note on each, the newest first.
///
/// # Errors
/// The database's.
pub fn incidents_of(c: &mut Conn, factor_id: i64, turn: Turn) -> Result<Page<(Incident, String)>, Error> {
    let mut query = incident_factors::table
        .inner_join(incidents::table)
        .filter(incident_factors::factor_id.eq(factor_id))
        .limit(PAGE_SIZE + 1)
        .select((Incident::as_select(), incident_factors::note))
        .into_boxed();
    query = match turn {
        Turn::First => query.order((incident_factors::struck_at.desc(), incident_factors::incident_id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incident_factors::struck_at.le(at))
                .filter(incident_factors::struck_at.lt(at).or(incident_factors::incident_id.lt(id)))
                .order((incident_factors::struck_at.desc(), incident_factors::incident_id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incident_factors::struck_at.ge(at))
                .filter(incident_factors::struck_at.gt(at).or(incident_factors::incident_id.gt(id)))
                .order((incident_factors::struck_at.asc(), incident_factors::incident_id.asc()))
        }
    };
    let rows: Vec<(Incident, String)> = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(incident, _)| Cursor {
        sort: incident.started_at.millis(),
        id: incident.id,
    }))
}

/// The newest action items that work on a factor: of each status one more than a page shows of one fate, the newest first.
///
/// # Errors
/// The database's.
pub fn items_of(c: &mut Conn, factor_id: i64) -> Result<Vec<ActionItem>, Error> {
    let mut items: Vec<ActionItem> = Vec::new();
    for status in ActionStatus::ALL {
        items.extend(
            action_items::table
                .filter(action_items::factor_id.eq(factor_id))
                .filter(action_items::status.eq(status))
                .order(action_items::id.desc())
                .limit(FATE_LIMIT as i64 + 1)
                .select(ActionItem::as_select())
                .load(c)?,
        );
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(items)
}

/// Says what is meant by a factor. Its slug stays.
///
/// # Errors
/// 404
pub fn describe(c: &mut Conn, actor: &Actor, slug: &str, draft: &FactorDraft, now: Moment) -> Result<Factor, Error> {
    let before = by_slug(c, slug)?;
    diesel::update(contributing_factors::table.find(before.id))
        .set((contributing_factors::name.eq(&draft.name), contributing_factors::description.eq(&draft.note)))
        .execute(c)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "factor.change",
            subject: format!("factor {slug}"),
            old: Some(serde_json::json!({ "name": before.name, "description": before.description })),
            new: Some(serde_json::json!({ "name": draft.name, "description": draft.note })),
        },
    )?;
    by_slug(c, slug)
}

/// Names a factor of an incident; a new name makes the factor. Naming it again changes its note.
///
/// # Errors
/// 422 about `name`.
pub fn attach(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    draft: &FactorDraft,
    now: Moment,
) -> Result<Factor, Error> {
    let factor = find_or_add(c, actor, &draft.name, now)?;
    let here = incident_factors::table
        .filter(incident_factors::incident_id.eq(incident.id))
        .filter(incident_factors::factor_id.eq(factor.id));
    let old: Option<String> = here.select(incident_factors::note).first(c).optional()?;
    if old.as_deref() == Some(draft.note.as_str()) {
        return Ok(factor);
    }
    let count: i64 =
        incident_factors::table.filter(incident_factors::incident_id.eq(incident.id)).count().get_result(c)?;
    if old.is_none() && count >= PER_INCIDENT_LIMIT as i64 {
        let message =
            format!("{} has {PER_INCIDENT_LIMIT} factors already. Remove one that says least.", incident.key());
        return Err(Error::field("name", message));
    }
    let row = (
        incident_factors::incident_id.eq(incident.id),
        incident_factors::factor_id.eq(factor.id),
        incident_factors::note.eq(&draft.note),
        incident_factors::user_id.eq(actor.user_id),
        incident_factors::added_at.eq(now),
    );
    let is_new = match c {
        Conn::Sqlite(c) => {
            diesel::insert_into(incident_factors::table).values(row).on_conflict_do_nothing().execute(c)?
        }
        Conn::Postgres(c) => {
            diesel::insert_into(incident_factors::table).values(row).on_conflict_do_nothing().execute(c)?
        }
    } == 1;
    if !is_new {
        diesel::update(here).set(incident_factors::note.eq(&draft.note)).execute(c)?;
    }
    if is_new {
        tell(c, actor, incident, &format!("Contributing factor named: {}", factor.name), now)?;
    }
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.factor",
            subject: incident.key(),
            old: old.map(|note| serde_json::json!({ "factor": factor.slug, "note": note })),
            new: Some(serde_json::json!({ "factor": factor.slug, "note": draft.note })),
        },
    )?;
    Ok(factor)
}

/// Takes a factor off an incident; the factor stays. Gives its note, so that the step can be undone.
///
/// # Errors
/// 404 when it is not there.
pub fn detach(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    slug: &str,
    now: Moment,
) -> Result<(Factor, String), Error> {
    let factor = by_slug(c, slug)?;
    let here = incident_factors::table
        .filter(incident_factors::incident_id.eq(incident.id))
        .filter(incident_factors::factor_id.eq(factor.id));
    let note: String = here
        .select(incident_factors::note)
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("contributing factor", format!("{slug} on {}", incident.key())))?;
    diesel::delete(here).execute(c)?;
    tell(c, actor, incident, &format!("Contributing factor taken off: {}", factor.name), now)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "incident.factor_removed",
            subject: incident.key(),
            old: Some(serde_json::json!({ "factor": factor.slug, "note": note })),
            new: None::<()>,
        },
    )?;
    Ok((factor, note))
}

fn tell(c: &mut Conn, actor: &Actor, incident: &Incident, text: &str, now: Moment) -> Result<(), Error> {
    let (kind, source) = (EventKind::Note, EventSource::StatusChange);
    crate::timeline::queries::note(c, actor, incident.id, now, kind, source, text, None, now)?;
    Ok(())
}
