//! A retro, its agenda, decisions and cards, and their pure rules.

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{retro_cards, retro_decisions, retro_entries, retros};
use crate::text_enum;
use crate::web::times::Zone;

text_enum! {
    /// How far a retro has come.
    pub enum RetroStatus {
        /// Its agenda can be read; nobody has begun.
        Prepared = "prepared",
        /// The team is at it.
        Running = "running",
        /// It is over, and its minutes are written.
        Closed = "closed",
        /// It never took place.
        Skipped = "skipped",
    }
}

text_enum! {
    /// What an entry of the agenda is about.
    pub enum EntryKind {
        /// An action item.
        ActionItem = "action_item",
        /// The postmortem of an incident.
        Postmortem = "postmortem",
        /// An incident.
        Incident = "incident",
        /// A deploy that failed.
        Deploy = "deploy",
    }
}

text_enum! {
    /// Why an entry is on the agenda, in the order of the agenda.
    pub enum Reason {
        /// It should have been done.
        Late = "late",
        /// It is due before the next retro.
        DueBeforeNext = "due_before_next",
        /// Nobody carries it.
        WithoutOwner = "without_owner",
        /// It has no date.
        WithoutDate = "without_date",
        /// Nobody touched it for 30 days.
        Untouched = "untouched",
        /// It was put off twice or more.
        PutOffOften = "put_off_often",
        /// Something stands in its way.
        Blocked = "blocked",
        /// It is done, and nobody has looked yet.
        Unverified = "unverified",
        /// It is time to see whether it worked.
        EffectCheck = "effect_check",
        /// A postmortem that is not published.
        PostmortemUnreviewed = "postmortem_unreviewed",
        /// An incident since the last time.
        NewIncident = "new_incident",
        /// A deploy that failed since the last time.
        FailedDeploy = "failed_deploy",
        /// It was declined, and the date to look again has come.
        LookAgain = "look_again",
        /// The last retro did not come to it.
        LeftOver = "left_over",
    }
}

impl Reason {
    /// As the page says it.
    pub const fn words(self) -> &'static str {
        match self {
            Reason::Late => "late",
            Reason::DueBeforeNext => "due before the next retro",
            Reason::WithoutOwner => "without an owner",
            Reason::WithoutDate => "without a date",
            Reason::Untouched => "untouched for 30 days",
            Reason::PutOffOften => "put off twice or more",
            Reason::Blocked => "blocked",
            Reason::Unverified => "done, not verified",
            Reason::EffectCheck => "effect check due",
            Reason::PostmortemUnreviewed => "postmortem not published",
            Reason::NewIncident => "new incident",
            Reason::FailedDeploy => "deploy that failed",
            Reason::LookAgain => "declined; its date to look again has come",
            Reason::LeftOver => "left over from the last retro",
        }
    }
}

text_enum! {
    /// What was decided about an entry.
    pub enum Verb {
        /// It is done, and this shows it.
        Done = "done",
        /// Somebody looked, and it works.
        Verified = "verified",
        /// It is due later.
        PutOff = "put_off",
        /// Somebody carries it.
        Assigned = "assigned",
        /// It will not be done.
        Declined = "declined",
        /// It became several items.
        Split = "split",
        /// Something stands in its way.
        Blocked = "blocked",
        /// Nothing stands in its way any more.
        Unblocked = "unblocked",
        /// There is something to do again.
        Reopened = "reopened",
        /// An action item came of it.
        ItemAdded = "item_added",
        /// It was looked at, and nothing was decided.
        Passed = "passed",
    }
}

impl Verb {
    /// As the minutes say it.
    pub const fn words(self) -> &'static str {
        match self {
            Verb::Done => "done",
            Verb::Verified => "verified",
            Verb::PutOff => "put off",
            Verb::Assigned => "assigned",
            Verb::Declined => "will not do",
            Verb::Split => "split",
            Verb::Blocked => "blocked",
            Verb::Unblocked => "unblocked",
            Verb::Reopened => "reopened",
            Verb::ItemAdded => "action item added",
            Verb::Passed => "looked at",
        }
    }
}

