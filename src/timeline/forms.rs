//! An event as it was typed or sent, and what becomes of it. The pages and the API share this one parse.

use serde::Deserialize;
use utoipa::ToSchema;

use super::line::{self, Frame};
use super::model::{EVIDENCE_LIMIT, EventDraft, EventKind, EventSource, Evidence};
use crate::error::Error;
use crate::incidents::model::{FUTURE_LIMIT_S, Incident};
use crate::markdown::{NoReferences, render};
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};

/// An event as it arrives.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawEvent {
    /// When it happened, RFC 3339; now when left out.
    pub at: Option<String>,
    /// What it is about; `observation` when left out.
    pub kind: Option<String>,
    /// What happened, in Markdown.
    pub text: Option<String>,
    /// Addresses that show it.
    pub evidence: Option<Vec<RawEvidence>>,
}

/// A piece of evidence as it arrives.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "write each piece of evidence as an address, or as an object with url and label")]
pub enum RawEvidence {
    /// An address alone.
    Url(String),
    /// An address and what stands on the link.
    Labelled {
        /// The address.
        url: String,
        /// What stands on the link.
        label: Option<String>,
    },
}

/// How the text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As a line that may begin with a time and end with addresses.
    Line,
    /// As it is.
    Whole,
}

impl RawEvent {
    /// From a page's form. Evidence is one a line: the address, then what stands on the link.
    pub fn from_fields(fields: &Fields) -> Self {
        let owned = |name: &str| fields.some(name).map(str::to_owned);
        let evidence = fields
            .all("evidence")
            .flat_map(str::lines)
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| match line.split_once(char::is_whitespace) {
                Some((url, label)) => {
                    RawEvidence::Labelled { url: url.to_owned(), label: Some(label.trim().to_owned()) }
                }
                None => RawEvidence::Url(line.to_owned()),
            })
            .collect();
        RawEvent { at: owned("at"), kind: owned("kind"), text: owned("text"), evidence: Some(evidence) }
    }

    /// What was meant, or every error at once.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(self, incident: &Incident, frame: &Frame, reading: Reading) -> Result<EventDraft, Error> {
        let mut check = Check::new();
        let given_at = check.moment("at", self.at.as_deref(), &frame.zone);
        let kind = check.word_or("kind", self.kind.as_deref(), EventKind::Observation);
        let typed = check.text("text", self.text.as_deref(), TEXT_LIMIT).unwrap_or_default();
        let mut evidence = evidence(&mut check, self.evidence.unwrap_or_default());
        let (mut line_at, mut text) = (None, typed.trim().to_owned());
        if reading == Reading::Line && self.at.is_none() {
            match line::read(&text, frame) {
                Ok(line) => {
                    (line_at, text) = (line.at, line.text);
                    for one in line.evidence {
                        if evidence.iter().all(|other| other.url != one.url) {
                            evidence.push(one);
                        }
                    }
                }
                Err(sentence) => check.add("text", sentence),
            }
        }
        if text.is_empty() && check.is_ok() {
            check.add("text", "Say what happened.");
        }
        if let Err(too_deep) = render(&text, &NoReferences) {
            check.add("text", too_deep.to_string());
        }
        if evidence.len() > EVIDENCE_LIMIT {
            check.add("evidence", format!("Keep it to {EVIDENCE_LIMIT} pieces of evidence."));
        }
        let happened_at = given_at.or(line_at).unwrap_or(frame.now);
        if happened_at.seconds_since(frame.now) > FUTURE_LIMIT_S {
            let field = if given_at.is_some() { "at" } else { "text" };
            check.add(field, format!("{} is in the future: give a time up to now.", frame.zone.long(happened_at)));
        } else if happened_at.millis() < 0 {
            check.add("text", "Give a time after the year 1970.");
        }
        match kind {
            Some(kind) if check.is_ok() => Ok(EventDraft {
                incident_id: incident.id,
                happened_at,
                kind,
                source: EventSource::Person,
                text,
                evidence,
            }),
            _ => Err(check.into_error()),
        }
    }
}

fn evidence(check: &mut Check, raw: Vec<RawEvidence>) -> Vec<Evidence> {
    let mut all: Vec<Evidence> = Vec::new();
    for (index, one) in raw.into_iter().enumerate() {
        let (url, label) = match one {
            RawEvidence::Url(url) => (url, None),
            RawEvidence::Labelled { url, label } => (url, label),
        };
        let field = format!("evidence/{index}");
        let url = if url.trim().is_empty() {
            check.add(&field, "Give the address of the evidence, or leave this out.");
            None
        } else {
            check.url(&field, Some(&url))
        };
        let label = check.optional_line(&field, label.as_deref(), LINE_LIMIT).unwrap_or_default();
        if let Some(url) = url {
            if all.iter().any(|other| other.url == url) {
                check.add(&field, "This address is given twice. Keep it once.");
            } else {
                all.push(Evidence { url, label });
            }
        }
    }
    all
}

/// Evidence as the form's textarea holds it.
pub fn evidence_text(evidence: &[Evidence]) -> String {
    evidence.iter().map(|one| format!("{} {}", one.url, one.label).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
