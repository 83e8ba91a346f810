//! What may be on a team's agenda, from the database.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;
use diesel::prelude::*;

use super::{Candidate, ItemFacts, Thing, Viewpoint, reasons};
use crate::action_items::model::{ActionItem, ActionStatus};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    action_items, deploys, incident_services, incidents, postmortems, retro_decisions, retro_entries, services,
    team_members,
};
use crate::deploys::model::DeployStatus;
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::postmortems::model::PostmortemStatus;
use crate::retros::model::{Reason, Retro};
use crate::web::times::Zone;

/// Most unfinished items of one team that are looked through.
const ITEM_LIMIT: i64 = 1000;
/// Most incidents, postmortems or deploys of one kind that are looked through.
const THING_LIMIT: i64 = 100;

type Items<'a> = action_items::BoxedQuery<'a, <Conn as Connection>::Backend>;

/// Everything that could be on the agenda of `retro`, seen from `view`.
///
/// # Errors
/// The database's.
pub fn candidates(
    c: &mut Conn,
    retro: &Retro,
    last: Option<&Retro>,
    (view, zone): (&Viewpoint, Zone),
) -> Result<Vec<Candidate>, Error> {
    let mut found = items(c, retro.team_id, last, view)?;
    let own: Vec<i64> = services::table
        .filter(services::team_id.eq(retro.team_id))
        .order(services::id)
        .limit(ITEM_LIMIT)
        .select(services::id)
        .load(c)?;
    found.extend(unreviewed(c, &own, zone)?);
    found.extend(new_incidents(c, &own, retro)?);
    found.extend(failed_deploys(c, &own, retro)?);
    Ok(found)
}

/// Items that the team carries: its own, and those without a team that a member owns or that one of its services'
/// incidents left behind.
fn carried<'a>(team_id: i64) -> Items<'a> {
    let members =
        team_members::table.filter(team_members::team_id.eq(team_id)).select(team_members::user_id.nullable());
    let hit = incident_services::table
        .filter(
            incident_services::service_id
                .eq_any(services::table.filter(services::team_id.eq(team_id)).select(services::id)),
        )
        .select(incident_services::incident_id.nullable());
    action_items::table
        .filter(
            action_items::team_id.eq(team_id).or(action_items::team_id.is_null().and(
                action_items::owner_id
                    .eq_any(members)
                    .or(action_items::owner_id.is_null().and(action_items::incident_id.eq_any(hit))),
            )),
        )
        .into_boxed()
}

