//! The action items a postmortem lists.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::titles::words_of;

/// An action item as a file tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadActionItem {
    /// What is to be done, without markup.
    pub title: String,
    /// True when it is ticked, struck through, or marked as done.
    pub done: bool,
    /// The first address in it, such as a ticket.
    pub url: Option<String>,
}

/// Most action items read of one file.
const ITEM_LIMIT: usize = 200;
/// Longest title kept, in characters.
const TITLE_LIMIT: usize = 300;

/// True for headings over lists of things to do.
fn opens_action_items(heading: &str) -> bool {
    let plain = words_of(heading).join(" ").to_lowercase();
    [
        "action item",
        "action point",
        "actions",
        "follow up",
        "followup",
        "next step",
        "todo",
        "to do",
        "remediation",
        "corrective",
        "preventive",
        "preventative",
        "prevention",
        "improvements to make",
        "future work",
        "tasks",
    ]
    .iter()
    .any(|words| plain.starts_with(words) || plain.contains(&format!(" {words}")))
        || plain == "action"
}

/// The items of every list below a heading such as "Action items", and the rows of tables there.
pub(super) fn read_action_items(body: &str) -> Vec<ReadActionItem> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut reader = Reader::default();
    for event in TextMergeStream::new(Parser::new_ext(body, options)) {
        if reader.found.len() >= ITEM_LIMIT {
            break;
        }
        reader.take(&event);
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Vec<ReadActionItem>,
    /// Level of the heading whose section is read.
    section: Option<u8>,
    heading: Option<(u8, String)>,
    /// How deep in items the reader is; only the outermost are read.
    item_depth: usize,
    open: Option<OpenItem>,
    in_table_head: bool,
    columns: Vec<String>,
    cells: Vec<String>,
}

#[derive(Default)]
struct OpenItem {
    text: String,
    ticked: bool,
    struck: String,
    in_struck: usize,
    url: Option<String>,
    /// The words of the last link, and where they begin.
    link_from: usize,
}

impl Reader {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.heading = Some((crate::markdown::heading_level(*level), String::new()));
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, text)) = self.heading.take()
                    && self.section.is_none_or(|open| level <= open)
                {
                    self.section = opens_action_items(&text).then_some(level);
                }
            }
            Event::Text(text) | Event::Code(text) if self.heading.is_some() => {
                if let Some((_, heading)) = &mut self.heading {
                    heading.push_str(text);
                }
            }
            _ if self.section.is_some() => self.take_in_section(event),
            _ => {}
        }
    }

    fn take_in_section(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Item) => {
                self.item_depth += 1;
                if self.item_depth == 1 {
                    self.open = Some(OpenItem::default());
                }
            }
            Event::End(TagEnd::Item) => {
                self.item_depth = self.item_depth.saturating_sub(1);
                if self.item_depth == 0
                    && let Some(item) = self.open.take()
                {
                    self.found.extend(item.close());
                }
            }
            Event::Start(Tag::TableHead) => {
                (self.in_table_head, self.columns, self.cells) = (true, Vec::new(), Vec::new())
            }
            Event::End(TagEnd::TableHead) => {
                self.in_table_head = false;
                self.columns = std::mem::take(&mut self.cells);
            }
            Event::Start(Tag::TableRow) => self.cells.clear(),
            Event::Start(Tag::TableCell) => {
                let url = self.open.take().and_then(|cell| cell.url);
                self.open = Some(OpenItem { url, ..OpenItem::default() });
            }
            Event::End(TagEnd::TableCell) => {
                if let Some(cell) = &self.open {
                    self.cells.push(cell.text.trim().to_owned());
                }
            }
            Event::End(TagEnd::TableRow) => {
                let url = self.open.take().and_then(|cell| cell.url);
                self.found.extend(row_item(&self.columns, &self.cells, url));
            }
            Event::End(TagEnd::Table) => self.open = None,
            other if self.item_depth <= 1 => {
                if let Some(item) = &mut self.open {
                    item.take(other);
                }
            }
            _ => {}
        }
    }
}

