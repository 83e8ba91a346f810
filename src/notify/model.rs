//! Kinds of notices, what people choose for them, and when a message goes out.

use std::str::FromStr;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{messages, notice_settings, notices};
use crate::text_enum;
use crate::web::times::Zone;

text_enum! {
    /// What a notice is about.
    pub enum NoticeKind {
        /// An incident that hurts a service of one's team.
        IncidentDeclared = "incident_declared",
        /// Its status or severity changed.
        IncidentUpdated = "incident_updated",
        /// An action item is one's own now.
        ActionAssigned = "action_assigned",
        /// An action item of one's own is due in a few days.
        ActionDueSoon = "action_due_soon",
        /// An action item of one's own is due today.
        ActionDueToday = "action_due_today",
        /// An action item should have been done.
        ActionLate = "action_late",
        /// An action item was put off as often as the policy allows.
        PutOffLimit = "put_off_limit",
        /// Did a finished action item work?
        EffectCheckDue = "effect_check_due",
        /// A postmortem should be written by now.
        PostmortemDue = "postmortem_due",
        /// Somebody asks for a review.
        ReviewAsked = "review_asked",
        /// A review that was asked for has not come.
        ReviewLate = "review_late",
        /// A postmortem of one's team was published.
        PostmortemPublished = "postmortem_published",
        /// A retro's agenda is ready.
        RetroPrepared = "retro_prepared",
        /// A retro of one's team has begun.
        RetroStarted = "retro_started",
        /// A retro's minutes.
        RetroMinutes = "retro_minutes",
        /// Somebody wrote one's handle.
        Mention = "mention",
        /// A channel or webhook failed too often and was switched off.
        ChannelOff = "channel_off",
        /// A scheduled backup could not be taken, or did not stand its check.
        BackupFailed = "backup_failed",
    }
}

text_enum! {
    /// When a person wants to hear of a kind.
    pub enum Choice {
        /// A mail of its own, outside of quiet hours.
        AtOnce = "at_once",
        /// In the daily digest.
        Daily = "daily",
        /// Not at all.
        Never = "never",
    }
}

impl NoticeKind {
    /// What a person hears who chose nothing: the urgent and the personal at once, what can wait once a day.
    pub const fn default_choice(self) -> Choice {
        match self {
            NoticeKind::IncidentDeclared
            | NoticeKind::ActionAssigned
            | NoticeKind::ReviewAsked
            | NoticeKind::RetroPrepared
            | NoticeKind::RetroStarted
            | NoticeKind::RetroMinutes
            | NoticeKind::Mention
            | NoticeKind::ChannelOff
            | NoticeKind::BackupFailed => Choice::AtOnce,
            NoticeKind::IncidentUpdated
            | NoticeKind::ActionDueSoon
            | NoticeKind::ActionDueToday
            | NoticeKind::ActionLate
            | NoticeKind::PutOffLimit
            | NoticeKind::EffectCheckDue
            | NoticeKind::PostmortemDue
            | NoticeKind::ReviewLate
            | NoticeKind::PostmortemPublished => Choice::Daily,
        }
    }

