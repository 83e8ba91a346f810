//! What is on record about an incident, gathered from the rooms that keep it: for the text that a postmortem starts
//! with, and for the facts that stand beside it.

use super::outset::{EVENT_LIMIT, Known, KnownEvent, KnownFactor};
use crate::db::Conn;
use crate::error::Error;
use crate::factors::model::IncidentFactor;
use crate::incidents::around::model::ImpactFigure;
use crate::incidents::model::{Incident, IncidentKind};
use crate::services::model::Service;
use crate::timeline::model::EventRow;

/// The record of one incident.
#[derive(Clone, Debug)]
pub struct Record {
    /// The services that it hit.
    pub services: Vec<Service>,
    /// How much it hurt.
    pub figures: Vec<ImpactFigure>,
    /// Its timeline.
    pub events: Vec<EventRow>,
    /// What made it possible.
    pub factors: Vec<IncidentFactor>,
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
            factors: crate::factors::queries::of_incident(c, incident.id)?,
        })
    }

    /// Events that rest on nobody's evidence.
    pub fn unsourced_count(&self) -> usize {
        self.events.iter().filter(|row| row.is_unsourced()).count()
    }

    /// As the first text tells it.
    pub fn known(&self, incident: &Incident) -> Known {
        Known {
            key: incident.key(),
            is_near_miss: incident.kind == IncidentKind::NearMiss,
            severity: incident.severity.to_string(),
            summary: incident.summary.clone(),
            services: self.services.iter().map(|service| service.name.clone()).collect(),
            started_at: Some(incident.started_at),
            detected_at: incident.detected_at,
            mitigated_at: incident.mitigated_at,
            resolved_at: incident.resolved_at,
            figures: self.figures.iter().map(figure_words).collect(),
            events: self
                .events
                .iter()
                .take(EVENT_LIMIT)
                .map(|row| KnownEvent { at: row.event.happened_at, text: row.event.text.clone() })
                .collect(),
            event_count: self.events.len(),
            deploys: Vec::new(),
            factors: self
                .factors
                .iter()
                .map(|here| KnownFactor {
                    name: here.factor.name.clone(),
                    note: here.note.clone(),
                    occurrence: here.occurrence,
                })
                .collect(),
            actions: Vec::new(),
        }
    }
}

/// `Payments failed: 1,204 requests (measured, from the ledger)`
pub fn figure_words(figure: &ImpactFigure) -> String {
    let unit = if figure.unit.is_empty() { String::new() } else { format!(" {}", figure.unit) };
    let source = if figure.source.is_empty() { String::new() } else { format!(", {}", figure.source) };
    format!("{}: {}{unit} ({}{source})", figure.label, figure.amount_text(), figure.basis)
}
