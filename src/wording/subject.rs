//! Who or what does something: finds the subject of a verb by walking back from it.

use super::lexicon::{CLAUSE_OPENERS, CUSTOMERS, OURSELVES, PEOPLE_PRONOUNS, PREPOSITIONS, ROLES};
use super::sentences::{Kind, Sentence};

/// The subject of a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// I or we.
    Us,
    /// People by pronoun or role.
    People(&'a str),
    /// A person by name or handle.
    Named,
    /// Users, customers: they experience.
    Customers,
    /// A thing; its head word.
    Thing(&'a str),
    /// `there`.
    There,
    /// None before the verb: a note such as "Forgot the flag".
    Missing,
}

impl Subject<'_> {
    /// Whether it is somebody who works on the system.
    pub fn is_somebody(&self) -> bool {
        matches!(self, Subject::Us | Subject::People(_) | Subject::Named)
    }

    /// Whether it is somebody else than the writer.
    pub fn is_somebody_else(&self) -> bool {
        matches!(self, Subject::Named) || matches!(self, Subject::People(word) if !matches!(*word, "you" | "they"))
    }
}

/// Furthest that is walked back, in tokens.
const REACH: usize = 14;

/// Words that may stand between a subject and its verb.
fn stands_between(word: &str) -> bool {
    matches!(
        word,
        "have"
            | "had"
            | "has"
            | "was"
            | "were"
            | "is"
            | "are"
            | "be"
            | "been"
            | "did"
            | "do"
            | "does"
            | "also"
            | "then"
            | "just"
            | "never"
            | "not"
            | "all"
            | "both"
            | "hadn't"
            | "didn't"
            | "may"
            | "might"
            | "again"
            | "first"
            | "should"
            | "could"
            | "would"
            | "must"
            | "will"
            | "to"
            | "themselves"
            | "himself"
            | "herself"
            | "ourselves"
            | "even"
            | "almost"
            | "quite"
            | "too"
            | "still"
            | "seems"
            | "seemed"
    ) || (word.len() > 4 && word.ends_with("ly"))
}

/// The subject of the verb at `verb`.
pub(super) fn before(sentence: &Sentence, verb: usize) -> Subject<'_> {
    let mut at = verb;
    while at > 0 && stands_between(sentence.word(at - 1)) {
        at -= 1;
    }
    if at == 0 {
        return Subject::Missing;
    }
    // "the engineer, who was tired, forgot" and "we looked and, sadly, forgot": the comma hides the subject.
    match sentence.kind(at - 1) {
        Some(Kind::Comma) => return earlier_person(sentence, at - 1),
        Some(Kind::Stop) => return Subject::Missing,
        _ => {}
    }
    if matches!(sentence.word(at - 1), "and" | "but" | "or" | "then") {
        return earlier_person(sentence, at - 1);
    }
    phrase_before(sentence, at)
}

/// The subject that a phrase right before `at` makes.
fn phrase_before(sentence: &Sentence, at: usize) -> Subject<'_> {
    let last = at - 1;
    let direct = classify(sentence, last);
    if let Subject::Thing("that" | "which") = direct {
        // "engineers that forgot": what the pronoun stands for comes before it.
        if last > 0 && classify(sentence, last - 1).is_somebody() {
            return classify(sentence, last - 1);
        }
        return direct;
    }
    if !matches!(direct, Subject::Thing(_)) {
        return if is_after_preposition(sentence, last) { head(sentence, last) } else { direct };
    }
    head(sentence, last)
}

/// Whether the noun at `noun` hangs on `of`, `by`, `for`: then the head stands before that.
fn is_after_preposition(sentence: &Sentence, noun: usize) -> bool {
    if PEOPLE_PRONOUNS.contains(&sentence.word(noun)) || sentence.kind(noun) == Some(Kind::Person) {
        return false;
    }
    let mut at = noun;
    for _ in 0..3 {
        if at == 0 {
            return false;
        }
        at -= 1;
        let word = sentence.word(at);
        if matches!(word, "of" | "by" | "for" | "with" | "from") {
            // "a member of the team", but "as a result of this the team": only with a noun before it.
            return at > 0;
        }
        if !matches!(word, "the" | "a" | "an" | "our" | "their" | "this" | "that" | "another" | "one") {
            return false;
        }
    }
    false
}

