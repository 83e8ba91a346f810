//! The one way Markdown is parsed, so that the page, the search index, the outline and the
//! importer all see the same document.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};

/// Parses `source` with the extensions Debrief supports.
pub(super) fn parse(source: &str) -> impl Iterator<Item = Event<'_>> {
    TextMergeStream::new(Parser::new_ext(source, options()))
}

/// The same events, each with the bytes of `source` that it comes from.
pub(super) fn parse_with_places(source: &str) -> impl Iterator<Item = (Event<'_>, std::ops::Range<usize>)> {
    Parser::new_ext(source, options()).into_offset_iter()
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
}

/// A heading's level as a number from 1 to 6.
pub(crate) fn heading_level(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The words inside the element that starts at `events[start]`, without markup, on one line.
pub(super) fn text_of_element(events: &[Event<'_>], start: usize) -> String {
    let mut depth = 0_usize;
    let mut text = String::new();
    for event in &events[start..] {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            other => push_words(&mut text, other),
        }
    }
    text.trim().to_owned()
}

/// The words of a list item that follow its task marker at `events[marker]`, up to the end
/// of its paragraph.
pub(super) fn text_after_marker(events: &[Event<'_>], marker: usize) -> String {
    let mut text = String::new();
    for event in &events[marker + 1..] {
        match event {
            Event::End(TagEnd::Item | TagEnd::Paragraph) => break,
            Event::Start(Tag::List(_) | Tag::Paragraph | Tag::CodeBlock(_)) => break,
            other => push_words(&mut text, other),
        }
    }
    text.trim().to_owned()
}

fn push_words(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(words) | Event::Code(words) => text.push_str(words),
        Event::SoftBreak | Event::HardBreak => text.push(' '),
        _ => {}
    }
}
