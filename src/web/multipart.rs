//! Forms with files (RFC 7578), read whole from a body that was already bounded. Pure.

/// Most parts of one form.
const PART_LIMIT: usize = 520;

/// One field of a form with files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name; nothing for a plain field.
    pub file_name: Option<String>,
    /// What was sent.
    pub content: Vec<u8>,
}

/// The boundary that a content type names.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim().trim_matches('"'))
    })?;
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// Takes a body apart; nothing when it is no such form.
pub fn parts(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let mark = format!("--{boundary}");
    let mark = mark.as_bytes();
    let mut parts = Vec::new();
    let mut rest = body.get(find(body, mark)? + mark.len()..)?;
    while !rest.starts_with(b"--") {
        if parts.len() >= PART_LIMIT {
            return None;
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_end]).into_owned();
        rest = &rest[head_end + 4..];
        let mut closing = b"\r\n".to_vec();
        closing.extend_from_slice(mark);
        let end = find(rest, &closing)?;
        let (name, file_name) = disposition(&head)?;
        parts.push(Part { name, file_name, content: rest[..end].to_vec() });
        rest = &rest[end + closing.len()..];
    }
    Some(parts)
}

fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let value = |wanted: &str| {
        let start = line.find(&format!("{wanted}=\""))? + wanted.len() + 2;
        let end = line[start..].find('"')?;
        // Browsers write quotes and line ends of names as percent signs.
        Some(line[start..start + end].replace("%22", "\"").replace("%0D", "").replace("%0A", " "))
    };
    let file_name = value("; filename");
    Some((value("; name")?, file_name))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if text.len() < wanted.len() {
        return None;
    }
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\na graph\r\n--x\r\n\
            Content-Disposition: form-data; name=\"picture\"; filename=\"g.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\0\r\n--x--\r\n";
        let found = parts(body, "x").unwrap();
        assert_eq!((found[0].name.as_str(), found[0].content.as_slice()), ("alt", b"a graph".as_slice()));
        assert_eq!(found[0].file_name, None);
        assert_eq!(
            (found[1].file_name.as_deref(), found[1].content.as_slice()),
            (Some("g.png"), b"\x89PNG\r\n\0".as_slice())
        );
        assert_eq!(boundary("multipart/form-data; boundary=\"x y\"").as_deref(), Some("x y"));
        assert_eq!(boundary("text/plain; boundary=x"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_body_is_read_without_a_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "--x", "\r\n", "--", "Content-Disposition: form-data; name=\"a\"", "; filename=\"", "\"", "\r\n\r\n", "text",
        ]), 0..20)) {
            let _ = parts(pieces.concat().as_bytes(), "x");
        }
    }
}
