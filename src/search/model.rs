//! What is asked and what is found. Pure.

use std::ops::RangeInclusive;

use super::snippet::SnippetPart;
use crate::clock::Moment;
use crate::error::Error;
use crate::text_enum;
use crate::web::fields::{Check, Fields};
use crate::web::times::Zone;

text_enum! {
    /// What a hit is.
    pub enum HitKind {
        /// An incident, by its title and summary.
        Incident = "incident",
        /// A postmortem, by its newest text.
        Postmortem = "postmortem",
        /// A timeline event.
        Event = "event",
        /// A deploy, by version, commit, summary, pull requests and tickets.
        Deploy = "deploy",
        /// An action item.
        ActionItem = "action_item",
        /// A service, by the beginning of its name.
        Service = "service",
    }
}

/// What a facet begins with in SQLite's index: a private-use character that the index takes for a letter and nobody can
/// ask for. (PostgreSQL's has a letter in front of all other words.)
pub(super) const FACET_MARK: char = '\u{E002}';

impl HitKind {
    /// The word that stands in SQLite's index for documents of this kind. (PostgreSQL has an index by kind.)
    pub(super) fn facet(self) -> String {
        format!("k{}", self.as_str().replace('_', ""))
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            HitKind::Incident => "Incident",
            HitKind::Postmortem => "Postmortem",
            HitKind::Event => "Timeline",
            HitKind::Deploy => "Deploy",
            HitKind::ActionItem => "Action item",
            HitKind::Service => "Service",
        }
    }
}

/// Longest question, in characters; more is cut off.
const QUESTION_LIMIT: usize = 200;
/// Most words of a question that count.
const WORD_LIMIT: usize = 16;
/// Results on one page.
pub const PAGE_SIZE: i64 = 25;
/// Last page that can be asked for: who looks further asks more exactly.
pub const LAST_PAGE: i64 = 10;

/// One word or phrase of a question, letters and digits only, in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The words that must stand side by side.
    pub words: Vec<String>,
    /// Whether the last word may go on: it was still being typed.
    pub is_prefix: bool,
    /// A version as one word, where it is one: `2p77p1` (see the migrations `search_versions`).
    pub version: Option<String>,
}

