//! A case as a file: for measuring the ranking from outside, with no database. `docs/suspects.md` describes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Why, is_named, is_off_stage, words};
use super::ranking::{
    self, Beliefs, Candidate, Case, Certainty, Choice, Fate, Graph, Kind, Outcome, Surroundings, Tier,
};
use crate::clock::Moment;
use crate::deploys::model::EnvironmentTier;

/// Changes that finished longer before an incident are left out when there are many, in milliseconds.
const REACH_MS: i64 = 14 * 86_400_000;
/// A change may finish so long after the start, in milliseconds, and still have been under way.
const UNDER_WAY_MS: i64 = 2 * 3_600_000;
/// Fewer changes are all looked at, whatever their age.
const FEW: usize = 50;
/// So few changes around a single incident were picked by somebody.
const HANDFUL: usize = 12;
const MOST: usize = 400;
const SAMPLE: usize = 500;
/// An incident of an unknown start is taken to have begun so long after the last change, in milliseconds.
const ASSUMED_LAG_MS: i64 = 600_000;

/// What stands in the file.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct File {
    /// Every recorded change.
    #[serde(default)]
    pub deploys: Vec<RawDeploy>,
    /// Which service needs which.
    #[serde(default)]
    pub dependencies: Vec<RawEdge>,
    /// Services, when there are some without changes and dependencies.
    #[serde(default)]
    pub services: Vec<String>,
    /// Several incidents of one team, in place of one.
    #[serde(default)]
    pub incidents: Option<Vec<RawIncident>>,
    /// The one incident.
    #[serde(flatten)]
    pub incident: RawIncident,
}

/// A change.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RawDeploy {
    #[serde(default, alias = "key", alias = "deploy")]
    id: Value,
    service: String,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default, alias = "commit", alias = "sha")]
    commit_sha: Option<String>,
    #[serde(default)]
    started_at: Option<RawTime>,
    #[serde(default, alias = "at", alias = "time", alias = "timestamp", alias = "deployed_at", alias = "happened_at")]
    finished_at: Option<RawTime>,
    #[serde(default)]
    commit_count: Option<f64>,
    #[serde(default)]
    file_count: Option<f64>,
}

/// A dependency: `["checkout", "payments"]`, or an object with `from` and `to`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RawEdge {
    /// The first needs the second.
    Pair(String, String),
    /// The same by name.
    Named {
        /// Who needs.
        #[serde(alias = "service", alias = "source")]
        from: String,
        /// What is needed.
        #[serde(alias = "depends_on", alias = "target")]
        to: String,
    },
}

/// An incident.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RawIncident {
    #[serde(default, alias = "key")]
    id: Value,
    #[serde(default)]
    alerting_service: Option<String>,
    #[serde(default)]
    alerting_services: Vec<String>,
    #[serde(default)]
    started_at: Option<RawTime>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    labels: Value,
    #[serde(default)]
    ruled_out: Vec<Value>,
    /// The verdict, for the incidents after it: an id, or null for "none of these". Left out: nobody said.
    #[serde(default, deserialize_with = "given")]
    caused_by: Option<Value>,
}

/// Tells null from nothing.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// RFC 3339, or seconds (or milliseconds) since 1970.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RawTime {
    /// A number.
    Number(f64),
    /// RFC 3339.
    Text(String),
}

impl RawTime {
    fn millis(&self) -> Result<i64, String> {
        match self {
            // Seconds of the next thousand years are smaller than milliseconds of the last thirty.
            RawTime::Number(number) if number.abs() < 1e11 => Ok((number * 1000.0) as i64),
            RawTime::Number(number) => Ok(*number as i64),
            RawTime::Text(text) => Moment::parse(text).map(Moment::millis).map_err(|error| format!("{text}: {error}")),
        }
    }
}

fn millis(time: Option<&RawTime>) -> Result<Option<i64>, String> {
    time.map(RawTime::millis).transpose()
}

/// A ranking on the wire.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The incident's own id, when it has one.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub id: Value,
    /// The likeliest first.
    pub suspects: Vec<AnswerLine>,
    /// That none of these caused it.
    pub none_of_these: NoneLine,
}

/// One suspect.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerLine {
    /// Its id as given.
    pub deploy: Value,
    /// What it changed.
    pub service: String,
    /// From 0 to 1.
    pub probability: f64,
    /// likely, possible or unlikely.
    pub certainty: &'static str,
    /// Why.
    pub reasons: Vec<Why>,
}

/// None of these.
#[derive(Clone, Debug, Serialize)]
pub struct NoneLine {
    /// From 0 to 1.
    pub probability: f64,
}

/// Numbers for the names of services.
#[derive(Default)]
struct Names(BTreeMap<String, i64>);