    /// The kind as the settings name it.
    pub const fn label(self) -> &'static str {
        match self {
            NoticeKind::IncidentDeclared => "Incident declared",
            NoticeKind::IncidentUpdated => "Incident updated",
            NoticeKind::ActionAssigned => "Action item assigned",
            NoticeKind::ActionDueSoon => "Action item due soon",
            NoticeKind::ActionDueToday => "Action item due today",
            NoticeKind::ActionLate => "Action item late",
            NoticeKind::PutOffLimit => "Action item put off too often",
            NoticeKind::EffectCheckDue => "Effect check due",
            NoticeKind::PostmortemDue => "Postmortem due",
            NoticeKind::ReviewAsked => "Review asked for",
            NoticeKind::ReviewLate => "Review late",
            NoticeKind::PostmortemPublished => "Postmortem published",
            NoticeKind::RetroPrepared => "Retro prepared",
            NoticeKind::RetroStarted => "Retro started",
            NoticeKind::RetroMinutes => "Retro minutes",
            NoticeKind::Mention => "Mention",
            NoticeKind::ChannelOff => "Channel switched off",
            NoticeKind::BackupFailed => "Backup failed",
        }
    }

    /// When it comes, in a few words.
    pub const fn hint(self) -> &'static str {
        match self {
            NoticeKind::IncidentDeclared => "when an incident hurts a service of your team",
            NoticeKind::IncidentUpdated => "when its status or severity changes",
            NoticeKind::ActionAssigned => "when an item becomes yours",
            NoticeKind::ActionDueSoon => "three days before the day",
            NoticeKind::ActionDueToday => "on the day",
            NoticeKind::ActionLate => "the day after, then once a week",
            NoticeKind::PutOffLimit => "when an item was put off as often as the policy allows",
            NoticeKind::EffectCheckDue => "when it is time to ask whether a finished item worked",
            NoticeKind::PostmortemDue => "when an incident of yours should have its postmortem",
            NoticeKind::ReviewAsked => "when somebody asks you to review",
            NoticeKind::ReviewLate => "when a review that you were asked for has not come",
            NoticeKind::PostmortemPublished => "when your team publishes one",
            NoticeKind::RetroPrepared => "when an agenda is ready",
            NoticeKind::RetroStarted => "when your team's retro begins",
            NoticeKind::RetroMinutes => "when a retro has closed",
            NoticeKind::Mention => "when somebody writes your handle",
            NoticeKind::ChannelOff => "for admins and the team, when a channel or webhook failed too often",
            NoticeKind::BackupFailed => "for admins, when a backup could not be taken or did not stand its check",
        }
    }

    /// The kind as programs read it: `incident.declared`.
    pub fn event_type(self) -> String {
        self.as_str().replacen('_', ".", 1)
    }

    /// Kinds that the digest works out by itself from action items' dates.
    pub const REMINDERS: [NoticeKind; 3] =
        [NoticeKind::ActionDueSoon, NoticeKind::ActionDueToday, NoticeKind::ActionLate];

    /// Kinds that a new channel of a team takes.
    pub const FOR_CHANNELS: [NoticeKind; 6] = [
        NoticeKind::IncidentDeclared,
        NoticeKind::IncidentUpdated,
        NoticeKind::PostmortemPublished,
        NoticeKind::RetroPrepared,
        NoticeKind::RetroStarted,
        NoticeKind::RetroMinutes,
    ];
}

/// Reads a stored list of kinds; words that are no kind (any more) are left out.
pub fn kinds_of(list: &str) -> Vec<NoticeKind> {
    list.split(',').filter_map(|word| NoticeKind::from_str(word.trim()).ok()).collect()
}

/// A list of kinds as it is stored.
pub fn list_of(kinds: &[NoticeKind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",")
}

text_enum! {
    /// Where a message stands.
    pub enum MessageState {
        /// It goes out when its time has come.
        Waiting = "waiting",
        /// It waits for the next digest.
        Gathered = "gathered",
        /// A digest carries it.
        InDigest = "in_digest",
        /// It was handed over.
        Sent = "sent",
        /// It was not sent, with a reason: the receiver may not see the thing any more, is disabled, or stopped it.
        Skipped = "skipped",
        /// It was given up, with a reason.
        Failed = "failed",
    }
}

text_enum! {
    /// How one try ended.
    pub enum AttemptOutcome {
        /// It was taken.
        Delivered = "delivered",
        /// It was refused.
        Refused = "refused",
        /// Nobody answered, or not in time.
        Unreachable = "unreachable",
        /// It was not tried: nobody is to be told any more.
        Skipped = "skipped",
    }
}

/// The thing that a notice is about, and where its page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// `incident`, `action_item`, `postmortem`, `retro`, `webhook` …: the word of the product.
    pub kind: &'static str,
    /// `INC-42`
    pub key: String,
    /// `/incidents/INC-42`
    pub path: String,
}

impl Thing {
    /// A thing by its word, key and page.
    pub fn new(kind: &'static str, key: impl Into<String>, path: impl Into<String>) -> Self {
        Thing { kind, key: key.into(), path: path.into() }
    }
}

/// Who is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// People by row id.
    pub people: Vec<i64>,
    /// Teams by row id: their members and their channels.
    pub teams: Vec<i64>,
}

