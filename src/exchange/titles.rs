//! What a postmortem is called.

use super::lines::{Line, readable};
use super::moments::moments;

/// Headings that name the kind of document or a part of it, not the incident.
const GENERIC: [&str; 44] = [
    "postmortem",
    "post mortem",
    "postmortem report",
    "incident report",
    "incident",
    "incident postmortem",
    "incident post mortem",
    "incident review",
    "post incident review",
    "summary",
    "overview",
    "timeline",
    "rca",
    "root cause analysis",
    "report",
    "postmortems",
    "incidents",
    "retrospective",
    "incident retrospective",
    "outage",
    "outage report",
    "readme",
    "index",
    "impact",
    "background",
    "description",
    "introduction",
    "executive summary",
    "tl dr",
    "tldr",
    "what happened",
    "root cause",
    "incident summary",
    "details",
    "date",
    "title",
    "authors",
    "status",
    "post mortem report",
    "incident details",
    "metadata",
    "template",
    "contents",
    "table of contents",
];

/// Words in front of a title that say what kind of document it is.
const LEADS: [&str; 20] = [
    "incident date",
    "incident report",
    "incident postmortem",
    "incident post-mortem",
    "incident review",
    "postmortem report",
    "post-mortem report",
    "post mortem report",
    "postmortem",
    "post-mortem",
    "post mortem",
    "incident",
    "outage report",
    "root cause analysis",
    "rca",
    "title",
    "retrospective",
    "post-incident review",
    "pir",
    "report",
];

/// The title in a heading, without its date and without words such as "Postmortem:"; `None`
/// when nothing is left.
pub(super) fn title_in(heading: &str) -> Option<String> {
    let heading = readable(heading);
    let mut title = heading.clone();
    loop {
        let before = title.clone();
        title = without_lead(&without_date(&title));
        if title == before {
            break;
        }
    }
    let title = trimmed(&title);
    if is_generic(title) { None } else { Some(title.to_owned()) }
}

/// The words of `text`, without marks.
pub(super) fn words_of(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

fn is_generic(title: &str) -> bool {
    let plain = words_of(title);
    plain.is_empty() || GENERIC.contains(&plain.join(" ").to_lowercase().as_str())
}

fn trimmed(title: &str) -> &str {
    const EDGES: [char; 12] = [' ', ',', ':', ';', '-', '\u{2013}', '\u{2014}', '|', '/', '.', '\u{a0}', '_'];
    let title = title.trim_start_matches(EDGES).trim_end_matches(|c| EDGES.contains(&c) && c != '.');
    let title = title.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(title);
    // Brackets that held the date and are empty now.
    let title = title.trim_start_matches("()").trim_end_matches("()").trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(inner) = title.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
            && !inner.contains(open)
        {
            return inner;
        }
    }
    title
}

/// A date at the start or the end is not part of the title; one in the middle is.
fn without_date(title: &str) -> String {
    for moment in moments(title, None) {
        if moment.date.is_none() {
            continue;
        }
        let before = trimmed(&title[..moment.from]).to_owned();
        let after = trimmed(&title[moment.to..]).to_owned();
        let bare_before = ["on", "from", "for", "of", "the", "("].contains(&before.to_lowercase().as_str());
        if before.is_empty() || bare_before {
            return after;
        }
        if after.is_empty() || after == ")" {
            let words: Vec<&str> = before.split(' ').collect();
            let cut =
                words.len() - usize::from(matches!(words.last().copied(), Some("on" | "from" | "of" | "for" | "(")));
            return trimmed(words[..cut].join(" ").trim_end_matches(['(', '['])).to_owned();
        }
        if is_generic(&before) || LEADS.contains(&before.to_lowercase().as_str()) {
            return after;
        }
    }
    title.to_owned()
}

fn without_lead(title: &str) -> String {
    let lower = title.to_lowercase();
    if lower.len() != title.len() {
        return title.to_owned();
    }
    for lead in LEADS {
        if let Some(rest) = lower.strip_prefix(lead) {
            let marked =
                rest.trim_start().starts_with([':', '-', '\u{2013}', '\u{2014}', '|', ',']) && !rest.starts_with('-');
            if marked {
                let rest = trimmed(&title[lead.len()..]);
                if !rest.is_empty() {
                    return rest.to_owned();
                }
            }
        }
    }
    title.to_owned()
}

/// The title a document gives itself: its first heading that says anything.
pub(super) fn title_of(lines: &[Line]) -> Option<String> {
    let headings = lines.iter().filter(|line| line.heading.is_some()).take(6);
    let top = headings.clone().find(|line| line.heading == Some(1)).and_then(|line| title_in(&line.text));
    if top.is_some() {
        return top;
    }
    // Without a heading on top, only one before the first section can be the title.
    let first = lines.iter().find(|line| line.heading.is_some())?;
    if let Some(title) = title_in(&first.text)
        && super::timeline::is_timeline_heading(&first.text).is_none()
    {
        return Some(title);
    }
    None
}

/// A title from the file's name: no folder, date, or ending, hyphens as blanks.
pub(super) fn title_from_file_name(file_name: &str) -> Option<String> {
    let parts: Vec<&str> = file_name.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    for part in parts.iter().rev().take(2) {
        let stem = part.rsplit_once('.').map_or(*part, |(stem, _)| stem);
        let words: Vec<&str> = stem.split(['-', '_', ' ', '.']).filter(|word| !word.is_empty()).collect();
        let dated = without_date(stem);
        let source = if dated.is_empty() || dated == *stem { words.join(" ") } else { dated.replace(['-', '_'], " ") };
        let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(title) = title_in(&source) {
            let mut letters = title.chars();
            if let Some(first) = letters.next() {
                return Some(first.to_uppercase().chain(letters).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_leads_are_no_part_of_a_title() {
        for (heading, title) in [
            ("2018-03-26, \"no space left on device\"", "\"no space left on device\""),
            ("2017-11-30 4:23PM PST, OOM (Out of Memory) Proxy", "OOM (Out of Memory) Proxy"),
            ("incident date: 2019-02-20, kubectl logs unavailable", "kubectl logs unavailable"),
            ("2017-09-29, 504", "504"),
            ("2018-02-22 NGINX crash", "NGINX crash"),
            ("Postmortem: Disk full", "Disk full"),
            ("Post-mortem - Disk full (2019-03-04)", "Disk full"),
            ("Disk full on March 4, 2019", "Disk full"),
            ("Incident Report - 2019-03-04 - Disk full", "Disk full"),
            ("Outage of the API", "Outage of the API"),
            ("Postmortem of the API outage", "Postmortem of the API outage"),
            ("[2019-03-04] Disk full", "Disk full"),
            ("2019-04-03, 30min outage during upgrade", "30min outage during upgrade"),
            ("Problems from 2019-03-04 to 2019-03-05 with disks", "Problems from 2019-03-04 to 2019-03-05 with disks"),
        ] {
            assert_eq!(title_in(heading).as_deref(), Some(title), "{heading}");
        }
        for nothing in ["Postmortem", "2019-03-04", "Incident Report: 2019-03-04", "Summary", "", "***"] {
            assert_eq!(title_in(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn file_names_are_a_last_resort() {
        assert_eq!(title_from_file_name("2019-03-04-disk_full.md").as_deref(), Some("Disk full"));
        assert_eq!(title_from_file_name("a/2019-03-04-disk-full/README.md").as_deref(), Some("Disk full"));
        assert_eq!(title_from_file_name("20190304.md"), None);
    }
}
