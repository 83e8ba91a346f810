//! Digests: whose turn it is, what is due, what a digest says.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::compose::{DigestLine, DigestPart};
use super::model::{
    Audience, Choice, DIGEST, DIGEST_LINES, LATE_AGAIN_DAYS, Message, MessageState, Notice, NoticeKind, NoticeSettings,
    SOON_DAYS, ToldNotice, next_digest, reminder,
};
use super::queries::{self, Receiver, choices, settings_of};
use super::queries_lane::objection;
use crate::action_items::model::ActionItem;
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, messages, notice_settings, notices, users};
use crate::error::Error;

/// How many people one run looks at.
const PEOPLE_AT_ONCE: i64 = 200;
/// Most late days that are looked at for the weekly reminder: two years.
const LATE_WEEKS: i64 = 104;
/// Most mails of their own that one day's reminders make for somebody who asked for them.
const REMINDERS_LIMIT: i64 = 50;

/// Makes the digests of those whose hour has come. Says whether there may be more.
///
/// # Errors
/// The database's.
pub fn make_due(c: &mut Conn, now: Moment) -> Result<bool, Error> {
    let met = meet_new_people(c, now)?;
    let due: Vec<(User, NoticeSettings)> = users::table
        .inner_join(notice_settings::table)
        .filter(notice_settings::next_digest_at.le(now))
        .order((notice_settings::next_digest_at, notice_settings::user_id))
        .limit(PEOPLE_AT_ONCE)
        .select((User::as_select(), NoticeSettings::as_select()))
        .load(c)?;
    for (user, settings) in &due {
        let zone = user.zone();
        let today = zone.date(now);
        let next = next_digest(&zone, settings.digest_hour, now);
        let is_new_day = settings.last_digest_on.is_none_or(|last| last < today);
        let makes = is_new_day && user.disabled_at.is_none() && make(c, user, today, now)?;
        diesel::update(notice_settings::table.find(user.id))
            .set((
                notice_settings::next_digest_at.eq(next),
                notice_settings::last_digest_on.eq(if makes { Some(today) } else { settings.last_digest_on }),
            ))
            .execute(c)?;
    }
    let is_full = |count: usize| i64::try_from(count).unwrap_or(i64::MAX) >= PEOPLE_AT_ONCE;
    Ok(is_full(met) || is_full(due.len()))
}

/// Everybody has settings from their first day on, so that a reminder needs no visit of the settings page.
fn meet_new_people(c: &mut Conn, now: Moment) -> Result<usize, Error> {
    let new: Vec<(i64, String)> = users::table
        .left_join(notice_settings::table)
        .filter(notice_settings::user_id.is_null())
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .limit(PEOPLE_AT_ONCE)
        .select((users::id, users::zone))
        .load(c)?;
    for (id, zone) in &new {
        let zone = crate::web::times::Zone::or_utc(zone);
        settings_of(c, *id, &zone, now)?;
        // Somebody who is met at the hour of their digest gets it today, not tomorrow.
        let hour_began = zone.at_hour(zone.date(now), super::model::DIGEST_HOUR);
        if hour_began <= now && now.seconds_since(hour_began) < 3_600 {
            diesel::update(notice_settings::table.find(id))
                .set(notice_settings::next_digest_at.eq(hour_began))
                .execute(c)?;
        }
    }
    Ok(new.len())
}

/// What a person chose for the three reminders.
struct Reminders(Vec<(NoticeKind, Choice)>);

impl Reminders {
    fn with(&self, wanted: Choice) -> Vec<NoticeKind> {
        NoticeKind::REMINDERS
            .into_iter()
            .filter(|kind| self.0.iter().any(|(chosen, choice)| chosen == kind && *choice == wanted))
            .collect()
    }
}

