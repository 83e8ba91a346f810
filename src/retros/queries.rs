//! Retros in the database: planning, starting, walking and closing them.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::agenda::{self, Thing, Viewpoint};
use super::model::{APART_DAYS, BOX_S, CardsPhase, Entry, HERE_S, Retro, RetroStatus, VOTES_EACH, usual_next};
use super::queries_series;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{Role, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::{retro_entries, retro_people, retros, team_members, teams, users};
use crate::error::Error;
use crate::notify;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing as Told};
use crate::teams::model::Team;
use crate::web::times::Zone;

/// Most people of one retro that its page and minutes name.
const PEOPLE_LIMIT: i64 = 200;
/// A prepared retro is taken up by whoever starts one so many seconds before its time, or later.
const EARLY_S: i64 = 86_400;

/// The retro with this id.
///
/// # Errors
/// 404 when there is none.
pub fn by_id(c: &mut Conn, id: i64) -> Result<Retro, Error> {
    let found = retros::table.find(id).select(Retro::as_select()).first(c).optional()?;
    found.ok_or_else(|| Error::no("retro", id))
}

/// Holds a retro until the transaction ends and raises its revision: every change begins with it, so that changes
/// come one after the other and whoever watches sees each of them.
///
/// # Errors
/// 404 when there is none.
pub fn raise(c: &mut Conn, id: i64, now: Moment) -> Result<Retro, Error> {
    diesel::update(retros::table.find(id))
        .set((retros::revision.eq(retros::revision + 1), retros::updated_at.eq(now)))
        .execute(c)?;
    by_id(c, id)
}

/// [`raise`] for what only a running retro takes.
///
/// # Errors
/// 404; 409 when it has not begun or is over.
pub fn raise_running(c: &mut Conn, id: i64, now: Moment) -> Result<Retro, Error> {
    let retro = raise(c, id, now)?;
    match retro.status {
        RetroStatus::Running => Ok(retro),
        RetroStatus::Prepared => Err(Error::Conflict("This retro has not begun. Start it first.".to_owned())),
        RetroStatus::Closed | RetroStatus::Skipped => {
            Err(Error::Conflict("This retro is over. What is decided now goes onto the item's own page.".to_owned()))
        }
    }
}

/// The team of a retro.
///
/// # Errors
/// The database's.
pub fn team_of(c: &mut Conn, retro: &Retro) -> Result<Team, Error> {
    Ok(teams::table.find(retro.team_id).select(Team::as_select()).first(c)?)
}

/// The retro of this team that was closed last.
///
/// # Errors
/// The database's.
pub fn last_closed(c: &mut Conn, team_id: i64) -> Result<Option<Retro>, Error> {
    Ok(retros::table
        .filter(retros::team_id.eq(team_id))
        .filter(retros::status.eq(RetroStatus::Closed))
        .order((retros::meets_at.desc(), retros::id.desc()))
        .select(Retro::as_select())
        .first(c)
        .optional()?)
}

/// What somebody who starts a retro says.
#[derive(Clone, Debug, Default)]
pub struct StartDraft {
    /// The team's slug.
    pub team: String,
    /// First day that is looked at; since the last retro when nothing is said.
    pub from: Option<NaiveDate>,
    /// Last day that is looked at; up to now when nothing is said.
    pub to: Option<NaiveDate>,
}

