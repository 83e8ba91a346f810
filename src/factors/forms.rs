//! A factor as it was typed.

use super::model::{NAME_LIMIT, NOTE_LIMIT};
use crate::error::Error;
use crate::web::fields::{Check, Fields};

/// A factor's name with a note: how it showed on one incident, or what is meant by it at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorDraft {
    /// Its name.
    pub name: String,
    /// In Markdown; may be empty.
    pub note: String,
}

impl FactorDraft {
    /// From a form with `name` and `note`.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_fields(fields: &Fields) -> Result<Self, Error> {
        let mut check = Check::new();
        let missing = "Name a condition that made it possible, such as 'alert without an owner'.";
        let name = check.line("name", fields.some("name"), NAME_LIMIT, missing);
        if name.as_deref().is_some_and(|name| !name.contains(char::is_alphanumeric)) {
            check.add("name", "Use at least one letter or digit.");
        }
        let note = check.text("note", Some(fields.get("note").trim()), NOTE_LIMIT);
        match (name, note) {
            (Some(name), Some(note)) if check.is_ok() => Ok(FactorDraft { name, note }),
            _ => Err(check.into_error()),
        }
    }
}
