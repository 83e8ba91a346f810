//! The figures. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Moment;
use crate::deploys::model::{DeployKind, DeployStatus};
use crate::deploys::model_marks::MarkKind;
use crate::insights::share::Share;
use crate::links::model::Relation;
use crate::suspects::model::ENOUGH;

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;

/// A deploy or a rollback, as far as the figures look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Row id.
    pub id: i64,
    /// Which of the two.
    pub kind: DeployKind,
    /// How it went.
    pub status: DeployStatus,
    /// When it was over.
    pub finished_at: Option<Moment>,
    /// When it took effect.
    pub happened_at: Moment,
}

/// What a person said of a deploy and an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The deploy.
    pub deploy_id: i64,
    /// The incident.
    pub incident_id: i64,
    /// What the one has to do with the other.
    pub relation: Relation,
    /// When the incident was mitigated, else resolved.
    pub over_at: Option<Moment>,
}

/// The rows that the figures are counted from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The period's deploys and rollbacks, the oldest first.
    pub shipped: Vec<Shipped>,
    /// The first that was ever recorded here, which has no lead time.
    pub first_ever: Option<i64>,
    /// When an author stood for a deploy: the commit's time.
    pub authored: Vec<(i64, Moment)>,
    /// Links of these deploys with incidents.
    pub verdicts: Vec<Verdict>,
    /// When the deploys that fixed one of these incidents had finished, by incident; they may be of another service.
    pub fixes: Vec<(i64, Moment)>,
    /// Standing marks: `(the later deploy, the earlier one, what it did to it)`.
    pub marks: Vec<(i64, i64, MarkKind)>,
}

/// Lengths of time, and how many could not be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    sorted_s: Vec<i64>,
    /// How many had no time to count with.
    pub missing: usize,
    /// How many would have been less than nothing.
    pub negative: usize,
}

impl Spread {
    fn of(lengths: impl IntoIterator<Item = Option<i64>>) -> Self {
        let mut spread = Spread::default();
        for length in lengths {
            match length {
                None => spread.missing += 1,
                Some(seconds) if seconds < 0 => spread.negative += 1,
                Some(seconds) => spread.sorted_s.push(seconds),
            }
        }
        spread.sorted_s.sort_unstable();
        spread
    }

    /// How many were counted.
    pub fn n(&self) -> usize {
        self.sorted_s.len()
    }

    /// The length in seconds that `percent` of them do not exceed; none when they are too few to say.
    pub fn at_percent(&self, percent: usize) -> Option<i64> {
        let rank = (self.n() * percent).div_ceil(100).max(1);
        if self.n() < ENOUGH { None } else { self.sorted_s.get(rank - 1).copied() }
    }
}

/// A stretch of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant.
    pub from: Moment,
    /// The first instant after it.
    pub to: Moment,
    /// Deploys that went live in it.
    pub live: usize,
    /// Of them, those that failed there: a cause, rolled back or hot-fixed.
    pub failed: usize,
}

/// Everything that the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// From the commit to the deploy's finish, for each change.
    pub lead: Spread,
    /// Deploys that went live.
    pub live: usize,
    /// Days on which one did.
    pub active_days: usize,
    /// Days of the period.
    pub days: i64,
    /// Those that never went live.
    pub never_live: usize,
    /// From the causing deploy's finish until the service was restored, for each incident.
    pub recovery: Spread,
    /// Deploys that went live and failed there, of those that went live.
    pub change_fail: Share,
    /// The same with those that are only suspected.
    pub change_fail_suspected: Share,
    /// Deploys made because of an incident, of those that went live.
    pub rework: Share,
    /// The period in equal stretches, the oldest first.
    pub stretches: Vec<Stretch>,
}

