//! What is on record about an incident, gathered from the rooms that keep it: for the text that a postmortem starts
//! with, and for the facts that stand beside it.

use super::outset::{EVENT_LIMIT, Known, KnownAction, KnownDeploy, KnownEvent, KnownFactor};
use crate::action_items::model::ActionRow;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::factors::model::IncidentFactor;
use crate::incidents::around::model::ImpactFigure;
use crate::incidents::model::{Incident, IncidentKind};
use crate::links::queries::DeployLink;
use crate::services::model::Service;
use crate::timeline::model::{Event, EventKind, EventRow, EventSource};

/// The record of one incident.
#[derive(Clone, Debug)]
pub struct Record {
    /// The services that it hit.
    pub services: Vec<Service>,
    /// How much it hurt.
    pub figures: Vec<ImpactFigure>,
    /// Its timeline.
    pub events: Vec<EventRow>,
    /// The deploys that it is linked to, newest first.
    pub links: Vec<DeployLink>,
    /// What made it possible.
    pub factors: Vec<IncidentFactor>,
    /// What is done about it.
    pub actions: Vec<ActionRow>,
}

impl Record {
    /// Reads it.
    ///
    /// # Errors
    /// The database's.
    pub fn of(c: &mut Conn, incident: &Incident) -> Result<Self, Error> {
        Ok(Record {
            services: crate::incidents::around::queries::services(c, incident.id)?,
            figures: crate::incidents::around::queries::figures(c, incident.id)?,
            events: crate::timeline::queries::of_incident(c, incident.id)?,
            links: crate::links::queries::of_incident(c, incident.id)?,
            factors: crate::factors::queries::of_incident(c, incident.id)?,
            actions: crate::action_items::queries::of_incident(c, incident.id)?,
        })
    }

    /// Events that rest on nobody's evidence.
    pub fn unsourced_count(&self) -> usize {
        self.events.iter().filter(|row| row.is_unsourced()).count()
    }

    /// As the first text tells it.
    pub fn known(&self, incident: &Incident) -> Known {
        let story: Vec<&EventRow> =
            self.events.iter().filter(|row| !is_bookkeeping(&row.event, incident.resolved_at)).collect();
        Known {
            key: incident.key(),
            title: incident.title.clone(),
            is_near_miss: incident.kind == IncidentKind::NearMiss,
            severity: incident.severity.to_string(),
            summary: incident.summary.clone(),
            services: self.services.iter().map(|service| service.name.clone()).collect(),
            started_at: Some(incident.started_at),
            detected_at: incident.detected_at,
            mitigated_at: incident.mitigated_at,
            resolved_at: incident.resolved_at,
            figures: self.figures.iter().map(figure_words).collect(),
            event_count: story.len(),
            events: story
                .into_iter()
                .take(EVENT_LIMIT)
                .map(|row| KnownEvent { at: row.event.happened_at, text: row.event.text.clone() })
                .collect(),
            deploys: self.links.iter().rev().map(known_deploy).collect(),
            factors: self
                .factors
                .iter()
                .map(|here| KnownFactor {
                    name: here.factor.name.clone(),
                    note: here.note.clone(),
                    occurrence: here.occurrence,
                })
                .collect(),
            actions: self.actions.iter().map(known_action).collect(),
        }
    }
}

/// Whether an event tells of the record and not of the incident: a factor was named, a figure noted afterwards.
pub(super) fn is_bookkeeping(event: &Event, resolved_at: Option<Moment>) -> bool {
    event.source == EventSource::StatusChange
        && (event.kind != EventKind::Status
            || event.text.starts_with("Postmortem ")
            || resolved_at.is_some_and(|resolved_at| event.happened_at > resolved_at))
}

fn known_deploy((link, deploy, service): &DeployLink) -> KnownDeploy {
    let version = deploy.version_or_commit();
    let what = if version.is_empty() { service.name.clone() } else { format!("{} {version}", service.name) };
    KnownDeploy {
        key: deploy.key(),
        what: format!("{what} to {}", deploy.environment),
        at: deploy.happened_at,
        relation: link.relation.phrase().to_owned(),
        reason: link.reason.clone(),
    }
}

fn known_action(row: &ActionRow) -> KnownAction {
    let mut facts = vec![row.item.kind.words().to_lowercase(), row.item.priority.to_string()];
    facts.extend(row.owner.as_ref().map(|owner| format!("@{}", owner.handle)));
    facts.extend(row.item.due_on.map(|due_on| format!("due {due_on}")));
    KnownAction {
        key: row.item.key(),
        title: row.item.title.clone(),
        facts,
        status: row.item.status.words().to_owned(),
    }
}

/// `Payments failed: 1,204 requests (measured, from the ledger)`
pub fn figure_words(figure: &ImpactFigure) -> String {
    let source = if figure.source.is_empty() { String::new() } else { format!(", {}", figure.source) };
    format!("{}: {} ({}{source})", figure.label, figure.amount_text(), figure.basis)
}
