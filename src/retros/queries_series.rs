//! Retros that come back by themselves.

use diesel::prelude::*;
use serde_json::json;

use super::calendar::Rhythm;
use super::model::{APART_DAYS, Retro, RetroStatus};
use super::queries::{self, Plan};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{retro_series, retros};
use crate::error::Error;
use crate::notify;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};
use crate::teams::model::Team;
use crate::web::times::Zone;

/// A retro is prepared so many seconds before it begins: a day.
pub const AHEAD_S: i64 = 86_400;
/// Most series that one round of preparing takes up.
const ROUND_LIMIT: i64 = 100;
/// Most series of one team that are listed.
const SERIES_LIMIT: i64 = 20;

/// A team's meeting that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = retro_series)]
pub struct Series {
    /// Row id.
    pub id: i64,
    /// Whose.
    pub team_id: i64,
    /// Every so many weeks.
    pub every_weeks: i64,
    /// 0 is Monday.
    pub weekday: i64,
    /// Local time, in minutes since midnight.
    pub minute_of_day: i64,
    /// IANA name of the zone whose clock counts.
    pub zone: String,
    /// Whether nobody is named on cards.
    pub anonymous: bool,
    /// The next meeting that is not prepared yet.
    pub next_at: Moment,
}

impl Series {
    /// When it comes back.
    pub fn rhythm(&self) -> Rhythm {
        Rhythm {
            every_weeks: self.every_weeks,
            weekday: self.weekday,
            minute_of_day: self.minute_of_day,
            zone: Zone::or_utc(&self.zone),
        }
    }

    /// `every 2 weeks on Wednesday at 14:30, Europe/Berlin`
    pub fn words(&self) -> String {
        let every = match self.every_weeks {
            1 => "every week".to_owned(),
            weeks => format!("every {weeks} weeks"),
        };
        let day = WEEKDAYS[usize::try_from(self.weekday.rem_euclid(7)).unwrap_or(0)];
        let (hour, minute) = (self.minute_of_day / 60, self.minute_of_day % 60);
        format!("{every} on {day} at {hour:02}:{minute:02}, {}", self.zone)
    }
}

/// The days of the week, Monday first.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The series of a team that go on.
///
/// # Errors
/// The database's.
pub fn of_team(c: &mut Conn, team_id: i64) -> Result<Vec<Series>, Error> {
    Ok(retro_series::table
        .filter(retro_series::team_id.eq(team_id))
        .filter(retro_series::ended_at.is_null())
        .order(retro_series::id)
        .limit(SERIES_LIMIT)
        .select(Series::as_select())
        .load(c)?)
}

/// When a team meets next after `now`, by its series or by what is prepared.
///
/// # Errors
/// The database's.
pub fn next_meeting(c: &mut Conn, team_id: i64, now: Moment) -> Result<Option<Moment>, Error> {
    let prepared: Option<Moment> = retros::table
        .filter(retros::team_id.eq(team_id))
        .filter(retros::status.eq(RetroStatus::Prepared))
        .filter(retros::meets_at.gt(now.plus_s(AHEAD_S)))
        .order(retros::meets_at)
        .select(retros::meets_at)
        .first(c)
        .optional()?;
    let by_series = of_team(c, team_id)?.into_iter().map(|series| series.next_at).filter(|at| *at > now).min();
    Ok(prepared.into_iter().chain(by_series).min())
}

/// Adds a series; its first retro is prepared at once, and the team is told, when it is less than a day away.
///
/// # Errors
/// 422 when there are too many.
pub fn add(c: &mut Conn, actor: &Actor, meeting: (&Team, &Rhythm, Anonymity), now: Moment) -> Result<Series, Error> {
    let id = add_quietly(c, actor, meeting, now)?;
    for retro in prepare_due(c, now)? {
        announce(c, &retro, now)?;
    }
    Ok(retro_series::table.find(id).select(Series::as_select()).first(c)?)
}

/// Adds a series and prepares nothing yet; gives its row id.
///
/// # Errors
/// 422 when there are too many.
pub fn add_quietly(
    c: &mut Conn,
    actor: &Actor,
    (team, rhythm, anonymous): (&Team, &Rhythm, Anonymity),
    now: Moment,
) -> Result<i64, Error> {
    if of_team(c, team.id)?.len() as i64 >= SERIES_LIMIT {
        return Err(Error::field("", format!("Keep it to {SERIES_LIMIT} meetings. End one first.")));
    }
    let next_at = rhythm.first(now.plus_s(60));
    let id: i64 = diesel::insert_into(retro_series::table)
        .values((
            retro_series::team_id.eq(team.id),
            retro_series::every_weeks.eq(rhythm.every_weeks),
            retro_series::weekday.eq(rhythm.weekday),
            retro_series::minute_of_day.eq(rhythm.minute_of_day),
            retro_series::zone.eq(rhythm.zone.name()),
            retro_series::anonymous.eq(anonymous == Anonymity::Nameless),
            retro_series::next_at.eq(next_at),
            retro_series::created_by.eq(actor.user_id),
            retro_series::created_at.eq(now),
        ))
        .returning(retro_series::id)
        .get_result(c)?;
    let series: Series = retro_series::table.find(id).select(Series::as_select()).first(c)?;
    let subject = format!("team {}", team.slug);
    let change = Change { action: "retro_series.add", subject, old: None::<()>, new: Some(series.words()) };
    audit::record(c, actor, now, &change)?;
    Ok(id)
}

