//! What is believed about how changes hurt here: a grid of worlds, each weighed by the incidents so far.

use std::collections::BTreeMap;

use super::case::{Candidate, Case, Choice};
use super::features::{self, Reason, Rule};
use super::graph::{Position, REACH};
use super::lag;

/// Where an alert fires when a change hurts.
struct Placement {
    weight: f64,
    own: f64,
    walk: [f64; REACH],
    reverse: f64,
    elsewhere: f64,
}

const fn placement(weight: f64, own: f64, walk: [f64; REACH], reverse: f64, elsewhere: f64) -> Placement {
    Placement { weight, own, walk, reverse, elsewhere }
}

const PLACEMENTS: [Placement; 6] = [
    placement(0.36, 0.50, [0.36, 0.07, 0.02, 0.01], 0.03, 0.01),
    placement(0.15, 0.35, [0.48, 0.10, 0.03, 0.01], 0.02, 0.01),
    placement(0.13, 0.70, [0.20, 0.05, 0.01, 0.01], 0.02, 0.01),
    placement(0.20, 0.46, [0.21, 0.14, 0.09, 0.06], 0.03, 0.02),
    placement(0.09, 0.45, [0.25, 0.05, 0.02, 0.01], 0.20, 0.02),
    placement(0.07, 0.45, [0.25, 0.05, 0.02, 0.01], 0.07, 0.15),
];
/// How much less a change of a busy service says: its chance to hurt falls with this power of the service's rate.
const CALM: [(f64, f64); 3] = [(0.0, 0.55), (0.5, 0.3), (1.0, 0.15)];
/// The share of incidents that a recorded change caused.
const CAUSED: [(f64, f64); 5] = [(0.25, 0.15), (0.4, 0.25), (0.52, 0.25), (0.65, 0.22), (0.8, 0.13)];

/// Worlds apart from the share of caused incidents.
const SCENES: usize = lag::COUNT * PLACEMENTS.len() * CALM.len();
pub(super) const WORLDS: usize = SCENES * CAUSED.len();
/// How much of the lag counts among changes that somebody picked: they were picked for their time already.
const PICKED_LAG: f64 = 0.5;
/// How much of what was learned about the lag is doubted, and after how many incidents half of that: incidents of one
/// team are alike in more than the lag, so that the grid grows sure of it too soon.
const LEARNED_LAG_DOUBT: f64 = 0.15;
const DOUBT_PULL: f64 = 20.0;
/// How many times more changes that are far older than [`LATE_MIN`] count, once a team's lags were learned: faults that
/// sleep are too few in any record to be believed in, and would stand behind every fresh change for ever.
const LATE: f64 = 3.0;
const LATE_MIN: f64 = 300.0;
/// How many pseudo-incidents keep a service's record, or a rule's, near the usual.
const RECORD_PULL: f64 = 3.0;
const RULE_PULL: f64 = 6.0;

/// What is known to have come of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody said.
    Unknown,
    /// These candidates, by their place in the case, caused it.
    Caused(Vec<usize>),
    /// No recorded change did.
    Nothing,
}

/// What the incidents so far say about how changes hurt here.
#[derive(Clone, Debug, PartialEq)]
pub struct Beliefs {
    /// Logarithms, the best is 0.
    pub(super) weights: Vec<f64>,
    /// Incidents that were learned from.
    pub(super) incidents: u64,
    /// Those with a verdict among them.
    pub(super) judged: u64,
    /// How often changes of a service were to blame, as far as that is known, and how often they were cleared.
    pub(super) services: BTreeMap<i64, (f64, f64)>,
    pub(super) blamed: f64,
    /// Confirmed and judged suspects by rule.
    pub(super) rules: BTreeMap<Rule, (f64, f64)>,
    pub(super) rules_total: (f64, f64),
}

/// One candidate, weighed apart from the worlds.
pub(super) struct Weighed {
    factor: f64,
    lag: [f64; lag::COUNT],
    place: [f64; PLACEMENTS.len()],
    calm: [f64; CALM.len()],
    pub lag_min: f64,
    pub is_under_way: bool,
    pub position: Option<Position>,
    pub needs_alerting: bool,
    pub record: f64,
    pub reasons: Vec<Reason>,
}

