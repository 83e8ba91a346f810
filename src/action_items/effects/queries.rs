//! Effect checks in the database.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Answer, Echo, Echoed};
use crate::action_items::history::queries::{self as history, Fact};
use crate::action_items::life::model::Effect;
use crate::action_items::life::queries::{open_again, take};
use crate::action_items::list::queries::decorate;
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus};
use crate::action_items::queries::{for_change, origin};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, contributing_factors, effect_answers, incident_services, services};
use crate::error::Error;
use crate::incidents::model::Incident;

/// Most earlier items that an incident shows for its factors, and for its services.
const ECHO_LIMIT: i64 = 10;
/// Earlier incidents of the same kind and service that are looked at.
const NEIGHBOUR_LIMIT: i64 = 20;

fn finished() -> [ActionStatus; 3] {
    [ActionStatus::Done, ActionStatus::Verified, ActionStatus::Declined]
}

/// Earlier items that an incident puts in question: those of its factors first, then those of its services.
///
/// # Errors
/// The database's.
pub fn echoes(c: &mut Conn, incident: &Incident) -> Result<Vec<Echoed>, Error> {
    let answers: HashMap<i64, Effect> = effect_answers::table
        .filter(effect_answers::incident_id.eq(incident.id))
        .order(effect_answers::id)
        .limit(500)
        .select((effect_answers::action_item_id, effect_answers::effect))
        .load::<(i64, Effect)>(c)?
        .into_iter()
        .collect();
    let mut found: Vec<Echoed> = Vec::new();
    let factors = crate::factors::queries::names(c, incident.id)?;
    let mut of_factors: Vec<ActionItem> = Vec::new();
    // Each factor by itself, along its index: the last items of several would have to be sorted.
    for (factor_id, _) in &factors {
        let items: Vec<ActionItem> = action_items::table
            .filter(action_items::factor_id.eq(factor_id))
            .filter(action_items::status.eq_any(finished()))
            .filter(action_items::replaced_at.is_null())
            .filter(action_items::closed_at.lt(incident.started_at))
            .order((action_items::closed_at.desc(), action_items::id.desc()))
            .limit(ECHO_LIMIT)
            .select(ActionItem::as_select())
            .load(c)?;
        of_factors.extend(items);
    }
    of_factors.sort_by_key(|item| std::cmp::Reverse((item.closed_at, item.id)));
    of_factors.truncate(ECHO_LIMIT as usize);
    for item in of_factors.into_iter().filter(|item| item.incident_id != Some(incident.id)) {
        let name = factors.iter().find(|(id, _)| Some(*id) == item.factor_id).map(|(_, name)| name.clone());
        found.push(Echoed { answer: None, echo: Echo::Factor(name.unwrap_or_default()), item });
    }
    found.extend(of_services(c, incident, &found)?);
    found.extend(reopened(c, &answers, &found)?);
    for echoed in &mut found {
        echoed.answer = answers.get(&echoed.item.id).copied();
    }
    Ok(found)
}

