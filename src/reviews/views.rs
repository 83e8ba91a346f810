//! The pages of reviews.

use askama::Template;
use chrono::NaiveDate;

use super::anchor::Found;
use super::model::{Comment, Reviewer, Stand};
use super::register::View;
use crate::db::paging::Cursor;
use crate::error::FieldErrors;
use crate::incidents::model::Incident;
use crate::markdown::{Heading, SafeHtml};
use crate::postmortems;
use crate::postmortems::model::Postmortem;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// `due 8 Dec`, `due today`, `3 days late`
pub fn due_words(due_on: NaiveDate, today: NaiveDate) -> String {
    match (today - due_on).num_days() {
        0 => "due today".to_owned(),
        1 => "1 day late".to_owned(),
        days @ 2.. => format!("{days} days late"),
        _ => due_on.format("due %-d %b").to_string(),
    }
}

/// A reviewer as a line.
#[derive(Clone, Debug)]
pub struct ReviewerLine {
    /// Who, what was asked, what was said.
    pub reviewer: Reviewer,
    /// How far they are.
    pub stand: Stand,
    /// Whether an answer is overdue.
    pub is_late: bool,
    /// When it is due, or how late it is.
    pub due: String,
    /// When they said it.
    pub given: Option<Stamp>,
}

impl ReviewerLine {
    /// What they said, or nothing.
    pub fn note(&self) -> &str {
        self.reviewer.opinion.as_ref().map_or("", |opinion| opinion.note.as_str())
    }

    /// The revision that they spoke of, or nothing.
    pub fn revision(&self) -> String {
        self.reviewer.opinion.as_ref().map(|opinion| format!("revision {}", opinion.revision)).unwrap_or_default()
    }

    /// The request's row id, while it waits for an answer; 0 for none.
    pub fn waiting_request(&self) -> i64 {
        let request = self.reviewer.request.as_ref().filter(|_| self.stand == Stand::Waiting);
        request.map_or(0, |request| request.id)
    }
}

/// A reply.
#[derive(Clone, Debug)]
pub struct ReplyLine {
    /// Who wrote it.
    pub writer: String,
    /// What they say.
    pub text: SafeHtml,
    /// When.
    pub at: Stamp,
}

/// A comment with its replies.
#[derive(Clone, Debug)]
pub struct ThreadLine {
    /// The comment.
    pub comment: Comment,
    /// Who wrote it.
    pub writer: String,
    /// Where its passage is now.
    pub found: Found,
    /// What it says.
    pub text: SafeHtml,
    /// When.
    pub at: Stamp,
    /// Replies.
    pub replies: Vec<ReplyLine>,
}

impl ThreadLine {
    /// Whether it speaks of a passage that is gone.
    pub fn is_lost(&self) -> bool {
        !self.comment.quote.is_empty() && self.found == Found::Lost
    }

    /// Whether its passage reads otherwise now.
    pub fn is_changed(&self) -> bool {
        matches!(self.found, Found::Changed(_))
    }

    /// Whether it is settled.
    pub fn is_resolved(&self) -> bool {
        self.comment.resolved_at.is_some()
    }
}

/// `GET /incidents/{key}/postmortem/review`
#[derive(Template)]
#[template(path = "reviews/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// Whose postmortem.
    pub incident: Incident,
    /// The postmortem.
    pub postmortem: Postmortem,
    /// The newest text, with commented passages marked.
    pub document: SafeHtml,
    /// Its headings.
    pub outline: Vec<Heading>,
    /// Who was asked and what they said.
    pub reviewers: Vec<ReviewerLine>,
    /// Comments.
    pub threads: Vec<ThreadLine>,
    /// Who can be asked.
    pub people: Vec<(i64, String)>,
    /// By when, unless somebody says otherwise.
    pub default_due_on: NaiveDate,
    /// Who looks.
    pub viewer_id: i64,
    /// What stands in a refused form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Show {
    /// Address of the postmortem.
    pub fn postmortem_path(&self) -> String {
        postmortems::model::path(self.incident.number)
    }

    /// Address of this page.
    pub fn path(&self) -> String {
        format!("{}/review", self.postmortem_path())
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// What was typed as a reply to this comment.
    pub fn reply_text(&self, id: &i64) -> &str {
        self.fields.get(&format!("reply-{id}"))
    }

    /// Whether a reply to this comment was refused.
    pub fn is_refused(&self, id: &i64) -> bool {
        self.fields.is_set(&format!("reply-{id}"))
    }

    /// Whether this person is ticked.
    pub fn is_picked(&self, id: &i64) -> bool {
        self.fields.has("reviewer", &id.to_string())
    }

    /// The date in the form.
    pub fn due_on(&self) -> String {
        self.fields.some("due_on").map_or_else(|| self.default_due_on.to_string(), str::to_owned)
    }

    /// Comments that wait for somebody.
    pub fn open_count(&self) -> usize {
        self.threads.iter().filter(|thread| !thread.is_resolved()).count()
    }

    /// Whether the text itself cannot be shown.
    pub fn has_no_document(&self) -> bool {
        self.document.is_empty()
    }

    /// `2 of 3 approved`, in words.
    pub fn tally(&self) -> String {
        let approved = self.reviewers.iter().filter(|line| line.stand == Stand::Approved).count();
        match self.reviewers.len() {
            0 => "Nobody was asked yet.".to_owned(),
            count => format!("{approved} of {count} approved revision {}.", self.postmortem.current_revision),
        }
    }
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose postmortem.
    pub incident: Incident,
    /// Who was asked, or nothing.
    pub reviewer: String,
    /// `draft`, `in_review`, `published`
    pub status: &'static str,
    /// When it is due, or how old it is.
    pub age: String,
    /// Whether it is overdue.
    pub is_late: bool,
}

impl Row {
    /// Where it leads.
    pub fn href(&self) -> String {
        format!("{}/review", postmortems::model::path(self.incident.number))
    }
}

/// `GET /reviews`
#[derive(Template)]
#[template(path = "reviews/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// What is shown.
    pub view: View,
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the page before starts.
    pub before: Option<Cursor>,
    /// Where the next page starts.
    pub after: Option<Cursor>,
}

impl Index {
    /// Every view.
    pub fn views(&self) -> &'static [View] {
        View::ALL
    }

    fn address(&self, turn: Option<(&str, Cursor)>) -> String {
        turn.map(|(name, cursor)| format!("/reviews?view={}&{name}={}", self.view, cursor.encode())).unwrap_or_default()
    }

    /// Address of the page before, or nothing.
    pub fn newer_href(&self) -> String {
        self.address(self.before.map(|cursor| ("before", cursor)))
    }

    /// Address of the page after, or nothing.
    pub fn older_href(&self) -> String {
        self.address(self.after.map(|cursor| ("after", cursor)))
    }
}
