//! The list's SQL. Newest start first; the order is complete by id.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{incident_services, incident_tags, incidents, postmortems, services};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentKind, IncidentStatus, Severity};

/// Which statuses a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    /// Everything that is not resolved.
    Live,
    /// One status.
    One(IncidentStatus),
}

/// What a list shows; `None` shows all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By status.
    pub status: Option<StatusFilter>,
    /// By severity.
    pub severity: Option<Severity>,
    /// By kind.
    pub kind: Option<IncidentKind>,
    /// By a service's slug.
    pub service: Option<String>,
    /// By a tag.
    pub tag: Option<String>,
    /// Started at this instant or later.
    pub from: Option<Moment>,
    /// Started before this instant.
    pub before: Option<Moment>,
}

/// The incident that started last, if there is any.
///
/// # Errors
/// The database's.
pub fn newest(c: &mut Conn) -> Result<Option<Incident>, Error> {
    let first = incidents::table.order((incidents::started_at.desc(), incidents::id.desc())).limit(1);
    Ok(first.select(Incident::as_select()).first(c).optional()?)
}

/// A page of incidents, newest start first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<Incident>, Error> {
    let mut query = incidents::table.select(Incident::as_select()).limit(PAGE_SIZE + 1).into_boxed();
    query = match filter.status {
        None => query,
        Some(StatusFilter::One(status)) => query.filter(incidents::status.eq(status)),
        Some(StatusFilter::Live) => query.filter(incidents::status.eq_any(live())),
    };
    if let Some(severity) = filter.severity {
        query = query.filter(incidents::severity.eq(severity));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(incidents::kind.eq(kind));
    }
    if let Some(slug) = &filter.service {
        query = query.filter(diesel::dsl::exists(
            incident_services::table
                .inner_join(services::table)
                .filter(incident_services::incident_id.eq(incidents::id))
                .filter(services::slug.eq(slug.clone())),
        ));
    }
    if let Some(tag) = &filter.tag {
        query = query.filter(diesel::dsl::exists(
            incident_tags::table
                .filter(incident_tags::incident_id.eq(incidents::id))
                .filter(incident_tags::tag.eq(tag.clone())),
        ));
    }
    if let Some(from) = filter.from {
        query = query.filter(incidents::started_at.ge(from));
    }
    if let Some(before) = filter.before {
        query = query.filter(incidents::started_at.lt(before));
    }
    query = match turn {
        Turn::First => query.order((incidents::started_at.desc(), incidents::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incidents::started_at.le(at))
                .filter(incidents::started_at.lt(at).or(incidents::id.lt(id)))
                .order((incidents::started_at.desc(), incidents::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incidents::started_at.ge(at))
                .filter(incidents::started_at.gt(at).or(incidents::id.gt(id)))
                .order((incidents::started_at.asc(), incidents::id.asc()))
        }
    };
    let rows: Vec<Incident> = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |incident| Cursor {
        sort: incident.started_at.millis(),
        id: incident.id,
    }))
}

/// The statuses that ask for somebody.
pub fn live() -> Vec<IncidentStatus> {
    IncidentStatus::ALL.iter().copied().filter(|status| status.is_live()).collect()
}

/// The postmortem's status of many incidents, as pairs of incident id and word; an incident without one is left out.
///
/// # Errors
/// The database's.
pub fn postmortem_words(c: &mut Conn, incident_ids: &[i64]) -> Result<Vec<(i64, String)>, Error> {
    Ok(postmortems::table
        .filter(postmortems::incident_id.eq_any(incident_ids.to_vec()))
        .order(postmortems::id)
        .select((postmortems::incident_id, postmortems::status))
        .load(c)?)
}
