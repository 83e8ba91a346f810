//! Passages cut into sentences, and sentences into words with their place in the source.

use std::ops::Range;

use super::model::People;
use super::names;
use crate::markdown::{Passage, PassageKind, Stretch};

/// Longest quotation that is looked for, in bytes; a lone quotation mark must not hide a page.
const QUOTE_LIMIT: usize = 400;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word.
    Word,
    /// The name or handle of a person.
    Person,
    /// Code, a link, a quotation, an address: not the writer's own words.
    Opaque,
    /// A comma, which may part two clauses.
    Comma,
    /// A dash, colon, semicolon or bracket, which does.
    Stop,
}

/// A word or a mark.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// In lower case, with straight apostrophes; empty for what is opaque.
    pub text: String,
    pub kind: Kind,
    pub is_capitalised: bool,
    pub place: Range<usize>,
}

/// A sentence.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    pub tokens: Vec<Token>,
    pub is_heading: bool,
    pub is_question: bool,
}

impl Sentence {
    /// The word at `index`; empty when there is none.
    pub fn word(&self, index: usize) -> &str {
        match self.tokens.get(index) {
            Some(token) if matches!(token.kind, Kind::Word | Kind::Person) => &token.text,
            _ => "",
        }
    }

    /// The word that is `back` before `index`; empty when there is none.
    pub fn word_before(&self, index: usize, back: usize) -> &str {
        index.checked_sub(back).map_or("", |at| self.word(at))
    }

    /// Whether the words from `index` on are `wanted`.
    pub fn reads(&self, index: usize, wanted: &[&str]) -> bool {
        wanted.iter().enumerate().all(|(offset, word)| self.word(index + offset) == *word)
    }

    /// Whether any word is one of `wanted`.
    pub fn has_any(&self, wanted: &[&str]) -> bool {
        self.tokens.iter().any(|token| token.kind == Kind::Word && wanted.contains(&token.text.as_str()))
    }

    /// The kind of the token at `index`.
    pub fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }
}

/// The sentences of a passage.
pub(super) fn sentences(source: &str, passage: &Passage, people: &People) -> Vec<Sentence> {
    let mut cutter = Cutter {
        source,
        people,
        is_heading: passage.kind == PassageKind::Heading,
        tokens: Vec::new(),
        done: Vec::new(),
    };
    let mut closes_at = 0;
    for stretch in &passage.stretches {
        match stretch {
            Stretch::Break => {}
            Stretch::Opaque(place) if place.start < closes_at => {}
            Stretch::Opaque(place) => cutter.push(Kind::Opaque, place.clone()),
            Stretch::Words(place) => closes_at = cutter.words(place.clone(), closes_at),
        }
    }
    cutter.end(false);
    cutter.done
}

struct Cutter<'a> {
    source: &'a str,
    people: &'a People,
    is_heading: bool,
    tokens: Vec<Token>,
    done: Vec<Sentence>,
}

