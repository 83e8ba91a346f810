//! Which addresses a document may link to, and how text is escaped.

use std::fmt::Write as _;

/// Escapes `text` for HTML text and for attribute values in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    push_escaped(&mut escaped, text);
    escaped
}

/// Like [`escape`], onto the end of `out`.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // NUL is not a character in HTML.
            '\0' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

/// Longest address that is linked, in bytes; browsers give up not far above.
const ADDRESS_LIMIT: usize = 8_000;

/// The address as it may stand in `href`, or `None` when its scheme is not allowed.
///
/// Browsers ignore tabs and line breaks anywhere and control characters at the ends, so they
/// are taken out before the scheme is looked at.
pub(super) fn allowed_href(address: &str) -> Option<String> {
    let bare: String = address.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let bare = bare.trim_matches(|c: char| c.is_control() || c == ' ');
    if bare.len() > ADDRESS_LIMIT {
        return None;
    }
    if let Some(scheme) = scheme_of(bare)
        && !["http", "https", "mailto"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
    {
        return None;
    }
    let mut href = String::with_capacity(bare.len());
    for c in bare.chars() {
        match c {
            ' ' | '"' | '<' | '>' | '\\' | '`' | '{' | '}' | '|' | '^' | '\u{7f}' => percent_encode(&mut href, c),
            c if c.is_control() => percent_encode(&mut href, c),
            c => href.push(c),
        }
    }
    Some(href)
}

fn percent_encode(out: &mut String, c: char) {
    let mut bytes = [0_u8; 4];
    for byte in c.encode_utf8(&mut bytes).bytes() {
        write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
    }
}

fn scheme_of(address: &str) -> Option<&str> {
    let end = address.find(':')?;
    let before = &address[..end];
    // A colon after a path, query or fragment mark belongs to a relative address.
    if before.contains(['/', '?', '#']) { None } else { Some(before) }
}

/// True for pictures stored by Debrief itself; all others would be fetched from strangers.
pub(super) fn is_attachment(address: &str) -> bool {
    address.strip_prefix("/attachments/").is_some_and(|rest| {
        !rest.is_empty()
            && rest.len() <= ADDRESS_LIMIT
            && !rest.starts_with('/')
            && !rest.contains("..")
            && !rest.contains('\\')
            && !rest.contains("//")
    })
}

/// True for an address on another host.
pub(super) fn is_absolute(address: &str) -> bool {
    scheme_of(address).is_some() || address.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_schemes_and_relative_addresses_pass() {
        assert_eq!(allowed_href("https://a.example/x y").as_deref(), Some("https://a.example/x%20y"));
        assert_eq!(allowed_href("MAILTO:a@b.example").as_deref(), Some("MAILTO:a@b.example"));
        assert_eq!(allowed_href("/a?b=c:d").as_deref(), Some("/a?b=c:d"));
        for bad in [
            "javascript:alert(1)",
            "JAVA\nSCRIPT:alert(1)",
            "\u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "x y:z",
        ] {
            assert_eq!(allowed_href(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn attachments_cannot_climb_out() {
        assert!(is_attachment("/attachments/12/graph.png"));
        for bad in ["/attachments/", "/attachments/../logout", "attachments/x.png", "/attachments//evil.example/x"] {
            assert!(!is_attachment(bad), "{bad}");
        }
    }
}
