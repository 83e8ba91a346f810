//! Lists of items in the database.
//!
//! The order is the due date, items without one last, then the id. The databases disagree on where a missing
//! date sorts, and no index serves "last", so a page is read in two stretches: the dated items, then the others.
//! Every stretch ends at its limit, whatever the table holds; `tests/suite/action_lists.rs` asks both planners.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use diesel::prelude::*;

use crate::action_items::filter::{Filter, View};
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus, Origin, Owner, WorkedFactor};
use crate::action_items::queries::{origin, owner};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{
    action_items, contributing_factors, incident_services, incidents, services, team_members, teams, users,
};
use crate::error::Error;
use crate::teams::model::Team;

/// For whom a list is, and when.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint {
    /// The person of "mine" and "my team's".
    pub user_id: i64,
    /// Their calendar date; what was due before it is late.
    pub today: NaiveDate,
}

/// An unfinished item that nobody touched for this many days is stale.
pub const STALE_DAYS: u64 = 30;
/// Most teams of one person that "my team's" looks at.
const OWN_TEAM_LIMIT: i64 = 50;

type Query<'a> = action_items::BoxedQuery<'a, <Conn as Connection>::Backend>;

/// The rows that a filter names; looked up once for all stretches.
#[derive(Clone, Default)]
struct Ids {
    owner: Option<i64>,
    team: Option<i64>,
    service: Option<i64>,
    factor: Option<i64>,
    incident: Option<i64>,
    /// The viewer's teams, for "my team's".
    own_teams: Vec<i64>,
}

fn ids(c: &mut Conn, filter: &Filter, view: Viewpoint) -> Result<Ids, Error> {
    let mut ids = Ids::default();
    if let Some(wanted) = &filter.owner {
        let found =
            owner(c, wanted)?.ok_or_else(|| Error::field("owner", format!("Nobody here is called {wanted}.")))?;
        ids.owner = Some(found.id);
    }
    if let Some(wanted) = &filter.team {
        let found = crate::teams::queries::find(c, wanted)?
            .ok_or_else(|| Error::field("team", format!("There is no team {wanted}.")))?;
        ids.team = Some(found.id);
    }
    if let Some(wanted) = &filter.service {
        let found: Option<i64> =
            services::table.filter(services::slug.eq(wanted)).select(services::id).first(c).optional()?;
        ids.service = Some(found.ok_or_else(|| Error::field("service", format!("There is no service {wanted}.")))?);
    }
    if let Some(wanted) = &filter.factor {
        let found: Option<i64> = contributing_factors::table
            .filter(contributing_factors::slug.eq(wanted))
            .select(contributing_factors::id)
            .first(c)
            .optional()?;
        let missing = || Error::field("factor", format!("There is no contributing factor {wanted}."));
        ids.factor = Some(found.ok_or_else(missing)?);
    }
    if let Some(number) = filter.incident {
        ids.incident = Some(origin(c, number)?.id);
    }
    if filter.view == View::Team {
        ids.own_teams = team_members::table
            .filter(team_members::user_id.eq(view.user_id))
            .order(team_members::team_id)
            .limit(OWN_TEAM_LIMIT)
            .select(team_members::team_id)
            .load(c)?;
    }
    Ok(ids)
}