/// Starts a retro, or leads to the one that runs: a team has one at a time. A prepared one whose time has come is
/// taken up.
///
/// # Errors
/// 422 when there is no such team.
pub fn start(c: &mut Conn, (actor, user): (&Actor, &User), draft: &StartDraft, now: Moment) -> Result<Retro, Error> {
    let team = crate::teams::queries::find(c, &draft.team)?
        .ok_or_else(|| Error::field("team", format!("There is no team {}. Pick one of the list.", draft.team)))?;
    hold_team(c, team.id)?;
    let present = |status: RetroStatus| {
        retros::table
            .filter(retros::team_id.eq(team.id))
            .filter(retros::status.eq(status))
            .order((retros::meets_at.asc(), retros::id.asc()))
            .select(Retro::as_select())
    };
    let running: Option<Retro> = present(RetroStatus::Running).first(c).optional()?;
    if let Some(running) = running {
        return Ok(running);
    }
    let says_nothing = draft.from.is_none() && draft.to.is_none();
    let prepared: Option<Retro> = present(RetroStatus::Prepared)
        .filter(retros::meets_at.le(now.plus_s(EARLY_S)))
        .first(c)
        .optional()?
        .filter(|_| says_nothing);
    let retro = match prepared {
        Some(prepared) => prepared,
        None => {
            let zone = user.zone();
            let last = last_closed(c, team.id)?;
            let usual_from = last.map_or_else(|| now.plus_s(-(APART_DAYS as i64) * 86_400), |last| last.period_to);
            let next_at = queries_series::next_meeting(c, team.id, now)?;
            let plan = Plan {
                team_id: team.id,
                series_id: None,
                meets_at: now,
                next_on: next_at.map_or_else(|| usual_next(zone.date(now)), |at| zone.date(at)),
                period_from: draft.from.map_or(usual_from, |day| day_start(day, zone)),
                period_to: draft.to.map_or(now, |day| day_start(day, zone).plus_s(86_400 - 1)),
                anonymous: false,
            };
            plan_one(c, actor, &plan, now)?
        }
    };
    begin(c, (actor, user), retro.id, now)
}

fn day_start(day: NaiveDate, zone: Zone) -> Moment {
    zone.parse(&format!("{day}T00:00")).unwrap_or_else(|_| Moment::from_millis(0))
}

/// Holds a team until the transaction ends: two who start at once get one retro.
fn hold_team(c: &mut Conn, team_id: i64) -> Result<(), Error> {
    diesel::update(teams::table.find(team_id)).set(teams::created_at.eq(teams::created_at)).execute(c)?;
    Ok(())
}

/// A retro that is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose.
    pub team_id: i64,
    /// Of which series.
    pub series_id: Option<i64>,
    /// When it is to begin.
    pub meets_at: Moment,
    /// The day of the one after it.
    pub next_on: NaiveDate,
    /// What happened since is looked at.
    pub period_from: Moment,
    /// Until then.
    pub period_to: Moment,
    /// Whether nobody is named on cards.
    pub anonymous: bool,
}

/// Writes a planned retro down, without an agenda.
///
/// # Errors
/// The database's.
pub fn plan_one(c: &mut Conn, actor: &Actor, plan: &Plan, now: Moment) -> Result<Retro, Error> {
    let id: i64 = diesel::insert_into(retros::table)
        .values((
            (
                retros::team_id.eq(plan.team_id),
                retros::series_id.eq(plan.series_id),
                retros::status.eq(RetroStatus::Prepared),
                retros::period_from.eq(plan.period_from),
                retros::period_to.eq(plan.period_to),
                retros::meets_at.eq(plan.meets_at),
                retros::next_on.eq(plan.next_on),
                retros::entry_position.eq(1),
                retros::box_s.eq(BOX_S),
                retros::left_out_count.eq(0),
            ),
            (
                retros::cards_phase.eq(CardsPhase::Off),
                retros::anonymous.eq(plan.anonymous),
                retros::votes_each.eq(VOTES_EACH),
                retros::notes.eq(""),
                retros::notes_revision.eq(0),
                retros::revision.eq(1),
                retros::created_by.eq(actor.user_id),
                retros::created_at.eq(now),
                retros::updated_at.eq(now),
            ),
        ))
        .returning(retros::id)
        .get_result(c)?;
    let subject = format!("retro {id}");
    let new = Some(json!({"team_id": plan.team_id, "meets_at": plan.meets_at}));
    audit::record(c, actor, now, &Change { action: "retro.plan", subject, old: None::<()>, new })?;
    by_id(c, id)
}

/// Begins a prepared retro: its agenda is frozen, whoever begins it leads.
///
/// # Errors
/// 404; 409 when it is over.
pub fn begin(c: &mut Conn, (actor, user): (&Actor, &User), id: i64, now: Moment) -> Result<Retro, Error> {
    let was_running = by_id(c, id)?.is_running();
    let retro = begin_quietly(c, (actor, user), id, now)?;
    if !was_running {
        tell_begun(c, (actor, &retro), now)?;
    }
    Ok(retro)
}

