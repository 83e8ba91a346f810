//! What a postmortem is called.

use super::lines::{Line, readable};
use super::moments::moments;

/// Headings that name the kind of document or a part of it, not the incident.
const GENERIC: [&str; 46] = [
    "issue",
    "issue summary",
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
    let mut title = without_pictures(&readable(without_bracketed_kind(heading)));
    loop {
        let before = title.clone();
        title = without_lead(&without_date(without_key(without_state(&title))));
        if title == before {
            break;
        }
    }
    let title = trimmed(&title);
    if is_generic(title) { None } else { Some(title.to_owned()) }
}

/// `[Post Mortem] Disk full`: what kind of document it is, in brackets in front, is no part of the title.
pub(super) fn without_bracketed_kind(heading: &str) -> &str {
    match heading.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((kind, rest)) if !rest.starts_with('(') && !rest.trim().is_empty() && is_generic(kind) => {
            rest.trim_start()
        }
        _ => heading,
    }
}

/// The title below a heading that only says what kind of document it is, when nothing stands between the two.
pub(super) fn title_below(lines: &[Line]) -> Option<String> {
    let [first, second, ..] = lines else { return None };
    let is_below = first.heading? < second.heading?;
    title_in(&second.text).filter(|title| is_below && !is_section(title))
}

/// Headings of parts that most postmortems have.
fn is_section(title: &str) -> bool {
    const PARTS: [&str; 30] = [
        "lessons",
        "learned",
        "learnings",
        "action",
        "actions",
        "detection",
        "resolution",
        "trigger",
        "recovery",
        "response",
        "mitigation",
        "causes",
        "cause",
        "factors",
        "impact",
        "timeline",
        "background",
        "context",
        "overview",
        "summary",
        "follow",
        "next",
        "participants",
        "attendees",
        "people",
        "links",
        "references",
        "status",
        "scope",
        "meeting",
    ];
    let words = words_of(title);
    super::fields::field(title).is_some()
        || (words.len() <= 4 && words.iter().any(|word| PARTS.contains(&word.to_lowercase().as_str())))
}

/// `:fire:` as chat programs write pictures.
fn without_pictures(title: &str) -> String {
    let is_picture = |word: &str| {
        let inner = word.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
        inner.is_some_and(|name| {
            name.len() > 1
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '+'))
        })
    };
    if !title.contains(':') {
        return title.to_owned();
    }
    title.split(' ').filter(|word| !is_picture(word)).collect::<Vec<_>>().join(" ")
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

/// `[RESOLVED] Website is away`: how it stands, in brackets in front, is no part of the title.
fn without_state(title: &str) -> &str {
    let inside = title.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match inside {
        Some((state, rest)) if !rest.trim().is_empty() && is_state(state) => rest.trim_start(),
        // Brackets are gone where they were read as a link's.
        _ => match title.trim_start().split_once(' ') {
            Some((word, rest)) if is_state(word) && word.chars().all(char::is_uppercase) => rest.trim_start(),
            _ => title,
        },
    }
}

fn is_state(word: &str) -> bool {
    const STATES: [&str; 12] = [
        "resolved",
        "closed",
        "done",
        "final",
        "draft",
        "wip",
        "complete",
        "completed",
        "open",
        "in progress",
        "fixed",
        "public",
    ];
    STATES.contains(&word.trim().to_lowercase().as_str())
}

/// A number behind the lead: `Incident 42: …`, `Incident #42 - …`.
fn numbered(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('#').or_else(|| rest.strip_prefix("no. ")).unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    if end == 0 {
        return None;
    }
    let marks = rest[end..].trim_start();
    (marks.starts_with([':', '\u{2013}', '\u{2014}', '|']) || marks.starts_with("- ")).then_some(marks)
}

/// `INC-42: Disk full`: the key of a ticket in front is no part of the title.
fn without_key(title: &str) -> &str {
    let Some(end) = title.find([':', ' ', '\u{2013}', '\u{2014}']) else { return title };
    let key = &title[..end];
    let Some((letters, digits)) = key.split_once(['-', '#', '_']) else { return title };
    let is_key = (2..=10).contains(&letters.len())
        && letters.chars().all(|c| c.is_ascii_uppercase())
        && !digits.is_empty()
        && digits.chars().all(|c| c.is_ascii_digit() || c == '-');
    let rest = title[end..].trim_start();
    let rest = rest
        .strip_prefix(':')
        .or_else(|| ["- ", "\u{2013} ", "\u{2014} ", "| "].iter().find_map(|mark| rest.strip_prefix(mark)));
    match rest.map(str::trim_start) {
        Some(rest) if is_key && !rest.is_empty() => rest,
        _ => title,
    }
}

