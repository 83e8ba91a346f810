//! The timeline of a postmortem: when it begins and when it ends.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};

use super::lines::Line;
use super::moments::{Moment, instant, moments};
use super::zones::{Zone, zone_in};

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) date: Option<NaiveDate>,
    pub(super) time: Option<NaiveTime>,
    pub(super) zone: Option<Zone>,
    /// What happened, as far as it helps to tell the end of the incident.
    pub(super) text: String,
}

/// A timeline as written, before its days are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Timeline {
    pub(super) entries: Vec<Entry>,
    /// The zone that the document names for all its times.
    pub(super) zone: Option<Zone>,
}

/// An entry with its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) at: DateTime<Utc>,
    /// The day as the document tells it, in its own zone.
    pub(super) date: NaiveDate,
    pub(super) has_time: bool,
}

/// How far into a line the time of an entry may stand, in bytes.
const LEAD_LIMIT_BYTES: usize = 16;
/// The same for a table row, whose first cell may hold something else.
const ROW_LEAD_LIMIT_BYTES: usize = 40;

/// `Some` when a heading opens the timeline.
pub(super) fn is_timeline_heading(text: &str) -> Option<()> {
    let lower = text.to_lowercase();
    [
        "timeline",
        "time line",
        "chronology",
        "sequence of events",
        "what happened",
        "timings",
        "event log",
        "incident log",
    ]
    .iter()
    .any(|word| lower.contains(word))
    .then_some(())
}

/// Reads the timeline of a document; `year_hint` completes dates without a year.
pub(super) fn read_timeline(lines: &[Line], year_hint: Option<i32>) -> Timeline {
    let zone = named_zone(lines);
    let mut best: Vec<Entry> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let opens = line.cells.is_empty()
            && line.text.len() <= 80
            && is_timeline_heading(&line.text).is_some()
            && (line.heading.is_some() || line.text.trim_end_matches(':').len() <= 30);
        if !opens {
            continue;
        }
        let section = section_after(lines, index, year_hint);
        let entries = entries(section, year_hint);
        if entries.len() > best.len() {
            best = entries;
        }
    }
    if best.is_empty() {
        // Without a section of its own, dated headings tell the story.
        let headings: Vec<Line> = lines.iter().skip(1).filter(|line| line.heading.is_some()).cloned().collect();
        let found = entries(&headings, year_hint);
        if found.iter().filter(|entry| entry.time.is_some()).count() >= 2 {
            best = found;
        }
    }
    Timeline { entries: best, zone }
}

fn section_after(lines: &[Line], index: usize, year_hint: Option<i32>) -> &[Line] {
    let level = lines[index].heading.unwrap_or(7);
    let after = &lines[index + 1..];
    let end = after
        .iter()
        .position(|line| line.heading.is_some_and(|next| next <= level) && entry_moment(line, year_hint).is_none())
        .unwrap_or(after.len());
    &after[..end]
}

fn entries(section: &[Line], year_hint: Option<i32>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let in_headings = section
        .iter()
        .filter(|line| line.heading.is_some())
        .any(|line| entry_moment(line, year_hint).is_some_and(|(moment, _)| moment.time.is_some()));
    let mut hint = year_hint;
    for line in section {
        // Where headings carry the times, times in the text below are told, not logged.
        let may_be_entry = !in_headings || line.heading.is_some();
        match entry_moment(line, hint).filter(|_| may_be_entry) {
            Some((moment, text)) => {
                if let Some(date) = moment.date {
                    hint = Some(date.year());
                }
                // A day as a heading over its times is no entry of its own.
                let day_above = found.last().filter(|last| last.time.is_none() && moment.date.is_none());
                if let Some(date) = day_above.and_then(|last| last.date) {
                    found.pop();
                    found.push(Entry { date: Some(date), time: moment.time, zone: moment.zone, text });
                    continue;
                }
                found.push(Entry { date: moment.date, time: moment.time, zone: moment.zone, text });
            }
            None => {
                if let Some(last) = found.last_mut()
                    && last.text.len() < 400
                {
                    last.text.push(' ');
                    last.text.push_str(&line.text);
                }
            }
        }
    }
    found
}

/// The time an entry begins with.
fn entry_moment(line: &Line, year_hint: Option<i32>) -> Option<(Moment, String)> {
    if line.is_ruler {
        return None;
    }
    let is_row = !line.cells.is_empty();
    let (text, limit) = if is_row {
        (line.cells.iter().take(3).cloned().collect::<Vec<_>>().join("  "), ROW_LEAD_LIMIT_BYTES)
    } else {
        (line.text.clone(), LEAD_LIMIT_BYTES)
    };
    let start: String = text.chars().take(120).collect();
    let moment = moments(&start, year_hint).into_iter().next().filter(|moment| moment.from <= limit)?;
    // A number in a sentence is no entry: before it only marks and a word or two may stand.
    let lead = &start[..moment.from];
    if !is_row && lead.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count() > 2 {
        return None;
    }
    let text = if is_row { line.cells.join(" ") } else { text };
    Some((moment, text))
}

