//! The list's SQL.

use chrono::{Datelike, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::View;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{incidents, postmortems, review_requests, review_verdicts, users};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::postmortems::model::{Postmortem, PostmortemStatus};
use crate::reviews::model::Request;

/// Whose list it is, and on which day.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint {
    /// Who looks.
    pub user_id: i64,
    /// The day in their calendar.
    pub today: NaiveDate,
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Whose postmortem.
    pub incident: Incident,
    /// The postmortem.
    pub postmortem: Postmortem,
    /// The request with the reviewer's name, when somebody was asked.
    pub request: Option<(Request, String)>,
}

impl Listed {
    fn cursor(&self) -> Cursor {
        match &self.request {
            Some((request, _)) => Cursor { sort: i64::from(request.due_on.num_days_from_ce()), id: request.id },
            None => Cursor { sort: self.postmortem.created_at.millis(), id: self.postmortem.id },
        }
    }
}

/// A page of a view: requests by their date, texts by their age, what has waited longest first.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, view: View, viewpoint: Viewpoint, turn: Turn) -> Result<Page<Listed>, Error> {
    let rows = match view {
        View::Unreviewed => unreviewed(c, turn)?,
        View::Mine | View::Waiting | View::Late => waiting(c, view, viewpoint, turn)?,
    };
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, Listed::cursor))
}

/// What waits for one person, up to `limit`.
///
/// # Errors
/// The database's.
pub fn mine(c: &mut Conn, viewpoint: Viewpoint, limit: usize) -> Result<Vec<Listed>, Error> {
    let mut rows = waiting(c, View::Mine, viewpoint, Turn::First)?;
    rows.truncate(limit);
    Ok(rows)
}

fn day(sort: i64) -> NaiveDate {
    i32::try_from(sort).ok().and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or_default()
}

fn waiting(c: &mut Conn, view: View, viewpoint: Viewpoint, turn: Turn) -> Result<Vec<Listed>, Error> {
    let mut query = review_requests::table
        .inner_join(postmortems::table.inner_join(incidents::table))
        .inner_join(users::table)
        .filter(review_requests::answered_at.is_null())
        .filter(review_requests::withdrawn_at.is_null())
        .filter(postmortems::status.ne(PostmortemStatus::NotNeeded))
        .limit(PAGE_SIZE + 1)
        .select((Request::as_select(), users::name, Postmortem::as_select(), Incident::as_select()))
        .into_boxed();
    query = match view {
        View::Mine => query.filter(review_requests::user_id.eq(viewpoint.user_id)),
        View::Late => query.filter(review_requests::due_on.lt(viewpoint.today)),
        View::Waiting | View::Unreviewed => query,
    };
    query = match turn {
        Turn::First => query.order((review_requests::due_on.asc(), review_requests::id.asc())),
        Turn::After(Cursor { sort, id }) => query
            .filter(
                review_requests::due_on
                    .gt(day(sort))
                    .or(review_requests::due_on.eq(day(sort)).and(review_requests::id.gt(id))),
            )
            .order((review_requests::due_on.asc(), review_requests::id.asc())),
        Turn::Before(Cursor { sort, id }) => query
            .filter(
                review_requests::due_on
                    .lt(day(sort))
                    .or(review_requests::due_on.eq(day(sort)).and(review_requests::id.lt(id))),
            )
            .order((review_requests::due_on.desc(), review_requests::id.desc())),
    };
    let rows: Vec<(Request, String, Postmortem, Incident)> = query.load(c)?;
    Ok(rows
        .into_iter()
        .map(|(request, name, postmortem, incident)| Listed { incident, postmortem, request: Some((request, name)) })
        .collect())
}

fn unreviewed(c: &mut Conn, turn: Turn) -> Result<Vec<Listed>, Error> {
    let said = review_verdicts::table.filter(review_verdicts::postmortem_id.eq(postmortems::id));
    let mut query = postmortems::table
        .inner_join(incidents::table)
        .filter(postmortems::status.ne(PostmortemStatus::NotNeeded))
        .filter(postmortems::current_revision.gt(0))
        .filter(not(exists(said)))
        .limit(PAGE_SIZE + 1)
        .select((Postmortem::as_select(), Incident::as_select()))
        .into_boxed();
    query = match turn {
        Turn::First => query.order((postmortems::created_at.asc(), postmortems::id.asc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(postmortems::created_at.gt(at).or(postmortems::created_at.eq(at).and(postmortems::id.gt(id))))
                .order((postmortems::created_at.asc(), postmortems::id.asc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(postmortems::created_at.lt(at).or(postmortems::created_at.eq(at).and(postmortems::id.lt(id))))
                .order((postmortems::created_at.desc(), postmortems::id.desc()))
        }
    };
    let rows: Vec<(Postmortem, Incident)> = query.load(c)?;
    Ok(rows.into_iter().map(|(postmortem, incident)| Listed { incident, postmortem, request: None }).collect())
}
