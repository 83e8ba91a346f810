//! Raw HTML inside Markdown: each tag is read, checked and written anew, and every element
//! is closed where its Markdown container ends.

use super::super::inline_html::{OpenTag, Piece, drops_content, pieces};
use super::super::sanitize::RAW_ELEMENTS;
use super::super::urls::escape;
use super::{DEPTH_LIMIT, Page, TITLE_LIMIT, TooDeep, is_blank, shorten};

/// Elements that have no content and no end.
const VOID: [&str; 3] = ["br", "hr", "img"];

const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

/// Elements that keep what is in them apart from what is around them.
const CELLS: [&str; 6] = ["td", "th", "table", "li", "details", "blockquote"];

fn is_heading(name: &str) -> bool {
    HEADINGS.contains(&name)
}

/// True for elements that HTML does not allow inside a paragraph.
fn is_block(name: &str) -> bool {
    is_heading(name)
        || matches!(name, "p" | "div" | "ul" | "ol" | "table" | "pre" | "blockquote" | "details" | "figure" | "hr")
}

/// What has to be written when an element ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Plain,
    Heading,
    HeaderCell,
    Link,
    Summary,
    Table,
}

#[derive(Debug)]
struct RawElement {
    name: String,
    /// What was written in its place; headings change their level.
    written: String,
    ending: Ending,
    tag_from: usize,
    content_from: usize,
}

/// The raw elements that are open, innermost last, and where each Markdown container began.
#[derive(Debug, Default)]
pub(super) struct RawElements {
    open: Vec<RawElement>,
    floors: Vec<usize>,
}

impl RawElements {
    /// A Markdown container begins.
    pub(super) fn enter(&mut self) {
        self.floors.push(self.open.len());
    }

    /// A Markdown container ends; gives how many raw elements may stay open.
    pub(super) fn leave(&mut self) -> usize {
        self.floors.pop().unwrap_or(0)
    }

    /// A Markdown container ends whose raw elements stay open.
    pub(super) fn leave_open(&mut self) {
        self.floors.pop();
    }

    /// Lists hold items and tables hold cells: words straight in them get one of their own.
    pub(super) fn before_words(&mut self, out: &mut String) {
        match self.innermost() {
            Some("ul" | "ol") => self.open_plain("li", out),
            Some("table" | "thead" | "tbody" | "tfoot") => {
                self.open_plain("tr", out);
                self.open_plain("td", out);
            }
            Some("tr") => self.open_plain("td", out),
            _ => {}
        }
    }

    fn open_plain(&mut self, name: &str, out: &mut String) {
        let tag_from = out.len();
        out.push_str(&format!("<{name}>"));
        self.open.push(RawElement {
            name: name.to_owned(),
            written: name.to_owned(),
            ending: Ending::Plain,
            tag_from,
            content_from: out.len(),
        });
    }

    /// How many elements are open up to and with the last of `wanted`, unless one of
    /// `barriers` was opened after it.
    fn count_to(&self, wanted: &[&str], barriers: &[&str]) -> Option<usize> {
        let floor = self.floor();
        for (offset, element) in self.open[floor..].iter().enumerate().rev() {
            if wanted.contains(&element.name.as_str()) {
                return Some(floor + offset + 1);
            }
            if barriers.contains(&element.name.as_str()) {
                return None;
            }
        }
        None
    }

    fn floor(&self) -> usize {
        self.floors.last().copied().unwrap_or(0)
    }

    /// Name of the innermost raw element of this container.
    fn innermost(&self) -> Option<&str> {
        self.open[self.floor()..].last().map(|element| element.name.as_str())
    }
}

impl Page<'_, '_> {
    /// Writes raw HTML: a whole block, or a single tag inside a line.
    pub(super) fn raw_markup(&mut self, markup: &str) -> Result<(), TooDeep> {
        let parts = pieces(markup);
        // An inline opening tag comes alone: what it holds follows as Markdown.
        if let [Piece::Dropped] = parts.as_slice()
            && let Some(name) = dropped_name(markup)
        {
            self.muted = Some((name, 0));
            return Ok(());
        }
        for part in parts {
            match part {
                Piece::Text(text) => {
                    if !text.trim().is_empty() {
                        self.raw.before_words(&mut self.out);
                    }
                    // Character references stay as they are; only marks of tags are escaped.
                    self.out.push_str(&text.replace('<', "&lt;").replace('>', "&gt;").replace('\0', "\u{FFFD}"));
                }
                Piece::Open(tag) => self.open_raw(&tag)?,
                Piece::Close(name) => self.close_raw(&name),
                Piece::Dropped => {}
            }
        }
        Ok(())
    }

