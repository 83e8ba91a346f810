//! The list of signals: filters and pages.

use diesel::prelude::*;

use super::model::AlertState;
use super::model_signal::Signal;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{services, signals};
use crate::error::Error;
use crate::services::model::Service;

/// Most sources that the filter offers.
const SOURCE_CHOICES: usize = 40;

/// Which signals are wanted; nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Firing or resolved.
    pub state: Option<AlertState>,
    /// A service's slug.
    pub service: Option<String>,
    /// A source, as in `alertmanager/main`.
    pub source: Option<String>,
    /// Fired not before.
    pub from: Option<Moment>,
    /// Fired before, not at.
    pub to: Option<Moment>,
}

/// A page of signals with their services, the last to fire first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<(Signal, Option<Service>)>, Error> {
    let mut query = signals::table
        .left_join(services::table)
        .select((Signal::as_select(), Option::<Service>::as_select()))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(signals::state.eq(state));
    }
    if let Some(slug) = &filter.service {
        let id = crate::services::queries::find(c, slug)?.map_or(0, |service| service.id);
        query = query.filter(signals::service_id.eq(id));
    }
    if let Some(source) = &filter.source {
        query = query.filter(signals::source.eq(source.clone()));
    }
    if let Some(from) = filter.from {
        query = query.filter(signals::last_started_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(signals::last_started_at.lt(to));
    }
    query = match turn {
        Turn::First => query.order((signals::last_started_at.desc(), signals::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(signals::last_started_at.le(at))
                .filter(signals::last_started_at.lt(at).or(signals::id.lt(id)))
                .order((signals::last_started_at.desc(), signals::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(signals::last_started_at.ge(at))
                .filter(signals::last_started_at.gt(at).or(signals::id.gt(id)))
                .order((signals::last_started_at.asc(), signals::id.asc()))
        }
    };
    let rows = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(signal, _): &(Signal, Option<Service>)| Cursor {
        sort: signal.last_started_at.millis(),
        id: signal.id,
    }))
}

/// Every source that a signal came from, a few dozen at most.
///
/// # Errors
/// The database's.
pub fn sources(c: &mut Conn) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    // One step in the index for each source, in place of a walk over every signal.
    while found.len() < SOURCE_CHOICES {
        let last = found.last().cloned().unwrap_or_default();
        let next: Option<String> = signals::table
            .filter(signals::source.gt(last))
            .order(signals::source.asc())
            .select(signals::source)
            .first(c)
            .optional()?;
        match next {
            Some(source) => found.push(source),
            None => break,
        }
    }
    Ok(found)
}