impl Audience {
    /// These people.
    pub fn people(ids: impl IntoIterator<Item = i64>) -> Self {
        Audience { people: ids.into_iter().collect(), teams: Vec::new() }
    }

    /// These teams.
    pub fn teams(ids: impl IntoIterator<Item = i64>) -> Self {
        Audience { people: Vec::new(), teams: ids.into_iter().collect() }
    }
}

/// Something to tell; see [`super::queries::tell`].
#[derive(Clone, Debug)]
pub struct Notice {
    /// What kind of news.
    pub kind: NoticeKind,
    /// What it is about.
    pub thing: Thing,
    /// One line, the subject of a mail: `INC-42 Checkout is down (SEV1)`.
    pub title: String,
    /// More, in Markdown; may be empty.
    pub body: String,
    /// Why it comes, to go on after "You get this because": `you own ACT-7`.
    pub why: String,
    /// Who is told.
    pub audience: Audience,
    /// Who did it; is not told of it.
    pub actor_id: Option<i64>,
    /// A notice with the same key is told once, ever.
    pub dedup_key: Option<String>,
}

/// A notice as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notices)]
pub struct ToldNotice {
    /// Row id.
    pub id: i64,
    /// What kind of news.
    pub kind: NoticeKind,
    /// The thing's word.
    pub thing_kind: String,
    /// The thing's key.
    pub thing_key: String,
    /// Address of its page.
    pub path: String,
    /// One line.
    pub title: String,
    /// More, in Markdown.
    pub body: String,
    /// Why it comes.
    pub why: String,
    /// When it was told.
    pub told_at: Moment,
}

/// The kind of a digest's message, beside those of [`NoticeKind`].
pub const DIGEST: &str = "digest";

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Message {
    /// Row id; the order within its lane.
    pub id: i64,
    /// Whose queue it is in.
    pub lane: String,
    /// The notice's kind, or [`DIGEST`].
    pub kind: String,
    /// The notice; none for a digest.
    pub notice_id: Option<i64>,
    /// The person.
    pub user_id: Option<i64>,
    /// The team's channel.
    pub channel_id: Option<i64>,
    /// The program.
    pub webhook_id: Option<i64>,
    /// Where it stands.
    pub state: MessageState,
    /// Its id for the world.
    pub public_id: String,
    /// The day of a digest.
    pub digest_on: Option<NaiveDate>,
    /// The digest that carries it.
    pub digest_id: Option<i64>,
    /// Not before this instant.
    pub due_at: Moment,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong, or why it was not sent.
    pub last_error: String,
    /// When it was written.
    pub created_at: Moment,
    /// When it was sent, skipped or given up.
    pub settled_at: Option<Moment>,
}

/// When a person wants to hear.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notice_settings)]
pub struct NoticeSettings {
    /// Whose they are.
    pub user_id: i64,
    /// The secret of their links to stop a kind.
    pub stop_token: String,
    /// The hour of the digest, 0 to 23, in their zone.
    pub digest_hour: i64,
    /// The hour at which it becomes quiet.
    pub quiet_from: Option<i64>,
    /// The hour at which it ends.
    pub quiet_until: Option<i64>,
    /// When the next digest is made.
    pub next_digest_at: Moment,
    /// The day of the last one.
    pub last_digest_on: Option<NaiveDate>,
}

/// The hour of the digest where nobody chose another.
pub const DIGEST_HOUR: i64 = 8;
/// Reminders come this many days before the day.
pub const SOON_DAYS: i64 = 3;
/// A late item comes back in the digest after so many days.
pub const LATE_AGAIN_DAYS: i64 = 7;
/// Most lines of one part of a digest.
pub const DIGEST_LINES: i64 = 50;
/// How long a message is tried, in seconds: three days.
pub const TRY_FOR_S: i64 = 3 * 86_400;
/// How long a letter is tried that the server refuses for good, in seconds: six hours, for an operator to notice.
pub const REFUSED_FOR_S: i64 = 6 * 3_600;
/// Failures one after the other after which a channel or webhook is switched off.
pub const FAILURE_LIMIT: i64 = 10;

