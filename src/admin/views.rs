//! The pages of the administration.

use askama::Template;

use crate::auth::audit::AuditEntry;
use crate::auth::model::{Role, User};
use crate::error::FieldErrors;
use crate::jobs::model::Job;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `GET /admin`
#[derive(Template)]
#[template(path = "admin/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Jobs that wait.
    pub waiting: i64,
    /// Jobs that were given up.
    pub dead: i64,
}

/// `GET /admin/people`
#[derive(Template)]
#[template(path = "admin/people.html")]
pub struct People {
    /// The frame.
    pub layout: Layout,
    /// People with the instant they were added.
    pub rows: Vec<(User, Stamp)>,
    /// Address of the next page.
    pub next: Option<String>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// A person's name and their new one-time link, this once.
    pub link: Option<(String, String)>,
}

impl People {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every role.
    pub fn roles(&self) -> &'static [Role] {
        Role::ALL
    }
}

/// `GET /admin/audit`
#[derive(Template)]
#[template(path = "admin/audit.html")]
pub struct Audit {
    /// The frame.
    pub layout: Layout,
    /// Entries with their instants.
    pub rows: Vec<(AuditEntry, Stamp)>,
    /// The subject that is shown, or nothing for all.
    pub subject: String,
    /// Address of the newer page.
    pub newer: String,
    /// Address of the older page.
    pub older: String,
}

/// `GET /admin/jobs`
#[derive(Template)]
#[template(path = "admin/jobs.html")]
pub struct Jobs {
    /// The frame.
    pub layout: Layout,
    /// Jobs that wait.
    pub waiting: i64,
    /// Jobs that were given up, with the instant.
    pub dead: Vec<(Job, Stamp)>,
}
