//! From Markdown to HTML for a page.

use std::collections::{BTreeSet, HashMap};

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, Tag, TagEnd};

use super::events::{parse, text_after_marker, text_of_element};
use super::front::split_front_matter;
use super::highlight;
use super::kept;
use super::outline::{Heading, TOP_LEVEL, headings, slug};
use super::plain::is_plain;
use super::references::{ReferenceKeys, References, Target, keys_of};
use super::safe_html::SafeHtml;
use super::sanitize::sanitize;
use super::urls::{escape, push_escaped};

#[cfg(test)]
mod commonmark;
mod footnotes;
mod links;
mod raw;
mod tables;
#[cfg(test)]
mod tests;

use footnotes::Footnotes;
use links::OpenLink;
use raw::RawElements;
use tables::OpenTable;

/// Deepest nesting of quotes, lists and formatting that is shown.
pub const DEPTH_LIMIT: usize = 32;

/// Longest accessible name made from a document's own words, in characters.
const LABEL_LIMIT: usize = 120;

/// Longest code that is coloured, in bytes: each coloured word costs an element.
const HIGHLIGHT_LIMIT_BYTES: usize = 32 * 1024;

/// Longest title of a link and description of a picture, in characters.
const TITLE_LIMIT: usize = 1_000;

/// The text nests deeper than [`DEPTH_LIMIT`]; shown to the person who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "This text nests quotes, lists or formatting more than {DEPTH_LIMIT} levels deep. \
     Take some levels out and try again."
)]
pub struct TooDeep;

/// Where on the page the document will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place<'a> {
    /// The page's own document, at most one a page: headings start at `h2`, anchors are bare.
    Page,
    /// One text of many on a page, such as a timeline event or a note.
    Within {
        /// Unique on the page; letters, digits and hyphens, such as `event-17`.
        id_prefix: &'a str,
        /// Level of the heading the text stands under, 1 to 5.
        under_heading: u8,
    },
}

/// Renders `source` as the document of a page; `refs` knows where `INC-42` and its like lead.
///
/// # Errors
/// [`TooDeep`] when the text nests more than [`DEPTH_LIMIT`] levels.
pub fn render(source: &str, refs: &dyn References) -> Result<SafeHtml, TooDeep> {
    render_in(Place::Page, source, refs)
}

/// Like [`render`], at a given place of the page.
///
/// # Errors
/// [`TooDeep`] when the text nests more than [`DEPTH_LIMIT`] levels.
pub fn render_in(place: Place<'_>, source: &str, refs: &dyn References) -> Result<SafeHtml, TooDeep> {
    if is_plain(source) {
        return Ok(SafeHtml::vouch(format!("<p>{source}</p>\n")));
    }
    // The same text with the same targets behind its references becomes the same document.
    let key = kept::key("render", &(place, source, targets(&keys_of(source), refs)));
    if let Some(document) = kept::find::<SafeHtml>(key) {
        return Ok((*document).clone());
    }
    let document = render_anew(place, source, refs)?;
    kept::keep(key, document.as_str().len(), document.clone());
    Ok(document)
}

/// Where all references of a text lead.
fn targets(keys: &ReferenceKeys, refs: &dyn References) -> Vec<Option<Target>> {
    let of = |numbers: &BTreeSet<i64>, find: &dyn Fn(i64) -> Option<Target>| -> Vec<Option<Target>> {
        numbers.iter().map(|number| find(*number)).collect()
    };
    let mut found = of(&keys.incidents, &|number| refs.incident(number));
    found.extend(of(&keys.action_items, &|number| refs.action_item(number)));
    found.extend(of(&keys.deploys, &|number| refs.deploy(number)));
    found.extend(keys.handles.iter().map(|handle| refs.user(handle)));
    found
}

