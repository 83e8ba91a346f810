//! The page of a word that was refused. The panels themselves stand on the pages of incidents and deploys.

use askama::Template;

use super::forms::Side;
use super::model::Relation;
use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// The form of a word about a pair.
#[derive(Template)]
#[template(path = "links/form.html")]
pub struct LinkForm {
    /// The frame.
    pub layout: Layout,
    /// Which side the form names.
    pub side: Side,
    /// The key of the side that the address names.
    pub key: String,
    /// Its page.
    pub path: String,
    /// What it is called.
    pub subject: String,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl LinkForm {
    /// Where the form goes.
    pub fn action(&self) -> String {
        format!("{}/{}s", self.path, self.side.field())
    }

    /// The list that the page belongs to.
    pub fn list(&self) -> (&'static str, &'static str) {
        match self.side {
            Side::Deploy => ("/incidents", "Incidents"),
            Side::Incident => ("/deploys", "Deploys"),
        }
    }

    /// The label of the key's field.
    pub fn label(&self) -> &'static str {
        match self.side {
            Side::Deploy => "Deploy",
            Side::Incident => "Incident",
        }
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Words to choose from.
    pub fn relations(&self) -> &'static [Relation] {
        Relation::ALL
    }
}
