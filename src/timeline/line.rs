//! What one typed line says: when, what, and how that is known. Pure.
//!
//! `14:02 pager fired https://…` · `+12m rolled back` · `2026-11-23 14:02 UTC first error` ·
//! `yesterday 23:10 CET disk full` · `2:03 pm restarted`

use super::model::Evidence;
use super::zone_words;
use crate::clock::Moment;
use crate::web::fields::is_web_address;
use crate::web::times::Zone;

/// What a line is read against.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// When the incident began.
    pub started_at: Moment,
    /// When it was resolved, or nothing while it lasts.
    pub ended_at: Option<Moment>,
    /// The zone of whoever types.
    pub zone: Zone,
    /// The present instant.
    pub now: Moment,
}

/// A line that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The time that it began with.
    pub at: Option<Moment>,
    /// What is left between the time and the addresses.
    pub text: String,
    /// The addresses that it ended with.
    pub evidence: Vec<Evidence>,
}

/// Reads a line.
///
/// # Errors
/// A sentence when it begins like a time but is none.
pub fn read(line: &str, frame: &Frame) -> Result<Line, String> {
    let (at, rest) = leading_time(line.trim(), frame)?;
    if rest.contains('\n') {
        // A text of several lines keeps its addresses where they stand.
        return Ok(Line { at, text: rest.trim_end().to_owned(), evidence: Vec::new() });
    }
    let (text, evidence) = trailing_addresses(rest);
    Ok(Line { at, text, evidence })
}

fn leading_time<'a>(line: &'a str, frame: &Frame) -> Result<(Option<Moment>, &'a str), String> {
    let (first, rest) = next_word(line);
    if let Some(seconds) = offset_s(first) {
        return Ok((Some(frame.started_at.plus_s(seconds)), rest));
    }
    if let Some((clock, zone, rest)) = clock_words(first, rest, frame.zone) {
        return nearest(&clock?, frame, zone).map(|at| (Some(at), rest));
    }
    if let Some(days) = day_word(first) {
        let (second, rest) = next_word(rest);
        return match clock_words(second, rest, frame.zone) {
            Some((clock, zone, rest)) => {
                let day = zone.date(frame.now) + chrono::Days::new(2) - chrono::Days::new(2 + days);
                zone.parse(&format!("{} {}", day.format("%Y-%m-%d"), clock?)).map(|at| (Some(at), rest))
            }
            None => Ok((None, line)),
        };
    }
    if !is_date(first) {
        // `2026-11-23T14:02Z` in one word.
        return match first.split_once(['T', 't']).filter(|(date, _)| is_date(date)) {
            None => Ok((None, line)),
            Some((date, time)) => match clock_words(time, rest, frame.zone) {
                Some((clock, zone, rest)) => zone.parse(&format!("{date} {}", clock?)).map(|at| (Some(at), rest)),
                None => Moment::parse(first).map(|at| (Some(at), rest)),
            },
        };
    }
    let (second, rest) = next_word(rest);
    match clock_words(second, rest, frame.zone) {
        Some((clock, zone, rest)) => zone.parse(&format!("{first} {}", clock?)).map(|at| (Some(at), rest)),
        // A date without a clock time says nothing about when on that day.
        None => Ok((None, line)),
    }
}

/// How many days ago a word means.
fn day_word(word: &str) -> Option<u64> {
    match word.to_ascii_lowercase().trim_end_matches(',') {
        "today" => Some(0),
        "yesterday" => Some(1),
        _ => None,
    }
}

fn next_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

fn is_date(word: &str) -> bool {
    word.len() == 10 && chrono::NaiveDate::parse_from_str(word, "%Y-%m-%d").is_ok()
}

