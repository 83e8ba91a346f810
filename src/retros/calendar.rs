//! When a series meets next. Pure; the local clock of the series' zone counts, through summer time and back.

use chrono::{Datelike, Days, NaiveDate};

use crate::clock::Moment;
use crate::web::times::Zone;

/// Longest distance of two meetings, in weeks.
pub const WEEKS_LIMIT: i64 = 12;

/// When a team meets again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Every so many weeks.
    pub every_weeks: i64,
    /// 0 is Monday.
    pub weekday: i64,
    /// Local time, in minutes since midnight.
    pub minute_of_day: i64,
    /// Whose clock.
    pub zone: Zone,
}

impl Rhythm {
    /// The first meeting at or after `from`.
    pub fn first(&self, from: Moment) -> Moment {
        let mut day = self.zone.date(from);
        while i64::from(day.weekday().num_days_from_monday()) != self.weekday.rem_euclid(7) {
            day = later(day, 1);
        }
        let at = self.on(day);
        if at >= from { at } else { self.on(later(day, 7)) }
    }

    /// The meeting after the one at `meeting`, later than `now`.
    pub fn after(&self, meeting: Moment, now: Moment) -> Moment {
        let step = 7 * u64::try_from(self.every_weeks.clamp(1, WEEKS_LIMIT)).unwrap_or(1);
        let mut day = later(self.zone.date(meeting), step);
        while self.on(day) <= now {
            day = later(day, step);
        }
        self.on(day)
    }

    /// The meeting's instant on a day.
    fn on(&self, day: NaiveDate) -> Moment {
        let (hour, minute) = (self.minute_of_day.rem_euclid(1440) / 60, self.minute_of_day.rem_euclid(60));
        let local = |hour: i64| self.zone.parse(&format!("{day}T{hour:02}:{minute:02}"));
        // The hour that summer time jumps over is met an hour later.
        local(hour).or_else(|_| local((hour + 1).min(23))).unwrap_or(Moment::from_millis(0))
    }
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn meetings_keep_their_local_time() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let rhythm = Rhythm { every_weeks: 2, weekday: 2, minute_of_day: 14 * 60 + 30, zone: berlin };
        let first = rhythm.first(at("2026-10-19T10:00:00Z"));
        assert_eq!(first, at("2026-10-21T12:30:00Z"), "Wednesday in summer time");
        assert_eq!(rhythm.first(first), first);
        assert_eq!(rhythm.after(first, first), at("2026-11-04T13:30:00Z"), "winter time by then");
        assert_eq!(rhythm.after(first, at("2026-12-25T00:00:00Z")), at("2026-12-30T13:30:00Z"), "missed ones pass");
        assert_eq!(rhythm.first(at("2026-10-21T12:30:01Z")), at("2026-10-28T13:30:00Z"));
    }

    #[test]
    fn the_hour_that_is_not_there_is_met_an_hour_later() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let rhythm = Rhythm { every_weeks: 1, weekday: 6, minute_of_day: 150, zone: berlin };
        assert_eq!(rhythm.first(at("2026-03-28T12:00:00Z")), at("2026-03-29T01:30:00Z"));
    }
}
