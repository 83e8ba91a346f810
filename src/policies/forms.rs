//! The policy as it was typed.

use chrono::Weekday;

use super::model::{DAYS_LIMIT, HOLIDAY_LIMIT, Holiday, Policy, Rule};
use crate::action_items::model::Priority;
use crate::error::Error;
use crate::incidents::model::Severity;
use crate::web::fields::{Check, Fields};

/// The days of the week as the form names them.
pub const WEEK: [(Weekday, &str, &str); 7] = [
    (Weekday::Mon, "mon", "Monday"),
    (Weekday::Tue, "tue", "Tuesday"),
    (Weekday::Wed, "wed", "Wednesday"),
    (Weekday::Thu, "thu", "Thursday"),
    (Weekday::Fri, "fri", "Friday"),
    (Weekday::Sat, "sat", "Saturday"),
    (Weekday::Sun, "sun", "Sunday"),
];

/// The name of the field with a rule's days: `due-SEV1-P2`, or `due-any-P2`.
pub fn rule_field(what: &str, severity: Option<Severity>, priority: Priority) -> String {
    match severity {
        Some(severity) => format!("{what}-{severity}-{priority}"),
        None => format!("{what}-any-{priority}"),
    }
}

/// Every severity that can have rules of its own, after "any".
pub fn severities() -> impl Iterator<Item = Option<Severity>> {
    std::iter::once(None).chain(Severity::ALL.iter().copied().map(Some))
}

/// The form as it stands for `policy`; `late` and `put_off` are the handles of the people it names.
pub fn prefilled(policy: &Policy, late: Option<String>, put_off: Option<String>) -> Fields {
    let mut fields = Fields::prefilled([
        ("revision", policy.revision.to_string()),
        ("days", policy.days.to_string()),
        ("team_hears_after_days", policy.team_hears_after_days.to_string()),
        ("person_hears_after_days", policy.person_hears_after_days.to_string()),
        ("late_person", late.unwrap_or_default()),
        ("put_off_limit", policy.put_off_limit.to_string()),
        ("put_off_person", put_off.unwrap_or_default()),
        ("effect_days", policy.effect_days.to_string()),
        ("look_again_days", policy.look_again_days.to_string()),
    ]);
    let holidays: Vec<String> = policy
        .holidays
        .iter()
        .map(|holiday| format!("{} {}", holiday.day, holiday.name).trim_end().to_owned())
        .collect();
    fields.set("holidays", holidays.join("\n"));
    for (day, word, _) in WEEK {
        if policy.weekend.contains(&day) {
            fields.set(&format!("off-{word}"), "on");
        }
    }
    for severity in severities() {
        for &priority in Priority::ALL {
            let rule = policy.rules.iter().find(|rule| rule.severity == severity && rule.priority == priority);
            let text = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
            fields.set(&rule_field("due", severity, priority), text(rule.and_then(|rule| rule.due_days)));
            fields.set(&rule_field("assign", severity, priority), text(rule.and_then(|rule| rule.assign_days)));
        }
    }
    fields
}

/// Reads the form. The people stay handles; whoever saves looks them up.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn read(fields: &Fields) -> Result<Policy, Error> {
    let mut check = Check::new();
    let mut policy = Policy { revision: fields.get("revision").parse().unwrap_or(-1), ..Policy::default() };
    if let Some(days) = check.word("days", fields.some("days"), "Say which days the rules count.") {
        policy.days = days;
    }
    policy.weekend =
        WEEK.iter().filter(|(_, word, _)| fields.is_set(&format!("off-{word}"))).map(|day| day.0).collect();
    if policy.weekend.len() == WEEK.len() {
        check.add("weekend", "Leave at least one day of the week to work on.");
    }
    policy.holidays = holidays(&mut check, fields.get("holidays"));
    policy.rules = Vec::new();
    for severity in severities() {
        for &priority in Priority::ALL {
            let mut days = |what| number(&mut check, fields, &rule_field(what, severity, priority));
            let (due_days, assign_days) = (days("due"), days("assign"));
            // A severity without a word of its own follows the row for any.
            if severity.is_none() || due_days.is_some() || assign_days.is_some() {
                policy.rules.push(Rule { severity, priority, due_days, assign_days });
            }
        }
    }
    let mut count = |name: &str, missing: &str| {
        let given = number(&mut check, fields, name);
        if given.is_none() && fields.some(name).is_none() {
            check.add(name, missing.to_owned());
        }
        given.unwrap_or_default()
    };
    policy.team_hears_after_days = count("team_hears_after_days", "Give a number of days.");
    policy.person_hears_after_days = count("person_hears_after_days", "Give a number of days.");
    policy.put_off_limit = count("put_off_limit", "Give a number of times; 0 for never.");
    policy.effect_days = count("effect_days", "Give a number of days.");
    policy.look_again_days = count("look_again_days", "Give a number of days.");
    check.finish()?;
    Ok(policy)
}

fn number(check: &mut Check, fields: &Fields, name: &str) -> Option<u32> {
    let text = fields.some(name)?;
    match text.trim().parse::<u32>() {
        Ok(days) if days <= DAYS_LIMIT => Some(days),
        _ => {
            check.add(name, format!("Give a whole number from 0 to {DAYS_LIMIT}, or leave it empty."));
            None
        }
    }
}

/// A line each: the day, then its name.
fn holidays(check: &mut Check, text: &str) -> Vec<Holiday> {
    let mut found: Vec<Holiday> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (day, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match day.parse() {
            Ok(day) => found.push(Holiday { day, name: name.trim().chars().take(80).collect() }),
            Err(_) => {
                check.add(
                    "holidays",
                    format!("'{day}' is no date. Write a holiday as 2026-12-25 Christmas, one a line."),
                );
                return Vec::new();
            }
        }
    }
    if found.len() > HOLIDAY_LIMIT {
        check.add("holidays", format!("Keep it to {HOLIDAY_LIMIT} holidays."));
    }
    found.sort_by_key(|holiday| holiday.day);
    found.dedup_by_key(|holiday| holiday.day);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_reads_back_as_the_policy_that_filled_it() {
        let christmas = Holiday { day: "2026-12-25".parse().unwrap(), name: "Christmas".to_owned() };
        let mut policy = Policy { holidays: vec![christmas], ..Policy::default() };
        policy.rules.push(Rule {
            severity: Some(Severity::Sev1),
            priority: Priority::P1,
            due_days: Some(5),
            assign_days: None,
        });
        assert_eq!(read(&prefilled(&policy, None, None)).unwrap(), policy);
    }

    #[test]
    fn every_odd_field_is_told() {
        let mut fields = prefilled(&Policy::default(), None, None);
        for (name, odd) in [
            ("due-any-P1", "soon"),
            ("holidays", "Christmas"),
            ("days", "odd"),
            ("effect_days", "-1"),
            ("put_off_limit", ""),
        ] {
            fields.set(name, odd);
        }
        for (_, word, _) in WEEK {
            fields.set(&format!("off-{word}"), "on");
        }
        let Err(Error::Invalid(errors)) = read(&fields) else { panic!("it is odd") };
        for name in ["due-any-P1", "holidays", "days", "effect_days", "put_off_limit", "weekend"] {
            assert!(errors.of(name).is_some(), "{name}");
        }
    }
}
