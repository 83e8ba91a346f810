//! Reads one story file: a header of `key: value` lines, then `== timeline`, `== actions` and
//! `== postmortem`. The files are embedded, and a test parses each, so an error here is an author's error
//! and never a user's.
//!
//! Offsets are minutes from the start of the incident. Prose may say `{T+41}` for the clock at that
//! offset, `{date}`, `{deploy 1}` for the key of the first linked deploy and `{inc story}` for the key of
//! another story's incident.

use chrono::Weekday;

use super::cast;

/// When a story begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many days before now, on a day when people ship, at this minute of the day (UTC).
    Workday { days_ago: i64, minute: i64 },
    /// The first such weekday, at least so many days before now, on which people ship.
    Weekday { weekday: Weekday, days_ago: i64, minute: i64 },
    /// So many days before now, whatever day that is.
    AnyDay { days_ago: i64, minute: i64 },
    /// The latest such calendar day.
    Yearly { month: u32, day: u32, minute: i64 },
    /// The last Sunday of a month: Europe's clock change.
    LastSunday { month: u32, minute: i64 },
    /// It is going on right now and began so many minutes ago.
    Live { minutes_ago: i64 },
}

/// Offsets of the incident's own times, in minutes from its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offsets {
    pub detected: Option<i64>,
    pub acknowledged: Option<i64>,
    pub declared: Option<i64>,
    pub identified: Option<i64>,
    pub mitigated: Option<i64>,
    pub resolved: Option<i64>,
}

/// What became of the postmortem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteUp {
    Absent,
    Published,
    Draft,
    NotNeeded(&'static str),
}

/// A deploy that the story needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryDeploy {
    pub relation: &'static str,
    pub service: &'static str,
    pub kind: &'static str,
    /// When it finished, in minutes from the start of the incident.
    pub offset: i64,
    pub summary: &'static str,
    pub reason: &'static str,
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEvent {
    pub offset: i64,
    pub pinned: bool,
    pub source: &'static str,
    pub kind: &'static str,
    pub text: &'static str,
    /// `place:page label`, or none: unsourced.
    pub evidence: Option<&'static str>,
}

/// When an action is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Never,
    /// Days after it was written down.
    AfterCreation(i64),
    /// Days from now; negative is overdue.
    FromNow(i64),
}

/// An action item of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryAction {
    pub kind: &'static str,
    pub priority: &'static str,
    pub owner: Option<&'static str>,
    pub status: &'static str,
    pub factor: Option<&'static str>,
    pub due: Due,
    pub title: &'static str,
    pub details: &'static str,
    /// Evidence when done or verified, the reason when declined.
    pub closing: &'static str,
}

/// A number that says how much it hurt.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryFigure {
    pub label: &'static str,
    pub amount: f64,
    pub unit: &'static str,
    pub basis: &'static str,
    pub source: &'static str,
}

/// One story, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    pub slug: &'static str,
    pub title: &'static str,
    pub severity: &'static str,
    pub kind: &'static str,
    pub when: When,
    pub offsets: Offsets,
    pub services: Vec<&'static str>,
    pub tags: Vec<&'static str>,
    /// Factor and note.
    pub factors: Vec<(&'static str, &'static str)>,
    pub summary: &'static str,
    pub figures: Vec<StoryFigure>,
    pub deploys: Vec<StoryDeploy>,
    /// Field, offset that stood before, reason.
    pub corrections: Vec<(&'static str, i64, &'static str)>,
    pub write_up: WriteUp,
    pub revisions: usize,
    pub timeline: Vec<StoryEvent>,
    pub actions: Vec<StoryAction>,
    /// Markdown with placeholders; empty when there is no write-up.
    pub prose: &'static str,
}

const SEVERITIES: &[&str] = &["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"];
const INCIDENT_KINDS: &[&str] = &["incident", "near_miss"];
const RELATIONS: &[&str] = &["caused", "contributed", "suspected", "ruled_out", "fixed"];
const DEPLOY_KINDS: &[&str] = &["deploy", "rollback", "config", "flag", "migration", "infrastructure"];
const EVENT_SOURCES: &[&str] = &["person", "deploy", "alert", "status_change", "chat"];
const EVENT_KINDS: &[&str] = &["observation", "action", "decision", "communication", "detection", "change", "status"];
const ACTION_KINDS: &[&str] = &["prevent", "detect", "mitigate", "process", "learn"];
const ACTION_STATUSES: &[&str] = &["open", "in_progress", "done", "verified", "declined"];
const PRIORITIES: &[&str] = &["P1", "P2", "P3", "P4"];
const BASES: &[&str] = &["measured", "estimated"];
const TIME_FIELDS: &[&str] = &["started", "detected", "acknowledged", "identified", "mitigated", "resolved"];

