//! Gathers what the ranking must know about an incident: a bounded number of rows, whatever the size of the record.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use super::fixes::Later;
use super::model::{is_named, is_off_stage, words};
use super::ranking::{Candidate, Case, Choice, Fate, Graph, Kind, Surroundings, Tier};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deploys, incident_deploys, incident_services, incident_tags, service_dependencies, services};
use crate::deploys::model::{DeployKind, DeployStatus, EnvironmentTier};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::links::model::Relation;

/// How far back a change is looked for where little changes, in seconds: two weeks.
const REACH_S: i64 = 14 * 86_400;
/// How far back it is looked for where much changes, in seconds: three days.
const BUSY_REACH_S: i64 = 3 * 86_400;
/// A change that was under way at the start may finish so long after it, in seconds.
const UNDER_WAY_S: i64 = 2 * 3600;
/// Clocks differ by so much, in seconds.
const SKEW_S: i64 = 15 * 60;
/// For how long after the start of an unfinished incident its end is looked for, in seconds.
const FIX_REACH_S: i64 = 3 * 86_400;
/// Most changes of services near the incident that are looked at.
const NEAR_LIMIT: i64 = 250;
/// How many of the last changes tell how busy everybody is.
const SAMPLE_LIMIT: i64 = 500;
/// Most changes of other services that are looked at.
const ELSEWHERE_LIMIT: usize = 60;
const ELSEWHERE_S: i64 = 86_400;
const LATER_LIMIT: i64 = 60;
/// Most edges that one step through the graph reads, and most services near an incident.
const EDGE_LIMIT: i64 = 1000;
const NEAR_SERVICES: usize = 60;
/// Steps along the graph, as far as the ranking follows a fault.
const STEPS: usize = 4;

/// A case with the rows behind its candidates.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// For the ranking.
    pub case: Case,
    /// The deploy of each candidate.
    pub deploy_ids: Vec<i64>,
    /// Candidates of which a person said that they caused it.
    pub causes: Vec<usize>,
    /// Changes that came after the start, for the end.
    pub later: Vec<Later>,
}

/// Whether the words of people about the pairs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// As it is now.
    Heard,
    /// As it was before anybody had spoken.
    Unsaid,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deploys)]
struct Slim {
    id: i64,
    number: i64,
    service_id: i64,
    environment: String,
    kind: DeployKind,
    status: DeployStatus,
    version: Option<String>,
    commit_sha: Option<String>,
    started_at: Option<Moment>,
    finished_at: Option<Moment>,
    happened_at: Moment,
    commit_count: Option<i64>,
    file_count: Option<i64>,
    environment_tier: Option<EnvironmentTier>,
}

impl Slim {
    fn is_off_stage(&self) -> bool {
        is_off_stage(EnvironmentTier::of(self.environment_tier, &self.environment))
    }
}

