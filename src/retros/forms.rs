//! The forms of retros: all errors at once, what was typed is kept.

use chrono::NaiveDate;

use super::calendar::{Rhythm, WEEKS_LIMIT};
use super::model::{CARD_LENGTH, CardsPhase, Mood, RetroStatus, Verb};
use super::queries::{Filter, StartDraft};
use super::queries_cards::Round;
use super::queries_decide::Say;
use super::queries_series::Anonymity;
use super::words::{day_and_reason, pieces};
use crate::action_items::model::EVIDENCE_LENGTH;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT};
use crate::web::times::Zone;

/// Longest notes, in characters.
pub const NOTES_LIMIT: usize = 100_000;
/// Longest soft time box, in minutes.
const BOX_LIMIT_MIN: i64 = 60;

/// Whose retro starts, and which time it looks at.
///
/// # Errors
/// 422
pub fn start(fields: &Fields) -> Result<StartDraft, Error> {
    let mut check = Check::new();
    let team = check.line("team", fields.some("team"), LINE_LIMIT, "Pick the team whose retro it is.");
    let from = check.date("from", fields.some("from"));
    let to = check.date("to", fields.some("to"));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        check.add("to", "Give a last day that is not before the first.");
    }
    match team {
        Some(team) if check.is_ok() => Ok(StartDraft { team, from, to }),
        _ => Err(check.into_error()),
    }
}

/// What a list is narrowed to.
///
/// # Errors
/// 422
pub fn filter(fields: &Fields) -> Result<Filter, Error> {
    let mut check = Check::new();
    let team = check.optional_line("team", fields.some("team"), LINE_LIMIT);
    let status: Option<RetroStatus> = fields.some("status").and_then(|word| check.word("status", Some(word), ""));
    check.finish()?;
    Ok(Filter { team, status })
}

/// What was typed into the one field, read as the pressed button means it.
///
/// # Errors
/// 422 at `text`, or at `verb` when no button was pressed.
pub fn say(fields: &Fields, (today, next_on): (NaiveDate, NaiveDate)) -> Result<Say, Error> {
    let mut check = Check::new();
    let text = check.optional_line("text", fields.some("text"), EVIDENCE_LENGTH).unwrap_or_default();
    let missing = "Say what to do with it: press one of the buttons.";
    let verb: Option<Verb> = check.word("verb", fields.some("verb"), missing);
    let mut say = Say {
        verb: verb.unwrap_or(Verb::Passed),
        text,
        due_on: None,
        titles: Vec::new(),
        seen_count: fields.some("seen").and_then(|count| count.parse().ok()),
    };
    match verb {
        Some(Verb::PutOff) => {
            let (day, reason) = day_and_reason(&say.text, today, next_on);
            if reason.is_empty() {
                check.add(
                    "text",
                    "Say why it is put off, and until when if not until the next retro: 10 Dec storage first.",
                );
            }
            (say.due_on, say.text) = (Some(day), reason);
        }
        Some(Verb::Declined) => {
            let usual = today.checked_add_months(chrono::Months::new(3)).unwrap_or(today);
            let (day, reason) = day_and_reason(&say.text, today, usual);
            if reason.is_empty() {
                check.add("text", "Say why it will not be done; it goes into the register.");
            }
            (say.due_on, say.text) = (Some(day), reason);
        }
        Some(Verb::Assigned) if say.text.is_empty() => {
            check.add("text", "Type the handle of whoever takes it, for example @ada.");
        }
        Some(Verb::Blocked) if say.text.is_empty() => check.add("text", "Say what stands in its way."),
        Some(Verb::Split) => {
            say.titles = pieces(&say.text);
            for title in say.titles.clone() {
                check.optional_line("text", Some(&title), LINE_LIMIT);
            }
        }
        Some(Verb::ItemAdded) => {
            check.optional_line("text", Some(&say.text), LINE_LIMIT);
        }
        _ => {}
    }
    check.finish()?;
    Ok(say)
}

/// The text of a card and its column.
///
/// # Errors
/// 422
pub fn card(fields: &Fields) -> Result<(Mood, String), Error> {
    let mut check = Check::new();
    let mood: Option<Mood> = check.word("mood", fields.some("mood"), "Pick a column.");
    let text = check.text("text", fields.some("text"), CARD_LENGTH).map(|text| text.trim().to_owned());
    if text.as_deref().is_some_and(str::is_empty) {
        check.add("text", "Write something on the card.");
    }
    match (mood, text) {
        (Some(mood), Some(text)) if check.is_ok() => Ok((mood, text)),
        _ => Err(check.into_error()),
    }
}