impl Story {
    /// Reads a story file.
    ///
    /// # Errors
    /// A sentence that names the story and the line that cannot be read.
    pub fn parse(slug: &'static str, text: &'static str) -> Result<Self, String> {
        parse_story(slug, text).map_err(|problem| format!("story {slug}: {problem}"))
    }
}

fn parse_story(slug: &'static str, text: &'static str) -> Result<Story, String> {
    let (head, prose) = text.split_once("\n== postmortem\n").unwrap_or((text, ""));
    let (head, actions) = head.split_once("\n== actions\n").unwrap_or((head, ""));
    let (head, timeline) = head.split_once("\n== timeline\n").ok_or("no '== timeline' section")?;
    let mut story = Story {
        slug,
        title: "",
        severity: "",
        kind: "incident",
        when: When::Live { minutes_ago: 0 },
        offsets: Offsets::default(),
        services: Vec::new(),
        tags: Vec::new(),
        factors: Vec::new(),
        summary: "",
        figures: Vec::new(),
        deploys: Vec::new(),
        corrections: Vec::new(),
        write_up: WriteUp::Absent,
        revisions: 1,
        timeline: filled_lines(timeline).map(parse_event).collect::<Result<_, _>>()?,
        actions: filled_lines(actions).map(parse_action).collect::<Result<_, _>>()?,
        prose: prose.trim(),
    };
    for line in filled_lines(head) {
        let (key, value) = line.split_once(": ").ok_or_else(|| format!("not a 'key: value' line: {line}"))?;
        read_header(&mut story, key, value)?;
    }
    Ok(story)
}

fn read_header(story: &mut Story, key: &str, value: &'static str) -> Result<(), String> {
    match key {
        "title" => story.title = value,
        "summary" => story.summary = value,
        "severity" => story.severity = word(SEVERITIES, value)?,
        "kind" => story.kind = word(INCIDENT_KINDS, value)?,
        "when" => story.when = parse_when(value)?,
        "times" => story.offsets = parse_offsets(value)?,
        "services" => {
            for slug in value.split(", ") {
                story.services.push(cast::part(slug).ok_or_else(|| format!("no service {slug}"))?.slug);
            }
        }
        "tags" => story.tags = value.split(", ").collect(),
        "factor" => {
            let [slug, note] = fields(value)?;
            let known = cast::factor(slug).ok_or_else(|| format!("no factor {slug}"))?;
            story.factors.push((known, note));
        }
        "figure" => {
            let [label, amount, unit, basis, source] = fields(value)?;
            let amount = amount.parse().map_err(|_| format!("not a number: {amount}"))?;
            story.figures.push(StoryFigure { label, amount, unit, basis: word(BASES, basis)?, source });
        }
        "deploy" => {
            let [relation, service, kind, offset, summary, reason] = fields(value)?;
            story.deploys.push(StoryDeploy {
                relation: word(RELATIONS, relation)?,
                service: cast::part(service).ok_or_else(|| format!("no service {service}"))?.slug,
                kind: word(DEPLOY_KINDS, kind)?,
                offset: minutes(offset)?,
                summary,
                reason,
            });
        }
        "correction" => {
            let [field, offset, reason] = fields(value)?;
            story.corrections.push((word(TIME_FIELDS, field)?, minutes(offset)?, reason));
        }
        "write-up" => {
            story.write_up = match value.split_once(" | ") {
                Some(("not_needed", reason)) => WriteUp::NotNeeded(reason),
                None if value == "published" => WriteUp::Published,
                None if value == "draft" => WriteUp::Draft,
                _ => return Err(format!("unknown write-up: {value}")),
            };
        }
        "revisions" => story.revisions = value.parse().map_err(|_| format!("not a count: {value}"))?,
        _ => return Err(format!("unknown key: {key}")),
    }
    Ok(())
}

/// Reads `212 14:20`, `fri 212 14:20`, `any 212 14:20`, `yearly 12-31 23:00`, `last-sunday 10 00:30` or `live 47`.
fn parse_when(value: &str) -> Result<When, String> {
    let words: Vec<&str> = value.split(' ').collect();
    let when = match words.as_slice() {
        ["live", ago] => When::Live { minutes_ago: minutes(ago)? },
        ["any", days, clock] => When::AnyDay { days_ago: minutes(days)?, minute: minute_of_day(clock)? },
        ["last-sunday", month, clock] => When::LastSunday { month: small(month)?, minute: minute_of_day(clock)? },
        ["yearly", day, clock] => {
            let (month, day) = day.split_once('-').ok_or("a yearly day is written 12-31")?;
            When::Yearly { month: small(month)?, day: small(day)?, minute: minute_of_day(clock)? }
        }
        [weekday, days, clock] => When::Weekday {
            weekday: weekday.parse().map_err(|_| format!("not a weekday: {weekday}"))?,
            days_ago: minutes(days)?,
            minute: minute_of_day(clock)?,
        },
        [days, clock] => When::Workday { days_ago: minutes(days)?, minute: minute_of_day(clock)? },
        _ => return Err(format!("unknown when: {value}")),
    };
    Ok(when)
}

