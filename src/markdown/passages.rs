//! The running text of a document with its place in the source, for whoever reads sentences rather than markup.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::events::parse_with_places;
use super::front::split_front_matter;

/// What a passage is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassageKind {
    /// A heading.
    Heading,
    /// A paragraph, an item of a list, a cell of a table.
    Prose,
}

/// A part of a passage, as byte ranges of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Words.
    Words(Range<usize>),
    /// Something that is not the writer's own sentence: code, a link, a picture.
    Opaque(Range<usize>),
    /// A line's end, which reads as a blank.
    Break,
}

/// A block of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// What it is part of.
    pub kind: PassageKind,
    /// Its parts in order.
    pub stretches: Vec<Stretch>,
}

/// The passages of `source` in order, without front matter, quotes, code blocks, HTML and comments.
pub fn passages(source: &str) -> Vec<Passage> {
    let body = split_front_matter(source).map_or(source, |split| split.body);
    let shift = source.len() - body.len();
    let mut gathered = Gatherer { shift, ..Gatherer::default() };
    for (event, place) in parse_with_places(body) {
        gathered.take(&event, place);
    }
    gathered.flush(PassageKind::Prose);
    gathered.passages
}

#[derive(Default)]
struct Gatherer {
    shift: usize,
    passages: Vec<Passage>,
    open: Vec<Stretch>,
    /// Depth inside what is left alone as a whole.
    silent: usize,
    /// Depth inside a link or a picture.
    linked: usize,
}

impl Gatherer {
    fn take(&mut self, event: &Event<'_>, place: Range<usize>) {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                self.flush(PassageKind::Prose);
                self.silent += 1;
            }
            Event::End(TagEnd::BlockQuote(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                self.silent = self.silent.saturating_sub(1);
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => {
                if self.linked == 0 {
                    self.push(Stretch::Opaque(self.shifted(place)));
                }
                self.linked += 1;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.linked = self.linked.saturating_sub(1),
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {}
            Event::End(TagEnd::Heading(_)) => self.flush(PassageKind::Heading),
            Event::Start(_) | Event::End(_) | Event::Rule | Event::HardBreak => self.flush(PassageKind::Prose),
            Event::Text(_) if self.linked == 0 => {
                let place = self.shifted(place);
                match self.open.last_mut() {
                    Some(Stretch::Words(before)) if before.end == place.start => before.end = place.end,
                    _ => self.push(Stretch::Words(place)),
                }
            }
            Event::Code(_) if self.linked == 0 => self.push(Stretch::Opaque(self.shifted(place))),
            Event::SoftBreak if self.linked == 0 => self.push(Stretch::Break),
            _ => {}
        }
    }

    fn shifted(&self, place: Range<usize>) -> Range<usize> {
        place.start + self.shift..place.end + self.shift
    }

    fn push(&mut self, stretch: Stretch) {
        if self.silent == 0 {
            self.open.push(stretch);
        }
    }

    fn flush(&mut self, kind: PassageKind) {
        let stretches = std::mem::take(&mut self.open);
        if !stretches.is_empty() {
            self.passages.push(Passage { kind, stretches });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let text = |passage: &Passage| {
            let parts = passage.stretches.iter().map(|stretch| match stretch {
                Stretch::Words(place) => source[place.clone()].to_owned(),
                Stretch::Opaque(_) => "◦".to_owned(),
                Stretch::Break => " ".to_owned(),
            });
            parts.collect::<String>()
        };
        passages(source).iter().map(text).collect()
    }

    #[test]
    fn running_text_is_found_and_the_rest_left_alone() {
        let source = "---\ntitle: x\n---\n# A *b*\n\nOne `code` [link](http://x) two_three\nnext\n\n> quoted\n\n<!-- no -->\n\n- item\n- other **bold**\n\n|a|b|\n|-|-|\n|1|`2`|\n\n```\ncode\n```\nEnd\n";
        assert_eq!(words(source), ["A b", "One ◦ ◦ two_three next", "item", "other bold", "a", "b", "1", "◦", "End"]);
    }
}
