//! A service and its links.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::db::schema::{service_links, services};
use crate::text_enum;

text_enum! {
    /// What a link of a service leads to.
    pub enum LinkKind {
        /// What to do when it breaks.
        Runbook = "runbook",
        /// How it does.
        Dashboard = "dashboard",
        /// What it says.
        Logs = "logs",
        /// How it ships.
        Pipeline = "pipeline",
        /// Anything else.
        Other = "other",
    }
}

/// Most important to least: 1 (the business stops) to 4 (nobody notices for a day).
pub const TIERS: std::ops::RangeInclusive<i64> = 1..=4;
/// The tier of a service that nobody has placed yet.
pub const DEFAULT_TIER: i64 = 3;
/// Most links or dependencies of one service.
pub const LIST_LIMIT: usize = 50;

/// Something that a team runs.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = services)]
pub struct Service {
    /// Row id.
    pub id: i64,
    /// Its place in addresses and in the API.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The owner.
    pub team_id: Option<i64>,
    /// 1 to 4; see [`TIERS`].
    pub tier: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Where its source is; deliveries find the service by it.
    pub repository_url: Option<String>,
    /// Counts changes, for ETags.
    pub revision: i64,
    /// When it was added.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// What a list shows of a service.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = services)]
pub struct ServiceName {
    /// Row id.
    pub id: i64,
    /// Its place in addresses and in the API.
    pub slug: String,
    /// Its name.
    pub name: String,
}

impl Service {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/services/{}", self.slug)
    }
}

/// A link of a service.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = service_links)]
pub struct ServiceLink {
    /// What it leads to.
    pub kind: LinkKind,
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// A service as somebody wants it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDraft {
    /// Its place in addresses; fixed once it exists.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The owner's slug or name.
    pub team: Option<String>,
    /// 1 to 4.
    pub tier: i64,
    /// In Markdown.
    pub description: String,
    /// Where its source is.
    pub repository_url: Option<String>,
    /// Slugs of what it needs.
    pub depends_on: Vec<String>,
    /// Its links.
    pub links: Vec<ServiceLink>,
}
