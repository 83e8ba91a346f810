//! Instants as people read and write them: in their own zone, with the relative time beside.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::clock::Moment;

/// A viewer's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Zone(Tz::UTC)
    }
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// A zone by its IANA name (`Europe/Berlin`), letters in any case.
    pub fn named(name: &str) -> Option<Self> {
        Tz::from_str_insensitive(name.trim()).ok().map(Zone)
    }

    /// A stored name; an unknown one (a zone that was renamed) reads as UTC.
    pub fn or_utc(name: &str) -> Self {
        Zone::named(name).unwrap_or_default()
    }

    /// The IANA name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Every zone's name, for the choice in the settings.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// Reads RFC 3339, or a local `YYYY-MM-DDTHH:MM[:SS]` (also with a space) in this zone.
    ///
    /// # Errors
    /// A sentence that says what to write instead, also for a local time that the change to summer time skips.
    pub fn parse(&self, text: &str) -> Result<Moment, String> {
        if let Ok(moment) = Moment::parse(text) {
            return Ok(moment);
        }
        let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok())
            .ok_or("Write the time as 2026-11-23 14:02, or with a zone as 2026-11-23T14:02:00Z.")?;
        let at = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) => at,
            // Twice in autumn: the first of the two, as a person who notes times during an outage means it.
            LocalResult::Ambiguous(first, _) => first,
            LocalResult::None => {
                return Err(format!(
                    "There is no {} in {}: the clock jumped over it. Give the time after the jump, or in UTC.",
                    local.format("%H:%M"),
                    self.name()
                ));
            }
        };
        let moment = Moment::from_chrono(at.with_timezone(&chrono::Utc));
        // The same range as every other instant.
        Moment::parse(&moment.to_string())
    }

    /// `23 Nov 2026 14:02` in this zone.
    pub fn long(&self, at: Moment) -> String {
        self.format(at, "%-d %b %Y %H:%M")
    }

    /// `14:02` in this zone.
    pub fn clock(&self, at: Moment) -> String {
        self.format(at, "%H:%M")
    }

    /// `23 Nov 2026` in this zone.
    pub fn day(&self, at: Moment) -> String {
        self.format(at, "%-d %b %Y")
    }

    /// The calendar date in this zone.
    pub fn date(&self, at: Moment) -> NaiveDate {
        at.utc().with_timezone(&self.0).date_naive()
    }

    /// The hour of the day in this zone, 0 to 23.
    pub fn hour(&self, at: Moment) -> i64 {
        i64::from(at.utc().with_timezone(&self.0).hour())
    }

    /// The instant at which this `hour` begins on `day` in this zone; the first after it where the clock jumps over
    /// it, and the first of two where it comes twice.
    pub fn at_hour(&self, day: NaiveDate, hour: i64) -> Moment {
        let hour = u32::try_from(hour.clamp(0, 23)).unwrap_or(0);
        let midnight = day.and_hms_opt(hour, 0, 0).unwrap_or_default();
        let later = (0..=26).map(|half_hours| midnight + chrono::TimeDelta::minutes(30 * half_hours));
        let local = later.filter_map(|local| self.0.from_local_datetime(&local).earliest()).next();
        Moment::from_chrono(local.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&chrono::Utc)))
    }

    /// The value of a `datetime-local` input: `2026-11-23T14:02`; with seconds when there are any.
    pub fn input(&self, at: Moment) -> String {
        if at.millis() % 60_000 == 0 { self.format(at, "%Y-%m-%dT%H:%M") } else { self.format(at, "%Y-%m-%dT%H:%M:%S") }
    }

    fn format(&self, at: Moment, format: &str) -> String {
        at.utc().with_timezone(&self.0).format(format).to_string()
    }

    /// An instant as a page shows it.
    pub fn stamp(&self, at: Moment, now: Moment) -> Stamp {
        Stamp {
            iso: at.to_string(),
            absolute: self.long(at),
            clock: self.clock(at),
            day: self.day(at),
            relative: relative(at, now),
            utc: Zone::UTC.format(at, "%-d %b %Y %H:%M UTC"),
        }
    }
}

/// An instant, ready for `<time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// RFC 3339, for `datetime=`.
    pub iso: String,
    /// Day and clock time in the viewer's zone.
    pub absolute: String,
    /// Clock time in the viewer's zone.
    pub clock: String,
    /// The day in the viewer's zone.
    pub day: String,
    /// `5 min ago`, `in 2 days`.
    pub relative: String,
    /// The same in UTC, for the title.
    pub utc: String,
}

/// `5 min ago`, `in 2 days`, `just now`.
pub fn relative(at: Moment, now: Moment) -> String {
    let seconds = now.seconds_since(at);
    let (count, unit) = match seconds.abs() {
        0..60 => return "just now".to_owned(),
        s @ 60..3_600 => (s / 60, "min"),
        s @ 3_600..86_400 => (s / 3_600, "h"),
        s @ 86_400..5_184_000 => (s / 86_400, if s < 172_800 { "day" } else { "days" }),
        s @ 5_184_000..63_072_000 => (s / 2_592_000, "months"),
        s => (s / 31_536_000, "years"),
    };
    if seconds > 0 { format!("{count} {unit} ago") } else { format!("in {count} {unit}") }
}

/// A length of time: `44 min`, `3 h 5 min`, `2 days 4 h`. Never negative: a clock that jumped gives `0 min`.
pub fn duration(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (0, 0, 0) if seconds > 0 => format!("{} s", seconds),
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} {}", if d == 1 { "day" } else { "days" }),
        (d, h, _) => format!("{d} {} {h} h", if d == 1 { "day" } else { "days" }),
    }
}

/// Time since an incident's start: `T+12m`, `T−6m`, `T+3h05m`.
pub fn elapsed(at: Moment, start: Moment) -> String {
    let seconds = at.seconds_since(start);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    let minutes = seconds.abs() / 60;
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (0, 0, m) => format!("T{sign}{m}m"),
        (0, h, m) => format!("T{sign}{h}h{m:02}m"),
        (d, h, _) => format!("T{sign}{d}d{h:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_follow_the_zone_and_its_jumps() {
        let berlin = Zone::named("europe/berlin").unwrap();
        assert_eq!(berlin.parse("2026-11-23T15:02").unwrap().to_string(), "2026-11-23T14:02:00Z");
        assert_eq!(berlin.parse("2026-10-25 02:30").unwrap().to_string(), "2026-10-25T00:30:00Z");
        assert!(berlin.parse("2026-03-29 02:30").unwrap_err().contains("jumped"));
        assert!(berlin.parse("soon").is_err());
    }

    #[test]
    fn durations_are_never_negative() {
        assert_eq!(duration(-5), "0 min");
        assert_eq!(duration(44 * 60), "44 min");
        assert_eq!(duration(3 * 3600 + 300), "3 h 5 min");
        assert_eq!(elapsed(Moment::from_millis(0), Moment::from_millis(360_000)), "T\u{2212}6m");
    }
}
