//! When people of the demo's company work: weekdays, in hours, with a freeze around year's end.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc, Weekday};

/// True from 19 December to 2 January, when nothing ships but repairs.
#[must_use]
pub fn is_frozen(day: NaiveDate) -> bool {
    (day.month() == 12 && day.day() >= 19) || (day.month() == 1 && day.day() <= 2)
}

/// True on Saturday and Sunday.
#[must_use]
pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// How busy a day is, in percent of a plain Tuesday.
#[must_use]
pub fn busyness_percent(day: NaiveDate) -> i64 {
    let weekday = match day.weekday() {
        Weekday::Mon => 85,
        Weekday::Tue => 115,
        Weekday::Wed => 120,
        Weekday::Thu => 110,
        Weekday::Fri => 55,
        Weekday::Sat | Weekday::Sun => 3,
    };
    let season = match (is_frozen(day), day.month()) {
        (true, _) => 4,
        (false, 7 | 8) => 70,
        (false, 11) => 115,
        (false, _) => 100,
    };
    weekday * season / 100
}

/// The day of a story that was laid so many days back: as it is when people ship then, else a working day
/// of the week that follows, not always its Monday.
#[must_use]
pub fn story_day(day: NaiveDate, days_ago: i64, latest: NaiveDate) -> NaiveDate {
    if is_weekend(day) || is_frozen(day) { shipping_day(day + TimeDelta::days(2 + days_ago % 4), latest) } else { day }
}

/// The nearest day from `day` on (or back, when that would pass `latest`) on which a normal deploy may ship.
#[must_use]
pub fn shipping_day(day: NaiveDate, latest: NaiveDate) -> NaiveDate {
    let free = |candidate: &NaiveDate| !is_weekend(*candidate) && !is_frozen(*candidate);
    let ahead = (0..21).map(|step| day + Days::new(step)).find(free);
    let behind = (0..21).map(|step| day.min(latest) - Days::new(step)).find(free);
    match (ahead, behind) {
        (Some(found), _) if found <= latest => found,
        (_, Some(found)) => found,
        _ => day,
    }
}

/// The same moment if somebody sits at a desk then, else the next morning on which somebody does; the
/// moment as it was when that would be later than `latest`.
#[must_use]
pub fn at_a_desk(moment: DateTime<Utc>, latest: DateTime<Utc>) -> DateTime<Utc> {
    let mut day = moment.date_naive();
    let hour = moment.hour();
    if !is_weekend(day) && (7..16).contains(&hour) {
        return moment;
    }
    if hour >= 7 || is_weekend(day) {
        day = day + Days::new(1);
    }
    while is_weekend(day) {
        day = day + Days::new(1);
    }
    let morning =
        instant(day, 7 * 60 + i64::from(moment.minute()) * 3) + TimeDelta::seconds(i64::from(moment.second()));
    if morning > latest { moment } else { morning }
}

/// The latest such weekday up to `day` on which a normal deploy may ship.
#[must_use]
pub fn shipping_weekday(day: NaiveDate, weekday: Weekday) -> NaiveDate {
    (0..35)
        .map(|step| day - Days::new(step))
        .find(|candidate| candidate.weekday() == weekday && !is_frozen(*candidate))
        .unwrap_or(day)
}

/// The latest occurrence of a month and day that lies at least `age_days` before `now`.
#[must_use]
pub fn latest_occurrence(month: u32, day: u32, now: DateTime<Utc>, age_days: i64) -> Option<NaiveDate> {
    let limit = (now - TimeDelta::days(age_days)).date_naive();
    [limit.year(), limit.year() - 1]
        .into_iter()
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
        .find(|found| *found <= limit)
}

/// The last Sunday of a month: the days on which Europe's clocks change are those of March and October.
#[must_use]
pub fn latest_last_sunday(month: u32, now: DateTime<Utc>, age_days: i64) -> Option<NaiveDate> {
    let limit = (now - TimeDelta::days(age_days)).date_naive();
    [limit.year(), limit.year() - 1]
        .into_iter()
        .filter_map(|year| {
            (25..=31)
                .filter_map(|day| NaiveDate::from_ymd_opt(year, month, day))
                .find(|found| found.weekday() == Weekday::Sun)
        })
        .find(|found| *found <= limit)
}

/// An instant from a day and minutes since its midnight, in UTC.
#[must_use]
pub fn instant(day: NaiveDate, minutes: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(minutes)
}
