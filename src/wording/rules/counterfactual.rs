//! What did not happen: *should have*, *could have*, *if only*, *in hindsight it was obvious*.

use std::ops::Range;

use super::super::lexicon::{
    AUTOMATIC, AVOIDED, BETWEEN, CAUGHT, COMPARATIVES, DESIRABLE, HARMS, IRREGULAR, PRACTICES, REALISED,
};
use super::super::sentences::{Kind, Sentence};
use super::super::subject::{self, Subject};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Modal {
    Should,
    Could,
    Would,
    Might,
}

/// A modal with `have` and a participle.
struct Perfect {
    modal: Modal,
    is_negated: bool,
    /// Where the modal stands.
    at: usize,
    /// Where the participle stands.
    verb: usize,
}

pub(super) fn find(s: &Sentence, at: usize) -> Option<Range<usize>> {
    // A question looks ahead, or asks for the conditions; that is what is wanted.
    if s.is_question {
        return None;
    }
    if let Some(perfect) = perfect(s, at) {
        let end = end_of(s, perfect.verb);
        return says_otherwise(s, &perfect).then_some(at..end);
    }
    match s.word(at) {
        "should" | "should've" if trails_off(s, at) => Some(at..at + 1 + usize::from(s.word(at + 1) == "have")),
        "if" if s.word(at + 1) == "only" => Some(at..at + 2),
        "if" if is_unreal_condition(s, at) => Some(at..(at + 3).min(s.tokens.len())),
        "had" if is_inverted_condition(s, at) => Some(at..(at + 3).min(s.tokens.len())),
        "in" | "with" if is_hindsight(s, at) => Some(at..at + 2),
        "wish" | "wished" if subject::before(s, at).is_somebody() && has_had(s, at) => Some(at..at + 1),
        _ => None,
    }
}

fn end_of(s: &Sentence, verb: usize) -> usize {
    if s.word(verb) == "been" && !s.word(verb + 1).is_empty() { verb + 2 } else { verb + 1 }
}

fn perfect(s: &Sentence, at: usize) -> Option<Perfect> {
    let word = s.word(at);
    let (stem, rest) = match word.split_once("n't") {
        Some((stem, rest)) => (stem, Some(rest)),
        None => (word, None),
    };
    let (stem, has_have) = match stem.split_once('\'') {
        Some((stem, "ve")) => (stem, true),
        Some((stem, "d")) if !stem.is_empty() => {
            // "we'd have noticed"
            return perfect_after(s, at, at + 1, Modal::Would, false);
        }
        Some(_) => return None,
        None => (stem, rest == Some("'ve")),
    };
    let modal = match stem {
        "should" | "ought" => Modal::Should,
        "could" => Modal::Could,
        "would" => Modal::Would,
        "might" => Modal::Might,
        _ => return None,
    };
    let is_negated = rest.is_some();
    if has_have {
        let verb = skip_adverbs(s, at + 1);
        return is_participle(s.word(verb)).then_some(Perfect { modal, is_negated, at, verb });
    }
    perfect_after(s, at, at + 1, modal, is_negated)
}

fn perfect_after(s: &Sentence, at: usize, from: usize, modal: Modal, is_negated: bool) -> Option<Perfect> {
    let mut next = from;
    if s.word(next) == "to" {
        next += 1;
    }
    let have = skip_adverbs(s, next);
    let is_negated = is_negated || (next..have).any(|index| matches!(s.word(index), "not" | "never"));
    if !matches!(s.word(have), "have" | "of") {
        return None;
    }
    let verb = skip_adverbs(s, have + 1);
    is_participle(s.word(verb)).then_some(Perfect { modal, is_negated, at, verb })
}

fn skip_adverbs(s: &Sentence, from: usize) -> usize {
    let mut at = from;
    while at < from + 5 {
        let word = s.word(at);
        let is_adverb = BETWEEN.contains(&word) || (word.len() > 4 && word.ends_with("ly"));
        let is_aside = s.kind(at) == Some(Kind::Comma) && at > from;
        if !(is_adverb || is_aside) || (word == "of" && is_participle(s.word(at + 1))) {
            break;
        }
        at += 1;
    }
    at
}

fn is_participle(word: &str) -> bool {
    IRREGULAR.contains(&word) || AVOIDED.contains(&word) || (word.len() > 3 && word.ends_with("ed") && word != "need")
}

/// What follows `been`, without words of degree.
fn after_been(s: &Sentence, been: usize) -> (usize, &str) {
    let mut at = been + 1;
    while at < been + 5 {
        let word = s.word(at);
        let is_degree =
            matches!(word, "much" | "a" | "lot" | "far" | "even" | "very" | "so" | "also" | "more" | "way" | "bit")
                || BETWEEN.contains(&word)
                || (word.len() > 4 && word.ends_with("ly"));
        if !is_degree
            || (COMPARATIVES.contains(&word) && word != "more")
            || (word == "a" && s.word(at + 1) != "lot" && s.word(at + 1) != "bit")
        {
            break;
        }
        at += 1;
    }
    (at, s.word(at))
}

