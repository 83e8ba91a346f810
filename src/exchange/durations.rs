//! How long something took, as people write it.

/// The length named at the start of `text`, after words such as "about", in minutes.
pub(super) fn duration_minutes(text: &str) -> Option<i64> {
    let lower = text.to_lowercase();
    let words = split_words(&lower);
    let mut at = words.iter().position(|word| amount(word).is_some() || word.as_str() == "half")?;
    if at > 6 {
        return None;
    }
    let mut seconds = 0.0;
    let mut found = false;
    while at < words.len() {
        if words[at] == "half" {
            let next = at + 1 + words[at + 1..].iter().take(2).position(|word| unit(word).is_some())?;
            seconds += unit(&words[next])? * 0.5;
            found = true;
            at = next + 1;
            continue;
        }
        let Some(number) = amount(&words[at]) else {
            if found && matches!(words[at].as_str(), "and" | "," | "&") {
                at += 1;
                continue;
            }
            break;
        };
        // "10-30 minutes" and "10 to 30 minutes": the longer.
        if words.get(at + 1).is_some_and(|word| matches!(word.as_str(), "-" | "to" | "\u{2013}"))
            && words.get(at + 2).is_some_and(|word| amount(word).is_some())
        {
            at += 2;
            continue;
        }
        let Some(length) = words.get(at + 1).and_then(|word| unit(word)) else {
            break;
        };
        seconds += number * length;
        found = true;
        at += 2;
    }
    to_minutes(found.then_some(seconds)?)
}

/// Like [`duration_minutes`], for the value of a field, where `1:30` means hours and minutes.
pub(super) fn field_minutes(text: &str) -> Option<i64> {
    if let Some(minutes) = duration_minutes(text) {
        return Some(minutes);
    }
    let clock = text.split_whitespace().next()?;
    let parts: Vec<f64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours, minutes] if *minutes < 60.0 => to_minutes(hours * 3600.0 + minutes * 60.0),
        [hours, minutes, seconds] => to_minutes(hours * 3600.0 + minutes * 60.0 + seconds),
        _ => None,
    }
}

/// The length of an outage told in prose: "lasted about nine hours".
pub(super) fn told_minutes(text: &str) -> Option<i64> {
    const LEADS: [&str; 12] = [
        "lasted",
        "lasting",
        "down for",
        "unavailable for",
        "unusable for",
        "outage of",
        "disruption for",
        "duration of",
        "duration:",
        "downtime of",
        "lasts for",
        "for a total of",
    ];
    let lower = text.to_lowercase();
    LEADS
        .iter()
        .flat_map(|lead| lower.match_indices(lead).map(|(at, _)| (at, at + lead.len())))
        .min()
        .and_then(|(_, from)| duration_minutes(lower[from..].chars().take(60).collect::<String>().as_str()))
}

fn to_minutes(seconds: f64) -> Option<i64> {
    // A year is longer than any outage anybody wrote about.
    if !(0.0..=366.0 * 86_400.0).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a year of minutes")]
    let minutes = (seconds / 60.0).ceil() as i64;
    Some(minutes)
}

fn amount(word: &str) -> Option<f64> {
    const NUMBERS: [&str; 13] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    match word {
        "a" | "an" => Some(1.0),
        "fifteen" => Some(15.0),
        "twenty" => Some(20.0),
        "thirty" => Some(30.0),
        "forty" => Some(40.0),
        _ => NUMBERS
            .iter()
            .position(|number| *number == word)
            .and_then(|number| u32::try_from(number).ok())
            .map(f64::from)
            .or_else(|| word.starts_with(|c: char| c.is_ascii_digit()).then(|| word.parse().ok()).flatten()),
    }
}

fn unit(word: &str) -> Option<f64> {
    match word {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86_400.0),
        "w" | "week" | "weeks" => Some(604_800.0),
        _ => None,
    }
}

/// Numbers, words and single marks.
fn split_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind_before = ' ';
    for c in text.chars() {
        let kind = match c {
            c if c.is_ascii_digit() => '0',
            '.' if kind_before == '0' => '0',
            c if c.is_alphabetic() => 'a',
            c if c.is_whitespace() || matches!(c, '~' | '*' | '_' | '`') => ' ',
            _ => '.',
        };
        match (kind, words.last_mut()) {
            (' ', _) => {}
            ('0' | 'a', Some(word)) if kind == kind_before => word.push(c),
            _ => words.push(c.to_string()),
        }
        kind_before = kind;
    }
    for word in &mut words {
        word.truncate(word.trim_end_matches('.').len());
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        for (text, minutes) in [
            ("about 20 minutes", 20),
            ("1h 30m", 90),
            ("1h50m.", 110),
            ("1 hour and 5 minutes", 65),
            ("2.5 hours", 150),
            ("approximately nine hours", 540),
            ("half an hour", 30),
            ("10-30 minutes", 30),
            ("~40min", 40),
            ("an hour", 60),
            ("3 days, 2 hours", 4440),
            ("90 seconds", 2),
            ("**45 mins**", 45),
        ] {
            assert_eq!(duration_minutes(text), Some(minutes), "{text}");
        }
        for text in ["", "long", "20 people", "20", "a while"] {
            assert_eq!(duration_minutes(text), None, "{text}");
        }
        assert_eq!(field_minutes("1:30"), Some(90));
        assert_eq!(field_minutes("00:45:00"), Some(45));
    }

    #[test]
    fn lengths_are_found_in_prose() {
        assert_eq!(told_minutes("This effect lasted approximately nine hours before"), Some(540));
        assert_eq!(told_minutes("it caused beta to be unusable for about 1h50m."), Some(110));
        assert_eq!(told_minutes("We waited for 5 minutes."), None);
    }
}
