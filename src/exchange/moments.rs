//! Dates, clock times and time zones as people write them.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A time zone as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Fixed(FixedOffset),
    Named(Tz),
}

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
            None => (tz
                .from_local_datetime(&(local - Duration::hours(1)))
                .earliest()
                .map_or_else(|| Utc.from_utc_datetime(&local), |before| before.with_timezone(&Utc)))
                + Duration::hours(1),
        },
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digits,
    Letters,
    Mark,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    kind: Kind,
    at: usize,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.at + self.text.len()
    }
    fn number(&self) -> Option<u32> {
        if self.kind == Kind::Digits { self.text.parse().ok() } else { None }
    }
    fn is(&self, mark: &str) -> bool {
        self.text == mark
    }
    fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Letters && self.text.eq_ignore_ascii_case(word)
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let kind = if c.is_ascii_digit() {
            Kind::Digits
        } else if c.is_alphabetic() {
            Kind::Letters
        } else {
            Kind::Mark
        };
        let mut end = at + c.len_utf8();
        if kind != Kind::Mark {
            while let Some((next_at, next)) = chars.peek().copied() {
                let same = if kind == Kind::Digits { next.is_ascii_digit() } else { next.is_alphabetic() };
                if !same {
                    break;
                }
                end = next_at + next.len_utf8();
                chars.next();
            }
        }
        found.push(Token { text: &text[at..end], kind, at });
    }
    found
}

const MONTHS: [&str; 12] = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
];

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
        "", "t", "at", "ca", "circa", "around", "about", "approx", "approximately", "on", "from", "the", "morning", "um",
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "of",
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

