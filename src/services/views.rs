//! The pages of services.

use askama::Template;

use super::model::{LinkKind, Service, ServiceName};
use super::queries::{ServiceRow, Surroundings};
use crate::error::FieldErrors;
use crate::releases::readiness::Readiness;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /services`
#[derive(Template)]
#[template(path = "services/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Services with their owners.
    pub rows: Vec<ServiceRow>,
    /// Address of the next page.
    pub next: Option<String>,
}

/// `GET /services/{slug}`
#[derive(Template)]
#[template(path = "services/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The service.
    pub service: Service,
    /// Owner, links, neighbours.
    pub around: Surroundings,
    /// How its releases go.
    pub release_fields: Fields,
    /// The form of them is not refused here.
    pub no_errors: FieldErrors,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// Whether production may be deployed to now.
    pub readiness: Readiness,
}

/// The form for a new or a changed service.
#[derive(Template)]
#[template(path = "services/form.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The slug of the service that is changed, or nothing for a new one.
    pub slug: Option<String>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// Services to depend on.
    pub others: Vec<ServiceName>,
}

impl Edit {
    /// Where the form goes.
    pub fn action(&self) -> String {
        self.slug.as_ref().map_or_else(|| "/services".to_owned(), |slug| format!("/services/{slug}"))
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Rows of links: those that were typed, and two empty ones.
    pub fn link_rows(&self) -> Vec<[String; 3]> {
        self.fields
            .rows(["link_kind", "link_label", "link_url"])
            .map(|row| row.map(str::to_owned))
            .filter(|[_, label, url]| !label.is_empty() || !url.is_empty())
            .chain([["runbook", "", ""], ["dashboard", "", ""]].map(|row| row.map(str::to_owned)))
            .collect()
    }

    /// Kinds of links.
    pub fn link_kinds(&self) -> &'static [LinkKind] {
        LinkKind::ALL
    }
}