/// [`render_in`] without looking whether it was done before.
pub(super) fn render_anew(place: Place<'_>, source: &str, refs: &dyn References) -> Result<SafeHtml, TooDeep> {
    let split = split_front_matter(source);
    let body = split.map_or(source, |split| split.body);
    let events = events_within_depth(body)?;
    let (top, id_prefix) = match place {
        Place::Page => (TOP_LEVEL, String::new()),
        Place::Within { id_prefix, under_heading } => {
            ((under_heading + 1).clamp(TOP_LEVEL, 6), format!("{}-", slug(id_prefix)))
        }
    };
    let mut page = Page {
        place,
        events: &events,
        headings: headings(&events, top),
        heading_at: 0,
        section_level: top - 1,
        id_prefix,
        refs,
        out: String::with_capacity(body.len() * 2),
        raw: RawElements::default(),
        links: Vec::new(),
        in_link: 0,
        in_summary: 0,
        open_heading: None,
        tables: Vec::new(),
        table_labels: HashMap::new(),
        set_aside: Vec::new(),
        footnotes: Footnotes::number(&events),
        muted: None,
        html_block: String::new(),
        in_code_block: false,
        code_language: String::new(),
        in_paragraph: false,
    };
    if let Some(split) = split {
        page.front_matter(split.inner);
    }
    page.document()?;
    Ok(SafeHtml::vouch(sanitize(&page.out)))
}

/// Parses, and gives up as soon as the nesting is too deep: the sanitiser needs time in the
/// square of the depth.
fn events_within_depth(body: &str) -> Result<Vec<Event<'_>>, TooDeep> {
    let mut blocks = 0_usize;
    let mut spans = 0_usize;
    let mut events = Vec::new();
    for event in parse(body) {
        match &event {
            Event::Start(Tag::BlockQuote(_) | Tag::Item | Tag::FootnoteDefinition(_)) => blocks += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::FootnoteDefinition) => {
                blocks = blocks.saturating_sub(1);
            }
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }) => {
                spans += 1
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) => {
                spans = spans.saturating_sub(1)
            }
            _ => {}
        }
        if blocks > DEPTH_LIMIT || spans > DEPTH_LIMIT {
            return Err(TooDeep);
        }
        events.push(event);
    }
    Ok(events)
}

/// One document on its way to HTML.
struct Page<'e, 's> {
    place: Place<'e>,
    events: &'e [Event<'s>],
    headings: Vec<Heading>,
    heading_at: usize,
    /// Level of the section the text stands in now; raw headings go below it.
    section_level: u8,
    id_prefix: String,
    refs: &'e dyn References,
    out: String,
    raw: RawElements,
    links: Vec<OpenLink>,
    in_link: usize,
    in_summary: usize,
    /// Level of the heading that is open, `None` in front of the words of an empty one.
    open_heading: Option<u8>,
    tables: Vec<OpenTable>,
    table_labels: HashMap<String, usize>,
    /// Output that waits while a footnote is written.
    set_aside: Vec<(usize, String)>,
    footnotes: Footnotes,
    /// Inside an element whose content is not shown: its name and how many containers deep.
    muted: Option<(String, usize)>,
    html_block: String,
    in_code_block: bool,
    /// Of the code block that is open; empty when it names none.
    code_language: String,
    /// Inside a paragraph or heading of Markdown, where HTML allows no blocks.
    in_paragraph: bool,
}

impl Page<'_, '_> {
    fn document(&mut self) -> Result<(), TooDeep> {
        let events = self.events;
        let mut index = 0;
        while index < events.len() {
            if self.skips_muted(&events[index]) {
                index += 1;
                continue;
            }
            match &events[index] {
                Event::Start(Tag::Image { dest_url, title, .. }) => {
                    let description = text_of_element(events, index);
                    self.picture(dest_url, &description, title);
                    index = end_of_element(events, index);
                }
                Event::Start(tag) => self.start(tag, index),
                Event::End(end) => self.end(*end)?,
                Event::Text(text) if self.in_code_block => self.code(text),
                Event::Text(text) => self.words(text),
                Event::Code(code) => {
                    self.raw.before_words(&mut self.out);
                    self.out.push_str("<code>");
                    push_escaped(&mut self.out, code);
                    self.out.push_str("</code>");
                }
                Event::InlineMath(math) | Event::DisplayMath(math) => self.words(math),
                Event::Html(markup) => self.html_block.push_str(markup),
                Event::InlineHtml(markup) => self.raw_markup(markup)?,
                Event::SoftBreak => self.out.push('\n'),
                Event::HardBreak => self.out.push_str("<br>\n"),
                Event::Rule => {
                    self.before_block("hr");
                    self.out.push_str("<hr>\n");
                }
                Event::TaskListMarker(done) => {
                    let label = shorten(&text_after_marker(events, index), LABEL_LIMIT);
                    self.task_mark(*done, &label);
                }
                Event::FootnoteReference(label) => self.footnote_reference(label),
            }
            index += 1;
        }
        self.close_raw_to(0);
        self.footnote_list();
        Ok(())
    }