fn items(c: &mut Conn, team_id: i64, last: Option<&Retro>, view: &Viewpoint) -> Result<Vec<Candidate>, Error> {
    let mut items: Vec<ActionItem> = carried(team_id)
        .filter(action_items::closed_at.is_null())
        .order((action_items::due_on.asc(), action_items::id.asc()))
        .limit(ITEM_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    items.extend(finished(c, team_id, view)?);
    let left_over = match last {
        Some(last) => left_over(c, last.id)?,
        None => HashSet::new(),
    };
    Ok(items
        .iter()
        .map(|item| {
            let facts = facts(item, left_over.contains(&item.id));
            // The earliest date first, then the most urgent, then the oldest.
            let day = item.due_on.map_or(0, |day| i64::from(day.num_days_from_ce()));
            let rank = day * 10 + item.priority as i64;
            Candidate { thing: Thing::Item(item.id), reasons: reasons(&facts, view), rank }
        })
        .collect())
}

/// What is finished and not at its end: done and unverified, with a question about its effect, or declined with a
/// date that has come. What was split or merged goes on as another item.
fn finished(c: &mut Conn, team_id: i64, view: &Viewpoint) -> Result<Vec<ActionItem>, Error> {
    let unverified: Vec<ActionItem> = carried(team_id)
        .filter(action_items::status.eq(ActionStatus::Done))
        .filter(action_items::replaced_at.is_null())
        .order((action_items::closed_at.asc(), action_items::id.asc()))
        .limit(THING_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    let to_check: Vec<ActionItem> = carried(team_id)
        .filter(action_items::check_on.is_not_null())
        .filter(action_items::check_on.le(view.today))
        .filter(action_items::status.eq(ActionStatus::Verified))
        .filter(action_items::replaced_at.is_null())
        .order((action_items::check_on.asc(), action_items::id.asc()))
        .limit(THING_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    let to_look_again: Vec<ActionItem> = carried(team_id)
        .filter(action_items::look_again_on.is_not_null())
        .filter(action_items::look_again_on.le(view.today))
        .filter(action_items::status.eq(ActionStatus::Declined))
        .filter(action_items::replaced_at.is_null())
        .order((action_items::look_again_on.asc(), action_items::id.asc()))
        .limit(THING_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    Ok(unverified.into_iter().chain(to_check).chain(to_look_again).collect())
}

fn facts(item: &ActionItem, is_left_over: bool) -> ItemFacts {
    ItemFacts {
        is_unfinished: item.status.is_unfinished(),
        is_unverified: item.status == ActionStatus::Done,
        is_blocked: item.blocked_at.is_some(),
        has_owner: item.owner_id.is_some(),
        due_on: item.due_on,
        updated_at: item.updated_at,
        put_off_count: item.put_off_count,
        effect_check_on: item.check_on,
        look_again_on: item.look_again_on,
        is_left_over,
    }
}

/// How often each of these items was put off.
///
/// # Errors
/// The database's.
pub fn put_off_counts(c: &mut Conn, item_ids: &[i64]) -> Result<HashMap<i64, i64>, Error> {
    let rows: Vec<(i64, i64)> = action_items::table
        .filter(action_items::id.eq_any(item_ids.to_vec()))
        .select((action_items::id, action_items::put_off_count))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// Items that were on a retro's agenda and that nothing was decided about.
fn left_over(c: &mut Conn, retro_id: i64) -> Result<HashSet<i64>, Error> {
    let decided = retro_decisions::table
        .filter(retro_decisions::retro_id.eq(retro_id))
        .filter(retro_decisions::undone_at.is_null())
        .filter(retro_decisions::verb.ne(crate::retros::model::Verb::Passed))
        .select(retro_decisions::entry_id);
    let ids: Vec<Option<i64>> = retro_entries::table
        .filter(retro_entries::retro_id.eq(retro_id))
        .filter(retro_entries::action_item_id.is_not_null())
        .filter(diesel::dsl::not(retro_entries::id.eq_any(decided)))
        .select(retro_entries::action_item_id)
        .load(c)?;
    Ok(ids.into_iter().flatten().collect())
}

fn unreviewed(c: &mut Conn, own: &[i64], zone: Zone) -> Result<Vec<Candidate>, Error> {
    let hit = incident_services::table
        .filter(incident_services::service_id.eq_any(own.to_vec()))
        .select(incident_services::incident_id);
    let rows: Vec<(Incident, Option<PostmortemStatus>)> = incidents::table
        .left_join(postmortems::table)
        .filter(incidents::status.eq(IncidentStatus::Resolved))
        .filter(incidents::id.eq_any(hit))
        .filter(
            postmortems::id
                .nullable()
                .is_null()
                .or(postmortems::status.eq_any([PostmortemStatus::Draft, PostmortemStatus::InReview])),
        )
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(THING_LIMIT)
        .select((Incident::as_select(), postmortems::status.nullable()))
        .load(c)?;
    // A near miss asks for none, so it is on the agenda only when somebody began one.
    Ok(rows
        .into_iter()
        .filter(|(incident, status)| status.is_some() || incident.postmortem_due_on(&zone).is_some())
        .map(|(incident, _)| Candidate {
            thing: Thing::Incident(incident.id),
            reasons: vec![Reason::PostmortemUnreviewed],
            rank: incident.started_at.millis(),
        })
        .collect())
}

fn new_incidents(c: &mut Conn, own: &[i64], retro: &Retro) -> Result<Vec<Candidate>, Error> {
    let hit = incident_services::table
        .filter(incident_services::service_id.eq_any(own.to_vec()))
        .select(incident_services::incident_id);
    let rows: Vec<(i64, Moment)> = incidents::table
        .filter(incidents::id.eq_any(hit))
        .filter(incidents::started_at.gt(retro.period_from))
        .filter(incidents::started_at.le(retro.period_to))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(THING_LIMIT)
        .select((incidents::id, incidents::started_at))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(id, at)| Candidate { thing: Thing::Incident(id), reasons: vec![Reason::NewIncident], rank: at.millis() })
        .collect())
}

fn failed_deploys(c: &mut Conn, own: &[i64], retro: &Retro) -> Result<Vec<Candidate>, Error> {
    let rows: Vec<(i64, Moment)> = deploys::table
        .filter(deploys::service_id.eq_any(own.to_vec()))
        .filter(deploys::status.eq_any([DeployStatus::Failed, DeployStatus::RolledBack]))
        .filter(deploys::happened_at.gt(retro.period_from))
        .filter(deploys::happened_at.le(retro.period_to))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(THING_LIMIT)
        .select((deploys::id, deploys::happened_at))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(id, at)| Candidate { thing: Thing::Deploy(id), reasons: vec![Reason::FailedDeploy], rank: at.millis() })
        .collect())
}
