//! Reads the raw HTML people put into Markdown into tags and text.
//!
//! Only what it fully understands comes out as a tag: everything else is text. The renderer
//! writes tags anew from these parts, so that no browser can read them in another way.

/// One part of raw HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text between tags; character references in it are still encoded.
    Text(&'a str),
    /// An opening tag.
    Open(OpenTag),
    /// A closing tag; the name is in lower case.
    Close(String),
    /// Comments, declarations, and elements whose content is never shown.
    Dropped,
}

/// An opening tag with its attributes, names in lower case, values decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenTag {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

impl OpenTag {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Elements that go together with all they hold.
const CONTENT_DROPPED: [&str; 16] = [
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "template",
    "noscript",
    "title",
    "textarea",
    "select",
    "svg",
    "math",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
];

/// True for elements whose content must not be shown either.
pub(super) fn drops_content(name: &str) -> bool {
    CONTENT_DROPPED.contains(&name)
}

/// Most attributes read of one tag.
const ATTRIBUTE_LIMIT: usize = 32;

/// Cuts raw HTML into parts.
pub(super) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    // Once one tag is found without an end, no later one can have an end either way that is
    // worth the search: the rest is text. This keeps the work linear.
    while let Some(offset) = html[at..].find('<') {
        let tag_at = at + offset;
        let Some((piece, length)) = markup(&html[tag_at..]) else {
            if unfinished(&html[tag_at..]) {
                break;
            }
            at = tag_at + 1;
            continue;
        };
        if text_from < tag_at {
            found.push(Piece::Text(&html[text_from..tag_at]));
        }
        at = tag_at + length;
        if let Piece::Open(tag) = &piece
            && drops_content(&tag.name)
        {
            at = end_of_dropped(html, at, &tag.name);
            found.push(Piece::Dropped);
        } else {
            found.push(piece);
        }
        text_from = at;
    }
    if text_from < html.len() {
        found.push(Piece::Text(&html[text_from..]));
    }
    found
}

/// Where the element `name`, opened just before `from`, ends: after its closing tag, or at
/// the end of this piece of HTML.
fn end_of_dropped(html: &str, from: usize, name: &str) -> usize {
    if matches!(name, "embed") {
        return from;
    }
    let lower = &html[from..];
    let mut at = 0;
    while let Some(offset) = lower[at..].find("</") {
        let start = at + offset + 2;
        let is_it = lower.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_it {
            return lower[start..].find('>').map_or(html.len(), |end| from + start + end + 1);
        }
        at = start;
    }
    html.len()
}

/// True when `rest` starts a tag or comment that never ends.
fn unfinished(rest: &str) -> bool {
    let second = rest.as_bytes().get(1).copied().unwrap_or(b' ');
    second.is_ascii_alphabetic() || matches!(second, b'/' | b'!' | b'?')
}

/// Reads the markup `rest` begins with, and how many bytes it takes.
fn markup(rest: &str) -> Option<(Piece<'_>, usize)> {
    let bytes = rest.as_bytes();
    match bytes.get(1)? {
        b'!' if rest.starts_with("<!--") => {
            // `<!-->` and `<!--->` are whole comments.
            let end = rest[2..].find("-->")?;
            Some((Piece::Dropped, 2 + end + 3))
        }
        b'!' | b'?' => rest.find('>').map(|end| (Piece::Dropped, end + 1)),
        b'/' => {
            let end = rest.find('>')?;
            let name = name_at(&rest[2..end]);
            if name.is_empty() {
                return Some((Piece::Dropped, end + 1));
            }
            Some((Piece::Close(name), end + 1))
        }
        c if c.is_ascii_alphabetic() => open_tag(rest),
        _ => None,
    }
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '/' | '>')).flat_map(char::to_lowercase).collect()
}