impl Term {
    /// A term of words that were written like this, with what stood between them.
    fn of(text: &str) -> Self {
        let version = version(text);
        let words = match &version {
            Some(version) => version.split('p').map(str::to_owned).collect(),
            None => text
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        Term { words, is_prefix: false, version }
    }
}

/// Most numbers of a version that stand in the index as one word.
const VERSION_PARTS: RangeInclusive<usize> = 2..=4;
/// Longest version that does, in characters.
const VERSION_LIMIT: usize = 39;

/// The word for numbers with dots between them, also with a `v` in front.
fn version(text: &str) -> Option<String> {
    let bare = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let bare = bare.strip_prefix(['v', 'V']).unwrap_or(bare);
    let parts: Vec<&str> = bare.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
    let is_one = VERSION_PARTS.contains(&parts.len()) && bare.len() <= VERSION_LIMIT && parts.iter().all(is_number);
    is_one.then(|| parts.join("p"))
}

/// Takes a question apart: quoted parts are phrases, everything else single words; the last word may go on, unless it
/// is a version's last number. Nothing of it is ever an operator.
pub fn terms(question: &str) -> Vec<Term> {
    let question: String = question.chars().take(QUESTION_LIMIT).collect();
    let mut terms = Vec::new();
    for (place, part) in question.split('"').enumerate() {
        if place % 2 == 1 {
            terms.push(Term::of(part));
            continue;
        }
        // A word with a hyphen or a dot inside is found as its parts side by side.
        terms.extend(part.split_whitespace().map(Term::of));
    }
    terms.retain(|term| !term.words.is_empty());
    terms.truncate(WORD_LIMIT);
    let ends_open = question.chars().last().is_some_and(char::is_alphanumeric);
    // A version's last number is meant as it stands: whoever asks for 2.77.1 does not mean 2.77.15.
    let is_version = |term: &Term| {
        term.words.len() > 1 && term.words.last().is_some_and(|word| word.bytes().all(|letter| letter.is_ascii_digit()))
    };
    if let Some(last) = terms.last_mut().filter(|last| ends_open && !is_version(last)) {
        last.is_prefix = true;
    }
    terms
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// As typed.
    pub text: String,
    /// Only hits of this kind.
    pub kind: Option<HitKind>,
    /// Only what belongs to this service (its slug).
    pub service: Option<String>,
    /// Not before.
    pub from: Option<Moment>,
    /// Before.
    pub to: Option<Moment>,
    /// From 1.
    pub page: i64,
}

impl Question {
    /// Reads an address.
    ///
    /// # Errors
    /// 422 with a sentence for each field that cannot be read.
    pub fn read(fields: &Fields, zone: &Zone) -> Result<Self, Error> {
        let mut check = Check::new();
        let kind = fields.some("kind").and_then(|word| check.word("kind", Some(word), ""));
        let mut day = |name: &str, plus_days: i64| {
            let date = check.date(name, fields.some(name))?;
            let start = zone.parse(&format!("{date} 00:00")).ok()?;
            Some(start.plus_s(plus_days * 86_400))
        };
        let (from, to) = (day("from", 0), day("to", 1));
        check.finish()?;
        let page = fields.get("page").parse().unwrap_or(1_i64).clamp(1, LAST_PAGE);
        let service = fields.some("service").map(|slug| slug.trim().to_owned());
        Ok(Question { text: fields.get("q").trim().to_owned(), kind, service, from, to, page })
    }
}

/// One thing that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its key.
    pub key: String,
    /// Address of its page.
    pub path: String,
    /// What it is called.
    pub title: String,
    /// Where it was found.
    pub snippet: Vec<SnippetPart>,
    /// When it happened.
    pub happened_at: Moment,
}

impl Hit {
    /// Whether the snippet says more than the title.
    pub fn says_more(&self) -> bool {
        let text: String = self.snippet.iter().map(|part| part.text.as_str()).collect();
        text.trim() != self.title.trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_taken_apart_and_never_operate() {
        let words = |question: &str| -> Vec<String> {
            terms(question)
                .iter()
                .map(|term| format!("{}{}", term.words.join("+"), if term.is_prefix { "*" } else { "" }))
                .collect()
        };
        assert_eq!(words("pool exhau"), ["pool", "exhau*"]);
        assert_eq!(words("\"no space left\" node-7 "), ["no+space+left", "node+7"]);
        assert_eq!(words("AND OR NOT NEAR(a b) a* -x ^y"), ["AND", "OR", "NOT", "NEAR+a", "b", "a", "x", "y*"]);
        assert_eq!(words("payments 2.77.1"), ["payments", "2+77+1"]);
        assert_eq!(words("2.77.1-rc"), ["2+77+1+rc*"]);
        assert_eq!(words("v2.77.1"), ["2+77+1"]);
        assert!(terms("\" * ( ) : ' -- ; ").is_empty());
    }

    #[test]
    fn a_version_is_numbers_with_dots_between() {
        let versions = |question: &str| -> Vec<String> {
            terms(question).into_iter().map(|term| term.version.unwrap_or_default()).collect()
        };
        assert_eq!(versions("2.77.1"), ["2p77p1"]);
        assert_eq!(versions("checkout \"V2.77\", (10.0.3.7)."), ["", "2p77", "10p0p3p7"]);
        for none in ["2", "v2", "1.2.3.4.5", "2..7", "2.x", "2-77-1", "2.77.1rc1", &format!("1.{:039}", 7)] {
            assert_eq!(versions(none), [""], "{none}");
        }
    }
}
