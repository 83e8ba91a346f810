//! The form of a channel.

use super::model::Flavour;
use crate::error::Error;
use crate::notify::model::NoticeKind;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// A channel as somebody wants it to be.
#[derive(Clone, Debug)]
pub struct ChannelDraft {
    /// Which program.
    pub flavour: Flavour,
    /// What people call it.
    pub name: String,
    /// The incoming webhook's address.
    pub url: String,
    /// The kinds that it takes.
    pub kinds: Vec<NoticeKind>,
}

/// Parses flavour, name, address and kinds.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn channel(fields: &Fields) -> Result<ChannelDraft, Error> {
    let mut check = Check::new();
    let flavour = check.word("flavour", fields.some("flavour"), "Pick the chat program.");
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Name the channel, for example #payments.");
    let given = fields.some("url").is_some();
    let url = check.url("url", fields.some("url"));
    if !given {
        check.add("url", "Paste the address of the incoming webhook that the chat program gave you.");
    }
    let kinds = kinds(&mut check, fields);
    match (flavour, name, url) {
        (Some(flavour), Some(name), Some(url)) if check.is_ok() => Ok(ChannelDraft { flavour, name, url, kinds }),
        _ => Err(check.into_error()),
    }
}

/// The ticked kinds, at least one.
pub fn kinds(check: &mut Check, fields: &Fields) -> Vec<NoticeKind> {
    let mut kinds = Vec::new();
    for word in fields.all("kinds") {
        match word.parse() {
            Ok(kind) if !kinds.contains(&kind) => kinds.push(kind),
            Ok(_) => {}
            Err(error) => check.add("kinds", crate::db::types::UnknownWord::to_string(&error)),
        }
    }
    if kinds.is_empty() && check.is_ok() {
        check.add("kinds", "Tick at least one kind of message.");
    }
    kinds
}
