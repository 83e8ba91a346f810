//! A chat's log, copied and pasted: who wrote what when. Pure.
//!
//! Read are the shapes in which people's clients copy: Slack, Teams, IRC and other bracketed or dashed logs, and
//! plain lines that begin with a time. What is not understood goes to the message before it, so that no line is lost.

use super::line::{Frame, clock_words, read};
use crate::clock::Moment;
use crate::web::times::Zone;

/// Most messages of one paste.
pub const MESSAGE_LIMIT: usize = 500;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When it was written, when the log says so.
    pub at: Option<Moment>,
    /// Who wrote it; empty when the log does not say.
    pub who: String,
    /// What it says.
    pub text: String,
}

impl Message {
    /// As an event's text: `Ada: restarted the pool`.
    pub fn words(&self) -> String {
        if self.who.is_empty() { self.text.clone() } else { format!("{}: {}", self.who, self.text) }
    }
}

/// A line that begins a message.
struct Head {
    at: Moment,
    who: String,
    text: String,
}

/// Reads a log. Joins, parts and other remarks of the client are left out.
pub fn messages(log: &str, frame: &Frame) -> Vec<Message> {
    let mut found: Vec<Message> = Vec::new();
    let mut day: Option<chrono::NaiveDate> = None;
    let lines: Vec<&str> = log.lines().map(str::trim_end).collect();
    let mut at = 0;
    while at < lines.len() && found.len() < MESSAGE_LIMIT {
        let line = lines[at].trim();
        at += 1;
        if line.is_empty() {
            continue;
        }
        if let Some(date) = day_line(line) {
            day = Some(date);
            continue;
        }
        if is_remark(line) {
            continue;
        }
        if let Some(head) = head(line, frame, day) {
            found.push(Message { at: Some(head.at), who: head.who, text: head.text });
            continue;
        }
        match found.last_mut() {
            Some(last) if last.text.is_empty() => line.clone_into(&mut last.text),
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            None => found.push(Message { at: None, who: String::new(), text: line.to_owned() }),
        }
    }
    found.retain(|message| !message.text.is_empty());
    found
}

/// What a client says and nobody wrote.
fn is_remark(line: &str) -> bool {
    const REMARKS: &[&str] = &[
        "joined the channel",
        "left the channel",
        "has joined #",
        "has left #",
        "has quit",
        "set the channel",
        "was added to",
        "joined #",
        "(edited)",
        "New messages",
        "View thread",
        "Also sent to the channel",
    ];
    let replies = |line: &str| {
        line.split_once(' ').is_some_and(|(count, rest)| {
            count.parse::<u32>().is_ok() && matches!(rest, "reply" | "replies" | "new replies")
        })
    };
    line.contains(" -!- ")
        || line.starts_with("-!-")
        || line.contains("*** ")
        || replies(line)
        || REMARKS.iter().any(|remark| line.ends_with(remark) || line.contains(&format!(" {remark}")))
        || (line.starts_with(':') && line.ends_with(':') && !line.contains(' '))
}

