//! The block of keys and values at the start of a file: read in the subset of YAML that people
//! use there, written so that every YAML reader understands it.

use std::fmt::Write as _;

/// A value of front matter. Everything is text: what it means is for the reader of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontMatterValue {
    /// One value.
    Text(String),
    /// Several values in order.
    List(Vec<String>),
    /// Named values in order.
    Map(Vec<(String, String)>),
}

/// Keys and values in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// What was read.
    pub entries: Vec<(String, FrontMatterValue)>,
    /// Lines that could not be read, as they stand in the file.
    pub unread: Vec<String>,
}

impl FrontMatter {
    /// Adds `key` with one value.
    pub fn push_text(&mut self, key: &str, value: impl Into<String>) {
        self.entries.push((key.to_owned(), FrontMatterValue::Text(value.into())));
    }

    /// Adds `key` with several values.
    pub fn push_list(&mut self, key: &str, values: Vec<String>) {
        self.entries.push((key.to_owned(), FrontMatterValue::List(values)));
    }

    /// Adds `key` with named values.
    pub fn push_map(&mut self, key: &str, values: Vec<(String, String)>) {
        self.entries.push((key.to_owned(), FrontMatterValue::Map(values)));
    }

    /// The value of `key`; capitals, `-` and `_` make no difference.
    pub fn get(&self, key: &str) -> Option<&FrontMatterValue> {
        let wanted = plain_key(key);
        self.entries.iter().find(|(name, _)| plain_key(name) == wanted).map(|(_, value)| value)
    }

    /// The value of `key` when it is a single one and not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            FrontMatterValue::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The values of `key`; a single value may name several between commas.
    pub fn list(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(FrontMatterValue::List(values)) => values.clone(),
            Some(FrontMatterValue::Text(text)) => {
                text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            }
            Some(FrontMatterValue::Map(_)) | None => Vec::new(),
        }
    }

    /// The named values of `key`.
    pub fn map(&self, key: &str) -> &[(String, String)] {
        match self.get(key) {
            Some(FrontMatterValue::Map(values)) => values,
            _ => &[],
        }
    }

    /// Reads the lines between two `---`.
    pub fn read_yaml(inner: &str) -> Self {
        Reader { lines: inner.lines().collect(), at: 0, read: Self::default() }.read()
    }

    /// Reads the lines between two `+++`.
    pub fn read_toml(inner: &str) -> Self {
        let mut read = Self::default();
        let Ok(table) = inner.parse::<toml::Table>() else {
            read.unread = inner.lines().map(str::to_owned).collect();
            return read;
        };
        for (key, value) in &table {
            let value = match value {
                toml::Value::Array(items) => FrontMatterValue::List(items.iter().map(toml_text).collect()),
                toml::Value::Table(inner) => {
                    FrontMatterValue::Map(inner.iter().map(|(name, value)| (name.clone(), toml_text(value))).collect())
                }
                single => FrontMatterValue::Text(toml_text(single)),
            };
            read.entries.push((key.clone(), value));
        }
        read
    }

    /// Writes the lines between two `---`, without the fences.
    pub fn write_yaml(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.entries {
            let key = scalar(key);
            match value {
                FrontMatterValue::Text(text) => writeln!(out, "{key}: {}", scalar(text)),
                FrontMatterValue::List(values) => {
                    let values: Vec<String> = values.iter().map(|value| scalar(value)).collect();
                    writeln!(out, "{key}: [{}]", values.join(", "))
                }
                FrontMatterValue::Map(values) if values.is_empty() => writeln!(out, "{key}: {{}}"),
                FrontMatterValue::Map(values) => {
                    let mut lines = format!("{key}:\n");
                    for (name, value) in values {
                        writeln!(lines, "  {}: {}", scalar(name), scalar(value))
                            .expect("writing to a String cannot fail");
                    }
                    out.write_str(&lines)
                }
            }
            .expect("writing to a String cannot fail");
        }
        out
    }
}

fn toml_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Datetime(at) => at.to_string(),
        toml::Value::Array(items) => items.iter().map(toml_text).collect::<Vec<_>>().join(", "),
        toml::Value::Table(inner) => {
            let named: Vec<String> =
                inner.iter().map(|(name, value)| format!("{name}: {}", toml_text(value))).collect();
            named.join(", ")
        }
    }
}

