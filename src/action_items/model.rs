//! An action item, and the pure rules of its life.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::db::schema::{
    action_item_changes, action_item_evidence, action_items, contributing_factors, incidents, users,
};
use crate::error::FieldErrors;
use crate::teams::model::Team;
use crate::text_enum;
use crate::web::fields::is_web_address;

text_enum! {
    /// What an action item is to achieve.
    pub enum ActionKind {
        /// That it does not happen again.
        Prevent = "prevent",
        /// That it is noticed sooner.
        Detect = "detect",
        /// That it hurts less.
        Mitigate = "mitigate",
        /// That people work together better.
        Process = "process",
        /// That it is understood.
        Learn = "learn",
    }
}

text_enum! {
    /// Where an action item is in its life.
    pub enum ActionStatus {
        /// Nobody has begun.
        Open = "open",
        /// Somebody is at it.
        InProgress = "in_progress",
        /// Done, with evidence.
        Done = "done",
        /// Somebody looked, and it works.
        Verified = "verified",
        /// It will not be done, with a reason.
        Declined = "declined",
    }
}

text_enum! {
    /// How soon it must be done.
    pub enum Priority {
        /// Within 15 days.
        P1 = "P1",
        /// Within 30 days.
        P2 = "P2",
        /// Within 60 days.
        P3 = "P3",
        /// Some day.
        P4 = "P4",
    }
}

/// Most pieces of evidence of one item.
pub const EVIDENCE_LIMIT: usize = 50;
/// Longest piece of evidence, in characters.
pub const EVIDENCE_LENGTH: usize = 2_000;

impl ActionKind {
    /// The kind as a heading says it.
    pub fn words(self) -> &'static str {
        match self {
            ActionKind::Prevent => "Prevent",
            ActionKind::Detect => "Detect",
            ActionKind::Mitigate => "Mitigate",
            ActionKind::Process => "Process",
            ActionKind::Learn => "Learn",
        }
    }
}

impl ActionStatus {
    /// Whether there is still something to do.
    pub fn is_unfinished(self) -> bool {
        matches!(self, ActionStatus::Open | ActionStatus::InProgress)
    }

    /// The status as a sentence says it.
    pub fn words(self) -> &'static str {
        match self {
            ActionStatus::Open => "open",
            ActionStatus::InProgress => "in progress",
            ActionStatus::Done => "done",
            ActionStatus::Verified => "verified",
            ActionStatus::Declined => "declined",
        }
    }
}

impl Priority {
    /// Days from the day it is added to the day it is due; none for "some day".
    pub fn days(self) -> Option<u64> {
        match self {
            Priority::P1 => Some(15),
            Priority::P2 => Some(30),
            Priority::P3 => Some(60),
            Priority::P4 => None,
        }
    }

    /// The day that the rule sets for an item of `added_on`: so many calendar days later, and on Monday where
    /// that is a weekend.
    pub fn due_on(self, added_on: NaiveDate) -> Option<NaiveDate> {
        let day = added_on.checked_add_days(Days::new(self.days()?))?;
        let wait = match day.weekday() {
            Weekday::Sat => 2,
            Weekday::Sun => 1,
            _ => 0,
        };
        day.checked_add_days(Days::new(wait))
    }

    /// The rule in words: "P2: 30 days".
    pub fn rule(self) -> String {
        match self.days() {
            Some(days) => format!("{self}: {days} days, a weekend moves it to Monday"),
            None => format!("{self}: no due date"),
        }
    }
}

/// The reason that the history keeps for a date that the rule set starts with this; see [`due_reason`].
const BY_RULE: &str = "Rule for ";

/// What the history says about a due date that the rule of `priority` set.
pub fn due_reason(priority: Priority) -> String {
    format!("{BY_RULE}{}", priority.rule())
}

/// Whether the history's `reason` says that a rule set the date.
pub fn is_by_rule(reason: &str) -> bool {
    reason.starts_with(BY_RULE)
}

