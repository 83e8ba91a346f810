//! A public version as it was typed.

use crate::error::Error;
use crate::postmortems::model::MARKDOWN_LIMIT_BYTES;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// A title and a text, and the save that they are based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its title.
    pub title: String,
    /// Its text.
    pub markdown: String,
    /// The save that it is based on; 0 for the first one.
    pub base: i64,
}

/// From a form with `title`, `markdown` and `base`.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn draft(fields: &Fields) -> Result<Draft, Error> {
    let mut check = Check::new();
    let title =
        check.line("title", fields.some("title"), LINE_LIMIT, "Give it a title that readers outside understand.");
    let markdown = fields.get("markdown");
    if markdown.trim().is_empty() {
        check.add("markdown", "Write what readers outside should know.");
    } else if markdown.len() > MARKDOWN_LIMIT_BYTES {
        check.add("markdown", "Shorten the text to 1 MiB.");
    } else if markdown.contains('\0') {
        check.add("markdown", "Remove the NUL characters; they cannot be stored.");
    } else if crate::markdown::render(markdown, &crate::markdown::NoReferences).is_err() {
        check.add("markdown", "The text nests too deeply to be shown. Take some levels of lists or quotes out.");
    }
    match title {
        Some(title) if check.is_ok() => {
            Ok(Draft { title, markdown: markdown.to_owned(), base: fields.get("base").parse().unwrap_or(0) })
        }
        _ => Err(check.into_error()),
    }
}
