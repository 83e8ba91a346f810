//! The list's SQL.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Shelf;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{incident_services, incidents, postmortems, services};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::incidents::queries_titles::{Phrase, has_phrase, newest_with};
use crate::incidents::register::queries::that_hurt;
use crate::postmortems::model::{Postmortem, PostmortemStatus};

/// Most that a tab counts; more are "99+".
pub const COUNT_LIMIT: i64 = 100;

/// Of so many incidents with the words of a filter the list looks up each.
const FEW: i64 = 500;

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A service's slug.
    pub service: Option<String>,
    /// Words that stand side by side in the incident's title; of the last the beginning will do.
    pub text: Option<String>,
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct ShelfRow {
    /// Whose postmortem.
    pub incident: Incident,
    /// The postmortem; nothing while it is to write.
    pub postmortem: Option<Postmortem>,
}

impl ShelfRow {
    fn cursor(&self) -> Cursor {
        match &self.postmortem {
            Some(postmortem) => Cursor { sort: postmortem.updated_at.millis(), id: postmortem.id },
            None => Cursor { sort: self.incident.started_at.millis(), id: self.incident.id },
        }
    }
}

/// How the words of a filter are looked for.
enum Titled {
    /// Few incidents have them.
    Few(Vec<i64>),
    /// Many have them, so that a page of those that are shown is soon full.
    Many(Phrase),
}

impl Titled {
    /// Of a text without a letter or a digit no title says anything.
    fn find(c: &mut Conn, text: &str) -> Result<Self, Error> {
        let Some(phrase) = Phrase::new(text, true) else { return Ok(Titled::Few(Vec::new())) };
        let found = newest_with(c, &phrase, FEW + 1)?;
        Ok(if found.len() as i64 > FEW { Titled::Many(phrase) } else { Titled::Few(found) })
    }
}

/// One page of a compartment, what was touched last first; those to write by their incident's start.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, shelf: Shelf, filter: &Filter, turn: Turn) -> Result<Page<ShelfRow>, Error> {
    let titled = match &filter.text {
        Some(text) => Some(Titled::find(c, text)?),
        None => None,
    };
    let narrowed = Narrowed { service: filter.service.as_deref(), titled };
    let rows = match shelf {
        Shelf::ToWrite => to_write(c, &narrowed, turn)?,
        Shelf::Published => written(c, &[PostmortemStatus::Published], &narrowed, turn)?,
        Shelf::Draft => written(c, &[PostmortemStatus::Draft, PostmortemStatus::InReview], &narrowed, turn)?,
        Shelf::NotNeeded => written(c, &[PostmortemStatus::NotNeeded], &narrowed, turn)?,
    };
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, ShelfRow::cursor))
}

/// What a compartment is narrowed to, as far as it was looked up.
struct Narrowed<'a> {
    service: Option<&'a str>,
    titled: Option<Titled>,
}