fn open_tag(rest: &str) -> Option<(Piece<'_>, usize)> {
    let name = name_at(&rest[1..]);
    let bytes = rest.as_bytes();
    let mut at = 1 + name_length(&rest[1..]);
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
            at += 1;
        }
        match bytes.get(at)? {
            b'>' => return Some((Piece::Open(OpenTag { name, attributes }), at + 1)),
            _ => {
                let key_from = at;
                while at < bytes.len() && !bytes[at].is_ascii_whitespace() && !matches!(bytes[at], b'=' | b'>' | b'/') {
                    at += 1;
                }
                // A stray `=` stands for itself, so that every round moves on.
                if at == key_from {
                    at += 1;
                }
                let key = rest[key_from..at].to_lowercase();
                let mut value_at = at;
                while value_at < bytes.len() && bytes[value_at].is_ascii_whitespace() {
                    value_at += 1;
                }
                let mut value = String::new();
                if bytes.get(value_at) == Some(&b'=') {
                    at = value_at + 1;
                    while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                        at += 1;
                    }
                    let raw;
                    (raw, at) = attribute_value(rest, at)?;
                    value = decode(raw);
                }
                if attributes.len() < ATTRIBUTE_LIMIT && !attributes.iter().any(|(known, _)| *known == key) {
                    attributes.push((key, value));
                }
            }
        }
    }
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(text.len())
}

fn attribute_value(rest: &str, from: usize) -> Option<(&str, usize)> {
    let quote = *rest.as_bytes().get(from)?;
    if matches!(quote, b'"' | b'\'') {
        let end = rest[from + 1..].find(quote as char)?;
        return Some((&rest[from + 1..from + 1 + end], from + end + 2));
    }
    let end = rest[from..].find(|c: char| c.is_ascii_whitespace() || c == '>')?;
    Some((&rest[from..from + end], from + end))
}

/// Decodes numeric character references and the common named ones.
pub(super) fn decode(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = character_reference(rest).unwrap_or(('&', 1));
        decoded.push(character);
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    decoded
}

fn character_reference(rest: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 10] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&nbsp;", '\u{a0}'),
        ("&colon;", ':'),
        ("&Tab;", '\t'),
        ("&NewLine;", '\n'),
        ("&sol;", '/'),
    ];
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some((*character, name.len()));
    }
    let digits_at = rest.strip_prefix("&#")?;
    let (radix, digits_at, lead) = match digits_at.strip_prefix(['x', 'X']) {
        Some(hex) => (16, hex, 3),
        None => (10, digits_at, 2),
    };
    let count = digits_at.chars().take_while(|c| c.is_digit(radix)).take(8).count();
    let number = u32::from_str_radix(&digits_at[..count], radix).ok()?;
    let semicolon = usize::from(digits_at[count..].starts_with(';'));
    Some((char::from_u32(number).unwrap_or('\u{FFFD}'), lead + count + semicolon))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, attributes: &[(&str, &str)]) -> Piece<'static> {
        Piece::Open(OpenTag {
            name: name.to_owned(),
            attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        })
    }

    #[test]
    fn tags_and_text_come_apart() {
        assert_eq!(
            pieces("a<B Title='x > y' open>c</b ><br/>"),
            vec![
                Piece::Text("a"),
                open("b", &[("title", "x > y"), ("open", "")]),
                Piece::Text("c"),
                Piece::Close("b".to_owned()),
                open("br", &[]),
            ]
        );
        assert_eq!(pieces("1 < 2 <3"), vec![Piece::Text("1 < 2 <3")]);
        assert_eq!(pieces("<a href=&#106;ava&Tab;x>"), vec![open("a", &[("href", "java\tx")])]);
    }

    #[test]
    fn content_that_is_never_shown_goes_whole() {
        assert_eq!(
            pieces("a<script x>if (1 < 2) '</b>'</SCRIPT >b<!-- <i> -->c"),
            vec![Piece::Text("a"), Piece::Dropped, Piece::Text("b"), Piece::Dropped, Piece::Text("c")]
        );
        assert_eq!(pieces("a<style>b"), vec![Piece::Text("a"), Piece::Dropped]);
    }

    #[test]
    fn a_tag_without_an_end_is_text() {
        assert_eq!(
            pieces("<i>x</i><div title=\""),
            vec![open("i", &[]), Piece::Text("x"), Piece::Close("i".to_owned()), Piece::Text("<div title=\""),]
        );
    }
}