    fn open_raw(&mut self, tag: &OpenTag) -> Result<(), TooDeep> {
        let name = tag.name.as_str();
        if !RAW_ELEMENTS.contains(&name) {
            return Ok(());
        }
        self.end_implied(name);
        if !self.fits_here(name) {
            return Ok(());
        }
        if !matches!(name, "li" | "caption" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th") {
            self.raw.before_words(&mut self.out);
        }
        if name == "img" {
            let address = tag.attribute("src").unwrap_or("").to_owned();
            let description = tag.attribute("alt").unwrap_or("").trim().to_owned();
            self.picture(&address, &description, tag.attribute("title").unwrap_or(""));
            return Ok(());
        }
        if VOID.contains(&name) {
            self.out.push_str(&format!("<{name}>"));
            return Ok(());
        }
        if self.raw.open.len() >= DEPTH_LIMIT {
            return Err(TooDeep);
        }
        let tag_from = self.out.len();
        let (written, ending) = self.write_opening(tag);
        self.raw.open.push(RawElement {
            name: name.to_owned(),
            written,
            ending,
            tag_from,
            content_from: self.out.len(),
        });
        Ok(())
    }

    /// Ends what cannot hold a block of Markdown of the kind `name`, and opens what it needs.
    pub(super) fn before_block(&mut self, name: &str) {
        self.end_implied(name);
        self.raw.before_words(&mut self.out);
    }

    /// Ends elements that a browser would end before `name`, so that it moves nothing.
    fn end_implied(&mut self, name: &str) {
        let count = match name {
            "li" => self.raw.count_to(&["ul", "ol"], &["td", "th", "table", "div", "blockquote", "details"]),
            "td" | "th" => self.raw.count_to(&["tr", "tbody", "thead", "tfoot", "table"], &[]),
            "tr" => self.raw.count_to(&["tbody", "thead", "tfoot", "table"], &[]),
            "thead" | "tbody" | "tfoot" | "caption" => self.raw.count_to(&["table"], &[]),
            _ if is_heading(name) => self
                .raw
                .count_to(&HEADINGS, &CELLS)
                .or_else(|| self.raw.count_to(&["p"], &CELLS))
                .map(|count| count - 1),
            _ if is_block(name) => self.raw.count_to(&["p"], &CELLS).map(|count| count - 1),
            _ => None,
        };
        if let Some(count) = count {
            self.close_raw_to(count);
        }
        if matches!(name, "td" | "th")
            && self.raw.innermost().is_some_and(|parent| matches!(parent, "table" | "thead" | "tbody" | "tfoot"))
        {
            self.raw.open_plain("tr", &mut self.out);
        }
    }

    /// Elements that mean something only inside another are dropped elsewhere, and so are
    /// blocks where only words may stand.
    fn fits_here(&self, name: &str) -> bool {
        if self.in_paragraph && is_block(name) {
            return false;
        }
        let parent = self.raw.innermost().unwrap_or("");
        match name {
            "li" => matches!(parent, "ul" | "ol"),
            "summary" => parent == "details",
            "caption" | "thead" | "tbody" | "tfoot" => parent == "table",
            "tr" => matches!(parent, "table" | "thead" | "tbody" | "tfoot"),
            "td" | "th" => parent == "tr",
            "a" => self.in_link == 0 && self.in_summary == 0,
            "figcaption" => parent == "figure",
            "rp" | "rt" => parent == "ruby",
            _ if is_heading(name) => self.open_heading.is_none() && self.in_summary == 0 && self.set_aside.is_empty(),
            _ => true,
        }
    }

