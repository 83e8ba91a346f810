//! What a policy says, and the dates that follow from it. Pure.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::action_items::model::Priority;
use crate::incidents::model::Severity;
use crate::text_enum;

text_enum! {
    /// Which days a rule counts.
    pub enum DayCount {
        /// Every day; a date that falls on a day off moves to the next working day.
        Calendar = "calendar",
        /// Working days alone.
        Working = "working",
    }
}

/// Longest time that a rule may give, in days.
pub const DAYS_LIMIT: u32 = 1_000;
/// Most holidays of a policy.
pub const HOLIDAY_LIMIT: usize = 500;

/// A day on which nobody works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// The day.
    pub day: NaiveDate,
    /// What it is called; may be empty.
    pub name: String,
}

/// What holds for one priority, of every severity or of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The severity of the incident; none for every other one, and for items without an incident.
    pub severity: Option<Severity>,
    /// The item's priority.
    pub priority: Priority,
    /// Days until it is due; none for no due date.
    pub due_days: Option<u32>,
    /// Days until it must have an owner; none for no such date.
    pub assign_days: Option<u32>,
}

/// The whole policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Counts changes.
    pub revision: i64,
    /// Which days the rules count.
    pub days: DayCount,
    /// Days of the week on which nobody works.
    pub weekend: Vec<Weekday>,
    /// Other days on which nobody works, in order.
    pub holidays: Vec<Holiday>,
    /// At most one for each severity and priority.
    pub rules: Vec<Rule>,
    /// Days late after which the team hears of it; the owner hears at once.
    pub team_hears_after_days: u32,
    /// Days late after which the named person hears of it.
    pub person_hears_after_days: u32,
    /// Who hears last.
    pub late_person_id: Option<i64>,
    /// An item that was put off so often goes to the person named for it.
    pub put_off_limit: u32,
    /// That person.
    pub put_off_person_id: Option<i64>,
    /// Days after finishing when the owner is asked whether it works.
    pub effect_days: u32,
    /// Days after declining when a team looks again, unless it says another day.
    pub look_again_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        let rule = |priority, due_days, assign_days| Rule { severity: None, priority, due_days, assign_days };
        Policy {
            revision: 0,
            days: DayCount::Calendar,
            weekend: vec![Weekday::Sat, Weekday::Sun],
            holidays: Vec::new(),
            rules: vec![
                rule(Priority::P1, Some(15), Some(2)),
                rule(Priority::P2, Some(30), Some(5)),
                rule(Priority::P3, Some(60), Some(10)),
                rule(Priority::P4, None, None),
            ],
            team_hears_after_days: 3,
            person_hears_after_days: 7,
            late_person_id: None,
            put_off_limit: 3,
            put_off_person_id: None,
            effect_days: 30,
            look_again_days: 180,
        }
    }
}

/// What the policy says about one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// By when it is to be done.
    pub due_on: Option<NaiveDate>,
    /// By when it must have an owner.
    pub assign_by: Option<NaiveDate>,
    /// The rule in words: "P2: 30 days, moved to the next working day".
    pub words: String,
}

/// Who hears that an item is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearer {
    /// Whoever carries it.
    Owner,
    /// The team that carries it.
    Team,
    /// The person whom the policy names.
    Named,
}

impl Policy {
    /// The rule for an item of this priority, of an incident of this severity or of none.
    pub fn rule(&self, severity: Option<Severity>, priority: Priority) -> Option<&Rule> {
        let of = |wanted: Option<Severity>| {
            self.rules.iter().find(|rule| rule.severity == wanted && rule.priority == priority)
        };
        severity.and_then(|severity| of(Some(severity))).or_else(|| of(None))
    }

    /// Whether anybody works on `day`.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !self.weekend.contains(&day.weekday()) && !self.holidays.iter().any(|holiday| holiday.day == day)
    }

    /// The day `days` after `from`, as the policy counts; none past the end of the calendar.
    pub fn after(&self, from: NaiveDate, days: u32) -> Option<NaiveDate> {
        let next = |day: NaiveDate| day.checked_add_days(Days::new(1));
        let mut day = from;
        match self.days {
            DayCount::Calendar => day = day.checked_add_days(Days::new(u64::from(days)))?,
            DayCount::Working => {
                for _ in 0..days {
                    day = self.working_from(next(day)?)?;
                }
            }
        }
        self.working_from(day)
    }

    /// The first working day from `day` on. A policy without any (which no form lets through) takes the day itself.
    fn working_from(&self, day: NaiveDate) -> Option<NaiveDate> {
        let mut candidate = day;
        for _ in 0..=HOLIDAY_LIMIT + 14 {
            if self.is_working_day(candidate) {
                return Some(candidate);
            }
            candidate = candidate.checked_add_days(Days::new(1))?;
        }
        Some(day)
    }

    /// What the policy says about an item that was added on `added_on`.
    pub fn ruling(&self, added_on: NaiveDate, severity: Option<Severity>, priority: Priority) -> Ruling {
        let rule = self.rule(severity, priority);
        let date = |days: Option<u32>| days.and_then(|days| self.after(added_on, days));
        let due_days = rule.and_then(|rule| rule.due_days);
        let whose = match rule.and_then(|rule| rule.severity) {
            Some(severity) => format!("{priority} at {severity}"),
            None => priority.to_string(),
        };
        let words = match (due_days, self.days) {
            (None, _) => format!("{whose}: no due date"),
            (Some(days), DayCount::Calendar) => format!("{whose}: {days} days, moved to the next working day"),
            (Some(days), DayCount::Working) => format!("{whose}: {days} working days"),
        };
        Ruling { due_on: date(due_days), assign_by: date(rule.and_then(|rule| rule.assign_days)), words }
    }

    /// When the owner of an item that is finished on `done_on` is asked whether it works.
    pub fn check_on(&self, done_on: NaiveDate) -> Option<NaiveDate> {
        self.working_from(done_on.checked_add_days(Days::new(u64::from(self.effect_days)))?)
    }

    /// When a team looks again at what it declined on `declined_on`, unless it says another day.
    pub fn look_again_on(&self, declined_on: NaiveDate) -> Option<NaiveDate> {
        self.working_from(declined_on.checked_add_days(Days::new(u64::from(self.look_again_days)))?)
    }

    /// Who hears that an item is `late_days` days late.
    pub fn hearers(&self, late_days: i64) -> Vec<Hearer> {
        let mut hearers = Vec::new();
        if late_days > 0 {
            hearers.push(Hearer::Owner);
        }
        if late_days > i64::from(self.team_hears_after_days) {
            hearers.push(Hearer::Team);
        }
        if late_days > i64::from(self.person_hears_after_days) && self.late_person_id.is_some() {
            hearers.push(Hearer::Named);
        }
        hearers
    }

    /// Who gets an item that was put off `count` times; nobody while that is less than the limit.
    pub fn takes_over_after(&self, count: i64) -> Option<i64> {
        self.put_off_person_id.filter(|_| self.put_off_limit > 0 && count >= i64::from(self.put_off_limit))
    }
}