impl Cutter<'_> {
    fn push(&mut self, kind: Kind, place: Range<usize>) {
        self.tokens.push(Token { text: String::new(), kind, is_capitalised: false, place });
    }

    fn end(&mut self, is_question: bool) {
        let tokens = std::mem::take(&mut self.tokens);
        if !tokens.is_empty() {
            self.done.push(Sentence { tokens, is_heading: self.is_heading, is_question });
        }
    }

    /// Reads a stretch from where an open quotation closes; says where the last one does.
    fn words(&mut self, place: Range<usize>, from: usize) -> usize {
        let mut at = place.start.max(from);
        let mut closes_at = from;
        while at < place.end {
            let rest = &self.source[at..place.end];
            let Some(c) = rest.chars().next() else { break };
            let length = match c {
                '"' | '“' | '„' | '«' => match self.quotation(at, c) {
                    Some(end) => {
                        self.push(Kind::Opaque, at..end);
                        closes_at = end;
                        end - at
                    }
                    None => c.len_utf8(),
                },
                '\'' | '‘' if self.opens_single(at) => match single_quotation(rest) {
                    Some(length) => {
                        self.push(Kind::Opaque, at..at + length);
                        length
                    }
                    None => c.len_utf8(),
                },
                '.' | '!' | '?' | '…' => {
                    let after = rest[c.len_utf8()..].chars().next();
                    if c == '?' {
                        self.end(true);
                    } else if after.is_none_or(|next| next.is_whitespace() || matches!(next, ')' | '"' | '”' | '’'))
                        && !self.goes_on(at + c.len_utf8(), place.end)
                    {
                        self.end(false);
                    }
                    c.len_utf8()
                }
                ',' => {
                    self.push(Kind::Comma, at..at + 1);
                    1
                }
                ':' | ';' | '(' | ')' | '–' | '—' | '[' | ']' | '|' | '=' | '→' => {
                    self.push(Kind::Stop, at..at + c.len_utf8());
                    c.len_utf8()
                }
                '-' if rest[1..].starts_with([' ', '-']) => {
                    self.push(Kind::Stop, at..at + 1);
                    1
                }
                '@' => self.word(at, place.end),
                c if c.is_alphanumeric() => self.word(at, place.end),
                other => other.len_utf8(),
            };
            at += length;
        }
        closes_at
    }

    /// Whether a full stop belongs to an abbreviation: the next word is in lower case.
    fn goes_on(&self, at: usize, end: usize) -> bool {
        let rest = self.source[at..end].trim_start();
        let after_short = self.tokens.last().is_some_and(|token| {
            matches!(
                token.text.as_str(),
                "e.g" | "i.e" | "eg" | "ie" | "etc" | "approx" | "vs" | "no" | "cf" | "mr" | "dr"
            )
        });
        after_short && rest.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit())
    }

    /// Where the quotation that opens at `at` closes, on this stretch or, for short ones, right after it.
    fn quotation(&self, at: usize, open: char) -> Option<usize> {
        let before = self.source[..at].chars().next_back();
        if open == '"' && before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let closing: &[char] = match open {
            '"' => &['"'],
            '“' | '„' => &['”', '“', '"'],
            _ => &['»'],
        };
        let from = at + open.len_utf8();
        let mut limit = (from + QUOTE_LIMIT).min(self.source.len());
        while !self.source.is_char_boundary(limit) {
            limit -= 1;
        }
        let mut window = &self.source[from..limit];
        if let Some(blank) = window.find("\n\n") {
            window = &window[..blank];
        }
        let found = window.find(closing)?;
        let close = window[found..].chars().next()?;
        Some(from + found + close.len_utf8())
    }

    fn opens_single(&self, at: usize) -> bool {
        let before = self.source[..at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '*' | '_'))
    }

    /// Takes a word, a handle or an address; gives its length.
    fn word(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.source[at..end];
        let is_handle = rest.starts_with('@');
        let blank = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
        let chunk = &rest[..blank];
        if chunk.contains("://") || chunk.starts_with("www.") {
            let length = chunk.trim_end_matches(['.', ',', ')', ';', ':', '!', '?']).len().max(1);
            self.push(Kind::Opaque, at..at + length);
            return length;
        }
        let mut length = 0;
        let mut before = ' ';
        for (offset, c) in chunk.char_indices() {
            let joins = matches!(c, '\'' | '’' | '-' | '_' | '.' | '@' | '/' | '+')
                && chunk[offset + c.len_utf8()..].starts_with(char::is_alphanumeric)
                && (before.is_alphanumeric() || offset == 0);
            if !(c.is_alphanumeric() || joins) {
                break;
            }
            before = c;
            length = offset + c.len_utf8();
        }
        if length == 0 {
            return 1;
        }
        let raw = &rest[..length];
        let text = raw.replace('’', "'").to_lowercase();
        let kind = self.kind(raw, &text, is_handle);
        let is_capitalised = raw.starts_with(char::is_uppercase);
        self.tokens.push(Token { text, kind, is_capitalised, place: at..at + length });
        length
    }

    fn kind(&self, raw: &str, text: &str, is_handle: bool) -> Kind {
        if is_handle {
            return if raw[1..].contains(['/', '@']) { Kind::Opaque } else { Kind::Person };
        }
        // `hub-7649b9bf8`, `values.yaml`, `read/write`, `x_y` are names of things.
        if raw.contains(['.', '/', '_', '@']) && !matches!(text, "e.g" | "i.e") {
            return Kind::Opaque;
        }
        let stem = text.strip_suffix("'s").unwrap_or(text);
        let is_capitalised = raw.starts_with(char::is_uppercase) && !raw.chars().nth(1).is_some_and(char::is_uppercase);
        if is_capitalised && (names::is_first_name(stem) || self.people.knows(stem)) {
            Kind::Person
        } else {
            Kind::Word
        }
    }
}

/// The length of a quotation in single marks that begins here, when it closes before the sentence does.
fn single_quotation(rest: &str) -> Option<usize> {
    let open = rest.chars().next()?.len_utf8();
    let mut before = ' ';
    for (offset, c) in rest[open..].char_indices().take(80) {
        if matches!(c, '\'' | '’') {
            let after = rest[open + offset + c.len_utf8()..].chars().next();
            if after.is_none_or(|next| !next.is_alphanumeric()) && !before.is_whitespace() {
                return Some(open + offset + c.len_utf8());
            }
        }
        before = c;
    }
    None
}
