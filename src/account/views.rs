//! The settings page.

use askama::Template;

use crate::auth::model::{ApiToken, Scope, Session, Theme};
use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, Zone};

/// An open session as a line.
pub struct SessionLine {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// When it was last used.
    pub last_used: Stamp,
}

/// A token as a line.
pub struct TokenLine {
    /// The token.
    pub token: ApiToken,
    /// When it was made.
    pub created: Stamp,
    /// When it was last used.
    pub last_used: Option<Stamp>,
    /// When it ends.
    pub expires: Option<Stamp>,
    /// Whether it still works.
    pub is_valid: bool,
}

/// `GET /settings`
#[derive(Template)]
#[template(path = "account/settings.html")]
pub struct Settings {
    /// The frame.
    pub layout: Layout,
    /// What stands in the forms.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Open sessions.
    pub sessions: Vec<SessionLine>,
    /// Tokens.
    pub tokens: Vec<TokenLine>,
    /// A new token's text, this once.
    pub new_token: Option<String>,
    /// Whether the person has a password that a change must name.
    pub has_password: bool,
}

impl Settings {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Colour schemes with their names.
    pub fn themes(&self) -> [(Theme, &'static str); 3] {
        [(Theme::System, "As the device says"), (Theme::Light, "Light"), (Theme::Dark, "Dark")]
    }

    /// Scopes with what they mean.
    pub fn scopes(&self) -> [(Scope, &'static str); 3] {
        [
            (Scope::Ingest, "ingest: record deploys, nothing else"),
            (Scope::Read, "read: read everything"),
            (Scope::Write, "write: read and write everything"),
        ]
    }

    /// Time zones to choose from.
    pub fn zones(&self) -> Vec<&'static str> {
        Zone::names().collect()
    }
}
