//! Live blocks: a line such as `[[timeline]]` or `[[actions only=open]]` stands for the record's present state.
//!
//! Pure. A block becomes an ordinary Markdown table, so that what readers see, what is published and what leaves as
//! a file are the same. It must never read anything but the record it is given, and never expand twice.

use super::record::{Record, is_bookkeeping};
use crate::action_items::model::{ActionKind, ActionRow, ActionStatus, Priority};
use crate::clock::Moment;
use crate::incidents::around::model::Basis;
use crate::incidents::model::Incident;
use crate::links::model::Relation;
use crate::markdown::{document_lines, plain_text, without_prompts};
use crate::timeline::line::{self, Frame};
use crate::timeline::model::{EventKind, EventRow, EventSource};
use crate::web::times::{Zone, duration, elapsed};

/// Most blocks of one text that are filled in; more than these is a mistake.
pub const BLOCK_LIMIT: usize = 40;

/// What the blocks of a text are filled from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Whose text it is.
    pub incident: &'a Incident,
    /// What is on record about it.
    pub record: &'a Record,
    /// The present instant.
    pub now: Moment,
}

/// What becomes of a block that cannot be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is shown as it was typed, with a sentence: for whoever writes and reads here.
    Told,
    /// It stays as it was typed: for what is published and for files.
    Kept,
}

/// A block line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block<'a> {
    name: &'a str,
    filters: Vec<(&'a str, &'a str)>,
    loose: Option<&'a str>,
}

/// `[[name key=value …]]` alone on its line.
fn block(line: &str) -> Option<Block<'_>> {
    let inner = line.trim().strip_prefix("[[")?.strip_suffix("]]")?;
    if line.starts_with("    ") || line.starts_with('\t') || inner.contains(['[', ']', '|']) {
        return None;
    }
    let mut words = inner.split_whitespace();
    let name = words.next()?;
    if !name.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-')) {
        return None;
    }
    let (mut filters, mut loose) = (Vec::new(), None);
    for word in words {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => filters.push((key, value.trim_matches('"'))),
            _ => loose = Some(word),
        }
    }
    Some(Block { name, filters, loose })
}

/// Whether a text has anything that publication freezes: a live block, or a prompt that goes.
pub fn is_live(markdown: &str) -> bool {
    markdown.contains("<!--?")
        || (markdown.contains("[[")
            && document_lines(markdown).iter().any(|line| !line.is_code && block(line.text).is_some()))
}

/// The text as readers get it: its blocks filled in, its prompts gone. One without either comes back byte for byte.
pub fn expand(markdown: &str, source: &Source<'_>, unknown: Unknown) -> String {
    let text = without_prompts(markdown);
    if !text.contains("[[") {
        return text;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut count = 0;
    for line in document_lines(&text) {
        let found = if line.is_code { None } else { block(line.text) };
        let Some(found) = found.filter(|_| count < BLOCK_LIMIT) else {
            out.push_str(line.text);
            continue;
        };
        count += 1;
        match filled(&found, source) {
            Ok(table) => {
                // A table needs a blank line before and after it.
                if !out.is_empty() && !out.ends_with("\n\n") {
                    out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
                }
                out.push_str(&table);
                out.push('\n');
            }
            Err(sentence) if unknown == Unknown::Told => {
                out.push_str(&format!("\n`{}` {sentence}\n\n", line.text.trim()));
            }
            Err(_) => out.push_str(line.text),
        }
    }
    out
}

fn filled(block: &Block<'_>, source: &Source<'_>) -> Result<String, String> {
    if let Some(word) = block.loose {
        return Err(format!("cannot be filled in: write `{word}` as a filter, such as `only=pinned`."));
    }
    let allowed: &[&str] = match block.name {
        "timeline" => &["from", "to", "only", "kind", "source", "zone"],
        "impact" | "factors" => &["only"],
        "deploys" => &["only", "zone"],
        "actions" => &["only", "kind", "owner", "priority"],
        other => {
            return Err(format!(
                "is no block that Debrief knows. There are timeline, impact, deploys, factors and actions, not {other}."
            ));
        }
    };
    if let Some((key, _)) = block.filters.iter().find(|(key, _)| !allowed.contains(key)) {
        return Err(format!("has no filter {key}. Take one of {}.", allowed.join(", ")));
    }
    match block.name {
        "timeline" => timeline(block, source),
        "impact" => impact(block, source),
        "deploys" => deploys(block, source),
        "factors" => Ok(factors(source)),
        _ => actions(block, source),
    }
}

impl<'a> Block<'a> {
    fn filter(&self, key: &str) -> Option<&'a str> {
        self.filters.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(&self, key: &str) -> Result<Option<T>, String> {
        self.filter(key)
            .map(|word| word.parse().map_err(|error| format!("has a {key} that cannot be read: {error}")))
            .transpose()
    }

    fn zone(&self) -> Result<Zone, String> {
        match self.filter("zone") {
            None => Ok(Zone::UTC),
            Some(name) => Zone::named(name)
                .ok_or_else(|| format!("names no time zone with {name}. Write one such as Europe/Berlin.")),
        }
    }
}

/// Cells of one row, with what would end a cell made harmless.
fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| without_bars(&one_line(cell))).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// With each bar behind a backslash.
fn without_bars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '|' && !out.ends_with('\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut text = row(&head.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    text.push_str(&format!("|{}\n", "---|".repeat(head.len())));
    for cells in rows {
        text.push_str(&row(&cells));
    }
    text
}

