//! The place of a text where it was found, with what was looked for marked. Pure.

use std::ops::Range;

use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};
use serde::Serialize;
use utoipa::ToSchema;

use super::marks;
use super::model::Term;

/// Words that are shown.
const WORDS: usize = 28;
/// Words that are shown before the first that was looked for.
const BEFORE: usize = 5;

/// A part of a snippet, and whether it is what was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_hit: bool,
}

/// Where a term stands: the numbers of its words, and which term it is.
struct Place {
    words: Range<usize>,
    term: usize,
}

/// A word as it is compared: in small letters, without marks on them.
pub(super) fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let table = CanonicalDecompositionBorrowed::new();
    let base = |mut letter: char| {
        loop {
            match table.decompose(letter) {
                Decomposed::Expansion(first, _) | Decomposed::Singleton(first) => letter = first,
                Decomposed::Default => return letter,
            }
        }
    };
    let is_mark = |letter: &char| ('\u{300}'..='\u{36F}').contains(letter);
    word.chars().flat_map(char::to_lowercase).map(base).filter(|letter| !is_mark(letter)).collect()
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Markdown,
    Plain,
}

/// The opening of a text in Markdown, in which nothing is marked.
pub fn opening(text: &str) -> Vec<SnippetPart> {
    opening_in(Style::Markdown, text)
}

fn opening_in(style: Style, text: &str) -> Vec<SnippetPart> {
    let spans: Vec<Range<usize>> = Spans::of(text).take(WORDS + 1).collect();
    cut(text, style, &spans, &[], 0..spans.len().min(WORDS))
}

/// The place in the body, or else in the title, where most of the terms stand close together.
pub fn snippet(title: &str, body: &str, terms: &[Term]) -> Vec<SnippetPart> {
    let wanted: Vec<Vec<String>> =
        terms.iter().map(|term| term.words.iter().map(|word| folded(word)).collect()).collect();
    best(body, Style::Markdown, terms, &wanted)
        .or_else(|| best(title, Style::Plain, terms, &wanted))
        .unwrap_or_else(|| if body.trim().is_empty() { opening_in(Style::Plain, title) } else { opening(body) })
}

/// Where the words of a text are: letters and digits that nothing else interrupts.
struct Spans<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Spans<'a> {
    fn of(text: &'a str) -> Self {
        Spans { text, at: 0 }
    }
}

impl Iterator for Spans<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(char::is_alphanumeric)?;
        let word = &self.text[start..];
        let end = start + word.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(word.len());
        self.at = end;
        Some(start..end)
    }
}

fn is_word(found: &str, wanted: &str, goes_on: bool) -> bool {
    if found.is_ascii() {
        let beginning = found.as_bytes().get(..wanted.len());
        return (goes_on || found.len() == wanted.len())
            && beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(wanted.as_bytes()));
    }
    let found = folded(found);
    if goes_on { found.starts_with(wanted) } else { found == wanted }
}

fn best(text: &str, style: Style, terms: &[Term], wanted: &[Vec<String>]) -> Option<Vec<SnippetPart>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    let mut stop = usize::MAX;
    for span in Spans::of(text) {
        spans.push(span);
        let end = spans.len();
        // One more than is shown: it says that the text goes on.
        if end > stop {
            break;
        }
        let word = |number: usize| &text[spans[number].clone()];
        for (term, words) in wanted.iter().enumerate() {
            let Some(start) = end.checked_sub(words.len()).filter(|start| *start < end) else { continue };
            let last = words.len() - 1;
            let is_here = |place: usize| {
                let found = word(start + place);
                // A version may have a v in front of it.
                let found = match found.strip_prefix(['v', 'V']) {
                    Some(bare) if place == 0 && terms[term].version.is_some() => bare,
                    _ => found,
                };
                is_word(found, &words[place], place == last && terms[term].is_prefix)
            };
            // The last word first: it alone decides for most.
            if (0..words.len()).rev().all(is_here) {
                places.push(Place { words: start..end, term });
            }
        }
        // The first place that holds all of them is good enough; what is shown behind it is marked, too.
        let last = places.len().checked_sub(1).filter(|last| stop == usize::MAX && places[*last].words.end == end);
        if last.is_some_and(|last| held(&places, last) == wanted.len()) {
            stop = end + WORDS;
        }
    }
    let best = (0..places.len()).max_by_key(|&last| (held(&places, last), std::cmp::Reverse(last)))?;
    let first = places[..=best].iter().find(|place| place.words.start + WORDS - BEFORE > places[best].words.end)?;
    let start = first.words.start.saturating_sub(BEFORE).min(spans.len().saturating_sub(WORDS));
    Some(cut(text, style, &spans, &places, start..spans.len().min(start + WORDS)))
}

/// How many different terms are shown together when this place is the last that is.
fn held(places: &[Place], last: usize) -> usize {
    let end = places[last].words.end;
    let mut terms: Vec<usize> = places[..=last]
        .iter()
        .rev()
        .take_while(|place| place.words.start + WORDS - BEFORE > end)
        .map(|place| place.term)
        .collect();
    terms.sort_unstable();
    terms.dedup();
    terms.len()
}

