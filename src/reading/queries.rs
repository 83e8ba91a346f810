//! Similar incidents, read marks and the reading list in the database.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::{exists, max, min};
use diesel::prelude::*;

use super::model::{SIMILAR_LIMIT, Similar, likeness, pick_of, same_days, shared_words, telling_words};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{
    incident_factors, incident_services, incidents, postmortem_reads, postmortems, services, teams, users,
};
use crate::error::Error;
use crate::factors;
use crate::incidents::model::Incident;
use crate::incidents::queries_titles::{Phrase, newest_with};
use crate::postmortems::model::PostmortemStatus;
use crate::web::times::Zone;

/// Most incidents that are compared for each reason.
const CANDIDATES: i64 = 60;
/// Of all that are compared, so many are read whole.
const READ_WHOLE: usize = 40;
/// Most readers that are named.
const READER_LIMIT: i64 = 50;
/// How many years an anniversary looks back.
const YEARS: i32 = 10;

/// What speaks for another incident before its own words were looked at.
#[derive(Default)]
struct Alike {
    factors: Vec<String>,
    services: Vec<String>,
    has_a_word: bool,
}

impl Alike {
    /// Close to what the incident will weigh: so many are read whole, and no more.
    fn weight(&self) -> usize {
        likeness(self.factors.len(), usize::from(self.has_a_word), self.services.len())
    }
}

/// Incidents that are like this one, the most alike first, each with its reasons.
///
/// # Errors
/// The database's.
pub fn similar(c: &mut Conn, incident: &Incident) -> Result<Vec<Similar>, Error> {
    let mut found: BTreeMap<i64, Alike> = BTreeMap::new();
    // Each factor by itself: its last incidents are the first of its index, those of several would have to be sorted.
    for (factor_id, name) in factors::queries::names(c, incident.id)? {
        let by_factor: Vec<i64> = incident_factors::table
            .filter(incident_factors::factor_id.eq(factor_id))
            .filter(incident_factors::incident_id.ne(incident.id))
            .order((incident_factors::struck_at.desc(), incident_factors::incident_id.desc()))
            .limit(CANDIDATES)
            .select(incident_factors::incident_id)
            .load(c)?;
        for id in by_factor {
            found.entry(id).or_default().factors.push(name.clone());
        }
    }
    let own_services: Vec<(i64, String)> = incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq(incident.id))
        .order(incident_services::service_id)
        .limit(CANDIDATES)
        .select((incident_services::service_id, services::name))
        .load(c)?;
    for (service_id, name) in own_services {
        let by_service: Vec<i64> = incident_services::table
            .filter(incident_services::service_id.eq(service_id))
            .filter(incident_services::incident_id.ne(incident.id))
            .order((incident_services::struck_at.desc(), incident_services::incident_id.desc()))
            .limit(CANDIDATES)
            .select(incident_services::incident_id)
            .load(c)?;
        for id in by_service {
            found.entry(id).or_default().services.push(name.clone());
        }
    }
    let own_words = telling_words(&incident.title);
    // The longest words are the rarest.
    let mut longest = own_words.clone();
    longest.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    for word in longest.iter().take(3) {
        let Some(phrase) = Phrase::new(word, false) else { continue };
        for id in newest_with(c, &phrase, CANDIDATES / 3)?.into_iter().filter(|id| *id != incident.id) {
            found.entry(id).or_default().has_a_word = true;
        }
    }
    weighed(c, found, &own_words)
}

/// Those that speak most for themselves, read whole and put in order.
fn weighed(c: &mut Conn, found: BTreeMap<i64, Alike>, own_words: &[String]) -> Result<Vec<Similar>, Error> {
    let mut best: Vec<(i64, Alike)> = found.into_iter().collect();
    best.sort_by_key(|(id, alike)| std::cmp::Reverse((alike.weight(), *id)));
    best.truncate(READ_WHOLE);
    let mut best: BTreeMap<i64, Alike> = best.into_iter().collect();
    let ids: Vec<i64> = best.keys().copied().collect();
    let others: Vec<Incident> =
        incidents::table.filter(incidents::id.eq_any(&ids)).select(Incident::as_select()).load(c)?;
    let written: Vec<i64> = postmortems::table
        .filter(postmortems::incident_id.eq_any(ids))
        .filter(postmortems::current_revision.gt(0))
        .select(postmortems::incident_id)
        .load(c)?;
    let mut all: Vec<Similar> = others
        .into_iter()
        .map(|other| {
            let alike = best.remove(&other.id).unwrap_or_default();
            Similar {
                has_postmortem: written.contains(&other.id),
                words: shared_words(own_words, &other.title),
                factors: alike.factors,
                services: alike.services,
                incident: other,
            }
        })
        .filter(|similar| !similar.reasons().is_empty())
        .collect();
    all.sort_by_key(|similar| {
        (std::cmp::Reverse(similar.weight()), std::cmp::Reverse(similar.incident.started_at), similar.incident.id)
    });
    all.truncate(SIMILAR_LIMIT);
    Ok(all)
}

/// Sets the reader's own mark; again, it stays as it is.
///
/// # Errors
/// The database's.
pub fn mark_read(c: &mut Conn, actor: &Actor, postmortem_id: i64, now: Moment) -> Result<(), Error> {
    let Some(user_id) = actor.user_id else { return Ok(()) };
    let row = (
        postmortem_reads::postmortem_id.eq(postmortem_id),
        postmortem_reads::user_id.eq(user_id),
        postmortem_reads::read_at.eq(now),
    );
    match c {
        Conn::Sqlite(c) => {
            diesel::insert_into(postmortem_reads::table).values(row).on_conflict_do_nothing().execute(c)?
        }
        Conn::Postgres(c) => {
            diesel::insert_into(postmortem_reads::table).values(row).on_conflict_do_nothing().execute(c)?
        }
    };
    Ok(())
}

