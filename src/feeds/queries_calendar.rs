//! What stands in a calendar: due items, effect checks, reviews and retros, of a person or of a team.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{CALENDAR_LIMIT, CalendarEntry, Feed, When};
use super::queries::Site;
use crate::action_items::model::ActionItem;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    action_items, incident_services, incidents, postmortems, retro_series, retros, review_requests, services,
    team_members, teams,
};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::postmortems::model::PostmortemStatus;
use crate::retros::model::{Retro, RetroStatus};
use crate::retros::queries_series::Series;

/// How many meetings of a series stand in the calendar.
const MEETINGS_AHEAD: usize = 6;
/// Most series and prepared retros that are looked at.
const RETRO_LIMIT: i64 = 100;

/// Everything that has a day, as `now` sees it.
///
/// # Errors
/// The database's.
pub fn calendar(c: &mut Conn, feed: &Feed, site: &Site, now: Moment) -> Result<Vec<CalendarEntry>, Error> {
    let mut entries = due_items(c, feed, site)?;
    entries.extend(effect_checks(c, feed, site)?);
    entries.extend(reviews(c, feed, site)?);
    entries.extend(meetings(c, feed, site, now)?);
    Ok(entries)
}

fn carried(feed: &Feed) -> action_items::BoxedQuery<'static, <Conn as Connection>::Backend> {
    match feed.team_id {
        Some(team_id) => action_items::table.filter(action_items::team_id.eq(team_id)).into_boxed(),
        None => action_items::table.filter(action_items::owner_id.eq(feed.user_id)).into_boxed(),
    }
}

