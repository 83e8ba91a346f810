//! Finds what can become a link in running text: keys, handles and bare web addresses.

/// One stretch of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Plain words.
    Words(&'a str),
    /// A bare `http://` or `https://` address.
    Address(&'a str),
    /// `INC-42`.
    Incident(i64, &'a str),
    /// `ACT-7`.
    ActionItem(i64, &'a str),
    /// `DEP-9`.
    Deploy(i64, &'a str),
    /// `@handle`; the first part is the handle without the sign.
    Handle(&'a str, &'a str),
}

/// Cuts `text` into pieces; joined again they are `text`.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut words_from = 0;
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let piece = match c {
            'I' | 'A' | 'D' if !joins(before) => key(rest),
            '@' if !joins(before) && before != Some('@') => handle(rest),
            'h' | 'H' if !before.is_some_and(char::is_alphanumeric) => address(rest),
            _ => None,
        };
        if let Some((piece, length)) = piece {
            if words_from < at {
                found.push(Piece::Words(&text[words_from..at]));
            }
            found.push(piece);
            at += length;
            words_from = at;
            before = text[..at].chars().next_back();
        } else {
            at += c.len_utf8();
            before = Some(c);
        }
    }
    if words_from < text.len() {
        found.push(Piece::Words(&text[words_from..]));
    }
    found
}

/// True when the character before belongs to the same word, address or path.
fn joins(before: Option<char>) -> bool {
    before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '#' | '=' | '&'))
}

fn key(rest: &str) -> Option<(Piece<'_>, usize)> {
    let digits_from = 4;
    let prefix = rest.get(..digits_from)?;
    if !matches!(prefix, "INC-" | "ACT-" | "DEP-") {
        return None;
    }
    let digits = rest[digits_from..].bytes().take_while(u8::is_ascii_digit).count();
    let length = digits_from + digits;
    if digits == 0 || digits > 12 || rest.as_bytes()[digits_from] == b'0' {
        return None;
    }
    let mut after = rest[length..].chars();
    match after.next() {
        Some(c) if c.is_alphanumeric() || c == '_' => return None,
        // `INC-42-notes` is a name of its own; `INC-42 - notes` and `INC-42.` are not.
        Some('-' | '.' | '/') if after.next().is_some_and(char::is_alphanumeric) => return None,
        _ => {}
    }
    let text = &rest[..length];
    let number: i64 = text[digits_from..].parse().ok()?;
    let piece = match prefix {
        "INC-" => Piece::Incident(number, text),
        "ACT-" => Piece::ActionItem(number, text),
        _ => Piece::Deploy(number, text),
    };
    Some((piece, length))
}

/// Longest handle that is looked for, in characters.
const HANDLE_LIMIT: usize = 64;

fn handle(rest: &str) -> Option<(Piece<'_>, usize)> {
    let body = &rest[1..];
    if !body.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let run = body.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let name = body[..run].trim_end_matches(['.', '-', '_']);
    let after = body[name.len()..].chars().next();
    // `@scope/package` and `@name@host` mean something else.
    if name.len() > HANDLE_LIMIT || after.is_some_and(|c| matches!(c, '/' | '@') || c.is_alphanumeric()) {
        return None;
    }
    Some((Piece::Handle(name, &rest[..=name.len()]), name.len() + 1))
}

fn address(rest: &str) -> Option<(Piece<'_>, usize)> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end = rest
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`'))
        .unwrap_or(rest.len());
    let mut address = &rest[..end];
    let mut open = address.matches('(').count();
    let mut closed = address.matches(')').count();
    // Punctuation at the end belongs to the sentence, and so does a bracket that was opened
    // before the address.
    while let Some(last) = address.chars().next_back() {
        let belongs = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | ']' | '}' | '|' => false,
            ')' => closed <= open,
            _ => true,
        };
        if belongs {
            break;
        }
        match last {
            ')' => closed -= 1,
            '(' => open -= 1,
            _ => {}
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    if address.len() <= scheme.len() {
        return None;
    }
    Some((Piece::Address(address), address.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_handles_and_addresses_are_found() {
        assert_eq!(
            pieces("See INC-42, ask @ana.k (https://a.example/x_(y))."),
            vec![
                Piece::Words("See "),
                Piece::Incident(42, "INC-42"),
                Piece::Words(", ask "),
                Piece::Handle("ana.k", "@ana.k"),
                Piece::Words(" ("),
                Piece::Address("https://a.example/x_(y)"),
                Piece::Words(")."),
            ]
        );
        assert_eq!(pieces("ACT-7/DEP-9")[0], Piece::Words("ACT-7/DEP-9"));
        assert_eq!(pieces("DEP-9.")[0], Piece::Deploy(9, "DEP-9"));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for text in [
            "XINC-42",
            "INC-42b",
            "INC-042",
            "INC-",
            "INC-42-notes",
            "mail@host.example",
            "@scope/package",
            "@@x",
            "a/@b",
            "INC-99999999999999",
            "INC\u{2011}42",
            "xhttp://y",
            "http://",
            "DEP-1.2",
        ] {
            assert_eq!(pieces(text), vec![Piece::Words(text)], "{text}");
        }
    }

    #[test]
    fn pieces_join_to_the_text() {
        let text = "é@ü INC-1é ACT-3 https://ü.example/ä, @x-. ☃";
        let joined: String = pieces(text)
            .iter()
            .map(|piece| match piece {
                Piece::Words(t)
                | Piece::Address(t)
                | Piece::Incident(_, t)
                | Piece::ActionItem(_, t)
                | Piece::Deploy(_, t)
                | Piece::Handle(_, t) => *t,
            })
            .collect();
        assert_eq!(joined, text);
    }
}
