//! The reads of the page; each has a limit.

use std::collections::HashMap;

use diesel::dsl::{exists, max};
use diesel::prelude::*;

use crate::action_items::life::model::Effect;
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{action_items, contributing_factors, effect_answers, incident_factors, incidents};
use crate::error::Error;
use crate::incidents::model::Incident;

/// The figures look at so many finished items, the last finished first.
pub const WINDOW: i64 = 1_000;
/// Most items of the list of the reopened.
const REOPENED_LIMIT: i64 = 50;

type Query<'a> = action_items::BoxedQuery<'a, <Conn as Connection>::Backend>;

/// Finished items that work on a factor.
fn finished<'a>() -> Query<'a> {
    action_items::table
        .filter(action_items::closed_at.is_not_null())
        // Closed is done, verified or declined. Said like this, the order of closing serves and not the status.
        .filter(action_items::status.ne(ActionStatus::Declined))
        .filter(action_items::factor_id.is_not_null())
        .into_boxed()
}

/// Those of them whose factor struck after they were finished.
fn came_back<'a>() -> Query<'a> {
    let later = incident_factors::table
        .filter(incident_factors::factor_id.nullable().eq(action_items::factor_id))
        .filter(incident_factors::struck_at.nullable().gt(action_items::closed_at));
    finished().filter(exists(later))
}

/// How many of the last finished items have a factor that came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Finished items that work on a factor.
    pub finished_count: usize,
    /// Those whose factor came back.
    pub came_back_count: usize,
}

/// The figures over the last [`WINDOW`] finished items.
///
/// # Errors
/// The database's.
pub fn figures(c: &mut Conn) -> Result<Figures, Error> {
    let rows: Vec<(Option<i64>, Option<Moment>)> = finished()
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(WINDOW)
        .select((action_items::factor_id, action_items::closed_at))
        .load(c)?;
    let mut factor_ids: Vec<i64> = rows.iter().filter_map(|(factor_id, _)| *factor_id).collect();
    factor_ids.sort_unstable();
    factor_ids.dedup();
    let strikes = last_strikes(c, factor_ids)?;
    let came_back = |(factor_id, closed_at): &&(Option<i64>, Option<Moment>)| {
        factor_id.and_then(|id| strikes.get(&id)).is_some_and(|strike| Some(*strike) > *closed_at)
    };
    Ok(Figures { finished_count: rows.len(), came_back_count: rows.iter().filter(came_back).count() })
}

/// When each of these factors struck last.
fn last_strikes(c: &mut Conn, factor_ids: Vec<i64>) -> Result<HashMap<i64, Moment>, Error> {
    let last = incident_factors::table
        .filter(incident_factors::factor_id.eq(contributing_factors::id))
        .select(max(incident_factors::struck_at))
        .single_value();
    let rows: Vec<(i64, Option<Moment>)> = contributing_factors::table
        .filter(contributing_factors::id.eq_any(factor_ids))
        .select((contributing_factors::id, last))
        .load(c)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?))).collect())
}

/// A finished item, and the last incident that its factor struck after.
pub type CameBack = (ActionRow, Option<Incident>);

/// A page of finished items whose factor came back, the last finished first.
///
/// # Errors
/// The database's.
pub fn page(c: &mut Conn, turn: Turn) -> Result<Page<CameBack>, Error> {
    let query = came_back().limit(PAGE_SIZE + 1).select(ActionItem::as_select());
    let forth = (action_items::closed_at.desc(), action_items::id.desc());
    let items: Vec<ActionItem> = match turn {
        Turn::First => query.order(forth).load(c)?,
        Turn::After(cursor) => {
            let at = Some(Moment::from_millis(cursor.sort));
            let further =
                action_items::closed_at.le(at).and(action_items::closed_at.lt(at).or(action_items::id.lt(cursor.id)));
            query.filter(further).order(forth).load(c)?
        }
        Turn::Before(cursor) => {
            let at = Some(Moment::from_millis(cursor.sort));
            let back =
                action_items::closed_at.ge(at).and(action_items::closed_at.gt(at).or(action_items::id.gt(cursor.id)));
            query.filter(back).order((action_items::closed_at.asc(), action_items::id.asc())).load(c)?
        }
    };
    let place = |item: &ActionItem| Cursor { sort: item.closed_at.map_or(0, Moment::millis), id: item.id };
    let page = Page::from_rows(items, PAGE_SIZE, turn, place);
    let rows = decorate(c, page.rows)?;
    let mut factor_ids: Vec<i64> = rows.iter().filter_map(|row| row.item.factor_id).collect();
    factor_ids.sort_unstable();
    factor_ids.dedup();
    let strikes = last_incidents(c, factor_ids)?;
    let found = rows
        .into_iter()
        .map(|row| {
            let strike = row.item.factor_id.and_then(|id| strikes.get(&id).cloned());
            (row, strike)
        })
        .collect();
    Ok(Page { rows: found, after: page.after, before: page.before })
}

/// The last incident of each of these factors. It began after each item of the page was finished: some incident of the
/// item's factor did.
fn last_incidents(c: &mut Conn, factor_ids: Vec<i64>) -> Result<HashMap<i64, Incident>, Error> {
    let last = incident_factors::table
        .filter(incident_factors::factor_id.eq(contributing_factors::id))
        .order((incident_factors::struck_at.desc(), incident_factors::incident_id.desc()))
        .select(incident_factors::incident_id)
        .single_value();
    let rows: Vec<(i64, Option<i64>)> = contributing_factors::table
        .filter(contributing_factors::id.eq_any(factor_ids))
        .select((contributing_factors::id, last))
        .load(c)?;
    let ids: Vec<i64> = rows.iter().filter_map(|(_, id)| *id).collect();
    let found: Vec<Incident> =
        incidents::table.filter(incidents::id.eq_any(ids)).select(Incident::as_select()).load(c)?;
    let of = |id: Option<i64>| found.iter().find(|incident| Some(incident.id) == id).cloned();
    Ok(rows.into_iter().filter_map(|(factor_id, id)| Some((factor_id, of(id)?))).collect())
}

/// Items that were reopened because what they were for came back, the last first.
///
/// # Errors
/// The database's.
pub fn reopened(c: &mut Conn) -> Result<Vec<(ActionRow, Moment, String)>, Error> {
    let answers: Vec<(ActionItem, Moment, String)> = effect_answers::table
        .inner_join(action_items::table)
        .filter(effect_answers::effect.eq(Effect::CameBack))
        .order(effect_answers::id.desc())
        .limit(REOPENED_LIMIT)
        .select((ActionItem::as_select(), effect_answers::answered_at, effect_answers::reason))
        .load(c)?;
    let (items, said): (Vec<_>, Vec<_>) = answers.into_iter().map(|(item, at, why)| (item, (at, why))).unzip();
    let rows = decorate(c, items)?;
    Ok(rows.into_iter().zip(said).map(|(row, (at, why))| (row, at, why)).collect())
}
