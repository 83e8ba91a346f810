//! People and their rights.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{api_tokens, sessions, users};
use crate::text_enum;
use crate::web::times::Zone;

text_enum! {
    /// What a person may do.
    pub enum Role {
        /// Everything, including people, sources and the audit log.
        Admin = "admin",
        /// Everything that the work needs.
        Member = "member",
        /// Reading.
        Viewer = "viewer",
    }
}

text_enum! {
    /// What an API token may do; never more than its owner.
    pub enum Scope {
        /// Reading.
        Read = "read",
        /// Reading and writing.
        Write = "write",
        /// Recording deploys, and nothing else.
        Ingest = "ingest",
    }
}

text_enum! {
    /// The colour scheme that a person wants.
    pub enum Theme {
        /// As the device says.
        System = "system",
        /// Always light.
        Light = "light",
        /// Always dark.
        Dark = "dark",
    }
}

/// A person.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
pub struct User {
    /// Row id.
    pub id: i64,
    /// Lower-case address; signs in with it.
    pub email: String,
    /// Short name for mentions, without the `@`.
    pub handle: String,
    /// Full name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// IANA name of their time zone.
    pub zone: String,
    /// Colour scheme.
    pub theme: Theme,
    /// Whether single keys are commands.
    pub keys_on: bool,
    /// argon2id; none for people who never signed in (imported, or by link only).
    pub password_hash: Option<String>,
    /// Since when they may no longer sign in.
    pub disabled_at: Option<Moment>,
    /// When they were added.
    pub created_at: Moment,
}

impl User {
    /// The person's time zone.
    pub fn zone(&self) -> Zone {
        Zone::or_utc(&self.zone)
    }
}

/// One browser that is signed in.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// Row id.
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// The browser's own words.
    pub user_agent: String,
    /// Where it signed in from.
    pub address: String,
    /// Since when.
    pub created_at: Moment,
    /// Last request, to the minute.
    pub last_used_at: Moment,
    /// Until when.
    pub expires_at: Moment,
}

/// A key for programs. Its text is shown once and kept as a hash.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct ApiToken {
    /// Row id.
    pub id: i64,
    /// In whose name it acts.
    pub user_id: i64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Its first letters, to tell it from others.
    pub hint: String,
    /// Since when.
    pub created_at: Moment,
    /// Last request, to the minute.
    pub last_used_at: Option<Moment>,
    /// Until when, if ever.
    pub expires_at: Option<Moment>,
    /// When it was taken back.
    pub revoked_at: Option<Moment>,
}

/// How long a session lasts after its last use, in seconds: 30 days.
pub const SESSION_S: i64 = 30 * 86_400;
/// How long an ended session is remembered, in seconds, so that a text typed in it finds its writer again.
pub const ENDED_SESSION_S: i64 = 14 * 86_400;
/// How many failed sign-ins one account or address has in [`ATTEMPT_WINDOW_S`].
pub const ATTEMPT_LIMIT: i64 = 10;
/// The window of the sign-in limit, in seconds.
pub const ATTEMPT_WINDOW_S: i64 = 600;

/// Makes a handle out of an e-mail address: `Ada.L@example.org` becomes `ada.l`.
pub fn handle_from_email(email: &str) -> String {
    let local = email.split(['@', '+']).next().unwrap_or_default().to_lowercase();
    let handle: String =
        local.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')).collect();
    if handle.is_empty() { "member".to_owned() } else { handle }
}