fn plain_key(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Writes text bare where no YAML reader can take it for anything else, and quoted elsewhere.
fn scalar(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '))
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if bare {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                write!(quoted, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
    read: FrontMatter,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> FrontMatter {
        while let Some(line) = self.lines.get(self.at).copied() {
            self.at += 1;
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let entry = if line.starts_with([' ', '\t', '-']) { None } else { key_and_rest(line) };
            let Some((key, rest)) = entry else {
                self.read.unread.push(line.to_owned());
                continue;
            };
            match self.value(rest) {
                Some(value) => self.read.entries.push((key, value)),
                None => self.read.unread.push(line.to_owned()),
            }
        }
        self.read
    }

    fn value(&mut self, rest: &str) -> Option<FrontMatterValue> {
        let rest = rest.trim();
        if rest.is_empty() || rest.starts_with('#') {
            return Some(self.block());
        }
        if let Some(style) = rest.strip_prefix(['|', '>'])
            && style.trim_matches(['+', '-', ' ']).chars().all(|c| c.is_ascii_digit())
        {
            return Some(FrontMatterValue::Text(self.block_text(rest.starts_with('|'))));
        }
        if rest.starts_with('[') {
            let mut text = rest.to_owned();
            // A list may run over several lines.
            while !ends_flow(&text, ']') && self.indented() && text.len() < 100_000 {
                text.push(' ');
                text.push_str(self.lines[self.at].trim());
                self.at += 1;
            }
            return flow_list(&text).map(FrontMatterValue::List);
        }
        if rest.starts_with('{') {
            return flow_map(rest).map(FrontMatterValue::Map);
        }
        let mut text = single(rest)?;
        // A plain value may go on in indented lines.
        while !rest.starts_with(['"', '\'']) && self.indented() {
            text.push(' ');
            text.push_str(self.lines[self.at].trim());
            self.at += 1;
        }
        Some(FrontMatterValue::Text(text))
    }

    fn indented(&self) -> bool {
        self.lines.get(self.at).is_some_and(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty())
    }

    /// The lines below a key without a value: a list, a map, or nothing.
    fn block(&mut self) -> FrontMatterValue {
        let mut list = Vec::new();
        let mut map = Vec::new();
        while let Some(line) = self.lines.get(self.at).copied() {
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with('#') {
                self.at += 1;
                continue;
            }
            let item = bare.strip_prefix("- ").or_else(|| (bare == "-").then_some(""));
            if !line.starts_with([' ', '\t']) && item.is_none() {
                break;
            }
            self.at += 1;
            if let Some(item) = item {
                list.push(single(item.trim()).unwrap_or_else(|| item.trim().to_owned()));
            } else if let Some((name, value)) = key_and_rest(bare)
                && list.is_empty()
                && let Some(value) = single(value.trim())
            {
                map.push((name, value));
            } else {
                self.read.unread.push(line.to_owned());
            }
        }
        if !list.is_empty() {
            FrontMatterValue::List(list)
        } else if !map.is_empty() {
            FrontMatterValue::Map(map)
        } else {
            FrontMatterValue::Text(String::new())
        }
    }

    fn block_text(&mut self, keeps_lines: bool) -> String {
        let mut lines = Vec::new();
        while let Some(line) = self.lines.get(self.at).copied() {
            if !line.trim().is_empty() && !line.starts_with([' ', '\t']) {
                break;
            }
            lines.push(line);
            self.at += 1;
        }
        let indent = lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start().len())
            .min()
            .unwrap_or(0);
        let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or("")).collect();
        lines.join(if keeps_lines { "\n" } else { " " }).trim_end().to_owned()
    }
}

/// Cuts `key: value`; the key may be quoted.
fn key_and_rest(line: &str) -> Option<(String, &str)> {
    if line.starts_with(['"', '\'']) {
        let (key, rest) = quoted(line)?;
        return Some((key, rest.trim_start().strip_prefix(':')?));
    }
    let at = line.find(':')?;
    let rest = &line[at + 1..];
    let key = line[..at].trim();
    if key.is_empty() || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    Some((key.to_owned(), rest))
}

/// One value: quoted, or bare up to a comment.
fn single(text: &str) -> Option<String> {
    if text.starts_with(['"', '\'']) {
        let (value, rest) = quoted(text)?;
        let rest = rest.trim();
        return (rest.is_empty() || rest.starts_with('#')).then_some(value);
    }
    let bare = text.split(" #").next().unwrap_or(text).trim();
    if matches!(bare, "~" | "null") { Some(String::new()) } else { Some(bare.to_owned()) }
}

/// A quoted value and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
                value.push('\'');
            }
            c if c == quote => return Some((value, &text[at + 1..])),
            '\\' if quote == '"' => {
                let (_, escaped) = chars.next()?;
                match escaped {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'r' => value.push('\r'),
                    '0' => value.push('\0'),
                    'x' | 'u' | 'U' => {
                        let count = if escaped == 'x' {
                            2
                        } else if escaped == 'u' {
                            4
                        } else {
                            8
                        };
                        let digits: String = chars.by_ref().take(count).map(|(_, digit)| digit).collect();
                        value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    other => value.push(other),
                }
            }
            c => value.push(c),
        }
    }
    None
}

