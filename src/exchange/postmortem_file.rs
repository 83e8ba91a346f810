//! One file with a postmortem, as far as it can be understood.
//!
//! The text itself is never changed. What is found in it is a proposal for the incident's
//! fields; what is not found, or found twice, is said in a remark.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};

use super::durations::told_minutes;
use super::fields::{Field, Labelled, labelled, severity};
pub use super::follow_ups::ReadActionItem;
use super::follow_ups::read_action_items;
use super::front_matter::FrontMatter;
use super::lines::{Line, lines};
use super::moments::{instant, moments};
use super::slashed_dates::with_plain_dates;
use super::standing::{Standing, in_title, standing};
use super::timeline::{Certainty, Placed, Timeline, read_timeline};
use super::titles::{title_below, title_from_file_name, title_from_sentence, title_in, title_of};
use crate::markdown::{FrontMatterFence, plain_text, split_front_matter};

#[cfg(test)]
mod tests;
mod told;

use told::{Found, at_midnight};

/// The key that marks front matter as Debrief's own; its value is the schema version.
pub const OWN_MARK: &str = "debrief";

/// How exactly the start is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimePrecision {
    /// Only the day; the instant is midnight UTC.
    Day,
    /// A clock time.
    Minute,
}

/// Something about a file that a person should know, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The sentence.
    pub text: String,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPostmortem {
    /// `INC-42` when the file is an export of Debrief.
    pub key: Option<String>,
    /// What the incident is called; never empty.
    pub title: String,
    /// The document: the whole file, or what follows Debrief's own front matter, byte for byte.
    pub markdown: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// The day it began as the file tells it, in the zone of the file; `started_at` in UTC may
    /// be the day before or after.
    pub started_on: Option<NaiveDate>,
    /// When it was noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// When it stopped hurting.
    pub mitigated_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// How long it took, in minutes.
    pub duration_minutes: Option<i64>,
    /// How exactly `started_at` is known.
    pub time_precision: TimePrecision,
    /// `SEV1` to `SEV5`.
    pub severity: Option<String>,
    /// Names of the services that were hit.
    pub services: Vec<String>,
    /// Tags and categories.
    pub tags: Vec<String>,
    /// Whether the text was finished.
    pub standing: Standing,
    /// Front matter of the file, with its fences.
    pub source_front_matter: Option<String>,
    /// What was to be done.
    pub action_items: Vec<ReadActionItem>,
    /// What could not be read.
    pub remarks: Vec<Remark>,
}

/// Reads the file `file_name` (a path; only its words count) with the content `text`.
pub fn read(file_name: &str, text: &str) -> ReadPostmortem {
    let split = split_front_matter(text);
    let front = split.map_or_else(FrontMatter::default, |split| match split.fence {
        FrontMatterFence::Yaml => FrontMatter::read_yaml(split.inner),
        FrontMatterFence::Toml => FrontMatter::read_toml(split.inner),
    });
    let is_own = front.text(OWN_MARK).is_some();
    let body = split.map_or(text, |split| split.body);
    let plain = with_plain_dates(body, &[file_name, split.map_or("", |split| split.inner)]);
    let body = plain.as_ref();
    let lines = lines(body);
    let facts = labelled(&lines);
    let mut reading = Reading { front: &front, lines: &lines, facts: &facts, file_name, body, remarks: Vec::new() };
    if let Some(line) = front.unread.first() {
        reading.remark(format!(
            "{} of the front matter could not be read and were kept as they are, the first is: {}",
            lines_counted(front.unread.len()),
            line.trim()
        ));
    }
    let title = reading.title();
    let times = reading.times();
    let severity = reading.severity();
    ReadPostmortem {
        key: is_own.then(|| front.text("key").map(str::to_owned)).flatten(),
        title,
        markdown: if is_own { split.map_or(text, |split| split.body).to_owned() } else { text.to_owned() },
        started_at: times.started_at,
        started_on: times.started_on,
        detected_at: times.detected_at,
        mitigated_at: times.mitigated_at,
        resolved_at: times.resolved_at,
        duration_minutes: times.duration_minutes,
        time_precision: times.precision,
        severity,
        services: reading.services(),
        tags: reading.tags(),
        standing: reading.standing(),
        source_front_matter: split.map(|split| split.whole.to_owned()),
        action_items: read_action_items(body),
        remarks: reading.remarks,
    }
}