    fn write_opening(&mut self, tag: &OpenTag) -> (String, Ending) {
        let name = tag.name.as_str();
        match name {
            "a" => {
                let address = tag.attribute("href").unwrap_or("").to_owned();
                if address.is_empty() {
                    self.out.push_str("<span>");
                    return ("span".to_owned(), Ending::Plain);
                }
                self.start_link(&address, tag.attribute("title").unwrap_or(""));
                (String::new(), Ending::Link)
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = (self.section_level + 1).min(6);
                self.open_heading = Some(level);
                self.out.push_str(&format!("<h{level}>"));
                (format!("h{level}"), Ending::Heading)
            }
            "table" => {
                self.open_table_region("");
                (String::new(), Ending::Table)
            }
            "summary" => {
                self.in_summary += 1;
                self.out.push_str("<summary>");
                (name.to_owned(), Ending::Summary)
            }
            "th" => {
                let scope = tag
                    .attribute("scope")
                    .filter(|scope| matches!(*scope, "row" | "rowgroup" | "colgroup"))
                    .unwrap_or("col");
                self.out.push_str(&format!("<th scope=\"{scope}\"{}>", spans(tag)));
                (name.to_owned(), Ending::HeaderCell)
            }
            "td" => {
                self.out.push_str(&format!("<td{}>", spans(tag)));
                (name.to_owned(), Ending::Plain)
            }
            "pre" => {
                self.out.push_str("<pre tabindex=\"0\">");
                (name.to_owned(), Ending::Plain)
            }
            _ => {
                self.out.push_str(&format!("<{name}{}>", plain_attributes(tag)));
                (name.to_owned(), Ending::Plain)
            }
        }
    }

    fn close_raw(&mut self, name: &str) {
        let floor = self.raw.floor();
        let found = self.raw.open[floor..].iter().rposition(|element| element.name == name);
        if let Some(offset) = found {
            self.close_raw_to(floor + offset);
        }
    }

    /// Closes raw elements until `count` are left open.
    pub(super) fn close_raw_to(&mut self, count: usize) {
        while self.raw.open.len() > count {
            let element = self.raw.open.pop().expect("there are more than `count` elements");
            self.write_ending(&element);
        }
    }

    fn write_ending(&mut self, element: &RawElement) {
        let blank = matches!(element.ending, Ending::Heading | Ending::HeaderCell | Ending::Summary)
            && is_blank(&self.out[element.content_from..]);
        match element.ending {
            Ending::Plain => self.out.push_str(&format!("</{}>", element.written)),
            Ending::Link => self.end_link(),
            Ending::Table => self.out.push_str("</table></div>\n"),
            Ending::Heading => {
                self.open_heading = None;
                if blank {
                    self.out.truncate(element.tag_from);
                } else {
                    self.out.push_str(&format!("</{}>\n", element.written));
                }
            }
            Ending::HeaderCell if blank => {
                self.out.truncate(element.tag_from);
                self.out.push_str("<td></td>");
            }
            Ending::HeaderCell => self.out.push_str("</th>"),
            Ending::Summary => {
                self.in_summary -= 1;
                if blank {
                    self.out.push_str("Details");
                }
                self.out.push_str("</summary>\n");
            }
        }
    }
}

/// Name of the element that `markup`, a single inline opening tag, drops with its content.
fn dropped_name(markup: &str) -> Option<String> {
    let name: String = markup
        .strip_prefix('<')?
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .flat_map(char::to_lowercase)
        .collect();
    let alone = markup.find('>') == Some(markup.len() - 1) || !markup.contains("</");
    (drops_content(&name) && alone && name != "embed" && !markup.ends_with("/>") && !markup.contains('\n'))
        .then_some(name)
}

fn spans(tag: &OpenTag) -> String {
    let mut written = String::new();
    for name in ["colspan", "rowspan"] {
        if let Some(count) = tag.attribute(name).and_then(|value| value.trim().parse::<u16>().ok())
            && (1..=100).contains(&count)
        {
            written.push_str(&format!(" {name}=\"{count}\""));
        }
    }
    written
}

fn plain_attributes(tag: &OpenTag) -> String {
    let kept = match tag.name.as_str() {
        "details" if tag.attribute("open").is_some() => return " open".to_owned(),
        "abbr" => "title",
        "time" => "datetime",
        "ol" => "start",
        _ => return String::new(),
    };
    match tag.attribute(kept) {
        Some(value) if kept != "start" || value.trim().parse::<i32>().is_ok() => {
            format!(" {kept}=\"{}\"", escape(&shorten(value.trim(), TITLE_LIMIT)))
        }
        _ => String::new(),
    }
}
