//! Text cut into runs of digits, runs of letters, and single marks.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Digits,
    Letters,
    Mark,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) kind: Kind,
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }
    pub(super) fn number(&self) -> Option<u32> {
        if self.kind == Kind::Digits { self.text.parse().ok() } else { None }
    }
    pub(super) fn is(&self, mark: &str) -> bool {
        self.text == mark
    }
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Letters && self.text.eq_ignore_ascii_case(word)
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let kind = if c.is_ascii_digit() {
            Kind::Digits
        } else if c.is_alphabetic() {
            Kind::Letters
        } else {
            Kind::Mark
        };
        let mut end = at + c.len_utf8();
        if kind != Kind::Mark {
            while let Some((next_at, next)) = chars.peek().copied() {
                let same = if kind == Kind::Digits { next.is_ascii_digit() } else { next.is_alphabetic() };
                if !same {
                    break;
                }
                end = next_at + next.len_utf8();
                chars.next();
            }
        }
        found.push(Token { text: &text[at..end], kind, at });
    }
    found
}

pub(super) fn skip(tokens: &[Token<'_>], mut at: usize, glue: &[&str]) -> usize {
    while tokens.get(at).is_some_and(|token| glue.iter().any(|word| token.text.eq_ignore_ascii_case(word))) {
        at += 1;
    }
    at
}
