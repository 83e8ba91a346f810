//! Requests, verdicts and comments as they were typed.

use chrono::NaiveDate;

use super::model::{COMMENT_LENGTH, QUOTE_LENGTH, REVIEWER_LIMIT, Verdict};
use crate::error::Error;
use crate::web::fields::{Check, Fields, TEXT_LIMIT};

/// Who is asked, by when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Row ids of people.
    pub people: Vec<i64>,
    /// By when; by the severity's rule when nobody said.
    pub due_on: Option<NaiveDate>,
}

/// From a form with `reviewer` (once for each person) and `due_on`.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn asking(fields: &Fields, today: NaiveDate) -> Result<Asking, Error> {
    let mut check = Check::new();
    let mut people: Vec<i64> = Vec::new();
    for text in fields.all("reviewer") {
        match text.parse() {
            Ok(id) if !people.contains(&id) => people.push(id),
            Ok(_) => {}
            Err(_) => check.add("reviewer", "Pick people from the list."),
        }
    }
    if people.is_empty() && check.is_ok() {
        check.add("reviewer", "Pick at least one person.");
    } else if people.len() > REVIEWER_LIMIT {
        check.add("reviewer", format!("Ask at most {REVIEWER_LIMIT} people."));
    }
    let due_on = check.date("due_on", fields.some("due_on"));
    if due_on.is_some_and(|due_on| due_on < today) {
        check.add("due_on", "Pick today or a later day.");
    }
    check.finish()?;
    Ok(Asking { people, due_on })
}

/// What a reviewer says about the revision that they read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// What.
    pub verdict: Verdict,
    /// In their words.
    pub note: String,
    /// The revision that they read.
    pub revision: i64,
}

/// From a form with `verdict`, `note` and `revision`.
///
/// # Errors
/// 422: asking for a change without saying which one helps nobody.
pub fn saying(fields: &Fields) -> Result<Saying, Error> {
    let mut check = Check::new();
    let verdict = check.word("verdict", fields.some("verdict"), "Approve, or ask for a change.");
    let note = check.text("note", fields.some("note"), TEXT_LIMIT).map(|note| note.trim().to_owned());
    if verdict == Some(Verdict::ChangeWanted) && note.as_deref() == Some("") {
        check.add("note", "Say what is to be changed.");
    }
    let revision = fields.get("revision").parse().ok();
    if revision.is_none() {
        check.add("revision", "Open the review's page again; the form lost the revision that it speaks of.");
    }
    match (verdict, note, revision) {
        (Some(verdict), Some(note), Some(revision)) if check.is_ok() => Ok(Saying { verdict, note, revision }),
        _ => Err(check.into_error()),
    }
}

/// A comment as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The passage; empty for the whole text.
    pub quote: String,
    /// What is said.
    pub text: String,
}

/// From a form with `text`, `quote`, and for browsers without script `section`, whose heading is quoted.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn remark(fields: &Fields) -> Result<Remark, Error> {
    let mut check = Check::new();
    let quote = fields.some("quote").or_else(|| fields.some("section")).unwrap_or_default();
    let quote = check.text("quote", Some(quote.trim()), QUOTE_LENGTH);
    let text = check.text("text", fields.some("text"), COMMENT_LENGTH).map(|text| text.trim().to_owned());
    if text.as_deref() == Some("") {
        check.add("text", "Write what you think about it.");
    }
    match (quote, text) {
        (Some(quote), Some(text)) if check.is_ok() => Ok(Remark { quote, text }),
        _ => Err(check.into_error()),
    }
}
