//! Requests, verdicts and comments, and what they add up to.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::anchor::Anchor;
use crate::clock::Moment;
use crate::db::schema::{review_comments, review_requests, review_verdicts};
use crate::incidents::model::{Severity, plus_business_days};
use crate::text_enum;

/// Most people who are asked about one postmortem.
pub const REVIEWER_LIMIT: usize = 20;
/// Most comments and replies of one postmortem.
pub const COMMENT_LIMIT: i64 = 500;
/// Longest comment, in characters.
pub const COMMENT_LENGTH: usize = 5_000;
/// Longest quotation, in characters.
pub const QUOTE_LENGTH: usize = 1_000;

text_enum! {
    /// What a reviewer says.
    pub enum Verdict {
        /// It may be published.
        Approved = "approved",
        /// Something is to be changed first.
        ChangeWanted = "change_wanted",
    }
}

/// Somebody was asked.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = review_requests)]
pub struct Request {
    /// Row id.
    pub id: i64,
    /// About which postmortem.
    pub postmortem_id: i64,
    /// Who.
    pub user_id: i64,
    /// By when.
    pub due_on: NaiveDate,
    /// Who asked.
    pub asked_by: Option<i64>,
    /// When.
    pub asked_at: Moment,
    /// When they answered last.
    pub answered_at: Option<Moment>,
    /// When the request was taken back.
    pub withdrawn_at: Option<Moment>,
}

/// Somebody said something about a revision. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = review_verdicts)]
pub struct Opinion {
    /// Row id; also the order.
    pub id: i64,
    /// Whose.
    pub user_id: i64,
    /// What.
    pub verdict: Verdict,
    /// In their words.
    pub note: String,
    /// About which revision.
    pub revision: i64,
    /// When.
    pub given_at: Moment,
}

/// A comment, or a reply to one.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = review_comments)]
pub struct Comment {
    /// Row id; also the order.
    pub id: i64,
    /// The comment that it replies to.
    pub parent_id: Option<i64>,
    /// Who wrote it, when it was a person.
    pub user_id: Option<i64>,
    /// The revision that they read.
    pub revision: i64,
    /// The passage that it speaks of; empty for the whole text.
    pub quote: String,
    /// The words before the passage.
    pub words_before: String,
    /// The words after it.
    pub words_after: String,
    /// What they say.
    pub text: String,
    /// When.
    pub created_at: Moment,
    /// When it was settled.
    pub resolved_at: Option<Moment>,
    /// By whom.
    pub resolved_by: Option<i64>,
}

impl Comment {
    /// How its passage is found again.
    pub fn anchor(&self) -> Anchor {
        Anchor { quote: self.quote.clone(), before: self.words_before.clone(), after: self.words_after.clone() }
    }
}

/// How far one reviewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Has not said anything yet.
    Waiting,
    /// Approved the newest revision.
    Approved,
    /// Approved an older one; the text has changed since.
    Stale,
    /// Wants a change.
    ChangeWanted,
    /// Wanted a change in an older revision; there is a newer one to look at.
    Changed,
}

impl Stand {
    /// As a page says it.
    pub const fn words(self) -> &'static str {
        match self {
            Stand::Waiting => "asked",
            Stand::Approved => "approved",
            Stand::Stale => "approved an earlier revision",
            Stand::ChangeWanted => "asks for a change",
            Stand::Changed => "asked for a change; changed since",
        }
    }

    /// The tone of its pill.
    pub const fn tone(self) -> &'static str {
        match self {
            Stand::Waiting | Stand::Changed => "",
            Stand::Approved => "ok",
            Stand::Stale | Stand::ChangeWanted => "warn",
        }
    }
}

/// Somebody who was asked, or who spoke up without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// Who.
    pub user_id: i64,
    /// Their name.
    pub name: String,
    /// The request, when they were asked.
    pub request: Option<Request>,
    /// What they said last.
    pub opinion: Option<Opinion>,
}

impl Reviewer {
    /// How far they are with the newest revision.
    pub fn stand(&self, current_revision: i64) -> Stand {
        match &self.opinion {
            None => Stand::Waiting,
            Some(opinion) => match (opinion.verdict, opinion.revision == current_revision) {
                (Verdict::Approved, true) => Stand::Approved,
                (Verdict::Approved, false) => Stand::Stale,
                (Verdict::ChangeWanted, true) => Stand::ChangeWanted,
                (Verdict::ChangeWanted, false) => Stand::Changed,
            },
        }
    }

    /// Whether an answer is overdue.
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.opinion.is_none() && self.request.as_ref().is_some_and(|request| request.due_on < today)
    }
}

/// The day by which a review is due when nobody names one: for SEV1 three calendar days, else five business days.
pub fn default_due_on(severity: Severity, today: NaiveDate) -> NaiveDate {
    let due_on = match severity {
        Severity::Sev1 => today.checked_add_days(Days::new(3)),
        _ => plus_business_days(today, 5),
    };
    due_on.unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_are_due_by_severity() {
        let friday: NaiveDate = "2026-11-27".parse().unwrap();
        assert_eq!(default_due_on(Severity::Sev1, friday).to_string(), "2026-11-30");
        assert_eq!(default_due_on(Severity::Sev2, friday).to_string(), "2026-12-04");
    }

    #[test]
    fn a_newer_revision_makes_an_approval_stale() {
        let opinion = |verdict, revision| Opinion {
            id: 1,
            user_id: 1,
            verdict,
            note: String::new(),
            revision,
            given_at: Moment::from_millis(0),
        };
        let reviewer = |opinion| Reviewer { user_id: 1, name: "Ada".to_owned(), request: None, opinion };
        assert_eq!(reviewer(None).stand(2), Stand::Waiting);
        assert_eq!(reviewer(Some(opinion(Verdict::Approved, 2))).stand(2), Stand::Approved);
        assert_eq!(reviewer(Some(opinion(Verdict::Approved, 1))).stand(2), Stand::Stale);
        assert_eq!(reviewer(Some(opinion(Verdict::ChangeWanted, 1))).stand(2), Stand::Changed);
    }
}
