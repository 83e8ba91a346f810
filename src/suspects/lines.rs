//! Suspects as the pages of incidents and deploys show them. Pure.

use super::model::{Certainty, Part, Reckoning, Suspect, Why};
use super::queries::SuspectRow;
use crate::clock::Moment;
use crate::deploys::model::Deploy;
use crate::incidents::model::Incident;
use crate::links::model::Relation;
use crate::services::model::Service;
use crate::web::times::{Stamp, Zone};

/// The suspects of an incident's page, ready for `templates/suspects/_of_incident.html`.
#[derive(Clone, Debug)]
pub struct IncidentPanel {
    /// Those that are worth a look.
    pub suspects: Vec<Line>,
    /// The others, behind a fold.
    pub unlikely: Vec<Line>,
    /// Changes that may have ended it.
    pub fixes: Vec<FixLine>,
    /// None of these.
    pub none: NoneOfThese,
    /// How many changes were looked at, in words.
    pub looked_at: String,
    /// Where a word about a deploy is posted.
    pub say_action: String,
    /// The incident's page.
    pub path: String,
}

/// A suspect.
#[derive(Clone, Debug)]
pub struct Line {
    /// `DEP-12` or `INC-42`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// Its probability in words.
    pub percent: String,
    /// likely, possible or unlikely.
    pub certainty: &'static str,
    /// The tone of that word's mark.
    pub tone: &'static str,
    /// Why, as one sentence.
    pub why: String,
}

/// A change that may have ended an incident.
#[derive(Clone, Debug)]
pub struct FixLine {
    /// `DEP-12`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// Why, as one sentence.
    pub why: String,
    /// When it finished, where that may be taken for the end.
    pub end: Option<Stamp>,
}

/// That no change on record caused it.
#[derive(Clone, Debug)]
pub struct NoneOfThese {
    /// In words.
    pub percent: String,
    /// Whether it is likelier than every suspect.
    pub is_first: bool,
    /// Who said so, and why, once somebody did.
    pub said: Option<Said>,
    /// Whether a change is said to have caused it, so that there is nothing to ask.
    pub is_settled: bool,
}

/// Who said that no change caused it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The person.
    pub who: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub stamp: Stamp,
}

/// The incidents of a deploy's page that it may have caused or ended.
#[derive(Clone, Debug)]
pub struct DeployPanel {
    /// Incidents that it may have caused.
    pub causes: Vec<Line>,
    /// Incidents that it may have ended.
    pub fixes: Vec<Line>,
    /// Where a word about an incident is posted.
    pub say_action: String,
}

impl IncidentPanel {
    /// The panel of an incident with the ranking as it is kept, without the deploys that are linked.
    pub fn new(
        incident: &Incident,
        (reckoning, rows): (Reckoning, Vec<SuspectRow>),
        linked: &[(Relation, Deploy)],
        zone: &Zone,
        now: Moment,
    ) -> Self {
        let is_linked = |deploy: &Deploy| linked.iter().any(|(_, linked)| linked.id == deploy.id);
        let is_settled = linked.iter().any(|(relation, _)| *relation == Relation::Caused);
        let (mut suspects, mut unlikely, mut fixes) = (Vec::new(), Vec::new(), Vec::new());
        let mut best = 0.0_f64;
        for (suspect, deploy, service) in &rows {
            match suspect.part {
                Part::Cause => {
                    best = best.max(suspect.probability);
                    if is_linked(deploy) {
                        continue;
                    }
                    let line = Line::of_deploy(suspect, deploy, service);
                    if is_settled || Certainty::of(suspect.probability) == Certainty::Unlikely {
                        unlikely.push(line);
                    } else {
                        suspects.push(line);
                    }
                }
                Part::Fix if !is_linked(deploy) => fixes.push(FixLine {
                    key: deploy.key(),
                    href: deploy.path(),
                    title: title(deploy, service),
                    why: sentence(&suspect.why()),
                    end: incident.mitigated_at.is_none().then(|| zone.stamp(deploy.happened_at, now)),
                }),
                Part::Fix => {}
            }
        }
        let said = reckoning.nothing_at.map(|at| Said {
            who: reckoning.nothing_name.clone().unwrap_or_default(),
            reason: reckoning.nothing_reason.clone().unwrap_or_default(),
            stamp: zone.stamp(at, now),
        });
        // Nothing stands out: the first few are shown all the same.
        if suspects.is_empty() && !is_settled && said.is_none() {
            suspects = unlikely.drain(..unlikely.len().min(2)).collect();
        }
        if said.is_some() {
            let shown = std::mem::take(&mut suspects);
            unlikely.splice(0..0, shown);
        }
        IncidentPanel {
            suspects,
            unlikely,
            fixes,
            none: NoneOfThese {
                percent: percent(reckoning.none_probability),
                is_first: reckoning.none_probability >= best,
                said,
                is_settled,
            },
            looked_at: match reckoning.candidate_count {
                0 => "No change on record is near enough to be looked at.".to_owned(),
                1 => "1 change looked at".to_owned(),
                count => format!("{count} changes looked at"),
            },
            say_action: format!("{}/deploys", incident.path()),
            path: incident.path(),
        }
    }

