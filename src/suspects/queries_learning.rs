//! Learning from the incidents so far, in steps that are short enough for the queue.

use diesel::dsl::{exists, max, not};
use diesel::prelude::*;

use super::jobs::{LEARN, LEARN_AGAIN};
use super::model::Reckoning;
use super::queries;
use super::queries_case::{self as cases, Words};
use super::ranking::{Beliefs, Outcome};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incident_deploys, incident_reckonings, incidents, settings, suspect_learning};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::links::model::Relation;

/// The one row of what was learned.
const NAME: &str = "all";
/// Incidents that one step learns from.
const STEP: i64 = 8;
/// Learning again goes back so many incidents.
const MEMORY: i64 = 150;
/// The name under which it is kept up to which id all incidents are reckoned.
const ADOPTED: &str = "suspects.adopted";
/// So many ids before the last one are looked at again: what wrote their incidents may not be over.
const UNDER_WAY: i64 = 1_000;
/// See `queries::SETTLED_S`.
const SETTLED_S: i64 = 86_400;

/// What was learned so far.
///
/// # Errors
/// The database's.
pub fn beliefs(c: &mut Conn) -> Result<Beliefs, Error> {
    let text: Option<String> =
        suspect_learning::table.find(NAME).select(suspect_learning::beliefs).first(c).optional()?;
    Ok(text.and_then(|text| Beliefs::from_text(&text)).unwrap_or_default())
}

/// Puts a step of learning into the queue, unless one waits already.
///
/// # Errors
/// The database's.
pub fn enqueue(c: &mut Conn, kind: &str, run_at: Moment, now: Moment) -> Result<(), Error> {
    crate::jobs::queries::enqueue_once(c, kind, (kind, &serde_json::json!({})), run_at, now)
}

/// Has everything learned again, soon.
///
/// # Errors
/// The database's.
pub fn enqueue_again(c: &mut Conn, run_at: Moment, now: Moment) -> Result<(), Error> {
    enqueue(c, LEARN_AGAIN, run_at, now)
}

/// Forgets everything, and marks the last incidents as not learned from.
///
/// # Errors
/// The database's.
pub fn begin_again(c: &mut Conn, now: Moment) -> Result<(), Error> {
    keep(c, &Beliefs::default(), now)?;
    let last: Vec<i64> = incident_reckonings::table
        .inner_join(incidents::table)
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(MEMORY)
        .select(incident_reckonings::incident_id)
        .load(c)?;
    diesel::update(incident_reckonings::table.filter(incident_reckonings::incident_id.eq_any(last)))
        .set(incident_reckonings::learned_at.eq(None::<Moment>))
        .execute(c)?;
    Ok(())
}

/// Learns from the next settled incidents, in the order in which they began; goes on in another job when there are
/// more.
///
/// # Errors
/// The database's.
pub fn learn(c: &mut Conn, now: Moment) -> Result<(), Error> {
    let adopted = adopt(c, now)?;
    let is_settled =
        incidents::status.eq(IncidentStatus::Resolved).or(incidents::started_at.le(now.plus_s(-SETTLED_S)));
    let next: Vec<(Incident, Reckoning)> = incident_reckonings::table
        .inner_join(incidents::table)
        .filter(incident_reckonings::learned_at.is_null())
        .filter(is_settled)
        .order((incidents::started_at.asc(), incidents::id.asc()))
        .limit(STEP)
        .select((Incident::as_select(), Reckoning::as_select()))
        .load(c)?;
    if next.len() as i64 == STEP || adopted == STEP {
        // Without a key: the job that runs here holds the one that the others use.
        crate::jobs::queries::enqueue(c, LEARN, &serde_json::json!({}), now)?;
    }
    if next.is_empty() {
        return Ok(());
    }
    let mut learned = beliefs(c)?;
    for (incident, reckoning) in &next {
        let gathered = cases::gather(c, incident, Words::Heard)?;
        let outcome = if !gathered.causes.is_empty() {
            Outcome::Caused(gathered.causes.clone())
        } else if reckoning.nothing_at.is_some() {
            Outcome::Nothing
        } else {
            Outcome::Unknown
        };
        learned.learn(&gathered.case, &outcome);
    }
    keep(c, &learned, now)?;
    let ids: Vec<i64> = next.iter().map(|(incident, _)| incident.id).collect();
    diesel::update(incident_reckonings::table.filter(incident_reckonings::incident_id.eq_any(ids)))
        .set(incident_reckonings::learned_at.eq(Some(now)))
        .execute(c)?;
    Ok(())
}

