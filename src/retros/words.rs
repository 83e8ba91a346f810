//! One field, two things: a day and a reason. Pure.
//!
//! `10 Dec storage move first`, `2026-12-10: storage`, `2 weeks storage first`, `friday`, or only the reason, which
//! takes the day that is given.

use chrono::{Datelike, Days, NaiveDate};

/// Reads a day at the beginning of `typed`; without one, `usual` it is. Gives the day and the rest.
pub fn day_and_reason(typed: &str, today: NaiveDate, usual: NaiveDate) -> (NaiveDate, String) {
    let typed = typed.trim();
    let stripped = ["until ", "till ", "to ", "by ", "on ", "in "].iter().find_map(|word| {
        let head = typed.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| typed[word.len()..].trim_start())
    });
    for text in stripped.into_iter().chain([typed]) {
        if let Some((day, rest)) = leading_day(text, today) {
            let rest = rest.trim_start_matches([':', ',', ';', '.', '-', '\u{2013}', ' ']);
            return (day, rest.trim().to_owned());
        }
    }
    (usual, typed.to_owned())
}

/// A day at the beginning, and what follows it.
fn leading_day(text: &str, today: NaiveDate) -> Option<(NaiveDate, &str)> {
    let (first, rest) = word(text)?;
    if let Ok(day) = NaiveDate::parse_from_str(first, "%Y-%m-%d") {
        return (1970..=9999).contains(&day.year()).then_some((day, rest));
    }
    if first.eq_ignore_ascii_case("tomorrow") {
        return Some((today.checked_add_days(Days::new(1))?, rest));
    }
    if first.eq_ignore_ascii_case("next") {
        let (unit, rest) = word(rest)?;
        return match unit.to_ascii_lowercase().as_str() {
            "week" => Some((today.checked_add_days(Days::new(7))?, rest)),
            "month" => Some((months_later(today, 1)?, rest)),
            name => Some((next_weekday(name, today)?, rest)),
        };
    }
    if let Some(day) = next_weekday(first, today) {
        return Some((day, rest));
    }
    let digits = first.trim_start_matches('+');
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let (number, unit) = digits.split_at(end);
    let count: u32 = number.parse().ok().filter(|count| (1..=1000).contains(count))?;
    if unit.is_empty() || unit == "." {
        let (second, rest) = word(rest)?;
        return match month(second) {
            Some(month) => with_month(count, month, rest, today),
            None => Some((steps_later(count, second, today)?, rest)),
        };
    }
    Some((steps_later(count, unit, today)?, rest))
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end =
        text.find(|letter: char| letter.is_whitespace() || matches!(letter, ':' | ',' | ';')).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn steps_later(count: u32, unit: &str, today: NaiveDate) -> Option<NaiveDate> {
    match unit.to_ascii_lowercase().as_str() {
        "d" | "day" | "days" => today.checked_add_days(Days::new(u64::from(count))),
        "w" | "wk" | "week" | "weeks" => today.checked_add_days(Days::new(7 * u64::from(count))),
        "m" | "month" | "months" => months_later(today, count),
        _ => None,
    }
}

fn months_later(today: NaiveDate, count: u32) -> Option<NaiveDate> {
    today.checked_add_months(chrono::Months::new(count))
}

fn with_month(day: u32, month: u32, rest: &str, today: NaiveDate) -> Option<(NaiveDate, &str)> {
    if let Some((year, after)) = word(rest)
        && year.len() == 4
        && let Ok(year) = year.parse::<i32>()
    {
        return Some((NaiveDate::from_ymd_opt(year, month, day)?, after));
    }
    let this_year = NaiveDate::from_ymd_opt(today.year(), month, day);
    let day = match this_year {
        Some(found) if found >= today => found,
        _ => NaiveDate::from_ymd_opt(today.year() + 1, month, day)?,
    };
    Some((day, rest))
}

fn month(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
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
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    let is = |name: &str| word.len() >= 3 && name.starts_with(&word);
    NAMES.iter().position(|name| is(name)).and_then(|index| u32::try_from(index + 1).ok())
}

fn next_weekday(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let word = word.to_ascii_lowercase();
    let wanted = NAMES.iter().position(|name| *name == word)? as u64;
    let present = u64::from(today.weekday().num_days_from_monday());
    let ahead = (wanted + 7 - present) % 7;
    today.checked_add_days(Days::new(if ahead == 0 { 7 } else { ahead }))
}

/// The titles that an item is split into: lines, or pieces between semicolons.
pub fn pieces(typed: &str) -> Vec<String> {
    typed.split(['\n', ';']).map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> (String, String) {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (on, reason) = day_and_reason(typed, day("2026-11-25"), day("2026-12-09"));
        (on.to_string(), reason)
    }

    #[test]
    fn a_day_is_read_where_people_write_one() {
        for (typed, on, reason) in [
            ("10 Dec storage move first", "2026-12-10", "storage move first"),
            ("to 10 december: storage", "2026-12-10", "storage"),
            ("until 3 Jan new team", "2027-01-03", "new team"),
            ("10. Dec. 2027 - later", "2027-12-10", "later"),
            ("2026-12-24, holidays", "2026-12-24", "holidays"),
            ("2 weeks waits for the page", "2026-12-09", "waits for the page"),
            ("2w waits", "2026-12-09", "waits"),
            ("+10d waits", "2026-12-05", "waits"),
            ("in 3 months slows every fix", "2027-02-25", "slows every fix"),
            ("next week: on leave", "2026-12-02", "on leave"),
            ("friday after the freeze", "2026-11-27", "after the freeze"),
            ("next wednesday x", "2026-12-02", "x"),
            ("tomorrow", "2026-11-26", ""),
            ("storage move first", "2026-12-09", "storage move first"),
            ("to be seen", "2026-12-09", "to be seen"),
            ("3 of 5 shards are missing", "2026-12-09", "3 of 5 shards are missing"),
            ("31 Feb never", "2026-12-09", "31 Feb never"),
            ("", "2026-12-09", ""),
            ("\u{1F600} 10 Dec", "2026-12-09", "\u{1F600} 10 Dec"),
        ] {
            assert_eq!(read(typed), (on.to_owned(), reason.to_owned()), "{typed}");
        }
    }

    #[test]
    fn pieces_stand_on_lines_or_between_semicolons() {
        assert_eq!(pieces("one; two\n three ;; "), ["one", "two", "three"]);
    }
}