text_enum! {
    /// What a card says about the time.
    pub enum Mood {
        /// It went well.
        WentWell = "went_well",
        /// It went badly.
        WentBadly = "went_badly",
        /// It puzzled somebody.
        Puzzled = "puzzled",
    }
}

impl Mood {
    /// The column's heading.
    pub const fn words(self) -> &'static str {
        match self {
            Mood::WentWell => "Went well",
            Mood::WentBadly => "Went badly",
            Mood::Puzzled => "Puzzled",
        }
    }
}

text_enum! {
    /// How far the round of cards has come.
    pub enum CardsPhase {
        /// There is none.
        Off = "off",
        /// Everybody writes; nobody sees the others' cards.
        Writing = "writing",
        /// All cards are on the table; they are grouped and voted on.
        Revealed = "revealed",
    }
}

/// Most entries of one agenda; more are counted and left in the lists.
pub const AGENDA_LIMIT: usize = 200;
/// The soft time box of an entry that a retro starts with, in seconds.
pub const BOX_S: i64 = 180;
/// Votes that everybody has in a round of cards.
pub const VOTES_EACH: i64 = 3;
/// Most cards of one retro.
pub const CARD_LIMIT: i64 = 300;
/// Longest card, in characters.
pub const CARD_LENGTH: usize = 500;
/// Most items that one is split into at once.
pub const SPLIT_LIMIT: usize = 10;
/// How many days apart retros are taken to be when nothing says otherwise.
pub const APART_DAYS: u64 = 14;
/// Somebody who was seen within so many seconds is here.
pub const HERE_S: i64 = 75;

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = retros)]
pub struct Retro {
    /// Row id; also the number in its address.
    pub id: i64,
    /// Whose meeting.
    pub team_id: i64,
    /// The series that it belongs to.
    pub series_id: Option<i64>,
    /// How far it has come.
    pub status: RetroStatus,
    /// What happened since this instant is looked at.
    pub period_from: Moment,
    /// Until this instant.
    pub period_to: Moment,
    /// When it is to begin, or began.
    pub meets_at: Moment,
    /// The day of the next one; what is due before it is on the agenda.
    pub next_on: NaiveDate,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub closed_at: Option<Moment>,
    /// Who leads.
    pub facilitator_id: Option<i64>,
    /// The entry that everybody sees; one more than the last when all were looked at.
    pub entry_position: i64,
    /// Since when they see it.
    pub entry_began_at: Option<Moment>,
    /// The soft time box of an entry, in seconds.
    pub box_s: i64,
    /// How many things found no room on the agenda.
    pub left_out_count: i64,
    /// How far the round of cards has come.
    pub cards_phase: CardsPhase,
    /// Whether nobody is named on cards.
    pub anonymous: bool,
    /// Votes that everybody has.
    pub votes_each: i64,
    /// The present notes, in Markdown.
    pub notes: String,
    /// Counts saves of the notes.
    pub notes_revision: i64,
    /// The minutes, in Markdown; written when it is closed.
    pub minutes: Option<String>,
    /// Counts changes; watchers are told it.
    pub revision: i64,
    /// Who started or planned it.
    pub created_by: Option<i64>,
    /// When it was started or planned.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl Retro {
    /// Address of its page.
    pub fn path(&self) -> String {
        path(self.id)
    }

    /// `12 to 25 November 2026`, the days of its period in `zone`.
    pub fn period(&self, zone: Zone) -> String {
        days(zone.date(self.period_from), zone.date(self.period_to))
    }

    /// Whether something can still be decided.
    pub fn is_running(&self) -> bool {
        self.status == RetroStatus::Running
    }
}

/// Address of the page of the retro with this id.
pub fn path(id: i64) -> String {
    format!("/retros/{id}")
}

/// Two days as a heading says them: `12 to 25 November 2026`, `28 October to 3 November 2026`.
pub fn days(from: NaiveDate, to: NaiveDate) -> String {
    let whole = "%-d %B %Y";
    if from >= to {
        return to.format(whole).to_string();
    }
    let start = match (from.year() == to.year(), from.month() == to.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        _ => whole,
    };
    format!("{} to {}", from.format(start), to.format(whole))
}