/// Follow-up work.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = action_items)]
pub struct ActionItem {
    /// Row id.
    pub id: i64,
    /// The number in its key.
    pub number: i64,
    /// The incident that it came from.
    pub incident_id: Option<i64>,
    /// What is to be done, in one line.
    pub title: String,
    /// The same at length, in Markdown.
    pub details: String,
    /// What it is to achieve.
    pub kind: ActionKind,
    /// Where it is in its life.
    pub status: ActionStatus,
    /// How soon.
    pub priority: Priority,
    /// Who carries it.
    pub owner_id: Option<i64>,
    /// The team that carries it.
    pub team_id: Option<i64>,
    /// The contributing factor that it works on.
    pub factor_id: Option<i64>,
    /// By when.
    pub due_on: Option<NaiveDate>,
    /// The same item in the tracker that the team works with.
    pub tracker_url: Option<String>,
    /// Why it will not be done.
    pub declined_reason: Option<String>,
    /// When it became done or declined; none while there is something to do.
    pub closed_at: Option<Moment>,
    /// Who added it.
    pub created_by: Option<i64>,
    /// Counts changes, for ETags and the edit form.
    pub revision: i64,
    /// When it was added.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl ActionItem {
    /// `ACT-7`
    pub fn key(&self) -> String {
        format!("ACT-{}", self.number)
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/action-items/{}", self.key())
    }

    /// Whether it should have been done before `today`.
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.status.is_unfinished() && self.due_on.is_some_and(|due| due < today)
    }

    /// When it is due as a list says it, seen from `today`: "due 8 Dec", "11 days late", or nothing.
    pub fn due_words(&self, today: NaiveDate) -> String {
        let Some(due) = self.due_on else { return String::new() };
        if self.is_late(today) {
            let days = (today - due).num_days();
            return if days == 1 { "1 day late".to_owned() } else { format!("{days} days late") };
        }
        if due == today && self.status.is_unfinished() {
            return "due today".to_owned();
        }
        let format = if due.year() == today.year() { "due %-d %b" } else { "due %-d %b %Y" };
        due.format(format).to_string()
    }
}

/// The key of the action item with this number: `ACT-7`.
pub fn key_of(number: i64) -> String {
    format!("ACT-{number}")
}

/// Reads `ACT-7`, `act-7` or plain `7`.
pub fn parse_key(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ACT-") => &text[4..],
        _ => text,
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number| *number > 0)
}

/// What shows that an item is done: a link, a commit, a deploy, or a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = action_item_evidence)]
pub struct Evidence {
    /// Row id.
    pub id: i64,
    /// The item.
    pub action_item_id: i64,
    /// As it was given.
    pub text: String,
    /// Where it leads, when it is a link or a deploy.
    pub url: Option<String>,
    /// Who gave it.
    pub user_id: Option<i64>,
    /// When.
    pub given_at: Moment,
}

/// One line of an item's history.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = action_item_changes)]
pub struct ItemChange {
    /// Row id; also the order.
    pub id: i64,
    /// The item.
    pub action_item_id: i64,
    /// What changed: a field's name, or `evidence`.
    pub field: String,
    /// What it was, in words.
    pub old_value: Option<String>,
    /// What it became, in words.
    pub new_value: Option<String>,
    /// Why; may be empty.
    pub reason: String,
    /// Who; nobody for a part of the program.
    pub user_id: Option<i64>,
    /// When.
    pub changed_at: Moment,
}

/// The incident that an item came from, as far as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = incidents)]
pub struct Origin {
    /// Row id.
    pub id: i64,
    /// The number in its key.
    pub number: i64,
    /// Its title.
    pub title: String,
}

impl Origin {
    /// `INC-42`
    pub fn key(&self) -> String {
        format!("INC-{}", self.number)
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/incidents/{}", self.key())
    }
}

/// Whoever carries an item, as far as lists show them.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Owner {
    /// Row id.
    pub id: i64,
    /// Short name for mentions.
    pub handle: String,
    /// Full name.
    pub name: String,
    /// Since when they may no longer sign in.
    pub disabled_at: Option<Moment>,
}

