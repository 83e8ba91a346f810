//! A service as it was typed or sent, and what becomes of it. The page and the API share this one parse.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{DEFAULT_TIER, LIST_LIMIT, LinkKind, ServiceDraft, ServiceLink, TIERS};
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT, slugify};

/// A service as it arrives.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawService {
    /// Its place in addresses; made from the name when left out.
    pub slug: Option<String>,
    /// Its name; the slug when left out.
    pub name: Option<String>,
    /// The owner team's slug or name.
    pub team: Option<String>,
    /// 1 (most important) to 4.
    pub tier: Option<i64>,
    /// What it is for, in Markdown.
    pub description: Option<String>,
    /// Where its source is.
    pub repository_url: Option<String>,
    /// Slugs of the services that it needs.
    pub depends_on: Option<Vec<String>>,
    /// Runbook, dashboard and other links.
    pub links: Option<Vec<ServiceLink>>,
}

impl RawService {
    /// From the page's form. A tier that is no number becomes 0, which no service may have.
    pub fn from_fields(fields: &Fields) -> Self {
        let owned = |name: &str| fields.some(name).map(str::to_owned);
        let links = fields.0_rows();
        RawService {
            slug: owned("slug"),
            name: owned("name"),
            team: owned("team"),
            tier: fields.some("tier").map(|text| text.parse().unwrap_or(0)),
            description: owned("description"),
            repository_url: owned("repository_url"),
            depends_on: Some(fields.all("depends_on").map(str::to_owned).collect()),
            links: Some(links),
        }
    }
}