fn narrowed<'a>(filter: &Filter, ids: &Ids, view: Viewpoint) -> Query<'a> {
    let mut query = action_items::table.into_boxed();
    if matches!(filter.view, View::Mine | View::Team | View::Late | View::Unassigned | View::Open | View::Stale) {
        // The words of the partial index, so that both planners know that it serves.
        query = query.filter(action_items::closed_at.is_null());
    }
    query = match filter.view {
        View::Mine => query.filter(action_items::owner_id.eq(view.user_id)),
        View::Late => query.filter(action_items::due_on.lt(view.today)),
        View::Unassigned => query.filter(action_items::owner_id.is_null()),
        View::Stale => query.filter(action_items::updated_at.lt(stale_before(view.today))),
        View::Blocked => query.filter(action_items::blocked_at.is_not_null()),
        View::Done => query.filter(action_items::status.eq(ActionStatus::Done)),
        View::Checks => {
            query.filter(action_items::check_on.is_not_null()).filter(action_items::check_on.le(view.today))
        }
        View::Declined => {
            query.filter(action_items::status.eq(ActionStatus::Declined)).filter(action_items::replaced_at.is_null())
        }
        View::Team | View::Open | View::All => query,
    };
    if let Some(id) = ids.owner {
        query = query.filter(action_items::owner_id.eq(id));
    }
    if let Some(id) = ids.team {
        query = query.filter(action_items::team_id.eq(id));
    }
    if let Some(id) = ids.factor {
        query = query.filter(action_items::factor_id.eq(id));
    }
    if let Some(id) = ids.incident {
        query = query.filter(action_items::incident_id.eq(id));
    }
    if let Some(id) = ids.service {
        query = query.filter(
            action_items::incident_id.eq_any(
                incident_services::table
                    .filter(incident_services::service_id.eq(id))
                    .select(incident_services::incident_id.nullable()),
            ),
        );
    }
    if let Some(kind) = filter.kind {
        query = query.filter(action_items::kind.eq(kind));
    }
    if let Some(priority) = filter.priority {
        query = query.filter(action_items::priority.eq(priority));
    }
    if let Some(status) = filter.status {
        query = query.filter(action_items::status.eq(status));
    }
    if let Some(day) = filter.due_before {
        query = query.filter(action_items::due_on.lt(day));
    }
    query
}

/// The first instant of the day from which on an item that was touched is not stale.
fn stale_before(today: NaiveDate) -> Moment {
    let day = today.checked_sub_days(Days::new(STALE_DAYS)).unwrap_or(today);
    Moment::from_chrono(day.and_time(NaiveTime::MIN).and_utc())
}

/// The sort value of items without a due date: after every date.
const UNDATED: i64 = i64::MAX;

fn days(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// Where an item stands in the order of its view.
fn cursor_in(view: View) -> fn(&ActionItem) -> Cursor {
    match view {
        View::Stale => |item| Cursor { sort: item.updated_at.millis(), id: item.id },
        View::Checks => |item| Cursor { sort: item.check_on.map_or(UNDATED, days), id: item.id },
        _ => |item| Cursor { sort: item.due_on.map_or(UNDATED, days), id: item.id },
    }
}

/// The day of a cursor; none for the stretch without dates.
fn day(cursor: Cursor) -> Option<NaiveDate> {
    i32::try_from(cursor.sort).ok().and_then(NaiveDate::from_num_days_from_ce_opt)
}

/// A list with the rows that its filter names.
struct Wanted<'a> {
    filter: &'a Filter,
    ids: Ids,
    view: Viewpoint,
    limit: i64,
}

