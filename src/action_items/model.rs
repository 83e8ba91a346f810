//! An action item, and the pure rules of its life.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::life::model::Effect;
use crate::clock::Moment;
use crate::db::schema::{
    action_item_changes, action_item_evidence, action_items, contributing_factors, incidents, users,
};
use crate::incidents::model::Severity;
use crate::notify::model::Thing;
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
        /// Soonest; within 15 days unless the policy says otherwise.
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
    /// Whether somebody else than who finished such an item verifies it.
    pub fn needs_another_pair_of_eyes(self) -> bool {
        matches!(self, Priority::P1 | Priority::P2)
    }
}

/// Follow-up work.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Identifiable, Serialize, Deserialize)]
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
    /// Since when something stands in the way.
    pub blocked_at: Option<Moment>,
    /// What that is.
    pub blocked_reason: Option<String>,
    /// When to look again at what was declined.
    pub look_again_on: Option<NaiveDate>,
    /// How often its due date was moved back.
    pub put_off_count: i64,
    /// Who finished it.
    pub done_by: Option<i64>,
    /// When its owner is asked whether it works; none when nobody waits for the answer.
    pub check_on: Option<NaiveDate>,
    /// What the answer was.
    pub effect: Option<Effect>,
    /// By when it must have an owner.
    pub assign_by: Option<NaiveDate>,
    /// When it was split into others or merged into another.
    pub replaced_at: Option<Moment>,
    /// What it was before the last step, for taking that back; JSON of [`super::life::model::Before`].
    pub before: Option<String>,
}

/// Everything of an item that a change may write, but for what the search index holds.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = action_items, treat_none_as_null = true)]
pub struct Standing<'a> {
    kind: ActionKind,
    status: ActionStatus,
    priority: Priority,
    owner_id: Option<i64>,
    team_id: Option<i64>,
    factor_id: Option<i64>,
    due_on: Option<NaiveDate>,
    tracker_url: Option<&'a str>,
    declined_reason: Option<&'a str>,
    closed_at: Option<Moment>,
    revision: i64,
    updated_at: Moment,
    blocked_at: Option<Moment>,
    blocked_reason: Option<&'a str>,
    look_again_on: Option<NaiveDate>,
    put_off_count: i64,
    done_by: Option<i64>,
    check_on: Option<NaiveDate>,
    effect: Option<Effect>,
    assign_by: Option<NaiveDate>,
    replaced_at: Option<Moment>,
    before: Option<&'a str>,
}

impl<'a> Standing<'a> {
    /// The standing of an item.
    pub fn of(item: &'a ActionItem) -> Self {
        Standing {
            kind: item.kind,
            status: item.status,
            priority: item.priority,
            owner_id: item.owner_id,
            team_id: item.team_id,
            factor_id: item.factor_id,
            due_on: item.due_on,
            tracker_url: item.tracker_url.as_deref(),
            declined_reason: item.declined_reason.as_deref(),
            closed_at: item.closed_at,
            revision: item.revision,
            updated_at: item.updated_at,
            blocked_at: item.blocked_at,
            blocked_reason: item.blocked_reason.as_deref(),
            look_again_on: item.look_again_on,
            put_off_count: item.put_off_count,
            done_by: item.done_by,
            check_on: item.check_on,
            effect: item.effect,
            assign_by: item.assign_by,
            replaced_at: item.replaced_at,
            before: item.before.as_deref(),
        }
    }
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

    /// What a notice is about.
    pub fn thing(&self) -> Thing {
        Thing::new("action_item", self.key(), self.path())
    }

    /// Whether it should have been done before `today`.
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.status.is_unfinished() && self.due_on.is_some_and(|due| due < today)
    }

    /// Whether its owner is to be asked now whether it works.
    pub fn is_to_check(&self, today: NaiveDate) -> bool {
        matches!(self.status, ActionStatus::Done | ActionStatus::Verified)
            && self.check_on.is_some_and(|day| day <= today)
    }

    /// How often it was put off, in words; empty for never.
    pub fn put_off_words(&self) -> String {
        match self.put_off_count {
            0 => String::new(),
            1 => "put off once".to_owned(),
            2 => "put off twice".to_owned(),
            count => format!("put off {count} times"),
        }
    }

    /// The status as a mark shows it: `blocked` where something stands in the way.
    pub fn mark(&self) -> &'static str {
        if self.replaced_at.is_some() {
            "replaced"
        } else if self.blocked_at.is_some() {
            "blocked"
        } else {
            self.status.as_str()
        }
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

impl ItemChange {
    /// A value as it is read: `in_progress` is in progress.
    pub fn words<'a>(&self, value: &'a str) -> &'a str {
        match (self.field.as_str(), value.parse::<ActionStatus>()) {
            ("status", Ok(status)) => status.words(),
            _ => value,
        }
    }
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
    /// How bad it was; the policy asks for it.
    pub severity: Severity,
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

/// Whether a piece of evidence is a whole address.
pub fn is_link(text: &str) -> bool {
    is_web_address(text.trim())
}

/// The number of the deploy that a piece of evidence names: 12 of `DEP-12`.
pub fn deploy_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("DEP-")).map(|_| &text[4..])?;
    digits.parse().ok().filter(|number: &i64| *number > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The commit that a piece of evidence is: 7 to 64 hexadecimal digits, one of them a letter or more than a number has.
pub fn commit_of(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_hex = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(text).filter(|_| is_hex && !is_number)
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An open item with nothing but a title.
    pub fn item() -> ActionItem {
        let now = Moment::from_millis(0);
        ActionItem {
            id: 1,
            number: 1,
            incident_id: None,
            title: "Alert on pool use".to_owned(),
            details: String::new(),
            kind: ActionKind::Prevent,
            status: ActionStatus::Open,
            priority: Priority::P3,
            owner_id: None,
            team_id: None,
            factor_id: None,
            due_on: None,
            tracker_url: None,
            declined_reason: None,
            closed_at: None,
            created_by: None,
            revision: 1,
            created_at: now,
            updated_at: now,
            blocked_at: None,
            blocked_reason: None,
            look_again_on: None,
            put_off_count: 0,
            done_by: None,
            check_on: None,
            effect: None,
            assign_by: None,
            replaced_at: None,
            before: None,
        }
    }

    #[test]
    fn evidence_says_what_it_is() {
        assert_eq!(
            (deploy_of("DEP-12"), deploy_of(" dep-7 "), deploy_of("DEP-x"), deploy_of("DEP")),
            (Some(12), Some(7), None, None)
        );
        assert_eq!(commit_of("4f2c1ab"), Some("4f2c1ab"));
        assert_eq!(commit_of(&"0".repeat(40)).map(str::len), Some(40));
        for odd in ["1234567", "4f2c1a", "see 4f2c1ab", "deadbeefx", ""] {
            assert_eq!(commit_of(odd), None, "{odd}");
        }
        assert!(is_link("https://ci.example/7") && !is_link("ci.example/7"));
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
