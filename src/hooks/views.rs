//! The administration's pages of sources and deliveries.

use askama::Template;

use super::model::{Delivery, Headers, Sender, Source, Verdict};
use crate::deploys::model::Deploy;
use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `GET /admin/sources`
#[derive(Template)]
#[template(path = "hooks/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The sources, each with the time of its first delivery.
    pub rows: Vec<(Source, Option<Stamp>)>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Senders to choose from.
    pub fn senders(&self) -> &'static [Sender] {
        Sender::ALL
    }
}

/// A delivery in the list.
pub struct Row {
    /// The delivery.
    pub delivery: Delivery,
    /// What it made or changed.
    pub deploy: Option<Deploy>,
    /// When it came.
    pub received: Stamp,
}

/// What a verdict looks like: word and tone.
fn mark(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Waiting => ("Waiting", "info"),
        Verdict::Recorded => ("Recorded", "ok"),
        Verdict::Ignored => ("Ignored", "off"),
    }
}

impl Row {
    /// Word and tone of the verdict.
    pub fn mark(&self) -> (&'static str, &'static str) {
        mark(self.delivery.verdict)
    }
}

/// `GET /admin/sources/{slug}`, and the answer to its making.
#[derive(Template)]
#[template(path = "hooks/source.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The source.
    pub source: Source,
    /// Where it delivers to, whole.
    pub address: String,
    /// The secret, right after it was made; never again.
    pub secret: Option<String>,
    /// Its deliveries.
    pub rows: Vec<Row>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
}

impl Show {
    /// Where a new secret is asked for.
    pub fn secret_action(&self) -> String {
        format!("{}/secret", self.source.path())
    }
}

/// `GET /admin/deliveries/{id}`
#[derive(Template)]
#[template(path = "hooks/delivery.html")]
pub struct DeliveryPage {
    /// The frame.
    pub layout: Layout,
    /// The delivery.
    pub delivery: Delivery,
    /// Where it came from.
    pub source: Source,
    /// Its headers, masked.
    pub headers: Headers,
    /// Its body: pretty when it is JSON, else as it came.
    pub body: String,
    /// Its length in bytes.
    pub body_bytes: usize,
    /// What it made or changed.
    pub deploy: Option<Deploy>,
    /// When it came.
    pub received: Stamp,
    /// When it was read.
    pub processed: Option<Stamp>,
}

impl DeliveryPage {
    /// Where another reading is asked for.
    pub fn replay_action(&self) -> String {
        format!("{}/replay", self.delivery.path())
    }

    /// Word and tone of the verdict.
    pub fn mark(&self) -> (&'static str, &'static str) {
        mark(self.delivery.verdict)
    }
}

/// A body for reading.
pub fn pretty(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    json.and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}