/// Tells the team that it is at it.
fn tell_begun(c: &mut Conn, (actor, retro): (&Actor, &Retro), now: Moment) -> Result<(), Error> {
    let team = team_of(c, retro)?;
    let count = entries(c, retro.id)?.len();
    let notice = Notice {
        kind: NoticeKind::RetroStarted,
        thing: Told::new("retro", format!("retro {}", retro.id), retro.path()),
        title: format!("The retro of {} has started: {count} things", team.name),
        body: format!("{} leads. Open its page to see what everybody sees, and decide with them.", actor.name),
        why: format!("you belong to {}", team.name),
        audience: Audience::teams([team.id]),
        actor_id: actor.user_id,
        dedup_key: Some(format!("retro {} started", retro.id)),
    };
    notify::queries::tell(c, &notice, now).map(|_| ())
}

/// [`begin`] without telling anybody.
///
/// # Errors
/// As [`begin`].
pub fn begin_quietly(c: &mut Conn, (actor, user): (&Actor, &User), id: i64, now: Moment) -> Result<Retro, Error> {
    let retro = raise(c, id, now)?;
    match retro.status {
        RetroStatus::Running => return Ok(retro),
        RetroStatus::Prepared => {}
        RetroStatus::Closed | RetroStatus::Skipped => {
            return Err(Error::Conflict("This retro is over. Start a new one from the team's page.".to_owned()));
        }
    }
    // A scheduled one looks at everything up to its beginning.
    let period_to = if retro.series_id.is_some() { now } else { retro.period_to };
    diesel::update(retros::table.find(id))
        .set((
            retros::status.eq(RetroStatus::Running),
            retros::started_at.eq(now),
            retros::period_to.eq(period_to),
            retros::facilitator_id.eq(user.id),
            retros::entry_position.eq(1),
            retros::entry_began_at.eq(now),
        ))
        .execute(c)?;
    let retro = by_id(c, id)?;
    freeze(c, &retro, user.zone(), now)?;
    seen(c, id, user.id, now)?;
    let new = Some(json!({"status": "running", "facilitator": user.handle}));
    let old = Some(json!({"status": "prepared"}));
    audit::record(c, actor, now, &Change { action: "retro.start", subject: format!("retro {id}"), old, new })?;
    by_id(c, id)
}

/// Writes the agenda of a retro about which nothing is decided yet, in the place of the one that was there.
///
/// # Errors
/// The database's.
pub fn freeze(c: &mut Conn, retro: &Retro, zone: Zone, now: Moment) -> Result<(), Error> {
    let last = last_closed(c, retro.team_id)?;
    let meets_at = retro.meets_at.max(now);
    let view = Viewpoint { today: zone.date(meets_at), next_on: retro.next_on, now: meets_at };
    let candidates = agenda::queries::candidates(c, retro, last.as_ref(), (&view, zone))?;
    let (places, left_out) = agenda::freeze(candidates);
    diesel::delete(retro_entries::table.filter(retro_entries::retro_id.eq(retro.id))).execute(c)?;
    for (position, place) in (1_i64..).zip(places) {
        let of = |wanted: fn(Thing) -> Option<i64>| wanted(place.thing);
        let others: Vec<&str> = place.others.iter().map(|reason| reason.as_str()).collect();
        diesel::insert_into(retro_entries::table)
            .values((
                retro_entries::retro_id.eq(retro.id),
                retro_entries::position.eq(position),
                retro_entries::kind.eq(place.kind),
                retro_entries::action_item_id.eq(of(|thing| if let Thing::Item(id) = thing { Some(id) } else { None })),
                retro_entries::incident_id
                    .eq(of(|thing| if let Thing::Incident(id) = thing { Some(id) } else { None })),
                retro_entries::deploy_id.eq(of(|thing| if let Thing::Deploy(id) = thing { Some(id) } else { None })),
                retro_entries::reason.eq(place.reason),
                retro_entries::other_reasons.eq(others.join(" ")),
                retro_entries::spent_s.eq(0),
            ))
            .execute(c)?;
    }
    let left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
    diesel::update(retros::table.find(retro.id)).set(retros::left_out_count.eq(left_out)).execute(c)?;
    Ok(())
}

