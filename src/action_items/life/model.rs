//! The steps of an item's life and their rules. Pure.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::action_items::model::{ActionItem, ActionStatus};
use crate::error::FieldErrors;
use crate::text_enum;

text_enum! {
    /// Whether a finished item did what it was for.
    pub enum Effect {
        /// It works.
        Works = "works",
        /// What it was to prevent came back.
        CameBack = "came_back",
    }
}

impl Effect {
    /// As a sentence says it.
    pub fn words(self) -> &'static str {
        match self {
            Effect::Works => "it works",
            Effect::CameBack => "it came back",
        }
    }
}

text_enum! {
    /// What one item is to another.
    pub enum Relation {
        /// It was made when the other one was split.
        SplitFrom = "split_from",
        /// It was the same work as the other one, which goes on.
        MergedInto = "merged_into",
    }
}

/// Most items that one is split into.
pub const PART_LIMIT: usize = 20;

/// That an item will not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why not.
    pub reason: String,
    /// When to look at it again; by the policy when left out.
    pub look_again_on: Option<NaiveDate>,
}

impl Refusal {
    /// For this reason; the policy says when to look again.
    pub fn because(reason: impl Into<String>) -> Self {
        Refusal { reason: reason.into(), look_again_on: None }
    }
}

/// A step in an item's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Somebody begins.
    Start,
    /// Nobody is at it any more.
    Stop,
    /// It is done, and this shows it.
    Complete(Vec<String>),
    /// Somebody looked, and it works.
    Verify,
    /// It will not be done.
    Decline(Refusal),
    /// There is something to do again, for this reason.
    Reopen(String),
    /// Something stands in the way.
    Block(String),
    /// Nothing stands in the way any more.
    Unblock,
}

impl Step {
    /// The verb of the audit log.
    pub fn verb(&self) -> &'static str {
        match self {
            Step::Start => "action_item.start",
            Step::Stop => "action_item.stop",
            Step::Complete(_) => "action_item.complete",
            Step::Verify => "action_item.verify",
            Step::Decline(_) => "action_item.decline",
            Step::Reopen(_) => "action_item.reopen",
            Step::Block(_) => "action_item.block",
            Step::Unblock => "action_item.unblock",
        }
    }

    /// Why, as the history keeps it.
    pub fn reason(&self) -> &str {
        match self {
            Step::Decline(refusal) => &refusal.reason,
            Step::Reopen(reason) | Step::Block(reason) => reason,
            Step::Start | Step::Stop | Step::Complete(_) | Step::Verify | Step::Unblock => "",
        }
    }
}

