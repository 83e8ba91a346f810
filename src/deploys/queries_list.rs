//! The list of deploys: filters and pages.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Deploy, DeployKind, DeployStatus};
use super::queries::account;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{deploy_people, deploys, services};
use crate::error::Error;
use crate::services::model::Service;

/// Which deploys are wanted; nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A service's slug.
    pub service: Option<String>,
    /// An environment.
    pub environment: Option<String>,
    /// A kind of change.
    pub kind: Option<DeployKind>,
    /// How it went.
    pub status: Option<DeployStatus>,
    /// Anybody in the trail: name as given, handle, or address.
    pub person: Option<String>,
    /// Not before.
    pub from: Option<Moment>,
    /// Before, not at.
    pub to: Option<Moment>,
}

/// A page out of one of the tables that know when a deploy happened, along that table's index.
macro_rules! page_out_of {
    ($table:expr, $happened_at:expr, $id:expr, $filter:expr, $service_id:expr, $turn:expr) => {{
        let mut query = $table.limit(PAGE_SIZE + 1).into_boxed();
        if let Some(id) = $service_id {
            query = query.filter(deploys::service_id.eq(id));
        }
        if let Some(environment) = &$filter.environment {
            query = query.filter(deploys::environment.eq(environment.clone()));
        }
        if let Some(kind) = $filter.kind {
            query = query.filter(deploys::kind.eq(kind));
        }
        if let Some(status) = $filter.status {
            query = query.filter(deploys::status.eq(status));
        }
        if let Some(from) = $filter.from {
            query = query.filter($happened_at.ge(from));
        }
        if let Some(to) = $filter.to {
            query = query.filter($happened_at.lt(to));
        }
        match $turn {
            Turn::First => query.order(($happened_at.desc(), $id.desc())),
            Turn::After(Cursor { sort, id }) => {
                let at = Moment::from_millis(sort);
                query
                    .filter($happened_at.le(at))
                    .filter($happened_at.lt(at).or($id.lt(id)))
                    .order(($happened_at.desc(), $id.desc()))
            }
            Turn::Before(Cursor { sort, id }) => {
                let at = Moment::from_millis(sort);
                query
                    .filter($happened_at.ge(at))
                    .filter($happened_at.gt(at).or($id.gt(id)))
                    .order(($happened_at.asc(), $id.asc()))
            }
        }
    }};
}

/// A page of deploys with their services, newest first. Somebody's are found along what they stood for, without looking
/// at those of others.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<(Deploy, Service)>, Error> {
    // By row id, so that the index of the service and the time serves it; an unknown slug finds nothing.
    let service_id = match &filter.service {
        Some(slug) => Some(crate::services::queries::find(c, slug)?.map_or(0, |service| service.id)),
        None => None,
    };
    let rows = match &filter.person {
        Some(name) => of_person(c, name, filter, service_id, turn)?,
        None => {
            let table = deploys::table.inner_join(services::table).select((Deploy::as_select(), Service::as_select()));
            page_out_of!(table, deploys::happened_at, deploys::id, filter, service_id, turn).load(c)?
        }
    };
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(deploy, _): &(Deploy, Service)| Cursor {
        sort: deploy.happened_at.millis(),
        id: deploy.id,
    }))
}

/// Those of a name, and those of the account that it belongs to: each along its index, and the page out of both.
fn of_person(
    c: &mut Conn,
    name: &str,
    filter: &Filter,
    service_id: Option<i64>,
    turn: Turn,
) -> Result<Vec<(Deploy, Service)>, Error> {
    let key = (deploy_people::happened_at, deploy_people::deploy_id);
    // Of somebody who stood for several things in a deploy it is one deploy all the same.
    let theirs = deploy_people::table.inner_join(deploys::table).select(key).distinct();
    let named = theirs.filter(deploy_people::name.eq(name));
    let mut found: Vec<(Moment, i64)> =
        page_out_of!(named, deploy_people::happened_at, deploy_people::deploy_id, filter, service_id, turn).load(c)?;
    if let Some(user_id) = account(c, name)? {
        let known = theirs.filter(deploy_people::user_id.eq(user_id));
        found.extend(
            page_out_of!(known, deploy_people::happened_at, deploy_people::deploy_id, filter, service_id, turn)
                .load::<(Moment, i64)>(c)?,
        );
    }
    found.sort_unstable();
    found.dedup();
    if !matches!(turn, Turn::Before(_)) {
        found.reverse();
    }
    found.truncate(usize::try_from(PAGE_SIZE + 1).unwrap_or(usize::MAX));
    let ids: Vec<i64> = found.iter().map(|(_, id)| *id).collect();
    let loaded: Vec<(Deploy, Service)> = deploys::table
        .inner_join(services::table)
        .filter(deploys::id.eq_any(&ids))
        .select((Deploy::as_select(), Service::as_select()))
        .load(c)?;
    let mut by_id: HashMap<i64, (Deploy, Service)> = loaded.into_iter().map(|row| (row.0.id, row)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}