fn lines_counted(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

struct Times {
    started_at: Option<DateTime<Utc>>,
    started_on: Option<NaiveDate>,
    detected_at: Option<DateTime<Utc>>,
    mitigated_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    duration_minutes: Option<i64>,
    precision: TimePrecision,
}

/// A day that the file names for the incident, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    place: &'static str,
    date: NaiveDate,
}

struct Reading<'a> {
    front: &'a FrontMatter,
    lines: &'a [Line],
    facts: &'a [Labelled],
    file_name: &'a str,
    body: &'a str,
    remarks: Vec<Remark>,
}

/// Longest title kept, in characters.
const TITLE_LIMIT: usize = 200;
/// How far the timeline may begin from the day the file names, in days, to be believed.
const NEAR_DAYS: i64 = 31;
/// Longest incident that is believed, in days.
const LONGEST_DAYS: i64 = 120;

impl Reading<'_> {
    fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(Remark { text: text.into() });
    }

    fn title(&mut self) -> String {
        let found = self
            .front
            .text("title")
            .filter(|title| !title.trim().is_empty())
            .map(|title| title_in(title).unwrap_or_else(|| title.trim().to_owned()))
            .or_else(|| title_of(self.lines))
            .or_else(|| {
                let told = self.fact(Field::Title).filter(|value| value.chars().any(char::is_lowercase));
                told.and_then(|value| title_in(&value))
            })
            .or_else(|| self.first_line_as_title())
            .or_else(|| title_below(self.lines))
            .or_else(|| title_from_file_name(self.file_name))
            .or_else(|| self.sentence_as_title());
        let title = match found {
            Some(title) => title,
            None => {
                self.remark("No title was found; give the incident one.");
                match self.days().first() {
                    Some(day) => format!("Incident of {}", day.date),
                    None => "Untitled incident".to_owned(),
                }
            }
        };
        title.chars().take(TITLE_LIMIT).collect()
    }

    fn sentence_as_title(&mut self) -> Option<String> {
        let title = title_from_sentence(self.lines)?;
        self.remark("No title was found; the first sentence stands in for it.");
        Some(title)
    }

    /// Without any heading, a short first line is the title.
    fn first_line_as_title(&self) -> Option<String> {
        let first = self.lines.first()?;
        let is_short = first.text.len() <= 100 && !first.text.ends_with('.') && first.cells.is_empty();
        if self.lines.iter().any(|line| line.heading == Some(1)) || first.heading.is_some() || !is_short {
            return None;
        }
        if first.text.contains(':') && super::fields::field(first.text.split(':').next().unwrap_or("")).is_some() {
            return None;
        }
        title_in(&first.text)
    }

    fn fact(&self, field: Field) -> Option<String> {
        self.facts.iter().find(|fact| fact.field == field).map(|fact| fact.value.clone())
    }

    fn severity(&mut self) -> Option<String> {
        let told = self
            .front
            .text("severity")
            .or_else(|| self.front.text("sev"))
            .or_else(|| {
                let inner = self.front.map("incident").iter().find(|(key, _)| key == "severity");
                inner.map(|(_, value)| value.as_str())
            })
            .map(str::to_owned)
            .or_else(|| self.fact(Field::Severity))?;
        let found = severity(&told);
        if found.is_none() {
            let told: String = told.chars().take(60).collect();
            self.remark(format!("The severity \"{told}\" was not understood; pick one of SEV1 to SEV5."));
        }
        found
    }

    /// What the file says about itself: in its front matter, its title, a line of facts, or where it lies.
    fn standing(&self) -> Standing {
        let is = |key: &str, wanted: &str| self.front.text(key).is_some_and(|text| text.trim() == wanted);
        if is("draft", "true") || is("published", "false") {
            return Standing::Draft;
        }
        let name = self.file_name.replace('\\', "/").to_lowercase();
        if name.split('/').any(|part| part == "_drafts") || name.contains(".draft.") {
            return Standing::Draft;
        }
        let front = ["status", "state", "stage"].into_iter().filter_map(|key| self.front.text(key)).find_map(standing);
        let heading = self.body.lines().find(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
        front
            .or_else(|| self.front.text("title").and_then(in_title))
            .or_else(|| heading.and_then(in_title))
            .or_else(|| self.fact(Field::Status).and_then(|told| standing(&told)))
            .unwrap_or_default()
    }

    fn services(&self) -> Vec<String> {
        let mut found = Vec::new();
        for key in ["services", "service", "affected_services", "affected", "components", "systems"] {
            found.extend(self.front.list(key));
        }
        if found.is_empty()
            && let Some(value) = self.fact(Field::Services)
        {
            found.extend(value.split([',', ';']).map(|part| part.trim().trim_end_matches('.').to_owned()));
        }
        found.retain(|name| !name.is_empty() && name.len() <= 60 && name.split_whitespace().count() <= 4);
        without_repeats(found)
    }

    fn tags(&self) -> Vec<String> {
        let found =
            ["tags", "tag", "categories", "labels", "keywords"].iter().flat_map(|key| self.front.list(key)).collect();
        without_repeats(found)
    }

    /// The days that the file names for the incident, the most trustworthy first.
    fn days(&self) -> Vec<Day> {
        let mut days = Vec::new();
        let mut add = |place, text: &str| {
            if let Some(date) = moments(text, None).into_iter().find_map(|moment| moment.date) {
                days.push(Day { place, date });
            }
        };
        for key in ["incident_date", "date_of_incident", "started_at", "started", "start"] {
            if let Some(text) = self.front.text(key) {
                add("front matter", text);
            }
        }
        // What a blog keeps below `date`.
        let created = self.front.map("date").iter().find(|(key, _)| key == "created");
        for (key, text) in self.front.map("incident") {
            if ["date", "started_at", "started", "start", "start_time"].contains(&key.as_str()) {
                add("front matter", text);
            }
        }
        for fact in self.facts.iter().filter(|fact| fact.field == Field::Date) {
            add("date line", &fact.value);
        }
        for line in self.lines.iter().filter(|line| line.heading.is_some()).take(2) {
            add("heading", &line.text);
        }
        if let Some(title) = self.front.text("title") {
            add("title", title);
        }
        if let Some(text) = self.front.text("date").or(created.map(|(_, text)| text.as_str())) {
            add("front matter", text);
        }
        for part in self.file_name.rsplit(['/', '\\']).take(2) {
            add("file name", part);
        }
        if let Some(date) = date_in_path(self.file_name) {
            days.push(Day { place: "file name", date });
        }
        days
    }

    fn times(&mut self) -> Times {
        let days = self.days();
        let year_hint = days.first().map(|day| day.date.year());
        let timeline = read_timeline(self.lines, year_hint);
        let day = self.choose_day(&days, &timeline);
        let mut told = self.told(day, timeline.zone);
        let zone_known = timeline.knows_zone();
        let from_timeline = self.span_of_timeline(&timeline, day);

        if told.started.is_none()
            && let Some((start, _)) = &from_timeline
        {
            told.started = Some(*start);
            if start.has_time && !zone_known {
                self.remark("No time zone was named; the times were read as UTC.");
            }
        }
        if told.started.is_none() {
            told.started = day.map(|day| at_midnight(day.date)).or_else(|| self.date_in_prose());
        }
        if told.started.is_none() {
            self.remark("No date was found; set when the incident started.");
        }
        let duration_told = told.duration.or_else(|| {
            let text: String = plain_text(self.body).chars().take(6_000).collect();
            told_minutes(&text)
        });
        let start_time = told.started.filter(|start| start.has_time);
        let by_duration = start_time
            .zip(told.duration.or(if from_timeline.is_none() { duration_told } else { None }))
            .map(|(start, minutes)| Found {
                at: start.at + Duration::minutes(minutes),
                date: start.date,
                has_time: true,
            });
        let end = match from_timeline.and_then(|(_, end)| end) {
            Some((end, Certainty::Told)) => told.resolved.or(Some(end)),
            Some((end, Certainty::LastEntry)) => told.resolved.or(by_duration).or(Some(end)),
            None => told.resolved.or(by_duration),
        };
        let resolved = self.plausible_end(told.started, end);
        let span =
            start_time.zip(resolved.filter(|end| end.has_time)).map(|(start, end)| (end.at - start.at).num_minutes());
        let after_start =
            |found: Option<Found>| found.filter(|found| told.started.is_none_or(|start| found.at >= start.at));
        Times {
            started_at: told.started.map(|found| found.at),
            started_on: told.started.map(|found| found.date),
            detected_at: after_start(told.detected).map(|found| found.at),
            mitigated_at: after_start(told.mitigated).map(|found| found.at),
            resolved_at: resolved.map(|found| found.at),
            duration_minutes: told.duration.or(span).or(duration_told),
            precision: if start_time.is_some() { TimePrecision::Minute } else { TimePrecision::Day },
        }
    }

    /// Picks the day the incident began from what the file says about itself.
    fn choose_day(&mut self, days: &[Day], timeline: &Timeline) -> Option<Day> {
        let first = *days.first()?;
        let told = timeline.first_date();
        let agreeing = told.and_then(|told| days.iter().find(|day| day.date == told).copied());
        let chosen = agreeing.unwrap_or(first);
        if let Some(other) = days.iter().find(|day| day.date != chosen.date) {
            let why = if agreeing.is_some() { ", because the timeline agrees with it" } else { "" };
            self.remark(format!(
                "The {} says {} and the {} says {}; {} was taken{why}.",
                chosen.place, chosen.date, other.place, other.date, chosen.date
            ));
        }
        Some(chosen)
    }

    fn span_of_timeline(&self, timeline: &Timeline, day: Option<Day>) -> Option<(Found, Option<(Found, Certainty)>)> {
        let told = timeline.first_date();
        let day = day.map(|day| day.date);
        // A timeline far from the day the file names tells of something else first.
        let first_day = match (told, day) {
            (Some(told), Some(day)) if (told - day).num_days().abs() > NEAR_DAYS => Some(day),
            (Some(told), Some(day)) if day <= told && (told - day).num_days() <= 3 => Some(day),
            (Some(told), _) => Some(told),
            (None, day) => day,
        };
        let placed = timeline.place(first_day);
        let near = |date: NaiveDate| first_day.is_none_or(|day| (date - day).num_days().abs() <= NEAR_DAYS);
        let start = placed.iter().flatten().find(|entry| near(entry.date))?;
        // A first entry with a day alone is no better word for the beginning than the day that the file names.
        let on_day = |day: NaiveDate| {
            let midnight = Placed { date: day, at: at_midnight(day).at, has_time: false };
            placed.iter().flatten().find(|entry| entry.date == day && entry.has_time).copied().unwrap_or(midnight)
        };
        let start = match day {
            Some(day) if !start.has_time && day != start.date => on_day(day),
            _ => *start,
        };
        let end = timeline.end().and_then(|(index, certainty)| {
            let entry = placed.get(index).copied().flatten()?;
            (entry.at > start.at)
                .then_some((Found { at: entry.at, date: entry.date, has_time: entry.has_time }, certainty))
        });
        Some((Found { at: start.at, date: start.date, has_time: start.has_time }, end))
    }

    /// The first date with a year that the text tells.
    fn date_in_prose(&mut self) -> Option<Found> {
        let words: Vec<&str> = self.lines.iter().take(400).map(|line| line.text.as_str()).collect();
        let found = words.iter().flat_map(|line| moments(line, None)).find(|moment| moment.date.is_some())?;
        self.remark("The date was taken from the text; check when the incident started.");
        Some(match (found.date, found.time, found.zone) {
            (Some(date), Some(time), Some(zone)) => Found { at: instant(date, time, zone), date, has_time: true },
            (Some(date), ..) => at_midnight(date),
            _ => return None,
        })
    }

    fn plausible_end(&mut self, start: Option<Found>, end: Option<Found>) -> Option<Found> {
        let (start, end) = (start?, end?);
        if end.at < start.at {
            self.remark("The end that was found lies before the start and was left out.");
            return None;
        }
        if end.at - start.at > Duration::days(LONGEST_DAYS) {
            self.remark("The end that was found lies months after the start and was left out.");
            return None;
        }
        // A day without a clock time says nothing about the hour it was over.
        (end.has_time || end.at > start.at).then_some(end)
    }
}

/// `2019/03/04-disk-full.md`, `2019/03-04/README.md`.
fn date_in_path(file_name: &str) -> Option<NaiveDate> {
    let slashed = file_name.replace('\\', "/");
    moments(&slashed, None).into_iter().chain(moments(&slashed.replace('/', "-"), None)).find_map(|moment| moment.date)
}

fn without_repeats(values: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        if !kept.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
            kept.push(value);
        }
    }
    kept
}
