//! A document as the lines a reader sees: no code, no markup, headings and table rows known.

/// One line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Level of the heading, when it is one.
    pub(super) heading: Option<u8>,
    /// The words without markup, list marks and addresses.
    pub(super) text: String,
    /// The cells of a table row.
    pub(super) cells: Vec<String>,
    /// True for the `|---|---|` under a table's head.
    pub(super) is_ruler: bool,
}

/// Longest line that is looked at, in characters.
const LINE_LIMIT: usize = 2_000;

/// The lines of `body` outside code, blank ones left out.
pub(super) fn lines(body: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    let mut in_comment = false;
    for raw in body.strip_prefix('\u{feff}').unwrap_or(body).lines() {
        let bare = raw.trim();
        if let Some((mark, length)) = fence {
            if bare.chars().all(|c| c == mark) && bare.len() >= length {
                fence = None;
            }
            continue;
        }
        if let Some(mark) = ['`', '~'].into_iter().find(|mark| bare.starts_with(&mark.to_string().repeat(3))) {
            let length = bare.chars().take_while(|c| *c == mark).count();
            if mark == '~' || !bare[length..].contains('`') {
                fence = Some((mark, length));
                continue;
            }
        }
        if in_comment {
            in_comment = !bare.contains("-->");
            continue;
        }
        if bare.starts_with("<!--") {
            in_comment = !bare.contains("-->");
            continue;
        }
        if bare.is_empty() {
            continue;
        }
        // `Title` over `=====`
        if let Some(above) = found.last_mut()
            && above.heading.is_none()
            && above.cells.is_empty()
            && bare.len() >= 3
            && (bare.chars().all(|c| c == '=') || bare.chars().all(|c| c == '-'))
        {
            if bare.starts_with('=') || above.text.len() <= 120 {
                above.heading = Some(if bare.starts_with('=') { 1 } else { 2 });
            }
            continue;
        }
        found.push(line(raw));
    }
    found
}

fn line(raw: &str) -> Line {
    let raw: String = raw.chars().take(LINE_LIMIT).collect();
    let bare = raw.trim().trim_start_matches('>').trim_start();
    let hashes = bare.chars().take_while(|c| *c == '#').count();
    let after = &bare[hashes..];
    let heading = ((1..=6).contains(&hashes) && after.starts_with([' ', '\t']))
        .then(|| u8::try_from(hashes).unwrap_or(6))
        .or_else(|| html_heading(bare));
    let body = if hashes > 0 && heading.is_some() { after.trim().trim_end_matches('#') } else { bare };
    let body = if heading.is_some() { super::titles::without_bracketed_kind(body) } else { body };
    let body = with_cells_marked(body);
    let is_row = body.starts_with('|') || body.matches('|').count() >= 2;
    let is_ruler = body.contains('-') && body.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    let mut cells: Vec<String> = if is_row && heading.is_none() && !is_ruler {
        body.trim_matches(['|', ' ']).split('|').map(readable).collect()
    } else {
        Vec::new()
    };
    // In HTML the row's own tag stands before the first cell.
    if bare.starts_with('<') && cells.first().is_some_and(String::is_empty) {
        cells.remove(0);
    }
    Line { heading, text: readable(without_list_mark(&body)), cells, is_ruler }
}

fn html_heading(text: &str) -> Option<u8> {
    let level = text.strip_prefix("<h").or_else(|| text.strip_prefix("<H"))?.chars().next()?;
    level.to_digit(10).filter(|level| (1..=6).contains(level)).and_then(|level| u8::try_from(level).ok())
}

/// HTML cells become cells of Markdown.
fn with_cells_marked(text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    ["<td", "<th", "<TD", "<TH"]
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(&format!("{tag}>"), "|").replace(&format!("{tag} "), "|<x "))
}

fn without_list_mark(text: &str) -> &str {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix(['-', '*', '+', '\u{2022}'])
        && rest.starts_with([' ', '\t'])
    {
        let rest = rest.trim_start();
        return ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| rest.strip_prefix(mark)).unwrap_or(rest);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text[digits..].strip_prefix(['.', ')']) {
        Some(rest) if (1..=3).contains(&digits) && rest.starts_with(' ') && !starts_with_month(rest) => {
            rest.trim_start()
        }
        _ => text,
    }
}

/// `19. April` is a date, not the nineteenth item.
fn starts_with_month(rest: &str) -> bool {
    let word: String = rest.trim_start().chars().take_while(|c| c.is_alphabetic()).collect();
    word.len() >= 3 && super::moments::is_month(&word)
}

/// The words of one line: no emphasis, code marks, tags, or addresses of links.
pub(super) fn readable(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("](") {
            // The words of a link stay, where it leads does not.
            if let Some(end) = end_of_address(rest) {
                rest = &rest[end..];
                continue;
            }
        }
        if c == '<'
            && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
            && let Some(end) = rest.find('>')
        {
            words.push(' ');
            rest = &rest[end + 1..];
            continue;
        }
        if rest.starts_with("http://") || rest.starts_with("https://") {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | ']')).unwrap_or(rest.len());
            rest = &rest[end..];
            continue;
        }
        if rest.starts_with("&nbsp;") {
            words.push(' ');
            rest = &rest["&nbsp;".len()..];
            continue;
        }
        match c {
            '*' | '`' => {}
            '_' if !words.ends_with(char::is_alphanumeric) || !rest[1..].starts_with(char::is_alphanumeric) => {}
            '[' | ']' => {}
            '!' if rest.starts_with("![") => {}
            '\\' if rest[1..].starts_with(|c: char| c.is_ascii_punctuation()) => {}
            c if c.is_whitespace() => {
                if !words.ends_with(' ') {
                    words.push(' ');
                }
            }
            c => words.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    let words = words.trim();
    if words.contains('&') { crate::markdown::without_elements(words) } else { words.to_owned() }
}

/// Where `](address)` ends.
fn end_of_address(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_a_reader_sees() {
        let found = lines(
            "# A **b** [c](http://x.example/2019-01-01)\n\n- **Date:** 2019-03-04\n19. April, 11:00\n2. two\n\nTitle\n=====\n\
             ```\n# code\n```\n| Time | What |\n|------|------|\n<tr><td>Date</td><td class=x>today</td></tr>\n<!-- x\ny -->\n",
        );
        let texts: Vec<(Option<u8>, &str)> = found.iter().map(|line| (line.heading, line.text.as_str())).collect();
        assert_eq!(texts[0], (Some(1), "A b c"));
        assert_eq!(texts[1], (None, "Date: 2019-03-04"));
        assert_eq!(texts[2], (None, "19. April, 11:00"));
        assert_eq!(texts[3], (None, "two"));
        assert_eq!(texts[4], (Some(1), "Title"));
        assert_eq!(found[5].cells, ["Time", "What"]);
        assert!(found[6].is_ruler);
        assert_eq!(found[7].cells, ["Date", "today"]);
        assert_eq!(found.len(), 8);
    }
}
