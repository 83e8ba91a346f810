//! Who answers: the ranker, the four baselines, and the oracle that knows the world.

use std::collections::BTreeMap;

use debrief::suspects::ranking::{Beliefs, Candidate, Case, Graph, Outcome, Surroundings, rank};

use crate::random::Random;
use crate::world::{Incident, World};

/// An answer: candidates by place in the world's record, the best first, each with its probability.
pub struct Answer {
    pub ranked: Vec<(usize, f64)>,
    pub none: f64,
}

/// Candidates are the changes of so many minutes before; clocks may be off by some more.
const WINDOW_MIN: f64 = 14.0 * 1440.0;
const SKEW_MIN: f64 = 15.0;
/// The baselines look at a day.
pub const DAY_MIN: f64 = 1440.0;
/// Rates are counted over the last so many changes.
const SAMPLE: usize = 500;
const MOST: usize = 400;

fn minute(minutes: f64) -> i64 {
    (minutes * 60_000.0) as i64
}

/// What the ranker is told: never the plan, nor a cause.
pub fn case(world: &World, incident: &Incident) -> (Case, Vec<usize>) {
    let from = world.changes.partition_point(|change| change.finished_min < incident.began_min - WINDOW_MIN);
    let to = world.changes.partition_point(|change| change.finished_min <= incident.began_min + SKEW_MIN);
    let places: Vec<usize> = (from.max(to.saturating_sub(MOST))..to).collect();
    let before = &world.changes[to.saturating_sub(SAMPLE)..to];
    let days = before.first().map_or(1.0, |first| (incident.began_min - first.finished_min) / 1440.0);
    let candidates = places.iter().map(|&place| {
        let change = &world.changes[place];
        Candidate {
            service: change.service as i64,
            service_name: format!("service {}", change.service),
            finished_at_ms: Some(minute(change.finished_min)),
            ..Candidate::default()
        }
    });
    let case = Case {
        began_at_ms: minute(incident.began_min),
        alerting: [incident.alerting as i64].into(),
        graph: Graph::new(world.edges.iter().map(|edge| (edge.0 as i64, edge.1 as i64))),
        surroundings: Surroundings::count(before.iter().map(|change| change.service as i64), days, world.services),
        candidates: candidates.collect(),
        ..Case::default()
    };
    (case, places)
}

pub fn ranker(case: &Case, places: &[usize], beliefs: &Beliefs) -> Answer {
    let ranking = rank(case, beliefs);
    Answer {
        ranked: ranking.suspects.iter().map(|suspect| (places[suspect.candidate], suspect.probability)).collect(),
        none: ranking.none_probability,
    }
}

/// What a team's verdict would be.
pub fn verdict(incident: &Incident, places: &[usize]) -> Outcome {
    match incident.cause {
        Some(cause) => {
            places.iter().position(|place| *place == cause).map_or(Outcome::Unknown, |at| Outcome::Caused(vec![at]))
        }
        None => Outcome::Nothing,
    }
}

/// The exact posterior of somebody who knows every parameter of the world, but not what happened.
pub struct Oracle {
    alerts: Vec<Vec<f64>>,
    guilt_total: f64,
    hidden: Vec<f64>,
}

impl Oracle {
    pub fn new(world: &World) -> Self {
        let alerts: Vec<Vec<f64>> = (0..world.services).map(|service| world.alert_chances(service)).collect();
        let guilt_total: f64 = world.changes.iter().map(|change| world.guilt[change.service]).sum();
        let mut hidden = vec![0.0; world.services];
        for change in &world.changes {
            for (service, chance) in alerts[change.service].iter().enumerate() {
                hidden[service] += chance * world.guilt[change.service] / guilt_total;
            }
        }
        Oracle { alerts, guilt_total, hidden }
    }

    pub fn answer(&self, world: &World, incident: &Incident, places: &[usize]) -> Answer {
        let minutes = world.plan.days * 1440.0;
        let skew = world.plan.skew_s / 60.0;
        let none = (world.caused * world.unrecorded * self.hidden[incident.alerting]
            + (1.0 - world.caused) / world.services as f64)
            / minutes;
        let mut ranked: Vec<(usize, f64)> = places
            .iter()
            .map(|&place| {
                let change = &world.changes[place];
                let lag = incident.began_min - change.finished_min;
                let mut density = 0.0;
                let mut weight = 0.0;
                for step in -12..=12 {
                    let z = f64::from(step) / 4.0;
                    let share = (-0.5 * z * z).exp();
                    density += share * world.plan.lag_density(lag + z * skew);
                    weight += share;
                }
                let guilt = world.guilt[change.service] / self.guilt_total;
                let recorded = world.caused * (1.0 - world.unrecorded);
                (place, recorded * guilt * self.alerts[change.service][incident.alerting] * density / weight)
            })
            .collect();
        let total = none + ranked.iter().map(|(_, chance)| chance).sum::<f64>();
        ranked.iter_mut().for_each(|(_, chance)| *chance /= total);
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        Answer { ranked, none: none / total }
    }
}

/// The four baselines over the last day's changes.
pub fn baselines(world: &World, incident: &Incident, random: &mut Random) -> [Answer; 4] {
    let from = world.changes.partition_point(|change| change.finished_min < incident.began_min - DAY_MIN);
    let to = world.changes.partition_point(|change| change.finished_min <= incident.began_min);
    let recent: Vec<usize> = (from..to).rev().collect();
    let mut shuffled = recent.clone();
    for place in (1..shuffled.len()).rev() {
        shuffled.swap(place, random.below(place + 1));
    }
    let graph = Graph::new(world.edges.iter().map(|edge| (edge.0 as i64, edge.1 as i64)));
    let steps: BTreeMap<i64, usize> = graph.around(incident.alerting as i64).0;
    let mut own = recent.clone();
    own.sort_by_key(|&place| world.changes[place].service != incident.alerting);
    let mut near = recent.clone();
    near.sort_by_key(|&place| steps.get(&(world.changes[place].service as i64)).copied().unwrap_or(usize::MAX));
    [shuffled, recent, own, near]
        .map(|order| Answer { ranked: order.into_iter().map(|place| (place, 0.0)).collect(), none: 0.0 })
}