/// `+12m`, `-1h05m`, `T+90s`: seconds from the start.
fn offset_s(word: &str) -> Option<i64> {
    let word = word.strip_prefix(['T', 't']).unwrap_or(word);
    let (sign, mut rest) = match word.chars().next()? {
        '+' => (1, &word[1..]),
        '-' => (-1, &word[1..]),
        '\u{2212}' => (-1, &word['\u{2212}'.len_utf8()..]),
        _ => return None,
    };
    let mut seconds = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok().filter(|count| *count < 100_000)?;
        let unit = rest[digits..].chars().next()?;
        seconds += count
            * match unit {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                _ => return None,
            };
        rest = &rest[digits + unit.len_utf8()..];
        // `5min` and `2h` read alike; other words do not.
        if unit == 'm' {
            rest = rest.strip_prefix("in").unwrap_or(rest);
        }
    }
    Some(sign * seconds)
}

/// `14:02`, `9:05:30`, `14:02Z`, `14:02+02:00`, `2:03pm`, also with ` pm` or a zone as the next words: the clock, its
/// zone and what is left. The inner error is for digits that no clock shows.
pub(super) fn clock_words<'a>(
    word: &str,
    rest: &'a str,
    zone: Zone,
) -> Option<(Result<String, String>, Zone, &'a str)> {
    let (digits, half, own_zone) = taken_apart(word);
    let parts: Vec<&str> = digits.split(':').collect();
    let is_clock = (2..=3).contains(&parts.len())
        && (1..=2).contains(&parts[0].len())
        && parts[1..].iter().all(|part| part.len() == 2)
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_clock {
        return None;
    }
    let (half, rest) = match (half, next_word(rest)) {
        (None, (next, after)) if half_word(next).is_some() => (half_word(next), after),
        (half, _) => (half, rest),
    };
    let (zone, rest) = match own_zone {
        Some(own) => (own, rest),
        None => zone_word(rest, zone),
    };
    let number = |index: usize| parts.get(index).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let (mut hour, minute, second) = (number(0), number(1), number(2));
    match half {
        Some(Half::Afternoon) if (1..12).contains(&hour) => hour += 12,
        Some(Half::Morning) if hour == 12 => hour = 0,
        _ => {}
    }
    let clock = if hour < 24 && minute < 60 && second < 60 {
        Ok(format!("{hour:02}:{minute:02}:{second:02}"))
    } else {
        Err(format!("No clock shows {digits}. Write a time from 00:00 to 23:59, or begin the line with another word."))
    };
    Some((clock, zone, rest))
}

/// Half of a day, on a clock with twelve hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

fn half_word(word: &str) -> Option<Half> {
    match word.trim_end_matches(['.', ',', ']', ')']).to_ascii_lowercase().as_str() {
        "am" | "a.m" => Some(Half::Morning),
        "pm" | "p.m" => Some(Half::Afternoon),
        _ => None,
    }
}

/// The digits of a clock, and what may follow them without a blank.
fn taken_apart(word: &str) -> (&str, Option<Half>, Option<Zone>) {
    if let Some(digits) = word.strip_suffix(['Z', 'z']) {
        return (digits, None, Some(Zone::UTC));
    }
    let digits = word.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(word.len());
    let (clock, end) = word.split_at(digits);
    match (half_word(end), zone_words::offset(end)) {
        (Some(half), _) => (clock, Some(half), None),
        (None, Some(zone)) => (clock, None, Some(zone)),
        (None, None) => (word, None, None),
    }
}

fn zone_word(rest: &str, zone: Zone) -> (Zone, &str) {
    let (word, after) = next_word(rest);
    match zone_words::named(word) {
        Some(zone) => (zone, after),
        None => (zone, rest),
    }
}

