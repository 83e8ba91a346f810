//! Remedies that rest on care: *be more careful*, *pay more attention*, *remind everyone*.

use std::ops::Range;

use super::super::lexicon::{CUSTOMERS, PEOPLE_PRONOUNS, ROLES};
use super::super::sentences::Sentence;

const VIRTUES: &[&str] = &[
    "careful",
    "vigilant",
    "diligent",
    "cautious",
    "attentive",
    "mindful",
    "thorough",
    "disciplined",
    "alert",
    "rigorous",
    "conscientious",
    "meticulous",
    "observant",
];

pub(super) fn find(s: &Sentence, at: usize) -> Option<Range<usize>> {
    match s.word(at) {
        "be" | "being" | "been" | "become" | "remain" | "stay" => virtue(s, at),
        "careful" if s.word_before(at, 1) == "more" && s.word_before(at, 2) != "be" => Some(at - 1..at + 1),
        "carefully" if s.word_before(at, 1) == "more" => Some(at - 1..at + 1),
        "more"
            if matches!(
                s.word(at + 1),
                "care" | "attention" | "caution" | "vigilance" | "diligence" | "discipline"
            ) =>
        {
            let is_wanted = (at.saturating_sub(4)..at).any(|index| {
                matches!(
                    s.word(index),
                    "take"
                        | "taking"
                        | "pay"
                        | "paying"
                        | "with"
                        | "exercise"
                        | "use"
                        | "show"
                        | "need"
                        | "needs"
                        | "requires"
                        | "give"
                )
            });
            is_wanted.then_some(at..at + 2)
        }
        "care"
            if matches!(s.word_before(at, 1), "better" | "extra" | "greater" | "special" | "great" | "due")
                && is_asked(s, at) =>
        {
            Some(at - 1..at + 1)
        }
        "attention"
            if matches!(s.word_before(at, 1), "closer" | "better" | "close" | "extra" | "careful")
                && is_asked(s, at) =>
        {
            Some(at - 1..at + 1)
        }
        "caution" if matches!(s.word_before(at, 1), "extra" | "greater") => Some(at - 1..at + 1),
        "remind" | "reminding" => somebody(s, at + 1).map(|end| at..end),
        "harder" if matches!(s.word_before(at, 1), "try" | "trying") => Some(at - 1..at + 1),
        "remember" if s.word(at + 1) == "to" && is_exhorted(s, at) => Some(at..at + 2),
        "double-check" | "triple-check" if is_exhorted(s, at) => Some(at..at + 1),
        "double" if s.word(at + 1) == "check" && is_exhorted(s, at) => Some(at..at + 2),
        _ => None,
    }
}

/// `be (more) careful`, not "be careful" said of what a machine is.
fn virtue(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let mut next = at + 1;
    while matches!(
        s.word(next),
        "more"
            | "extra"
            | "very"
            | "much"
            | "especially"
            | "particularly"
            | "better"
            | "even"
            | "a"
            | "lot"
            | "bit"
            | "really"
            | "always"
            | "super"
    ) {
        next += 1;
    }
    let word = s.word(next);
    if s.word(at) == "been" && !(at + 1..next).any(|index| s.word(index) == "more") {
        return None;
    }
    let is_virtue = VIRTUES.contains(&word) || (word == "aware" && (at + 1..next).any(|index| s.word(index) == "more"));
    is_virtue.then_some(at..next + 1)
}

fn is_asked(s: &Sentence, at: usize) -> bool {
    (at.saturating_sub(3)..at).any(|index| {
        matches!(s.word(index), "take" | "taking" | "pay" | "paying" | "with" | "exercise" | "use" | "taken" | "paid")
    })
}

/// Somebody who is to be reminded.
fn somebody(s: &Sentence, from: usize) -> Option<usize> {
    (from..from + 4)
        .find(|&index| {
            let word = s.word(index);
            (PEOPLE_PRONOUNS.contains(&word)
                || ROLES.contains(&word)
                || CUSTOMERS.contains(&word) && word.starts_with("user"))
                || matches!(word, "ourselves" | "us" | "all" | "colleagues")
        })
        .map(|index| index + 1)
}

/// At the start of a point, or asked of people: "we must remember to".
fn is_exhorted(s: &Sentence, at: usize) -> bool {
    at == 0
        || matches!(s.word_before(at, 1), "always" | "must" | "should" | "please" | "to")
            && (at == 1
                || (at.saturating_sub(4)..at).any(|index| {
                    let word = s.word(index);
                    PEOPLE_PRONOUNS.contains(&word)
                        || ROLES.contains(&word)
                        || matches!(word, "please" | "need" | "must")
                }))
}