fn named_zone(lines: &[Line]) -> Option<Zone> {
    lines
        .iter()
        .filter(|line| line.text.len() <= 300)
        .filter(|line| {
            let lower = line.text.to_lowercase();
            let speaks_of_times =
                ["times", "timezone", "time zone", "timestamps", "(utc", "time (", "date (", "hours are"]
                    .iter()
                    .any(|word| lower.contains(word));
            let is_title = line.heading.is_some() && is_timeline_heading(&lower).is_some();
            let is_head = line.cells.iter().any(|cell| cell.to_lowercase().starts_with("time"));
            speaks_of_times || is_title || is_head
        })
        .find_map(|line| zone_in(&line.text))
}

impl Timeline {
    /// The first day that an entry names.
    pub(super) fn first_date(&self) -> Option<NaiveDate> {
        self.entries.iter().find_map(|entry| entry.date)
    }

    /// True when some time has a zone, or the document names one for all.
    pub(super) fn knows_zone(&self) -> bool {
        self.zone.is_some() || self.entries.iter().any(|entry| entry.zone.is_some())
    }

    /// Gives each entry its instant; `day` is the day of entries before the first date.
    pub(super) fn place(&self, day: Option<NaiveDate>) -> Vec<Option<Placed>> {
        let mut date = day;
        let mut zone = self.zone.unwrap_or(Zone::Fixed(chrono::FixedOffset::east_opt(0).expect("zero is an offset")));
        if self.zone.is_none()
            && let Some(first) = self.entries.iter().find_map(|entry| entry.zone)
        {
            zone = first;
        }
        let mut time_before: Option<NaiveTime> = None;
        let mut placed = Vec::new();
        for entry in &self.entries {
            match (entry.date, entry.time, time_before) {
                (Some(new), _, _) => date = Some(new),
                // 23:50, then 00:10: a new day. Entries a little out of order are not.
                (None, Some(time), Some(before)) if before - time > Duration::hours(6) => {
                    date = date.and_then(|date| date.succ_opt());
                }
                _ => {}
            }
            time_before = if entry.date.is_some() { entry.time } else { entry.time.or(time_before) };
            let at = date.map(|date| Placed {
                // A day alone is midnight UTC, so that it stays the same day everywhere.
                at: match entry.time {
                    Some(time) => instant(date, time, entry.zone.unwrap_or(zone)),
                    None => date.and_time(NaiveTime::MIN).and_utc(),
                },
                date,
                has_time: entry.time.is_some(),
            });
            placed.push(at);
        }
        placed
    }

    /// The entry that says the incident was over, or the last one.
    pub(super) fn end(&self) -> Option<(usize, Certainty)> {
        const OVER: [&str; 12] = [
            "incident resolved",
            "incident is resolved",
            "incident closed",
            "incident ends",
            "incident ended",
            "end of incident",
            "incident over",
            "outage ends",
            "outage over",
            "all clear",
            "issue resolved",
            "marked as resolved",
        ];
        let told = self.entries.iter().rposition(|entry| {
            let lower = entry.text.to_lowercase();
            OVER.iter().any(|words| lower.contains(words))
        });
        match told {
            Some(index) => Some((index, Certainty::Told)),
            None => self.entries.len().checked_sub(1).map(|index| (index, Certainty::LastEntry)),
        }
    }
}

/// How an end was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// An entry says so.
    Told,
    /// It is the last thing the timeline tells.
    LastEntry,
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn span(body: &str, day: Option<&str>) -> (String, String) {
        let timeline = read_timeline(&lines(body), Some(2019));
        let placed = timeline.place(day.map(|day| day.parse().unwrap()).or(timeline.first_date()));
        let show = |at: Option<&Option<Placed>>| {
            at.copied().flatten().map_or("none".to_owned(), |p| p.at.format("%m-%dT%H:%M").to_string())
        };
        (show(placed.first()), show(timeline.end().and_then(|(end, _)| placed.get(end))))
    }

    #[test]
    fn timelines_are_read_in_many_shapes() {
        let expected = ("03-04T22:50".to_owned(), "03-05T00:20".to_owned());
        for body in [
            "## Timeline\n\nAll times in CET\n\n### Mar 4 2019 23:50\n\nx at 12:00\n\n### 00:10\n\ny\n\n### 01:20\n\nend\n\n## Actions\n\n10:00 no\n",
            "## Timeline (CET)\n\n- 2019-03-04 23:50 - x\n- 00:10 - y\n- **01:20** z\n\n## Next\n",
            "## Timeline\n\n| Time (CET) | What |\n|---|---|\n| 2019-03-04 23:50 | x |\n| 00:10 | y |\n| 2019-03-05 01:20 | z |\n",
            "**Timeline:**\n\n* 4 March 2019, 23:50 CET: x\n* 00:10: y\n* 01:20 CET: incident resolved\n* 09:00: meeting\n",
            "# T\n\n### 2019-03-04 23:50 CET\n\nx\n\n### 00:10\n\ny\n\n### 01:20\n\nz\n",
            "## What happened\n\n### 2019-03-04\n\n- 11:50pm CET x\n\n### 2019-03-05\n\n- 1:20 AM y\n",
        ] {
            assert_eq!(span(body, None), expected, "{body}");
        }
        assert_eq!(span("## Timeline\n- 10:00 x\n- 11:00 y\n", Some("2019-03-04")).0, "03-04T10:00");
        assert_eq!(span("no timeline at 10:00\n", None).0, "none");
    }
}