/// What the round of cards goes on to.
///
/// # Errors
/// 422
pub fn round(fields: &Fields) -> Result<Round, Error> {
    let mut check = Check::new();
    let phase: Option<CardsPhase> = check.word("phase", fields.some("phase"), "Pick what comes next.");
    let anonymous = (phase == Some(CardsPhase::Writing)).then(|| fields.is_set("anonymous"));
    match phase {
        Some(phase) if check.is_ok() => Ok(Round { phase, anonymous }),
        _ => Err(check.into_error()),
    }
}

/// Notes and the revision that they are based on.
///
/// # Errors
/// 422
pub fn notes(fields: &Fields) -> Result<(i64, String), Error> {
    let mut check = Check::new();
    let text = check.text("notes", Some(fields.get("notes")), NOTES_LIMIT);
    let base = fields.get("base").parse().unwrap_or(0);
    match text {
        Some(text) => Ok((base, text)),
        None => Err(check.into_error()),
    }
}

/// The soft time box, in seconds.
///
/// # Errors
/// 422
pub fn time_box(fields: &Fields) -> Result<i64, Error> {
    let minutes = fields.get("minutes").trim().parse::<i64>().ok();
    match minutes.filter(|minutes| (1..=BOX_LIMIT_MIN).contains(minutes)) {
        Some(minutes) => Ok(minutes * 60),
        None => Err(Error::field("minutes", format!("Give 1 to {BOX_LIMIT_MIN} minutes."))),
    }
}

/// When a team meets.
///
/// # Errors
/// 422
pub fn rhythm(fields: &Fields) -> Result<(Rhythm, Anonymity), Error> {
    let mut check = Check::new();
    let number = |name: &str| fields.get(name).trim().parse::<i64>().ok();
    let every_weeks = number("every_weeks").filter(|weeks| (1..=WEEKS_LIMIT).contains(weeks));
    if every_weeks.is_none() {
        check.add("every_weeks", format!("Give 1 to {WEEKS_LIMIT} weeks."));
    }
    let weekday = number("weekday").filter(|day| (0..7).contains(day));
    if weekday.is_none() {
        check.add("weekday", "Pick a day of the week.");
    }
    let minute_of_day = chrono::NaiveTime::parse_from_str(fields.get("at").trim(), "%H:%M")
        .ok()
        .map(|at| i64::from(chrono::Timelike::hour(&at)) * 60 + i64::from(chrono::Timelike::minute(&at)));
    if minute_of_day.is_none() {
        check.add("at", "Write the time as 14:30.");
    }
    let zone = Zone::named(fields.get("zone"));
    if zone.is_none() {
        check.add("zone", "Pick a time zone, for example Europe/Berlin.");
    }
    let anonymity = if fields.is_set("anonymous") { Anonymity::Nameless } else { Anonymity::Named };
    match (every_weeks, weekday, minute_of_day, zone) {
        (Some(every_weeks), Some(weekday), Some(minute_of_day), Some(zone)) => {
            Ok((Rhythm { every_weeks, weekday, minute_of_day, zone }, anonymity))
        }
        _ => Err(check.into_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verb: &str, text: &str) -> Result<Say, Error> {
        let day = |text: &str| text.parse().unwrap();
        let fields = Fields::prefilled([("verb", verb.to_owned()), ("text", text.to_owned())]);
        say(&fields, (day("2026-11-25"), day("2026-12-09")))
    }

    #[test]
    fn one_field_says_what_each_button_needs() {
        let put_off = said("put_off", "10 Dec storage first").unwrap();
        assert_eq!(
            (put_off.due_on.unwrap().to_string(), put_off.text),
            ("2026-12-10".to_owned(), "storage first".to_owned())
        );
        assert_eq!(said("put_off", "storage first").unwrap().due_on.unwrap().to_string(), "2026-12-09");
        assert!(said("put_off", "10 Dec").is_err(), "a reason is asked for");
        assert_eq!(said("declined", "slows every fix").unwrap().due_on.unwrap().to_string(), "2027-02-25");
        assert_eq!(said("split", "one; two").unwrap().titles, ["one", "two"]);
        assert!(said("assigned", " ").is_err() && said("blocked", "").is_err());
        assert!(said("", "typed, and no button").is_err() && said("explode", "").is_err());
        assert!(said("passed", "").is_ok() && said("verified", "").is_ok());
    }
}
