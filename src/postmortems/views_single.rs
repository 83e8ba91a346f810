//! The file that stands alone.

use askama::Template;

use super::record::Record;
use crate::incidents::model::Incident;
use crate::markdown::SafeHtml;
use crate::web::times::Zone;

/// What the file may ask for: nothing.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// `GET /incidents/{key}/postmortem.html`
#[derive(Template)]
#[template(path = "postmortems/single.html")]
pub struct Single {
    /// `INC-42`.
    pub key: String,
    /// The incident's title.
    pub title: String,
    /// `SEV2`.
    pub severity: String,
    /// How far the postmortem is, in words.
    pub status: String,
    /// Terms and what they are.
    pub facts: Vec<(&'static str, String)>,
    /// The text, with its pictures inside.
    pub document: SafeHtml,
}

impl Single {
    /// What the file may ask for.
    pub fn policy(&self) -> &'static str {
        POLICY
    }
}

/// The facts on top, times with their zone.
pub(super) fn facts(incident: &Incident, record: &Record, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    for (term, at) in [
        ("Started", Some(incident.started_at)),
        ("Detected", incident.detected_at),
        ("Mitigated", incident.mitigated_at),
        ("Resolved", incident.resolved_at),
    ] {
        if let Some(at) = at {
            facts.push((term, format!("{} {}", zone.long(at), zone.name())));
        }
    }
    let services: Vec<&str> = record.services.iter().map(|service| service.name.as_str()).collect();
    if !services.is_empty() {
        facts.push(("Services", services.join(", ")));
    }
    facts
}
