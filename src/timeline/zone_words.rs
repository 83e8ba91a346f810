//! Time zones as people write them behind a clock time. Pure.
//!
//! Abbreviations stand for a fixed offset: who writes CET in summer means what the clock of their log says.

use crate::web::times::Zone;

/// Abbreviations with the name of a zone that always has their offset. `IST` is read as India's.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("UTC", "UTC"),
    ("GMT", "UTC"),
    ("WET", "UTC"),
    ("BST", "Etc/GMT-1"),
    ("WEST", "Etc/GMT-1"),
    ("CET", "Etc/GMT-1"),
    ("MEZ", "Etc/GMT-1"),
    ("CEST", "Etc/GMT-2"),
    ("MESZ", "Etc/GMT-2"),
    ("EET", "Etc/GMT-2"),
    ("SAST", "Etc/GMT-2"),
    ("EEST", "Etc/GMT-3"),
    ("MSK", "Etc/GMT-3"),
    ("IST", "Asia/Kolkata"),
    ("SGT", "Etc/GMT-8"),
    ("HKT", "Etc/GMT-8"),
    ("AWST", "Etc/GMT-8"),
    ("JST", "Etc/GMT-9"),
    ("KST", "Etc/GMT-9"),
    ("AEST", "Etc/GMT-10"),
    ("AEDT", "Etc/GMT-11"),
    ("NZST", "Etc/GMT-12"),
    ("NZDT", "Etc/GMT-13"),
    ("BRT", "Etc/GMT+3"),
    ("EDT", "Etc/GMT+4"),
    ("EST", "Etc/GMT+5"),
    ("CDT", "Etc/GMT+5"),
    ("CST", "Etc/GMT+6"),
    ("MDT", "Etc/GMT+6"),
    ("MST", "Etc/GMT+7"),
    ("PDT", "Etc/GMT+7"),
    ("PST", "Etc/GMT+8"),
    ("PT", "America/Los_Angeles"),
    ("ET", "America/New_York"),
];

/// The zone that a word names: `CET`, `UTC+2`, `+02:00`, `Europe/Berlin`.
pub(super) fn named(word: &str) -> Option<Zone> {
    let word = word.trim_matches(['(', ')', '[', ']', ',', ':']);
    if matches!(word, "utc" | "Z" | "gmt") {
        return Some(Zone::UTC);
    }
    if let Some((_, name)) = ABBREVIATIONS.iter().find(|(short, _)| *short == word) {
        return Zone::named(name);
    }
    if let Some(rest) = word.strip_prefix("UTC").or_else(|| word.strip_prefix("GMT")) {
        let hours = rest.strip_prefix(['+', '-']).filter(|hours| (1..=2).contains(&hours.len()))?;
        return fixed(rest.starts_with('+'), hours.parse().ok()?, 0).or_else(|| offset(rest));
    }
    if word.contains('/') {
        return Zone::named(word);
    }
    offset(word)
}

/// `+02:00`, `-0700`: two digits of hours and two of minutes, so that `+1` stays a word.
pub(super) fn offset(word: &str) -> Option<Zone> {
    let digits = word.strip_prefix(['+', '-', '\u{2212}'])?.replacen(':', "", 1);
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    fixed(word.starts_with('+'), digits[..2].parse().ok()?, digits[2..].parse().ok()?)
}

fn fixed(is_east: bool, hours: i32, minutes: i32) -> Option<Zone> {
    match (is_east, hours, minutes) {
        (_, 0, 0) => Some(Zone::UTC),
        // The names of these zones count the other way round.
        (true, 1..=14, 0) => Zone::named(&format!("Etc/GMT-{hours}")),
        (false, 1..=12, 0) => Zone::named(&format!("Etc/GMT+{hours}")),
        (true, 5, 30) => Zone::named("Asia/Kolkata"),
        (true, 5, 45) => Zone::named("Asia/Kathmandu"),
        (true, 9, 30) => Zone::named("Australia/Darwin"),
        _ => None,
    }
}