fn skip(tokens: &[Token<'_>], mut at: usize, glue: &[&str]) -> usize {
    while tokens.get(at).is_some_and(|token| glue.iter().any(|word| token.text.eq_ignore_ascii_case(word))) {
        at += 1;
    }
    at
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
    if !certain && !(first.text.len() == 4 && zone.is_some()) {
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
    let Some(token) = tokens.get(at) else { return (None, at) };
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

/// The zone right behind a clock time.
fn zone_after(tokens: &[Token<'_>], at: usize, has_seconds: bool) -> Option<(Zone, usize)> {
    if let Some(sign) = tokens.get(skip(tokens, at, &[" "]))
        && matches!(sign.text, "+" | "-")
    {
        let at = skip(tokens, at, &[" "]);
        let digits = tokens.get(at + 1)?;
        // "11:00-12:00" is a stretch of time, "11:00:00-07:00" and "11:00 -0700" an offset.
        let trusted = sign.is("+") || digits.text.len() == 4 || has_seconds;
        return if trusted { offset_at(tokens, at) } else { None };
    }
    let at = skip(tokens, at, &[" ", "(", "[", ",", "\u{a0}"]);
    let (zone, after) = zone_at(tokens, at)?;
    Some((zone, skip(tokens, after, &[")", "]"])))
}

/// `+2`, `+02`, `+0200`, `+02:00` and the same with a minus.
fn offset_at(tokens: &[Token<'_>], at: usize) -> Option<(Zone, usize)> {
    let sign = match tokens.get(at)?.text {
        "+" => 1,
        "-" | "\u{2212}" | "\u{2013}" => -1,
        _ => return None,
    };
    let digits = tokens.get(at + 1)?;
    let number = i32::try_from(digits.number()?).ok()?;
    let (hours, minutes, next) = match digits.text.len() {
        1 | 2 => match (tokens.get(at + 2), tokens.get(at + 3)) {
            (Some(colon), Some(minutes)) if colon.is(":") && minutes.text.len() == 2 && minutes.number().is_some() => {
                (number, i32::try_from(minutes.number()?).ok()?, at + 4)
            }
            _ => (number, 0, at + 2),
        },
        4 => (number / 100, number % 100, at + 2),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    Some((Zone::Fixed(FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))?), next))
}

/// Abbreviations with the offset they stand for, in minutes. `IST` is read as India's.
const FIXED_ZONES: [(&str, i32); 33] = [
    ("UTC", 0), ("GMT", 0), ("Z", 0), ("WET", 0), ("BST", 60), ("WEST", 60), ("CET", 60), ("MEZ", 60), ("CEST", 120),
    ("MESZ", 120), ("EET", 120), ("SAST", 120), ("EEST", 180), ("MSK", 180), ("IST", 330), ("SGT", 480), ("HKT", 480),
    ("AWST", 480), ("JST", 540), ("KST", 540), ("AEST", 600), ("AEDT", 660), ("NZST", 720), ("NZDT", 780),
    ("BRT", -180), ("EDT", -240), ("EST", -300), ("CDT", -300), ("CST", -360), ("MDT", -360), ("MST", -420),
    ("PDT", -420), ("PST", -480),
];

/// Names that follow daylight saving.
const NAMED_ZONES: [(&str, Tz); 8] = [
    ("PT", Tz::America__Los_Angeles), ("ET", Tz::America__New_York), ("CT", Tz::America__Chicago),
    ("MT", Tz::America__Denver), ("Pacific", Tz::America__Los_Angeles), ("Eastern", Tz::America__New_York),
    ("AET", Tz::Australia__Sydney), ("Mountain", Tz::America__Denver),
];

fn zone_at(tokens: &[Token<'_>], at: usize) -> Option<(Zone, usize)> {
    let token = tokens.get(at)?;
    if token.kind != Kind::Letters {
        return None;
    }
    if let Some(found) = zone_by_path(tokens, at) {
        return Some(found);
    }
    if let Some((_, tz)) = NAMED_ZONES.iter().find(|(name, _)| *name == token.text) {
        return Some((Zone::Named(*tz), at + 1));
    }
    let common = ["utc", "gmt", "z"].contains(&token.text.to_ascii_lowercase().as_str());
    let (name, minutes) = FIXED_ZONES
        .iter()
        .find(|(name, _)| *name == token.text || (common && name.eq_ignore_ascii_case(token.text)))?;
    if matches!(*name, "UTC" | "GMT") {
        let sign = skip(tokens, at + 1, &[" "]);
        let close = sign == at + 1 || tokens.get(sign).is_some_and(|token| token.is("+"));
        if close && let Some(found) = offset_at(tokens, sign) {
            return Some(found);
        }
    }
    Some((Zone::Fixed(FixedOffset::east_opt(minutes * 60)?), at + 1))
}

/// `Europe/Berlin`, `America/Los_Angeles`.
fn zone_by_path(tokens: &[Token<'_>], at: usize) -> Option<(Zone, usize)> {
    if !tokens.get(at + 1)?.is("/") {
        return None;
    }
    let mut name = tokens[at].text.to_owned();
    let mut next = at + 1;
    let mut found = None;
    while let Some(mark) = tokens.get(next)
        && matches!(mark.text, "/" | "_")
        && let Some(part) = tokens.get(next + 1)
    {
        name.push_str(mark.text);
        name.push_str(part.text);
        next += 2;
        if let Ok(tz) = name.parse::<Tz>() {
            found = Some((Zone::Named(tz), next));
        }
    }
    found
}

/// The zone named somewhere in `text`; an offset in numbers says more than an abbreviation.
pub(super) fn zone_in(text: &str) -> Option<Zone> {
    let tokens = tokens(text);
    let mut named = None;
    for at in 0..tokens.len() {
        if tokens[at].is_word("z") {
            continue;
        }
        if let Some((zone, next)) = zone_at(&tokens, at) {
            if next > at + 1 || tokens[at].kind == Kind::Mark {
                return Some(zone);
            }
            named = named.or(Some(zone));
        } else if matches!(tokens[at].text, "+")
            && let Some((zone, _)) = offset_at(&tokens, at)
        {
            return Some(zone);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        let Some(found) = moments(text, Some(2018)).into_iter().next() else { return "none".to_owned() };
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
            "2019-03-04", "2019/03/04", "2019.3.4", "2019_03_04", "20190304", "4.3.2019", "03/04/2019", "4 March 2019",
            "4th of March, 2019", "March 4, 2019", "Mar. 4th 2019", "04-Mar-2019", "2019-Mar-04", "Mar 4 2019",
            "March 4-5, 2019", "on Monday, March 4, 2019.", "incident-2019-03-04-disk", "3/4/19",
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
    fn zones_are_found_in_sentences() {
        let zone = |text: &str| match zone_in(text) {
            None => "none".to_owned(),
            Some(Zone::Fixed(offset)) => offset.to_string(),
            Some(Zone::Named(tz)) => tz.to_string(),
        };
        assert_eq!(zone("All times in PST (UTC-7)"), "-07:00");
        assert_eq!(zone("All times in Central European Time (CET)"), "+01:00");
        assert_eq!(zone("All times in UTC+1 (Zurich time)"), "+01:00");
        assert_eq!(zone("All times in GMT+2"), "+02:00");
        assert_eq!(zone("All times in UC/Pacific"), "America/Los_Angeles");
        assert_eq!(zone("Times are UTC - unless noted"), "+00:00");
        assert_eq!(zone("nothing at all"), "none");
    }

    #[test]
    fn a_skipped_local_time_is_still_an_instant() {
        let date = NaiveDate::from_ymd_opt(2019, 3, 10).unwrap();
        let time = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        let found = instant(date, time, Zone::Named(Tz::America__New_York));
        assert_eq!(found.to_rfc3339(), "2019-03-10T07:30:00+00:00");
    }
}
