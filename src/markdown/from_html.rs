//! HTML that another program hands out, written as Markdown.
//!
//! Only texts that are HTML as a whole are taken for it ([`is_html`]); Markdown with a tag here and there stays as it
//! is, and the renderer makes it safe.

use super::inline_html::{OpenTag, Piece, decode, pieces};

/// Deepest nesting of lists and quotes that is followed.
const DEPTH_LIMIT: usize = 12;
/// Elements that begin a block of their own.
const BLOCKS: [&str; 25] = [
    "p",
    "div",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "figure",
    "figcaption",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "blockquote",
    "table",
];
/// Other elements of HTML that people's texts hold.
const INLINE: [&str; 33] = [
    "a", "abbr", "b", "body", "br", "caption", "code", "del", "em", "font", "hr", "html", "i", "img", "input", "ins",
    "kbd", "li", "mark", "pre", "s", "small", "span", "strike", "strong", "sub", "sup", "tbody", "td", "th", "thead",
    "tr", "u",
];

fn is_element(name: &str) -> bool {
    BLOCKS.contains(&name) || INLINE.contains(&name)
}

/// Whether a text is HTML rather than Markdown: it begins with an element, or ends one that only HTML ends.
pub fn is_html(text: &str) -> bool {
    let begin = text.trim_start();
    if !begin.contains('<') || begin.contains("```") {
        return false;
    }
    let parts = pieces(begin);
    let begins = match parts.first() {
        Some(Piece::Open(tag)) => is_element(&tag.name),
        _ => false,
    };
    let ends = parts.iter().any(|part| match part {
        Piece::Close(name) => BLOCKS.contains(&name.as_str()) || name == "li",
        Piece::Open(tag) => tag.name == "br",
        _ => false,
    });
    // A line of Markdown may begin with one element: `<kbd>x</kbd> does it`.
    ends || (begins && !begin.contains(['\n', '`', '*', '#']))
}

/// The words of one line: no elements of HTML, character references as the characters that they stand for.
pub fn without_elements(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let mut words = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices('<') {
        if at < from {
            continue;
        }
        let rest = &text[at..];
        let Some(end) = rest.find('>') else { break };
        let name: String = rest[1..end]
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .flat_map(char::to_lowercase)
            .collect();
        if is_element(&name) || super::inline_html::drops_content(&name) {
            words.push_str(&text[from..at]);
            if BLOCKS.contains(&name.as_str()) || name == "br" || name == "li" {
                words.push(' ');
            }
            from = at + end + 1;
        }
    }
    words.push_str(&text[from..]);
    decode(&words).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes HTML as Markdown.
pub fn from_html(html: &str) -> String {
    let mut writer = Writer::default();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => writer.text(&decode(text)),
            Piece::Open(tag) => writer.open(&tag),
            Piece::Close(name) => writer.close(&name),
            Piece::Dropped => {}
        }
    }
    writer.finish()
}

enum Container {
    Quote,
    List { next: Option<u64> },
    Item { mark: String, is_pending: bool },
}