/// A line that is nothing but a date: `2026-11-23`, `--- Day changed Mon Nov 23 2026`, `Monday, November 23rd, 2026`.
fn day_line(line: &str) -> Option<chrono::NaiveDate> {
    let text = line.trim_matches(['-', '=', '_', ' ', '*']);
    let text = text.strip_prefix("Day changed ").or_else(|| text.strip_prefix("Day changed to ")).unwrap_or(text);
    let plain: String = text
        .split_whitespace()
        .map(|word| {
            let word = word.trim_end_matches(',');
            let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let is_ordinal = !digits.is_empty() && matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th");
            if is_ordinal { digits } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ");
    ["%Y-%m-%d", "%a %b %d %Y", "%A %B %d %Y", "%A %d %B %Y", "%B %d %Y", "%d %B %Y", "%d/%m/%Y", "%d.%m.%Y"]
        .iter()
        .find_map(|format| chrono::NaiveDate::parse_from_str(&plain, format).ok())
}

fn head(line: &str, frame: &Frame, day: Option<chrono::NaiveDate>) -> Option<Head> {
    bracketed(line, frame, day).or_else(|| named_first(line, frame, day)).or_else(|| timed(line, frame, day))
}

/// The instant of a time in words, on the log's day when it named one.
fn moment(words: &str, frame: &Frame, day: Option<chrono::NaiveDate>) -> Option<Moment> {
    let words = words.trim().replace(',', "").replace(" at ", " ");
    let (first, rest) = words.split_once(' ').unwrap_or((&words, ""));
    if let Some((clock, zone, rest)) = clock_words(first, rest, frame.zone) {
        if !rest.trim().is_empty() {
            return None;
        }
        return match day {
            Some(day) => on(day, &clock.ok()?, zone),
            None => read(&format!("{words} x"), frame).ok()?.at,
        };
    }
    let (date, clock) = match short_date(first) {
        Some(date) => (date, rest.to_owned()),
        None => {
            // `Nov 23 2026 14:02` and the like are told by the part behind the date.
            let at = read(&format!("{words} x"), frame).ok()?;
            return at.at.filter(|_| at.text == "x");
        }
    };
    let (word, after) = clock.split_once(' ').unwrap_or((&clock, ""));
    let (clock, zone, rest) = clock_words(word, after, frame.zone)?;
    rest.trim().is_empty().then_some(())?;
    on(date, &clock.ok()?, zone)
}

fn on(day: chrono::NaiveDate, clock: &str, zone: Zone) -> Option<Moment> {
    zone.parse(&format!("{} {clock}", day.format("%Y-%m-%d"))).ok()
}

/// `2026-11-23`, `23/11/2026`, `11/23/2026`, `23.11.26`: day first, where both would do.
fn short_date(word: &str) -> Option<chrono::NaiveDate> {
    let parts: Vec<u32> = word
        .split(['/', '.', '-'])
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|p: &Vec<u32>| p.len() == 3)?;
    let (year, month, day) = match (parts[0], parts[1], parts[2]) {
        (year, month, day) if year >= 1000 => (year, month, day),
        (month, day, year) if day > 12 => (year, month, day),
        (day, month, year) => (year, month, day),
    };
    let year = if year < 100 { 2000 + year } else { year };
    chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// `[14:02] Ada: text`, `[23/11/2026, 14:02:11] Ada: text`, `[14:02] <ada> text`, `Ada [2:03 PM]`.
fn bracketed(line: &str, frame: &Frame, day: Option<chrono::NaiveDate>) -> Option<Head> {
    let open = line.find('[')?;
    let close = open + line[open..].find(']')?;
    let at = moment(&line[open + 1..close], frame, day)?;
    let (before, after) = (line[..open].trim(), line[close + 1..].trim());
    if !before.is_empty() {
        let is_name = before.chars().count() <= 60 && !before.ends_with(['.', ':', '?', '!']);
        return is_name.then(|| Head { at, who: name(before), text: after.to_owned() });
    }
    let (who, text) = speaker(after);
    Some(Head { at, who, text })
}

/// `Ada Lovelace  2:03 PM`, the text on the next line; also `23/11/2026, 14:02 - Ada: text`.
fn named_first(line: &str, frame: &Frame, day: Option<chrono::NaiveDate>) -> Option<Head> {
    if let Some((when, rest)) = line.split_once(" - ")
        && let Some(at) = moment(when, frame, day)
    {
        let (who, text) = speaker(rest);
        return Some(Head { at, who, text });
    }
    // The name, then a time that ends the line.
    let words: Vec<&str> = line.split_whitespace().collect();
    for length in 1..=4.min(words.len().saturating_sub(1)) {
        let (who, when) = words.split_at(words.len() - length);
        let joined = when.join(" ");
        if let Some(at) = moment(&joined, frame, day) {
            let who = who.join(" ");
            let is_name = who.chars().count() <= 60
                && who.split(' ').count() <= 5
                && !who.ends_with(['.', ':', '?', '!', ','])
                && !who.chars().any(|c| c.is_ascii_digit() || matches!(c, '<' | '>'));
            return is_name.then(|| Head { at, who: name(&who), text: String::new() });
        }
    }
    None
}

/// `14:02 <ada> text`, `14:02:11 Ada: text`, `2026-11-23 14:02 text`.
fn timed(line: &str, frame: &Frame, day: Option<chrono::NaiveDate>) -> Option<Head> {
    let (first, rest) = line.split_once(' ')?;
    let (at, rest) = match clock_words(first, rest, frame.zone) {
        Some((clock, zone, rest)) => {
            let at = match day {
                Some(day) => on(day, &clock.ok()?, zone)?,
                None => read(line, frame).ok()?.at?,
            };
            (at, rest.to_owned())
        }
        None => {
            let (clock, rest) = rest.split_once(' ')?;
            let (clock, zone, rest) = clock_words(clock, rest, frame.zone)?;
            (on(short_date(first)?, &clock.ok()?, zone)?, rest.to_owned())
        }
    };
    let (who, text) = speaker(&rest);
    Some(Head { at, who, text })
}

/// Who speaks, and what is said: `<ada> text`, `Ada: text`, `* ada waves`.
fn speaker(text: &str) -> (String, String) {
    let text = text.trim();
    if let Some((who, said)) = text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        return (name(who.trim_start_matches(['@', '+', '%', ' '])), said.trim().to_owned());
    }
    if let Some(rest) = text.strip_prefix("* ") {
        return (String::new(), rest.to_owned());
    }
    match text.split_once(": ") {
        Some((who, said))
            if who.chars().count() <= 40 && who.split(' ').count() <= 4 && !who.contains(['/', '[', '(', '=']) =>
        {
            (name(who), said.trim().to_owned())
        }
        _ => match text.strip_suffix(':') {
            Some(who) if !who.contains(' ') => (name(who), String::new()),
            // `[14:02] Ada Lovelace` with the text below is told by its shape: a few words with capitals.
            _ if !text.is_empty()
                && text.split(' ').count() <= 3
                && text.split(' ').all(|word| word.chars().next().is_some_and(char::is_uppercase))
                && !text.ends_with(['.', '!', '?']) =>
            {
                (name(text), String::new())
            }
            _ => (String::new(), text.to_owned()),
        },
    }
}

/// A name without the marks that clients put on it.
fn name(text: &str) -> String {
    let text = text.trim().trim_end_matches(" APP").trim_end_matches(" BOT");
    let half = text.len() / 2;
    // Slack copies a name twice where it has a picture: `AdaAda`.
    if text.len().is_multiple_of(2) && text.is_char_boundary(half) && half > 2 && text[..half] == text[half..] {
        return text[..half].to_owned();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            started_at: Moment::parse("2026-11-23T14:00:00Z").unwrap(),
            ended_at: Moment::parse("2026-11-23T15:00:00Z").ok(),
            zone: Zone::UTC,
            now: Moment::parse("2026-11-24T09:00:00Z").unwrap(),
        }
    }

    fn told(log: &str) -> Vec<(String, String, String)> {
        messages(log, &frame())
            .into_iter()
            .map(|message| {
                let at = message.at.map(|at| at.to_string()[11..19].to_owned()).unwrap_or_default();
                (at, message.who, message.text)
            })
            .collect()
    }

    fn two() -> Vec<(String, String, String)> {
        [("14:02:00", "Ada", "pager fired"), ("14:05:00", "Linus", "looking at the pool\nit is full")]
            .map(|(at, who, text)| (at.to_owned(), who.to_owned(), text.to_owned()))
            .to_vec()
    }

    #[test]
    fn each_clients_shape_is_read() {
        for log in [
            "Ada  2:02 PM\npager fired\n\nLinus  2:05 PM\nlooking at the pool\nit is full\n",
            "Ada\u{a0}\u{a0}[2:02 PM]\npager fired\nLinus [2:05 PM]\nlooking at the pool\nit is full",
            "[14:02] Ada: pager fired\n[14:05] Linus: looking at the pool\nit is full",
            "[23/11/2026 14:02] Ada\npager fired\n[23/11/2026 14:05] Linus\nlooking at the pool\nit is full",
            "[23/11/2026, 14:02:00] Ada: pager fired\n[23/11/2026, 14:05:00] Linus: looking at the pool\nit is full",
            "14:02 <@Ada> pager fired\n14:03 -!- Bob has joined #ops\n14:05 <Linus> looking at the pool\nit is full",
            "[14:02:00] <Ada> pager fired\n[14:05:00] <Linus> looking at the pool\nit is full",
            "23/11/2026, 14:02 - Ada: pager fired\n23/11/2026, 14:05 - Linus: looking at the pool\nit is full",
            "--- Day changed Mon Nov 23 2026\n14:02 <Ada> pager fired\n14:05 <Linus> looking at the pool\nit is full",
            "2026-11-23 14:02:00 Ada: pager fired\n2026-11-23 14:05:00 Linus: looking at the pool\nit is full",
            "Monday, November 23rd, 2026\nAda 14:02\npager fired\n2 replies\nLinus 14:05\nlooking at the pool\nit is full",
        ] {
            assert_eq!(told(log), two(), "{log}");
        }
    }

    #[test]
    fn lines_without_a_shape_are_kept() {
        assert_eq!(told("something odd"), [(String::new(), String::new(), "something odd".to_owned())]);
        assert_eq!(
            told("14:02 pager fired: disk full at /var"),
            [("14:02:00".to_owned(), "pager fired".to_owned(), "disk full at /var".to_owned())]
        );
        assert!(told("").is_empty());
    }
}
