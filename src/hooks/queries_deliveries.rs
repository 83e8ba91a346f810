//! Lists of deliveries: filters, pages, replays of many, and those that are read again to see a deploy whole.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::jobs::READ_DELIVERY;
use super::model::{Delivery, Headers, Sender, Source, Verdict};
use super::model_reading::Reading;
use super::queries::{self, How, ToRead};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{deliveries, deploys, sources};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::jobs;

/// Most deliveries that are read again at once.
pub const REPLAY_LIMIT: i64 = 500;
/// Most deliveries of one deploy that are read together.
const OF_DEPLOY_LIMIT: i64 = 50;

/// What a delivery has to be for the index of those that wait, ...
const WAITS: &str = "deliveries.verdict = 'waiting'";
/// ... and for those by what became of it. The databases take an index only where these words are said.
const WAITS_NO_MORE: &str = "deliveries.verdict <> 'waiting'";

/// Which deliveries are wanted; nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A source's slug.
    pub source: Option<String>,
    /// A sender.
    pub sender: Option<Sender>,
    /// What became of it.
    pub verdict: Option<Verdict>,
}

/// A delivery with its source and what it became.
pub type DeliveryRow = (Delivery, Source, Option<Deploy>);

/// The row of the source that a filter names; one that is not there finds nothing.
fn source_id(c: &mut Conn, filter: &Filter) -> Result<Option<i64>, Error> {
    Ok(match &filter.source {
        Some(slug) => Some(queries::find(c, slug)?.map_or(0, |source| source.id)),
        None => None,
    })
}

/// A page of deliveries, newest first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<DeliveryRow>, Error> {
    let source_id = source_id(c, filter)?;
    let mut query = deliveries::table
        .inner_join(sources::table)
        .left_join(deploys::table)
        .select((Delivery::as_select(), Source::as_select(), Option::<Deploy>::as_select()))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(source_id) = source_id {
        query = query.filter(deliveries::source_id.eq(source_id));
    }
    if let Some(sender) = filter.sender {
        query = query.filter(deliveries::sender.eq(sender));
    }
    query = match filter.verdict {
        None => query,
        Some(Verdict::Waiting) => query.filter(sql::<Bool>(WAITS)),
        Some(verdict) => query.filter(deliveries::verdict.eq(verdict)).filter(sql::<Bool>(WAITS_NO_MORE)),
    };
    let query = match turn {
        Turn::First => query.order(deliveries::id.desc()),
        Turn::After(cursor) => query.filter(deliveries::id.lt(cursor.id)).order(deliveries::id.desc()),
        Turn::Before(cursor) => query.filter(deliveries::id.gt(cursor.id)).order(deliveries::id.asc()),
    };
    let rows: Vec<DeliveryRow> = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(delivery, _, _)| Cursor { sort: delivery.id, id: delivery.id }))
}

/// Reads the newest deliveries of a filter again, at most [`REPLAY_LIMIT`], in the order in which they came. Says how
/// many.
///
/// # Errors
/// The database's.
pub fn replay(c: &mut Conn, actor: &Actor, filter: &Filter, now: Moment) -> Result<usize, Error> {
    let source_id = source_id(c, filter)?;
    let mut query = deliveries::table
        .filter(sql::<Bool>(WAITS_NO_MORE))
        .order(deliveries::id.desc())
        .limit(REPLAY_LIMIT)
        .select(deliveries::id)
        .into_boxed();
    if let Some(source_id) = source_id {
        query = query.filter(deliveries::source_id.eq(source_id));
    }
    if let Some(sender) = filter.sender {
        query = query.filter(deliveries::sender.eq(sender));
    }
    if let Some(verdict) = filter.verdict {
        query = query.filter(deliveries::verdict.eq(verdict));
    }
    let mut ids: Vec<i64> = query.load(c)?;
    ids.reverse();
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids.clone())))
        .set((deliveries::verdict.eq(Verdict::Waiting), deliveries::reason.eq("")))
        .execute(c)?;
    for delivery_id in &ids {
        jobs::queries::enqueue(c, READ_DELIVERY, &ToRead { delivery_id: *delivery_id, how: How::Replayed }, now)?;
    }
    let said = serde_json::json!({"source": filter.source, "sender": filter.sender, "verdict": filter.verdict, "count": ids.len()});
    let change =
        Change { action: "delivery.replay_many", subject: "deliveries".to_owned(), old: None::<()>, new: Some(said) };
    audit::record(c, actor, now, &change)?;
    Ok(ids.len())
}

/// A delivery with what is needed to read it.
#[derive(Clone, Debug)]
pub struct Past {
    /// The delivery.
    pub delivery: Delivery,
    headers: Headers,
    body: Vec<u8>,
}

impl Past {
    /// What it says.
    pub fn read(&self) -> Reading {
        self.delivery.sender.read(&self.delivery.event, &self.headers, &self.body)
    }
}

fn past((delivery, headers, body): (Delivery, String, Vec<u8>)) -> Result<Past, Error> {
    let headers = serde_json::from_str(&headers).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(Past { delivery, headers, body })
}

/// The last deliveries of a source, or of all, newest first.
///
/// # Errors
/// The database's.
pub fn last(c: &mut Conn, source_id: Option<i64>, limit: i64) -> Result<Vec<Past>, Error> {
    let mut query = deliveries::table
        .order(deliveries::id.desc())
        .limit(limit)
        .select((Delivery::as_select(), deliveries::headers, deliveries::body))
        .into_boxed();
    if let Some(source_id) = source_id {
        query = query.filter(deliveries::source_id.eq(source_id));
    }
    query.load(c)?.into_iter().map(past).collect()
}

/// The other deliveries that made a deploy what it is.
///
/// # Errors
/// The database's.
pub fn others_of(c: &mut Conn, deploy_id: i64, delivery: &Delivery) -> Result<Vec<Past>, Error> {
    deliveries::table
        .filter(deliveries::deploy_id.eq(deploy_id))
        .filter(deliveries::source_id.eq(delivery.source_id))
        .filter(deliveries::id.ne(delivery.id))
        .order(deliveries::id.desc())
        .limit(OF_DEPLOY_LIMIT)
        .select((Delivery::as_select(), deliveries::headers, deliveries::body))
        .load(c)?
        .into_iter()
        .map(past)
        .collect()
}