fn parse_offsets(value: &str) -> Result<Offsets, String> {
    let mut offsets = Offsets::default();
    for pair in value.split(", ") {
        let (name, offset) = pair.split_once(' ').ok_or_else(|| format!("not a time: {pair}"))?;
        let place = match name {
            "detected" => &mut offsets.detected,
            "acknowledged" => &mut offsets.acknowledged,
            "declared" => &mut offsets.declared,
            "identified" => &mut offsets.identified,
            "mitigated" => &mut offsets.mitigated,
            "resolved" => &mut offsets.resolved,
            _ => return Err(format!("unknown time: {name}")),
        };
        *place = Some(minutes(offset)?);
    }
    Ok(offsets)
}

/// Reads `12 | alert | detection | text` with an optional ` | dash:page label`; `12*` pins it.
fn parse_event(line: &'static str) -> Result<StoryEvent, String> {
    let parts: Vec<&'static str> = line.split('|').map(str::trim).collect();
    let (offset, source, kind, text, evidence) = match parts.as_slice() {
        [offset, source, kind, text] => (*offset, *source, *kind, *text, None),
        [offset, source, kind, text, evidence] => (*offset, *source, *kind, *text, Some(*evidence)),
        _ => return Err(format!("not a timeline line: {line}")),
    };
    Ok(StoryEvent {
        offset: minutes(offset.trim_end_matches('*'))?,
        pinned: offset.ends_with('*'),
        source: word(EVENT_SOURCES, source)?,
        kind: word(EVENT_KINDS, kind)?,
        text,
        evidence,
    })
}

/// Reads `prevent P1 ada open hand-tuned-limits 14 | title | details | closing`. A dash stands for none,
/// a due of `now-3` counts from now.
pub(super) fn parse_action(line: &'static str) -> Result<StoryAction, String> {
    let parts: Vec<&'static str> = line.split('|').map(str::trim).collect();
    let (head, title, details, closing) = match parts.as_slice() {
        [head, title, details] => (*head, *title, *details, ""),
        [head, title, details, closing] => (*head, *title, *details, *closing),
        _ => return Err(format!("not an action line: {line}")),
    };
    let words: Vec<&str> = head.split(' ').collect();
    let [kind, priority, owner, status, factor, due] = words.as_slice() else {
        return Err(format!("an action begins with six words: {line}"));
    };
    let due = match due.strip_prefix("now") {
        Some(days) => Due::FromNow(minutes(days)?),
        None if *due == "-" => Due::Never,
        None => Due::AfterCreation(minutes(due)?),
    };
    let named = |name: &str, find: fn(&str) -> Option<&'static str>| match name {
        "-" => Ok(None),
        _ => find(name).map(Some).ok_or_else(|| format!("unknown name {name} in: {line}")),
    };
    Ok(StoryAction {
        kind: word(ACTION_KINDS, kind)?,
        priority: word(PRIORITIES, priority)?,
        owner: named(owner, cast::person)?,
        status: word(ACTION_STATUSES, status)?,
        factor: named(factor, cast::factor)?,
        due,
        title,
        details,
        closing,
    })
}

pub(super) fn filled_lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn fields<const N: usize>(value: &'static str) -> Result<[&'static str; N], String> {
    let parts: Vec<&'static str> = value.split('|').map(str::trim).collect();
    parts.try_into().map_err(|_| format!("expected {N} parts: {value}"))
}

fn word(known: &'static [&'static str], value: &str) -> Result<&'static str, String> {
    known.iter().copied().find(|word| *word == value).ok_or_else(|| format!("unknown word: {value}"))
}

fn minutes(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| format!("not a whole number: {value}"))
}

fn small(value: &str) -> Result<u32, String> {
    value.parse().map_err(|_| format!("not a whole number: {value}"))
}

fn minute_of_day(clock: &str) -> Result<i64, String> {
    let (hour, minute) = clock.split_once(':').ok_or_else(|| format!("not a clock: {clock}"))?;
    Ok(minutes(hour)? * 60 + minutes(minute)?)
}