impl Figures {
    /// Counts the rows of a period of `days` days that ends at `to`; `day_of` says on which day an instant falls.
    pub fn count(rows: &Rows, to: Moment, days: i64, day_of: impl Fn(Moment) -> i64) -> Self {
        let mut figures = Figures { days, ..Figures::default() };
        let mut failed = BTreeSet::new();
        let mut suspected = BTreeSet::new();
        let mut reworks = BTreeSet::new();
        for verdict in &rows.verdicts {
            match verdict.relation {
                Relation::Caused => _ = failed.insert(verdict.deploy_id),
                Relation::Suspected => _ = suspected.insert(verdict.deploy_id),
                Relation::Fixed => _ = reworks.insert(verdict.deploy_id),
                Relation::Contributed | Relation::RuledOut => {}
            }
        }
        for (later, earlier, kind) in &rows.marks {
            failed.insert(*earlier);
            if *kind == MarkKind::Fixes {
                reworks.insert(*later);
            }
        }
        let mut authored: BTreeMap<i64, Vec<Moment>> = BTreeMap::new();
        for (deploy_id, at) in &rows.authored {
            authored.entry(*deploy_id).or_default().push(*at);
        }
        let stretch_s = stretch_days(days) * DAY_S;
        let count = days / stretch_days(days);
        figures.stretches = (0..count)
            .rev()
            .map(|back| Stretch {
                from: to.plus_s(-(back + 1) * stretch_s),
                to: to.plus_s(-back * stretch_s),
                live: 0,
                failed: 0,
            })
            .collect();
        let (mut active, mut leads) = (BTreeSet::new(), Vec::new());
        for shipped in &rows.shipped {
            if !shipped.status.went_live() {
                figures.never_live += usize::from(shipped.status == DeployStatus::Failed);
                continue;
            }
            let has_failed = failed.contains(&shipped.id) || shipped.status == DeployStatus::RolledBack;
            figures.live += 1;
            active.insert(day_of(shipped.happened_at));
            figures.change_fail.add(has_failed);
            figures.change_fail_suspected.add(has_failed || suspected.contains(&shipped.id));
            figures.rework.add(reworks.contains(&shipped.id));
            let stretch = figures.stretches.iter_mut().find(|one| (one.from..one.to).contains(&shipped.happened_at));
            if let Some(stretch) = stretch {
                stretch.live += 1;
                stretch.failed += usize::from(has_failed);
            }
            // A first deploy would swallow all that was written before it, and a rollback brings nothing new.
            if shipped.kind == DeployKind::Rollback || rows.first_ever == Some(shipped.id) {
                continue;
            }
            match (authored.get(&shipped.id), shipped.finished_at) {
                (Some(times), Some(end)) => leads.extend(times.iter().map(|at| Some(end.seconds_since(*at)))),
                _ => leads.push(None),
            }
        }
        figures.active_days = active.len();
        figures.lead = Spread::of(leads);
        figures.recovery = recovery(rows);
        figures
    }
}

/// One length for each incident that a deploy caused: from the last cause's finish to the first that restored it.
fn recovery(rows: &Rows) -> Spread {
    let finished: BTreeMap<i64, Moment> =
        rows.shipped.iter().map(|one| (one.id, one.finished_at.unwrap_or(one.happened_at))).collect();
    let mut hurt: BTreeMap<i64, (Moment, Option<Moment>)> = BTreeMap::new();
    for verdict in rows.verdicts.iter().filter(|verdict| verdict.relation == Relation::Caused) {
        let Some(caused_at) = finished.get(&verdict.deploy_id) else { continue };
        let entry = hurt.entry(verdict.incident_id).or_insert((*caused_at, verdict.over_at));
        entry.0 = entry.0.max(*caused_at);
    }
    for (incident_id, fixed_at) in &rows.fixes {
        if let Some((_, over_at)) = hurt.get_mut(incident_id) {
            *over_at = Some(over_at.map_or(*fixed_at, |known| known.min(*fixed_at)));
        }
    }
    Spread::of(hurt.into_values().map(|(caused_at, over_at)| over_at.map(|at| at.seconds_since(caused_at))))
}

/// How many days a line of the table by time covers.
pub const fn stretch_days(days: i64) -> i64 {
    if days > 100 { 28 } else { 7 }
}

/// An answer of DORA's quick check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// From 1, the slowest, to 6.
    pub place: u8,
    /// The answer's words.
    pub words: &'static str,
}

impl Step {
    /// On the scale from 0 to 10 that the industry's means are told on.
    pub const fn of_ten(self) -> u8 {
        (self.place - 1) * 2
    }

    /// The answer for a length of time: lead time and recovery.
    pub const fn of_length(seconds: i64) -> Self {
        let (place, words) = match seconds {
            ..HOUR_S => (6, "less than an hour"),
            HOUR_S..DAY_S => (5, "less than a day"),
            DAY_S..604_800 => (4, "a day to a week"),
            604_800..2_592_000 => (3, "a week to a month"),
            2_592_000..15_552_000 => (2, "one to six months"),
            _ => (1, "more than six months"),
        };
        Step { place, words }
    }