/// Takes the reader's own mark away. Nothing of it is kept: whether one has read something is one's own affair.
///
/// # Errors
/// The database's.
pub fn unmark_read(c: &mut Conn, actor: &Actor, postmortem_id: i64) -> Result<(), Error> {
    let Some(user_id) = actor.user_id else { return Ok(()) };
    let its = postmortem_reads::table
        .filter(postmortem_reads::postmortem_id.eq(postmortem_id))
        .filter(postmortem_reads::user_id.eq(user_id));
    diesel::delete(its).execute(c)?;
    Ok(())
}

/// Who wants it known that they read it, by name: row id and name.
///
/// # Errors
/// The database's.
pub fn readers(c: &mut Conn, postmortem_id: i64) -> Result<Vec<(i64, String)>, Error> {
    Ok(postmortem_reads::table
        .inner_join(users::table)
        .filter(postmortem_reads::postmortem_id.eq(postmortem_id))
        .order((users::name, users::id))
        .limit(READER_LIMIT)
        .select((users::id, users::name))
        .load(c)?)
}

/// A published postmortem on the reading list.
#[derive(Clone, Debug)]
pub struct ToRead {
    /// Row id of the postmortem.
    pub postmortem_id: i64,
    /// Whose postmortem.
    pub incident: Incident,
    /// When it was published.
    pub published_at: Moment,
}

/// Published postmortems, the newest first; those about services of one team when one is named.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, team_slug: Option<String>, turn: Turn) -> Result<Page<ToRead>, Error> {
    let mut query = postmortems::table
        .inner_join(incidents::table)
        .filter(postmortems::status.eq(PostmortemStatus::Published))
        .filter(postmortems::published_at.is_not_null())
        .limit(PAGE_SIZE + 1)
        .select((postmortems::id, Incident::as_select(), postmortems::published_at.assume_not_null()))
        .into_boxed();
    if let Some(slug) = team_slug {
        let its = incident_services::table
            .inner_join(services::table.inner_join(teams::table))
            .filter(incident_services::incident_id.eq(incidents::id))
            .filter(teams::slug.eq(slug));
        query = query.filter(exists(its));
    }
    query = match turn {
        Turn::First => query.order((postmortems::published_at.desc(), postmortems::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(
                    postmortems::published_at.lt(at).or(postmortems::published_at.eq(at).and(postmortems::id.lt(id))),
                )
                .order((postmortems::published_at.desc(), postmortems::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(
                    postmortems::published_at.gt(at).or(postmortems::published_at.eq(at).and(postmortems::id.gt(id))),
                )
                .order((postmortems::published_at.asc(), postmortems::id.asc()))
        }
    };
    let rows: Vec<(i64, Incident, Moment)> = query.load(c)?;
    let rows = rows
        .into_iter()
        .map(|(postmortem_id, incident, published_at)| ToRead { postmortem_id, incident, published_at })
        .collect();
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |row: &ToRead| Cursor {
        sort: row.published_at.millis(),
        id: row.postmortem_id,
    }))
}

/// Which of these postmortems a person marked as read.
///
/// # Errors
/// The database's.
pub fn read_by(c: &mut Conn, user_id: i64, postmortem_ids: &[i64]) -> Result<Vec<i64>, Error> {
    Ok(postmortem_reads::table
        .filter(postmortem_reads::user_id.eq(user_id))
        .filter(postmortem_reads::postmortem_id.eq_any(postmortem_ids))
        .select(postmortem_reads::postmortem_id)
        .load(c)?)
}

/// The published postmortem that this month brings back; another one next month.
///
/// # Errors
/// The database's.
pub fn pick_of_month(c: &mut Conn, today: NaiveDate) -> Result<Option<Incident>, Error> {
    let published = postmortems::status.eq(PostmortemStatus::Published);
    let last: Option<i64> = postmortems::table.select(max(postmortems::id)).first(c)?;
    // The first one from a place on, or the first of all: nothing is counted.
    for from in [pick_of(today, last.unwrap_or(0)) + 1, 0] {
        let found: Option<Incident> = postmortems::table
            .inner_join(incidents::table)
            .filter(postmortems::id.ge(from))
            .filter(published)
            .order(postmortems::id)
            .limit(1)
            .select(Incident::as_select())
            .first(c)
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The last published incident that began on this day in an earlier year, in the viewer's calendar.
///
/// # Errors
/// The database's.
pub fn on_this_day(c: &mut Conn, today: NaiveDate, zone: &Zone) -> Result<Option<Incident>, Error> {
    let Some(first): Option<Moment> = incidents::table.select(min(incidents::started_at)).first(c)? else {
        return Ok(None);
    };
    for day in same_days(today, YEARS) {
        let Some(next) = day.succ_opt() else { continue };
        let (Ok(from), Ok(to)) = (zone.parse(&format!("{day} 00:00")), zone.parse(&format!("{next} 00:00"))) else {
            continue;
        };
        if to <= first {
            break;
        }
        let published = postmortems::table
            .filter(postmortems::incident_id.eq(incidents::id))
            .filter(postmortems::status.eq(PostmortemStatus::Published));
        let found = incidents::table
            .filter(exists(published))
            .filter(incidents::started_at.ge(from))
            .filter(incidents::started_at.lt(to))
            .order((incidents::severity, incidents::id))
            .limit(1)
            .select(Incident::as_select())
            .first(c)
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
