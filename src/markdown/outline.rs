//! The headings of a document: their levels on the page and their anchors.

use std::collections::HashSet;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::events::{heading_level, parse, text_of_element};
use super::front::split_front_matter;
use super::kept;

/// Lowest number a heading of a document may have: the page itself has the `h1`.
pub(super) const TOP_LEVEL: u8 = 2;

/// Longest anchor, in characters, before its number.
const ANCHOR_LIMIT: usize = 80;

/// A heading as it stands on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 2 to 6; never more than one deeper than the heading before.
    pub level: u8,
    /// Its words without markup.
    pub text: String,
    /// The `id` it has on the page, such as `h-summary`; unique in the document.
    pub anchor: String,
}

/// The headings of `source` in order; headings without words, and those in
/// footnotes, are left out.
pub fn outline(source: &str) -> Vec<Heading> {
    let size = |found: &Vec<Heading>| {
        found.iter().map(|heading| heading.text.len() + heading.anchor.len() + 56).sum::<usize>()
    };
    (*kept::kept("outline", &source, size, || outline_anew(source))).clone()
}

fn outline_anew(source: &str) -> Vec<Heading> {
    let body = split_front_matter(source).map_or(source, |split| split.body);
    let events: Vec<Event<'_>> = parse(body).collect();
    headings(&events, TOP_LEVEL)
}

/// Like [`outline`], with the first heading at `top`.
pub(super) fn headings(events: &[Event<'_>], top: u8) -> Vec<Heading> {
    let mut levels = LevelStack::new(top);
    let mut anchors = AnchorNames::default();
    let mut found = Vec::new();
    let mut in_footnote = 0_usize;
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::FootnoteDefinition(_)) => in_footnote += 1,
            Event::End(TagEnd::FootnoteDefinition) => in_footnote = in_footnote.saturating_sub(1),
            _ => {}
        }
        if in_footnote > 0 {
            continue;
        }
        if let Event::Start(Tag::Heading { level, .. }) = event {
            let text = text_of_element(events, index);
            if text.is_empty() {
                continue;
            }
            let level = levels.place(heading_level(*level));
            let anchor = anchors.name(&text);
            found.push(Heading { level, text, anchor });
        }
    }
    found
}

/// Places headings so that none is more than one level deeper than the one it belongs under.
#[derive(Debug)]
struct LevelStack {
    top: u8,
    open: Vec<u8>,
}

impl LevelStack {
    fn new(top: u8) -> Self {
        Self { top, open: Vec::new() }
    }

    fn place(&mut self, written: u8) -> u8 {
        while self.open.last().is_some_and(|last| *last >= written) {
            self.open.pop();
        }
        let deeper = u8::try_from(self.open.len()).unwrap_or(6);
        self.open.push(written);
        self.top.saturating_add(deeper).min(6)
    }
}

#[derive(Debug, Default)]
struct AnchorNames {
    taken: HashSet<String>,
    repeats: std::collections::HashMap<String, usize>,
}

impl AnchorNames {
    fn name(&mut self, text: &str) -> String {
        // The prefix keeps anchors apart from the ids of the page itself.
        let base = format!("h-{}", slug(text));
        if self.taken.insert(base.clone()) {
            return base;
        }
        let repeat = self.repeats.entry(base.clone()).or_insert(1);
        loop {
            *repeat += 1;
            let candidate = format!("{base}-{repeat}");
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

/// Letters and digits in lower case, with single hyphens between words.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut length = 0;
    for c in text.chars().flat_map(char::to_lowercase) {
        if length >= ANCHOR_LIMIT {
            break;
        }
        if c.is_alphanumeric() || c == '_' {
            slug.push(c);
            length += 1;
        } else if (c.is_whitespace() || c == '-') && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
            length += 1;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "section".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(source: &str) -> Vec<u8> {
        outline(source).iter().map(|heading| heading.level).collect()
    }

    #[test]
    fn headings_start_below_the_page_and_never_skip() {
        assert_eq!(levels("# a\n## b\n### c\n## d\n"), [2, 3, 4, 3]);
        assert_eq!(levels("### a\n# b\n## c\n"), [2, 2, 3]);
        assert_eq!(levels("# a\n#### b\n##### c\n#### d\n"), [2, 3, 4, 3]);
        assert_eq!(levels("# a\n#\n## b\n"), [2, 3]);
        assert_eq!(levels("# a\n## b\n### c\n#### d\n##### e\n###### f\n"), [2, 3, 4, 5, 6, 6]);
    }

    #[test]
    fn anchors_are_readable_and_unique() {
        let anchors: Vec<String> =
            outline("# What went *well*?\n# x\n# x\n# x-2\n# x\n# ???\n# Übersicht\n# `a` & [b](c)\n")
                .into_iter()
                .map(|heading| heading.anchor)
                .collect();
        assert_eq!(
            anchors,
            ["h-what-went-well", "h-x", "h-x-2", "h-x-2-2", "h-x-3", "h-section", "h-übersicht", "h-a-b"]
        );
    }
}