fn says_otherwise(s: &Sentence, perfect: &Perfect) -> bool {
    let who = subject::before(s, perfect.at);
    let verb = s.word(perfect.verb);
    if verb == "been" && matches!(who, Subject::Thing("what" | "things")) {
        // "what should have been a routine upgrade"
        return false;
    }
    match perfect.modal {
        Modal::Should => should(s, perfect, &who, verb),
        Modal::Could => could(s, perfect, &who, verb),
        Modal::Might => might(s, perfect, &who, verb),
        Modal::Would => would(s, perfect, &who, verb),
    }
}

fn should(s: &Sentence, perfect: &Perfect, who: &Subject<'_>, verb: &str) -> bool {
    if verb != "been" {
        return match who {
            Subject::Us | Subject::People(_) | Subject::Named => true,
            Subject::Missing => perfect.at == 0,
            Subject::Thing(head) => CAUGHT.contains(&verb) && PRACTICES.contains(head),
            Subject::Customers | Subject::There => false,
        };
    }
    let (at, next) = after_been(s, perfect.verb);
    if at > perfect.verb + 1 && s.word(at - 1) == "more" {
        return true;
    }
    match next {
        "a" | "an" | "the" | "" => matches!(who, Subject::There),
        "able" => who.is_somebody(),
        "in" => matches!(s.word(at + 1), "place"),
        word if COMPARATIVES.contains(&word) => true,
        word if word.ends_with("ing") && word.len() > 4 => who.is_somebody() || matches!(who, Subject::There),
        word if is_participle(word) => {
            let by_machine = (at + 1..at + 4).any(|index| matches!(s.word(index), "automatically" | "by"))
                || (perfect.at..at).any(|index| s.word(index) == "automatically");
            let is_automatic = if perfect.is_negated {
                matches!(word, "affected" | "impacted" | "allowed" | "used" | "visible" | "charged" | "reached")
            } else {
                AUTOMATIC.contains(&word) && !who.is_somebody()
            };
            !(by_machine || is_automatic)
        }
        "aware" | "careful" | "clear" | "obvious" | "ready" | "there" | "enough" | "prepared" => {
            who.is_somebody() || matches!(who, Subject::There) || matches!(next, "clear" | "obvious")
        }
        _ => matches!(who, Subject::There) || who.is_somebody(),
    }
}

fn could(s: &Sentence, perfect: &Perfect, who: &Subject<'_>, verb: &str) -> bool {
    if verb == "been" {
        let (at, next) = after_been(s, perfect.verb);
        if next == "able" {
            return false;
        }
        let is_better = COMPARATIVES.contains(&next)
            || AVOIDED.contains(&next)
            || (at > perfect.verb + 1 && s.word(at - 1) == "more" && is_virtue(next));
        return is_better && !is_mere_risk(s, at);
    }
    if matches!(verb, "gone" | "went") {
        return matches!(s.word(perfect.verb + 1), "better" | "faster" | "smoother" | "quicker")
            && !matches!(who, Subject::Thing("things" | "what" | "that" | "thing"))
            && !matches!(who, Subject::Missing);
    }
    match who {
        Subject::Us => {
            !HARMS.contains(&verb) || (verb == "used" && !perfect.is_negated && s.word(perfect.verb + 1) != "up")
        }
        Subject::People(word)
            if matches!(*word, "someone" | "somebody" | "anyone" | "anybody" | "people" | "they" | "you" | "who") =>
        {
            CAUGHT.contains(&verb)
        }
        Subject::People(_) | Subject::Named => !HARMS.contains(&verb),
        Subject::Missing => perfect.at == 0 && !HARMS.contains(&verb),
        Subject::Thing(_) => {
            CAUGHT.contains(&verb)
                && !perfect.is_negated
                && !matches!(
                    s.word(perfect.verb + 1),
                    "users" | "customers" | "clients" | "people" | "requests" | "traffic" | "other"
                )
        }
        Subject::Customers | Subject::There => false,
    }
}

fn is_virtue(word: &str) -> bool {
    matches!(
        word,
        "careful"
            | "proactive"
            | "explicit"
            | "transparent"
            | "precise"
            | "specific"
            | "timely"
            | "thorough"
            | "efficient"
            | "robust"
            | "responsive"
            | "effective"
            | "helpful"
            | "gradual"
    )
}

/// "could have been more severe", "could have been found in the logs by attackers": luck, not a counterfactual.
fn is_mere_risk(s: &Sentence, at: usize) -> bool {
    matches!(
        s.word(at + 1),
        "severe" | "serious" | "impactful" | "widespread" | "damaging" | "harmful" | "users" | "people" | "customers"
    )
}

fn might(s: &Sentence, perfect: &Perfect, who: &Subject<'_>, verb: &str) -> bool {
    if verb == "been" {
        let (at, next) = after_been(s, perfect.verb);
        return matches!(
            next,
            "avoided"
                | "prevented"
                | "caught"
                | "detected"
                | "noticed"
                | "mitigated"
                | "spotted"
                | "averted"
                | "better"
                | "faster"
                | "quicker"
                | "sooner"
        ) && !is_mere_risk(s, at);
    }
    matches!(who, Subject::Us) && CAUGHT.contains(&verb)
        || matches!(who, Subject::Thing(_)) && matches!(verb, "caught" | "prevented" | "averted" | "avoided")
}

