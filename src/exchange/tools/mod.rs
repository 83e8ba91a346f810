//! What other tools hand out: JSON of PagerDuty, Opsgenie and incident.io, SQL dumps of Dispatch and Morgue.
//!
//! Pure. Every incident of a file becomes a text and the facts that the tool keeps beside it; what a tool tells in
//! fields is written into the text as well, so that the Markdown alone carries everything.

mod document;
mod dumps;
mod json;
mod sql;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::follow_ups::ReadActionItem;
use super::postmortem_file::{self, ReadPostmortem, TimePrecision};
use super::standing::Standing;
use crate::markdown::{from_html, is_html, without_elements};

pub use dumps::read_sql;
pub use json::read_json;

/// An incident as another tool tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What tells it from the others of the same file.
    pub id: String,
    /// The tool it comes from.
    pub tool: &'static str,
    /// Its text and facts.
    pub read: ReadPostmortem,
    /// What happened when.
    pub events: Vec<ToldEvent>,
}

/// One entry of a tool's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: String,
}

/// Facts that a tool keeps in fields.
#[derive(Debug, Clone, Default)]
struct Facts {
    id: String,
    tool: &'static str,
    title: String,
    started_at: Option<DateTime<Utc>>,
    detected_at: Option<DateTime<Utc>>,
    mitigated_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    severity: Option<String>,
    services: Vec<String>,
    tags: Vec<String>,
    /// Headings with their text.
    sections: Vec<(String, String)>,
    /// A text that is whole already.
    text: Option<String>,
    events: Vec<ToldEvent>,
    action_items: Vec<ReadActionItem>,
    /// Whether the tool calls the text finished, where it says so.
    standing: Option<Standing>,
}

/// Most entries of one timeline, and most action items of one incident.
const ENTRY_LIMIT: usize = 1_000;
/// Longest entry of a timeline, in characters.
const ENTRY_TEXT_LIMIT: usize = 1_500;

impl Facts {
    fn section(&mut self, heading: &str, text: impl Into<String>) {
        let text = as_markdown(text.into());
        if !text.trim().is_empty() {
            self.sections.push((heading.to_owned(), text.trim().to_owned()));
        }
    }

    fn event(&mut self, at: Option<DateTime<Utc>>, text: &str) {
        let text: String = as_markdown(text.to_owned()).trim().chars().take(ENTRY_TEXT_LIMIT).collect();
        if let Some(at) = at
            && !text.is_empty()
            && self.events.len() < ENTRY_LIMIT
        {
            self.events.push(ToldEvent { at, text });
        }
    }

    fn action(&mut self, title: &str, url: Option<String>, status: &str) {
        let title: String =
            without_elements(title).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
        let status = status.to_lowercase();
        let done = ["done", "complete", "completed", "closed", "resolved", "fixed", "verified"].contains(&&*status);
        if !title.is_empty() && self.action_items.len() < ENTRY_LIMIT {
            self.action_items.push(ReadActionItem { title, done, url });
        }
    }

    /// The text with what stands in fields written out under headings.
    fn markdown(&self) -> String {
        let mut made = self.text.clone().unwrap_or_default();
        let has = |made: &str, heading: &str| {
            made.lines().any(|line| line.trim_start_matches('#').trim().eq_ignore_ascii_case(heading))
        };
        let mut put = |heading: &str, text: &str| {
            if has(&made, heading) {
                return;
            }
            if !made.is_empty() {
                made.truncate(made.trim_end().len());
                made.push_str("\n\n");
            }
            made.push_str(&format!("## {heading}\n\n{text}\n"));
        };
        for (heading, text) in &self.sections {
            put(heading, text);
        }
        if !self.events.is_empty() {
            let rows: Vec<String> = self
                .events
                .iter()
                .map(|event| format!("| {} | {} |", event.at.format("%Y-%m-%d %H:%M UTC"), cell(&event.text)))
                .collect();
            put("Timeline", &format!("| When | What |\n| --- | --- |\n{}", rows.join("\n")));
        }
        if !self.action_items.is_empty() && !has(self.text.as_deref().unwrap_or_default(), "Follow-ups") {
            let rows: Vec<String> = self
                .action_items
                .iter()
                .map(|item| {
                    let mark = if item.done { "x" } else { " " };
                    let url = item.url.as_ref().map_or_else(String::new, |url| format!(" (<{url}>)"));
                    format!("- [{mark}] {}{url}", item.title)
                })
                .collect();
            put("Action items", &rows.join("\n"));
        }
        made
    }

    fn told(mut self) -> Told {
        self.events.sort_by_key(|event| event.at);
        self.title = without_elements(&self.title);
        for word in self.services.iter_mut().chain(&mut self.tags) {
            *word = without_elements(word);
        }
        let markdown = self.markdown();
        let mut read = postmortem_file::read(&self.title, &markdown);
        if !self.title.trim().is_empty() {
            read.title = self.title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        }
        if let Some(start) = self.started_at {
            read.remarks.clear();
            read.started_at = Some(start);
            read.started_on = Some(start.date_naive());
            read.time_precision = TimePrecision::Minute;
            read.detected_at = self.detected_at;
            read.mitigated_at = self.mitigated_at;
            read.resolved_at = self.resolved_at.filter(|end| *end >= start);
            read.duration_minutes = read.resolved_at.map(|end| (end - start).num_minutes());
        }
        if self.severity.is_some() {
            read.severity = self.severity;
        }
        if !self.services.is_empty() {
            read.services = self.services;
        }
        read.tags = self.tags;
        read.standing = self.standing.unwrap_or(read.standing);
        if !self.action_items.is_empty() {
            read.action_items = self.action_items;
        }
        Told { id: self.id, tool: self.tool, read, events: self.events }
    }
}

/// A text that some tools hand out as HTML.
fn as_markdown(text: String) -> String {
    if is_html(&text) { from_html(&text) } else { text }
}

/// A text as one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// An instant as tools write it; without a zone it is UTC, as all of them store it.
fn instant_of(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc)).filter(|at| at.timestamp() > 0);
    }
    if let Ok(number) = text.parse::<i64>() {
        return epoch(number);
    }
    let plain = text.trim_end_matches("+00").trim_end_matches(" UTC").replace('T', " ");
    NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M"))
        .ok()
        .or_else(|| NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
        .map(|at| at.and_utc())
        .filter(|at| at.timestamp() > 0)
}

/// Seconds or milliseconds since 1970; 0 stands for nothing.
fn epoch(number: i64) -> Option<DateTime<Utc>> {
    match number {
        100_000_000..=9_999_999_999 => DateTime::from_timestamp(number, 0),
        100_000_000_000..=9_999_999_999_999 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
