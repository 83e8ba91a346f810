//! Footnotes: numbered by their first mention, listed at the end, linked both ways.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pulldown_cmark::{Event, Tag};

use super::Page;

/// Numbers of the footnotes in the order of their first mention.
#[derive(Debug, Default)]
pub(super) struct Footnotes {
    pub(super) numbers: HashMap<String, usize>,
    pub(super) mentions: HashMap<usize, usize>,
    pub(super) texts: HashMap<usize, String>,
    /// Footnotes whose label had been used before.
    pub(super) spare: Vec<String>,
}

impl Footnotes {
    pub(super) fn number(events: &[Event<'_>]) -> Self {
        let mut numbers = HashMap::new();
        for event in events {
            if let Event::FootnoteReference(label) = event {
                let next = numbers.len() + 1;
                numbers.entry(label.to_string()).or_insert(next);
            }
        }
        for event in events {
            if let Event::Start(Tag::FootnoteDefinition(label)) = event {
                let next = numbers.len() + 1;
                numbers.entry(label.to_string()).or_insert(next);
            }
        }
        Self { numbers, ..Self::default() }
    }
}

impl Page<'_, '_> {
    pub(super) fn footnote_reference(&mut self, label: &str) {
        let Some(number) = self.footnotes.numbers.get(label).copied() else {
            return;
        };
        self.raw.before_words(&mut self.out);
        if self.in_link > 0 || self.in_summary > 0 {
            self.out.push_str(&format!("<sup>{number}</sup>"));
            return;
        }
        let mention = self.footnotes.mentions.entry(number).or_insert(0);
        *mention += 1;
        let repeat = if *mention == 1 { String::new() } else { format!("-{mention}") };
        let prefix = &self.id_prefix;
        self.out.push_str(&format!(
            "<sup class=\"footnote-reference\"><a href=\"#{prefix}fn-{number}\" id=\"{prefix}fnref-{number}{repeat}\" \
             aria-label=\"Footnote {number}\">{number}</a></sup>"
        ));
    }

    pub(super) fn end_footnote(&mut self) {
        let Some((number, outer)) = self.set_aside.pop() else {
            return;
        };
        let text = std::mem::replace(&mut self.out, outer);
        match self.footnotes.texts.entry(number) {
            Entry::Occupied(_) => self.footnotes.spare.push(text),
            Entry::Vacant(free) => {
                free.insert(text);
            }
        }
    }

    pub(super) fn footnote_list(&mut self) {
        if self.footnotes.texts.is_empty() {
            return;
        }
        let notes = std::mem::take(&mut self.footnotes);
        let prefix = &self.id_prefix;
        self.out.push_str("<div class=\"footnotes\">\n<ol>\n");
        for number in 1..=notes.numbers.len() {
            let text = notes.texts.get(&number).map_or("", String::as_str);
            self.out.push_str(&format!("<li id=\"{prefix}fn-{number}\">{text}"));
            if notes.mentions.contains_key(&number) {
                self.out.push_str(&format!(
                    "<a class=\"footnote-back\" href=\"#{prefix}fnref-{number}\" \
                     aria-label=\"Back to the text of footnote {number}\">↩</a>"
                ));
            }
            self.out.push_str("</li>\n");
        }
        for text in &notes.spare {
            self.out.push_str(&format!("<li>{text}</li>\n"));
        }
        self.out.push_str("</ol>\n</div>\n");
    }
}
