//! The reads of the page; each has a limit.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::action_items::life::model::Effect;
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{action_items, effect_answers, incident_factors, incidents};
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
        .filter(action_items::status.eq_any([ActionStatus::Done, ActionStatus::Verified]))
        .filter(action_items::factor_id.is_not_null())
        .into_boxed()
}

/// Those of them whose factor struck after they were finished.
fn came_back<'a>() -> Query<'a> {
    let later = incident_factors::table
        .inner_join(incidents::table)
        .filter(incident_factors::factor_id.nullable().eq(action_items::factor_id))
        .filter(incidents::started_at.nullable().gt(action_items::closed_at));
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
    let ids: Vec<i64> = finished()
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(WINDOW)
        .select(action_items::id)
        .load(c)?;
    let finished_count = ids.len();
    let back: Vec<i64> = came_back().filter(action_items::id.eq_any(ids)).select(action_items::id).load(c)?;
    Ok(Figures { finished_count, came_back_count: back.len() })
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
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let struck = strike(c, &row.item)?;
        found.push((row, struck));
    }
    Ok(Page { rows: found, after: page.after, before: page.before })
}

/// The last incident that carries an item's factor and began after it was finished.
fn strike(c: &mut Conn, item: &ActionItem) -> Result<Option<Incident>, Error> {
    let (Some(factor_id), Some(closed_at)) = (item.factor_id, item.closed_at) else { return Ok(None) };
    Ok(incident_factors::table
        .inner_join(incidents::table)
        .filter(incident_factors::factor_id.eq(factor_id))
        .filter(incidents::started_at.gt(closed_at))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .select(Incident::as_select())
        .first(c)
        .optional()?)
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