/// The contributing factor that an item works on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = contributing_factors)]
pub struct WorkedFactor {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// An item with everything that stands beside it in a list.
#[derive(Clone, Debug)]
pub struct ActionRow {
    /// The item.
    pub item: ActionItem,
    /// Where it came from.
    pub origin: Option<Origin>,
    /// Who carries it.
    pub owner: Option<Owner>,
    /// The team that carries it.
    pub team: Option<Team>,
    /// What it works on.
    pub factor: Option<WorkedFactor>,
}

impl ActionRow {
    /// The draft that would leave it as it is.
    pub fn draft(&self) -> ActionDraft {
        ActionDraft {
            incident: self.origin.as_ref().map(|origin| origin.number),
            title: self.item.title.clone(),
            details: self.item.details.clone(),
            kind: self.item.kind,
            priority: self.item.priority,
            owner: self.owner.as_ref().map(|owner| owner.handle.clone()),
            team: self.team.as_ref().map(|team| team.slug.clone()),
            factor: self.factor.as_ref().map(|factor| factor.slug.clone()),
            due: self.item.due_on.map_or(Due::Never, Due::On),
            tracker_url: self.item.tracker_url.clone(),
        }
    }

    /// Who carries it, in words; empty for nobody.
    pub fn carrier(&self) -> &str {
        match (&self.owner, &self.team) {
            (Some(owner), _) => &owner.name,
            (None, Some(team)) => &team.name,
            (None, None) => "",
        }
    }
}

/// Where the text of a piece of evidence leads: a whole address, or a deploy's page.
pub fn evidence_url(text: &str) -> Option<String> {
    let text = text.trim();
    if is_web_address(text) {
        return Some(text.to_owned());
    }
    let number = text.strip_prefix("DEP-").or_else(|| text.strip_prefix("dep-"))?;
    let is_number = !number.is_empty() && number.len() < 19 && number.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| format!("/deploys/DEP-{number}"))
}

/// When an item shall be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// As the rule of its priority says.
    ByRule,
    /// On this day.
    On(NaiveDate),
    /// On no day.
    Never,
}

/// An item as somebody wants it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionDraft {
    /// Number of the incident.
    pub incident: Option<i64>,
    /// What is to be done.
    pub title: String,
    /// At length, in Markdown.
    pub details: String,
    /// What it is to achieve.
    pub kind: ActionKind,
    /// How soon.
    pub priority: Priority,
    /// Handle or address of the owner.
    pub owner: Option<String>,
    /// Slug or name of the team.
    pub team: Option<String>,
    /// Slug or name of the contributing factor.
    pub factor: Option<String>,
    /// By when.
    pub due: Due,
    /// In the team's tracker.
    pub tracker_url: Option<String>,
}

impl ActionDraft {
    /// An item with nothing but a title: prevent, P3, due by the rule.
    pub fn titled(title: impl Into<String>) -> Self {
        ActionDraft {
            incident: None,
            title: title.into(),
            details: String::new(),
            kind: ActionKind::Prevent,
            priority: Priority::P3,
            owner: None,
            team: None,
            factor: None,
            due: Due::ByRule,
            tracker_url: None,
        }
    }
}

/// A step in an item's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Somebody begins.
    Start,
    /// It is done, and this shows it.
    Complete(Vec<String>),
    /// Somebody looked, and it works.
    Verify,
    /// It will not be done, for this reason.
    Decline(String),
    /// There is something to do again, for this reason.
    Reopen(String),
}

impl Step {
    /// Where the step leads.
    pub fn target(&self) -> ActionStatus {
        match self {
            Step::Start => ActionStatus::InProgress,
            Step::Complete(_) => ActionStatus::Done,
            Step::Verify => ActionStatus::Verified,
            Step::Decline(_) => ActionStatus::Declined,
            Step::Reopen(_) => ActionStatus::Open,
        }
    }

    /// The verb of the audit log.
    pub fn verb(&self) -> &'static str {
        match self {
            Step::Start => "action_item.start",
            Step::Complete(_) => "action_item.complete",
            Step::Verify => "action_item.verify",
            Step::Decline(_) => "action_item.decline",
            Step::Reopen(_) => "action_item.reopen",
        }
    }

    /// Why, as the history keeps it.
    pub fn reason(&self) -> &str {
        match self {
            Step::Decline(reason) | Step::Reopen(reason) => reason,
            Step::Start | Step::Complete(_) | Step::Verify => "",
        }
    }
}

