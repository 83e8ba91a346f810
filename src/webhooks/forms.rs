//! The form of a webhook.

use crate::chat::forms::kinds;
use crate::error::Error;
use crate::notify::model::NoticeKind;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// A webhook as an admin wants it to be.
#[derive(Clone, Debug)]
pub struct WebhookDraft {
    /// What people call it.
    pub name: String,
    /// Where requests go.
    pub url: String,
    /// The kinds that it takes.
    pub kinds: Vec<NoticeKind>,
}

/// Parses name, address and kinds.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn webhook(fields: &Fields) -> Result<WebhookDraft, Error> {
    let mut check = Check::new();
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Name the program that is told.");
    let given = fields.some("url").is_some();
    let url = check.url("url", fields.some("url"));
    if !given {
        check.add("url", "Give the address that takes the requests.");
    }
    let kinds = kinds(&mut check, fields);
    match (name, url) {
        (Some(name), Some(url)) if check.is_ok() => Ok(WebhookDraft { name, url, kinds }),
        _ => Err(check.into_error()),
    }
}