/// The head of the phrase that ends at `last`: what stands before its first preposition.
fn head(sentence: &Sentence, last: usize) -> Subject<'_> {
    let from = last.saturating_sub(REACH);
    let mut start = last;
    while start > from {
        let before = start - 1;
        if matches!(sentence.kind(before), Some(Kind::Comma | Kind::Stop))
            || CLAUSE_OPENERS.contains(&sentence.word(before))
        {
            break;
        }
        start = before;
    }
    let preposition = (start + 1..=last).find(|&at| PREPOSITIONS.contains(&sentence.word(at)));
    match preposition {
        Some(at) => classify(sentence, at - 1),
        None => classify(sentence, last),
    }
}

/// Somebody who was the subject before a conjunction: "we restarted it and forgot".
fn earlier_person(sentence: &Sentence, until: usize) -> Subject<'_> {
    let from = until.saturating_sub(REACH + 6);
    let mut found = Subject::Missing;
    for at in from..until {
        // Only what stands where a subject stands: first, or after a mark or a conjunction, with its article.
        let opens = at == 0
            || matches!(sentence.kind(at - 1), Some(Kind::Comma | Kind::Stop))
            || CLAUSE_OPENERS.contains(&sentence.word(at - 1))
            || (matches!(sentence.word(at - 1), "the" | "an" | "a" | "our" | "one" | "on-call" | "another")
                || PEOPLE_PRONOUNS.contains(&sentence.word(at)));
        if !opens {
            continue;
        }
        match classify(sentence, at) {
            Subject::Thing(_) if at > 0 && sentence.word(at - 1) != "the" => {}
            Subject::Thing("the" | "a" | "an" | "our" | "on" | "in" | "at" | "after" | "during" | "this") => {}
            other => found = other,
        }
    }
    found
}

/// "the Kubernetes operator", "the `postgres` operator"
fn is_program(sentence: &Sentence, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|index| sentence.tokens.get(index)) else { return false };
    before.kind == Kind::Opaque
        || (before.is_capitalised && at > 1)
        || matches!(before.text.as_str(), "kubernetes" | "prometheus" | "postgres" | "cluster" | "ingress" | "storage")
}

fn classify(sentence: &Sentence, at: usize) -> Subject<'_> {
    let Some(token) = sentence.tokens.get(at) else { return Subject::Missing };
    match token.kind {
        Kind::Person if token.text.ends_with("'s") => return Subject::Thing(&token.text),
        Kind::Person => return Subject::Named,
        Kind::Opaque => return Subject::Thing(""),
        Kind::Comma | Kind::Stop => return Subject::Missing,
        Kind::Word => {}
    }
    let word = token.text.as_str();
    if OURSELVES.contains(&word) || matches!(word, "we'd" | "i'd" | "we've" | "i've") {
        Subject::Us
    } else if word == "there" {
        Subject::There
    } else if word == "one" && matches!(sentence.word_before(at, 1), "no" | "any") {
        Subject::People("nobody")
    } else if word == "call" && sentence.word_before(at, 1) == "on" {
        Subject::People("on-call")
    } else if matches!(word, "operator" | "operators") && is_program(sentence, at) {
        Subject::Thing(word)
    } else if PEOPLE_PRONOUNS.contains(&word) || ROLES.contains(&word) {
        Subject::People(word)
    } else if CUSTOMERS.contains(&word) {
        Subject::Customers
    } else if token.is_capitalised
        && at > 0
        && sentence.kind(at - 1) == Some(Kind::Person)
        && !sentence.word(at - 1).ends_with("'s")
    {
        // "Alice Smith"
        Subject::Named
    } else {
        Subject::Thing(word)
    }
}
