//! One line beside the text that adds to the record. Pure.
//!
//! `14:02 pager fired https://…` is an event of the timeline · `factor: retries without a limit` · `action: add an
//! alert @ada 2026-12-01 P1` · `impact: 1200 requests failed (measured, ledger)`.

use crate::action_items::model::{ActionDraft, ActionKind, Due};
use crate::factors::forms::FactorDraft;
use crate::factors::model::NAME_LIMIT;
use crate::incidents::around::model::{Basis, FigureDraft};
use crate::web::fields::LINE_LIMIT;

/// What a line adds.
#[derive(Clone, Debug)]
pub enum Addition {
    /// An event, still as it was typed.
    Event(String),
    /// A contributing factor.
    Factor(FactorDraft),
    /// An action item; boxed, as it is large.
    Action(Box<ActionDraft>),
    /// A figure of the impact.
    Figure(FigureDraft),
}

/// Reads a line about the incident with this number.
///
/// # Errors
/// A sentence that says what to write.
pub fn read(line: &str, incident_number: i64) -> Result<Addition, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(':').unwrap_or(("", line));
    let rest = rest.trim();
    match word.trim().to_lowercase().as_str() {
        "factor" | "contributing factor" => factor(rest),
        "action" | "action item" | "todo" => action(rest, incident_number),
        "impact" => figure(rest).map(Addition::Figure),
        "event" => Ok(Addition::Event(rest.to_owned())),
        _ if line.is_empty() => {
            Err("Write what to add, such as “14:02 pager fired”, or “factor: …”, “action: …”, “impact: …”.".to_owned())
        }
        _ => Ok(Addition::Event(line.to_owned())),
    }
}

fn factor(text: &str) -> Result<Addition, String> {
    let (name, note) = [" — ", " – ", " - ", ": "]
        .iter()
        .find_map(|mark| text.split_once(mark))
        .map_or((text, ""), |(name, note)| (name.trim(), note.trim()));
    if !name.contains(char::is_alphanumeric) {
        return Err("Name a condition that made it possible: “factor: retries without a limit”.".to_owned());
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(format!("Shorten the factor's name to {NAME_LIMIT} characters."));
    }
    Ok(Addition::Factor(FactorDraft { name: name.to_owned(), note: note.to_owned() }))
}

/// The title, then in any order an owner, a date, a priority, a kind.
fn action(text: &str, incident_number: i64) -> Result<Addition, String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut draft = ActionDraft::titled("");
    draft.incident = Some(incident_number);
    while let Some(last) = words.last() {
        let bare = last.trim_matches(['(', ')', ',', '.']);
        if let Some(handle) = bare.strip_prefix('@').filter(|handle| !handle.is_empty()) {
            draft.owner = Some(handle.to_owned());
        } else if let Ok(day) = chrono::NaiveDate::parse_from_str(bare, "%Y-%m-%d") {
            draft.due = Due::On(day);
        } else if let Ok(priority) = bare.to_uppercase().parse() {
            draft.priority = priority;
        } else if let (true, Ok(kind)) = (last.starts_with('('), bare.parse::<ActionKind>()) {
            draft.kind = kind;
        } else if !matches!(bare, "by" | "due") || draft.due == Due::ByRule {
            break;
        }
        words.pop();
    }
    draft.title = words.join(" ");
    if draft.title.is_empty() {
        return Err("Say what is to be done: “action: add an alert on the pool @ada 2026-12-01”.".to_owned());
    }
    if draft.title.chars().count() > LINE_LIMIT {
        return Err(format!("Shorten the action item to {LINE_LIMIT} characters."));
    }
    Ok(Addition::Action(Box::new(draft)))
}