/// When a message that was written `now` may go out: after the quiet hours.
pub fn after_quiet(zone: &Zone, quiet: Option<(i64, i64)>, now: Moment) -> Moment {
    let Some((from, until)) = quiet.filter(|(from, until)| from != until) else { return now };
    let hour = zone.hour(now);
    let is_quiet = if from < until { (from..until).contains(&hour) } else { hour >= from || hour < until };
    if !is_quiet {
        return now;
    }
    let today = zone.date(now);
    let day = if hour < until { today } else { today.checked_add_days(Days::new(1)).unwrap_or(today) };
    zone.at_hour(day, until).max(now)
}

/// When the digest after `now` is made.
pub fn next_digest(zone: &Zone, hour: i64, now: Moment) -> Moment {
    let today = zone.date(now);
    let at = zone.at_hour(today, hour);
    if at > now { at } else { zone.at_hour(today.checked_add_days(Days::new(1)).unwrap_or(today), hour) }
}

/// Which reminder an unfinished item that is due on `due_on` makes on `today`, if any.
pub fn reminder(due_on: NaiveDate, today: NaiveDate) -> Option<NoticeKind> {
    match (today - due_on).num_days() {
        0 => Some(NoticeKind::ActionDueToday),
        late if late > 0 && (late - 1) % LATE_AGAIN_DAYS == 0 => Some(NoticeKind::ActionLate),
        early if early == -SOON_DAYS => Some(NoticeKind::ActionDueSoon),
        _ => None,
    }
}

/// Seconds until the next try of a message that could not be handed over, after `attempts` tries: soon at first,
/// then hourly.
pub const fn retry_s(attempts: i64) -> i64 {
    match attempts {
        ..=1 => 5,
        2 => 15,
        3 => 60,
        4 => 180,
        5 => 600,
        6 => 1800,
        _ => 3600,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn quiet_hours_hold_a_message_until_the_morning_of_its_reader() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let night = Some((22, 7));
        let day = at("2026-11-23T14:00:00Z");
        assert_eq!(after_quiet(&berlin, night, day), day);
        assert_eq!(after_quiet(&berlin, night, at("2026-11-23T21:30:00Z")), at("2026-11-24T06:00:00Z"));
        assert_eq!(after_quiet(&berlin, night, at("2026-11-24T02:00:00Z")), at("2026-11-24T06:00:00Z"));
        assert_eq!(after_quiet(&berlin, Some((12, 14)), at("2026-11-23T12:59:00Z")), at("2026-11-23T13:00:00Z"));
        assert_eq!(after_quiet(&berlin, Some((9, 9)), day), day);
        assert_eq!(after_quiet(&berlin, None, day), day);
    }

    #[test]
    fn digests_come_at_their_hour_also_when_the_clock_jumps() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(next_digest(&berlin, 8, at("2026-11-23T06:59:59Z")), at("2026-11-23T07:00:00Z"));
        assert_eq!(next_digest(&berlin, 8, at("2026-11-23T07:00:00Z")), at("2026-11-24T07:00:00Z"));
        // 02:00 does not exist on 29 March 2026: the first instant after the jump.
        assert_eq!(next_digest(&berlin, 2, at("2026-03-28T12:00:00Z")), at("2026-03-29T01:00:00Z"));
    }

    #[test]
    fn an_item_is_remembered_before_on_and_after_its_day() {
        let due: NaiveDate = "2026-11-23".parse().unwrap();
        let days: Vec<i64> = (-10..=20)
            .filter(|days| reminder(due, due.checked_add_signed(chrono::TimeDelta::days(*days)).unwrap()).is_some())
            .collect();
        assert_eq!(days, [-3, 0, 1, 8, 15]);
    }

    #[test]
    fn kinds_are_stored_as_a_list() {
        let kinds = [NoticeKind::Mention, NoticeKind::RetroMinutes];
        assert_eq!(kinds_of(&list_of(&kinds)), kinds);
        assert_eq!(kinds_of("mention, gone"), [NoticeKind::Mention]);
        assert_eq!(NoticeKind::ActionDueSoon.event_type(), "action.due_soon");
    }
}
