//! Learning from the incidents so far, in steps that are short enough for the queue.

use diesel::prelude::*;

use super::jobs::{LEARN, LEARN_AGAIN};
use super::model::Reckoning;
use super::queries;
use super::queries_case::{self as cases, Words};
use super::ranking::{Beliefs, Outcome};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incident_deploys, incident_reckonings, incidents, suspect_learning};
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::links::model::Relation;

/// The one row of what was learned.
const NAME: &str = "all";
/// Incidents that one step learns from.
const STEP: i64 = 8;
/// Learning again goes back so many incidents.
const MEMORY: i64 = 150;
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
    let known = incident_reckonings::table.select(incident_reckonings::incident_id);
    let strangers: Vec<Incident> = incidents::table
        .filter(diesel::dsl::not(incidents::id.eq_any(known)))
        .order((incidents::started_at.asc(), incidents::id.asc()))
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
    Ok(strangers.len() as i64)
}
