//! From weights to an answer in words.

use super::beliefs::{Beliefs, Weighed};
use super::case::{Candidate, Case};
use super::features::{Reason, Rule};

/// From this probability on a suspect is shown as *likely*: a little above the nine in ten that are to be right.
pub const LIKELY: f64 = 0.92;
/// From this probability on a suspect is shown as *possible*.
pub const POSSIBLE: f64 = 0.15;

/// How sure the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nine in ten of these are right.
    Likely,
    /// Worth a look.
    Possible,
    /// Listed for completeness.
    Unlikely,
}

impl Certainty {
    /// The word for a probability.
    pub fn of(probability: f64) -> Self {
        if probability >= LIKELY {
            Certainty::Likely
        } else if probability >= POSSIBLE {
            Certainty::Possible
        } else {
            Certainty::Unlikely
        }
    }

    /// As it is shown and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Certainty::Likely => "likely",
            Certainty::Possible => "possible",
            Certainty::Unlikely => "unlikely",
        }
    }
}

/// A change with its chance to have caused the incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Its place among the candidates of the case.
    pub candidate: usize,
    /// From 0 to 1.
    pub probability: f64,
    /// Why, the most telling first.
    pub reasons: Vec<Reason>,
}

/// The answer: all probabilities add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The likeliest first. Candidates that cannot have caused it, or are ruled out, are not in it.
    pub suspects: Vec<Suspect>,
    /// That none of them did.
    pub none_probability: f64,
}

/// Ranks the candidates of a case.
pub fn rank(case: &Case, beliefs: &Beliefs) -> Ranking {
    let weighed = beliefs.weigh(case);
    let (chances, none_probability) = beliefs.chances(case, &weighed);
    let mut suspects: Vec<Suspect> = weighed
        .into_iter()
        .enumerate()
        .filter_map(|(index, weighed)| {
            let reasons = reasons(&case.candidates[index], weighed?);
            Some(Suspect { candidate: index, probability: chances[index], reasons })
        })
        .collect();
    suspects
        .sort_by(|one, other| other.probability.total_cmp(&one.probability).then(one.candidate.cmp(&other.candidate)));
    Ranking { suspects, none_probability }
}

fn reasons(candidate: &Candidate, weighed: Weighed) -> Vec<Reason> {
    let name = &candidate.service_name;
    let mut reasons = vec![match weighed.position.and_then(|position| position.needed_at) {
        Some(0) => Reason::new(Rule::OwnService, format!("changed {name}, which is affected")),
        Some(1) => Reason::new(Rule::Dependency, format!("changed {name}, which the affected service needs")),
        Some(steps) => Reason::new(
            Rule::Dependency,
            format!("changed {name}, which the affected service needs over {steps} steps"),
        ),
        None if weighed.needs_alerting => {
            Reason::new(Rule::Caller, format!("changed {name}, which calls the affected service"))
        }
        None => Reason::new(Rule::Elsewhere, format!("changed {name}, with no known tie to the affected service")),
    }];
    reasons.push(if weighed.is_under_way {
        Reason::new(Rule::UnderWay, "was under way when it began")
    } else if candidate.started_at_ms.is_none() && candidate.finished_at_ms.is_none() {
        Reason::new(Rule::Earlier, "has no time on record")
    } else if weighed.lag_min < 0.0 {
        Reason::new(Rule::Recent, "finished at about the same minute")
    } else if weighed.lag_min < 60.0 {
        Reason::new(Rule::Recent, format!("finished {} before", span(weighed.lag_min)))
    } else {
        Reason::new(Rule::Earlier, format!("finished {} before", span(weighed.lag_min)))
    });
    reasons.extend(weighed.reasons);
    if weighed.record >= 1.3 {
        reasons.push(Reason::new(Rule::Record, format!("changes of {name} hurt more often than others so far")));
    } else if weighed.record <= 0.7 {
        reasons.push(Reason::new(Rule::CleanRecord, format!("changes of {name} hurt less often than others so far")));
    }
    reasons
}

/// A span of minutes in words.
fn span(minutes: f64) -> String {
    let counted = |count: f64, one: &str| {
        let count = count.round().max(1.0);
        if count == 1.0 { format!("1 {one}") } else { format!("{count:.0} {one}s") }
    };
    if minutes < 90.0 {
        counted(minutes, "minute")
    } else if minutes < 48.0 * 60.0 {
        counted(minutes / 60.0, "hour")
    } else {
        counted(minutes / 1440.0, "day")
    }
}
