//! The page.

use askama::Template;
use chrono::NaiveDate;

use crate::incidents::model::Incident;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// An incident that lasts.
#[derive(Clone, Debug)]
pub struct LiveLine {
    /// The incident.
    pub incident: Incident,
    /// How long it has lasted, and what it hit.
    pub note: String,
}

/// An action item.
#[derive(Clone, Debug)]
pub struct ItemLine {
    /// `ACT-7`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What is to be done.
    pub title: String,
    /// Where it comes from.
    pub note: String,
    /// Its status.
    pub status: &'static str,
    /// When it is due, or how late it is.
    pub due: String,
    /// `late`, or empty.
    pub late: &'static str,
}

/// A postmortem that is due, or a draft.
#[derive(Clone, Debug)]
pub struct PostmortemLine {
    /// Whose postmortem.
    pub incident: Incident,
    /// Its page, or the incident's.
    pub href: String,
    /// When it is due, or how late it is.
    pub due: String,
    /// `late`, or empty.
    pub late: &'static str,
}

/// A retro that runs or comes next.
#[derive(Clone, Debug)]
pub struct RetroLine {
    /// The retro.
    pub retro: crate::retros::model::Retro,
    /// Whose.
    pub team: String,
    /// When it meets.
    pub meets: Stamp,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct NewsLine {
    /// `DEP-12`, `INC-42`, `ACT-7`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// When.
    pub stamp: Stamp,
}

/// A postmortem that the calendar brings back.
#[derive(Clone, Debug)]
pub struct ReadLine {
    /// `INC-42`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is about.
    pub title: String,
    /// The year in which it began.
    pub year: String,
}

/// `GET /`
#[derive(Template)]
#[template(path = "home/show.html")]
pub struct Home {
    /// The frame.
    pub layout: Layout,
    /// Whether nothing at all is on record yet.
    pub is_blank: bool,
    /// A line that records a deploy for a try, to paste into a shell.
    pub curl: String,
    /// What lasts.
    pub live: Vec<LiveLine>,
    /// My items that are late or due soon.
    pub my_items: Vec<ItemLine>,
    /// My finished items whose day has come to say whether they work.
    pub checks: Vec<ItemLine>,
    /// Retros of my teams that run or come next.
    pub retros: Vec<RetroLine>,
    /// Postmortems that are due.
    pub due: Vec<PostmortemLine>,
    /// How many more are due than are shown.
    pub more_due: usize,
    /// Reviews that wait for me.
    pub reviews: Vec<PostmortemLine>,
    /// This month's pick.
    pub pick: Option<ReadLine>,
    /// What began on this day in an earlier year.
    pub this_day: Option<ReadLine>,
    /// What I began to write.
    pub my_drafts: Vec<PostmortemLine>,
    /// The last deploys.
    pub deploys: Vec<NewsLine>,
    /// What was published last.
    pub published: Vec<NewsLine>,
    /// What was closed last.
    pub closed: Vec<NewsLine>,
}

impl Home {
    /// Whether nobody waits for me.
    pub fn is_calm(&self) -> bool {
        self.live.is_empty()
            && self.reviews.is_empty()
            && self.my_items.is_empty()
            && self.checks.is_empty()
            && self.due.is_empty()
            && self.my_drafts.is_empty()
    }
}

/// `due 8 Dec`, `due today`, `11 days late`
pub fn due_words(due_on: NaiveDate, today: NaiveDate) -> (String, &'static str) {
    match (today - due_on).num_days() {
        0 => ("due today".to_owned(), ""),
        1 => ("1 day late".to_owned(), "late"),
        days @ 2.. => (format!("{days} days late"), "late"),
        _ => (due_on.format("due %-d %b").to_string(), ""),
    }
}