impl Wanted<'_> {
    /// One query, or one for each team: a team's items are in the order of an index, those of several are not.
    fn bases(&self) -> Vec<Query<'static>> {
        let base = || narrowed(self.filter, &self.ids, self.view);
        if self.filter.view != View::Team {
            return vec![base()];
        }
        self.ids.own_teams.iter().map(|team| base().filter(action_items::team_id.eq(*team))).collect()
    }

    /// The first `limit` rows of a stretch, in the view's order or against it.
    fn stretch(
        &self,
        c: &mut Conn,
        limit: i64,
        way: Way,
        shape: impl Fn(Query<'static>) -> Query<'static>,
    ) -> Result<Vec<ActionItem>, Error> {
        let bases = self.bases();
        let is_one = bases.len() == 1;
        let mut items: Vec<ActionItem> = Vec::new();
        for base in bases {
            let rows: Vec<ActionItem> = shape(base).limit(limit).select(ActionItem::as_select()).load(c)?;
            items.extend(rows);
        }
        if !is_one {
            let place = cursor_in(self.filter.view);
            items.sort_by_key(|item| {
                let at = place(item);
                (at.sort, at.id)
            });
            if way == Way::Back {
                items.reverse();
            }
            items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(items)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    On,
    Back,
}

/// A page of items, as a page of the list has them.
///
/// # Errors
/// 422 when the filter names a person, team, service, factor or incident that is not there.
pub fn page(c: &mut Conn, filter: &Filter, view: Viewpoint, turn: Turn) -> Result<Page<ActionRow>, Error> {
    page_of(c, filter, view, (turn, PAGE_SIZE))
}

/// A page with `size` items: by due date, those without one last; in "stale" by the last touch; in "checks" by the
/// day of the check.
///
/// # Errors
/// As [`page`].
pub fn page_of(
    c: &mut Conn,
    filter: &Filter,
    view: Viewpoint,
    (turn, size): (Turn, i64),
) -> Result<Page<ActionRow>, Error> {
    let wanted = Wanted { filter, ids: ids(c, filter, view)?, view, limit: size + 1 };
    let items = match filter.view {
        View::Stale => by_touch(c, &wanted, turn)?,
        View::Checks => by_check(c, &wanted, turn)?,
        _ => by_due(c, &wanted, turn)?,
    };
    let page = Page::from_rows(items, size, turn, cursor_in(filter.view));
    Ok(Page { rows: decorate(c, page.rows)?, after: page.after, before: page.before })
}

fn by_touch(c: &mut Conn, wanted: &Wanted<'_>, turn: Turn) -> Result<Vec<ActionItem>, Error> {
    let way = if matches!(turn, Turn::Before(_)) { Way::Back } else { Way::On };
    wanted.stretch(c, wanted.limit, way, |query| match turn {
        Turn::First => query.order((action_items::updated_at.asc(), action_items::id.asc())),
        Turn::After(cursor) => {
            let at = Moment::from_millis(cursor.sort);
            let further =
                action_items::updated_at.ge(at).and(action_items::updated_at.gt(at).or(action_items::id.gt(cursor.id)));
            query.filter(further).order((action_items::updated_at.asc(), action_items::id.asc()))
        }
        Turn::Before(cursor) => {
            let at = Moment::from_millis(cursor.sort);
            let back =
                action_items::updated_at.le(at).and(action_items::updated_at.lt(at).or(action_items::id.lt(cursor.id)));
            query.filter(back).order((action_items::updated_at.desc(), action_items::id.desc()))
        }
    })
}

fn by_check(c: &mut Conn, wanted: &Wanted<'_>, turn: Turn) -> Result<Vec<ActionItem>, Error> {
    let way = if matches!(turn, Turn::Before(_)) { Way::Back } else { Way::On };
    wanted.stretch(c, wanted.limit, way, |query| match turn {
        Turn::First => query.order((action_items::check_on.asc(), action_items::id.asc())),
        Turn::After(cursor) => {
            let at = day(cursor);
            let further =
                action_items::check_on.ge(at).and(action_items::check_on.gt(at).or(action_items::id.gt(cursor.id)));
            query.filter(further).order((action_items::check_on.asc(), action_items::id.asc()))
        }
        Turn::Before(cursor) => {
            let at = day(cursor);
            let back =
                action_items::check_on.le(at).and(action_items::check_on.lt(at).or(action_items::id.lt(cursor.id)));
            query.filter(back).order((action_items::check_on.desc(), action_items::id.desc()))
        }
    })
}

fn by_due(c: &mut Conn, wanted: &Wanted<'_>, turn: Turn) -> Result<Vec<ActionItem>, Error> {
    let mut items: Vec<ActionItem> = Vec::new();
    match turn {
        Turn::First | Turn::After(_) => {
            let cursor = if let Turn::After(cursor) = turn { Some(cursor) } else { None };
            let from = cursor.and_then(day);
            if cursor.is_none() || from.is_some() {
                items = wanted.stretch(c, wanted.limit, Way::On, |query| {
                    let query = match (from, cursor) {
                        (Some(day), Some(cursor)) => query.filter(after_day(day, cursor.id)),
                        // In the words of the index; a day that is after another is there as well.
                        _ => query.filter(action_items::due_on.is_not_null()),
                    };
                    query.order((action_items::due_on.asc(), action_items::id.asc()))
                })?;
            }
            let room = wanted.limit - items.len() as i64;
            if room > 0 {
                let after = cursor.filter(|_| from.is_none());
                items.extend(wanted.stretch(c, room, Way::On, |query| {
                    let query = query.filter(action_items::due_on.is_null());
                    let query = match after {
                        Some(cursor) => query.filter(action_items::id.gt(cursor.id)),
                        None => query,
                    };
                    // The day is the same for all, but only named does it tell PostgreSQL that the index is in order.
                    query.order((action_items::due_on.asc(), action_items::id.asc()))
                })?);
            }
        }
        Turn::Before(cursor) => {
            let to = day(cursor);
            if to.is_none() {
                items = wanted.stretch(c, wanted.limit, Way::Back, |query| {
                    query
                        .filter(action_items::due_on.is_null())
                        .filter(action_items::id.lt(cursor.id))
                        .order((action_items::due_on.desc(), action_items::id.desc()))
                })?;
            }
            let room = wanted.limit - items.len() as i64;
            if room > 0 {
                items.extend(wanted.stretch(c, room, Way::Back, |query| {
                    let query = match to {
                        Some(day) => query.filter(before_day(day, cursor.id)),
                        None => query.filter(action_items::due_on.is_not_null()),
                    };
                    query.order((action_items::due_on.desc(), action_items::id.desc()))
                })?);
            }
        }
    }
    Ok(items)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn after_day(day: NaiveDate, id: i64) -> _ {
    // The first half alone bounds the walk along the index; the second makes it exact.
    let from: Option<NaiveDate> = Some(day);
    action_items::due_on.ge(from).and(action_items::due_on.gt(from).or(action_items::id.gt(id)))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn before_day(day: NaiveDate, id: i64) -> _ {
    let to: Option<NaiveDate> = Some(day);
    action_items::due_on.le(to).and(action_items::due_on.lt(to).or(action_items::id.lt(id)))
}

/// Puts beside each item what stands beside it in lists, with one query for each kind of thing.
///
/// # Errors
/// The database's.
pub fn decorate(c: &mut Conn, items: Vec<ActionItem>) -> Result<Vec<ActionRow>, Error> {
    let wanted = |of: fn(&ActionItem) -> Option<i64>| {
        let mut ids: Vec<i64> = items.iter().filter_map(of).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let origins: Vec<Origin> = incidents::table
        .filter(incidents::id.eq_any(wanted(|item| item.incident_id)))
        .select(Origin::as_select())
        .load(c)?;
    let owners: Vec<Owner> =
        users::table.filter(users::id.eq_any(wanted(|item| item.owner_id))).select(Owner::as_select()).load(c)?;
    let own_teams: Vec<Team> =
        teams::table.filter(teams::id.eq_any(wanted(|item| item.team_id))).select(Team::as_select()).load(c)?;
    let factors: Vec<WorkedFactor> = contributing_factors::table
        .filter(contributing_factors::id.eq_any(wanted(|item| item.factor_id)))
        .select(WorkedFactor::as_select())
        .load(c)?;
    let origins: HashMap<i64, Origin> = origins.into_iter().map(|origin| (origin.id, origin)).collect();
    let owners: HashMap<i64, Owner> = owners.into_iter().map(|owner| (owner.id, owner)).collect();
    let own_teams: HashMap<i64, Team> = own_teams.into_iter().map(|team| (team.id, team)).collect();
    let factors: HashMap<i64, WorkedFactor> = factors.into_iter().map(|factor| (factor.id, factor)).collect();
    Ok(items
        .into_iter()
        .map(|item| ActionRow {
            origin: item.incident_id.and_then(|id| origins.get(&id).cloned()),
            owner: item.owner_id.and_then(|id| owners.get(&id).cloned()),
            team: item.team_id.and_then(|id| own_teams.get(&id).cloned()),
            factor: item.factor_id.and_then(|id| factors.get(&id).cloned()),
            item,
        })
        .collect())
}

/// The items of the filter that were closed last, and whether there are more.
///
/// # Errors
/// As [`page`].
pub fn latest_closed(
    c: &mut Conn,
    filter: &Filter,
    view: Viewpoint,
    size: i64,
) -> Result<(Vec<ActionRow>, bool), Error> {
    let ids = ids(c, filter, view)?;
    let mut items: Vec<ActionItem> = narrowed(filter, &ids, view)
        .filter(action_items::closed_at.is_not_null())
        .filter(action_items::replaced_at.is_null())
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(size + 1)
        .select(ActionItem::as_select())
        .load(c)?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let there_is_more = items.len() > size;
    items.truncate(size);
    Ok((decorate(c, items)?, there_is_more))
}
