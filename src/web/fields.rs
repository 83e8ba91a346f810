//! A form as it was typed, and the checks that turn it into something that cannot be wrong.

use std::str::FromStr;

use chrono::NaiveDate;

use crate::clock::Moment;
use crate::error::{Error, FieldErrors};
use crate::web::times::Zone;

/// The fields of a form in order, as typed; a name may come more than once.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fields of a body or query in `application/x-www-form-urlencoded`.
    pub fn parse(body: &[u8]) -> Self {
        Fields(serde_urlencoded_pairs(body))
    }

    /// Fields for a form that is opened for the first time.
    pub fn prefilled<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Fields(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What stands in `name`, or nothing. This is what templates show again.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// What stands in `name` when it is not blank.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.trim().is_empty())
    }

    /// Every value of `name` that is not blank.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Rows of a form that repeats the same names: the first of each, the second of each, and so on.
    pub fn rows<'a, const N: usize>(&'a self, names: [&'a str; N]) -> impl Iterator<Item = [&'a str; N]> {
        let columns = names.map(|name| {
            self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        });
        let count = columns.iter().map(Vec::len).max().unwrap_or(0);
        (0..count).map(move |row| std::array::from_fn(|column| columns[column].get(row).copied().unwrap_or_default()))
    }

    /// Whether `name` was ticked or chosen with `value`.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(key, given)| key == name && given == value)
    }

    /// Whether `name` is there at all (a ticked box, a pressed button).
    pub fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Sets `name` to one value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(key, _)| key != name);
        self.0.push((name.to_owned(), value.into()));
    }
}

fn serde_urlencoded_pairs(body: &[u8]) -> Vec<(String, String)> {
    // Line ends arrive as CRLF from every browser; inside there is one kind only.
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect()
}

/// Collects every error of one form or body before giving up.
#[derive(Debug, Default)]
pub struct Check {
    errors: FieldErrors,
}

/// Longest title, name or other single line, in characters.
pub const LINE_LIMIT: usize = 200;
/// Longest reason, summary or other short text, in characters.
pub const TEXT_LIMIT: usize = 10_000;
/// Longest URL, in characters.
pub const URL_LIMIT: usize = 2_000;

impl Check {
    /// No error yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an error about `field`.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.errors.add(field, message);
    }

    /// A line that must be there: trimmed, without control characters, at most `limit` characters.
    pub fn line(&mut self, field: &str, value: Option<&str>, limit: usize, missing: &str) -> Option<String> {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            self.add(field, missing);
            return None;
        };
        self.bounded_line(field, value, limit)
    }

    /// A line that may be left out; a blank one counts as left out.
    pub fn optional_line(&mut self, field: &str, value: Option<&str>, limit: usize) -> Option<String> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        self.bounded_line(field, value, limit)
    }

    fn bounded_line(&mut self, field: &str, value: &str, limit: usize) -> Option<String> {
        let count = value.chars().count();
        if count > limit {
            self.add(field, format!("Shorten this to {limit} characters; it has {count}."));
            return None;
        }
        if value.chars().any(char::is_control) {
            self.add(field, "Keep this on one line, without tabs or control characters.");
            return None;
        }
        Some(value.to_owned())
    }

    /// A text of several lines that may be empty, at most `limit` characters. NUL is refused: no database keeps it.
    pub fn text(&mut self, field: &str, value: Option<&str>, limit: usize) -> Option<String> {
        let value = value.unwrap_or_default();
        let count = value.chars().count();
        if count > limit {
            self.add(field, format!("Shorten this to {limit} characters; it has {count}."));
            return None;
        }
        if value.contains('\0') {
            self.add(field, "Remove the NUL characters; they cannot be stored.");
            return None;
        }
        Some(value.to_owned())
    }

    /// One of an enumeration's words; `missing` says what to do when there is none.
    pub fn word<T: FromStr>(&mut self, field: &str, value: Option<&str>, missing: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            self.add(field, missing);
            return None;
        };
        match value.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.add(field, T::Err::to_string(&error));
                None
            }
        }
    }

    /// One of an enumeration's words, or `default` when none is given.
    pub fn word_or<T: FromStr>(&mut self, field: &str, value: Option<&str>, default: T) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        match value.map(str::trim).filter(|value| !value.is_empty()) {
            None => Some(default),
            given => self.word(field, given, ""),
        }
    }

    /// An http or https address that may be left out.
    pub fn url(&mut self, field: &str, value: Option<&str>) -> Option<String> {
        let value = self.optional_line(field, value, URL_LIMIT)?;
        if is_web_address(&value) {
            Some(value)
        } else {
            self.add(field, "Give a whole address that starts with https:// or http://.");
            None
        }
    }

    /// An instant that may be left out: RFC 3339, or a form's local time in `zone`.
    pub fn moment(&mut self, field: &str, value: Option<&str>, zone: &Zone) -> Option<Moment> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        match zone.parse(value) {
            Ok(moment) => Some(moment),
            Err(message) => {
                self.add(field, message);
                None
            }
        }
    }

    /// A calendar date that may be left out.
    pub fn date(&mut self, field: &str, value: Option<&str>) -> Option<NaiveDate> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        match NaiveDate::parse_from_str(value, "%Y-%m-%d") {
            Ok(date) if (1970..=9999).contains(&chrono::Datelike::year(&date)) => Some(date),
            _ => {
                self.add(field, "Write the date as year-month-day, for example 2026-11-30.");
                None
            }
        }
    }

    /// The errors, to go on adding by hand.
    pub fn errors_mut(&mut self) -> &mut FieldErrors {
        &mut self.errors
    }

    /// Whether everything was right so far.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// `Ok` when everything was right.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every error found.
    pub fn finish(self) -> Result<(), Error> {
        self.errors.into_result()
    }

    /// All errors as one; for the branch where a value is missing because of them.
    pub fn into_error(self) -> Error {
        Error::Invalid(self.errors)
    }
}

/// Whether `value` is a whole http or https address with a host.
pub fn is_web_address(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !host.is_empty() && !value.contains(char::is_whitespace) && !value.contains(['<', '>', '"'])
}

/// Turns a name into the words of an address: lower-case letters (of any script), digits and hyphens.
pub fn slugify(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.trim().chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(80).collect()
}
