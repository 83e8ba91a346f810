//! The list of deploys: filters and pages.

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

/// A page of deploys with their services, newest first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<(Deploy, Service)>, Error> {
    let mut query = deploys::table
        .inner_join(services::table)
        .select((Deploy::as_select(), Service::as_select()))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(slug) = &filter.service {
        // By row id, so that the index of the service and the time serves it; an unknown slug finds nothing.
        let id = crate::services::queries::find(c, slug)?.map_or(0, |service| service.id);
        query = query.filter(deploys::service_id.eq(id));
    }
    if let Some(environment) = &filter.environment {
        query = query.filter(deploys::environment.eq(environment.clone()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(deploys::kind.eq(kind));
    }
    if let Some(status) = filter.status {
        query = query.filter(deploys::status.eq(status));
    }
    if let Some(name) = &filter.person {
        let user_id = account(c, name)?.unwrap_or(0);
        let theirs = deploy_people::table
            .filter(deploy_people::name.eq(name.clone()).or(deploy_people::user_id.eq(user_id)))
            .select(deploy_people::deploy_id);
        query = query.filter(deploys::id.eq_any(theirs));
    }
    if let Some(from) = filter.from {
        query = query.filter(deploys::happened_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(deploys::happened_at.lt(to));
    }
    query = match turn {
        Turn::First => query.order((deploys::happened_at.desc(), deploys::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(deploys::happened_at.le(at))
                .filter(deploys::happened_at.lt(at).or(deploys::id.lt(id)))
                .order((deploys::happened_at.desc(), deploys::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(deploys::happened_at.ge(at))
                .filter(deploys::happened_at.gt(at).or(deploys::id.gt(id)))
                .order((deploys::happened_at.asc(), deploys::id.asc()))
        }
    };
    let rows = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(deploy, _): &(Deploy, Service)| Cursor {
        sort: deploy.happened_at.millis(),
        id: deploy.id,
    }))
}