fn figure(text: &str) -> Result<FigureDraft, String> {
    let how = "Write a number and what was counted: “impact: 1200 requests failed (measured, ledger)”.";
    let (told, behind) = match text.rfind('(').filter(|_| text.trim_end().ends_with(')')) {
        Some(open) => (text[..open].trim(), text[open + 1..].trim_end().trim_end_matches(')')),
        None => (text, ""),
    };
    let (mut basis, mut source) = (Basis::Estimated, Vec::new());
    for word in behind.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(known) => basis = known,
            Err(_) => source.push(word),
        }
    }
    // `Payments failed: 1204 requests` or `1204 requests failed`.
    let (label, rest) = match told.split_once(':') {
        Some((label, rest)) => (Some(label.trim()), rest.trim()),
        None => (None, told),
    };
    let rest = rest.trim_start_matches(['~', '≈']).trim_start_matches("about ").trim();
    let currency = match rest.chars().next() {
        Some('$') => "USD",
        Some('€') => "EUR",
        Some('£') => "GBP",
        _ => "",
    };
    let rest = rest.trim_start_matches(['$', '€', '£']);
    let digits = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_'))).unwrap_or(rest.len());
    let mut amount: f64 =
        rest[..digits].trim_end_matches(['.', ',']).replace([',', '_'], "").parse().map_err(|_| how.to_owned())?;
    let mut after = &rest[digits..];
    for (mark, factor) in [("k ", 1e3), ("K ", 1e3), ("M ", 1e6), ("m ", 1e6)] {
        if let Some(behind) = after.strip_prefix(mark) {
            amount *= factor;
            after = behind;
            break;
        }
    }
    let mut words: Vec<&str> = after.split_whitespace().collect();
    let mut unit = currency.to_owned();
    let is_unit = |word: &str| {
        matches!(word, "%" | "percent" | "min" | "minutes" | "h" | "hours")
            || (word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    if let Some(first) = words.first().copied().filter(|first| unit.is_empty() && (label.is_some() || is_unit(first))) {
        unit = if label.is_some() { words.join(" ") } else { first.to_owned() };
        words = if label.is_some() { Vec::new() } else { words.split_off(1) };
    }
    let counted = label.map_or_else(|| words.join(" "), str::to_owned);
    let counted = counted.trim_start_matches("of ").to_owned();
    let source = source.join(", ");
    let fits = amount.is_finite() && (0.0..=1e15).contains(&amount) && unit.chars().count() <= 40;
    if counted.is_empty() || !fits || counted.chars().count().max(source.chars().count()) > LINE_LIMIT {
        return Err(how.to_owned());
    }
    Ok(FigureDraft { label: capitalised(&counted), amount, unit, source, basis })
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action_items::model::Priority;

    fn figure_words(line: &str) -> String {
        match read(line, 1).unwrap() {
            Addition::Figure(figure) => {
                format!("{}: {} ({}, {})", figure.label, figure.amount_text(), figure.basis, figure.source)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn figures_are_read_as_people_write_them() {
        for (line, words) in [
            ("impact: 1200 requests failed (measured)", "Requests failed: 1,200 (measured, )"),
            ("impact: ~1,200 users hit", "Users hit: 1,200 (estimated, )"),
            (
                "Impact: Payments failed: 1204 requests (measured, ledger)",
                "Payments failed: 1,204 requests (measured, ledger)",
            ),
            ("impact: 12.5 % of checkouts failed", "Checkouts failed: 12.5 % (estimated, )"),
            ("impact: 3.5k EUR lost (estimated, finance)", "Lost: 3,500 EUR (estimated, finance)"),
            ("impact: $300 refunded", "Refunded: 300 USD (estimated, )"),
        ] {
            assert_eq!(figure_words(line), words, "{line}");
        }
        for wrong in ["impact:", "impact: many users", "impact: 12", "impact: -3 users"] {
            assert!(read(wrong, 1).is_err(), "{wrong}");
        }
    }

    #[test]
    fn actions_carry_owner_date_and_priority() {
        let Ok(Addition::Action(draft)) = read("action: Add an alert on pool usage @ada by 2026-12-01 P1 (detect)", 7)
        else {
            panic!();
        };
        assert_eq!((draft.title.as_str(), draft.owner.as_deref()), ("Add an alert on pool usage", Some("ada")));
        assert_eq!((draft.priority, draft.kind, draft.incident), (Priority::P1, ActionKind::Detect, Some(7)));
        assert_eq!(draft.due, Due::On(chrono::NaiveDate::from_ymd_opt(2026, 12, 1).unwrap()));
        assert!(read("action: @ada", 7).is_err());
    }

    #[test]
    fn everything_else_is_an_event() {
        assert!(
            matches!(read("14:02 pager fired: disk", 1), Ok(Addition::Event(text)) if text == "14:02 pager fired: disk")
        );
        assert!(
            matches!(read("factor: Retries without a limit - again", 1), Ok(Addition::Factor(factor)) if factor.note == "again")
        );
        assert!(read("  ", 1).is_err() && read("factor: !", 1).is_err());
    }
}