/// The agenda in its order.
///
/// # Errors
/// The database's.
pub fn entries(c: &mut Conn, retro_id: i64) -> Result<Vec<Entry>, Error> {
    Ok(retro_entries::table
        .filter(retro_entries::retro_id.eq(retro_id))
        .order(retro_entries::position)
        .select(Entry::as_select())
        .load(c)?)
}

/// Somebody is at a retro: writes down that they joined, and when they were last seen. Says whether they are new.
///
/// # Errors
/// The database's.
pub fn seen(c: &mut Conn, retro_id: i64, user_id: i64, now: Moment) -> Result<bool, Error> {
    let known = diesel::update(retro_people::table.find((retro_id, user_id)))
        .set(retro_people::last_seen_at.eq(now))
        .execute(c)?;
    if known > 0 {
        return Ok(false);
    }
    let row = (
        retro_people::retro_id.eq(retro_id),
        retro_people::user_id.eq(user_id),
        retro_people::joined_at.eq(now),
        retro_people::last_seen_at.eq(now),
    );
    let added = match c {
        Conn::Sqlite(c) => diesel::insert_into(retro_people::table).values(row).on_conflict_do_nothing().execute(c)?,
        Conn::Postgres(c) => {
            diesel::insert_into(retro_people::table).values(row).on_conflict_do_nothing().execute(c)?
        }
    };
    Ok(added > 0)
}

/// Somebody opened a running retro's page: whoever is new is shown to the others.
///
/// # Errors
/// The database's.
pub fn arrive(c: &mut Conn, retro_id: i64, user_id: i64, now: Moment) -> Result<(), Error> {
    if seen(c, retro_id, user_id, now)? {
        raise(c, retro_id, now)?;
    }
    Ok(())
}

/// Whether somebody's presence is older than half of what counts as here, so that it is worth writing.
///
/// # Errors
/// The database's.
pub fn is_stale(c: &mut Conn, retro_id: i64, user_id: i64, now: Moment) -> Result<bool, Error> {
    let last: Option<Moment> =
        retro_people::table.find((retro_id, user_id)).select(retro_people::last_seen_at).first(c).optional()?;
    Ok(last.is_none_or(|last| now.seconds_since(last) >= HERE_S / 3))
}

/// Everybody who was there, in the order in which they came: name, and when they were last seen.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn, retro_id: i64) -> Result<Vec<(String, Moment)>, Error> {
    Ok(retro_people::table
        .inner_join(users::table)
        .filter(retro_people::retro_id.eq(retro_id))
        .order((retro_people::joined_at, users::id))
        .limit(PEOPLE_LIMIT)
        .select((users::name, retro_people::last_seen_at))
        .load(c)?)
}

/// Passes the lead on to somebody, or takes it over. The old one need not be there.
///
/// # Errors
/// 404; 409 when it does not run; 422 when nobody who may write is called that.
pub fn lead(c: &mut Conn, actor: &Actor, (id, handle): (i64, &str), now: Moment) -> Result<User, Error> {
    let retro = raise_running(c, id, now)?;
    let wanted = handle.trim().trim_start_matches('@').to_lowercase();
    let leads: User = users::table
        .filter(users::handle.eq(&wanted).or(users::email.eq(&wanted)))
        .filter(users::disabled_at.is_null())
        .filter(users::role.ne(Role::Viewer))
        .order(users::id)
        .select(User::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::field("lead", format!("Nobody who can lead is called {handle}. Check the handle.")))?;
    diesel::update(retros::table.find(id)).set(retros::facilitator_id.eq(leads.id)).execute(c)?;
    let change = Change {
        action: "retro.lead",
        subject: format!("retro {id}"),
        old: Some(json!({"facilitator_id": retro.facilitator_id})),
        new: Some(json!({"facilitator": leads.handle})),
    };
    audit::record(c, actor, now, &change)?;
    Ok(leads)
}

