//! What arrives, stored once for all with the job that reads it; what arrives at once is stored together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use diesel::dsl::max;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Text};

use super::jobs::READ_DELIVERY;
use super::model::{Envelope, Headers, Sender, Source, Verdict};
use super::queries::{How, ToRead};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deliveries, sources};
use crate::db::together::Piece;
use crate::error::Error;
use crate::jobs;

/// A delivery as it is stored.
#[derive(Clone, Debug)]
pub struct Arrival {
    envelope: Envelope,
    /// Masked, as JSON.
    headers: String,
    /// The raw bytes.
    body: Vec<u8>,
}

impl Arrival {
    /// A delivery that came with these headers, whose secrets are not kept.
    ///
    /// # Errors
    /// Headers that cannot be written down.
    pub fn new(envelope: Envelope, headers: &Headers, body: Vec<u8>) -> Result<Self, Error> {
        let headers = serde_json::to_string(&headers.masked()).map_err(|error| Error::Fault(error.to_string()))?;
        Ok(Arrival { envelope, headers, body })
    }
}

/// What came with one request.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// Where it proved to come from, as that stood then.
    pub source: Arc<Source>,
    /// The deliveries: kept all or none.
    pub deliveries: Arc<[Arrival]>,
    /// When they came.
    pub now: Moment,
}

/// What became of deliveries that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// They are here, and this many are new.
    New(usize),
    /// The source is not as it was when they were held against it; nothing is stored.
    Changed,
}

impl Piece for Arrivals {
    type Outcome = Stored;

    fn run(c: &mut Conn, pieces: &[&Self]) -> Result<Vec<Stored>, Error> {
        let mut current: BTreeMap<i64, Option<Source>> = BTreeMap::new();
        for piece in pieces {
            let id = piece.source.id;
            if let Entry::Vacant(place) = current.entry(id) {
                place.insert(sources::table.find(id).select(Source::as_select()).first(c).optional()?);
            }
        }
        let mut outcomes = Vec::with_capacity(pieces.len());
        let mut rows = Vec::with_capacity(pieces.len());
        for (place, piece) in pieces.iter().enumerate() {
            let source = current[&piece.source.id].as_ref().filter(|current| current.has_door_of(&piece.source));
            outcomes.push(source.map_or(Stored::Changed, |_| Stored::New(0)));
            if let Some(source) = source {
                rows.extend(piece.deliveries.iter().map(|arrival| Row { place, source, arrival, now: piece.now }));
            }
        }
        let mut to_read = Vec::with_capacity(rows.len());
        let mut heard_of = BTreeMap::new();
        for (row, added) in rows.iter().zip(insert(c, &rows)?) {
            let Some(delivery_id) = added else { continue };
            if let Stored::New(count) = &mut outcomes[row.place] {
                *count += 1;
            }
            if row.source.first_delivery_at.is_none() {
                heard_of.entry(row.source.id).or_insert(row.now);
            }
            to_read.push((ToRead { delivery_id, how: How::Arrived }, row.now));
        }
        for (source_id, now) in heard_of {
            diesel::update(sources::table.find(source_id).filter(sources::first_delivery_at.is_null()))
                .set(sources::first_delivery_at.eq(now))
                .execute(c)?;
        }
        jobs::queries::enqueue_all(c, READ_DELIVERY, &to_read)?;
        Ok(outcomes)
    }
}

/// A delivery on its way into the database.
struct Row<'a> {
    /// Which piece it belongs to.
    place: usize,
    source: &'a Source,
    arrival: &'a Arrival,
    now: Moment,
}

/// The row id of each that is new. The unique key decides between doubles, also when they come at once.
fn insert(c: &mut Conn, rows: &[Row<'_>]) -> Result<Vec<Option<i64>>, Error> {
    match c {
        Conn::Sqlite(c) => {
            // Nobody else writes meanwhile. To have SQLite tell the id that it chose takes longer than the row itself.
            let last: Option<i64> = deliveries::table.select(max(deliveries::id)).first(c)?;
            let mut id = last.unwrap_or(0) + 1;
            let mut added = Vec::with_capacity(rows.len());
            for Row { source, arrival, now, .. } in rows {
                let insert = diesel::insert_into(deliveries::table)
                    .values((
                        deliveries::id.eq(id),
                        deliveries::source_id.eq(source.id),
                        deliveries::delivery_key.eq(&arrival.envelope.delivery_key),
                        deliveries::event.eq(&arrival.envelope.event),
                        deliveries::headers.eq(&arrival.headers),
                        deliveries::body.eq(&arrival.body),
                        deliveries::verdict.eq(Verdict::Waiting),
                        deliveries::reason.eq(""),
                        deliveries::received_at.eq(now),
                        deliveries::sender.eq(source.sender),
                    ))
                    .on_conflict_do_nothing();
                let is_new = insert.execute(c)? == 1;
                added.push(is_new.then_some(id));
                id += i64::from(is_new);
            }
            Ok(added)
        }
        Conn::Postgres(c) => {
            let added: Vec<(i64, i64, String)> = InsertAll::of(rows).load(c)?;
            let mut added: HashMap<(i64, String), i64> =
                added.into_iter().map(|(id, source_id, key)| ((source_id, key), id)).collect();
            let key = |row: &Row<'_>| (row.source.id, row.arrival.envelope.delivery_key.clone());
            Ok(rows.iter().map(|row| added.remove(&key(row))).collect())
        }
    }
}

/// One statement for all rows on PostgreSQL, where each statement is a way there and back. However many they are, a
/// connection prepares it once.
struct InsertAll<'a> {
    source_ids: Vec<i64>,
    keys: Vec<&'a str>,
    events: Vec<&'a str>,
    headers: Vec<&'a str>,
    bodies: Vec<&'a [u8]>,
    received_at: Vec<Moment>,
    senders: Vec<Sender>,
}

impl<'a> InsertAll<'a> {
    fn of(rows: &'a [Row<'a>]) -> Self {
        InsertAll {
            source_ids: rows.iter().map(|row| row.source.id).collect(),
            keys: rows.iter().map(|row| row.arrival.envelope.delivery_key.as_str()).collect(),
            events: rows.iter().map(|row| row.arrival.envelope.event.as_str()).collect(),
            headers: rows.iter().map(|row| row.arrival.headers.as_str()).collect(),
            bodies: rows.iter().map(|row| row.arrival.body.as_slice()).collect(),
            received_at: rows.iter().map(|row| row.now).collect(),
            senders: rows.iter().map(|row| row.source.sender).collect(),
        }
    }
}

impl Query for InsertAll<'_> {
    type SqlType = (BigInt, BigInt, Text);
}

impl QueryId for InsertAll<'_> {
    type QueryId = InsertAll<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for InsertAll<'_> {}

impl QueryFragment<Pg> for InsertAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO deliveries
                 (source_id, delivery_key, event, headers, body, received_at, sender, verdict, reason)
             SELECT *, ",
        );
        out.push_bind_param::<Text, _>(&Verdict::Waiting)?;
        out.push_sql(", '' FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.source_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.events)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.headers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.bodies)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.received_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.senders)?;
        out.push_sql(") ON CONFLICT DO NOTHING RETURNING id, source_id, delivery_key");
        Ok(())
    }
}
