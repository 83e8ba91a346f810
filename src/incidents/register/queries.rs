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

/// Incidents and no near misses. Said like this, it is never an index of kinds that serves: nearly all are of this one, and
/// SQLite, which does not know that, walked over them to find the few that are live.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn that_hurt() -> _ {
    let nearly: IncidentKind = IncidentKind::NearMiss;
    incidents::kind.ne(nearly)
}

/// A page out of one of the tables that know when an incident started, along that table's index.
macro_rules! page_out_of {
    ($table:expr, $started_at:expr, $id:expr, $filter:expr, $turn:expr, $c:expr) => {{
        let mut query = $table.select(Incident::as_select()).limit(PAGE_SIZE + 1).into_boxed();
        query = match $filter.status {
            None => query,
            Some(StatusFilter::One(status)) => query.filter(incidents::status.eq(status)),
            Some(StatusFilter::Live) => query.filter(incidents::status.eq_any(live())),
        };
        if let Some(severity) = $filter.severity {
            query = query.filter(incidents::severity.eq(severity));
        }
        query = match $filter.kind {
            None => query,
            Some(IncidentKind::Incident) => query.filter(that_hurt()),
            Some(kind @ IncidentKind::NearMiss) => query.filter(incidents::kind.eq(kind)),
        };
        if let Some(from) = $filter.from {
            query = query.filter($started_at.ge(from));
        }
        if let Some(before) = $filter.before {
            query = query.filter($started_at.lt(before));
        }
        query = match $turn {
            Turn::First => query.order(($started_at.desc(), $id.desc())),
            Turn::After(Cursor { sort, id }) => {
                let at = Moment::from_millis(sort);
                query
                    .filter($started_at.le(at))
                    .filter($started_at.lt(at).or($id.lt(id)))
                    .order(($started_at.desc(), $id.desc()))
            }
            Turn::Before(Cursor { sort, id }) => {
                let at = Moment::from_millis(sort);
                query
                    .filter($started_at.ge(at))
                    .filter($started_at.gt(at).or($id.gt(id)))
                    .order(($started_at.asc(), $id.asc()))
            }
        };
        query.load::<Incident>($c)?
    }};
}

/// A page of incidents, newest start first. Those of a service or with a tag are found along what struck it, without
/// looking at the others.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<Incident>, Error> {
    let rows: Vec<Incident> = if let Some(slug) = &filter.service {
        let service_id: Option<i64> =
            services::table.filter(services::slug.eq(slug)).select(services::id).first(c).optional()?;
        let hit = incident_services::table
            .inner_join(incidents::table)
            .filter(incident_services::service_id.eq(service_id.unwrap_or(0)));
        match &filter.tag {
            None => {
                page_out_of!(hit, incident_services::struck_at, incident_services::incident_id, filter, turn, c)
            }
            Some(tag) => {
                let tagged = incident_tags::table
                    .filter(incident_tags::incident_id.eq(incident_services::incident_id))
                    .filter(incident_tags::tag.eq(tag));
                let hit = hit.filter(diesel::dsl::exists(tagged));
                page_out_of!(hit, incident_services::struck_at, incident_services::incident_id, filter, turn, c)
            }
        }
    } else if let Some(tag) = &filter.tag {
        let tagged = incident_tags::table.inner_join(incidents::table).filter(incident_tags::tag.eq(tag));
        page_out_of!(tagged, incident_tags::struck_at, incident_tags::incident_id, filter, turn, c)
    } else {
        page_out_of!(incidents::table, incidents::started_at, incidents::id, filter, turn, c)
    };
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