impl Default for Beliefs {
    fn default() -> Self {
        let mut weights = Vec::with_capacity(WORLDS);
        for guess in 0..lag::COUNT {
            for place in &PLACEMENTS {
                for (_, calm) in CALM {
                    for (_, caused) in CAUSED {
                        weights.push((lag::prior(guess).1 * place.weight * calm * caused).ln());
                    }
                }
            }
        }
        Beliefs {
            weights,
            incidents: 0,
            judged: 0,
            services: BTreeMap::new(),
            blamed: 0.0,
            rules: BTreeMap::new(),
            rules_total: (0.0, 0.0),
        }
    }
}

impl Beliefs {
    /// How many incidents were learned from, and how many of them had a verdict.
    pub fn seen(&self) -> (u64, u64) {
        (self.incidents, self.judged)
    }

    /// The middle of what is believed about the lag, in minutes, and about the share that a change caused.
    pub fn summary(&self) -> (f64, f64) {
        let weights = self.shares();
        let total: f64 = weights.iter().sum();
        let (mut lag_log, mut caused) = (0.0, 0.0);
        for (world, weight) in weights.iter().enumerate() {
            let guess = world / (PLACEMENTS.len() * CALM.len() * CAUSED.len());
            lag_log += weight / total * lag::prior(guess).0.ln();
            caused += weight / total * CAUSED[world % CAUSED.len()].0;
        }
        (lag_log.exp(), caused)
    }

    fn shares(&self) -> Vec<f64> {
        let best = self.weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.weights.iter().map(|weight| (weight - best).exp()).collect()
    }

    /// Weighs the candidates of a case; nothing for those that cannot have caused it.
    pub(super) fn weigh(&self, case: &Case) -> Vec<Option<Weighed>> {
        let scene = Scene::new(case);
        case.candidates.iter().map(|candidate| self.weigh_one(&scene, candidate)).collect()
    }

    fn weigh_one(&self, scene: &Scene<'_>, candidate: &Candidate) -> Option<Weighed> {
        let case = scene.case;
        let (lag_min, is_under_way) = candidate.lag(case.began_at_ms).filter(|_| !candidate.is_ruled_out)?;
        let mut place = [0.0; PLACEMENTS.len()];
        let (mut nearest, mut needs_alerting): (Option<Position>, bool) = (None, false);
        for positions in &scene.positions {
            let position = positions.get(&candidate.service).copied();
            for (chance, placement) in place.iter_mut().zip(&PLACEMENTS) {
                *chance += placement.chance(position, scene.services) / scene.positions.len() as f64;
            }
            if let Some(position) = position {
                needs_alerting |= position.needs_it > 0.0;
                let steps = |position: &Position| position.needed_at.unwrap_or(usize::MAX);
                if nearest.as_ref().is_none_or(|nearest| steps(&position) < steps(nearest)) {
                    nearest = Some(position);
                }
            }
        }
        if scene.positions.is_empty() {
            place = [1.0 / scene.services; PLACEMENTS.len()];
        }
        let rate = scene.rate(candidate.service);
        let mut calm = [0.0; CALM.len()];
        for ((value, (power, _)), total) in calm.iter_mut().zip(CALM).zip(scene.totals) {
            *value = rate.powf(-power) / total;
        }
        let record = self.record(scene, candidate.service);
        let (mut factor, mut reasons) = (record, Vec::new());
        for (reason, lift) in features::features(candidate) {
            factor *= lift * self.lift(reason.rule);
            reasons.push(reason);
        }
        Some(Weighed {
            factor,
            lag: lag::lags().densities(lag_min),
            place,
            calm,
            lag_min,
            is_under_way,
            position: nearest,
            needs_alerting,
            record,
            reasons,
        })
    }

    /// With which power the lag counts, and how many times more the oldest changes do.
    fn tempers(&self, choice: Choice) -> (f64, f64) {
        let seen = self.incidents as f64;
        let learned = seen / (seen + DOUBT_PULL);
        match choice {
            Choice::Picked => (PICKED_LAG, 0.0),
            Choice::Everything => (1.0 - LEARNED_LAG_DOUBT * learned, LATE * learned),
        }
    }