/// These words of a text, with the places in them marked and without the marks of Markdown; with those, when what was
/// looked for stands nowhere else (in the address of a link).
fn cut(text: &str, style: Style, spans: &[Range<usize>], places: &[Place], shown: Range<usize>) -> Vec<SnippetPart> {
    let begin = if shown.start == 0 { 0 } else { spans[shown.start].start };
    let end = if shown.end == spans.len() { text.len() } else { spans[shown.end - 1].end };
    let hits: Vec<Range<usize>> = places
        .iter()
        .filter(|place| place.words.start >= shown.start && place.words.end <= shown.end)
        .map(|place| spans[place.words.start].start..spans[place.words.end - 1].end)
        .collect();
    let mut marks = if style == Style::Markdown { marks::of(text, begin..end) } else { Vec::new() };
    let is_in_mark = |hit: &Range<usize>| marks.iter().any(|mark| mark.start <= hit.start && hit.end <= mark.end);
    if !hits.is_empty() && hits.iter().all(is_in_mark) {
        marks.clear();
    }
    let mut parts: Vec<SnippetPart> = Vec::new();
    let mut add = |range: Range<usize>, is_hit: bool| {
        let mut piece = String::new();
        for (at, letter) in text[range.clone()].char_indices().map(|(at, letter)| (range.start + at, letter)) {
            let next = marks.partition_point(|mark| mark.end <= at);
            if marks.get(next).is_some_and(|mark| mark.start <= at) {
                continue;
            }
            if !letter.is_whitespace() {
                piece.push(letter);
            } else if !piece.ends_with(' ') {
                piece.push(' ');
            }
        }
        if !piece.is_empty() {
            parts.push(SnippetPart { text: piece, is_hit });
        }
    };
    let mut at = begin;
    for hit in hits {
        let from = hit.start.max(at);
        if hit.end > from {
            add(at..from, false);
            add(from..hit.end, true);
            at = hit.end;
        }
    }
    add(at..end, false);
    if begin > 0 {
        parts.insert(0, SnippetPart { text: "…".to_owned(), is_hit: false });
    }
    if end < text.len() {
        parts.push(SnippetPart { text: "…".to_owned(), is_hit: false });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::model::terms;

    /// A snippet with its hits in brackets.
    fn shown(title: &str, body: &str, question: &str) -> String {
        snippet(title, body, &terms(question))
            .into_iter()
            .map(|part| if part.is_hit { format!("[{}]", part.text) } else { part.text })
            .collect()
    }

    #[test]
    fn what_was_looked_for_is_marked_as_it_stands() {
        assert_eq!(
            shown("", "The Heron pool has <b>no</b> room", "heron poo"),
            "The [Heron] [pool] has <b>no</b> room"
        );
        assert_eq!(
            shown("", "rolled back to v2.77.1,\n\n2.77.1 and 2.77.15", "2.77.1"),
            "rolled back to [v2.77.1], [2.77.1] and 2.77.15"
        );
        assert_eq!(shown("", "had been halved, been had", "\"had been\""), "[had been] halved, been had");
        assert_eq!(shown("", "Ölpumpe CAFÉ cafe\u{300}", "OLPUMPE cafe"), "[Ölpumpe] [CAFÉ] [cafe]\u{300}");
    }

    #[test]
    fn a_long_text_is_cut_where_most_of_it_stands() {
        let filler = "word ".repeat(60);
        let body = format!("pool {filler} the pool was exhausted {filler}");
        let text = shown("", &body, "pool exhausted");
        assert_eq!(text, format!("…word word word word the [pool] was [exhausted]{}…", " word".repeat(20)));
        let far = format!("pool {filler} exhausted");
        assert!(shown("", &far, "pool exhausted").starts_with("[pool] word"));
        assert!(shown("", &far, "exhausted").ends_with("word [exhausted]"));
    }

    #[test]
    fn marks_of_markdown_are_left_out_of_a_body() {
        let body = "## What happened\n\n- the **pool** was [full](https://example.org/pool/42)\n- `max_size` was 5";
        assert_eq!(shown("", body, "pool full"), "What happened the [pool] was [full] max_size was 5");
        assert_eq!(
            shown("", body, "\"example org\""),
            "## What happened - the **pool** was [full](https://[example.org]/pool/42) - `max_size` was 5"
        );
        assert_eq!(shown("Why `x` broke", "", "broke"), "Why `x` [broke]");
        let rows = format!("{}\n| 12:03 | **paged** | the heron |", "word ".repeat(40));
        assert!(shown("", &rows, "heron").ends_with("word 12:03 paged the [heron] "), "{}", shown("", &rows, "heron"));
    }

    #[test]
    fn a_title_is_shown_where_the_body_holds_nothing_of_it() {
        assert_eq!(shown("The pool is empty", "Nothing here", "pool"), "The [pool] is empty");
        assert_eq!(shown("A title", "The body", "elsewhere"), "The body");
        assert_eq!(shown("A title", " ", "elsewhere"), "A title");
        assert_eq!(shown("", "", "x"), "");
        assert_eq!(shown("", "…–!", "x"), "…–!");
    }
}
