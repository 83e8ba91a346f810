//! The times that labels and front matter tell outright.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};

use super::super::durations::field_minutes;
use super::super::fields::Field;
use super::super::moments::{Moment, instant, moments};
use super::super::zones::{Zone, zone_in};
use super::{Day, Reading};

/// A span that labels or front matter tell.
#[derive(Default)]
pub(super) struct Told {
    pub(super) started: Option<Found>,
    pub(super) detected: Option<Found>,
    pub(super) mitigated: Option<Found>,
    pub(super) resolved: Option<Found>,
    pub(super) duration: Option<i64>,
}

#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) at: DateTime<Utc>,
    /// The day as the file tells it.
    pub(super) date: NaiveDate,
    pub(super) has_time: bool,
}

impl Reading<'_> {
    /// What labels and front matter say outright.
    pub(super) fn told(&self, day: Option<Day>, zone: Option<Zone>) -> Told {
        let mut told = Told::default();
        for (keys, slot) in [
            (["started_at", "started", "start", "incident_start", "start_time"], 0),
            (["detected_at", "detected", "detection", "detected_on", "time_detected"], 1),
            (["mitigated_at", "mitigated", "mitigation", "mitigated_on", "time_mitigated"], 2),
            (["resolved_at", "resolvedWhen", "resolved", "end", "end_time"], 3),
        ] {
            let found = keys.iter().find_map(|key| self.front.text(key)).and_then(|text| at_in(text, day, zone, ""));
            match slot {
                0 => told.started = found,
                1 => told.detected = found,
                2 => told.mitigated = found,
                _ => told.resolved = found,
            }
        }
        if let Some(text) = self.front.text("duration").or_else(|| self.front.text("duration_minutes")) {
            told.duration = field_minutes(text).or_else(|| text.trim().parse().ok());
        }
        // A date with a clock time says when it began.
        if told.started.is_none()
            && let Some(found) = self.front.text("date").and_then(|text| at_in(text, day, zone, ""))
            && found.has_time
            && self.front.text("resolvedWhen").is_some()
        {
            told.started = Some(found);
        }
        let mut date = day;
        for fact in self.facts {
            let found = at_in(&fact.value, date, zone, &fact.label);
            match fact.field {
                Field::Started => {
                    told.started = told.started.or(found);
                    if let Some(found) = found {
                        date = Some(Day { place: "start", date: found.date });
                    }
                    // "10:00 to 11:00" tells both.
                    told.resolved = told.resolved.or_else(|| end_of_range(&fact.value, date, zone, &fact.label));
                }
                Field::Detected => told.detected = told.detected.or(found),
                Field::Mitigated => told.mitigated = told.mitigated.or(found),
                Field::Resolved => {
                    let later = found.map(|found| match told.started {
                        // Past midnight.
                        Some(start) if found.at < start.at && found.at + Duration::days(1) > start.at => {
                            Found { at: found.at + Duration::days(1), ..found }
                        }
                        _ => found,
                    });
                    told.resolved = told.resolved.or(later);
                }
                Field::Date => {
                    if let Some(found) = found.filter(|found| found.has_time) {
                        told.started = told.started.or(Some(found));
                        told.resolved = told.resolved.or_else(|| end_of_range(&fact.value, date, zone, &fact.label));
                    }
                }
                Field::Duration => {
                    told.duration = told.duration.or_else(|| field_minutes(&fact.value));
                    if found.is_some_and(|found| found.has_time) && told.duration.is_none() {
                        told.started = told.started.or(found);
                        told.resolved = told.resolved.or_else(|| end_of_range(&fact.value, date, zone, &fact.label));
                    }
                }
                Field::Severity | Field::Services | Field::Title | Field::Status => {}
            }
        }
        told
    }
}

pub(super) fn at_midnight(date: NaiveDate) -> Found {
    Found { at: date.and_time(NaiveTime::MIN).and_utc(), date, has_time: false }
}

/// The first point in time of `text`.
fn at_in(text: &str, day: Option<Day>, zone: Option<Zone>, label: &str) -> Option<Found> {
    let all = moments(text, day.map(|day| day.date.year()));
    let first = all.first()?;
    let date = first.date.or(day.map(|day| day.date))?;
    Some(match first.time {
        Some(time) => Found { at: instant(date, time, zone_of(first, &all, text, zone, label)), date, has_time: true },
        None => at_midnight(date),
    })
}

/// The second point in time of `text`, where it tells a range.
fn end_of_range(text: &str, day: Option<Day>, zone: Option<Zone>, label: &str) -> Option<Found> {
    let all = moments(text, day.map(|day| day.date.year()));
    let [first, second, ..] = all.as_slice() else {
        return None;
    };
    let date = second.date.or(first.date).or(day.map(|day| day.date))?;
    let between = text[first.to..second.from].to_lowercase();
    let is_range = ["-", "\u{2013}", "\u{2014}", "to", "until", "till", "\u{2192}", "and"]
        .iter()
        .any(|mark| between.contains(mark));
    let time = second.time.filter(|_| is_range)?;
    let mut at = instant(date, time, zone_of(second, &all, text, zone, label));
    if second.date.is_none()
        && let Some(start) = first.time
        && time < start
    {
        at += Duration::days(1);
    }
    Some(Found { at, date, has_time: true })
}

fn zone_of(moment: &Moment, all: &[Moment], text: &str, zone: Option<Zone>, label: &str) -> Zone {
    let utc = Zone::Fixed(chrono::FixedOffset::east_opt(0).expect("zero is an offset"));
    moment
        .zone
        .or_else(|| all.iter().find_map(|other| other.zone))
        .or_else(|| zone_in(text))
        .or_else(|| zone_in(label))
        .or(zone)
        .unwrap_or(utc)
}