/// Gathers the case of an incident.
///
/// # Errors
/// The database's.
pub fn gather(c: &mut Conn, incident: &Incident, heard: Words) -> Result<Gathered, Error> {
    let alerting: BTreeSet<i64> = incident_services::table
        .filter(incident_services::incident_id.eq(incident.id))
        .order(incident_services::service_id)
        .limit(NEAR_SERVICES as i64)
        .select(incident_services::service_id)
        .load::<i64>(c)?
        .into_iter()
        .collect();
    let (graph, near) = neighbourhood(c, &alerting)?;
    let latest = incident.started_at.plus_s(UNDER_WAY_S);
    let sample = last(c, incident.started_at.plus_s(SKEW_S))?;
    let mut rows = near_changes(c, &near, incident.started_at, latest)?;
    let known: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
    let recent = incident.started_at.plus_s(-ELSEWHERE_S);
    let elsewhere = sample.iter().filter(|row| row.happened_at >= recent && !known.contains(&row.id));
    rows.extend(elsewhere.take(ELSEWHERE_LIMIT).cloned());
    rows.sort_by_key(|row| (std::cmp::Reverse(row.happened_at), row.id));
    let later = later(c, incident, &near)?;
    let names = names(c, rows.iter().map(|row| row.service_id).chain(later.iter().map(|row| row.0.service_id)))?;
    let relations = match heard {
        Words::Heard => relations(c, incident.id)?,
        Words::Unsaid => HashMap::new(),
    };
    let said = words_of(c, incident)?;
    let is_all_off_stage = !rows.iter().chain(&sample).any(|row| !row.is_off_stage());
    let is_elsewhere = |row: &Slim| row.is_off_stage() && !is_all_off_stage;
    let counted: Vec<&Slim> = sample.iter().filter(|row| !is_elsewhere(row)).collect();
    let usual = [usual(&sample, |row| row.file_count), usual(&sample, |row| row.commit_count)];
    let days = sample
        .last()
        .map_or(1.0, |first| incident.started_at.seconds_since(first.happened_at).max(3600) as f64 / 86_400.0);
    let service_count: i64 = services::table.count().get_result(c)?;
    let candidates: Vec<Candidate> = rows
        .iter()
        .map(|row| {
            let relation = relations.get(&row.id);
            Candidate {
                service: row.service_id,
                service_name: names.get(&row.service_id).cloned().unwrap_or_default(),
                started_at_ms: row.started_at.map(Moment::millis),
                finished_at_ms: finish(row).map(Moment::millis),
                kind: kind(row.kind),
                tier: if is_elsewhere(row) { Tier::Other } else { Tier::Same },
                fate: fate(row),
                relative_size: relative_size(row, usual),
                quiet_days: quiet_days(&rows, row),
                is_named: is_named(
                    &said,
                    &crate::deploys::model::key(row.number),
                    row.version.as_deref(),
                    row.commit_sha.as_deref(),
                ),
                is_pointed_at: relation == Some(&(Relation::Suspected, true)),
                is_ruled_out: matches!(relation, Some((Relation::RuledOut | Relation::Fixed, _))),
            }
        })
        .collect();
    let is_cause = |row: &Slim, wanted| relations.get(&row.id).is_some_and(|(relation, _)| *relation == wanted);
    let places = |wanted| {
        rows.iter().enumerate().filter(|(_, row)| is_cause(row, wanted)).map(|(place, _)| place).collect::<Vec<_>>()
    };
    let mut causes = places(Relation::Caused);
    if causes.is_empty() {
        causes = places(Relation::Contributed);
    }
    Ok(Gathered {
        case: Case {
            began_at_ms: incident.started_at.millis(),
            alerting,
            graph,
            surroundings: Surroundings::count(
                counted.iter().map(|row| row.service_id),
                days,
                usize::try_from(service_count).unwrap_or(1),
            ),
            candidates,
            choice: Choice::Everything,
        },
        deploy_ids: rows.iter().map(|row| row.id).collect(),
        causes,
        later: later
            .into_iter()
            .filter(|(row, _)| !is_elsewhere(row) && !relations.contains_key(&row.id))
            .map(|(row, summary)| Later {
                deploy_id: row.id,
                service_name: names.get(&row.service_id).cloned().unwrap_or_default(),
                kind: kind(row.kind),
                words: format!("{} {summary}", row.version.as_deref().unwrap_or_default()),
                finished_at: row.happened_at,
            })
            .collect(),
    })
}

/// When a change was over, or what comes nearest to it.
fn finish(row: &Slim) -> Option<Moment> {
    row.finished_at.or_else(|| row.status.is_finished().then_some(row.happened_at))
}

fn kind(kind: DeployKind) -> Kind {
    match kind {
        DeployKind::Deploy => Kind::Deploy,
        DeployKind::Rollback => Kind::Rollback,
        DeployKind::Config => Kind::Config,
        DeployKind::Flag => Kind::Flag,
        DeployKind::Migration => Kind::Migration,
        DeployKind::Infrastructure => Kind::Infrastructure,
    }
}