/// The reason that a history keeps for a date that a rule set starts with this.
const BY_RULE: &str = "Rule for ";

/// What a history says about a due date that a rule set.
pub fn due_reason(ruling: &Ruling) -> String {
    format!("{BY_RULE}{}", ruling.words)
}

/// Whether a history's `reason` says that a rule set the date.
pub fn is_by_rule(reason: &str) -> bool {
    reason.starts_with(BY_RULE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn calendar_days_move_from_weekends_and_holidays_to_the_next_working_day() {
        let mut policy = Policy::default();
        let due = |policy: &Policy, on: &str, priority| policy.ruling(day(on), None, priority).due_on;
        assert_eq!(due(&policy, "2026-11-24", Priority::P1), Some(day("2026-12-09")));
        assert_eq!(due(&policy, "2026-11-27", Priority::P1), Some(day("2026-12-14")), "Saturday the 12th");
        assert_eq!(due(&policy, "2026-11-27", Priority::P2), Some(day("2026-12-28")), "Sunday the 27th");
        assert_eq!(due(&policy, "2027-12-31", Priority::P3), Some(day("2028-02-29")), "a leap day");
        assert_eq!(due(&policy, "2026-11-24", Priority::P4), None);
        assert_eq!(policy.ruling(NaiveDate::MAX, None, Priority::P1).due_on, None);
        policy.holidays = vec![Holiday { day: day("2026-12-14"), name: "ours".to_owned() }];
        assert_eq!(due(&policy, "2026-11-27", Priority::P1), Some(day("2026-12-15")));
    }

    #[test]
    fn working_days_leave_out_every_day_off() {
        let policy = Policy {
            days: DayCount::Working,
            holidays: vec![Holiday { day: day("2026-12-01"), name: String::new() }],
            ..Policy::default()
        };
        assert_eq!(policy.after(day("2026-11-27"), 1), Some(day("2026-11-30")), "Friday to Monday");
        assert_eq!(policy.after(day("2026-11-27"), 2), Some(day("2026-12-02")), "past the holiday");
        assert_eq!(policy.after(day("2026-11-28"), 0), Some(day("2026-11-30")), "a Saturday counts as Monday");
        assert!(policy.ruling(day("2026-11-27"), None, Priority::P1).words.contains("15 working days"));
    }

    #[test]
    fn a_severity_may_have_rules_of_its_own() {
        let mut policy = Policy::default();
        policy.rules.push(Rule {
            severity: Some(Severity::Sev1),
            priority: Priority::P1,
            due_days: Some(5),
            assign_days: Some(0),
        });
        let ruling = policy.ruling(day("2026-11-23"), Some(Severity::Sev1), Priority::P1);
        assert_eq!((ruling.due_on, ruling.assign_by), (Some(day("2026-11-30")), Some(day("2026-11-23"))));
        assert!(due_reason(&ruling).starts_with("Rule for P1 at SEV1: 5 days"), "{}", ruling.words);
        let other = policy.ruling(day("2026-11-23"), Some(Severity::Sev2), Priority::P1);
        assert_eq!(other.due_on, Some(day("2026-12-08")));
        assert!(is_by_rule(&due_reason(&other)) && !is_by_rule("Waits for Bo"));
    }

    #[test]
    fn more_people_hear_of_it_the_later_it_is() {
        let policy = Policy { late_person_id: Some(9), put_off_person_id: Some(8), ..Policy::default() };
        assert_eq!(policy.hearers(0), vec![]);
        assert_eq!(policy.hearers(1), vec![Hearer::Owner]);
        assert_eq!(policy.hearers(4), vec![Hearer::Owner, Hearer::Team]);
        assert_eq!(policy.hearers(8), vec![Hearer::Owner, Hearer::Team, Hearer::Named]);
        assert_eq!((policy.takes_over_after(2), policy.takes_over_after(3)), (None, Some(8)));
    }
}