/// A mark around words whose end has not come: its element, where its words begin, and its address.
struct Around {
    name: String,
    from: usize,
    href: String,
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The words of the present block.
    words: String,
    around: Vec<Around>,
    containers: Vec<Container>,
    heading: usize,
    code_depth: usize,
    is_preformatted: bool,
    /// The rows of the present table.
    table: Option<Vec<Vec<String>>>,
    /// Whether the last block was an item's.
    is_after_item: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.is_preformatted {
            self.words.push_str(text);
            return;
        }
        for c in text.chars() {
            match c {
                c if c.is_whitespace() => {
                    if !self.words.is_empty() && !self.words.ends_with([' ', '\n']) {
                        self.words.push(' ');
                    }
                }
                '\\' | '`' | '*' | '[' | ']' | '<' | '|' if self.code_depth == 0 => {
                    self.words.push('\\');
                    self.words.push(c);
                }
                '_' if self.code_depth == 0 && !self.words.ends_with(char::is_alphanumeric) => {
                    self.words.push_str("\\_");
                }
                c => self.words.push(c),
            }
        }
    }

    fn open(&mut self, tag: &OpenTag) {
        let name = tag.name.as_str();
        match name {
            "br" if self.table.is_some() || self.heading > 0 => self.text(" "),
            "br" if !self.words.is_empty() => {
                self.words.truncate(self.words.trim_end_matches(' ').len());
                self.words.push_str("\\\n");
            }
            "hr" => {
                self.end_block();
                self.block("---");
            }
            "img" => {
                let source = tag.attribute("src").unwrap_or_default();
                if source.starts_with("https://") || source.starts_with("http://") {
                    let alt = tag.attribute("alt").unwrap_or_default();
                    self.words.push_str(&format!("![{}](<{source}>)", alt.replace(['[', ']'], "")));
                }
            }
            "input" if tag.attribute("type") == Some("checkbox") => {
                self.words.push_str(if tag.attribute("checked").is_some() { "[x] " } else { "[ ] " });
            }
            "pre" => {
                self.end_block();
                self.is_preformatted = true;
            }
            "code" | "kbd" | "b" | "strong" | "i" | "em" | "del" | "s" | "strike" | "a" => {
                if matches!(name, "code" | "kbd") {
                    self.code_depth += 1;
                }
                let href = tag.attribute("href").unwrap_or_default().trim().to_owned();
                self.around.push(Around { name: name.to_owned(), from: self.words.len(), href });
            }
            "tr" => {
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
                self.words.clear();
            }
            "td" | "th" => self.end_cell(),
            "li" => {
                self.end_block();
                // An item that was not ended ends where the next begins.
                if matches!(self.containers.last(), Some(Container::Item { .. })) {
                    self.containers.pop();
                }
                let mark = match self.containers.last_mut() {
                    Some(Container::List { next: Some(next) }) => {
                        let mark = format!("{next}. ");
                        *next += 1;
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                self.enter(Container::Item { mark, is_pending: true });
            }
            "ul" | "ol" => {
                self.end_block();
                self.enter(Container::List { next: (name == "ol").then_some(1) });
            }
            "blockquote" => {
                self.end_block();
                self.enter(Container::Quote);
            }
            "table" if self.table.is_none() => {
                self.end_block();
                self.table = Some(Vec::new());
            }
            _ if BLOCKS.contains(&name) => {
                self.end_block();
                self.heading = level(name);
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "pre" if self.is_preformatted => {
                self.is_preformatted = false;
                self.around.clear();
                self.code_depth = 0;
                let code = std::mem::take(&mut self.words);
                let fence = if code.contains("```") { "````" } else { "```" };
                self.block(&format!("{fence}\n{}\n{fence}", code.trim_matches('\n')));
            }
            "td" | "th" => {
                self.end_marks(0);
                let cell = std::mem::take(&mut self.words).trim().replace("\\\n", " ").replace('\n', " ");
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(cell);
                }
            }
            "table" => self.end_table(),
            "li" => self.leave(|container| matches!(container, Container::Item { .. })),
            "ul" | "ol" => self.leave(|container| matches!(container, Container::List { .. })),
            "blockquote" => self.leave(|container| matches!(container, Container::Quote)),
            _ if BLOCKS.contains(&name) => self.end_block(),
            _ => {
                if let Some(place) = self.around.iter().rposition(|around| around.name == name) {
                    self.end_marks(place);
                }
            }
        }
    }

    fn enter(&mut self, container: Container) {
        if self.containers.len() < 2 * DEPTH_LIMIT {
            self.containers.push(container);
        }
    }

    fn leave(&mut self, is_it: impl Fn(&Container) -> bool) {
        self.end_block();
        if let Some(place) = self.containers.iter().rposition(is_it) {
            self.containers.truncate(place);
        }
    }

    /// Writes the marks of everything from `place` on.
    fn end_marks(&mut self, place: usize) {
        while self.around.len() > place {
            let Some(Around { name, from, href }) = self.around.pop() else { return };
            let from = from.min(self.words.len());
            let inside = self.words.split_off(from);
            if matches!(name.as_str(), "code" | "kbd") {
                self.code_depth = self.code_depth.saturating_sub(1);
            }
            let bare = inside.trim();
            let (open, close) = match name.as_str() {
                _ if bare.is_empty() || self.is_preformatted => (String::new(), String::new()),
                "b" | "strong" => ("**".to_owned(), "**".to_owned()),
                "i" | "em" => ("*".to_owned(), "*".to_owned()),
                "code" | "kbd" => {
                    let fence = if bare.contains('`') { "`` " } else { "`" };
                    (fence.to_owned(), fence.chars().rev().collect())
                }
                "a" if leads_somewhere(&href) => ("[".to_owned(), format!("](<{}>)", href.replace(['<', '>'], ""))),
                "a" => (String::new(), String::new()),
                _ => ("~~".to_owned(), "~~".to_owned()),
            };
            // Blanks belong outside of a mark.
            let (before, after) = inside.split_once(bare).unwrap_or((&inside, ""));
            self.words.push_str(&format!("{before}{open}{bare}{close}{after}"));
        }
    }

    fn end_cell(&mut self) {
        self.end_marks(0);
        self.words.clear();
    }

    fn end_table(&mut self) {
        let Some(mut rows) = self.table.take() else { return };
        self.words.clear();
        rows.retain(|row| !row.is_empty());
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (index, row) in rows.iter_mut().enumerate() {
            row.resize(width, String::new());
            lines.push(format!("| {} |", row.join(" | ")));
            if index == 0 {
                lines.push(format!("|{}", " --- |".repeat(width)));
            }
        }
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// Ends the present block of words. In a table the words go on in their cell.
    fn end_block(&mut self) {
        if self.table.is_some() {
            self.text(" ");
            return;
        }
        if self.is_preformatted {
            return;
        }
        self.end_marks(0);
        let words = std::mem::take(&mut self.words);
        let words = words.trim().trim_end_matches("\\\n").trim_end_matches('\\').trim_end();
        let heading = std::mem::take(&mut self.heading);
        if words.is_empty() {
            return;
        }
        let lines: Vec<String> = words.lines().map(|line| as_words(line.trim())).collect();
        if heading > 0 {
            self.block(&format!("{} {}", "#".repeat(heading), lines.join(" ")));
        } else {
            self.block(&lines.join("\n"));
        }
    }

    /// Writes a whole block behind the marks of what it stands in.
    fn block(&mut self, block: &str) {
        let begins_item = matches!(self.containers.last(), Some(Container::Item { is_pending: true, .. }));
        let rest: String = self
            .containers
            .iter()
            .map(|container| match container {
                Container::Quote => "> ".to_owned(),
                Container::List { .. } => String::new(),
                Container::Item { mark, .. } => " ".repeat(mark.len()),
            })
            .collect();
        if !self.out.is_empty() {
            self.out.push('\n');
            if !(begins_item && self.is_after_item) {
                let quotes = rest.trim_end();
                self.out.push_str(if quotes.contains('>') { quotes } else { "" });
                self.out.push('\n');
            }
        }
        let mut first = String::new();
        for container in &mut self.containers {
            match container {
                Container::Quote => first.push_str("> "),
                Container::List { .. } => {}
                Container::Item { mark, is_pending } => {
                    if std::mem::take(is_pending) {
                        first.push_str(mark);
                    } else {
                        first.push_str(&" ".repeat(mark.len()));
                    }
                }
            }
        }
        for (index, line) in block.lines().enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            let line = format!("{}{line}", if index == 0 { &first } else { &rest });
            self.out.push_str(line.trim_end());
        }
        self.is_after_item = matches!(self.containers.last(), Some(Container::Item { .. }));
    }

    fn finish(mut self) -> String {
        self.end_table();
        if self.is_preformatted {
            self.close("pre");
        }
        self.end_block();
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }
}

fn level(name: &str) -> usize {
    match name.strip_prefix('h').map(str::parse::<usize>) {
        Some(Ok(level @ 1..=6)) => level,
        _ => 0,
    }
}

fn leads_somewhere(href: &str) -> bool {
    ["https://", "http://", "mailto:", "/", "#"].iter().any(|begin| href.starts_with(begin))
        && !href.contains(char::is_whitespace)
}

/// A line that must not be taken for a heading, a list or a quote.
fn as_words(line: &str) -> String {
    let is_list = line.starts_with(['-', '+']) && line[1..].starts_with(' ');
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if line.starts_with(['#', '>']) || is_list {
        return format!("\\{line}");
    }
    match line[digits..].chars().next() {
        Some(mark @ ('.' | ')')) if digits > 0 && line[digits + 1..].starts_with(' ') => {
            format!("{}\\{mark}{}", &line[..digits], &line[digits + 1..])
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markdown::{NoReferences, render};

    #[test]
    fn html_becomes_markdown() {
        for (html, markdown) in [
            (
                "<p>Mail was <b>slow </b>for <i>hours</i>.</p><p>Then not.</p>",
                "Mail was **slow** for *hours*.\n\nThen not.\n",
            ),
            (
                "<h2>Causes</h2><ul><li>A full disk</li><li>No <code>alert | x</code></li></ul>",
                "## Causes\n\n- A full disk\n- No `alert | x`\n",
            ),
            ("<ol><li>One<ul><li>In it</li></ul></li><li>Two</li></ol>", "1. One\n   - In it\n2. Two\n"),
            ("One<br/>two<br>", "One\\\ntwo\n"),
            ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b\n"),
            (
                "<a href='https://x.example/a'>it</a> <a href='javascript:x()'>not</a>",
                "[it](<https://x.example/a>) not\n",
            ),
            (
                "<table><tr><th>When</th><th>What</th></tr><tr><td>10:00</td><td><p>a|b</p></td></tr></table>",
                "| When | What |\n| --- | --- |\n| 10:00 | a\\|b |\n",
            ),
            ("<pre><code>a &lt; b\n  c</code></pre>", "```\na < b\n  c\n```\n"),
            ("<div>1. not a list &amp; *not bold*</div>", "1\\. not a list & \\*not bold\\*\n"),
            (
                "<ul><li><input type=checkbox checked>Mend it</li><li><input type=\"checkbox\">Watch it</li></ul>",
                "- [x] Mend it\n- [ ] Watch it\n",
            ),
            ("a<script>alert(1)</script>b", "ab\n"),
            ("", ""),
        ] {
            assert_eq!(from_html(html), markdown, "{html}");
        }
    }

    #[test]
    fn markdown_is_not_taken_for_html() {
        for text in [
            "a < b",
            "Press <kbd>x</kbd>\n\n- now",
            "`<br>` breaks\n\n```\n<p>x</p>\n```",
            "Vec<String> grew",
            "**x** <https://a.example>",
        ] {
            assert!(!is_html(text), "{text}");
        }
        for text in ["<p>x</p>", "one<br>two", "<b>x</b> and y", "Summary:<ul><li>a</li></ul>"] {
            assert!(is_html(text), "{text}");
        }
    }

    #[test]
    fn one_line_loses_elements_and_keeps_the_rest() {
        for (text, words) in [
            ("Disk &amp; <b>queue</b> full", "Disk & queue full"),
            ("Vec<String> grew &lt;b&gt;", "Vec<String> grew <b>"),
            ("R&D is <br/>down", "R&D is down"),
            ("a < b > c", "a < b > c"),
        ] {
            assert_eq!(without_elements(text), words, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_becomes_text_that_can_be_shown(
            parts in proptest::collection::vec("<(/?)(p|b|ul|li|ol|a|table|tr|td|pre|code|blockquote|h2|x)>|[a-z*`#|> \n.1-]{0,6}", 0..40)
        ) {
            let made = from_html(&parts.concat());
            // Nested too deeply is the only refusal.
            prop_assert!(render(&made, &NoReferences).is_ok());
        }
    }
}
