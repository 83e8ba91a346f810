//! Dates, clock times and time zones as people write them.

use super::tokens::{Kind, Token, skip, tokens};
use super::zones::{Zone, zone_after};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};

/// A point in time as far as the text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) date: Option<NaiveDate>,
    pub(super) time: Option<NaiveTime>,
    pub(super) zone: Option<Zone>,
    /// Where in the text it begins and ends, in bytes.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The instant of a date and a clock time in `zone`. A time that a clock change skips is read
/// as if the clocks had not changed; one that comes twice is the first.
pub(super) fn instant(date: NaiveDate, time: NaiveTime, zone: Zone) -> DateTime<Utc> {
    let local = date.and_time(time);
    match zone {
        Zone::Fixed(offset) => Utc.from_utc_datetime(&(local - offset)),
        Zone::Named(tz) => match tz.from_local_datetime(&local).earliest() {
            Some(instant) => instant.with_timezone(&Utc),
            None => {
                (tz.from_local_datetime(&(local - Duration::hours(1)))
                    .earliest()
                    .map_or_else(|| Utc.from_utc_datetime(&local), |before| before.with_timezone(&Utc)))
                    + Duration::hours(1)
            }
        },
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// True for the English name of a month, or its first three letters.
pub(super) fn is_month(word: &str) -> bool {
    month(&Token { text: word, kind: Kind::Letters, at: 0 }).is_some()
}

fn month(word: &Token<'_>) -> Option<u32> {
    if word.kind != Kind::Letters || word.text.len() < 3 {
        return None;
    }
    let word = word.text.to_ascii_lowercase();
    let number = MONTHS.iter().position(|month| {
        *month == word || (word.len() == 3 && month.starts_with(&word)) || (word == "sept" && *month == "september")
    })?;
    u32::try_from(number + 1).ok()
}

fn year(token: &Token<'_>) -> Option<i32> {
    let number = token.number()?;
    if token.text.len() == 4 && (1990..2100).contains(&number) { i32::try_from(number).ok() } else { None }
}

/// Every date and clock time in `text`; `year_hint` completes dates without a year.
pub(super) fn moments(text: &str, year_hint: Option<i32>) -> Vec<Moment> {
    let tokens = tokens(text);
    let mut found: Vec<Moment> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((date, next)) = date_at(&tokens, at, year_hint) {
            let from = tokens[at].at;
            let to = tokens[next - 1].end();
            match found.last_mut() {
                // "13:06 on 27 September": the date belongs to the time before it.
                Some(last) if last.date.is_none() && last.time.is_some() && joins(&text[last.to..from]) => {
                    last.date = Some(date);
                    last.to = to;
                }
                _ => found.push(Moment { date: Some(date), time: None, zone: None, from, to }),
            }
            at = next;
        } else if let Some((time, zone, next)) = time_at(&tokens, at) {
            let from = tokens[at].at;
            let to = tokens[next - 1].end();
            match found.last_mut() {
                Some(last) if last.time.is_none() && joins(&text[last.to..from]) => {
                    last.time = Some(time);
                    last.zone = zone;
                    last.to = to;
                }
                _ => found.push(Moment { date: None, time: Some(time), zone, from, to }),
            }
            at = next;
        } else {
            at += 1;
        }
    }
    found
}

/// True when nothing but glue stands between a date and its time.
fn joins(between: &str) -> bool {
    const GLUE: [&str; 22] = [
        "",
        "t",
        "at",
        "ca",
        "circa",
        "around",
        "about",
        "approx",
        "approximately",
        "on",
        "from",
        "the",
        "morning",
        "um",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "of",
    ];
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    between.len() <= 40
        && !between.contains('\n')
        && between
            .split(|c: char| !c.is_alphanumeric())
            .all(|word| GLUE.contains(&word.to_lowercase().as_str()) || DAYS.contains(&word.to_lowercase().as_str()))
}

fn date_at(tokens: &[Token<'_>], at: usize, year_hint: Option<i32>) -> Option<(NaiveDate, usize)> {
    let first = &tokens[at];
    if at > 0 && tokens[at - 1].kind != Kind::Mark && first.kind == Kind::Digits && !tokens[at - 1].is_word("t") {
        return None;
    }
    if first.kind == Kind::Digits {
        return year_first(tokens, at)
            .or_else(|| numbers_year_last(tokens, at))
            .or_else(|| day_and_month_name(tokens, at, year_hint));
    }
    month_name_first(tokens, at, year_hint)
}

fn year_first(tokens: &[Token<'_>], at: usize) -> Option<(NaiveDate, usize)> {
    let first = tokens[at];
    if first.text.len() == 8 {
        let date = NaiveDate::parse_from_str(first.text, "%Y%m%d").ok()?;
        let plausible = first.text.starts_with("19") || first.text.starts_with("20");
        return plausible.then_some((date, at + 1));
    }
    let year = year(&first)?;
    let mark = tokens.get(at + 1)?;
    if !matches!(mark.text, "-" | "/" | "." | "_" | "\u{2010}" | "\u{2011}" | "\u{2013}" | " ") {
        return None;
    }
    let second = tokens.get(at + 2)?;
    let third = tokens.get(at + 4)?;
    if tokens.get(at + 3)?.text != mark.text || third.text.len() > 2 {
        return None;
    }
    let month = if second.kind == Kind::Digits && second.text.len() <= 2 && mark.text != " " {
        second.number()?
    } else {
        month(second)?
    };
    Some((NaiveDate::from_ymd_opt(year, month, third.number()?)?, at + 5))
}

fn numbers_year_last(tokens: &[Token<'_>], at: usize) -> Option<(NaiveDate, usize)> {
    let first = tokens[at].number().filter(|_| tokens[at].text.len() <= 2)?;
    let mark = tokens.get(at + 1)?;
    let second_token = tokens.get(at + 2)?;
    let second = second_token.number().filter(|_| second_token.text.len() <= 2)?;
    let last = tokens.get(at + 4)?;
    if !matches!(mark.text, "/" | "." | "-") || tokens.get(at + 3)?.text != mark.text {
        return None;
    }
    let year = match year(last) {
        Some(year) => year,
        None if mark.is("/") && last.text.len() == 2 => 2000 + i32::try_from(last.number()?).ok()?,
        None => return None,
    };
    // With slashes the month mostly stands first, with dots and hyphens the day.
    let (month, day) = if first > 12 || (second <= 12 && !mark.is("/")) { (second, first) } else { (first, second) };
    Some((NaiveDate::from_ymd_opt(year, month, day)?, at + 5))
}

const ORDINALS: [&str; 4] = ["st", "nd", "rd", "th"];

/// A year after a day and a month, unless it is the start of a clock time.
fn year_after(tokens: &[Token<'_>], at: usize) -> Option<(i32, usize)> {
    let at = skip(tokens, at, &[" ", ",", ".", "-", "/", "\u{a0}", "of"]);
    let found = year(tokens.get(at)?)?;
    if tokens.get(at + 1).is_some_and(|token| token.is(":")) { None } else { Some((found, at + 1)) }
}

fn day_and_month_name(tokens: &[Token<'_>], at: usize, year_hint: Option<i32>) -> Option<(NaiveDate, usize)> {
    let day = tokens[at].number().filter(|_| tokens[at].text.len() <= 2)?;
    let next = skip(tokens, at + 1, &ORDINALS);
    let next = skip(tokens, next, &[" ", ".", "-", "/", "of", "\u{a0}"]);
    let month = month(tokens.get(next)?)?;
    let (year, end) = match year_after(tokens, next + 1) {
        Some(found) => found,
        None => (year_hint?, next + 1),
    };
    Some((NaiveDate::from_ymd_opt(year, month, day)?, end))
}

fn month_name_first(tokens: &[Token<'_>], at: usize, year_hint: Option<i32>) -> Option<(NaiveDate, usize)> {
    let month = month(&tokens[at])?;
    let next = skip(tokens, at + 1, &[" ", ".", "-", "\u{a0}", "the"]);
    let day_token = tokens.get(next)?;
    let day = day_token.number().filter(|_| day_token.text.len() <= 2)?;
    // "Mar 10:20" is a time.
    if tokens.get(next + 1).is_some_and(|token| token.is(":")) {
        return None;
    }
    let mut end = skip(tokens, next + 1, &ORDINALS);
    // "March 3-4, 2019" begins on the third.
    let range = skip(tokens, end, &[" ", "-", "\u{2013}", "&", "and", "to"]);
    if range > end && tokens.get(range).is_some_and(|token| token.kind == Kind::Digits && token.text.len() <= 2) {
        let after = skip(tokens, range + 1, &ORDINALS);
        if let Some((year, end)) = year_after(tokens, after) {
            return Some((NaiveDate::from_ymd_opt(year, month, day)?, end));
        }
    }
    let year = match year_after(tokens, end) {
        Some((year, after)) => {
            end = after;
            year
        }
        None => year_hint?,
    };
    Some((NaiveDate::from_ymd_opt(year, month, day)?, end))
}

fn time_at(tokens: &[Token<'_>], at: usize) -> Option<(NaiveTime, Option<Zone>, usize)> {
    let first = tokens[at];
    if first.kind != Kind::Digits {
        return None;
    }
    if let Some(before) = at.checked_sub(1).map(|index| tokens[index])
        && (matches!(before.text, ":" | "." | "/" | "#") || (before.kind == Kind::Letters && !before.is_word("t")))
    {
        return None;
    }
    let mut hour = first.number()?;
    let (mut minute, mut second) = (0, 0);
    let mut next = at + 1;
    let mut has_seconds = false;
    let mut certain = false;
    if first.text.len() <= 2 && tokens.get(next).is_some_and(|token| token.is(":")) {
        let minutes = tokens.get(next + 1).filter(|token| token.text.len() == 2)?;
        minute = minutes.number()?;
        next += 2;
        certain = true;
        if tokens.get(next).is_some_and(|token| token.is(":")) {
            let seconds = tokens.get(next + 1)?;
            if seconds.text.len() == 2
                && let Some(number) = seconds.number()
            {
                second = number.min(59);
                has_seconds = true;
                next += 2;
                if tokens.get(next).is_some_and(|token| matches!(token.text, "." | ","))
                    && tokens.get(next + 1).is_some_and(|token| token.kind == Kind::Digits)
                {
                    next += 2;
                }
            }
        }
    } else if first.text.len() <= 2
        && tokens.get(next).is_some_and(|token| token.is_word("h"))
        && tokens.get(next + 1).is_some_and(|token| token.kind == Kind::Digits && token.text.len() == 2)
        && !tokens.get(next + 2).is_some_and(|token| token.kind == Kind::Letters)
    {
        minute = tokens[next + 1].number()?;
        next += 2;
        certain = true;
    } else if first.text.len() == 4 {
        (hour, minute) = (hour / 100, hour % 100);
    } else if first.text.len() > 2 {
        return None;
    }
    let blank = skip(tokens, next, &[" ", "\u{a0}"]);
    let (half, after) = half_of_day(tokens, blank);
    if let Some(half) = half {
        if first.text.len() == 4 || hour == 0 && minute == 0 && !certain {
            return None;
        }
        match half {
            Half::Morning if hour == 12 => hour = 0,
            Half::Afternoon if hour < 12 => hour += 12,
            _ => {}
        }
        certain = true;
        next = after;
    }
    let (zone, next) = match zone_after(tokens, next, has_seconds) {
        Some((zone, after)) => (Some(zone), after),
        None => (None, next),
    };
    // "1400 UTC" is a time and "1400" is not.
    let is_told = certain || (first.text.len() == 4 && zone.is_some());
    if !is_told {
        return None;
    }
    if hour == 24 && minute == 0 {
        hour = 0;
    }
    Some((NaiveTime::from_hms_opt(hour, minute, second)?, zone, next))
}

#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

fn half_of_day(tokens: &[Token<'_>], at: usize) -> (Option<Half>, usize) {
    let Some(token) = tokens.get(at) else {
        return (None, at);
    };
    if token.is_word("am") {
        return (Some(Half::Morning), at + 1);
    }
    if token.is_word("pm") {
        return (Some(Half::Afternoon), at + 1);
    }
    let dotted = tokens.get(at + 1).is_some_and(|mark| mark.is("."))
        && tokens.get(at + 2).is_some_and(|letter| letter.is_word("m"));
    let half = if token.is_word("a") {
        Half::Morning
    } else if token.is_word("p") {
        Half::Afternoon
    } else {
        return (None, at);
    };
    if dotted { (Some(half), skip(tokens, at + 3, &["."])) } else { (None, at) }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn first(text: &str) -> String {
        let Some(found) = moments(text, Some(2018)).into_iter().next() else {
            return "none".to_owned();
        };
        let date = found.date.map_or("-".to_owned(), |date| date.to_string());
        let time = found.time.map_or("-".to_owned(), |time| time.format("%H:%M").to_string());
        let zone = match found.zone {
            None => "-".to_owned(),
            Some(Zone::Fixed(offset)) => offset.to_string(),
            Some(Zone::Named(tz)) => tz.to_string(),
        };
        format!("{date} {time} {zone}")
    }

    #[test]
    fn dates_are_read_in_many_spellings() {
        for text in [
            "2019-03-04",
            "2019/03/04",
            "2019.3.4",
            "2019_03_04",
            "20190304",
            "4.3.2019",
            "03/04/2019",
            "4 March 2019",
            "4th of March, 2019",
            "March 4, 2019",
            "Mar. 4th 2019",
            "04-Mar-2019",
            "2019-Mar-04",
            "Mar 4 2019",
            "March 4-5, 2019",
            "on Monday, March 4, 2019.",
            "incident-2019-03-04-disk",
            "3/4/19",
        ] {
            assert_eq!(first(text), "2019-03-04 - -", "{text}");
        }
        assert_eq!(first("Feb 21, 13:00"), "2018-02-21 13:00 -");
        assert_eq!(first("19. April, 11:00"), "2018-04-19 11:00 -");
        assert_eq!(first("25/12/2019"), "2019-12-25 - -");
        for text in ["10.12.6.136", "v1.2.2019x", "2019-13-04", "May be", "March 2019", "12345678", "sept"] {
            assert_eq!(first(text), "none", "{text}");
        }
    }

    #[test]
    fn clock_times_and_zones_are_read() {
        for (text, expected) in [
            ("Sep 27 2017 13:06", "2017-09-27 13:06 -"),
            ("2017-11-30 4:23PM PST, OOM", "2017-11-30 16:23 -08:00"),
            ("2018-01-17 17:14pm", "2018-01-17 17:14 -"),
            ("2018-07-08 ca. 18:30", "2018-07-08 18:30 -"),
            ("07:30am - First", "- 07:30 -"),
            ("12:05 AM", "- 00:05 -"),
            ("4 p.m. ET on March 4, 2019", "2019-03-04 16:00 America/New_York"),
            ("2019-03-04T10:00:00-07:00", "2019-03-04 10:00 -07:00"),
            ("2019-03-04T10:00Z", "2019-03-04 10:00 +00:00"),
            ("2019-03-04 10:00:00 -0700", "2019-03-04 10:00 -07:00"),
            ("10:00-11:30", "- 10:00 -"),
            ("10:00 UTC+2", "- 10:00 +02:00"),
            ("10:00 (CEST)", "- 10:00 +02:00"),
            ("1400 UTC", "- 14:00 +00:00"),
            ("14h30", "- 14:30 -"),
            ("10:00 Europe/Berlin", "- 10:00 Europe/Berlin"),
            ("~13:30-13:45", "- 13:30 -"),
        ] {
            assert_eq!(first(text), expected, "{text}");
        }
        for text in ["10.12.6.136:8888", "1h50m", "1400", "step 3", "x:80", "99:99"] {
            assert_eq!(first(text), "none", "{text}");
        }
    }

    #[test]
    fn a_skipped_local_time_is_still_an_instant() {
        let date = NaiveDate::from_ymd_opt(2019, 3, 10).unwrap();
        let time = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        let found = instant(date, time, Zone::Named(Tz::America__New_York));
        assert_eq!(found.to_rfc3339(), "2019-03-10T07:30:00+00:00");
    }
}