/// Finished items of earlier incidents of the same kind on the same services.
fn of_services(c: &mut Conn, incident: &Incident, known: &[Echoed]) -> Result<Vec<Echoed>, Error> {
    let hit: Vec<(i64, String)> = incident_services::table
        .inner_join(services::table)
        .filter(incident_services::incident_id.eq(incident.id))
        .select((services::id, services::name))
        .load(c)?;
    let mut neighbours: Vec<(Moment, i64, i64)> = Vec::new();
    for (service_id, _) in &hit {
        let last: Vec<(Moment, i64, i64)> = incident_services::table
            .filter(incident_services::service_id.eq(service_id))
            .filter(incident_services::incident_kind.eq(incident.kind))
            .filter(incident_services::struck_at.lt(incident.started_at))
            .order((incident_services::struck_at.desc(), incident_services::incident_id.desc()))
            .limit(NEIGHBOUR_LIMIT)
            .select((incident_services::struck_at, incident_services::incident_id, incident_services::service_id))
            .load(c)?;
        neighbours.extend(last);
    }
    neighbours.sort_by_key(|(at, id, service_id)| (std::cmp::Reverse((*at, *id)), *service_id));
    neighbours.truncate(NEIGHBOUR_LIMIT as usize);
    let neighbours: Vec<(i64, i64)> = neighbours.into_iter().map(|(_, id, service_id)| (id, service_id)).collect();
    let ids: Vec<i64> = neighbours.iter().map(|(id, _)| *id).collect();
    // Which they are, the index tells.
    let last: Vec<i64> = action_items::table
        .filter(action_items::incident_id.eq_any(ids))
        // Closed is done, verified or declined. Said like this, the incidents serve and not the status.
        .filter(action_items::status.ne(ActionStatus::Declined))
        .filter(action_items::closed_at.lt(incident.started_at))
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .limit(ECHO_LIMIT)
        .select(action_items::id)
        .load(c)?;
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::id.eq_any(last))
        .order((action_items::closed_at.desc(), action_items::id.desc()))
        .select(ActionItem::as_select())
        .load(c)?;
    Ok(items
        .into_iter()
        .filter(|item| !known.iter().any(|echoed| echoed.item.id == item.id))
        .map(|item| {
            let service = neighbours.iter().find(|(id, _)| Some(*id) == item.incident_id).map(|(_, service)| *service);
            let name = hit.iter().find(|(id, _)| Some(*id) == service).map(|(_, name)| name.clone());
            Echoed { item, echo: Echo::Service(name.unwrap_or_default()), answer: None }
        })
        .collect())
}

/// Items that were reopened because of this incident: no longer finished, but the answer stays to be seen.
fn reopened(c: &mut Conn, answers: &HashMap<i64, Effect>, known: &[Echoed]) -> Result<Vec<Echoed>, Error> {
    let mut ids: Vec<i64> =
        answers.keys().copied().filter(|id| !known.iter().any(|echoed| echoed.item.id == *id)).collect();
    ids.sort_unstable();
    ids.truncate(usize::try_from(ECHO_LIMIT).unwrap_or(0));
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<(ActionItem, Option<String>)> = action_items::table
        .left_join(contributing_factors::table)
        .filter(action_items::id.eq_any(ids))
        .order(action_items::id)
        .select((ActionItem::as_select(), contributing_factors::name.nullable()))
        .load(c)?;
    Ok(items
        .into_iter()
        .map(|(item, factor)| Echoed {
            echo: factor.map_or_else(|| Echo::Service("the same service".to_owned()), Echo::Factor),
            answer: None,
            item,
        })
        .collect())
}

/// Says whether a finished item works. "It came back" reopens it; a declined one may be reopened as well.
///
/// # Errors
/// 404; 422 at `status` when it is not finished, at `incident` when that is not there.
pub fn answer(c: &mut Conn, actor: &Actor, number: i64, answer: &Answer, now: Moment) -> Result<ActionItem, Error> {
    let item = for_change(c, number)?;
    if item.status.is_unfinished() || item.replaced_at.is_some() {
        let sentence = format!("It is {}, so there is no effect to judge yet.", item.status.words());
        return Err(Error::field("status", sentence));
    }
    let from = match answer.incident {
        Some(number) => Some(origin(c, number)?),
        None => None,
    };
    let mut reason = answer.reason.trim().to_owned();
    if let Some(from) = &from {
        let key = from.key();
        reason = match (reason.is_empty(), answer.effect) {
            (true, Effect::CameBack) => format!("It came back in {key}"),
            (true, Effect::Works) => format!("Looked at after {key}"),
            (false, _) => format!("{key}: {reason}"),
        };
    }
    diesel::insert_into(effect_answers::table)
        .values((
            effect_answers::action_item_id.eq(item.id),
            effect_answers::incident_id.eq(from.as_ref().map(|from| from.id)),
            effect_answers::effect.eq(answer.effect),
            effect_answers::reason.eq(&reason),
            effect_answers::user_id.eq(actor.user_id),
            effect_answers::answered_at.eq(now),
        ))
        .execute(c)?;
    let mut next = item.clone();
    match answer.effect {
        // Looked at again, and declined still.
        Effect::Works if item.status == ActionStatus::Declined => {}
        Effect::Works => {
            next.effect = Some(Effect::Works);
            // A question that an incident raised leaves the day of the check as it is.
            next.check_on = item.check_on.filter(|_| from.is_some());
        }
        Effect::CameBack => {
            open_again(&mut next);
            next.effect = Some(Effect::CameBack);
        }
    }
    let says_nothing_new = next == item;
    let verb = "action_item.judge";
    let saved = take(c, actor, (&item, next), (verb, &reason), now)?;
    if says_nothing_new {
        let is_declined = item.status == ActionStatus::Declined;
        let words = if is_declined { "still declined" } else { answer.effect.words() }.to_owned();
        let fact = Fact { field: "looked_at", old: None, new: Some(words), reason };
        history::note(c, actor, item.id, &fact, now)?;
    }
    Ok(saved)
}

