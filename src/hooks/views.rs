//! The administration's pages of sources and deliveries.

use askama::Template;

use super::model::{Delivery, Headers, Sender, Source, Verdict};
use super::queries_deliveries::{DeliveryRow, Filter};
use super::setup;
use crate::auth::who::SignedIn;
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
    /// Where it came from.
    pub source: Source,
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
        Verdict::Alerted => ("Signal", "warn"),
        Verdict::Ignored => ("Ignored", "off"),
    }
}

impl Row {
    /// A row of the list.
    pub fn new((delivery, source, deploy): DeliveryRow, who: &SignedIn) -> Self {
        Row { received: who.stamp(delivery.received_at), delivery, source, deploy }
    }

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
    /// Until when the secret before this one goes on.
    pub old_secret_until: Option<Stamp>,
    /// When it first delivered something.
    pub first: Option<Stamp>,
    /// Texts to be copied.
    pub templates: Vec<setup::Template>,
    /// Its last deliveries.
    pub rows: Vec<Row>,
}

impl Show {
    /// Where a new secret is asked for.
    pub fn secret_action(&self) -> String {
        format!("{}/secret", self.source.path())
    }

    /// Where it is switched off and on.
    pub fn switch_action(&self) -> String {
        format!("{}/switch", self.source.path())
    }

    /// What to do at the sender.
    pub fn steps(&self) -> &'static [&'static str] {
        setup::steps(self.source.sender)
    }

    /// How it proves that it knows the secret.
    pub fn proof(&self) -> &'static str {
        setup::proof(self.source.sender)
    }

    /// All of its deliveries.
    pub fn deliveries_href(&self) -> String {
        format!("/admin/deliveries?source={}", self.source.slug)
    }

    /// A new rule for it.
    pub fn rule_href(&self) -> String {
        format!("/admin/rules/new?source={}", self.source.slug)
    }
}

/// `GET /admin/deliveries`
#[derive(Template)]
#[template(path = "hooks/deliveries.html")]
pub struct Deliveries {
    /// The frame.
    pub layout: Layout,
    /// The deliveries, newest first.
    pub rows: Vec<Row>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
    /// Which are shown.
    pub filter: Filter,
    /// Whether they are not all.
    pub is_filtered: bool,
    /// Sources to choose from.
    pub sources: Vec<Source>,
}

impl Deliveries {
    /// The chosen source.
    pub fn source(&self) -> &str {
        self.filter.source.as_deref().unwrap_or_default()
    }

    /// The chosen sender.
    pub fn sender(&self) -> &'static str {
        self.filter.sender.map(Sender::as_str).unwrap_or_default()
    }

    /// The chosen verdict.
    pub fn verdict(&self) -> &'static str {
        self.filter.verdict.map(Verdict::as_str).unwrap_or_default()
    }

    /// Senders to choose from.
    pub fn senders(&self) -> &'static [Sender] {
        Sender::ALL
    }

    /// Verdicts to choose from, with their words.
    pub fn verdicts(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Verdict::ALL.iter().map(|verdict| (verdict.as_str(), mark(*verdict).0))
    }

    /// Where the filter is cleared.
    pub fn clear_href(&self) -> &'static str {
        if self.is_filtered { "/admin/deliveries" } else { "" }
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
    /// Its body: pretty when it is JSON, else as it came; without its secrets.
    pub body: String,
    /// Its length in bytes.
    pub body_bytes: usize,
    /// What it made or changed.
    pub deploy: Option<Deploy>,
    /// When it came.
    pub received: Stamp,
    /// When it was read.
    pub processed: Option<Stamp>,
    /// Whether a rule could be made from it.
    pub can_have_rule: bool,
}

impl DeliveryPage {
    /// Where another reading is asked for.
    pub fn replay_action(&self) -> String {
        format!("{}/replay", self.delivery.path())
    }

    /// A new rule that fits it.
    pub fn rule_href(&self) -> String {
        format!("/admin/rules/new?delivery={}", self.delivery.id)
    }

    /// Page of the signal that it made or changed.
    pub fn signal_href(&self) -> Option<String> {
        self.delivery.signal_id.map(|id| format!("/signals/{id}"))
    }

    /// Word and tone of the verdict.
    pub fn mark(&self) -> (&'static str, &'static str) {
        mark(self.delivery.verdict)
    }
}
