//! A team that ships and is hurt: services, changes, incidents with their true causes. Nothing here is shared with
//! the ranker, and no number was taken from it.

use crate::random::Random;

/// Where an alert fires that does not fire on the guilty service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// On one that needs it, and so on upwards while this chance holds.
    Upwards(f64),
    /// On any of those that need it, near or far, evenly.
    AnyAbove,
    /// On a neighbour in either direction.
    Neighbour,
}

/// Which change is guilty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guilt {
    /// Every change alike.
    ByChange,
    /// Every service alike.
    ByService,
    /// Services differ by this spread in how often their changes hurt.
    Uneven(f64),
}

/// The parameters of a world.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: &'static str,
    pub services: (usize, usize),
    pub needs: (usize, usize),
    pub days: f64,
    pub incidents: usize,
    pub changes_a_day: f64,
    pub rate_spread: f64,
    pub burst_share: f64,
    pub caused: (f64, f64),
    pub unrecorded: (f64, f64),
    pub lag_median_min: f64,
    pub lag_spread: f64,
    pub tail_share: f64,
    pub tail_factor: f64,
    pub elsewhere: f64,
    pub spread: Spread,
    pub guilt: Guilt,
    pub skew_s: f64,
}

impl Plan {
    /// Density of the lag by the minute.
    pub fn lag_density(&self, minutes: f64) -> f64 {
        let bell = |median: f64, spread: f64| {
            if minutes <= 0.0 {
                return 0.0;
            }
            let z = (minutes / median).ln() / spread;
            (-0.5 * z * z).exp() / (minutes * spread * std::f64::consts::TAU.sqrt())
        };
        (1.0 - self.tail_share) * bell(self.lag_median_min, self.lag_spread)
            + self.tail_share * bell(self.lag_median_min * self.tail_factor, 1.4)
    }
}

pub struct Change {
    pub service: usize,
    /// Minutes from the world's beginning, as the sender's clock has it.
    pub finished_min: f64,
}

pub struct Incident {
    pub began_min: f64,
    pub alerting: usize,
    /// The change on record that caused it.
    pub cause: Option<usize>,
    pub lag_min: Option<f64>,
}

pub struct World {
    pub plan: Plan,
    pub services: usize,
    /// The first needs the second.
    pub edges: Vec<(usize, usize)>,
    pub guilt: Vec<f64>,
    pub caused: f64,
    pub unrecorded: f64,
    /// Changes on record, by time.
    pub changes: Vec<Change>,
    pub incidents: Vec<Incident>,
}

impl World {
    pub fn new(plan: &Plan, seed: u64) -> World {
        let mut random = Random::new(seed);
        let services = plan.services.0 + random.below(plan.services.1 - plan.services.0 + 1);
        let edges = graph(&mut random, services, plan.needs);
        let rates: Vec<f64> =
            (0..services).map(|_| random.log_normal(plan.changes_a_day, plan.rate_spread) / 1440.0).collect();
        let end = plan.days * 1440.0;
        let mut changes: Vec<(usize, f64)> = Vec::new();
        for (service, rate) in rates.iter().enumerate() {
            let mut at = random.wait(*rate);
            while at < end {
                changes.push((service, at));
                if random.chance(plan.burst_share) {
                    let mut again = at;
                    for _ in 0..1 + random.below(4) {
                        again += random.between(2.0, 40.0);
                        changes.push((service, again));
                    }
                }
                at += random.wait(*rate);
            }
        }
        changes.sort_by(|one, other| one.1.total_cmp(&other.1));
        let guilt: Vec<f64> = (0..services)
            .map(|service| match plan.guilt {
                Guilt::ByChange => 1.0,
                Guilt::ByService => 1.0 / changes.iter().filter(|change| change.0 == service).count().max(1) as f64,
                Guilt::Uneven(spread) => random.log_normal(1.0, spread),
            })
            .collect();
        let caused = random.between(plan.caused.0, plan.caused.1);
        let unrecorded = random.between(plan.unrecorded.0, plan.unrecorded.1);
        let weights: Vec<f64> = changes.iter().map(|change| guilt[change.0]).collect();
        let mut told: Vec<(f64, usize, Option<usize>, Option<f64>)> = Vec::new();
        let mut hidden = vec![false; changes.len()];
        while told.len() < plan.incidents {
            if !random.chance(caused) {
                told.push((random.between(0.0, end), random.below(services), None, None));
                continue;
            }
            let change = random.pick(&weights);
            let is_tail = random.chance(plan.tail_share);
            let lag = if is_tail {
                random.log_normal(plan.lag_median_min * plan.tail_factor, 1.4)
            } else {
                random.log_normal(plan.lag_median_min, plan.lag_spread)
            };
            let began = changes[change].1 + lag;
            if began > end || hidden[change] {
                continue;
            }
            let alerting = alert(&mut random, plan, &edges, changes[change].0);
            if random.chance(unrecorded) {
                hidden[change] = true;
                told.push((began, alerting, None, None));
            } else {
                told.push((began, alerting, Some(change), Some(lag)));
            }
        }
        told.sort_by(|one, other| one.0.total_cmp(&other.0));
        let skews: Vec<f64> = (0..services).map(|_| random.normal() * plan.skew_s / 60.0).collect();
        let mut record: Vec<(usize, Change)> = changes
            .iter()
            .enumerate()
            .filter(|(place, _)| !hidden[*place])
            .map(|(place, change)| (place, Change { service: change.0, finished_min: change.1 + skews[change.0] }))
            .collect();
        record.sort_by(|one, other| one.1.finished_min.total_cmp(&other.1.finished_min));
        let mut places = vec![None; changes.len()];
        for (new, (old, _)) in record.iter().enumerate() {
            places[*old] = Some(new);
        }
        let incidents = told
            .into_iter()
            .map(|(began_min, alerting, cause, lag_min)| {
                let cause = cause.and_then(|cause| places[cause]);
                Incident { began_min, alerting, cause, lag_min: lag_min.filter(|_| cause.is_some()) }
            })
            .collect();
        let changes = record.into_iter().map(|(_, change)| change).collect();
        World { plan: plan.clone(), services, edges, guilt, caused, unrecorded, changes, incidents }
    }