fn keep(c: &mut Conn, beliefs: &Beliefs, now: Moment) -> Result<(), Error> {
    let (incidents, judged) = beliefs.seen();
    let values = (
        suspect_learning::beliefs.eq(beliefs.to_text()),
        suspect_learning::incident_count.eq(incidents as i64),
        suspect_learning::judged_count.eq(judged as i64),
        suspect_learning::learned_at.eq(now),
    );
    let changed = diesel::update(suspect_learning::table.find(NAME)).set(values.clone()).execute(c)?;
    if changed == 0 {
        diesel::insert_into(suspect_learning::table).values((suspect_learning::name.eq(NAME), values)).execute(c)?;
    }
    Ok(())
}

/// Reckons incidents that came past the form, from an import or from before there were suspects: first as nobody
/// had spoken, so that the verdicts on record stand beside what would have been proposed. Says how many there were.
///
/// # Errors
/// The database's.
pub fn adopt(c: &mut Conn, now: Moment) -> Result<i64, Error> {
    let adopted: Option<String> = settings::table.find(ADOPTED).select(settings::value).first(c).optional()?;
    let adopted: i64 = adopted.and_then(|id| id.parse().ok()).unwrap_or(0);
    let reckoning = incident_reckonings::table.filter(incident_reckonings::incident_id.eq(incidents::id));
    let strangers: Vec<Incident> = incidents::table
        .filter(incidents::id.gt(adopted))
        .filter(not(exists(reckoning)))
        .order(incidents::id)
        .limit(STEP)
        .select(Incident::as_select())
        .load(c)?;
    for incident in &strangers {
        let incident = &crate::incidents::queries::for_change(c, incident.number)?;
        if queries::reckoning(c, incident.id)?.is_some() {
            continue;
        }
        let before = queries::compute(c, incident, Words::Unsaid, now)?;
        queries::keep(c, &before)?;
        let said: Vec<(i64, Relation, Moment)> = incident_deploys::table
            .filter(incident_deploys::incident_id.eq(incident.id))
            .filter(incident_deploys::user_id.is_not_null())
            .filter(incident_deploys::relation.ne(Relation::Suspected))
            .order(incident_deploys::id)
            .limit(200)
            .select((incident_deploys::deploy_id, incident_deploys::relation, incident_deploys::said_at))
            .load(c)?;
        for (deploy_id, relation, said_at) in said {
            queries::keep_verdict(c, incident, deploy_id, relation, said_at)?;
        }
        let after = queries::compute(c, incident, Words::Heard, now)?;
        queries::keep(c, &after)?;
    }
    let count = strangers.len() as i64;
    let reached = match strangers.last() {
        Some(last) if count == STEP => last.id,
        _ => incidents::table.select(max(incidents::id)).first::<Option<i64>>(c)?.unwrap_or(0),
    };
    if let Some(id) = to_keep(adopted, reached) {
        let changed =
            diesel::update(settings::table.find(ADOPTED)).set(settings::value.eq(id.to_string())).execute(c)?;
        if changed == 0 {
            let row = (settings::name.eq(ADOPTED), settings::value.eq(id.to_string()));
            diesel::insert_into(settings::table).values(row).execute(c)?;
        }
    }
    Ok(count)
}

/// The id that is kept after a step that found everything reckoned up to `reached`, where it is worth while.
fn to_keep(adopted: i64, reached: i64) -> Option<i64> {
    let id = reached - UNDER_WAY;
    (id >= adopted + UNDER_WAY).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{UNDER_WAY, to_keep};

    #[test]
    fn what_may_still_be_under_way_is_looked_at_again() {
        assert_eq!(to_keep(0, 10), None);
        assert_eq!(to_keep(0, 2 * UNDER_WAY - 1), None, "hardly worth a write");
        assert_eq!(to_keep(0, 100_000), Some(100_000 - UNDER_WAY));
        assert_eq!(to_keep(99_000, 100_001), None);
    }
}
