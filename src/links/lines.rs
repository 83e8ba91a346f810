//! Links as the pages of incidents and deploys show them. Pure.

use super::model::{Relation, Verdict};
use super::queries::{DeployLink, IncidentLink};
use crate::clock::Moment;
use crate::deploys::model::Deploy;
use crate::incidents::model::Incident;
use crate::services::model::Service;
use crate::web::times::{Stamp, Zone};

/// The links of one page, ready for `templates/links/_lines.html` or `_of_deploy.html`.
#[derive(Clone, Debug)]
pub struct Links {
    /// The present links.
    pub lines: Vec<LinkLine>,
    /// Deploys or incidents that are not linked yet but may have to do with it.
    pub offers: Vec<Offer>,
    /// Where a word about a pair is posted.
    pub say_action: String,
}

impl Links {
    /// Words that a click says about a pair that is not linked yet.
    pub fn buttons(&self) -> Vec<(&'static str, &'static str)> {
        BUTTONS.iter().map(|(relation, text)| (relation.as_str(), *text)).collect()
    }
}

/// One link.
#[derive(Clone, Debug)]
pub struct LinkLine {
    /// The key of the other side: `DEP-12` or `INC-42`.
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// When that was.
    pub stamp: Stamp,
    /// The present word.
    pub relation: &'static str,
    /// Why; may be empty.
    pub reason: String,
    /// Who said so.
    pub said_by: String,
    /// When it was said.
    pub said: Stamp,
    /// Words that a click says: value and button, without the present one.
    pub words: Vec<(&'static str, &'static str)>,
    /// Everything that was said before, the newest first.
    pub history: Vec<History>,
    /// Where the end of the link is posted.
    pub removal_action: String,
}

/// Something that may be linked with one click.
#[derive(Clone, Debug)]
pub struct Offer {
    /// `DEP-12` or `INC-42`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// Why it is offered.
    pub why: String,
}

/// A word that was said earlier.
#[derive(Clone, Debug)]
pub struct History {
    /// What was said.
    pub phrase: &'static str,
    /// Why; may be empty.
    pub reason: String,
    /// Who said so.
    pub said_by: String,
    /// When.
    pub said: Stamp,
}

/// The words on the buttons.
pub const BUTTONS: [(Relation, &str); 4] = [
    (Relation::Caused, "Caused it"),
    (Relation::Contributed, "Contributed"),
    (Relation::RuledOut, "Not this one"),
    (Relation::Fixed, "Fixed it"),
];

/// The lines of an incident's page.
pub fn of_incident_lines(
    incident: &Incident,
    links: Vec<DeployLink>,
    verdicts: &[Verdict],
    zone: &Zone,
    now: Moment,
) -> Links {
    let say_action = format!("{}/deploys", incident.path());
    let lines = links
        .into_iter()
        .map(|(link, deploy, service)| LinkLine {
            key: deploy.key(),
            href: deploy.path(),
            title: deploy_title(&deploy, &service),
            stamp: zone.stamp(deploy.happened_at, now),
            relation: link.relation.as_str(),
            reason: link.reason,
            said_by: link.said_by,
            said: zone.stamp(link.said_at, now),
            words: words(link.relation),
            history: history(verdicts.iter().filter(|verdict| verdict.deploy_id == deploy.id), zone, now),
            removal_action: format!("{say_action}/{}/removal", deploy.key()),
        })
        .collect();
    Links { lines, offers: Vec::new(), say_action }
}

/// The lines of a deploy's page.
pub fn of_deploy_lines(
    deploy: &Deploy,
    links: Vec<IncidentLink>,
    verdicts: &[Verdict],
    latest: Vec<Incident>,
    zone: &Zone,
    now: Moment,
) -> Links {
    let say_action = format!("{}/incidents", deploy.path());
    let offers = latest
        .into_iter()
        .filter(|incident| links.iter().all(|(link, _)| link.incident_id != incident.id))
        .map(|incident| Offer {
            key: incident.key(),
            href: incident.path(),
            title: incident.title.clone(),
            why: crate::web::times::relative(incident.started_at, now),
        })
        .collect();
    let lines = links
        .into_iter()
        .map(|(link, incident)| LinkLine {
            key: incident.key(),
            href: incident.path(),
            title: incident.title.clone(),
            stamp: zone.stamp(incident.started_at, now),
            relation: link.relation.as_str(),
            reason: link.reason,
            said_by: link.said_by,
            said: zone.stamp(link.said_at, now),
            words: words(link.relation),
            history: history(verdicts.iter().filter(|verdict| verdict.incident_id == incident.id), zone, now),
            removal_action: format!("{say_action}/{}/removal", incident.key()),
        })
        .collect();
    Links { lines, offers, say_action }
}

fn deploy_title(deploy: &Deploy, service: &Service) -> String {
    let version = deploy.version_or_commit();
    if version.is_empty() { service.name.clone() } else { format!("{} {version}", service.name) }
}

fn words(present: Relation) -> Vec<(&'static str, &'static str)> {
    BUTTONS
        .iter()
        .filter(|(relation, _)| *relation != present)
        .map(|(relation, text)| (relation.as_str(), *text))
        .collect()
}

fn history<'a>(verdicts: impl DoubleEndedIterator<Item = &'a Verdict>, zone: &Zone, now: Moment) -> Vec<History> {
    verdicts
        .rev()
        .map(|verdict| History {
            phrase: verdict.relation.phrase(),
            reason: verdict.reason.clone(),
            said_by: verdict.said_by.clone(),
            said: zone.stamp(verdict.said_at, now),
        })
        .collect()
}