    /// Words that a click says about a suspect.
    pub fn buttons(&self) -> Vec<(&'static str, &'static str)> {
        buttons()
    }

    /// Whether there is nothing to show but the field for another deploy.
    pub fn is_empty(&self) -> bool {
        self.suspects.is_empty() && self.unlikely.is_empty() && self.fixes.is_empty() && self.none.said.is_none()
    }
}

impl DeployPanel {
    /// The panel of a deploy.
    pub fn new(deploy: &Deploy, rows: Vec<(Suspect, Incident)>, zone: &Zone) -> Self {
        let (mut causes, mut fixes) = (Vec::new(), Vec::new());
        for (suspect, incident) in rows {
            let line = Line {
                key: incident.key(),
                href: incident.path(),
                title: incident.title.clone(),
                ..Line::of(&suspect, &format!(". It began on {}", zone.long(incident.started_at)))
            };
            match suspect.part {
                Part::Cause => causes.push(line),
                Part::Fix => fixes.push(line),
            }
        }
        DeployPanel { causes, fixes, say_action: format!("{}/incidents", deploy.path()) }
    }

    /// Words that a click says about an incident.
    pub fn buttons(&self) -> Vec<(&'static str, &'static str)> {
        buttons()
    }
}

fn buttons() -> Vec<(&'static str, &'static str)> {
    crate::links::model::BUTTONS.iter().map(|(relation, text)| (relation.as_str(), *text)).collect()
}

impl Line {
    fn of_deploy(suspect: &Suspect, deploy: &Deploy, service: &Service) -> Self {
        let place = format!(", {} to {}", deploy.kind, deploy.environment);
        let line = Line::of(suspect, "");
        Line { key: deploy.key(), href: deploy.path(), title: title(deploy, service) + &place, ..line }
    }

    fn of(suspect: &Suspect, end: &str) -> Self {
        let certainty = Certainty::of(suspect.probability);
        let why = sentence(&suspect.why());
        Line {
            key: String::new(),
            href: String::new(),
            title: String::new(),
            percent: percent(suspect.probability),
            certainty: certainty.as_str(),
            tone: match certainty {
                Certainty::Likely => "bad",
                Certainty::Possible => "warn",
                Certainty::Unlikely => "off",
            },
            why: if end.is_empty() { why } else { format!("{}{end}.", why.trim_end_matches('.')) },
        }
    }
}

fn title(deploy: &Deploy, service: &Service) -> String {
    format!("{} {}", service.name, deploy.version_or_commit()).trim_end().to_owned()
}

/// A probability as people say it.
pub fn percent(probability: f64) -> String {
    let whole = (probability * 100.0).round();
    if probability > 0.0 && whole < 1.0 {
        "under 1 %".to_owned()
    } else if probability < 1.0 && whole > 99.0 {
        "over 99 %".to_owned()
    } else {
        format!("{whole:.0} %")
    }
}

/// Reasons as one sentence.
pub fn sentence(reasons: &[Why]) -> String {
    let joined = reasons.iter().map(|why| why.text.as_str()).collect::<Vec<_>>().join("; ");
    let mut letters = joined.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_never_claim_certainty() {
        let said = [0.0, 0.001, 0.426, 0.997, 1.0].map(percent);
        assert_eq!(said, ["0 %", "under 1 %", "43 %", "over 99 %", "100 %"]);
    }

    #[test]
    fn reasons_read_as_one_sentence() {
        let why = |text: &str| Why { rule: "own_service".into(), text: text.into() };
        let said = sentence(&[why("changed checkout, which is affected"), why("finished 5 minutes before")]);
        assert_eq!(said, "Changed checkout, which is affected; finished 5 minutes before.");
        assert_eq!(sentence(&[]), "");
    }
}
