//! Marks around stretches of a document: put into the source before it is rendered, made into elements after.
//!
//! The marks are characters of the private use area, which neither Markdown nor HTML gives a meaning to. A source that
//! already holds one is left without marks.

use std::ops::Range;

use super::passages::{Stretch, passages};
use super::safe_html::SafeHtml;

const OPENS: char = '\u{E0F0}';
const CLOSES: char = '\u{E0F1}';
/// Ends the number that follows [`OPENS`].
const NUMBERED: char = '\u{E0F2}';
/// The digit 0; the others follow.
const ZERO: u32 = 0xE0E0;

/// A stretch that is to be marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Bytes of the source.
    pub place: Range<usize>,
    /// Its number, which becomes part of the element's id.
    pub number: i64,
}

/// The source with `wanted` marked, as far as they are running text; of two that overlap the first one counts.
pub fn mark(source: &str, wanted: &[Mark]) -> String {
    if wanted.is_empty() || source.contains(|c| ('\u{E0E0}'..='\u{E0FF}').contains(&c)) {
        return source.to_owned();
    }
    let mut wanted: Vec<&Mark> = wanted.iter().collect();
    wanted.sort_by_key(|mark| (mark.place.start, mark.number));
    let words: Vec<Range<usize>> = passages(source)
        .into_iter()
        .flat_map(|passage| passage.stretches)
        .filter_map(|stretch| match stretch {
            Stretch::Words(place) => Some(place),
            Stretch::Opaque(_) | Stretch::Break => None,
        })
        .collect();
    let mut marked = String::with_capacity(source.len() + wanted.len() * 12);
    let mut from = 0;
    for mark in wanted {
        // An element ends where the markup around its words does.
        let within = words.iter().find(|words| words.end > mark.place.start && words.start < mark.place.end);
        let Some(within) = within else { continue };
        let (start, end) = (mark.place.start.max(within.start), mark.place.end.min(within.end));
        if start < from || start >= end || !source.is_char_boundary(start) || !source.is_char_boundary(end) {
            continue;
        }
        marked.push_str(&source[from..start]);
        marked.push(OPENS);
        marked.extend(mark.number.to_string().chars().filter_map(|digit| {
            let value = digit.to_digit(10)?;
            char::from_u32(ZERO + value)
        }));
        marked.push(NUMBERED);
        marked.push_str(&source[start..end]);
        marked.push(CLOSES);
        from = end;
    }
    marked.push_str(&source[from..]);
    marked
}

impl SafeHtml {
    /// Makes the marks of [`mark`] into elements: `<span class="CLASS" id="CLASS-NUMBER">`.
    #[must_use]
    pub fn with_marks(self, class: &'static str) -> SafeHtml {
        let html = self.as_str();
        if !html.contains(OPENS) {
            return self;
        }
        let mut made = String::with_capacity(html.len() + 64);
        let mut rest = html;
        let mut is_open = false;
        while let Some(at) = rest.find([OPENS, CLOSES]) {
            made.push_str(&rest[..at]);
            if rest[at..].starts_with(OPENS) && !is_open {
                let after = &rest[at + OPENS.len_utf8()..];
                // Not one of ours: somebody typed the character.
                let Some((digits, tail)) = after.split_once(NUMBERED) else { return self };
                let number: String = digits
                    .chars()
                    .filter_map(|c| char::from_digit((c as u32).checked_sub(ZERO).filter(|value| *value < 10)?, 10))
                    .collect();
                made.push_str(&format!("<span class=\"{class}\" id=\"{class}-{number}\">"));
                rest = tail;
                is_open = true;
            } else {
                if is_open {
                    made.push_str("</span>");
                }
                is_open = false;
                rest = &rest[at + CLOSES.len_utf8()..];
            }
        }
        made.push_str(rest);
        if is_open {
            made.push_str("</span>");
        }
        SafeHtml::vouch(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::{NoReferences, render};

    fn rendered(source: &str, places: &[(usize, usize)]) -> String {
        let marks: Vec<Mark> =
            (1..).zip(places).map(|(number, (start, end))| Mark { place: *start..*end, number }).collect();
        render(&mark(source, &marks), &NoReferences).unwrap().with_marks("blame").as_str().trim().to_owned()
    }

    #[test]
    fn words_are_marked_inside_their_markup() {
        assert_eq!(
            rendered("We *should have* known.", &[(4, 15)]),
            "<p>We <em><span class=\"blame\" id=\"blame-1\">should have</span></em> known.</p>"
        );
        assert_eq!(rendered("a `code` b", &[(3, 7)]), "<p>a <code>code</code> b</p>");
        assert_eq!(rendered("ä b", &[(1, 3)]), "<p>ä b</p>");
        assert_eq!(
            rendered("one two", &[(0, 5), (2, 7)]),
            "<p><span class=\"blame\" id=\"blame-1\">one t</span>wo</p>"
        );
    }

    #[test]
    fn a_source_with_such_characters_is_left_alone() {
        assert_eq!(rendered("\u{E0F0}x y", &[(4, 5)]), "<p>\u{E0F0}x y</p>");
    }
}