    /// The chance that a fault of `guilty` alerts on each service.
    pub fn alert_chances(&self, guilty: usize) -> Vec<f64> {
        let mut chances = vec![0.0; self.services];
        let mut stay = |service: usize, chance: f64| chances[service] += chance;
        match self.plan.spread {
            Spread::Upwards(on) => {
                let mut here = vec![0.0; self.services];
                let callers = callers(&self.edges, guilty);
                if callers.is_empty() {
                    stay(guilty, 1.0);
                } else {
                    stay(guilty, 1.0 - self.plan.elsewhere);
                    for caller in &callers {
                        here[*caller] += self.plan.elsewhere / callers.len() as f64;
                    }
                }
                while here.iter().any(|chance| *chance > 1e-12) {
                    let mut next = vec![0.0; self.services];
                    for (service, chance) in here.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
                        let above = crate::world::callers(&self.edges, service);
                        if above.is_empty() {
                            stay(service, *chance);
                            continue;
                        }
                        stay(service, chance * (1.0 - on));
                        for caller in &above {
                            next[*caller] += chance * on / above.len() as f64;
                        }
                    }
                    here = next;
                }
            }
            Spread::AnyAbove | Spread::Neighbour => {
                let others = others(&self.edges, self.plan.spread, guilty);
                if others.is_empty() {
                    stay(guilty, 1.0);
                } else {
                    stay(guilty, 1.0 - self.plan.elsewhere);
                    for other in &others {
                        stay(*other, self.plan.elsewhere / others.len() as f64);
                    }
                }
            }
        }
        chances
    }
}

/// A sparse graph without circles: each service needs a few of those after it.
fn graph(random: &mut Random, services: usize, needs: (usize, usize)) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    for service in 0..services.saturating_sub(1) {
        for _ in 0..needs.0 + random.below(needs.1 - needs.0 + 1) {
            let needed = service + 1 + random.below(services - service - 1);
            if !edges.contains(&(service, needed)) {
                edges.push((service, needed));
            }
        }
    }
    edges
}

fn callers(edges: &[(usize, usize)], service: usize) -> Vec<usize> {
    edges.iter().filter(|edge| edge.1 == service).map(|edge| edge.0).collect()
}

fn others(edges: &[(usize, usize)], spread: Spread, guilty: usize) -> Vec<usize> {
    if spread == Spread::Neighbour {
        let needed = edges.iter().filter(|edge| edge.0 == guilty).map(|edge| edge.1);
        return callers(edges, guilty).into_iter().chain(needed).collect();
    }
    let mut found: Vec<usize> = Vec::new();
    let mut open = vec![guilty];
    while let Some(service) = open.pop() {
        for caller in callers(edges, service) {
            if !found.contains(&caller) {
                found.push(caller);
                open.push(caller);
            }
        }
    }
    found
}

fn alert(random: &mut Random, plan: &Plan, edges: &[(usize, usize)], guilty: usize) -> usize {
    if !random.chance(plan.elsewhere) {
        return guilty;
    }
    match plan.spread {
        Spread::Upwards(on) => {
            let mut at = guilty;
            loop {
                let above = callers(edges, at);
                if above.is_empty() {
                    return at;
                }
                at = above[random.below(above.len())];
                if !random.chance(on) {
                    return at;
                }
            }
        }
        Spread::AnyAbove | Spread::Neighbour => {
            let others = others(edges, plan.spread, guilty);
            if others.is_empty() { guilty } else { others[random.below(others.len())] }
        }
    }
}