/// The finished items of somebody whose day has come to say whether they work, the oldest question first.
///
/// # Errors
/// The database's.
pub fn due_for(c: &mut Conn, user_id: i64, today: NaiveDate, limit: i64) -> Result<Vec<ActionRow>, Error> {
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::owner_id.eq(user_id))
        .filter(action_items::check_on.is_not_null())
        .filter(action_items::check_on.le(today))
        .order((action_items::check_on.asc(), action_items::id.asc()))
        .limit(limit)
        .select(ActionItem::as_select())
        .load(c)?;
    decorate(c, items)
}

/// An item that somebody is told about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The item.
    pub item: ActionItem,
    /// Who carries it.
    pub owner_id: Option<i64>,
    /// The team that carries it.
    pub team_id: Option<i64>,
}

impl From<ActionItem> for Asked {
    fn from(item: ActionItem) -> Self {
        Asked { owner_id: item.owner_id, team_id: item.team_id, item }
    }
}

/// Most items that are told about at once.
const TELL_LIMIT: i64 = 5_000;

/// Finished items with an owner whose day of the effect check came between two days, the last first.
///
/// # Errors
/// The database's.
pub fn asked_since(c: &mut Conn, from: NaiveDate, to: NaiveDate) -> Result<Vec<Asked>, Error> {
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::check_on.is_not_null())
        .filter(action_items::check_on.ge(from))
        .filter(action_items::check_on.le(to))
        .filter(action_items::owner_id.is_not_null())
        .order((action_items::check_on.desc(), action_items::id.desc()))
        .limit(TELL_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    Ok(items.into_iter().map(Asked::from).collect())
}

/// Unfinished items without an owner that should have got one between two days, the last first.
///
/// # Errors
/// The database's.
pub fn unowned_since(c: &mut Conn, from: NaiveDate, to: NaiveDate) -> Result<Vec<Asked>, Error> {
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::closed_at.is_null())
        .filter(action_items::owner_id.is_null())
        .filter(action_items::assign_by.ge(from))
        .filter(action_items::assign_by.le(to))
        .order((action_items::assign_by.desc(), action_items::id.desc()))
        .limit(TELL_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    Ok(items.into_iter().map(Asked::from).collect())
}

/// Unfinished items that were due between two days, the last first.
///
/// # Errors
/// The database's.
pub fn late_since(c: &mut Conn, from: NaiveDate, to: NaiveDate) -> Result<Vec<Asked>, Error> {
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::closed_at.is_null())
        .filter(action_items::due_on.ge(from))
        .filter(action_items::due_on.le(to))
        .order((action_items::due_on.desc(), action_items::id.desc()))
        .limit(TELL_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?;
    Ok(items.into_iter().map(Asked::from).collect())
}