/// One thing on the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = retro_entries)]
pub struct Entry {
    /// Row id.
    pub id: i64,
    /// The retro.
    pub retro_id: i64,
    /// Its place, from 1.
    pub position: i64,
    /// What it is about.
    pub kind: EntryKind,
    /// The action item.
    pub action_item_id: Option<i64>,
    /// The incident, also of a postmortem.
    pub incident_id: Option<i64>,
    /// The deploy.
    pub deploy_id: Option<i64>,
    /// Why it is here.
    pub reason: Reason,
    /// What else speaks for it, as words with spaces between.
    pub other_reasons: String,
    /// How long it was looked at, in seconds.
    pub spent_s: i64,
}

impl Entry {
    /// Every reason, the first one first.
    pub fn reasons(&self) -> Vec<Reason> {
        let others = self.other_reasons.split_whitespace().filter_map(|word| word.parse().ok());
        std::iter::once(self.reason).chain(others).collect()
    }
}

/// Something that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = retro_decisions)]
pub struct Decision {
    /// Row id; also the order.
    pub id: i64,
    /// The retro.
    pub retro_id: i64,
    /// About what.
    pub entry_id: i64,
    /// What.
    pub verb: Verb,
    /// The evidence, the reason, or who.
    pub text: String,
    /// The day that it was put off to, or to look again.
    pub due_on: Option<NaiveDate>,
    /// The item's revision after it, so that only this very step is taken back.
    pub item_revision: Option<i64>,
    /// What taking it back needs, as JSON.
    pub old_value: String,
    /// Who wrote it down.
    pub user_id: Option<i64>,
    /// When.
    pub decided_at: Moment,
    /// When it was taken back.
    pub undone_at: Option<Moment>,
}

impl Decision {
    /// The decision in a sentence's end: `put off to 10 Dec: storage move first`.
    pub fn sentence(&self) -> String {
        let words = self.verb.words();
        let day = self.due_on.map(|day| day.format("%-d %b %Y").to_string());
        let colon = |head: String| if self.text.is_empty() { head } else { format!("{head}: {}", self.text) };
        match (self.verb, day) {
            (Verb::PutOff, Some(day)) => colon(format!("{words} to {day}")),
            (Verb::Declined, Some(day)) => format!("{}; look again on {day}", colon(words.to_owned())),
            (Verb::Assigned, _) => format!("{words} to {}", self.text),
            (Verb::Split, _) => format!("{words} into {}", self.text),
            _ => colon(words.to_owned()),
        }
    }
}

/// A card of a wider retrospective.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = retro_cards)]
pub struct Card {
    /// Row id.
    pub id: i64,
    /// The retro.
    pub retro_id: i64,
    /// What it says about the time.
    pub mood: Mood,
    /// Its text.
    pub text: String,
    /// Who wrote it; nobody where cards are anonymous.
    pub author_id: Option<i64>,
    /// The card that it was laid under.
    pub group_id: Option<i64>,
    /// How many voted for it.
    pub vote_count: i64,
    /// The item that came of it.
    pub action_item_id: Option<i64>,
    /// When it was written.
    pub created_at: Moment,
}

/// The day of the meeting after `today` when nothing says otherwise.
pub fn usual_next(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(APART_DAYS)).unwrap_or(today)
}

/// A length of time on a clock: `2:10`.
pub fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_said_as_short_as_it_can_be() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(days(day("2026-11-12"), day("2026-11-25")), "12 to 25 November 2026");
        assert_eq!(days(day("2026-10-28"), day("2026-11-03")), "28 October to 3 November 2026");
        assert_eq!(days(day("2025-12-28"), day("2026-01-03")), "28 December 2025 to 3 January 2026");
        assert_eq!(days(day("2026-11-25"), day("2026-11-25")), "25 November 2026");
        assert_eq!((clock(130), clock(-4)), ("2:10".to_owned(), "0:00".to_owned()));
    }
}
