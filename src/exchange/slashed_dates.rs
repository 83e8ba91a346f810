//! Dates such as `09/08/2017`: whether the day or the month stands first is told by the rest of the file.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::moments::moments;
use super::tokens::{Kind, Token, tokens};

/// Names of zones where the day is written first. "EST" is none of them: it is said on two continents.
const DAY_FIRST_ZONES: [&str; 12] =
    ["bst", "gmt", "cet", "cest", "ist", "wet", "west", "eet", "eest", "aest", "aedt", "nzst"];

/// The text with its slashed dates written year first, where the file writes the day before the month; as it is
/// elsewhere. `beside` are other texts that may name the same day, such as the file's name.
pub(super) fn with_plain_dates<'a>(text: &'a str, beside: &[&str]) -> Cow<'a, str> {
    if !text.contains('/') {
        return Cow::Borrowed(text);
    }
    let all = tokens(text);
    let found: Vec<(usize, [u32; 3])> = (0..all.len()).filter_map(|at| Some((at, slashed(&all, at)?))).collect();
    if found.is_empty() || !is_day_first(text, &all, &found, beside) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for (at, [day, month, year]) in found {
        let start = all[at].at;
        plain.push_str(&text[from..start]);
        plain.push_str(&format!("{year}-{month:02}-{day:02}"));
        from = all[at + 4].end();
    }
    plain.push_str(&text[from..]);
    Cow::Owned(plain)
}

/// Two numbers of one or two digits and a year of four, with slashes between.
fn slashed(all: &[Token<'_>], at: usize) -> Option<[u32; 3]> {
    let number = |place: usize, digits: std::ops::RangeInclusive<usize>| {
        let token = all.get(at + place)?;
        if token.kind == Kind::Digits && digits.contains(&token.text.len()) { token.number() } else { None }
    };
    let is_slash = |place: usize| all.get(at + place).is_some_and(|token| token.is("/"));
    let is_begun = at > 0 && (all[at - 1].is("/") || all[at - 1].kind != Kind::Mark);
    let goes_on = is_slash(5);
    if is_begun || goes_on || !is_slash(1) || !is_slash(3) {
        return None;
    }
    let date = [number(0, 1..=2)?, number(2, 1..=2)?, number(4, 4..=4)?];
    ((1..=31).contains(&date[0]) && (1..=31).contains(&date[1]) && (1990..2100).contains(&date[2])).then_some(date)
}

fn is_day_first(text: &str, all: &[Token<'_>], found: &[(usize, [u32; 3])], beside: &[&str]) -> bool {
    let over_12 = |place: usize| found.iter().any(|(_, date)| date[place] > 12);
    match (over_12(0), over_12(1)) {
        (true, false) => return true,
        // Both ways in one file: each is read by itself.
        (_, true) => return false,
        (false, false) => {}
    }
    // Another date of the file that is the same day, read one way or the other.
    let mut others: Vec<NaiveDate> =
        beside.iter().flat_map(|text| moments(text, None)).filter_map(|m| m.date).collect();
    let slashed: Vec<usize> = found.iter().map(|(at, _)| all[*at].at).collect();
    others.extend(moments(text, None).into_iter().filter(|m| !slashed.contains(&m.from)).filter_map(|m| m.date));
    let near = |day: u32, month: u32, year: u32| {
        let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
        date.is_some_and(|date| {
            others.iter().any(|other| other.year() == date.year() && (*other - date).num_days().abs() <= 7)
        })
    };
    let (first, second) = found.iter().fold((0, 0), |(first, second), (_, [one, other, year])| {
        (first + usize::from(near(*one, *other, *year)), second + usize::from(near(*other, *one, *year)))
    });
    if first != second {
        return first > second;
    }
    all.iter().any(|token| {
        token.kind == Kind::Letters
            && DAY_FIRST_ZONES.contains(&token.text.to_lowercase().as_str())
            && token.text.chars().all(char::is_uppercase)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_file_tells_which_stands_first() {
        for (text, beside, plain) in [
            ("23/05/2018 and 04/06/2018", "", "2018-05-23 and 2018-06-04"),
            ("05/23/2018 and 04/06/2018", "", "05/23/2018 and 04/06/2018"),
            ("09/08/2017, 10:00 BST", "", "2017-08-09, 10:00 BST"),
            ("09/08/2017, 10:00 PDT", "", "09/08/2017, 10:00 PDT"),
            ("09/08/2017", "2017-08-09-disk.md", "2017-08-09"),
            ("09/08/2017", "2017-09-08-disk.md", "09/08/2017"),
            ("09/08/2017, that is 9 August 2017", "", "2017-08-09, that is 9 August 2017"),
            ("/a/09/08/2017/b", "", "/a/09/08/2017/b"),
            ("31/31/2017", "", "31/31/2017"),
        ] {
            assert_eq!(with_plain_dates(text, &[beside]), plain, "{text} {beside}");
        }
    }
}
