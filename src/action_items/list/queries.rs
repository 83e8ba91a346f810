//! Lists of items in the database.
//!
//! The order is the due date, items without one last, then the id. The databases disagree on where a missing
//! date sorts, and no index serves "last", so a page is read in two stretches: the dated items, then the others.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::action_items::filter::{Filter, View};
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus, Origin, Owner, WorkedFactor};
use crate::action_items::queries::{origin, owner};
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

type Query<'a> = action_items::BoxedQuery<'a, <Conn as Connection>::Backend>;

/// The rows that a filter names; looked up once for both stretches.
#[derive(Clone, Copy, Default)]
struct Ids {
    owner: Option<i64>,
    team: Option<i64>,
    service: Option<i64>,
    incident: Option<i64>,
}

fn ids(c: &mut Conn, filter: &Filter) -> Result<Ids, Error> {
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
    if let Some(number) = filter.incident {
        ids.incident = Some(origin(c, number)?.id);
    }
    Ok(ids)
}

fn narrowed<'a>(filter: &Filter, ids: Ids, view: Viewpoint) -> Query<'a> {
    let mut query = action_items::table.into_boxed();
    if matches!(filter.view, View::Mine | View::Team | View::Late | View::Unassigned | View::Open) {
        // The words of the partial index, so that both planners know that it serves.
        query = query.filter(action_items::closed_at.is_null());
    }
    query = match filter.view {
        View::Mine => query.filter(action_items::owner_id.eq(view.user_id)),
        View::Team => query.filter(action_items::team_id.eq_any(
            team_members::table.filter(team_members::user_id.eq(view.user_id)).select(team_members::team_id.nullable()),
        )),
        View::Late => query.filter(action_items::due_on.lt(view.today)),
        View::Unassigned => query.filter(action_items::owner_id.is_null()),
        View::Done => query.filter(action_items::status.eq(ActionStatus::Done)),
        View::Declined => query.filter(action_items::status.eq(ActionStatus::Declined)),
        View::Open | View::All => query,
    };
    if let Some(id) = ids.owner {
        query = query.filter(action_items::owner_id.eq(id));
    }
    if let Some(id) = ids.team {
        query = query.filter(action_items::team_id.eq(id));
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

/// The sort value of items without a due date: after every date.
const UNDATED: i64 = i64::MAX;

fn cursor(item: &ActionItem) -> Cursor {
    Cursor { sort: item.due_on.map_or(UNDATED, |day| i64::from(day.num_days_from_ce())), id: item.id }
}

/// The day of a cursor; none for the stretch without dates.
fn day(cursor: Cursor) -> Option<NaiveDate> {
    i32::try_from(cursor.sort).ok().and_then(NaiveDate::from_num_days_from_ce_opt)
}

/// A page of items by due date, those without one last.
///
/// # Errors
/// 422 when the filter names a person, team, service or incident that is not there.
pub fn page(c: &mut Conn, filter: &Filter, view: Viewpoint, turn: Turn) -> Result<Page<ActionRow>, Error> {
    let ids = ids(c, filter)?;
    let base = || narrowed(filter, ids, view);
    let limit = PAGE_SIZE + 1;
    let dated = |query: Query<'static>| query.filter(action_items::due_on.is_not_null());
    let undated = |query: Query<'static>| query.filter(action_items::due_on.is_null());
    let mut items: Vec<ActionItem> = Vec::new();
    match turn {
        Turn::First | Turn::After(_) => {
            let mut early = Some(dated(base()));
            let mut late = undated(base());
            if let Turn::After(cursor) = turn {
                match day(cursor) {
                    Some(day) => early = early.map(|query| query.filter(after_day(day, cursor.id))),
                    None => {
                        early = None;
                        late = late.filter(action_items::id.gt(cursor.id));
                    }
                }
            }
            if let Some(early) = early {
                let order = (action_items::due_on.asc(), action_items::id.asc());
                items = early.order(order).limit(limit).select(ActionItem::as_select()).load(c)?;
            }
            let room = limit - items.len() as i64;
            if room > 0 {
                let rest: Vec<ActionItem> =
                    late.order(action_items::id.asc()).limit(room).select(ActionItem::as_select()).load(c)?;
                items.extend(rest);
            }
        }
        Turn::Before(cursor) => {
            let mut early = dated(base());
            match day(cursor) {
                Some(day) => early = early.filter(before_day(day, cursor.id)),
                None => {
                    let late = undated(base()).filter(action_items::id.lt(cursor.id));
                    items = late.order(action_items::id.desc()).limit(limit).select(ActionItem::as_select()).load(c)?;
                }
            }
            let room = limit - items.len() as i64;
            if room > 0 {
                let order = (action_items::due_on.desc(), action_items::id.desc());
                let rest: Vec<ActionItem> = early.order(order).limit(room).select(ActionItem::as_select()).load(c)?;
                items.extend(rest);
            }
        }
    }
    let page = Page::from_rows(items, PAGE_SIZE, turn, cursor);
    Ok(Page { rows: decorate(c, page.rows)?, after: page.after, before: page.before })
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