impl Names {
    fn number(&mut self, name: &str) -> i64 {
        let next = self.0.len() as i64;
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

struct Change<'a> {
    raw: &'a RawDeploy,
    service: i64,
    started_at_ms: Option<i64>,
    finished_at_ms: Option<i64>,
    happened_at_ms: i64,
    size: Option<f64>,
}

/// Ranks the suspects of every incident of a file, in the order in which they began. Each is ranked by what was
/// learned from those before it.
///
/// # Errors
/// A sentence about what cannot be read.
pub fn answers(file: &File) -> Result<Vec<Answer>, String> {
    let mut names = Names::default();
    let edges: Vec<(i64, i64)> = file
        .dependencies
        .iter()
        .map(|edge| match edge {
            RawEdge::Pair(from, to) | RawEdge::Named { from, to } => (names.number(from), names.number(to)),
        })
        .collect();
    for service in &file.services {
        names.number(service);
    }
    let mut changes = Vec::new();
    for raw in &file.deploys {
        let (started_at_ms, finished_at_ms) = (millis(raw.started_at.as_ref())?, millis(raw.finished_at.as_ref())?);
        changes.push(Change {
            raw,
            service: names.number(&raw.service),
            started_at_ms,
            finished_at_ms,
            happened_at_ms: finished_at_ms.or(started_at_ms).unwrap_or(0),
            size: raw.file_count.or(raw.commit_count),
        });
    }
    // Stable: changes of one instant stay in the file's order.
    changes.sort_by_key(|change| change.happened_at_ms);
    let one = std::slice::from_ref(&file.incident);
    let mut incidents: Vec<(i64, &RawIncident)> = Vec::new();
    for raw in file.incidents.as_deref().unwrap_or(one) {
        let assumed = || changes.last().map_or(0, |last| last.happened_at_ms + ASSUMED_LAG_MS);
        incidents.push((millis(raw.started_at.as_ref())?.unwrap_or_else(assumed), raw));
    }
    incidents.sort_by_key(|(began_at_ms, _)| *began_at_ms);
    for raw in incidents.iter().flat_map(|(_, raw)| raw.alerting_service.iter().chain(&raw.alerting_services)) {
        names.number(raw);
    }
    let graph = Graph::new(edges);
    let mut beliefs = Beliefs::default();
    let mut answers = Vec::new();
    for (began_at_ms, raw) in incidents {
        let shown = window(&changes, began_at_ms);
        let case = case(began_at_ms, raw, shown, (&changes, &graph, &mut names));
        answers.push(answer(raw, shown, &case, &beliefs));
        beliefs.learn(&case, &outcome(raw, shown));
    }
    Ok(answers)
}

/// The changes that are looked at.
fn window<'a, 'b>(changes: &'b [Change<'a>], began_at_ms: i64) -> &'b [Change<'a>] {
    if changes.len() <= FEW {
        return changes;
    }
    let from = changes.partition_point(|change| change.happened_at_ms < began_at_ms - REACH_MS);
    let to = changes.partition_point(|change| change.happened_at_ms <= began_at_ms + UNDER_WAY_MS);
    &changes[from.max(to.saturating_sub(MOST))..to]
}

