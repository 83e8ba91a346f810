//! Texts that are one line of plain words, as most of a timeline's are: they need no parser, and what comes of them is
//! known. A property test compares them with what the renderer makes.

/// Longest text that is looked at.
const LIMIT_BYTES: usize = 1_000;

/// Whether nothing in `source` could mean anything but itself: one line of words that begins with a letter, and no
/// sign that Markdown, a reference, an address or HTML could be made of.
pub(super) fn is_plain(source: &str) -> bool {
    let mut before = ' ';
    if source.len() > LIMIT_BYTES || !source.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return false;
    }
    for sign in source.chars() {
        let means_itself = match sign {
            'a'..='z' | 'A'..='Z' | '%' | ',' | ';' | '(' | ')' | '?' | '\'' => true,
            // Not `INC-42`, and no run of dashes or points.
            '0'..='9' => before != '-',
            '-' | '.' => before != sign,
            // Two of them are no space any more, or a line's end.
            ' ' => before != ' ',
            _ => false,
        };
        if !means_itself {
            return false;
        }
        before = sign;
    }
    before != ' ' && !holds_address(source)
}

/// `www.` and `http` begin addresses in some dialects.
fn holds_address(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    lower.contains("www.") || lower.contains("http")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::render::render_anew;
    use super::super::text::plain_text_anew;
    use super::super::{NoReferences, Place, collect_references};
    use super::*;

    fn agrees(source: &str) {
        if !is_plain(source) {
            return;
        }
        for place in [Place::Page, Place::Within { id_prefix: "event-1", under_heading: 2 }] {
            let rendered = render_anew(place, source, &NoReferences).unwrap();
            assert_eq!(rendered.as_str(), format!("<p>{source}</p>\n"), "{source:?}");
        }
        assert_eq!(plain_text_anew(source), source);
        assert!(collect_references(source).is_empty());
    }

    #[test]
    fn what_people_note_down_is_plain() {
        for source in ["Declared", "Error rate at 4 %, rising", "Found a full disk on node 7", "It didn't help (yet)."]
        {
            assert!(is_plain(source), "{source}");
            agrees(source);
        }
        for source in
            ["", "1. one", "- one", "a  b", "a ", "INC-42", "*a*", "a_b", "a\nb", "a <b", "a & b", "see http x"]
        {
            assert!(!is_plain(source), "{source}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_text_is_rendered_as_it_is(source in "[a-zA-Z][-a-zA-Z0-9 ,.;%()?']{0,60}") {
            agrees(&source);
        }

        #[test]
        fn whatever_is_called_plain_is(source in ".{0,40}") {
            agrees(&source);
        }
    }
}
