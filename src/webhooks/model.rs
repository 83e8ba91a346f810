//! A webhook.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::webhooks;
use crate::notify::model::{NoticeKind, kinds_of};

/// What a webhook's secret is sealed for.
pub const WEBHOOK_SECRET: &str = "webhook secret";
/// How long an old secret goes on signing beside the new one, in seconds.
pub const OLD_SECRET_S: i64 = 86_400;

/// A program that is told.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    /// Row id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Where requests go.
    pub url: String,
    /// What they are signed with, sealed.
    pub secret: String,
    /// The one before, sealed.
    pub old_secret: Option<String>,
    /// Until when it signs, too.
    pub old_secret_until: Option<Moment>,
    /// The kinds that it takes, as a list.
    pub kinds: String,
    /// Failures since the last success.
    pub failure_count: i64,
    /// Since when nothing is sent.
    pub disabled_at: Option<Moment>,
    /// Why.
    pub disabled_reason: String,
    /// Who added it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
}

impl Webhook {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/webhooks/{}", self.id)
    }

    /// The kinds that it takes.
    pub fn kinds(&self) -> Vec<NoticeKind> {
        kinds_of(&self.kinds)
    }

    /// The sealed secret before, while it still signs.
    pub fn secret_before(&self, now: Moment) -> Option<&str> {
        self.old_secret.as_deref().filter(|_| self.old_secret_until.is_some_and(|until| until > now))
    }
}