fn without_lead(title: &str) -> String {
    let lower = title.to_lowercase();
    if lower.len() != title.len() {
        return title.to_owned();
    }
    for lead in LEADS {
        if let Some(rest) = lower.strip_prefix(lead) {
            if let Some(marks) = numbered(rest) {
                let rest = trimmed(&title[title.len() - marks.len()..]);
                if !rest.is_empty() {
                    return rest.to_owned();
                }
            }
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
    // "Issue name" over the name is a label.
    let is_label = |line: &Line| super::fields::field(&line.text) == Some(super::fields::Field::Title);
    let top = headings.clone().find(|line| line.heading == Some(1) && !is_label(line));
    let top = top.and_then(|line| title_in(&line.text));
    if top.is_some() {
        return top;
    }
    // Without a heading on top, only one before the first section can be the title.
    let first = lines.iter().find(|line| line.heading.is_some()).filter(|line| !is_label(line))?;
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
        let stem = without_code(stem);
        if is_code(stem) || is_month_of_year(stem) {
            continue;
        }
        let mut words: Vec<&str> = stem.split(['-', '_', ' ', '.']).filter(|word| !word.is_empty()).collect();
        // `2022/01-31-broken.md`: the year stands in the folder.
        let is_short_number = |word: &&str| word.len() == 2 && word.chars().all(|c| c.is_ascii_digit());
        if words.len() > 2 && words.iter().take(2).all(is_short_number) {
            words.drain(..2);
        }
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

/// `PM2019-004 - Disk full`: a team's own number in front is no part of the title.
fn without_code(stem: &str) -> &str {
    let Some((code, rest)) = stem.split_once(" - ").or_else(|| stem.split_once(": ")) else { return stem };
    let is_number = code.len() <= 20
        && code.contains(|c: char| c.is_ascii_digit())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#'))
        && moments(code, None).iter().all(|moment| moment.date.is_none());
    if is_number && !rest.trim().is_empty() { rest.trim() } else { stem }
}

/// `May2021`, `2021-05`: a folder of a month.
fn is_month_of_year(stem: &str) -> bool {
    let letters: String = stem.chars().filter(|c| c.is_alphabetic()).collect();
    let digits = stem.chars().filter(char::is_ascii_digit).count();
    digits >= 4 && (letters.is_empty() || super::moments::is_month(&letters)) && digits <= 6
}

/// A name that only a machine reads: `00be5e02-584e-4ecc-a67e-6317f66b1237`, `a8`.
fn is_code(stem: &str) -> bool {
    let bare: String = stem.chars().filter(|c| c.is_alphanumeric()).collect();
    let has_digit = bare.contains(|c: char| c.is_ascii_digit());
    let is_hex = bare.len() >= 8 && bare.chars().all(|c| c.is_ascii_hexdigit());
    let is_short = bare.chars().filter(|c| c.is_alphabetic()).count() <= 2;
    let is_date = moments(stem, None).iter().any(|moment| moment.date.is_some());
    has_digit && !is_date && (is_hex || is_short)
}

/// The first sentence of a text that has neither a title nor a name.
pub(super) fn title_from_sentence(lines: &[Line]) -> Option<String> {
    const LIMIT: usize = 120;
    let first = lines.iter().find(|line| {
        // "Services affected: mail, web" is a fact, no sentence.
        let is_fact = line.text.split_once(':').is_some_and(|(label, _)| label.split_whitespace().count() <= 4);
        let is_prose = line.heading.is_none() && line.cells.is_empty() && !line.is_ruler && !is_fact;
        is_prose && line.text.split_whitespace().count() >= 4
    })?;
    let text = readable(&first.text);
    let end = text.find(". ").map_or(text.len(), |at| at);
    let sentence = text[..end].trim().trim_end_matches('.');
    if sentence.chars().count() <= LIMIT {
        return Some(sentence.to_owned());
    }
    let mut cut: String = sentence.chars().take(LIMIT).collect();
    cut.truncate(cut.rfind(' ').unwrap_or(cut.len()));
    Some(format!("{}\u{2026}", cut.trim_end_matches([',', ';', ':'])))
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
            ("[RESOLVED] Website is away 5/26/21", "Website is away"),
            ("Incident 42: Disk full", "Disk full"),
            ("INC-0042: Disk full", "Disk full"),
            ("OPS-7 - Disk full", "Disk full"),
            ("SEV-1 outage of disks", "SEV-1 outage of disks"),
            ("[Post Mortem] Disk full", "Disk full"),
            (":fire: Disk full :fire:", "Disk full"),
            ("Tokens leaked &amp; rotated", "Tokens leaked & rotated"),
            ("Incident #42 - Disk full", "Disk full"),
            ("[api] Disk full", "api Disk full"),
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
        assert_eq!(title_from_file_name("PM2019-004 - Disk full.md").as_deref(), Some("Disk full"));
        for nothing in ["20190304.md", "00be5e02-584e-4ecc-a67e-6317f66b1237.md", "data/8f2c11aa.md", "a8.md"] {
            assert_eq!(title_from_file_name(nothing).filter(|title| title != "Data"), None, "{nothing}");
        }
    }
}