/// The occurrence of a clock time that lies nearest to the incident: within it if there is one, else just before or
/// after. While the incident lasts, the last one that has already been.
fn nearest(clock: &str, frame: &Frame, zone: Zone) -> Result<Moment, String> {
    let end = frame.ended_at.unwrap_or(frame.now).max(frame.started_at);
    let mut days: Vec<chrono::NaiveDate> = [frame.started_at, end]
        .into_iter()
        .flat_map(|at| {
            let day = zone.date(at);
            [day.pred_opt(), Some(day), day.succ_opt()]
        })
        .flatten()
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut refusal = String::new();
    let mut candidates: Vec<Moment> = Vec::new();
    for day in days {
        match zone.parse(&format!("{} {clock}", day.format("%Y-%m-%d"))) {
            Ok(first) => {
                candidates.push(first);
                // In autumn the same clock time comes again an hour later.
                let second = first.plus_s(3_600);
                if zone.clock(second) == zone.clock(first) {
                    candidates.push(second);
                }
            }
            // Only the day of the jump lacks this time; the sentence is needed when no other day has it nearer.
            Err(sentence) if day == zone.date(frame.started_at) => refusal = sentence,
            Err(_) => {}
        }
    }
    let distance = |at: Moment| {
        if at < frame.started_at {
            frame.started_at.millis() - at.millis()
        } else {
            (at.millis() - end.millis()).max(0)
        }
    };
    let by_distance = |at: &Moment| (distance(*at), if frame.ended_at.is_some() { at.millis() } else { -at.millis() });
    let best = candidates.into_iter().min_by_key(by_distance);
    match best {
        Some(at) if refusal.is_empty() || distance(at) < 12 * 3_600_000 => Ok(at),
        _ if !refusal.is_empty() => Err(refusal),
        _ => Err("Give this time with its date, for example 2026-11-23 14:02.".to_owned()),
    }
}