fn due_items(c: &mut Conn, feed: &Feed, site: &Site) -> Result<Vec<CalendarEntry>, Error> {
    let items: Vec<ActionItem> = carried(feed)
        .filter(action_items::closed_at.is_null())
        .filter(action_items::due_on.is_not_null())
        .order((action_items::due_on.asc(), action_items::id.asc()))
        .limit(CALENDAR_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    let entry = |item: &ActionItem| {
        let title = format!("{} due: {}", item.key(), item.title);
        item.due_on.map(|on| of_item(item, site, ("due", on, title)))
    };
    Ok(items.iter().filter_map(entry).collect())
}

fn effect_checks(c: &mut Conn, feed: &Feed, site: &Site) -> Result<Vec<CalendarEntry>, Error> {
    let items: Vec<ActionItem> = carried(feed)
        .filter(action_items::check_on.is_not_null())
        .filter(action_items::closed_at.is_not_null())
        .filter(action_items::replaced_at.is_null())
        .order((action_items::check_on.asc(), action_items::id.asc()))
        .limit(CALENDAR_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    let entry = |item: &ActionItem| {
        let title = format!("{} did it work? {}", item.key(), item.title);
        item.check_on.map(|on| of_item(item, site, ("check", on, title)))
    };
    Ok(items.iter().filter_map(entry).collect())
}

fn of_item(item: &ActionItem, site: &Site, (what, on, title): (&str, NaiveDate, String)) -> CalendarEntry {
    CalendarEntry {
        uid: format!("{}-{what}@{}", item.key().to_lowercase(), site.host),
        when: When::Day(on),
        title,
        text: format!("{}, {}", item.priority, item.status.words()),
        url: site.link(&item.path()),
        changed_at: item.updated_at,
        sequence: item.revision,
    }
}

/// Reviews that a person was asked for and has not given; of a team, those of its services' incidents, once each.
fn reviews(c: &mut Conn, feed: &Feed, site: &Site) -> Result<Vec<CalendarEntry>, Error> {
    let mut waiting = review_requests::table
        .inner_join(postmortems::table.inner_join(incidents::table))
        .filter(review_requests::answered_at.is_null())
        .filter(review_requests::withdrawn_at.is_null())
        .filter(postmortems::status.eq(PostmortemStatus::InReview))
        .order((review_requests::due_on.asc(), review_requests::id.asc()))
        .limit(CALENDAR_LIMIT)
        .select((review_requests::due_on, review_requests::asked_at, Incident::as_select()))
        .into_boxed();
    waiting = match feed.team_id {
        Some(team_id) => {
            let hit = incident_services::table
                .inner_join(services::table)
                .filter(services::team_id.eq(team_id))
                .select(incident_services::incident_id);
            waiting.filter(incidents::id.eq_any(hit))
        }
        None => waiting.filter(review_requests::user_id.eq(feed.user_id)),
    };
    let asked: Vec<(NaiveDate, Moment, Incident)> = waiting.load(c)?;
    let mut known = HashSet::new();
    Ok(asked
        .into_iter()
        .filter(|(_, _, incident)| known.insert(incident.id))
        .map(|(due_on, asked_at, incident)| CalendarEntry {
            uid: format!("{}-review@{}", incident.key().to_lowercase(), site.host),
            when: When::Day(due_on),
            title: format!("Review due: postmortem of {} {}", incident.key(), incident.title),
            text: String::new(),
            url: site.link(&format!("{}/postmortem", incident.path())),
            changed_at: asked_at,
            sequence: 0,
        })
        .collect())
}

/// Retros that are prepared, and the next meetings of each series; of a person, those of their teams.
fn meetings(c: &mut Conn, feed: &Feed, site: &Site, now: Moment) -> Result<Vec<CalendarEntry>, Error> {
    let team_ids: Vec<i64> = match feed.team_id {
        Some(team_id) => vec![team_id],
        None => team_members::table
            .filter(team_members::user_id.eq(feed.user_id))
            .order(team_members::team_id)
            .limit(RETRO_LIMIT)
            .select(team_members::team_id)
            .load(c)?,
    };
    let prepared: Vec<(Retro, String)> = retros::table
        .inner_join(teams::table)
        .filter(retros::team_id.eq_any(&team_ids))
        .filter(retros::status.eq_any([RetroStatus::Prepared, RetroStatus::Running]))
        .order((retros::meets_at.asc(), retros::id.asc()))
        .limit(RETRO_LIMIT)
        .select((Retro::as_select(), teams::name))
        .load(c)?;
    let series: Vec<(Series, Moment, String, String)> = retro_series::table
        .inner_join(teams::table)
        .filter(retro_series::team_id.eq_any(&team_ids))
        .filter(retro_series::ended_at.is_null())
        .order(retro_series::id)
        .limit(RETRO_LIMIT)
        .select((Series::as_select(), retro_series::created_at, teams::slug, teams::name))
        .load(c)?;
    let mut entries: Vec<CalendarEntry> = prepared
        .into_iter()
        .map(|(retro, team)| CalendarEntry {
            uid: match retro.series_id {
                Some(series_id) => meeting_uid(series_id, retro.meets_at, site),
                None => format!("retro-{}@{}", retro.id, site.host),
            },
            when: When::Hour(retro.meets_at),
            title: format!("Retro of {team}"),
            text: "The agenda can be read now.".to_owned(),
            url: site.link(&retro.path()),
            changed_at: retro.updated_at,
            sequence: retro.revision,
        })
        .collect();
    for (series, created_at, slug, team) in series {
        let rhythm = series.rhythm();
        let first = if series.next_at > now { series.next_at } else { rhythm.after(series.next_at, now) };
        let meetings = std::iter::successors(Some(first), |at| Some(rhythm.after(*at, *at))).take(MEETINGS_AHEAD);
        entries.extend(meetings.map(|meets_at| CalendarEntry {
            uid: meeting_uid(series.id, meets_at, site),
            when: When::Hour(meets_at),
            title: format!("Retro of {team}"),
            text: String::new(),
            url: site.link(&format!("/teams/{slug}/retro-series")),
            changed_at: created_at,
            sequence: 0,
        }));
    }
    let mut known = HashSet::new();
    entries.retain(|entry| known.insert(entry.uid.clone()));
    Ok(entries)
}

/// The same before and after a meeting is prepared, so that a calendar shows it once.
fn meeting_uid(series_id: i64, meets_at: Moment, site: &Site) -> String {
    format!("retro-{series_id}-{}@{}", meets_at.utc().format("%Y%m%dT%H%MZ"), site.host)
}
