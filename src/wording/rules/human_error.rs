//! Human error as a cause, by whatever name.

use std::ops::Range;

use super::super::sentences::Sentence;

pub(super) fn find(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let range = match s.word(at) {
        "human" | "operator" | "user" | "pilot" | "administrator" | "admin" | "engineer" | "developer" | "personal"
        | "manual" => named(s, at)?,
        "user-error" | "pebkac" => at..at + 1,
        "fat-finger" | "fat-fingered" | "fat-fingering" | "fatfingered" | "fat-fingers" => at..at + 1,
        "fat" if s.word(at + 1).starts_with("finger") => at..at + 2,
        "mistake" | "mistakes" | "error" | "errors" | "blunder" | "slip" | "oversight" | "misunderstanding"
        | "misreading" | "carelessness" => made(s, at)?,
        _ => return None,
    };
    (!is_spoken_of(s, range.start)).then_some(range)
}

/// `human error`, `operator mistake`, `error on the part of the engineer`.
fn named(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let next = s.word(at + 1);
    let who = s.word(at);
    let is_error = match who {
        "human" => matches!(
            next,
            "error" | "errors" | "mistake" | "mistakes" | "failure" | "fault" | "factor" | "slip" | "oversight"
        ),
        "manual" => matches!(next, "error" | "mistake"),
        "user" => {
            matches!(next, "mistake" | "misunderstanding")
                || (next == "error"
                    && !matches!(s.word(at + 2), "rate" | "rates" | "message" | "messages" | "reports" | "page"))
        }
        "admin" | "developer" | "engineer" | "operator" | "pilot" | "administrator" => {
            matches!(next, "error" | "mistake" | "misunderstanding" | "oversight" | "carelessness")
                && !matches!(s.word(at + 2), "rate" | "rates" | "message" | "messages")
        }
        _ => false,
    };
    is_error.then_some(at..at + 2)
}

/// "due to a mistake", "a mistake was made", "this was a mistake in setting up the pool", "an oversight on our part".
fn made(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let word = s.word(at);
    let next = s.word(at + 1);
    let is_slip = matches!(word, "mistake" | "mistakes" | "blunder" | "slip" | "oversight" | "misreading");
    if is_slip
        && matches!(next, "was" | "were" | "has" | "have")
        && (at + 2..at + 5).any(|index| s.word(index) == "made")
    {
        return Some(at..at + 3);
    }
    // "made a mistake", "made an error": by people.
    if (is_slip || word == "error")
        && (at.saturating_sub(3)..at).any(|index| matches!(s.word(index), "made" | "making" | "make"))
        && super::super::subject::before(
            s,
            (at.saturating_sub(3)..at).find(|&index| matches!(s.word(index), "made" | "making" | "make"))?,
        )
        .is_somebody()
    {
        return Some(at.saturating_sub(1)..at + 1);
    }
    if !is_slip {
        return None;
    }
    if word == "mistake" && s.word_before(at, 1) == "by" {
        return Some(at - 1..at + 1);
    }
    let start = (at.saturating_sub(4)..at).find(|&index| {
        let word = s.word(index);
        (word == "to" && s.word_before(index, 1) == "due")
            || (word == "of" && matches!(s.word_before(index, 1), "because" | "result"))
            || (word == "by" && index > 0 && !matches!(s.word(at), "slip"))
            || matches!(word, "through")
    });
    if start.is_some() {
        return Some(at.saturating_sub(1)..at + 1);
    }
    // "This was a mistake": said of a step.
    let is_verdict = matches!(s.word_before(at, 2), "was" | "were")
        && matches!(s.word_before(at, 1), "a" | "an" | "my" | "our")
        || matches!(
            s.word_before(at, 1),
            "my" | "our"
                | "his"
                | "her"
                | "their"
                | "silly"
                | "rookie"
                | "stupid"
                | "careless"
                | "simple"
                | "embarrassing"
                | "obvious"
        );
    (is_verdict && word != "slip").then_some(at.saturating_sub(1)..at + 1)
}

/// Spoken of as what is to be guarded against, not given as the cause.
fn is_spoken_of(s: &Sentence, at: usize) -> bool {
    (at.saturating_sub(7)..at).any(|index| {
        matches!(
            s.word(index),
            "reduce"
                | "reduces"
                | "reducing"
                | "avoid"
                | "avoids"
                | "avoiding"
                | "prevent"
                | "prevents"
                | "preventing"
                | "prone"
                | "risk"
                | "risks"
                | "possibility"
                | "room"
                | "eliminate"
                | "eliminates"
                | "eliminating"
                | "minimise"
                | "minimize"
                | "minimises"
                | "minimizes"
                | "minimising"
                | "minimizing"
                | "susceptible"
                | "protect"
                | "chance"
                | "chances"
                | "potential"
                | "likelihood"
                | "against"
                | "opportunity"
                | "less"
                | "instead"
                | "rather"
                | "not"
                | "wasn't"
                | "isn't"
                | "remove"
                | "removes"
                | "removing"
                | "limit"
                | "possible"
                | "scope"
                | "catch"
                | "vulnerable"
                | "tolerate"
                | "survive"
                | "future"
                | "could"
                | "allows"
                | "resilient"
                | "guard"
                | "no"
                | "if"
                | "fewer"
                | "any"
                | "learn"
                | "when"
                | "easy"
                | "sensitive"
        )
    })
}