fn to_write(c: &mut Conn, narrowed: &Narrowed<'_>, turn: Turn) -> Result<Vec<ShelfRow>, Error> {
    // Of a join without a partner PostgreSQL takes it that hardly any row stays, and reads both tables from end to end.
    let written = postmortems::table.filter(postmortems::incident_id.eq(incidents::id));
    let mut query = incidents::table
        .filter(incidents::status.eq(IncidentStatus::Resolved))
        .filter(that_hurt())
        .filter(not(exists(written)))
        .select(Incident::as_select())
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(slug) = narrowed.service {
        let hit = incident_services::table
            .inner_join(services::table)
            .filter(incident_services::incident_id.eq(incidents::id))
            .filter(services::slug.eq(slug));
        query = query.filter(exists(hit));
    }
    query = match &narrowed.titled {
        None => query,
        Some(Titled::Few(ids)) => query.filter(incidents::id.eq_any(ids)),
        Some(Titled::Many(phrase)) => query.filter(has_phrase(c, "incidents.id", phrase)),
    };
    query = match turn {
        Turn::First => query.order((incidents::started_at.desc(), incidents::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incidents::started_at.lt(at).or(incidents::started_at.eq(at).and(incidents::id.lt(id))))
                .order((incidents::started_at.desc(), incidents::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(incidents::started_at.gt(at).or(incidents::started_at.eq(at).and(incidents::id.gt(id))))
                .order((incidents::started_at.asc(), incidents::id.asc()))
        }
    };
    let rows: Vec<Incident> = query.load(c)?;
    Ok(rows.into_iter().map(|incident| ShelfRow { incident, postmortem: None }).collect())
}

/// Each status by itself, along its index: those of several would have to be sorted.
fn written(
    c: &mut Conn,
    statuses: &[PostmortemStatus],
    narrowed: &Narrowed<'_>,
    turn: Turn,
) -> Result<Vec<ShelfRow>, Error> {
    let mut rows: Vec<(Incident, Postmortem)> = Vec::new();
    for status in statuses {
        rows.extend(written_of(c, *status, narrowed, turn)?);
    }
    rows.sort_by_key(|(_, postmortem)| (postmortem.updated_at, postmortem.id));
    if !matches!(turn, Turn::Before(_)) {
        rows.reverse();
    }
    rows.truncate(usize::try_from(PAGE_SIZE + 1).unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(|(incident, postmortem)| ShelfRow { incident, postmortem: Some(postmortem) }).collect())
}

fn written_of(
    c: &mut Conn,
    status: PostmortemStatus,
    narrowed: &Narrowed<'_>,
    turn: Turn,
) -> Result<Vec<(Incident, Postmortem)>, Error> {
    let mut query = postmortems::table
        .inner_join(incidents::table)
        .filter(postmortems::status.eq(status))
        .select((Incident::as_select(), Postmortem::as_select()))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(slug) = narrowed.service {
        // Of the postmortem, so that an incident is read only when it is one of the service's.
        let hit = incident_services::table
            .inner_join(services::table)
            .filter(incident_services::incident_id.eq(postmortems::incident_id))
            .filter(services::slug.eq(slug));
        query = query.filter(exists(hit));
    }
    query = match &narrowed.titled {
        None => query,
        Some(Titled::Few(ids)) => query.filter(postmortems::incident_id.eq_any(ids)),
        Some(Titled::Many(phrase)) => query.filter(has_phrase(c, "postmortems.incident_id", phrase)),
    };
    query = match turn {
        Turn::First => query.order((postmortems::updated_at.desc(), postmortems::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(postmortems::updated_at.lt(at).or(postmortems::updated_at.eq(at).and(postmortems::id.lt(id))))
                .order((postmortems::updated_at.desc(), postmortems::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(postmortems::updated_at.gt(at).or(postmortems::updated_at.eq(at).and(postmortems::id.gt(id))))
                .order((postmortems::updated_at.asc(), postmortems::id.asc()))
        }
    };
    Ok(query.load(c)?)
}

/// How many there are in each compartment, up to [`COUNT_LIMIT`], in the order of [`Shelf::ALL`].
///
/// # Errors
/// The database's.
pub fn counts(c: &mut Conn) -> Result<Vec<(Shelf, i64)>, Error> {
    // One statement, whose counts stop where nobody reads on.
    let few = |of: &str| format!("(SELECT count(*) FROM (SELECT 1 FROM {of} LIMIT {COUNT_LIMIT}) few)");
    let counted: Counted = diesel::sql_query(format!(
        "SELECT {} AS published, {} AS draft, {} AS in_review, {} AS to_write, {} AS not_needed",
        few("postmortems WHERE status = 'published'"),
        few("postmortems WHERE status = 'draft'"),
        few("postmortems WHERE status = 'in_review'"),
        few("incidents i WHERE i.status = 'resolved' AND i.kind <> 'near_miss'
             AND NOT EXISTS (SELECT 1 FROM postmortems p WHERE p.incident_id = i.id)"),
        few("postmortems WHERE status = 'not_needed'"),
    ))
    .get_result(c)?;
    Ok(vec![
        (Shelf::Published, counted.published),
        (Shelf::Draft, counted.draft + counted.in_review),
        (Shelf::ToWrite, counted.to_write),
        (Shelf::NotNeeded, counted.not_needed),
    ])
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    published: i64,
    #[diesel(sql_type = BigInt)]
    draft: i64,
    #[diesel(sql_type = BigInt)]
    in_review: i64,
    #[diesel(sql_type = BigInt)]
    to_write: i64,
    #[diesel(sql_type = BigInt)]
    not_needed: i64,
}
