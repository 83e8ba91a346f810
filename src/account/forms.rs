//! The forms of the settings page.

use crate::auth::forms::zone;
use crate::auth::model::{Scope, Theme};
use crate::auth::passwords;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// A profile as somebody wants it to be.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Full name.
    pub name: String,
    /// Short name for mentions.
    pub handle: String,
    /// IANA name.
    pub zone: String,
    /// Colour scheme.
    pub theme: Theme,
    /// Whether single keys are commands.
    pub keys_on: bool,
}

/// Parses name, handle, zone, theme and keys.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn profile(fields: &Fields) -> Result<Profile, Error> {
    let mut check = Check::new();
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Say what people call you.");
    let handle = check.line("handle", fields.some("handle"), 40, "Give a short name for mentions.").map(|handle| {
        let handle = handle.trim_start_matches('@').to_lowercase();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
        if handle.is_empty() || !handle.chars().all(is_plain) {
            check.add("handle", "Use letters, digits, dots, hyphens and underscores only, as in ada.l.");
        }
        handle
    });
    let zone = zone(&mut check, fields.some("zone"));
    let theme = check.word_or("theme", fields.some("theme"), Theme::System);
    match (name, handle, zone, theme) {
        (Some(name), Some(handle), Some(zone), Some(theme)) if check.is_ok() => {
            Ok(Profile { name, handle, zone, theme, keys_on: fields.is_set("keys_on") })
        }
        _ => Err(check.into_error()),
    }
}

/// A change of password.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// The one so far.
    pub old: String,
    /// The one from now on.
    pub new: String,
}

/// Parses the old and the new password.
///
/// # Errors
/// 422 when the new one is weak.
pub fn password(fields: &Fields, email: &str) -> Result<NewPassword, Error> {
    let (old, new) = (fields.get("old_password").to_owned(), fields.get("new_password").to_owned());
    match passwords::weakness(&new, email) {
        Some(weak) => Err(Error::field("new_password", weak)),
        None => Ok(NewPassword { old, new }),
    }
}

/// A token as somebody wants it to be.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Days until it ends, if ever.
    pub days: Option<i64>,
}

/// Parses name, scope and days.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn token(fields: &Fields) -> Result<TokenWish, Error> {
    let mut check = Check::new();
    let name = check.line("token_name", fields.some("token_name"), LINE_LIMIT, "Say what the token is for.");
    let scope = check.word("scope", fields.some("scope"), "Pick what the token may do.");
    let days = fields.some("days").map(|text| text.trim().parse::<i64>());
    if days.as_ref().is_some_and(|days| !matches!(days, Ok(1..=3650))) {
        check.add("days", "Give a number of days from 1 to 3650, or leave it empty for no end.");
    }
    match (name, scope) {
        (Some(name), Some(scope)) if check.is_ok() => Ok(TokenWish { name, scope, days: days.and_then(Result::ok) }),
        _ => Err(check.into_error()),
    }
}
