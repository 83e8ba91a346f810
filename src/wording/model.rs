//! What a hint is, and what each kind says.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::text_enum;

text_enum! {
    /// What a phrase does to its reader.
    pub enum HintKind {
        /// Tells a story that did not happen: *should have*, *if only*.
        Counterfactual = "counterfactual",
        /// Judges somebody: *careless*, *forgot*.
        Judgement = "judgement",
        /// Ends the search at a person: *human error*.
        HumanError = "human_error",
        /// A remedy that nobody can check: *be more careful*.
        Exhortation = "exhortation",
        /// A person as the subject of a cause.
        PersonAsCause = "person_as_cause",
    }
}

impl HintKind {
    /// What was found, in two or three words.
    pub const fn label(self) -> &'static str {
        match self {
            HintKind::Counterfactual => "What did not happen",
            HintKind::Judgement => "A judgement of people",
            HintKind::HumanError => "Human error as a cause",
            HintKind::Exhortation => "A remedy that rests on care",
            HintKind::PersonAsCause => "A person as the cause",
        }
    }

    /// Why it may stand in the way, in one line.
    pub const fn why(self) -> &'static str {
        match self {
            HintKind::Counterfactual => {
                "It describes what did not happen, seen with what we know today; what did happen goes unexplained."
            }
            HintKind::Judgement => "It judges a person; the conditions that made the step look right stay unseen.",
            HintKind::HumanError => "Error names where the search stopped; the conditions behind it can be changed.",
            HintKind::Exhortation => "Care runs out at three in the morning; a change of the system does not.",
            HintKind::PersonAsCause => {
                "With a person as the cause there is nothing to repair; the same step is open to the next one."
            }
        }
    }

    /// A question that leads further.
    pub const fn question(self) -> &'static str {
        match self {
            HintKind::Counterfactual => {
                "What was known at that moment, and what made the step that was taken the sensible one?"
            }
            HintKind::Judgement => "What did they see, and what would have had to be visible for another step?",
            HintKind::HumanError => "What made the step easy to take and hard to notice?",
            HintKind::Exhortation => "What could make the wrong step impossible, or show it at once?",
            HintKind::PersonAsCause => "Which conditions let this step do harm, whoever takes it?",
        }
    }
}

/// A phrase with something to think about. The place is in bytes of the text that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hint {
    /// Where the phrase begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What it does.
    pub kind: HintKind,
    /// The phrase, its blanks made one.
    pub phrase: String,
}

impl Hint {
    /// The line on which it begins, from 1.
    pub fn line(&self, source: &str) -> usize {
        source.as_bytes()[..self.start].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The phrase as a key: the same words are the same phrase, however they are written.
    pub fn key(&self) -> String {
        phrase_key(&self.phrase)
    }
}

/// How a phrase is compared: in lower case, with single blanks.
pub fn phrase_key(phrase: &str) -> String {
    phrase.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Members, as they may be named in a text.
#[derive(Clone, Debug, Default)]
pub struct People {
    words: HashSet<String>,
}

impl People {
    /// From full names and handles.
    pub fn new<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut words = HashSet::new();
        for (name, handle) in named {
            // A surname alone is often a word of the language too; the first name and the handle are enough.
            for part in name.split_whitespace().take(1).chain([handle]) {
                if part.chars().count() > 1 {
                    words.insert(part.to_lowercase());
                }
            }
        }
        People { words }
    }

    /// Whether a word, in lower case, names one of them.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}