/// Turns everybody to another entry; one past the last is the end of the agenda. The time that the present one was
/// looked at is kept.
///
/// # Errors
/// The database's.
pub fn turn_to(c: &mut Conn, retro: &Retro, position: i64, now: Moment) -> Result<(), Error> {
    if let Some(began_at) = retro.entry_began_at {
        let spent_s = now.seconds_since(began_at).max(0);
        let present = retro_entries::table
            .filter(retro_entries::retro_id.eq(retro.id))
            .filter(retro_entries::position.eq(retro.entry_position));
        diesel::update(present).set(retro_entries::spent_s.eq(retro_entries::spent_s + spent_s)).execute(c)?;
    }
    let count: i64 = retro_entries::table.filter(retro_entries::retro_id.eq(retro.id)).count().get_result(c)?;
    diesel::update(retros::table.find(retro.id))
        .set((retros::entry_position.eq(position.clamp(1, count + 1)), retros::entry_began_at.eq(now)))
        .execute(c)?;
    Ok(())
}

/// Turns everybody to an entry by its place.
///
/// # Errors
/// 404; 409 when it does not run.
pub fn jump(c: &mut Conn, id: i64, position: i64, now: Moment) -> Result<(), Error> {
    let retro = raise_running(c, id, now)?;
    turn_to(c, &retro, position, now)
}

/// The present revisions of these retros; what watchers are told.
///
/// # Errors
/// The database's.
pub fn revisions(c: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, i64)>, Error> {
    Ok(retros::table.filter(retros::id.eq_any(ids.to_vec())).select((retros::id, retros::revision)).load(c)?)
}

/// Which retros a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this team.
    pub team: Option<String>,
    /// In this status.
    pub status: Option<RetroStatus>,
}

/// A page of retros, the latest first.
///
/// # Errors
/// 422 when the filter names a team that is not there.
pub fn list(c: &mut Conn, filter: &Filter, turn: Turn) -> Result<Page<(Retro, Team)>, Error> {
    let mut query = retros::table
        .inner_join(teams::table)
        .select((Retro::as_select(), Team::as_select()))
        .limit(PAGE_SIZE + 1)
        .into_boxed();
    if let Some(wanted) = &filter.team {
        let team = crate::teams::queries::find(c, wanted)?
            .ok_or_else(|| Error::field("team", format!("There is no team {wanted}.")))?;
        query = query.filter(retros::team_id.eq(team.id));
    }
    if let Some(status) = filter.status {
        query = query.filter(retros::status.eq(status));
    }
    query = match turn {
        Turn::First => query.order((retros::meets_at.desc(), retros::id.desc())),
        Turn::After(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(retros::meets_at.le(at))
                .filter(retros::meets_at.lt(at).or(retros::id.lt(id)))
                .order((retros::meets_at.desc(), retros::id.desc()))
        }
        Turn::Before(Cursor { sort, id }) => {
            let at = Moment::from_millis(sort);
            query
                .filter(retros::meets_at.ge(at))
                .filter(retros::meets_at.gt(at).or(retros::id.gt(id)))
                .order((retros::meets_at.asc(), retros::id.asc()))
        }
    };
    let rows: Vec<(Retro, Team)> = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |(retro, _)| Cursor { sort: retro.meets_at.millis(), id: retro.id }))
}

/// The retros of somebody's teams that run or are prepared, the nearest first.
///
/// # Errors
/// The database's.
pub fn next_of_person(c: &mut Conn, user_id: i64, limit: i64) -> Result<Vec<(Retro, Team)>, Error> {
    let own = team_members::table.filter(team_members::user_id.eq(user_id)).select(team_members::team_id);
    Ok(retros::table
        .inner_join(teams::table)
        .filter(retros::team_id.eq_any(own))
        .filter(retros::status.eq_any([RetroStatus::Running, RetroStatus::Prepared]))
        .order((retros::meets_at.asc(), retros::id.asc()))
        .limit(limit)
        .select((Retro::as_select(), Team::as_select()))
        .load(c)?)
}

/// The retro of a team that runs or comes next.
///
/// # Errors
/// The database's.
pub fn next_of_team(c: &mut Conn, team_id: i64) -> Result<Option<Retro>, Error> {
    Ok(retros::table
        .filter(retros::team_id.eq(team_id))
        .filter(retros::status.eq_any([RetroStatus::Running, RetroStatus::Prepared]))
        .order((retros::meets_at.asc(), retros::id.asc()))
        .select(Retro::as_select())
        .first(c)
        .optional()?)
}
