//! What is known about an incident and the changes around it.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;

/// An incident whose cause is asked for.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// When it began, milliseconds since 1970.
    pub began_at_ms: i64,
    /// The services that alerted or are named in the incident.
    pub alerting: BTreeSet<i64>,
    /// Which service needs which.
    pub graph: Graph,
    /// How busy the team was before.
    pub surroundings: Surroundings,
    /// The changes that may have caused it, in any order.
    pub candidates: Vec<Candidate>,
    /// Whether these are all changes on record, or a handful that somebody thought worth a look.
    pub choice: Choice,
}

/// Where the candidates come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All that is on record near the incident.
    #[default]
    Everything,
    /// Picked: that one of them is the last says less then.
    Picked,
}

/// How often changes were made before the incident.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Changes a day by service.
    pub per_day: BTreeMap<i64, f64>,
    /// How many services there are.
    pub services: usize,
}

impl Surroundings {
    /// Counts changes that were made in a number of days.
    pub fn count(changes: impl IntoIterator<Item = i64>, days: f64, services: usize) -> Self {
        let days = days.max(1.0 / 24.0);
        let mut per_day: BTreeMap<i64, f64> = BTreeMap::new();
        for service in changes {
            *per_day.entry(service).or_default() += 1.0 / days;
        }
        let services = services.max(per_day.len()).max(1);
        Surroundings { per_day, services }
    }
}

/// What sort of change it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// New code.
    #[default]
    Deploy,
    /// Back to what ran before.
    Rollback,
    /// Settings.
    Config,
    /// A feature flag.
    Flag,
    /// A database's schema or rows.
    Migration,
    /// Machines, networks, clusters.
    Infrastructure,
}

/// Where it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// Where the incident is.
    #[default]
    Same,
    /// A place that the incident's cannot easily be hurt by.
    Other,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It went live.
    #[default]
    Live,
    /// It failed: it may have left half of itself behind.
    Failed,
    /// It was taken back, or a later change was made to undo it.
    Undone,
}

/// A change that may have caused the incident.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// What was changed.
    pub service: i64,
    /// How people call what was changed.
    pub service_name: String,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// When it was over.
    pub finished_at_ms: Option<i64>,
    /// What sort of change it was.
    pub kind: Kind,
    /// Where it was made.
    pub tier: Tier,
    /// What became of it.
    pub fate: Fate,
    /// Its size as a multiple of the usual one, when that is known.
    pub relative_size: Option<f64>,
    /// Days since the change before, when it is known.
    pub quiet_days: Option<f64>,
    /// The alert or the incident names its version or commit.
    pub is_named: bool,
    /// A person pointed at it without having looked yet.
    pub is_pointed_at: bool,
    /// A person said that it was not this one.
    pub is_ruled_out: bool,
}

impl Candidate {
    /// Minutes from its finish to the incident, and whether it was still under way then. Nothing when it began
    /// too late to have caused it.
    pub(super) fn lag(&self, began_at_ms: i64) -> Option<(f64, bool)> {
        const SKEW_MIN: f64 = 15.0;
        let minutes = |at: i64| (began_at_ms - at) as f64 / 60_000.0;
        match (self.started_at_ms.map(minutes), self.finished_at_ms.map(minutes)) {
            // It was running when the incident began: it hurts from some moment between its start and now.
            (Some(since_start), since_finish) if since_start >= 0.0 && since_finish.is_none_or(|lag| lag < 0.0) => {
                Some(((since_start / 2.0).clamp(0.5, 60.0), true))
            }
            (_, Some(lag)) if lag >= -SKEW_MIN => Some((lag, false)),
            (Some(lag), None) if lag >= -SKEW_MIN => Some((lag, true)),
            (None, None) => Some((60.0, false)),
            _ => None,
        }
    }
}