/// Makes one person's digest of a day, and the mails of their own for reminders that they want at once. Says whether
/// there is a digest.
fn make(c: &mut Conn, user: &User, today: NaiveDate, now: Moment) -> Result<bool, Error> {
    let chosen = Reminders(choices(c, user.id)?);
    for kind in chosen.with(Choice::AtOnce) {
        for item in reaching(c, user.id, kind, today)? {
            queries::tell(c, &reminder_notice(&item, kind, user.id, today), now)?;
        }
    }
    let mut has_reminder = false;
    for kind in chosen.with(Choice::Daily) {
        has_reminder = has_reminder || !reaching(c, user.id, kind, today)?.is_empty();
    }
    let gathered =
        || messages::table.filter(messages::user_id.eq(user.id)).filter(messages::state.eq(MessageState::Gathered));
    let has_news = gathered().select(messages::id).first::<i64>(c).optional()?.is_some();
    if !has_news && !has_reminder {
        return Ok(false);
    }
    // Looked at before: of one person and day there is one digest, whatever happens in between.
    let existing: Option<i64> = messages::table
        .filter(messages::user_id.eq(user.id))
        .filter(messages::digest_on.eq(today))
        .select(messages::id)
        .first(c)
        .optional()?;
    if existing.is_some() {
        return Ok(true);
    }
    let to = Receiver::Person(user.id);
    let id = queries::write(c, (DIGEST, None), to, (MessageState::Waiting, now), now)?;
    diesel::update(messages::table.find(id)).set(messages::digest_on.eq(today)).execute(c)?;
    diesel::update(gathered())
        .set((messages::state.eq(MessageState::InDigest), messages::digest_id.eq(id), messages::settled_at.eq(now)))
        .execute(c)?;
    Ok(true)
}

/// The person's unfinished items that make a reminder of this kind on this day; a bounded number.
fn reaching(c: &mut Conn, user_id: i64, kind: NoticeKind, today: NaiveDate) -> Result<Vec<ActionItem>, Error> {
    let back = |days: i64| today.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(today);
    let days: Vec<NaiveDate> = match kind {
        NoticeKind::ActionDueSoon => vec![today.checked_add_days(Days::new(SOON_DAYS.unsigned_abs())).unwrap_or(today)],
        NoticeKind::ActionDueToday => vec![today],
        _ => (0..LATE_WEEKS).map(|week| back(1 + week * LATE_AGAIN_DAYS)).collect(),
    };
    Ok(action_items::table
        .filter(action_items::owner_id.eq(user_id))
        .filter(action_items::closed_at.is_null())
        .filter(action_items::due_on.eq_any(days))
        .order((action_items::due_on, action_items::id))
        .limit(REMINDERS_LIMIT)
        .select(ActionItem::as_select())
        .load(c)?
        .into_iter()
        .filter(|item: &ActionItem| item.due_on.and_then(|due| reminder(due, today)) == Some(kind))
        .collect())
}

fn reminder_notice(item: &ActionItem, kind: NoticeKind, user_id: i64, today: NaiveDate) -> Notice {
    let key = item.key();
    Notice {
        kind,
        title: format!("{key} is {}: {}", item.due_words(today), item.title),
        body: String::new(),
        why: format!("you own {key}"),
        audience: Audience::people([user_id]),
        actor_id: None,
        dedup_key: Some(format!("{kind} {key} {today} {user_id}")),
        thing: item.thing(),
    }
}

/// What a digest says, worked out when it is sent: what the reader may see and wants to hear now.
///
/// # Errors
/// The database's.
pub fn parts(c: &mut Conn, user: &User, digest: &Message, today: NaiveDate) -> Result<Vec<DigestPart>, Error> {
    let chosen = Reminders(choices(c, user.id)?);
    let wanted = chosen.with(Choice::Daily);
    let soon = today.checked_add_days(Days::new(SOON_DAYS.unsigned_abs())).unwrap_or(today);
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let mut parts = Vec::new();
    for (kind, heading, from, until) in [
        (NoticeKind::ActionLate, "Late", NaiveDate::MIN, yesterday),
        (NoticeKind::ActionDueToday, "Due today", today, today),
        (NoticeKind::ActionDueSoon, "Due soon", tomorrow, soon),
    ] {
        if wanted.contains(&kind) {
            parts.extend(items_part(c, user.id, heading, (from, until), today)?);
        }
    }
    parts.extend(news_part(c, user, digest)?);
    Ok(parts)
}

