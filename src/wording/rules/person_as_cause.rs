//! A person as the subject of a cause: *Bob broke the build*, *caused by an engineer*, *because @ada restarted it*.

use std::ops::Range;

use super::super::lexicon::{ACTS, BREAKING, ROLES};
use super::super::sentences::{Kind, Sentence};
use super::super::subject::{self, Subject};

pub(super) fn find(s: &Sentence, at: usize) -> Option<Range<usize>> {
    if s.is_question {
        return None;
    }
    let word = s.word(at);
    if s.kind(at) == Some(Kind::Person) {
        return owned(s, at).or_else(|| blamed(s, at)).or_else(|| because(s, at));
    }
    if ROLES.contains(&word) {
        return blamed(s, at);
    }
    if BREAKING.contains(&word) || takes_down(s, at) {
        let who = subject::before(s, at);
        let is_passive = matches!(s.word_before(at, 1), "was" | "were" | "been" | "being" | "be" | "is" | "are");
        let is_act = word != "caused" || !matches!(s.word(at + 1), "by");
        return (!is_passive && is_act && blames(&who)).then_some(at..at + 1);
    }
    None
}

fn blames(who: &Subject<'_>) -> bool {
    match who {
        Subject::Named => true,
        Subject::People(word) => ROLES.contains(word) || matches!(*word, "he" | "she" | "somebody" | "someone"),
        _ => false,
    }
}

fn takes_down(s: &Sentence, at: usize) -> bool {
    matches!(s.word(at), "took" | "brought") && (at + 1..at + 5).any(|index| matches!(s.word(index), "down"))
}

/// "Bob's change broke", "due to Alice's mistake"
fn owned(s: &Sentence, at: usize) -> Option<Range<usize>> {
    if !s.word(at).ends_with("'s") {
        return None;
    }
    let act = matches!(
        s.word(at + 1),
        "change"
            | "changes"
            | "commit"
            | "deploy"
            | "deployment"
            | "mistake"
            | "error"
            | "pr"
            | "merge"
            | "script"
            | "command"
            | "misconfiguration"
            | "push"
            | "patch"
            | "code"
            | "typo"
            | "fault"
            | "oversight"
    );
    let is_cause = after_cause(s, at)
        || (at + 2..at + 6)
            .any(|index| BREAKING.contains(&s.word(index)) || takes_down(s, index) || s.word(index) == "introduced");
    (act && is_cause).then_some(at..at + 2)
}

/// Right after "caused by", "due to", "because of".
fn after_cause(s: &Sentence, at: usize) -> bool {
    let mut before = at;
    while before > 0 && matches!(s.word(before - 1), "an" | "a" | "the" | "our" | "one" | "new" | "another" | "on-call")
    {
        before -= 1;
    }
    match s.word_before(before, 1) {
        "by" => {
            matches!(
                s.word_before(before, 2),
                "caused" | "introduced" | "triggered" | "broken" | "misconfigured" | "botched"
            ) || (matches!(s.word_before(before, 2), "deleted" | "removed" | "dropped")
                && s.has_any(&["accidentally", "outage", "cause"]))
        }
        "to" => s.word_before(before, 2) == "due",
        "of" => s.word_before(before, 2) == "because",
        _ => false,
    }
}

fn blamed(s: &Sentence, at: usize) -> Option<Range<usize>> {
    // "caused by the payments team's deploy" names an owner; a role is blamed only as the agent itself.
    if s.word(at).ends_with("'s") || s.word(at).ends_with('s') && matches!(s.word(at), "members" | "teams" | "ops") {
        return None;
    }
    let is_plain = !matches!(s.kind(at + 1), Some(Kind::Word)) || !is_noun_after_role(s.word(at + 1));
    (after_cause(s, at) && is_plain).then_some(at..at + 1)
}

fn is_noun_after_role(word: &str) -> bool {
    matches!(
        word,
        "service"
            | "policy"
            | "queue"
            | "job"
            | "pod"
            | "api"
            | "database"
            | "interface"
            | "panel"
            | "console"
            | "ui"
            | "account"
            | "tools"
            | "tooling"
            | "node"
            | "error"
    )
}

/// "because Bob restarted the database"
fn because(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let opener = s.word_before(at, 1);
    let opener = if matches!(opener, "that") { s.word_before(at, 2) } else { opener };
    let mut verb = at + 1;
    while s.word(verb).ends_with("ly") || matches!(s.word(verb), "had" | "then" | "also") {
        verb += 1;
    }
    let acts = ACTS.contains(&s.word(verb));
    let gives_cause = matches!(opener, "because")
        || (acts
            && (verb + 1..s.tokens.len()).any(|index| {
                matches!(s.word(index), "causing" | "breaking" | "crashing" | "wrong")
                    || (s.word(index) == "which"
                        && (BREAKING.contains(&s.word(index + 1))
                            || takes_down(s, index + 1)
                            || s.word(index + 1) == "led"))
                    || (s.word(index) == "taking" && (index + 1..index + 5).any(|down| s.word(down) == "down"))
            }));
    (gives_cause && (acts || s.word(verb).ends_with("ed"))).then_some(at..verb + 1)
}
