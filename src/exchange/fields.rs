//! Facts written as `Date: …`, as a table row, or below a heading of their own.

use super::lines::Line;

/// What a label stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Date,
    Started,
    Detected,
    Mitigated,
    Resolved,
    Duration,
    Severity,
    Services,
    Title,
    Status,
}

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labelled {
    pub(super) field: Field,
    /// The label as written; it may name a time zone.
    pub(super) label: String,
    pub(super) value: String,
}

/// Longest label, in bytes.
const LABEL_LIMIT_BYTES: usize = 60;

/// Every fact with a label, in order.
pub(super) fn labelled(lines: &[Line]) -> Vec<Labelled> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1);
        if line.cells.len() >= 2 {
            let columns: Vec<Option<Field>> = line.cells.iter().map(|cell| field(cell)).collect();
            if next.is_some_and(|next| next.is_ruler) && columns.iter().flatten().count() >= 2 {
                // The labels are the columns, and the first row holds the values.
                if let Some(row) = lines.get(index + 2) {
                    for (column, value) in columns.iter().zip(&row.cells) {
                        push(&mut found, *column, "", value);
                    }
                }
            } else {
                push(&mut found, columns[0], &line.cells[0], &line.cells[1..].join(" "));
            }
            continue;
        }
        if let Some((label, value)) = line.text.split_once(':')
            && label.len() <= LABEL_LIMIT_BYTES
            && let Some(kind) = field(label)
        {
            if !value.trim().is_empty() {
                push(&mut found, Some(kind), label, value);
                continue;
            }
        } else if let Some((label, value)) = line.text.split_once(" - ").or_else(|| line.text.split_once(" \u{2013} "))
            && line.heading.is_none()
            && label.len() <= LABEL_LIMIT_BYTES
        {
            push(&mut found, field(label), label, value);
            continue;
        }
        let whole = line.text.trim_end_matches(':');
        if whole.len() <= LABEL_LIMIT_BYTES
            && let Some(kind) = field(whole)
            && let Some(next) = next
            && next.heading.is_none()
        {
            push(&mut found, Some(kind), whole, &next.text);
        }
    }
    found
}

fn push(found: &mut Vec<Labelled>, field: Option<Field>, label: &str, value: &str) {
    let value = value.trim().trim_matches(['|', ' ']);
    if let Some(field) = field
        && !value.is_empty()
    {
        found.push(Labelled { field, label: label.to_owned(), value: value.to_owned() });
    }
}

/// What `label` stands for; brackets and words that add nothing are ignored.
pub(super) fn field(label: &str) -> Option<Field> {
    let without_brackets = label.split(['(', '[']).next().unwrap_or(label);
    let words: Vec<String> = without_brackets
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            !word.is_empty()
                && ![
                    "incident",
                    "outage",
                    "the",
                    "of",
                    "approximate",
                    "approx",
                    "total",
                    "actual",
                    "utc",
                    "event",
                    "issue",
                ]
                .contains(word)
        })
        .map(str::to_owned)
        .collect();
    let field =
        match words.join(" ").as_str() {
            "date" | "dates" | "when" | "day" | "date time" | "date and time" | "occurred" | "date occurred"
            | "occurred on" | "happened" | "time" | "times" | "timeframe" | "time frame" | "time window"
            | "time range" | "period" | "window" | "date s" | "time period" | "when did it happen" | "date range"
            | "time and date" => Field::Date,
            "start" | "started" | "start time" | "started at" | "start date" | "begin" | "began" | "beginning"
            | "impact start" | "start of impact" | "time started" | "started on" | "impact started" | "from"
            | "startedat" | "start at" | "impact start time" | "began at" | "time start" | "start datetime"
            | "start date time" => Field::Started,
            "detected" | "detected at" | "detection time" | "time detected" | "discovered" | "discovered at"
            | "detectedat" | "time detection" | "date detected" | "first detected" | "detected on"
            | "identified at" => Field::Detected,
            "mitigated" | "mitigated at" | "mitigation time" | "time mitigated" | "mitigatedat" => Field::Mitigated,
            "resolved" | "resolved at" | "end" | "ended" | "end time" | "ended at" | "end date" | "impact end"
            | "time resolved" | "time ended" | "end of impact" | "resolvedwhen" | "resolvedat" | "resolved on"
            | "finished" | "recovered" | "recovered at" | "fixed at" | "impact ended" | "date resolved" | "to"
            | "until" | "restored" | "impact end time" | "resolution time" | "stop time" | "time end"
            | "end datetime" | "end date time" => Field::Resolved,
            "duration"
            | "downtime"
            | "length"
            | "impact duration"
            | "duration of impact"
            | "time to resolve"
            | "time to resolution"
            | "downtime duration"
            | "duration minutes"
            | "customer impact duration"
            | "duration of downtime"
            | "how long"
            | "service interruption" => Field::Duration,
            "severity" | "sev" | "severity level" | "priority" | "sev level" | "impact level" => Field::Severity,
            "service"
            | "services"
            | "affected services"
            | "services affected"
            | "service s affected"
            | "affected service"
            | "affected systems"
            | "systems affected"
            | "affected"
            | "affected components"
            | "components affected"
            | "components"
            | "component"
            | "systems"
            | "system"
            | "services impacted"
            | "impacted services" => Field::Services,
            "title" | "name" | "subject" => Field::Title,
            "status" | "state" | "document status" | "postmortem status" | "post mortem status" | "report status"
            | "review status" => Field::Status,
            // A label that is the noun alone: "Incident: Brokers out of disk".
            "" if matches!(label.trim().to_lowercase().as_str(), "incident" | "outage" | "issue") => Field::Title,
            _ => return None,
        };
    Some(field)
}