impl OpenItem {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => {
                for word in text.split_whitespace() {
                    let bare = word.trim_start_matches('(').trim_end_matches([')', ',', '.', ';']);
                    if self.url.is_none() && (bare.starts_with("https://") || bare.starts_with("http://")) {
                        self.url = Some(bare.to_owned());
                    }
                }
                if self.in_struck > 0 {
                    self.struck.push_str(text);
                }
                self.text.push_str(text);
            }
            Event::SoftBreak | Event::HardBreak | Event::Start(Tag::Paragraph) => self.text.push(' '),
            Event::TaskListMarker(done) => self.ticked = *done,
            Event::Start(Tag::Strikethrough) => self.in_struck += 1,
            Event::End(TagEnd::Strikethrough) => self.in_struck = self.in_struck.saturating_sub(1),
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.link_from = self.text.len();
                if self.url.is_none() && (dest_url.starts_with("https://") || dest_url.starts_with("http://")) {
                    self.url = Some(dest_url.to_string());
                }
            }
            Event::End(TagEnd::Link) => {
                // "Issue" and "PR" at the end say only that there is a link.
                let label = words_of(&self.text[self.link_from..]).join(" ").to_lowercase();
                let is_mark =
                    ["issue", "pr", "pull request", "ticket", "github issue", "link to issue", "link", "jira"]
                        .contains(&label.as_str());
                if is_mark && self.link_from > 0 {
                    self.text.truncate(self.link_from);
                }
            }
            _ => {}
        }
    }

    fn close(self) -> Option<ReadActionItem> {
        let struck = !self.struck.is_empty() && self.struck.len() + 10 >= self.text.trim().len();
        let upper = self.text.trim_end_matches(['.', ')', ' ', ']']).to_owned();
        let marked = ["DONE", "Done", "done!", "COMPLETED", "Completed", "FIXED"].iter().any(|word| {
            upper
                .strip_suffix(word)
                .is_some_and(|rest| rest.ends_with(['(', '[', ' ', ':', '-']) && rest.trim().len() > 3)
        });
        let begins_marked = self.text.trim_start().starts_with("DONE") || self.text.trim_start().starts_with("[DONE]");
        let title = tidy(&self.text);
        (!title.is_empty()).then_some(ReadActionItem {
            title,
            done: self.ticked || struck || marked || begins_marked,
            url: self.url,
        })
    }
}

fn row_item(columns: &[String], cells: &[String], url: Option<String>) -> Option<ReadActionItem> {
    let column = |names: &[&str]| {
        columns.iter().position(|column| {
            let column = column.to_lowercase();
            names.iter().any(|name| column.contains(name))
        })
    };
    let at = column(&["action", "task", "todo", "item", "description", "what", "title"]).unwrap_or(0);
    let title = tidy(cells.get(at)?);
    let status = column(&["status", "state", "done"]).and_then(|at| cells.get(at)).map(|cell| cell.to_lowercase());
    let done = status.is_some_and(|status| {
        ["done", "complete", "closed", "fixed", "yes", "\u{2705}", "resolved"]
            .iter()
            .any(|word| status.starts_with(word))
    });
    (!title.is_empty()).then_some(ReadActionItem { title, done, url })
}

/// One line without empty brackets and without the bare address at its end.
fn tidy(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| {
            let bare = word.trim_matches(['(', ')', '[', ']', ',', '.']);
            !bare.starts_with("https://") && !bare.starts_with("http://") && !matches!(*word, "()" | "[]" | "().")
        })
        .collect();
    let joined = words.join(" ");
    let title = joined.trim_end_matches(['(', '[', ' ', ':', '-']).trim();
    match title.char_indices().nth(TITLE_LIMIT) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_tables_of_actions_are_read() {
        let found = read_action_items(
            "# T\n\n- not this\n\n## Action items\n\n### Process\n\n- [x] Add an *alert*\n- [ ] Page ops ([Issue](https://t.example/1))\n\
             - Mail everybody (DONE)\n1. Do it\n   later https://t.example/2\n   - a detail\n- ~~struck~~\n\n| Action | Owner | Status |\n|-|-|-|\n\
             | Fix [disk](https://t.example/3) | Ana | Done |\n\n## Lessons\n\n- nor this\n",
        );
        let brief: Vec<(&str, bool, Option<&str>)> =
            found.iter().map(|item| (item.title.as_str(), item.done, item.url.as_deref())).collect();
        assert_eq!(
            brief,
            [
                ("Add an alert", true, None),
                ("Page ops", false, Some("https://t.example/1")),
                ("Mail everybody (DONE)", true, None),
                ("Do it later", false, Some("https://t.example/2")),
                ("struck", true, None),
                ("Fix disk", true, Some("https://t.example/3")),
            ]
        );
    }

    #[test]
    fn reading_survives_strange_lists() {
        for body in ["## Action items\n- \n- [ ]\n", "## TODO\n|a|\n|-|\n|\n", "# Actions\n", &"## To do\n".repeat(50)]
        {
            let _ = read_action_items(body);
        }
    }
}
