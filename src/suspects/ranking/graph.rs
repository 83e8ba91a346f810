//! Which service needs which, and how likely a fault of one makes another one alert.

use std::collections::{BTreeMap, BTreeSet};

/// The graph of dependencies.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    needs: BTreeMap<i64, BTreeSet<i64>>,
    needed_by: BTreeMap<i64, BTreeSet<i64>>,
}

/// How far a fault is followed through the graph.
pub(super) const REACH: usize = 4;

/// How a guilty service stands to the one that alerted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Position {
    /// Steps along "needs" from the service that alerted; 0 is that service itself.
    pub needed_at: Option<usize>,
    /// The chance that a walk from the guilty service to one that needs it, and so on, is at the service that alerted
    /// after 1, 2, 3, 4 steps.
    pub walk: [f64; REACH],
    /// Nothing needs the guilty service, so that its fault can only show on itself.
    pub is_top: bool,
    /// It needs the service that alerted, with this chance to be the one that shows.
    pub needs_it: f64,
}

impl Graph {
    /// A graph of pairs: the first needs the second.
    pub fn new(edges: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut graph = Graph::default();
        for (service, needed) in edges {
            if service != needed {
                graph.needs.entry(service).or_default().insert(needed);
                graph.needed_by.entry(needed).or_default().insert(service);
            }
        }
        graph
    }

    /// Every service that has a neighbour.
    pub fn services(&self) -> BTreeSet<i64> {
        self.needs.keys().chain(self.needed_by.keys()).copied().collect()
    }

    fn callers(&self, service: i64) -> impl Iterator<Item = i64> {
        self.needed_by.get(&service).into_iter().flatten().copied()
    }

    fn needed(&self, service: i64) -> impl Iterator<Item = i64> {
        self.needs.get(&service).into_iter().flatten().copied()
    }

    /// The services that `service` needs, with the number of steps, and those that need it directly.
    pub fn around(&self, service: i64) -> (BTreeMap<i64, usize>, BTreeSet<i64>) {
        let mut found = BTreeMap::from([(service, 0)]);
        let mut edge = vec![service];
        for step in 1..=REACH {
            let mut next = Vec::new();
            for at in edge {
                for needed in self.needed(at) {
                    if let std::collections::btree_map::Entry::Vacant(entry) = found.entry(needed) {
                        entry.insert(step);
                        next.push(needed);
                    }
                }
            }
            edge = next;
        }
        (found, self.callers(service).collect())
    }

    /// How each service stands to the one that alerted; those that are missing have nothing to do with it.
    pub(super) fn positions(&self, alerting: i64) -> BTreeMap<i64, Position> {
        let (below, callers) = self.around(alerting);
        let mut positions: BTreeMap<i64, Position> = below
            .iter()
            .map(|(&service, &steps)| {
                let is_top = self.callers(service).next().is_none();
                (service, Position { needed_at: Some(steps), is_top, ..Position::default() })
            })
            .collect();
        // The walk, backwards from the service that alerted: after k steps it is there when the first step led to a
        // service from which it is there after k - 1.
        let mut there: BTreeMap<i64, f64> = BTreeMap::from([(alerting, 1.0)]);
        for step in 0..REACH {
            let mut before = BTreeMap::new();
            for &service in below.keys().filter(|&&service| service != alerting) {
                let (sum, count) = self.callers(service).fold((0.0, 0.0), |(sum, count), caller| {
                    (sum + there.get(&caller).copied().unwrap_or(0.0), count + 1.0)
                });
                if sum > 0.0 {
                    before.insert(service, sum / count);
                    if let Some(position) = positions.get_mut(&service) {
                        position.walk[step] = sum / count;
                    }
                }
            }
            there = before;
        }
        for caller in callers {
            let choices = self.needed(caller).count().max(1) as f64;
            positions.entry(caller).or_default().needs_it = 1.0 / choices;
        }
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_walk_to_the_services_that_need_the_guilty_one() {
        // 1 needs 2 and 3, 2 needs 4, 3 needs 4, 5 needs 4.
        let graph = Graph::new([(1, 2), (1, 3), (2, 4), (3, 4), (5, 4), (4, 4)]);
        let positions = graph.positions(1);
        assert_eq!(positions[&1].needed_at, Some(0));
        assert!(positions[&1].is_top);
        assert_eq!(positions[&2].walk[0], 1.0);
        assert_eq!(positions[&4].needed_at, Some(2));
        assert!((positions[&4].walk[1] - 2.0 / 3.0).abs() < 1e-9);
        assert!(!positions.contains_key(&5));
        assert_eq!(graph.positions(2)[&1].needs_it, 0.5);
    }

    #[test]
    fn circles_end() {
        let graph = Graph::new([(1, 2), (2, 1)]);
        assert_eq!(graph.positions(1)[&2].needed_at, Some(1));
    }
}