fn ends_flow(text: &str, mark: char) -> bool {
    flow_parts(text, mark).is_some()
}

/// The parts of `[a, "b"]` or `{a: b}` between the commas; `None` when it does not end.
fn flow_parts(text: &str, closing: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut from = 1;
    let mut at = 1;
    while at < text.len() {
        let rest = &text[at..];
        let c = rest.chars().next()?;
        let at_start = text[from..at].trim().is_empty();
        if matches!(c, '"' | '\'') && (at_start || text[from..at].trim_end().ends_with(':')) {
            let (_, after) = quoted(rest)?;
            at = text.len() - after.len();
            continue;
        }
        if c == ',' || c == closing {
            let part = text[from..at].trim();
            if !part.is_empty() {
                parts.push(part);
            }
            from = at + 1;
            if c == closing {
                let rest = text[at + 1..].trim();
                return (rest.is_empty() || rest.starts_with('#')).then_some(parts);
            }
        }
        at += c.len_utf8();
    }
    None
}

fn flow_list(text: &str) -> Option<Vec<String>> {
    flow_parts(text, ']')?.into_iter().map(single).collect()
}

fn flow_map(text: &str) -> Option<Vec<(String, String)>> {
    flow_parts(text, '}')?
        .into_iter()
        .map(|part| {
            let (name, value) = key_and_rest(part)?;
            Some((name, single(value.trim())?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn front_matter_of_site_generators_is_read() {
        let read = FrontMatter::read_yaml(
            "# made by hand\nlayout: post\ntitle: \"Disk: \\\"full\\\" again\"  # why\ndate:   2019-03-04 10:00:00 +0100\n\
             categories: [ops, 'it''s', \"a, b\"]\ntags:\n- disk\n  - \"no: space\"\nauthors:\n  name: Ana\n  url: https://a.example\n\
             summary: >\n  one\n  two\nlong: [a,\n  b]\nempty:\nlast: x\n",
        );
        assert_eq!(read.unread, Vec::<String>::new());
        assert_eq!(read.text("title"), Some("Disk: \"full\" again"));
        assert_eq!(read.text("Date"), Some("2019-03-04 10:00:00 +0100"));
        assert_eq!(read.list("categories"), ["ops", "it's", "a, b"]);
        assert_eq!(read.list("tags"), ["disk", "no: space"]);
        assert_eq!(read.map("authors")[1], ("url".to_owned(), "https://a.example".to_owned()));
        assert_eq!(read.text("summary"), Some("one two"));
        assert_eq!(read.list("long"), ["a", "b"]);
        assert_eq!(read.text("empty"), None);
        assert_eq!(read.text("last"), Some("x"));
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        let read = FrontMatter::read_yaml("good: 1\nthis is no key\nbad: \"open\n? odd\nalso: 2\n");
        assert_eq!(read.unread, ["this is no key", "bad: \"open", "? odd"]);
        assert_eq!(read.text("also"), Some("2"));
    }

    #[test]
    fn toml_is_read_too() {
        let read = FrontMatter::read_toml(
            "title = \"A\"\ndate = 2019-03-04T10:00:00Z\ntags = [\"x\"]\n[params]\nowner = \"ops\"\n",
        );
        assert_eq!(read.text("date"), Some("2019-03-04T10:00:00Z"));
        assert_eq!(read.list("tags"), ["x"]);
        assert_eq!(read.map("params")[0].1, "ops");
        assert_eq!(FrontMatter::read_toml("not toml").unread, ["not toml"]);
    }

    fn any_value() -> impl Strategy<Value = FrontMatterValue> {
        let text = "\\PC{0,20}|[ -~\n\r\t\u{0}]{0,20}";
        prop_oneof![
            text.prop_map(FrontMatterValue::Text),
            proptest::collection::vec(text, 0..4).prop_map(FrontMatterValue::List),
            proptest::collection::vec((text, text), 0..4).prop_map(FrontMatterValue::Map),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again(values in proptest::collection::vec(any_value(), 0..5)) {
            let entries: Vec<(String, FrontMatterValue)> =
                values.into_iter().enumerate().map(|(n, value)| (format!("key_{n}"), value)).collect();
            let written = FrontMatter { entries, unread: Vec::new() };
            prop_assert_eq!(FrontMatter::read_yaml(&written.write_yaml()), written);
        }

        #[test]
        fn reading_never_panics(text in "[ -~\n]{0,200}|\\PC{0,100}") {
            let _ = FrontMatter::read_yaml(&text);
            let _ = FrontMatter::read_toml(&text);
        }
    }
}