/// Says what stands against `step` for an item that is `status` and has `evidence_count` pieces of evidence.
///
/// # Errors
/// A sentence at `status` (the step does not lead on from there), `evidence` or `reason`.
pub fn check_step(status: ActionStatus, evidence_count: usize, step: &Step) -> Result<(), FieldErrors> {
    let words = status.words();
    let refuse = |sentence: String| Err(FieldErrors::one("status", sentence));
    match step {
        Step::Start if status != ActionStatus::Open => {
            refuse(format!("It is {words}; only an open item can be started."))
        }
        Step::Complete(_) if !status.is_unfinished() => {
            refuse(format!("It is {words} already. Reopen it first if there is more to do."))
        }
        Step::Complete(given) if given.is_empty() && evidence_count == 0 => Err(FieldErrors::one(
            "evidence",
            "Give the evidence: a link, a commit, a deploy such as DEP-12, or a sentence on how you know.",
        )),
        Step::Verify if status != ActionStatus::Done => {
            refuse(format!("It is {words}; only an item that is done can be verified."))
        }
        Step::Decline(_) if !status.is_unfinished() => {
            refuse(format!("It is {words} already. Reopen it first, then decline it."))
        }
        Step::Decline(reason) if reason.trim().is_empty() => {
            Err(FieldErrors::one("declined_reason", "Say why it will not be done; it goes into the register."))
        }
        Step::Reopen(_) if status.is_unfinished() => refuse(format!("It is {words}, so there is nothing to reopen.")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_rule_counts_calendar_days_and_moves_weekends_to_monday() {
        assert_eq!(Priority::P1.due_on(day("2026-11-24")), Some(day("2026-12-09")));
        assert_eq!(Priority::P1.due_on(day("2026-11-27")), Some(day("2026-12-14")), "Saturday the 12th");
        assert_eq!(Priority::P2.due_on(day("2026-11-27")), Some(day("2026-12-28")), "Sunday the 27th");
        assert_eq!(Priority::P3.due_on(day("2027-12-31")), Some(day("2028-02-29")), "a leap day");
        assert_eq!(Priority::P4.due_on(day("2026-11-24")), None);
        assert_eq!(Priority::P1.due_on(NaiveDate::MAX), None);
    }

    #[test]
    fn done_needs_evidence_declined_a_reason_and_verified_comes_after_done() {
        use ActionStatus::{Declined, Done, InProgress, Open, Verified};
        let evidence = || Step::Complete(vec!["DEP-12".to_owned()]);
        assert!(check_step(Open, 0, &evidence()).is_ok());
        assert!(check_step(InProgress, 1, &Step::Complete(Vec::new())).is_ok());
        assert!(check_step(Open, 0, &Step::Complete(Vec::new())).unwrap_err().of("evidence").is_some());
        assert!(check_step(Open, 0, &Step::Decline("  ".to_owned())).unwrap_err().of("declined_reason").is_some());
        for status in [Open, InProgress, Verified, Declined] {
            assert!(check_step(status, 1, &Step::Verify).unwrap_err().of("status").is_some(), "{status}");
        }
        assert!(check_step(Done, 1, &Step::Verify).is_ok());
        for status in [Done, Verified, Declined] {
            assert!(check_step(status, 1, &evidence()).is_err(), "{status}");
            assert!(check_step(status, 1, &Step::Start).is_err(), "{status}");
            assert!(check_step(status, 1, &Step::Reopen("no".to_owned())).is_ok(), "{status}");
        }
        assert!(check_step(Open, 0, &Step::Reopen("no".to_owned())).is_err());
    }

    #[test]
    fn keys_are_read_with_and_without_their_letters() {
        assert_eq!(parse_key("ACT-7"), Some(7));
        assert_eq!(parse_key("act-7"), Some(7));
        assert_eq!(parse_key("7"), Some(7));
        for odd in ["", "ACT-", "ACT-0", "-7", "+7", "ACT-7x", "INC-7", "99999999999999999999", "ÄCT-7"] {
            assert_eq!(parse_key(odd), None, "{odd}");
        }
    }
}