fn case(
    began_at_ms: i64,
    raw: &RawIncident,
    shown: &[Change<'_>],
    (changes, graph, names): (&[Change<'_>], &Graph, &mut Names),
) -> Case {
    let until = changes.partition_point(|change| change.happened_at_ms <= began_at_ms + 900_000);
    let sample = &changes[until.saturating_sub(SAMPLE)..until];
    let days =
        sample.first().map_or(1.0, |first| (began_at_ms - first.happened_at_ms).max(3_600_000) as f64 / 86_400_000.0);
    let alerting: BTreeSet<i64> =
        raw.alerting_service.iter().chain(&raw.alerting_services).map(|name| names.number(name)).collect();
    let labels = raw.labels.to_string();
    let said = words(&[raw.title.as_deref().unwrap_or_default(), raw.summary.as_deref().unwrap_or_default(), &labels]);
    let is_all_off_stage = shown.iter().all(|change| is_elsewhere(change));
    let usual = usual_size(sample);
    let candidates = shown
        .iter()
        .enumerate()
        .map(|(place, change)| Candidate {
            service: change.service,
            service_name: change.raw.service.clone(),
            started_at_ms: change.started_at_ms,
            finished_at_ms: change.finished_at_ms,
            kind: kind(change.raw.kind.as_deref()),
            tier: if is_elsewhere(change) && !is_all_off_stage { Tier::Other } else { Tier::Same },
            fate: match change.raw.status.as_deref() {
                Some("rolled_back") => Fate::Undone,
                Some("failed") => Fate::Failed,
                _ => Fate::Live,
            },
            relative_size: change.size.zip(usual).map(|(size, usual)| size.max(1.0) / usual),
            quiet_days: shown[..place]
                .iter()
                .rev()
                .find(|before| before.service == change.service)
                .map(|before| (change.happened_at_ms - before.happened_at_ms) as f64 / 86_400_000.0),
            is_named: is_named(
                &said,
                change.raw.id.as_str().unwrap_or_default(),
                change.raw.version.as_deref(),
                change.raw.commit_sha.as_deref(),
            ),
            is_pointed_at: false,
            is_ruled_out: raw.ruled_out.contains(&change.raw.id),
        })
        .collect();
    Case {
        began_at_ms,
        alerting,
        graph: graph.clone(),
        surroundings: Surroundings::count(sample.iter().map(|change| change.service), days, names.0.len()),
        candidates,
        choice: if changes.len() <= HANDFUL { Choice::Picked } else { Choice::Everything },
    }
}

fn is_elsewhere(change: &Change<'_>) -> bool {
    change.raw.environment.as_deref().is_some_and(|name| is_off_stage(EnvironmentTier::of_name(name)))
}

/// The middle of the sizes that are known.
fn usual_size(sample: &[Change<'_>]) -> Option<f64> {
    let mut sizes: Vec<f64> = sample.iter().filter_map(|change| change.size).filter(|size| *size >= 1.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied()
}

fn kind(word: Option<&str>) -> Kind {
    match word {
        Some("rollback") => Kind::Rollback,
        Some("config") => Kind::Config,
        Some("flag") => Kind::Flag,
        Some("migration") => Kind::Migration,
        Some("infrastructure") => Kind::Infrastructure,
        _ => Kind::Deploy,
    }
}

fn outcome(raw: &RawIncident, shown: &[Change<'_>]) -> Outcome {
    let causes: Vec<&Value> = match &raw.caused_by {
        None => return Outcome::Unknown,
        Some(Value::Null) => return Outcome::Nothing,
        Some(Value::Array(ids)) if ids.is_empty() => return Outcome::Nothing,
        Some(Value::Array(ids)) => ids.iter().collect(),
        Some(id) => vec![id],
    };
    let places: Vec<usize> = shown
        .iter()
        .enumerate()
        .filter(|(_, change)| causes.contains(&&change.raw.id))
        .map(|(place, _)| place)
        .collect();
    if places.is_empty() { Outcome::Unknown } else { Outcome::Caused(places) }
}

fn answer(raw: &RawIncident, shown: &[Change<'_>], case: &Case, beliefs: &Beliefs) -> Answer {
    let ranking = ranking::rank(case, beliefs);
    let suspects = ranking.suspects.into_iter().map(|suspect| AnswerLine {
        deploy: shown[suspect.candidate].raw.id.clone(),
        service: shown[suspect.candidate].raw.service.clone(),
        probability: suspect.probability,
        certainty: Certainty::of(suspect.probability).as_str(),
        reasons: suspect
            .reasons
            .into_iter()
            .map(|reason| Why { rule: reason.rule.as_str().to_owned(), text: reason.text })
            .collect(),
    });
    Answer {
        id: raw.id.clone(),
        suspects: suspects.collect(),
        none_of_these: NoneLine { probability: ranking.none_probability },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(file: Value) -> Vec<Answer> {
        answers(&serde_json::from_value(file).unwrap()).unwrap()
    }

    #[test]
    fn a_change_of_what_the_alerting_service_needs_comes_before_an_unrelated_one() {
        let file = serde_json::json!({
            "deploys": [
                {"id": 1, "service": "payments", "finished_at": "2026-11-23T13:40:00Z"},
                {"id": 2, "service": "blog", "finished_at": "2026-11-23T13:55:00Z"},
                {"id": 3, "service": "checkout", "finished_at": "2026-11-22T10:00:00Z"}
            ],
            "dependencies": [["checkout", "payments"], {"from": "shop", "to": "checkout"}],
            "alerting_service": "checkout",
            "started_at": "2026-11-23T14:00:00Z"
        });
        let [answer] = &ranked(file)[..] else { panic!("one incident, one answer") };
        assert_eq!(answer.suspects[0].deploy, 1);
        let total: f64 = answer.suspects.iter().map(|line| line.probability).sum();
        assert!((total + answer.none_of_these.probability - 1.0).abs() < 1e-9);
        assert_eq!(answer.suspects[0].reasons[0].rule, "dependency");
    }

    #[test]
    fn many_incidents_are_ranked_in_order_and_ruled_out_ones_are_gone() {
        let file = serde_json::json!({
            "deploys": [{"id": "a", "service": "x", "at": 1_800_000_000}, {"id": "b", "service": "x", "at": 1_800_003_600}],
            "incidents": [
                {"id": "second", "alerting_service": "x", "started_at": 1_800_003_900, "ruled_out": ["b"]},
                {"id": "first", "alerting_service": "x", "started_at": 1_800_000_300, "caused_by": "a"}
            ]
        });
        let answers = ranked(file);
        assert_eq!(answers.iter().map(|answer| answer.id.clone()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(answers[0].suspects.len(), 1);
        assert!(answers[1].suspects.iter().all(|line| line.deploy != "b"));
    }

    #[test]
    fn a_case_without_times_or_changes_is_answered() {
        let nothing = ranked(serde_json::json!({"alerting_service": "x"}));
        assert_eq!(nothing[0].none_of_these.probability, 1.0);
        let timeless = serde_json::json!({
            "deploys": [{"id": 1, "service": "y"}, {"id": 2, "service": "x"}],
            "dependencies": [["x", "y"]], "alerting_service": "x"
        });
        assert_eq!(ranked(timeless)[0].suspects[0].deploy, 2);
    }
}
