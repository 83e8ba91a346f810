//! Wording: hints that help a text to speak of conditions rather than of people.
//!
//! Pure and in English: text in, hints out; nothing leaves the house. A hint says what it found, why in one line, and
//! asks a better question. It is never a block and never a score. Code, quotes, links, front matter and HTML are left
//! alone, and so are machines: *the build failed to start*, *lazy loading*. When in doubt it says nothing.

pub mod actions;
pub mod api;
pub mod cli;
mod lexicon;
pub mod model;
mod names;
pub mod queries;
pub mod roles;
mod rules;
mod sentences;
mod subject;

use crate::markdown;
use model::{Hint, People};
use sentences::sentences;

/// Most hints for one text; a text with more has other worries than its words.
pub const HINT_LIMIT: usize = 200;

/// The hints for a text in Markdown, in the order of the text.
pub fn hints(source: &str, people: &People) -> Vec<Hint> {
    let mut found = Vec::new();
    for passage in markdown::passages(source) {
        for sentence in sentences(source, &passage, people) {
            rules::apply(&sentence, &mut found);
        }
        if found.len() >= HINT_LIMIT {
            break;
        }
    }
    found.truncate(HINT_LIMIT);
    for hint in &mut found {
        hint.phrase = source[hint.start..hint.end].split_whitespace().collect::<Vec<_>>().join(" ");
    }
    found
}

/// The places of hints, numbered from 1 in their order.
pub fn marks(hints: &[Hint]) -> Vec<markdown::Mark> {
    (1..).zip(hints).map(|(number, hint)| markdown::Mark { place: hint.start..hint.end, number }).collect()
}

#[cfg(test)]
mod tests;
