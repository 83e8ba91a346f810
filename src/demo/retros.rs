//! Two retros of the team of the person who is signed in: the last one with its minutes, and the next one, prepared.

use diesel::prelude::*;

use super::cast;
use crate::action_items::model::{ActionItem, ActionStatus};
use crate::auth::actor::Actor;
use crate::auth::model::User;
use crate::auth::queries::by_email_or_handle;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    action_item_evidence, action_items, retro_cards, retro_decisions, retro_entries, retros, users,
};
use crate::error::Error;
use crate::retros::calendar::Rhythm;
use crate::retros::model::{CardsPhase, EntryKind, Mood, Reason, Retro, Verb};
use crate::retros::queries::{self, Plan};
use crate::retros::queries_series::{self, AHEAD_S, Anonymity};
use crate::retros::{model, queries_close};
use crate::teams::model::Team;

const DAY_S: i64 = 86_400;
/// How long ago the last retro was.
const AGO_S: i64 = 13 * DAY_S;
/// How long it took.
const LASTED_S: i64 = 38 * 60;
/// Finished and declined items that it had on its agenda.
const ITEM_COUNT: i64 = 9;

const NOTES: &str = "- The agenda took 38 minutes; the second half of it went twice as fast\n\
    - Items that touch two teams are put off most: name one owner, always\n\
    - The new runbook was used twice this fortnight and held";

const CARDS: &[(Mood, &str, i64)] = &[
    (Mood::WentWell, "The rollback took four minutes, from the first alert to green", 3),
    (Mood::WentWell, "Two incidents, and the postmortems were out within a week", 1),
    (Mood::WentBadly, "The pool alert pages for what heals by itself", 4),
    (Mood::WentBadly, "Release notes came after the release", 0),
    (Mood::Puzzled, "Why do retries double the load on Mondays only?", 2),
];

/// Adds both, as seen from `now`.
pub(super) fn add(c: &mut Conn, now: Moment) -> Result<(), Error> {
    let leader = by_email_or_handle(c, cast::SIGNED_IN)?.ok_or_else(|| Error::no("person", cast::SIGNED_IN))?;
    let slug = cast::team_of(cast::SIGNED_IN).unwrap_or("payments");
    let team = crate::teams::queries::by_slug(c, slug)?;
    hold_last(c, (&leader, &team), now)?;
    prepare_next(c, (&leader, &team), now)
}

fn hold_last(c: &mut Conn, (leader, team): (&User, &Team), now: Moment) -> Result<(), Error> {
    let began_at = now.plus_s(-AGO_S);
    let actor = Actor { user_id: Some(leader.id), name: leader.name.clone(), request_id: String::new() };
    let plan = Plan {
        team_id: team.id,
        series_id: None,
        meets_at: began_at,
        next_on: now.plus_s(DAY_S).date(),
        period_from: began_at.plus_s(-14 * DAY_S),
        period_to: began_at,
        anonymous: true,
    };
    let retro = queries::plan_one(c, &actor, &plan, began_at)?;
    let retro = queries::begin_quietly(c, (&actor, leader), retro.id, began_at)?;
    decide(c, &retro, leader, began_at)?;
    let colleagues: Vec<i64> = users::table
        .filter(users::handle.eq_any(cast::members(&team.slug)))
        .order(users::id)
        .select(users::id)
        .load(c)?;
    for user_id in colleagues {
        queries::seen(c, retro.id, user_id, began_at.plus_s(120))?;
    }
    for (mood, text, vote_count) in CARDS {
        diesel::insert_into(retro_cards::table)
            .values((
                retro_cards::retro_id.eq(retro.id),
                retro_cards::mood.eq(*mood),
                retro_cards::text.eq(*text),
                retro_cards::vote_count.eq(*vote_count),
                retro_cards::created_at.eq(began_at.plus_s(1500)),
            ))
            .execute(c)?;
    }
    diesel::update(retros::table.find(retro.id))
        .set((
            retros::cards_phase.eq(CardsPhase::Revealed),
            retros::notes.eq(NOTES),
            retros::entry_position.eq(i64::MAX),
        ))
        .execute(c)?;
    let retro = queries::by_id(c, retro.id)?;
    queries_close::wind_up(c, (&actor, leader), &retro, began_at.plus_s(LASTED_S))?;
    Ok(())
}

/// What was finished or declined by then, as the decisions of that day. The items themselves stay as the year left
/// them.
fn decide(c: &mut Conn, retro: &Retro, leader: &User, began_at: Moment) -> Result<(), Error> {
    diesel::delete(retro_entries::table.filter(retro_entries::retro_id.eq(retro.id))).execute(c)?;
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::team_id.eq(retro.team_id))
        .filter(action_items::closed_at.lt(began_at))
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(ITEM_COUNT)
        .select(ActionItem::as_select())
        .load(c)?;
    for (position, item) in (1_i64..).zip(items) {
        let evidence: Option<String> = action_item_evidence::table
            .filter(action_item_evidence::action_item_id.eq(item.id))
            .order(action_item_evidence::id)
            .select(action_item_evidence::text)
            .first(c)
            .optional()?;
        let (reason, verb, text) = match item.status {
            ActionStatus::Verified => (Reason::Unverified, Verb::Verified, None),
            ActionStatus::Declined => (Reason::PutOffOften, Verb::Declined, item.declined_reason.clone()),
            _ => (Reason::Late, Verb::Done, evidence),
        };
        let entry_id: i64 = diesel::insert_into(retro_entries::table)
            .values((
                retro_entries::retro_id.eq(retro.id),
                retro_entries::position.eq(position),
                retro_entries::kind.eq(EntryKind::ActionItem),
                retro_entries::action_item_id.eq(item.id),
                retro_entries::reason.eq(reason),
                retro_entries::other_reasons.eq(""),
                retro_entries::spent_s.eq(60 + 37 * position % 150),
            ))
            .returning(retro_entries::id)
            .get_result(c)?;
        diesel::insert_into(retro_decisions::table)
            .values((
                retro_decisions::retro_id.eq(retro.id),
                retro_decisions::entry_id.eq(entry_id),
                retro_decisions::verb.eq(verb),
                retro_decisions::text.eq(text.unwrap_or_default()),
                retro_decisions::old_value.eq("{}"),
                retro_decisions::user_id.eq(leader.id),
                retro_decisions::decided_at.eq(began_at.plus_s(150 * position)),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// A meeting every two weeks, whose next time is within a day: prepared, as it prepares itself.
fn prepare_next(c: &mut Conn, (leader, team): (&User, &Team), now: Moment) -> Result<(), Error> {
    let actor = Actor { user_id: Some(leader.id), name: leader.name.clone(), request_id: String::new() };
    let zone = leader.zone();
    let meets_at = now.plus_s(AHEAD_S - 3600);
    let weekday = chrono::Datelike::weekday(&zone.date(meets_at)).num_days_from_monday();
    let rhythm = Rhythm {
        every_weeks: i64::try_from(model::APART_DAYS / 7).unwrap_or(2),
        weekday: i64::from(weekday),
        // On the hour: an hour or two less than a day away.
        minute_of_day: clock_hour(zone.clock(meets_at).as_str()) * 60,
        zone,
    };
    queries_series::add_quietly(c, &actor, (team, &rhythm, Anonymity::Nameless), now)?;
    queries_series::prepare_due(c, now)?;
    Ok(())
}

fn clock_hour(clock: &str) -> i64 {
    clock.split(':').next().and_then(|hour| hour.parse().ok()).unwrap_or(14)
}