fn fate(row: &Slim) -> Fate {
    match row.status {
        DeployStatus::RolledBack => Fate::Undone,
        DeployStatus::Failed => Fate::Failed,
        DeployStatus::Started | DeployStatus::Succeeded => Fate::Live,
    }
}

/// The middle of a size over the last changes.
fn usual(sample: &[Slim], size: impl Fn(&Slim) -> Option<i64>) -> Option<f64> {
    let mut sizes: Vec<i64> = sample.iter().filter_map(size).filter(|size| *size > 0).collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).map(|size| *size as f64)
}

/// Files against the usual number of files; commits against the usual number of commits.
fn relative_size(row: &Slim, [files, commits]: [Option<f64>; 2]) -> Option<f64> {
    let against = |size: Option<i64>, usual: Option<f64>| Some(size.filter(|size| *size > 0)? as f64 / usual?);
    against(row.file_count, files).or_else(|| against(row.commit_count, commits))
}

/// Days since the change before in the same place, when that is among the rows.
fn quiet_days(rows: &[Slim], row: &Slim) -> Option<f64> {
    let is_same = |other: &&Slim| other.service_id == row.service_id && other.environment == row.environment;
    let before = rows.iter().filter(is_same).find(|other| other.happened_at < row.happened_at)?;
    Some(row.happened_at.seconds_since(before.happened_at) as f64 / 86_400.0)
}

/// The graph around the services of an incident, and the services in it that are looked at.
fn neighbourhood(c: &mut Conn, alerting: &BTreeSet<i64>) -> Result<(Graph, BTreeSet<i64>), Error> {
    let mut edges: BTreeSet<(i64, i64)> = BTreeSet::new();
    let mut near = alerting.clone();
    let mut edge: Vec<i64> = alerting.iter().copied().collect();
    for _ in 0..STEPS {
        if edge.is_empty() || near.len() >= NEAR_SERVICES {
            break;
        }
        let found = needs(c, &edge)?;
        edge = found.iter().map(|(_, needed)| *needed).filter(|needed| !near.contains(needed)).collect();
        edge.sort_unstable();
        edge.dedup();
        edge.truncate(NEAR_SERVICES - near.len());
        near.extend(&edge);
        edges.extend(found);
    }
    // Who needs them: where else a fault of theirs would show, and those that may have hurt from above.
    let below: Vec<i64> = near.iter().copied().collect();
    let callers: Vec<(i64, i64)> = service_dependencies::table
        .filter(service_dependencies::depends_on_id.eq_any(below))
        .order((service_dependencies::depends_on_id, service_dependencies::service_id))
        .limit(EDGE_LIMIT)
        .select((service_dependencies::service_id, service_dependencies::depends_on_id))
        .load(c)?;
    let direct: BTreeSet<i64> =
        callers.iter().filter(|(_, needed)| alerting.contains(needed)).map(|(caller, _)| *caller).collect();
    edges.extend(callers);
    let direct: Vec<i64> = direct.into_iter().take(NEAR_SERVICES).collect();
    edges.extend(needs(c, &direct)?);
    near.extend(direct);
    Ok((Graph::new(edges), near))
}

fn needs(c: &mut Conn, of: &[i64]) -> Result<Vec<(i64, i64)>, Error> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    Ok(service_dependencies::table
        .filter(service_dependencies::service_id.eq_any(of.to_vec()))
        .order((service_dependencies::service_id, service_dependencies::depends_on_id))
        .limit(EDGE_LIMIT)
        .select((service_dependencies::service_id, service_dependencies::depends_on_id))
        .load(c)?)
}

/// The last changes of anybody, the newest first.
fn last(c: &mut Conn, until: Moment) -> Result<Vec<Slim>, Error> {
    Ok(deploys::table
        .filter(deploys::happened_at.le(until))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(SAMPLE_LIMIT)
        .select(Slim::as_select())
        .load(c)?)
}