/// Whether cards carry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymity {
    /// They do.
    Named,
    /// They do not, and nobody stores who wrote them.
    Nameless,
}

/// Ends a series. What was prepared and did not begin is skipped.
///
/// # Errors
/// 404
pub fn end(c: &mut Conn, actor: &Actor, (team, id): (&Team, i64), now: Moment) -> Result<(), Error> {
    let mine = retro_series::table
        .filter(retro_series::id.eq(id))
        .filter(retro_series::team_id.eq(team.id))
        .filter(retro_series::ended_at.is_null());
    if diesel::update(mine).set(retro_series::ended_at.eq(now)).execute(c)? == 0 {
        return Err(Error::no("meeting", id));
    }
    skip_prepared(c, actor, id, now)?;
    let subject = format!("team {}", team.slug);
    audit::record(c, actor, now, &Change { action: "retro_series.end", subject, old: Some(id), new: None::<()> })
}

/// Marks prepared retros of a series that never began.
fn skip_prepared(c: &mut Conn, actor: &Actor, series_id: i64, now: Moment) -> Result<(), Error> {
    let waiting: Vec<Retro> = retros::table
        .filter(retros::series_id.eq(series_id))
        .filter(retros::status.eq(RetroStatus::Prepared))
        .order(retros::id)
        .select(Retro::as_select())
        .load(c)?;
    for retro in waiting {
        queries::raise(c, retro.id, now)?;
        diesel::update(retros::table.find(retro.id)).set(retros::status.eq(RetroStatus::Skipped)).execute(c)?;
        let change = Change {
            action: "retro.skip",
            subject: format!("retro {}", retro.id),
            old: Some(json!({"status": "prepared"})),
            new: Some(json!({"status": "skipped"})),
        };
        audit::record(c, actor, now, &change)?;
    }
    Ok(())
}

/// Prepares every retro that begins within a day and is not prepared yet. Done again, it changes nothing.
///
/// # Errors
/// The database's.
pub fn prepare_due(c: &mut Conn, now: Moment) -> Result<Vec<Retro>, Error> {
    let due: Vec<Series> = retro_series::table
        .filter(retro_series::ended_at.is_null())
        .filter(retro_series::next_at.le(now.plus_s(AHEAD_S)))
        .order((retro_series::next_at, retro_series::id))
        .limit(ROUND_LIMIT)
        .select(Series::as_select())
        .load(c)?;
    let actor = Actor::program("the calendar");
    let mut prepared = Vec::new();
    for series in due {
        let rhythm = series.rhythm();
        // Meetings that passed while nothing ran are not made up for.
        let meets_at = if series.next_at > now { series.next_at } else { rhythm.after(series.next_at, now) };
        let is_near = meets_at <= now.plus_s(AHEAD_S);
        let next_at = if is_near { rhythm.after(meets_at, now) } else { meets_at };
        // Whoever moves the date on prepares; another node that looks at the same time finds it moved.
        let moved =
            diesel::update(retro_series::table.find(series.id).filter(retro_series::next_at.eq(series.next_at)))
                .set(retro_series::next_at.eq(next_at))
                .execute(c)?;
        if moved == 1 && is_near {
            skip_prepared(c, &actor, series.id, now)?;
            prepared.push(prepare(c, &actor, &series, (meets_at, next_at), now)?);
        }
    }
    Ok(prepared)
}

fn prepare(
    c: &mut Conn,
    actor: &Actor,
    series: &Series,
    (meets_at, next_at): (Moment, Moment),
    now: Moment,
) -> Result<Retro, Error> {
    let zone = series.rhythm().zone;
    let last = queries::last_closed(c, series.team_id)?;
    let plan = Plan {
        team_id: series.team_id,
        series_id: Some(series.id),
        meets_at,
        next_on: zone.date(next_at),
        period_from: last.map_or_else(|| meets_at.plus_s(-(APART_DAYS as i64) * 86_400), |last| last.period_to),
        period_to: meets_at,
        anonymous: series.anonymous,
    };
    let retro = queries::plan_one(c, actor, &plan, now)?;
    queries::freeze(c, &retro, zone, now)?;
    queries::by_id(c, retro.id)
}

/// Tells the team that the agenda of a prepared retro can be read.
///
/// # Errors
/// The database's.
pub fn announce(c: &mut Conn, retro: &Retro, now: Moment) -> Result<(), Error> {
    let zone: Option<String> = match retro.series_id {
        Some(id) => retro_series::table.find(id).select(retro_series::zone).first(c).optional()?,
        None => None,
    };
    let zone = Zone::or_utc(zone.as_deref().unwrap_or_default());
    let team = queries::team_of(c, retro)?;
    let count = queries::entries(c, retro.id)?.len();
    let when = format!("{} ({})", zone.long(retro.meets_at), zone.name());
    let notice = Notice {
        kind: NoticeKind::RetroPrepared,
        thing: Thing::new("retro", format!("retro {}", retro.id), retro.path()),
        title: format!("Retro of {} on {when}: {count} things", team.name),
        body: "The agenda can be read now. It is taken afresh when the retro starts; nobody has to prepare anything."
            .to_owned(),
        why: format!("you belong to {}", team.name),
        audience: Audience::teams([team.id]),
        actor_id: None,
        dedup_key: Some(format!("retro {} prepared", retro.id)),
    };
    notify::queries::tell(c, &notice, now)?;
    Ok(())
}