/// A severity in Debrief's words, from a label such as `P1`, `SEV-2`, `critical`.
pub(super) fn severity(value: &str) -> Option<String> {
    let lower = value.trim().to_lowercase();
    for prefix in ["sev", "severity", "p", "s", "priority", ""] {
        if let Some(rest) = lower.strip_prefix(prefix)
            && let Some(digit) = rest.trim_start_matches(['-', ' ', '_', ':']).chars().next()
            && let Some(level) = digit.to_digit(10)
            && !rest.trim_start_matches(['-', ' ', '_', ':'])[1..].starts_with(|c: char| c.is_alphanumeric())
        {
            // Some count from 0.
            return (level <= 5).then(|| format!("SEV{}", level.max(1)));
        }
    }
    let first = lower.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty())?;
    let level = match first {
        "critical" | "blocker" | "emergency" => 1,
        "high" | "major" => 2,
        "medium" | "moderate" | "partial" => 3,
        "low" | "minor" => 4,
        "trivial" | "cosmetic" | "informational" => 5,
        _ => return None,
    };
    Some(format!("SEV{level}"))
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    #[test]
    fn facts_are_found_in_all_three_forms() {
        let found = labelled(&lines(
            "**Incident date**: 2019-03-04\n| Duration (total) | 2 h |\n|---|---|\n| Severity | P1 |\n\n## Start time:\n\n10:00 UTC\n\n\
             | Start | End |\n|---|---|\n| 1:00 | 2:00 |\n\nNote: nothing\n- Detected - 11:00\n",
        ));
        let brief: Vec<(Field, &str)> = found.iter().map(|fact| (fact.field, fact.value.as_str())).collect();
        assert_eq!(
            brief,
            [
                (Field::Date, "2019-03-04"),
                (Field::Duration, "2 h"),
                (Field::Severity, "P1"),
                (Field::Started, "10:00 UTC"),
                (Field::Started, "1:00"),
                (Field::Resolved, "2:00"),
                (Field::Detected, "11:00"),
            ]
        );
    }

    #[test]
    fn severities_are_translated() {
        for (text, level) in [
            ("P1", "SEV1"),
            ("SEV-2", "SEV2"),
            ("Severity 3", "SEV3"),
            ("critical", "SEV1"),
            ("S0", "SEV1"),
            ("2 - high", "SEV2"),
            ("Minor outage", "SEV4"),
        ] {
            assert_eq!(severity(text).as_deref(), Some(level), "{text}");
        }
        assert_eq!(severity("unknown"), None);
        assert_eq!(severity("P10"), None);
    }
}