fn nothing(words: &str) -> String {
    format!("*{words}*\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines as one; what cannot stand in a cell is told in plain words.
fn in_cell(text: &str) -> String {
    let text = text.trim();
    if text.contains('\n') || text.starts_with(['#', '>', '-', '*', '+', '|', '`', '~']) {
        one_line(&plain_text(text)).replace(['<', '>'], "")
    } else {
        one_line(text)
    }
}

fn timeline(block: &Block<'_>, source: &Source<'_>) -> Result<String, String> {
    let zone = block.zone()?;
    let frame =
        Frame { started_at: source.incident.started_at, ended_at: source.incident.resolved_at, zone, now: source.now };
    let moment = |key: &str| -> Result<Option<Moment>, String> {
        let Some(text) = block.filter(key) else { return Ok(None) };
        let told = || format!("has a {key} that is no time: write it such as 14:00, +12m or 2026-11-23T14:00Z.");
        line::read(&format!("{text} x"), &frame).map_err(|_| told())?.at.ok_or_else(told).map(Some)
    };
    let (from, to) = (moment("from")?, moment("to")?);
    let kind: Option<EventKind> = block.word("kind")?;
    let wanted: Option<EventSource> = block.word("source")?;
    let resolved_at = source.incident.resolved_at;
    let only: Box<dyn Fn(&EventRow) -> bool> = match block.filter("only") {
        None => Box::new(move |row| !is_bookkeeping(&row.event, resolved_at)),
        Some("all") => Box::new(|_| true),
        Some("pinned") => Box::new(|row| row.event.pinned),
        Some("sourced") => Box::new(|row| !row.is_unsourced()),
        Some("unsourced") => Box::new(EventRow::is_unsourced),
        Some(_) => return Err("has an only that it does not know. Take pinned, sourced, unsourced or all.".to_owned()),
    };
    let events: Vec<&EventRow> = source
        .record
        .events
        .iter()
        .filter(|row| from.is_none_or(|from| row.event.happened_at >= from))
        .filter(|row| to.is_none_or(|to| row.event.happened_at <= to))
        .filter(|row| kind.is_none_or(|kind| row.event.kind == kind))
        .filter(|row| wanted.is_none_or(|wanted| row.event.source == wanted))
        .filter(|row| only(row))
        .collect();
    let Some(first) = events.first() else { return Ok(nothing("No event of the timeline is like that.")) };
    let first_day = zone.date(first.event.happened_at);
    let is_one_day = events.iter().all(|row| zone.date(row.event.happened_at) == first_day);
    let rows = events
        .iter()
        .map(|row| {
            let at = row.event.happened_at;
            let links: String = row
                .evidence
                .iter()
                .map(|one| format!(" [{}](<{}>)", one.title().replace(['[', ']'], ""), one.url.replace(['<', '>'], "")))
                .collect();
            vec![
                if is_one_day { zone.clock(at) } else { zone.long(at) },
                elapsed(at, source.incident.started_at),
                format!("{}{links}", in_cell(&row.event.text)),
                row.says(),
            ]
        })
        .collect();
    let when = if is_one_day {
        format!("{} ({})", zone.day(first.event.happened_at), zone.name())
    } else {
        format!("Time ({})", zone.name())
    };
    Ok(table(&[&when, "Elapsed", "What happened", "Source"], rows))
}

fn impact(block: &Block<'_>, source: &Source<'_>) -> Result<String, String> {
    let only: Option<Basis> = block.word("only")?;
    let incident = source.incident;
    let mut rows: Vec<Vec<String>> = source
        .record
        .figures
        .iter()
        .filter(|figure| only.is_none_or(|only| figure.basis == only))
        .map(|figure| {
            let from = if figure.source.is_empty() { String::new() } else { format!(", {}", figure.source) };
            vec![figure.label.clone(), figure.amount_text(), format!("{}{from}", figure.basis)]
        })
        .collect();
    let times = [
        ("Time to detect", incident.detected_at),
        ("Time to mitigate", incident.mitigated_at),
        ("Time to resolve", incident.resolved_at),
    ];
    for (name, at) in times {
        if let (Some(at), None) = (at, only) {
            rows.push(vec![
                name.to_owned(),
                duration(at.seconds_since(incident.started_at)),
                "from the record".to_owned(),
            ]);
        }
    }
    if rows.is_empty() {
        return Ok(nothing("No figure of the impact is on record yet."));
    }
    Ok(table(&["Impact", "How much", "Known from"], rows))
}

fn deploys(block: &Block<'_>, source: &Source<'_>) -> Result<String, String> {
    let zone = block.zone()?;
    let only: Option<Relation> = block.word("only")?;
    let rows: Vec<Vec<String>> = source
        .record
        .links
        .iter()
        .rev()
        .filter(|(link, ..)| only.is_none_or(|only| link.relation == only))
        .map(|(link, deploy, service)| {
            vec![
                deploy.key(),
                format!("{} {} to {}", service.name, deploy.version_or_commit(), deploy.environment),
                format!("{} {}", zone.long(deploy.happened_at), zone.name()),
                link.relation.phrase().to_owned(),
                in_cell(&link.reason),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(nothing("No deploy is linked like that."));
    }
    Ok(table(&["Deploy", "What", "When", "Relation", "Why"], rows))
}

fn factors(source: &Source<'_>) -> String {
    let rows: Vec<Vec<String>> = source
        .record
        .factors
        .iter()
        .map(|here| {
            let again = if here.occurrence > 1 { here.occurrence_words() } else { "first time".to_owned() };
            vec![here.factor.name.clone(), in_cell(&here.note), again]
        })
        .collect();
    if rows.is_empty() {
        return nothing("No contributing factor is named yet.");
    }
    table(&["Contributing factor", "How it showed here", "Seen"], rows)
}

fn actions(block: &Block<'_>, source: &Source<'_>) -> Result<String, String> {
    let kind: Option<ActionKind> = block.word("kind")?;
    let priority: Option<Priority> = block.word("priority")?;
    let owner = block.filter("owner").map(|name| name.trim_start_matches('@').to_lowercase());
    let is_wanted: Box<dyn Fn(ActionStatus) -> bool> = match block.filter("only") {
        None => Box::new(|_| true),
        Some("unfinished") => Box::new(ActionStatus::is_unfinished),
        Some(_) => {
            let only: Option<ActionStatus> = block.word("only")?;
            Box::new(move |status| only.is_none_or(|only| status == only))
        }
    };
    let is_owned = |row: &ActionRow| {
        owner
            .as_ref()
            .is_none_or(|wanted| row.owner.as_ref().is_some_and(|owner| owner.handle.to_lowercase() == *wanted))
    };
    let rows: Vec<Vec<String>> = source
        .record
        .actions
        .iter()
        .filter(|row| is_wanted(row.item.status) && is_owned(row))
        .filter(|row| kind.is_none_or(|kind| row.item.kind == kind))
        .filter(|row| priority.is_none_or(|priority| row.item.priority == priority))
        .map(|row| {
            vec![
                row.item.key(),
                in_cell(&row.item.title),
                row.owner.as_ref().map_or_else(|| "nobody yet".to_owned(), |owner| format!("@{}", owner.handle)),
                row.item.due_on.map_or_else(|| "no date".to_owned(), |due_on| due_on.to_string()),
                row.item.status.words().to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(nothing("No action item is like that."));
    }
    Ok(table(&["Key", "Action item", "Owner", "Due", "Status"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_stands_alone_on_its_line() {
        let found = block("[[timeline from=14:00 to=15:00 only=pinned]]\n").unwrap();
        assert_eq!(
            (found.name, found.filter("from"), found.filter("only")),
            ("timeline", Some("14:00"), Some("pinned"))
        );
        for text in
            ["see [[timeline]]", "[[Some Page]]", "[[a|b]]", "    [[timeline]]", "[timeline]", "[[]]", "[[a]](b)"]
        {
            assert_eq!(block(text), None, "{text}");
        }
        assert!(is_live("a\n[[impact]]\n") && is_live("<!--? x -->"));
        assert!(!is_live("```\n[[impact]]\n```\n") && !is_live("<!-- x --> [[a b](c)"));
    }

    #[test]
    fn cells_cannot_break_out() {
        assert_eq!(row(&["a|b\nc".to_owned(), "d\\".to_owned()]), "| a\\|b c | d\\ |\n");
        assert_eq!(in_cell("one\n\n```\ntwo | <b>\n```"), "one two | b");
    }
}