    /// How much more, or less, often than expected changes of a service were to blame.
    fn record(&self, scene: &Scene<'_>, service: i64) -> f64 {
        let (blamed, cleared) = self.services.get(&service).copied().unwrap_or_default();
        let share = 0.5 * scene.rate(service) / scene.totals[0] + 0.5 / scene.services;
        let expected = self.blamed * share;
        (blamed + RECORD_PULL) / (expected + RECORD_PULL + 0.5 * cleared)
    }

    /// How much more, or less, often than others suspects with this reason were confirmed.
    fn lift(&self, rule: Rule) -> f64 {
        let (confirmed, judged) = self.rules.get(&rule).copied().unwrap_or_default();
        let usual = (self.rules_total.0 + 2.0) / (self.rules_total.1 + 4.0);
        (((confirmed + RULE_PULL * usual) / (judged + RULE_PULL)) / usual).clamp(0.4, 2.5)
    }

    /// The chance of each candidate, and of none, by everything that is believed.
    pub(super) fn chances(&self, case: &Case, weighed: &[Option<Weighed>]) -> (Vec<f64>, f64) {
        let shares = self.shares();
        let alone = 1.0 / Scene::service_count(case);
        let mut by_scene = vec![0.0; SCENES];
        let mut none = 0.0;
        for (scene, worlds) in shares.chunks_exact(CAUSED.len()).enumerate() {
            for (weight, (caused, _)) in worlds.iter().zip(CAUSED) {
                by_scene[scene] += weight * caused;
                none += weight * (1.0 - caused) * alone;
            }
        }
        let mut chances: Vec<f64> = weighed
            .iter()
            .map(|weighed| weighed.as_ref().map_or(0.0, |weighed| weighed.sum(|scene, value| by_scene[scene] * value)))
            .collect();
        temper(&mut chances, weighed, self.tempers(case.choice));
        let total: f64 = chances.iter().sum::<f64>() + none;
        for chance in &mut chances {
            *chance /= total;
        }
        (chances, none / total)
    }

    /// Learns from an incident. Each incident is to be given once, in the order in which they began.
    pub fn learn(&mut self, case: &Case, outcome: &Outcome) {
        let weighed = self.weigh(case);
        let (chances, _) = self.chances(case, &weighed);
        self.incidents += 1;
        let is_cause = |index: usize| match outcome {
            Outcome::Unknown => true,
            Outcome::Caused(causes) => causes.contains(&index),
            Outcome::Nothing => false,
        };
        let mut by_scene = vec![0.0; SCENES];
        for (_, weighed) in weighed.iter().enumerate().filter(|(index, _)| is_cause(*index)) {
            if let Some(weighed) = weighed {
                weighed.each(|scene, value| by_scene[scene] += value);
            }
        }
        let alone = if matches!(outcome, Outcome::Caused(_)) { 0.0 } else { 1.0 / Scene::service_count(case) };
        let is_known_cause = by_scene.iter().any(|&value| value > 0.0);
        if alone > 0.0 || is_known_cause {
            for (scene, worlds) in self.weights.chunks_exact_mut(CAUSED.len()).enumerate() {
                for (weight, (caused, _)) in worlds.iter_mut().zip(CAUSED) {
                    *weight += (caused * by_scene[scene] + (1.0 - caused) * alone).max(1e-12).ln();
                }
            }
            let best = self.weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            // Worlds that lost all belief stay a little possible, because no world of the grid is quite the true one.
            self.weights.iter_mut().for_each(|weight| *weight = (*weight - best).max(-30.0));
        }
        self.learn_records(case, &weighed, &chances, outcome);
    }

    fn learn_records(&mut self, case: &Case, weighed: &[Option<Weighed>], chances: &[f64], outcome: &Outcome) {
        let is_judged = !matches!(outcome, Outcome::Unknown);
        self.judged += u64::from(is_judged);
        for (index, candidate) in case.candidates.iter().enumerate() {
            let blame = match outcome {
                Outcome::Unknown => 0.5 * chances[index],
                Outcome::Caused(causes) if causes.contains(&index) => 1.0 / causes.len() as f64,
                Outcome::Caused(_) | Outcome::Nothing => 0.0,
            };
            let service = self.services.entry(candidate.service).or_default();
            service.0 += blame;
            self.blamed += blame;
            if candidate.is_ruled_out {
                service.1 += 1.0;
            }
            // Only suspects that were near enough to be shown say something about the rules.
            let was_shown = chances[index] >= 0.02 || blame >= 0.5;
            if let Some(weighed) = weighed[index].as_ref().filter(|_| is_judged && was_shown) {
                let confirmed = if blame > 0.0 { 1.0 } else { 0.0 };
                self.rules_total.0 += confirmed;
                self.rules_total.1 += 1.0;
                for reason in &weighed.reasons {
                    let rule = self.rules.entry(reason.rule).or_default();
                    rule.0 += confirmed;
                    rule.1 += 1.0;
                }
            }
        }
    }
}

