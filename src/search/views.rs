//! The search page.

use askama::Template;

use super::model::{Hit, HitKind};
use crate::error::FieldErrors;
use crate::services::model::ServiceName;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `GET /search`
#[derive(Template)]
#[template(path = "search/index.html")]
pub struct Results {
    /// The frame.
    pub layout: Layout,
    /// The question as typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// What was found, with when it happened.
    pub hits: Vec<(Hit, Stamp)>,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
}

impl Results {
    /// Every kind of hit.
    pub fn kinds(&self) -> &'static [HitKind] {
        HitKind::ALL
    }

    /// Whether something was asked.
    pub fn is_asked(&self) -> bool {
        self.fields.some("q").is_some()
    }
}