    /// Keeps track of an element whose content is not shown; true when `event` is part of it.
    fn skips_muted(&mut self, event: &Event<'_>) -> bool {
        let Some((name, depth)) = &mut self.muted else {
            return false;
        };
        match event {
            Event::Start(_) => *depth += 1,
            Event::End(_) if *depth == 0 => {
                // The container ends, and with it what was never closed.
                self.muted = None;
                return false;
            }
            Event::End(_) => *depth -= 1,
            Event::InlineHtml(markup) if *depth == 0 => {
                let closes = markup
                    .strip_prefix("</")
                    .is_some_and(|rest| rest.trim_end_matches('>').trim().eq_ignore_ascii_case(name));
                if closes {
                    self.muted = None;
                }
            }
            _ => {}
        }
        true
    }

    fn start(&mut self, tag: &Tag<'_>, index: usize) {
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } => {
                self.raw.before_words(&mut self.out);
            }
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::List(_) | Tag::Table(_) => {
                self.before_block("div")
            }
            Tag::Heading { .. } => self.before_block("h2"),
            _ => {}
        }
        if matches!(tag, Tag::Paragraph | Tag::Heading { .. }) {
            self.in_paragraph = true;
        }
        match tag {
            Tag::Paragraph => self.out.push_str("<p>"),
            Tag::Heading { .. } => self.start_heading(index),
            Tag::BlockQuote(kind) => self.start_quote(*kind),
            Tag::CodeBlock(kind) => self.start_code(kind),
            Tag::HtmlBlock => self.html_block.clear(),
            Tag::List(Some(1)) => self.out.push_str("<ol>\n"),
            Tag::List(Some(first)) => self.out.push_str(&format!("<ol start=\"{first}\">\n")),
            Tag::List(None) => self.out.push_str("<ul>\n"),
            Tag::Item => self.out.push_str(if self.is_task(index) { "<li class=\"task\">" } else { "<li>" }),
            Tag::FootnoteDefinition(label) => {
                let number = self.footnotes.numbers.get(&**label).copied().unwrap_or(0);
                let outer = std::mem::take(&mut self.out);
                self.set_aside.push((number, outer));
            }
            Tag::Table(alignments) => self.start_table(alignments, index),
            Tag::TableHead => {
                self.out.push_str("<thead><tr>");
                self.each_table(|table| (table.in_head, table.column) = (true, 0));
            }
            Tag::TableRow => {
                let first = self.tables.last().is_some_and(|table| !table.has_body);
                self.out.push_str(if first { "<tbody>\n<tr>" } else { "<tr>" });
                self.each_table(|table| (table.has_body, table.column) = (true, 0));
            }
            Tag::TableCell => {
                let from = self.out.len();
                let cell = self.tables.last().map_or_else(String::new, OpenTable::cell_tag);
                self.out.push_str(&cell);
                self.each_table(|table| table.cell_from = from);
            }
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Link { dest_url, title, link_type, .. } => {
                let address = if matches!(link_type, pulldown_cmark::LinkType::Email) {
                    format!("mailto:{dest_url}")
                } else {
                    dest_url.to_string()
                };
                self.start_link(&address, title);
            }
            // Not switched on, or handled before.
            Tag::Image { .. }
            | Tag::Superscript
            | Tag::Subscript
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
        self.raw.enter();
    }

    fn end(&mut self, end: TagEnd) -> Result<(), TooDeep> {
        if end == TagEnd::HtmlBlock {
            // What an HTML block opens stays open for the Markdown after it.
            self.raw.leave_open();
            let block = std::mem::take(&mut self.html_block);
            return self.raw_markup(&block);
        }
        let floor = self.raw.leave();
        self.close_raw_to(floor);
        match end {
            TagEnd::Paragraph => {
                self.in_paragraph = false;
                self.out.push_str("</p>\n");
            }
            TagEnd::Heading(_) => {
                self.in_paragraph = false;
                if let Some(level) = self.open_heading.take() {
                    self.out.push_str(&format!("</h{level}>\n"));
                } else {
                    self.out.push_str("</p>\n");
                }
            }
            TagEnd::BlockQuote(Some(_)) => self.out.push_str("</div>\n"),
            TagEnd::BlockQuote(None) => self.out.push_str("</blockquote>\n"),
            TagEnd::CodeBlock => {
                self.in_code_block = false;
                self.out.push_str("</code></pre>\n");
            }
            TagEnd::List(true) => self.out.push_str("</ol>\n"),
            TagEnd::List(false) => self.out.push_str("</ul>\n"),
            TagEnd::Item => self.out.push_str("</li>\n"),
            TagEnd::FootnoteDefinition => self.end_footnote(),
            TagEnd::Table => self.end_table(),
            TagEnd::TableHead => {
                self.out.push_str("</tr></thead>\n");
                self.each_table(|table| table.in_head = false);
            }
            TagEnd::TableRow => self.out.push_str("</tr>\n"),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</del>"),
            TagEnd::Link => self.end_link(),
            _ => {}
        }
        Ok(())
    }

    fn is_task(&self, item: usize) -> bool {
        match self.events.get(item + 1) {
            Some(Event::TaskListMarker(_)) => true,
            Some(Event::Start(Tag::Paragraph)) => {
                matches!(self.events.get(item + 2), Some(Event::TaskListMarker(_)))
            }
            _ => false,
        }
    }

    fn front_matter(&mut self, inner: &str) {
        self.out
            .push_str("<details class=\"front-matter\"><summary>Front matter</summary>\n<pre tabindex=\"0\"><code>");
        push_escaped(&mut self.out, inner);
        self.out.push_str("</code></pre>\n</details>\n");
    }

    fn start_heading(&mut self, index: usize) {
        // A heading without words has no place in the outline, and one in a footnote stands at
        // the end of the page, under whatever comes last.
        if !self.set_aside.is_empty() || text_of_element(self.events, index).is_empty() {
            self.open_heading = None;
            self.out.push_str("<p>");
            return;
        }
        let heading = &self.headings[self.heading_at];
        self.heading_at += 1;
        self.section_level = heading.level;
        self.open_heading = Some(heading.level);
        self.out.push_str(&format!("<h{} id=\"{}{}\">", heading.level, self.id_prefix, escape(&heading.anchor)));
    }

    fn start_quote(&mut self, kind: Option<BlockQuoteKind>) {
        let Some(kind) = kind else {
            self.out.push_str("<blockquote>\n");
            return;
        };
        let (class, title) = match kind {
            BlockQuoteKind::Note => ("note", "Note"),
            BlockQuoteKind::Tip => ("tip", "Tip"),
            BlockQuoteKind::Important => ("important", "Important"),
            BlockQuoteKind::Warning => ("warning", "Warning"),
            BlockQuoteKind::Caution => ("caution", "Caution"),
        };
        self.out.push_str(&format!("<div class=\"alert alert-{class}\">\n<p class=\"alert-title\">{title}</p>\n"));
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        self.in_code_block = true;
        self.code_language.clear();
        // Wide code scrolls, and whoever has no mouse must be able to scroll it.
        self.out.push_str("<pre tabindex=\"0\"><code");
        if let CodeBlockKind::Fenced(label) = kind {
            let language: String = label
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "_+#.-".contains(*c))
                .take(40)
                .flat_map(char::to_lowercase)
                .collect();
            if !language.is_empty() {
                self.out.push_str(&format!(" class=\"language-{language}\""));
            }
            self.code_language = language;
        }
        self.out.push('>');
    }

    fn code(&mut self, text: &str) {
        if text.len() <= HIGHLIGHT_LIMIT_BYTES && highlight::is_known(&self.code_language) {
            highlight::push_highlighted(&mut self.out, text, &self.code_language);
        } else {
            push_escaped(&mut self.out, text);
        }
    }

    fn task_mark(&mut self, done: bool, label: &str) {
        self.raw.before_words(&mut self.out);
        let checked = if done { " checked" } else { "" };
        let label = if label.is_empty() { "Task" } else { label };
        self.out.push_str(&format!(
            "<input class=\"task-mark\" type=\"checkbox\" disabled{checked} aria-label=\"{}\"> ",
            escape(label)
        ));
    }
}

/// True when `html` shows neither a word nor a picture.
fn is_blank(html: &str) -> bool {
    let mut in_tag = false;
    if html.contains("<img ") || html.contains("<input ") {
        return false;
    }
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag && !c.is_whitespace() => return false,
            _ => {}
        }
    }
    true
}

fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn end_of_element(events: &[Event<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, event) in events.iter().enumerate().skip(start) {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    events.len()
}
