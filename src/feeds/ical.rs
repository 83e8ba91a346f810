//! Writing iCalendar (RFC 5545). Pure.

use super::model::{CalendarEntry, When};
use crate::clock::Moment;

/// Longest line in octets, without its end.
const LINE_OCTETS: usize = 75;

/// A whole calendar.
pub fn calendar(name: &str, entries: &[CalendarEntry], now: Moment) -> String {
    let mut out = String::with_capacity(512 + entries.len() * 400);
    let mut line = |text: &str| fold(text, &mut out);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Debrief//Debrief//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("NAME:{}", text(name)));
    line(&format!("X-WR-CALNAME:{}", text(name)));
    line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    line("X-PUBLISHED-TTL:PT1H");
    for entry in entries {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", text(&entry.uid)));
        // A published calendar is stamped with each entry's last change, so that it is the same bytes until then.
        line(&format!("DTSTAMP:{}", instant(entry.changed_at.min(now))));
        line(&format!("LAST-MODIFIED:{}", instant(entry.changed_at.min(now))));
        line(&format!("SEQUENCE:{}", entry.sequence.max(0)));
        match entry.when {
            When::Day(day) => {
                line(&format!("DTSTART;VALUE=DATE:{}", day.format("%Y%m%d")));
                line(&format!("DTEND;VALUE=DATE:{}", day.succ_opt().unwrap_or(day).format("%Y%m%d")));
            }
            When::Hour(at) => {
                line(&format!("DTSTART:{}", instant(at)));
                line(&format!("DTEND:{}", instant(at.plus_s(3_600))));
            }
        }
        line(&format!("SUMMARY:{}", text(&entry.title)));
        if !entry.text.is_empty() {
            line(&format!("DESCRIPTION:{}", text(&entry.text)));
        }
        line(&format!("URL:{}", entry.url));
        let takes_time = matches!(entry.when, When::Hour(_));
        line(if takes_time { "TRANSP:OPAQUE" } else { "TRANSP:TRANSPARENT" });
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

fn instant(at: Moment) -> String {
    at.utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of type TEXT: four characters are escaped, other control characters may not be there.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.replace("\r\n", "\n").chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

/// Writes a line, folded so that no part has more than 75 octets and no character is cut in two.
fn fold(line: &str, out: &mut String) {
    let mut octets = 0;
    for letter in line.chars() {
        if octets + letter.len_utf8() > LINE_OCTETS {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(letter);
        octets += letter.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let entry = CalendarEntry {
            uid: "act-1-due@debrief.test".to_owned(),
            when: When::Day("2026-12-31".parse().unwrap()),
            title: format!("Größe; a, b \\ c {}", "🧯".repeat(60)),
            text: "one\r\ntwo\u{7}\tthree".to_owned(),
            url: "https://debrief.test/action-items/ACT-1".to_owned(),
            changed_at: Moment::parse("2026-11-23T14:00:00Z").unwrap(),
            sequence: 3,
        };
        let now = Moment::parse("2026-11-24T00:00:00Z").unwrap();
        let calendar = calendar("Ada, due", &[entry], now);
        for line in calendar.split("\r\n") {
            assert!(line.len() <= 75, "{line}");
            assert!(!line.contains('\n'));
        }
        let whole = calendar.replace("\r\n ", "");
        assert!(whole.contains(&format!("SUMMARY:Größe\\; a\\, b \\\\ c {}\r\n", "🧯".repeat(60))), "{whole}");
        assert!(whole.contains("DESCRIPTION:one\\ntwo three\r\n"));
        assert!(whole.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        assert!(whole.contains("DTSTAMP:20261123T140000Z\r\n") && whole.ends_with("END:VCALENDAR\r\n"));
    }
}