/// Takes some of the lag out of the chances and leaves their sum: the lag counts with this power, and the oldest changes
/// count `late` times more on top.
fn temper(chances: &mut [f64], weighed: &[Option<Weighed>], (power, late): (f64, f64)) {
    if power >= 1.0 && late <= 0.0 {
        return;
    }
    let before: f64 = chances.iter().sum();
    for (chance, weighed) in chances.iter_mut().zip(weighed) {
        let Some(weighed) = weighed else { continue };
        let usual: f64 = weighed.lag.iter().enumerate().map(|(guess, density)| lag::prior(guess).1 * density).sum();
        let age = (weighed.lag_min.max(0.0) / LATE_MIN).powi(2);
        *chance *= usual.max(f64::MIN_POSITIVE).powf(power - 1.0) * (1.0 + late * age / (1.0 + age));
    }
    let after: f64 = chances.iter().sum();
    if after > 0.0 {
        chances.iter_mut().for_each(|chance| *chance *= before / after);
    }
}

impl Weighed {
    fn each(&self, mut act: impl FnMut(usize, f64)) {
        let mut scene = 0;
        for lag in self.lag {
            for place in self.place {
                let value = self.factor * lag * place;
                for calm in self.calm {
                    act(scene, value * calm);
                    scene += 1;
                }
            }
        }
    }

    fn sum(&self, value_of: impl Fn(usize, f64) -> f64) -> f64 {
        let mut sum = 0.0;
        self.each(|scene, value| sum += value_of(scene, value));
        sum
    }
}

impl Placement {
    /// The chance that a fault of a service in this position makes the alert fire where it did.
    fn chance(&self, position: Option<Position>, services: f64) -> f64 {
        let mut chance = self.elsewhere / services;
        let Some(position) = position else { return chance };
        if position.needed_at == Some(0) {
            chance += self.own;
            if position.is_top {
                chance += self.walk.iter().sum::<f64>();
            }
        }
        chance += self.walk.iter().zip(position.walk).map(|(share, walk)| share * walk).sum::<f64>();
        chance + self.reverse * position.needs_it
    }
}

/// What all candidates of a case share.
struct Scene<'a> {
    case: &'a Case,
    positions: Vec<BTreeMap<i64, Position>>,
    services: f64,
    /// What the chances of all changes of a minute add up to, by how calm services count.
    totals: [f64; CALM.len()],
}

/// Changes a minute of a service of which too little is known.
const RARE: f64 = 1.0 / (60.0 * 24.0 * 14.0);

impl<'a> Scene<'a> {
    fn new(case: &'a Case) -> Self {
        let positions = case.alerting.iter().map(|&service| case.graph.positions(service)).collect();
        let services = Scene::service_count(case);
        let mut scene = Scene { case, positions, services, totals: [0.0; CALM.len()] };
        let silent = services - case.surroundings.per_day.len() as f64;
        let rates: Vec<f64> = case.surroundings.per_day.keys().map(|&service| scene.rate(service)).collect();
        for (total, (power, _)) in scene.totals.iter_mut().zip(CALM) {
            let known: f64 = rates.iter().map(|rate| rate.powf(1.0 - power)).sum();
            *total = (known + silent.max(0.0) * RARE.powf(1.0 - power)).max(f64::MIN_POSITIVE);
        }
        scene
    }

    fn service_count(case: &Case) -> f64 {
        case.surroundings.services.max(case.surroundings.per_day.len()).max(1) as f64
    }

    /// Changes a minute.
    fn rate(&self, service: i64) -> f64 {
        self.case.surroundings.per_day.get(&service).map_or(RARE, |per_day| (per_day / 1440.0).max(RARE))
    }
}
