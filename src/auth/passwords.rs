//! Passwords: argon2id, a minimum length, and a list of what everybody tries first.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::Error;

/// Fewest characters of a password.
pub const MIN_LENGTH: usize = 12;
/// Most bytes of a password; hashing is not a way to keep the server busy.
pub const MAX_LENGTH_BYTES: usize = 512;

/// Beginnings and wholes that guessing starts with, in lower case.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "qwertyuiop",
    "qwerty",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "changeme",
    "123456789",
    "1234567890",
    "abcdefghij",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "trustno1",
    "superman",
    "debrief",
    "correcthorsebatterystaple",
    "1q2w3e4r5t",
    "zaq12wsx",
    "asdfghjkl",
    "111111",
    "000000",
    "secret",
    "default",
    "master",
    "login",
    "hunter2",
];

/// Says what is wrong with a new password, if anything.
pub fn weakness(password: &str, email: &str) -> Option<String> {
    if password.chars().count() < MIN_LENGTH {
        return Some(format!("Take at least {MIN_LENGTH} characters; a sentence is easy to remember."));
    }
    if password.len() > MAX_LENGTH_BYTES {
        return Some(format!("Take at most {MAX_LENGTH_BYTES} bytes."));
    }
    let lower = password.to_lowercase();
    let letters: String = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut rest = letters.clone();
    for common in COMMON {
        rest = rest.replace(common, "");
    }
    let rest = rest.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let mut kinds: Vec<char> = lower.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let name: String = email
        .split('@')
        .next()
        .unwrap_or_default()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    if rest.chars().count() < 4 || kinds.len() < 5 {
        return Some("This is one of the passwords that are tried first. Take another.".to_owned());
    }
    if name.len() > 2 && letters.replace(&name, "").chars().count() < 6 {
        return Some("Do not make it from your e-mail address.".to_owned());
    }
    None
}

/// Hashes a password with argon2id. Slow on purpose: call it off the async threads.
///
/// # Errors
/// A fault of the hasher.
pub fn hash(password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Fault(format!("argon2: {error}")))
}

/// Compared against when there is no such person, so that both answers take the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

/// Whether `password` is the one that was hashed; `None` stands for nobody and is always wrong, as slowly.
pub fn is_right(password: &str, stored: Option<&str>) -> bool {
    if password.len() > MAX_LENGTH_BYTES {
        return false;
    }
    let matches = PasswordHash::new(stored.unwrap_or(&NOBODY))
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    matches && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_told_why() {
        for weak in ["short", "password1234567", "aaaaaaaaaaaaaa", "123456789123456789", "ada.lovelace99"] {
            assert!(weakness(weak, "ada.lovelace@example.org").is_some(), "{weak}");
        }
        assert_eq!(weakness("a lamp over the logbook", "ada@example.org"), None);
    }

    #[test]
    fn a_password_is_right_only_for_its_owner() {
        let stored = hash("a lamp over the logbook").unwrap();
        assert!(is_right("a lamp over the logbook", Some(&stored)));
        assert!(!is_right("another lamp", Some(&stored)));
        assert!(!is_right("nobody has this password", None));
    }
}
