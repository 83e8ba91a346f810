//! The desk of a public version, and the page that readers outside see.

use askama::Template;

use super::check::Finding;
use super::model::PublicVersion;
use crate::error::FieldErrors;
use crate::incidents::model::Incident;
use crate::markdown::SafeHtml;
use crate::postmortems;
use crate::web::assets;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `GET /incidents/{key}/postmortem/public`
#[derive(Template)]
#[template(path = "public_versions/edit.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// Whose postmortem.
    pub incident: Incident,
    /// What is saved; nothing before the first save.
    pub version: Option<PublicVersion>,
    /// What the check finds in the text that stands in the form.
    pub findings: Vec<Finding>,
    /// The whole address, while it is shared.
    pub address: String,
    /// When it was shared.
    pub shared: Option<Stamp>,
    /// The text as readers will see it.
    pub preview: SafeHtml,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Edit {
    /// Address of the postmortem.
    pub fn postmortem_path(&self) -> String {
        postmortems::model::path(self.incident.number)
    }

    /// Address of this page.
    pub fn path(&self) -> String {
        format!("{}/public", self.postmortem_path())
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The browser's own copy.
    pub fn keep(&self) -> String {
        format!("public-{}", self.incident.number)
    }

    /// Whether there is something to share.
    pub fn is_saved(&self) -> bool {
        self.version.is_some()
    }

    /// Whether readers see something else.
    pub fn has_unshared_changes(&self) -> bool {
        self.version.as_ref().is_some_and(PublicVersion::has_unshared_changes)
    }

    /// The save that the form is based on.
    pub fn base(&self) -> String {
        self.version.as_ref().map_or(0, |version| version.revision).to_string()
    }
}

/// `GET /p/{token}`: nothing of the house around it.
#[derive(Template)]
#[template(path = "public_versions/page.html")]
pub struct PublicPage {
    /// Its title.
    pub title: String,
    /// Its text.
    pub document: SafeHtml,
    /// The day on which it was shared.
    pub day: String,
    /// The same for machines.
    pub iso: String,
}

impl PublicPage {
    /// Address of the style sheet.
    pub fn css(&self) -> &'static str {
        assets::css_path()
    }
}
