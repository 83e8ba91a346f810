//! Tables: each stands in a box that scrolls and has a name.

use pulldown_cmark::{Alignment, Event, Tag, TagEnd};

use super::super::events::text_of_element;
use super::super::urls::escape;
use super::{LABEL_LIMIT, Page, Place, is_blank, shorten};

/// A table of Markdown that is being written.
#[derive(Debug, Default)]
pub(super) struct OpenTable {
    pub(super) alignments: Vec<Alignment>,
    pub(super) column: usize,
    pub(super) in_head: bool,
    pub(super) cell_from: usize,
    pub(super) has_body: bool,
}

impl OpenTable {
    pub(super) fn cell_tag(&self) -> String {
        let class = match self.alignments.get(self.column) {
            Some(Alignment::Left) => " class=\"align-left\"",
            Some(Alignment::Center) => " class=\"align-center\"",
            Some(Alignment::Right) => " class=\"align-right\"",
            Some(Alignment::None) | None => "",
        };
        if self.in_head { format!("<th scope=\"col\"{class}>") } else { format!("<td{class}>") }
    }
}

impl Page<'_, '_> {
    pub(super) fn each_table(&mut self, change: impl Fn(&mut OpenTable)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    pub(super) fn start_table(&mut self, alignments: &[Alignment], index: usize) {
        let head = self.events.get(index + 1).map_or_else(String::new, |_| text_of_head(self.events, index + 1));
        self.open_table_region(&head);
        self.tables.push(OpenTable { alignments: alignments.to_vec(), ..OpenTable::default() });
    }

    /// Opens a table and the box it scrolls in; the name says what its columns are.
    pub(super) fn open_table_region(&mut self, columns: &str) {
        let base =
            if columns.is_empty() { "Table".to_owned() } else { format!("Table: {}", shorten(columns, LABEL_LIMIT)) };
        let repeat = self.table_labels.entry(base.clone()).or_insert(0);
        *repeat += 1;
        let label = if *repeat == 1 { base } else { format!("{base} ({repeat})") };
        // Landmarks on one page must differ by name; texts of many on a page cannot know that.
        let role = match self.place {
            Place::Page => "region",
            Place::Within { .. } => "group",
        };
        self.out.push_str(&format!(
            "<div class=\"table-scroll\" role=\"{role}\" tabindex=\"0\" aria-label=\"{}\"><table>\n",
            escape(&label)
        ));
    }

    pub(super) fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.column += 1;
        if !table.in_head {
            self.out.push_str("</td>");
        } else if is_blank(&self.out[table.cell_from..]) {
            // A header cell without words names nothing.
            self.out.truncate(table.cell_from);
            self.out.push_str("<td></td>");
        } else {
            self.out.push_str("</th>");
        }
    }

    pub(super) fn end_table(&mut self) {
        let has_body = self.tables.pop().is_some_and(|table| table.has_body);
        self.out.push_str(if has_body { "</tbody></table></div>\n" } else { "</table></div>\n" });
    }
}

/// The header cells of the table whose head starts at `head`, joined with commas.
fn text_of_head(events: &[Event<'_>], head: usize) -> String {
    let mut cells = Vec::new();
    for (index, event) in events.iter().enumerate().skip(head) {
        match event {
            Event::End(TagEnd::TableHead) => break,
            Event::Start(Tag::TableCell) => cells.push(text_of_element(events, index)),
            _ => {}
        }
    }
    cells.retain(|cell| !cell.is_empty());
    cells.join(", ")
}
