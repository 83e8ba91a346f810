//! The rules, by what they look for. Each looks at one sentence and says where a phrase begins and ends.

mod counterfactual;
mod exhortation;
mod human_error;
mod judgement;
mod person_as_cause;

use std::ops::Range;

use super::model::{Hint, HintKind};
use super::sentences::Sentence;

/// A rule: from the word at an index, the tokens that a hint marks.
type Rule = fn(&Sentence, usize) -> Option<Range<usize>>;

const RULES: &[(HintKind, Rule)] = &[
    (HintKind::HumanError, human_error::find),
    (HintKind::Exhortation, exhortation::find),
    (HintKind::PersonAsCause, person_as_cause::find),
    (HintKind::Judgement, judgement::find),
    (HintKind::Counterfactual, counterfactual::find),
];

/// Adds what the rules find in a sentence, in its order and each stretch once.
pub(super) fn apply(sentence: &Sentence, found: &mut Vec<Hint>) {
    let mut at = 0;
    while at < sentence.tokens.len() {
        let hit = RULES
            .iter()
            // A heading such as "What could we have done better" asks; it does not tell.
            .filter(|(kind, _)| !(sentence.is_heading && *kind == HintKind::Counterfactual))
            .find_map(|(kind, rule)| rule(sentence, at).map(|tokens| (*kind, tokens)));
        let Some((kind, tokens)) = hit else {
            at += 1;
            continue;
        };
        let last = tokens.end.min(sentence.tokens.len()) - 1;
        let start = sentence.tokens[tokens.start].place.start;
        let end = sentence.tokens[last].place.end;
        // One story told twice in a sentence is one hint.
        let is_told = found.last().is_some_and(|before: &Hint| {
            before.end > start || { before.kind == kind && before.start >= sentence.tokens[0].place.start }
        });
        if !is_told {
            found.push(Hint { start, end, kind, phrase: String::new() });
        }
        at = last + 1;
    }
}