    /// The answer for so many deploys in so many days.
    pub const fn of_frequency(live: usize, days: i64) -> Self {
        let live = live as i64;
        let (place, words) = if live > days * 24 {
            (6, "on demand, many a day")
        } else if live >= days {
            (5, "between once an hour and once a day")
        } else if live * 7 >= days {
            (4, "between once a day and once a week")
        } else if live * 30 >= days {
            (3, "between once a week and once a month")
        } else if live * 182 >= days {
            (2, "between once a month and once in six months")
        } else {
            (1, "less than once in six months")
        };
        Step { place, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Moment {
        Moment::from_millis(minute * 60_000)
    }

    fn shipped(id: i64, minute: i64) -> Shipped {
        Shipped {
            id,
            kind: DeployKind::Deploy,
            status: DeployStatus::Succeeded,
            finished_at: Some(at(minute)),
            happened_at: at(minute),
        }
    }

    fn caused(deploy_id: i64, incident_id: i64, over: Option<i64>) -> Verdict {
        Verdict { deploy_id, incident_id, relation: Relation::Caused, over_at: over.map(at) }
    }

    fn count(rows: &Rows) -> Figures {
        Figures::count(rows, at(30 * 1440), 30, |moment| moment.millis() / 86_400_000)
    }

    #[test]
    fn an_incident_counts_once_and_from_its_last_cause() {
        let rows = Rows {
            shipped: vec![shipped(1, 100), shipped(2, 200)],
            verdicts: vec![caused(1, 9, Some(260)), caused(2, 9, Some(260))],
            fixes: vec![(9, at(250))],
            ..Rows::default()
        };
        let figures = count(&rows);
        assert_eq!(figures.recovery.sorted_s, vec![50 * 60]);
        assert_eq!(figures.change_fail, Share { part: 2, whole: 2 });
    }

    #[test]
    fn what_cannot_be_counted_is_counted_as_such() {
        let rows = Rows {
            shipped: vec![shipped(1, 100), shipped(2, 200), shipped(3, 300), shipped(4, 400)],
            first_ever: Some(1),
            authored: vec![(1, at(0)), (2, at(190)), (2, at(170)), (3, at(301))],
            verdicts: vec![caused(3, 8, None), caused(4, 7, Some(399))],
            ..Rows::default()
        };
        let figures = count(&rows);
        assert_eq!(figures.lead.sorted_s, vec![600, 1800]);
        assert_eq!((figures.lead.missing, figures.lead.negative), (1, 1));
        assert_eq!((figures.recovery.n(), figures.recovery.missing, figures.recovery.negative), (0, 1, 1));
        assert_eq!(figures.lead.at_percent(50), None, "two are too few to say");
    }

    #[test]
    fn suspects_are_a_band_above_and_a_failed_deploy_was_never_live() {
        let mut undone = shipped(1, 10);
        undone.status = DeployStatus::RolledBack;
        let mut never = shipped(3, 30);
        never.status = DeployStatus::Failed;
        let rows = Rows {
            shipped: vec![undone, shipped(2, 20), never, shipped(4, 40)],
            verdicts: vec![
                Verdict { deploy_id: 2, incident_id: 1, relation: Relation::Suspected, over_at: None },
                Verdict { deploy_id: 4, incident_id: 1, relation: Relation::Fixed, over_at: None },
            ],
            ..Rows::default()
        };
        let figures = count(&rows);
        assert_eq!(figures.change_fail, Share { part: 1, whole: 3 });
        assert_eq!(figures.change_fail_suspected, Share { part: 2, whole: 3 });
        assert_eq!(figures.rework, Share { part: 1, whole: 3 });
        assert_eq!((figures.never_live, figures.live, figures.active_days), (1, 3, 1));
    }

    #[test]
    fn percentiles_are_rows_that_there_were() {
        let spread = Spread::of([50, 10, 30, 20, 40, 60, 70, 80, 90, 100].map(Some));
        assert_eq!((spread.at_percent(50), spread.at_percent(90)), (Some(50), Some(90)));
    }

    #[test]
    fn steps_meet_without_a_gap() {
        assert_eq!(Step::of_length(3_599).place, 6);
        assert_eq!(Step::of_length(3_600).place, 5);
        assert_eq!(Step::of_length(604_800).place, 3);
        assert_eq!(Step::of_length(i64::MAX).of_ten(), 0);
        assert_eq!(Step::of_frequency(30, 30).place, 5);
        assert_eq!(Step::of_frequency(29, 30).place, 4);
        assert_eq!(Step::of_frequency(0, 365).place, 1);
    }
}