fn trailing_addresses(text: &str) -> (String, Vec<Evidence>) {
    let mut rest = text.trim_end();
    let mut evidence = Vec::new();
    loop {
        let start =
            rest.rfind(char::is_whitespace).map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
        let word = &rest[start..];
        if !is_web_address(word) {
            break;
        }
        let one = Evidence { url: word.to_owned(), label: String::new() };
        if !evidence.contains(&one) {
            evidence.push(one);
        }
        rest = rest[..start].trim_end();
    }
    evidence.reverse();
    // A line of nothing but an address is its own text.
    let text = if rest.is_empty() { text.trim() } else { rest };
    (text.to_owned(), evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(start: &str, end: Option<&str>, now: &str, zone: &str) -> Frame {
        Frame {
            started_at: Moment::parse(start).unwrap(),
            ended_at: end.map(|end| Moment::parse(end).unwrap()),
            zone: Zone::named(zone).unwrap(),
            now: Moment::parse(now).unwrap(),
        }
    }

    fn at(line: &str, frame: &Frame) -> String {
        read(line, frame).unwrap().at.map_or_else(|| "none".to_owned(), |at| at.to_string())
    }

    #[test]
    fn a_line_is_a_time_words_and_addresses() {
        let berlin = frame("2026-11-23T13:00:00Z", None, "2026-11-23T14:00:00Z", "Europe/Berlin");
        let line = read("14:02 pager fired, see INC-3 https://a.example/x https://b.example/y?z", &berlin).unwrap();
        assert_eq!(line.at.unwrap().to_string(), "2026-11-23T13:02:00Z");
        assert_eq!(line.text, "pager fired, see INC-3");
        assert_eq!(
            line.evidence.iter().map(|one| one.url.as_str()).collect::<Vec<_>>(),
            ["https://a.example/x", "https://b.example/y?z"]
        );
        assert_eq!(at("13:02Z x", &berlin), "2026-11-23T13:02:00Z");
        assert_eq!(at("13:02 UTC x", &berlin), "2026-11-23T13:02:00Z");
        assert_eq!(at("2026-11-22 14:02 x", &berlin), "2026-11-22T13:02:00Z");
        assert_eq!(at("2026-11-22 14:02Z x", &berlin), "2026-11-22T14:02:00Z");
        assert_eq!(at("2026-11-22T14:02:07Z x", &berlin), "2026-11-22T14:02:07Z");
        assert_eq!(at("2026-11-22T14:02:07+02:00 x", &berlin), "2026-11-22T12:02:07Z");
        assert_eq!(at("+12m x", &berlin), "2026-11-23T13:12:00Z");
        assert_eq!(at("T+1h05m x", &berlin), "2026-11-23T14:05:00Z");
        assert_eq!(at("-5min x", &berlin), "2026-11-23T12:55:00Z");
        assert_eq!(at("\u{2212}5m x", &berlin), "2026-11-23T12:55:00Z");
        for plain in ["pager fired", "+1 from me", "3:1 odds", "- a list", "2026-11-23 was bad", "+12mx", "a:b", ""] {
            let line = read(plain, &berlin).unwrap();
            assert_eq!((line.at, line.text.as_str()), (None, plain));
        }
        assert!(read("25:61 x", &berlin).unwrap_err().contains("25:61"));
    }

    #[test]
    fn other_zones_and_other_days_are_understood() {
        let berlin = frame("2026-11-23T13:00:00Z", None, "2026-11-24T09:00:00Z", "Europe/Berlin");
        assert_eq!(at("yesterday 23:10 CET disk full", &berlin), "2026-11-23T22:10:00Z");
        assert_eq!(at("Yesterday, 14:10 x", &berlin), "2026-11-23T13:10:00Z");
        assert_eq!(at("today 08:10 UTC x", &berlin), "2026-11-24T08:10:00Z");
        assert_eq!(at("08:30 EST x", &berlin), "2026-11-23T13:30:00Z");
        assert_eq!(at("14:30 +02:00 x", &berlin), "2026-11-24T12:30:00Z".replace("24", "23"));
        assert_eq!(at("18:45+05:30 x", &berlin), "2026-11-23T13:15:00Z");
        assert_eq!(at("2:30 PM x", &berlin), "2026-11-23T13:30:00Z");
        assert_eq!(at("2026-11-23 2:30pm America/New_York x", &berlin), "2026-11-23T19:30:00Z");
        assert_eq!(read("14:30 CEST failover began", &berlin).unwrap().text, "failover began");
        assert_eq!(read("14:30 +1 from me", &berlin).unwrap().text, "+1 from me");
        assert_eq!(read("yesterday was bad", &berlin).unwrap().at, None);
    }

    #[test]
    fn an_address_alone_is_its_own_text() {
        let utc = frame("2026-11-23T13:00:00Z", None, "2026-11-23T14:00:00Z", "UTC");
        let line = read("https://a.example/x", &utc).unwrap();
        assert_eq!((line.text.as_str(), line.evidence.len()), ("https://a.example/x", 1));
    }

    #[test]
    fn a_clock_time_goes_over_midnight() {
        let night = frame("2026-11-23T23:50:00Z", Some("2026-11-24T01:00:00Z"), "2026-12-24T09:00:00Z", "UTC");
        assert_eq!(at("00:10 x", &night), "2026-11-24T00:10:00Z");
        assert_eq!(at("23:55 x", &night), "2026-11-23T23:55:00Z");
        assert_eq!(at("23:40 x", &night), "2026-11-23T23:40:00Z");
        assert_eq!(at("02:00 x", &night), "2026-11-24T02:00:00Z");
        let early = frame("2026-11-23T00:05:00Z", None, "2026-11-23T00:20:00Z", "UTC");
        assert_eq!(at("23:58 x", &early), "2026-11-22T23:58:00Z");
    }

    #[test]
    fn in_a_long_incident_the_last_one_is_meant() {
        let long = frame("2026-11-23T08:00:00Z", None, "2026-11-25T14:05:00Z", "UTC");
        assert_eq!(at("14:02 x", &long), "2026-11-25T14:02:00Z");
        assert_eq!(at("21:30 x", &long), "2026-11-24T21:30:00Z");
    }

    #[test]
    fn summer_time_comes_and_goes() {
        let spring = frame("2026-03-29T00:30:00Z", None, "2026-03-29T03:00:00Z", "Europe/Berlin");
        assert!(read("02:30 x", &spring).unwrap_err().contains("jumped"));
        assert_eq!(at("03:10 x", &spring), "2026-03-29T01:10:00Z");
        let autumn = frame("2026-10-25T00:50:00Z", None, "2026-10-25T01:45:00Z", "Europe/Berlin");
        assert_eq!(at("02:40 x", &autumn), "2026-10-25T01:40:00Z");
        let before =
            frame("2026-10-25T00:10:00Z", Some("2026-10-25T00:50:00Z"), "2026-11-25T01:45:00Z", "Europe/Berlin");
        assert_eq!(at("02:40 x", &before), "2026-10-25T00:40:00Z");
    }
}
