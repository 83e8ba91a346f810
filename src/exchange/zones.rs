//! Time zones as people write them: abbreviations, offsets, and names of places.

use chrono::FixedOffset;
use chrono_tz::Tz;

use super::tokens::{Kind, Token, skip, tokens};

/// A time zone as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Fixed(FixedOffset),
    Named(Tz),
}

/// The zone right behind a clock time.
pub(super) fn zone_after(tokens: &[Token<'_>], at: usize, has_seconds: bool) -> Option<(Zone, usize)> {
    if let Some(sign) = tokens.get(skip(tokens, at, &[" "]))
        && matches!(sign.text, "+" | "-")
    {
        let at = skip(tokens, at, &[" "]);
        let digits = tokens.get(at + 1)?;
        // "11:00-12:00" is a stretch of time, "11:00:00-07:00" and "11:00 -0700" an offset.
        let trusted = sign.is("+") || digits.text.len() == 4 || has_seconds;
        return if trusted { offset_at(tokens, at) } else { None };
    }
    let behind = at;
    let at = skip(tokens, at, &[" ", "(", "[", ",", "\u{a0}"]);
    // A lone Z is a zone only right behind the time.
    if at > behind && tokens.get(at).is_some_and(|token| token.is_word("z")) {
        return None;
    }
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
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("BST", 60),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("SAST", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("IST", 330),
    ("SGT", 480),
    ("HKT", 480),
    ("AWST", 480),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("BRT", -180),
    ("EDT", -240),
    ("EST", -300),
    ("CDT", -300),
    ("CST", -360),
    ("MDT", -360),
    ("MST", -420),
    ("PDT", -420),
    ("PST", -480),
];

/// Names that follow daylight saving.
const NAMED_ZONES: [(&str, Tz); 8] = [
    ("PT", Tz::America__Los_Angeles),
    ("ET", Tz::America__New_York),
    ("CT", Tz::America__Chicago),
    ("MT", Tz::America__Denver),
    ("Pacific", Tz::America__Los_Angeles),
    ("Eastern", Tz::America__New_York),
    ("AET", Tz::Australia__Sydney),
    ("Mountain", Tz::America__Denver),
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
}
