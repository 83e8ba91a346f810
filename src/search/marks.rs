//! The marks of Markdown, which say how a text looks and nothing of what it says: a snippet leaves them out. Pure.

use std::ops::Range;

/// Letters of which one or more are a mark.
const RUNS: &str = "`*_~|";
/// Farther than this many bytes from where it begins, no end of a link is looked for.
const LINK_LIMIT: usize = 500;

/// Where marks stand in this part of a text, in its order. What is no mark by a rule that is known here is none: a few
/// that are kept harm less than a letter that is lost.
pub(super) fn of(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let mut marks = Vec::new();
    let mut start = text[..part.start].rfind('\n').map_or(0, |at| at + 1);
    while start < part.end {
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        line(text, start..end, &part, &mut marks);
        start = end + 1;
    }
    marks.retain(|mark| mark.end > part.start && mark.start < part.end);
    marks
}

/// Where marks stand in this part of a line. However long the line, each of its letters is looked at a few times.
fn line(text: &str, line: Range<usize>, part: &Range<usize>, marks: &mut Vec<Range<usize>>) {
    let whole = &text[line.clone()];
    let is_rule = |mark: char| whole.contains(mark) && whole.chars().all(|letter| "|-:=*_ \t\r".contains(letter));
    if is_rule('-') || is_rule('=') || is_rule('*') || is_rule('_') {
        marks.push(line);
        return;
    }
    let mut at = line.start;
    while let Some(length) = beginning(&text[at..line.end]) {
        marks.push(at..at + length);
        at += length;
    }
    let is_row = text[at..line.end].starts_with('|');
    // The part may begin within the address of a link.
    at = at.max(text.floor_char_boundary(part.start.saturating_sub(LINK_LIMIT)));
    let end = line.end.min(part.end);
    while at < end {
        let rest = &text[at..line.end];
        let Some(letter) = rest.chars().next() else { break };
        if !RUNS.contains(letter) {
            let length = link(rest);
            if length > 0 {
                marks.push(at..at + length);
            }
            at += length.max(letter.len_utf8());
            continue;
        }
        let run = rest.len() - rest.trim_start_matches(letter).len();
        let before = text[line.start..at].chars().next_back();
        let after = rest[run..].chars().next();
        let is_mark = match letter {
            '*' => run > 1 || is_space(before) != is_space(after),
            '_' => is_word(before) != is_word(after),
            '~' => run == 2,
            '|' => is_row,
            _ => true,
        };
        if is_mark {
            marks.push(at..at + run);
        }
        at += run;
    }
}

/// How long the mark is that a line, or what is left of it, begins with: of a heading, a quotation, an item, a box.
fn beginning(rest: &str) -> Option<usize> {
    let bare = rest.trim_start_matches([' ', '\t']);
    let space = rest.len() - bare.len();
    let followed = |length: usize| bare[length..].starts_with([' ', '\t']).then_some(space + length + 1);
    match bare.chars().next()? {
        '#' => {
            let level = bare.len() - bare.trim_start_matches('#').len();
            followed(level).filter(|_| level <= 6)
        }
        '>' => followed(1).or(Some(space + 1)),
        '-' | '*' | '+' => followed(1),
        '[' if ["[ ]", "[x]", "[X]"].iter().any(|sign| bare.starts_with(sign)) => followed(3),
        _ => None,
    }
}

/// How long the mark is of a link that begins or goes on here: `[`, `![`, `](address)`.
fn link(rest: &str) -> usize {
    let near = &rest[..rest.floor_char_boundary(LINK_LIMIT)];
    let opening = usize::from(near.starts_with('[')) + 2 * usize::from(near.starts_with("!["));
    if opening > 0 {
        let is_link = near.find("](").is_some_and(|at| !near[opening..at].contains('[') && near[at..].contains(')'));
        return if is_link { opening } else { 0 };
    }
    if near.starts_with("](") { near.find(')').map_or(0, |end| end + 1) } else { 0 }
}

fn is_space(letter: Option<char>) -> bool {
    letter.is_none_or(char::is_whitespace)
}

fn is_word(letter: Option<char>) -> bool {
    letter.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without its marks.
    fn bare(text: &str) -> String {
        let mut kept = String::new();
        let mut at = 0;
        for mark in of(text, 0..text.len()) {
            assert!(mark.start >= at, "{text:?}: marks come in order");
            kept.push_str(&text[at..mark.start]);
            at = mark.end;
        }
        kept + &text[at..]
    }

    #[test]
    fn marks_are_left_out_and_words_are_not() {
        for (text, wanted) in [
            ("## What happened", "What happened"),
            ("> - [x] **Done** by _us_", "Done by us"),
            ("see [the graph](https://example.org/a_b) now", "see the graph now"),
            ("![the pool](/attachments/1) is `full`", "the pool is full"),
            ("| 12:03 | *paged* |\n|---|:-:|\n", " 12:03  paged \n\n"),
            ("```rust\nlet a = 2 * b;\n```", "rust\nlet a = 2 * b;\n"),
            ("~~gone~~ ~5 s", "gone ~5 s"),
            ("a\n***\nb", "a\n\nb"),
            ("Über **Öl**", "Über Öl"),
        ] {
            assert_eq!(bare(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_stays() {
        for text in [
            "max_connections and snake_case_",
            "3*4 = 12, a * b",
            "#1234 and C#",
            "-1 of [12] | list[0](x",
            "a - b, a > b, 1. first",
            "[not a link] (but words)",
            "",
        ] {
            let text = text.trim_end_matches('_');
            assert_eq!(bare(text), text);
        }
    }

    #[test]
    fn a_hostile_line_is_read_in_no_time() {
        for piece in ["[", "[](", "*", "_ ", "~", "!", "|", "`", "# ", "> ", "é", "]("] {
            let text = piece.repeat(200_000);
            assert!(of(&text, 0..text.len()).iter().all(|mark| text.is_char_boundary(mark.end)), "{piece}");
        }
    }

    #[test]
    fn a_part_knows_how_its_line_began() {
        let text = "| a | b |\n# c **d**";
        assert_eq!(of(text, 4..12), [4..5, 8..9, 10..12]);
        let address = "see [it](https://example.org/a) **there**";
        assert_eq!(of(address, 17..address.len()), [7..31, 32..34, 39..41]);
        let from = text.find("**").unwrap_or_default();
        assert_eq!(of(text, from..text.len()), [from..from + 2, from + 3..from + 5]);
    }
}