fn items_part(
    c: &mut Conn,
    user_id: i64,
    heading: &'static str,
    (from, until): (NaiveDate, NaiveDate),
    today: NaiveDate,
) -> Result<Option<DigestPart>, Error> {
    // SQLite compares dates as text, which a year before 0 would upset.
    let from = from.max(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or(from));
    let all = || {
        action_items::table
            .filter(action_items::owner_id.eq(user_id))
            .filter(action_items::closed_at.is_null())
            .filter(action_items::due_on.ge(from))
            .filter(action_items::due_on.le(until))
    };
    let count: i64 = all().count().get_result(c)?;
    if count == 0 {
        return Ok(None);
    }
    let items: Vec<ActionItem> = all()
        .order((action_items::due_on, action_items::id))
        .limit(DIGEST_LINES)
        .select(ActionItem::as_select())
        .load(c)?;
    let lines: Vec<DigestLine> = items
        .iter()
        .map(|item| DigestLine {
            title: format!("{} {}", item.key(), item.title),
            note: item.due_words(today),
            path: item.path(),
        })
        .collect();
    let more = count - i64::try_from(lines.len()).unwrap_or(0);
    Ok(Some(DigestPart { heading, lines, more, more_path: "/action-items?view=mine" }))
}

fn news_part(c: &mut Conn, user: &User, digest: &Message) -> Result<Option<DigestPart>, Error> {
    let all = || messages::table.inner_join(notices::table).filter(messages::digest_id.eq(digest.id));
    let count: i64 = all().count().get_result(c)?;
    let told: Vec<ToldNotice> =
        all().order(messages::id).limit(DIGEST_LINES).select(ToldNotice::as_select()).load(c)?;
    let mut lines = Vec::with_capacity(told.len());
    let mut hidden = 0;
    for notice in &told {
        if objection(c, user, notice)?.is_some() {
            hidden += 1;
            continue;
        }
        lines.push(DigestLine {
            title: notice.title.clone(),
            note: format!("because {}", notice.why),
            path: notice.path.clone(),
        });
    }
    let more = (count - i64::try_from(lines.len()).unwrap_or(0) - hidden).max(0);
    if lines.is_empty() && more == 0 {
        return Ok(None);
    }
    Ok(Some(DigestPart { heading: "New", lines, more, more_path: "/" }))
}

/// Settled messages are kept for so long, in seconds: 90 days.
const KEEP_S: i64 = 90 * 86_400;
/// Rows that one run removes.
const PRUNED_AT_ONCE: i64 = 1_000;

/// Removes messages that were settled long ago, and notices that nobody's message needs. Says whether there may be
/// more.
///
/// # Errors
/// The database's.
pub fn prune(c: &mut Conn, now: Moment) -> Result<bool, Error> {
    use crate::db::schema::message_attempts;
    let old: Vec<i64> = messages::table
        .filter(messages::settled_at.lt(now.plus_s(-KEEP_S)))
        .order((messages::settled_at, messages::id))
        .limit(PRUNED_AT_ONCE)
        .select(messages::id)
        .load(c)?;
    for some in old.chunks(500) {
        diesel::delete(message_attempts::table.filter(message_attempts::message_id.eq_any(some))).execute(c)?;
        diesel::delete(messages::table.filter(messages::id.eq_any(some))).execute(c)?;
    }
    let unneeded: Vec<i64> = notices::table
        .left_join(messages::table)
        // Longer than their messages: their keys must still be known when something is told once more.
        .filter(notices::told_at.lt(now.plus_s(-4 * KEEP_S)))
        .filter(messages::id.is_null())
        .order(notices::id)
        .limit(PRUNED_AT_ONCE)
        .select(notices::id)
        .load(c)?;
    for some in unneeded.chunks(500) {
        diesel::delete(notices::table.filter(notices::id.eq_any(some))).execute(c)?;
    }
    Ok(i64::try_from(old.len().max(unneeded.len())).unwrap_or(0) >= PRUNED_AT_ONCE)
}