/// The last changes of services near the incident: of three days, and of two weeks for those that change rarely.
fn near_changes(c: &mut Conn, near: &BTreeSet<i64>, began_at: Moment, until: Moment) -> Result<Vec<Slim>, Error> {
    let all: Vec<i64> = near.iter().copied().collect();
    let mut ids = changes_of(c, &all, began_at.plus_s(-BUSY_REACH_S), until)?;
    let busy: BTreeSet<i64> = ids.iter().map(|(_, service)| *service).collect();
    let calm: Vec<i64> = all.into_iter().filter(|service| !busy.contains(service)).collect();
    ids.extend(changes_of(c, &calm, began_at.plus_s(-REACH_S), began_at.plus_s(-BUSY_REACH_S))?);
    let ids: Vec<i64> = ids.into_iter().map(|(id, _)| id).collect();
    Ok(deploys::table.filter(deploys::id.eq_any(ids)).order(deploys::id).select(Slim::as_select()).load(c)?)
}

fn changes_of(c: &mut Conn, of: &[i64], from: Moment, until: Moment) -> Result<Vec<(i64, i64)>, Error> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    Ok(deploys::table
        .filter(deploys::service_id.eq_any(of.to_vec()))
        .filter(deploys::happened_at.ge(from))
        .filter(deploys::happened_at.le(until))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(NEAR_LIMIT)
        .select((deploys::id, deploys::service_id))
        .load(c)?)
}

/// Changes near the incident from its start on, with what they say of themselves.
fn later(c: &mut Conn, incident: &Incident, near: &BTreeSet<i64>) -> Result<Vec<(Slim, String)>, Error> {
    let ended_at = incident.mitigated_at.or(incident.resolved_at);
    let until = ended_at.map_or_else(|| incident.started_at.plus_s(FIX_REACH_S), |ended_at| ended_at.plus_s(SKEW_S));
    let near: Vec<i64> = near.iter().copied().collect();
    Ok(deploys::table
        .filter(deploys::service_id.eq_any(near))
        .filter(deploys::happened_at.gt(incident.started_at))
        .filter(deploys::happened_at.le(until))
        .filter(deploys::status.eq(DeployStatus::Succeeded))
        .order((deploys::happened_at.asc(), deploys::id.asc()))
        .limit(LATER_LIMIT)
        .select((Slim::as_select(), deploys::summary))
        .load(c)?)
}

fn names(c: &mut Conn, ids: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, String>, Error> {
    let ids: Vec<i64> = ids.collect::<BTreeSet<i64>>().into_iter().collect();
    let rows: Vec<(i64, String)> = services::table
        .filter(services::id.eq_any(ids))
        .order(services::id)
        .select((services::id, services::name))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// What was said about the incident's pairs: by deploy, and whether a person said it.
fn relations(c: &mut Conn, incident_id: i64) -> Result<HashMap<i64, (Relation, bool)>, Error> {
    let rows: Vec<(i64, Relation, Option<i64>)> = incident_deploys::table
        .filter(incident_deploys::incident_id.eq(incident_id))
        .order(incident_deploys::id)
        .limit(EDGE_LIMIT)
        .select((incident_deploys::deploy_id, incident_deploys::relation, incident_deploys::user_id))
        .load(c)?;
    Ok(rows.into_iter().map(|(deploy, relation, user)| (deploy, (relation, user.is_some()))).collect())
}

/// The words of an incident that may name a version.
fn words_of(c: &mut Conn, incident: &Incident) -> Result<BTreeSet<String>, Error> {
    let tags: Vec<String> = incident_tags::table
        .filter(incident_tags::incident_id.eq(incident.id))
        .order(incident_tags::tag)
        .limit(100)
        .select(incident_tags::tag)
        .load(c)?;
    let mut texts = vec![incident.title.as_str(), incident.summary.as_str()];
    texts.extend(tags.iter().map(String::as_str));
    // What the alerts say of themselves: labels, releases, and their words.
    let (signals, _) = crate::signals::queries_attach::of_incident(c, incident.id)?;
    for signal in &signals {
        texts.extend([signal.title.as_str(), signal.summary.as_str(), signal.labels.as_str()]);
        texts.extend(signal.release.as_deref());
    }
    Ok(words(&texts))
}
