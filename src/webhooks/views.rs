//! The pages of webhooks.

use askama::Template;

use super::log::views::Line;
use super::model::Webhook;
use crate::error::FieldErrors;
use crate::notify::model::NoticeKind;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// The kinds that are ticked in a form.
pub fn ticked(fields: &Fields) -> Vec<NoticeKind> {
    fields.all("kinds").filter_map(|word| word.parse().ok()).collect()
}

/// A webhook as a row.
pub struct Row {
    /// The webhook.
    pub webhook: Webhook,
    /// Since when it is off.
    pub off_since: Option<Stamp>,
}

/// `GET /admin/webhooks`
#[derive(Template)]
#[template(path = "webhooks/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The webhooks.
    pub rows: Vec<Row>,
    /// Kinds that are ticked.
    pub ticked: Vec<NoticeKind>,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every kind, and whether it is ticked.
    pub fn kinds(&self) -> Vec<(NoticeKind, bool)> {
        NoticeKind::ALL.iter().map(|kind| (*kind, self.ticked.contains(kind))).collect()
    }
}

/// `GET /admin/webhooks/{id}`, and the answer to its making.
#[derive(Template)]
#[template(path = "webhooks/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret, right after it was made.
    pub secret: Option<String>,
    /// Until when the old secret signs, too.
    pub old_until: Option<Stamp>,
    /// Since when it is off.
    pub off_since: Option<Stamp>,
    /// What was sent to it last.
    pub rows: Vec<Line>,
    /// Kinds that are ticked.
    pub ticked: Vec<NoticeKind>,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every kind, and whether it is ticked.
    pub fn kinds(&self) -> Vec<(NoticeKind, bool)> {
        NoticeKind::ALL.iter().map(|kind| (*kind, self.ticked.contains(kind))).collect()
    }

    /// Where a form of it posts to.
    pub fn action(&self, verb: &str) -> String {
        format!("{}/{verb}", self.webhook.path())
    }

    /// The log of its messages.
    pub fn log_href(&self) -> String {
        format!("/admin/messages?webhook={}", self.webhook.id)
    }
}
