//! The forms of signing in and of first-run set-up.

use super::model::Role;
use super::passwords;
use super::queries::NewUser;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT};
use crate::web::times::Zone;

/// First-run set-up and "add a person", as parsed.
#[derive(Clone, Debug)]
pub struct Account {
    /// The person, still without the password's hash.
    pub user: NewUser,
    /// The password in clear; hash it off the async threads.
    pub password: String,
}

/// Parses name, address, password and role.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn account(fields: &Fields, role: Role) -> Result<Account, Error> {
    let password = fields.get("password").to_owned();
    let weakness = passwords::weakness(&password, fields.get("email"));
    match (person(fields, role), weakness) {
        (Ok(user), None) => Ok(Account { user, password }),
        (Ok(_), Some(weak)) => Err(Error::field("password", weak)),
        (Err(Error::Invalid(mut errors)), weakness) => {
            if let Some(weak) = weakness {
                errors.add("password", weak);
            }
            Err(Error::Invalid(errors))
        }
        (Err(other), _) => Err(other),
    }
}

/// Parses name, address and zone of somebody without a password.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn person(fields: &Fields, role: Role) -> Result<NewUser, Error> {
    let mut check = Check::new();
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Say what people call you.");
    let email = email(&mut check, fields.some("email"));
    let zone = zone(&mut check, fields.some("zone"));
    match (name, email, zone) {
        (Some(name), Some(email), Some(zone)) if check.is_ok() => {
            Ok(NewUser { email, name, role, password_hash: None, zone })
        }
        _ => Err(check.into_error()),
    }
}

/// An e-mail address, in lower case.
pub fn email(check: &mut Check, value: Option<&str>) -> Option<String> {
    let value = check.line("email", value, LINE_LIMIT, "Give the e-mail address.")?.to_lowercase();
    let is_address = value.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !host.contains('@') && !value.contains(char::is_whitespace)
    });
    if !is_address {
        check.add("email", "Write the address as name@example.org.");
        return None;
    }
    Some(value)
}

/// An IANA zone name; UTC when left out.
pub fn zone(check: &mut Check, value: Option<&str>) -> Option<String> {
    let Some(value) = value else { return Some("UTC".to_owned()) };
    match Zone::named(value) {
        Some(zone) => Some(zone.name().to_owned()),
        None => {
            check.add("zone", "Pick a time zone such as Europe/Berlin or UTC.");
            None
        }
    }
}