fn would(s: &Sentence, perfect: &Perfect, who: &Subject<'_>, verb: &str) -> bool {
    if perfect.is_negated {
        let negative = matches!(verb, "happened" | "occurred" | "failed" | "broken")
            || (verb == "been"
                && matches!(
                    after_been(s, perfect.verb).1,
                    "affected" | "impacted" | "necessary" | "needed" | "possible" | "a" | "an"
                ));
        return (negative || (who.is_somebody() && REALISED.contains(&verb) && verb != "been"))
            && !matches!(who, Subject::Customers);
    }
    if verb == "been" {
        let (_, next) = after_been(s, perfect.verb);
        let is_aware = matches!(who, Subject::Us)
            && matches!(next, "alerted" | "aware" | "notified" | "paged" | "warned" | "able");
        return DESIRABLE.contains(&next) || is_aware;
    }
    if matches!(who, Subject::Us)
        || matches!(who, Subject::Named)
        || matches!(who, Subject::People(word) if *word != "they")
    {
        return REALISED.contains(&verb) && !matches!(verb, "had");
    }
    if matches!(who, Subject::Customers) {
        return false;
    }
    let next = s.word(perfect.verb + 1);
    match verb {
        "allowed" | "enabled" | "given" | "shown" | "told" | "led" | "pointed" | "bought" | "saved" | "helped" => {
            verb == "helped"
                || matches!(next, "us" | "me" | "the" | "you" | "them" | "people" | "engineers" | "time")
                    && next != "them"
        }
        "made" => {
            let end = (perfect.verb + 9).min(s.tokens.len());
            (perfect.verb + 1..end).any(|index| {
                matches!(
                    s.word(index),
                    "easier"
                        | "clear"
                        | "clearer"
                        | "obvious"
                        | "faster"
                        | "quicker"
                        | "simpler"
                        | "visible"
                        | "possible"
                        | "difference"
                )
            })
        }
        _ => CAUGHT.contains(&verb) && !matches!(next, "users" | "customers"),
    }
}

/// "longer than it should have."
fn trails_off(s: &Sentence, at: usize) -> bool {
    let have = if s.word(at) == "should" { at + 1 } else { at };
    let is_last = have + 1 >= s.tokens.len() || matches!(s.kind(have + 1), Some(Kind::Comma | Kind::Stop));
    let named = s.word(at) == "should've" || s.word(have) == "have";
    named && is_last && (at.saturating_sub(5)..at).any(|index| s.word(index) == "than")
}

fn is_modal(word: &str) -> bool {
    ["would", "could", "might", "should"].iter().any(|modal| word.starts_with(modal)) || word.ends_with("'d")
}

/// "if we had known", with what would have followed.
fn is_unreal_condition(s: &Sentence, at: usize) -> bool {
    let had = (at + 2..(at + 9).min(s.tokens.len())).find(|&index| matches!(s.word(index), "had" | "hadn't"));
    let Some(had) = had else { return false };
    let verb = skip_adverbs(s, had + 1);
    if !(is_participle(s.word(verb))
        || matches!(s.word(had + 1), "a" | "an" | "the" | "more" | "better" | "this" | "some" | "proper"))
    {
        return false;
    }
    s.tokens.iter().any(|token| token.kind == Kind::Word && is_modal(&token.text))
}

/// "Had we known, we would have …"
fn is_inverted_condition(s: &Sentence, at: usize) -> bool {
    let opens = at == 0 || matches!(s.kind(at - 1), Some(Kind::Comma | Kind::Stop));
    opens
        && matches!(
            s.word(at + 1),
            "we" | "i" | "they" | "he" | "she" | "the" | "this" | "it" | "there" | "these" | "our"
        )
        && s.tokens.iter().skip(at + 2).any(|token| token.kind == Kind::Word && is_modal(&token.text))
}

fn is_hindsight(s: &Sentence, at: usize) -> bool {
    let named = matches!(s.word(at + 1), "hindsight" | "retrospect") || (s.reads(at + 1, &["the", "benefit"]));
    named
        && s.tokens.iter().any(|token| {
            is_modal(&token.text)
                || matches!(
                    token.text.as_str(),
                    "mistake"
                        | "obvious"
                        | "obviously"
                        | "wrong"
                        | "clear"
                        | "clearly"
                        | "better"
                        | "bad"
                        | "needed"
                        | "error"
                        | "poor"
                        | "premature"
                        | "unwise"
                        | "too"
                        | "foolish"
                        | "apparent"
                        | "wasn't"
                        | "ill-advised"
                )
        })
}

fn has_had(s: &Sentence, at: usize) -> bool {
    (at + 1..(at + 6).min(s.tokens.len())).any(|index| matches!(s.word(index), "had" | "could" | "we'd" | "i'd"))
}