/// Says what stands against `step` for `item`, which has `evidence_count` pieces of evidence, when `user_id` takes it.
///
/// # Errors
/// A sentence at `status` (the step does not lead on from there), `evidence`, `reason` or `declined_reason`.
pub fn check_step(
    item: &ActionItem,
    evidence_count: usize,
    user_id: Option<i64>,
    step: &Step,
) -> Result<(), FieldErrors> {
    let (status, words) = (item.status, item.status.words());
    let refuse = |sentence: String| Err(FieldErrors::one("status", sentence));
    let is_blocked = item.blocked_at.is_some();
    match step {
        Step::Start if status != ActionStatus::Open => {
            refuse(format!("It is {words}; only an open item can be started."))
        }
        Step::Start if is_blocked => refuse("It is blocked. Unblock it first, then start it.".to_owned()),
        Step::Stop if status != ActionStatus::InProgress => {
            refuse(format!("It is {words}; only an item in progress can be put back."))
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
        Step::Verify if item.priority.needs_another_pair_of_eyes() && same_person(item.done_by, user_id) => {
            refuse(format!(
                "You finished it yourself. For {} somebody else looks and verifies it; ask a colleague.",
                item.priority
            ))
        }
        Step::Decline(_) if !status.is_unfinished() => {
            refuse(format!("It is {words} already. Reopen it first, then decline it."))
        }
        Step::Decline(refusal) if refusal.reason.trim().is_empty() => {
            Err(FieldErrors::one("declined_reason", "Say why it will not be done; it goes into the register."))
        }
        Step::Reopen(_) if status.is_unfinished() => refuse(format!("It is {words}, so there is nothing to reopen.")),
        Step::Block(_) if !status.is_unfinished() => {
            refuse(format!("It is {words}, so nothing stands in its way. Reopen it first."))
        }
        Step::Block(_) if is_blocked => {
            refuse("It is blocked already. Unblock it first to say another reason.".to_owned())
        }
        Step::Block(reason) if reason.trim().is_empty() => {
            Err(FieldErrors::one("blocked_reason", "Say what stands in the way, and who could clear it."))
        }
        Step::Unblock if !is_blocked => refuse("It is not blocked.".to_owned()),
        _ => Ok(()),
    }
}

fn same_person(done_by: Option<i64>, user_id: Option<i64>) -> bool {
    done_by.is_some() && done_by == user_id
}

/// Says what stands against putting `item` off until `until`, seen from `today`.
///
/// # Errors
/// A sentence at `status`, `due_on` or `reason`.
pub fn check_put_off(item: &ActionItem, until: NaiveDate, reason: &str, today: NaiveDate) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::new();
    if !item.status.is_unfinished() {
        errors.add("status", format!("It is {}; only what is unfinished is put off.", item.status.words()));
    }
    if let Some(due) = item.due_on.filter(|due| until <= *due) {
        errors.add("due_on", format!("It is due on {due} now. Choose a later day."));
    } else if until < today {
        errors.add("due_on", "That day has passed. Choose today or a later day.");
    }
    if reason.trim().is_empty() {
        errors.add("reason", "Say why it is put off; the next retro will ask.");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Whether the due date moves back: to a later day, or away altogether.
pub fn is_put_off(before: Option<NaiveDate>, after: Option<NaiveDate>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => after > before,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// What an item was before its last step, for taking it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The item, without a memory of its own.
    pub item: ActionItem,
    /// Evidence up to this row was there already.
    pub last_evidence_id: i64,
    /// Row ids of the items that the step made.
    pub made: Vec<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action_items::model::tests::item;

    fn at(status: ActionStatus) -> ActionItem {
        ActionItem { status, ..item() }
    }

    #[test]
    fn done_needs_evidence_declined_a_reason_and_verified_comes_after_done() {
        use ActionStatus::{Declined, Done, InProgress, Open, Verified};
        let check = |status, count, step: &Step| check_step(&at(status), count, Some(7), step);
        let evidence = Step::Complete(vec!["DEP-12".to_owned()]);
        assert!(check(Open, 0, &evidence).is_ok());
        assert!(check(InProgress, 1, &Step::Complete(Vec::new())).is_ok());
        assert!(check(Open, 0, &Step::Complete(Vec::new())).unwrap_err().of("evidence").is_some());
        assert!(check(Open, 0, &Step::Decline(Refusal::because("  "))).unwrap_err().of("declined_reason").is_some());
        for status in [Open, InProgress, Verified, Declined] {
            assert!(check(status, 1, &Step::Verify).unwrap_err().of("status").is_some(), "{status}");
        }
        assert!(check(Done, 1, &Step::Verify).is_ok());
        for status in [Done, Verified, Declined] {
            assert!(check(status, 1, &evidence).is_err(), "{status}");
            assert!(check(status, 1, &Step::Start).is_err(), "{status}");
            assert!(check(status, 1, &Step::Block("no".to_owned())).is_err(), "{status}");
            assert!(check(status, 1, &Step::Reopen("no".to_owned())).is_ok(), "{status}");
        }
        assert!(check(Open, 0, &Step::Reopen("no".to_owned())).is_err());
        assert!(check(InProgress, 0, &Step::Stop).is_ok() && check(Open, 0, &Step::Stop).is_err());
        assert!(check(Open, 0, &Step::Block(" ".to_owned())).unwrap_err().of("blocked_reason").is_some());
    }

    #[test]
    fn what_matters_is_verified_by_somebody_else() {
        use crate::action_items::model::Priority::{P1, P2, P3, P4};
        let done = |priority, done_by| ActionItem { priority, done_by, ..at(ActionStatus::Done) };
        for priority in [P1, P2] {
            assert!(check_step(&done(priority, Some(7)), 1, Some(7), &Step::Verify).is_err(), "{priority}");
            assert!(check_step(&done(priority, Some(7)), 1, Some(8), &Step::Verify).is_ok(), "{priority}");
            assert!(check_step(&done(priority, None), 1, Some(7), &Step::Verify).is_ok(), "{priority}");
        }
        for priority in [P3, P4] {
            assert!(check_step(&done(priority, Some(7)), 1, Some(7), &Step::Verify).is_ok(), "{priority}");
        }
    }

    #[test]
    fn an_item_is_put_off_to_a_later_day_with_a_reason() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let due = ActionItem { due_on: Some(day("2026-12-08")), ..item() };
        let today = day("2026-11-24");
        assert!(check_put_off(&due, day("2026-12-09"), "waits", today).is_ok());
        assert!(check_put_off(&due, day("2026-12-08"), "waits", today).unwrap_err().of("due_on").is_some());
        assert!(check_put_off(&due, day("2026-12-09"), " ", today).unwrap_err().of("reason").is_some());
        assert!(check_put_off(&item(), day("2026-11-20"), "waits", today).unwrap_err().of("due_on").is_some());
        assert!(check_put_off(&at(ActionStatus::Done), day("2027-01-01"), "x", today).is_err());
        let (early, late) = (Some(day("2026-12-08")), Some(day("2026-12-09")));
        assert!(is_put_off(early, late) && is_put_off(early, None));
        assert!(!is_put_off(late, early) && !is_put_off(None, late) && !is_put_off(early, early));
    }
}
