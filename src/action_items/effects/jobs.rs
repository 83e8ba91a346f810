//! Asking owners whether their finished items work, and telling teams and the named person what stays late.

use chrono::{Days, NaiveDate};

use super::queries::{Asked, asked_since, late_since, unowned_since};
use crate::action_items::model::ActionItem;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::{Job, Schedule};
use crate::notify::model::{Audience, Notice, NoticeKind};
use crate::notify::queries::tell;
use crate::policies;

/// The kind of the job.
pub const ASK: &str = "action_items.ask";
/// How often it comes back.
pub const SCHEDULE: Schedule = Schedule { kind: ASK, every_s: 3_600 };
/// Days that are looked back at, so that a node that was off for a weekend forgets nobody.
const LOOK_BACK_DAYS: u64 = 7;

/// Tells what became due since the last days; each is told once, however often this runs.
///
/// # Errors
/// The database's.
pub fn ask(c: &mut Conn, _job: &Job, now: Moment) -> Result<(), Error> {
    let today = now.date();
    for Asked { item, owner_id, .. } in asked_since(c, before(today, LOOK_BACK_DAYS), today)? {
        let day = item.check_on.map(|day| day.to_string()).unwrap_or_default();
        let notice = Notice {
            kind: NoticeKind::EffectCheckDue,
            thing: item.thing(),
            title: format!("Does it work? {} {}", item.key(), item.title),
            body: "It was finished a while ago. Say on its page whether it did what it was for.".to_owned(),
            why: "you own it, and its day to look at the effect has come".to_owned(),
            audience: Audience::people(owner_id),
            actor_id: None,
            dedup_key: Some(format!("effect {} {day}", item.key())),
        };
        tell(c, &notice, now)?;
    }
    let yesterday = before(today, 1);
    for Asked { item, team_id, .. } in unowned_since(c, before(yesterday, LOOK_BACK_DAYS), yesterday)? {
        let (Some(day), Some(team)) = (item.assign_by, team_id) else { continue };
        let notice = Notice {
            kind: NoticeKind::ActionLate,
            thing: item.thing(),
            title: format!("Needs an owner: {} {}", item.key(), item.title),
            body: format!("By the policy somebody should have taken it by {day}."),
            why: "your team carries it, and nobody owns it yet".to_owned(),
            audience: Audience::teams([team]),
            actor_id: None,
            dedup_key: Some(format!("unowned {} {day}", item.key())),
        };
        tell(c, &notice, now)?;
    }
    let policy = policies::queries::current(c)?;
    let for_teams = before(today, u64::from(policy.team_hears_after_days) + 1);
    for Asked { item, team_id, .. } in late_since(c, before(for_teams, LOOK_BACK_DAYS), for_teams)? {
        let (Some(due), Some(team)) = (item.due_on, team_id) else { continue };
        let why =
            format!("your team carries it, and the policy tells teams after {} days", policy.team_hears_after_days);
        tell_late(c, (&item, due), (Audience::teams([team]), "team", why), now)?;
    }
    let Some(person) = policy.late_person_id else { return Ok(()) };
    let for_person = before(today, u64::from(policy.person_hears_after_days) + 1);
    for Asked { item, .. } in late_since(c, before(for_person, LOOK_BACK_DAYS), for_person)? {
        let Some(due) = item.due_on else { continue };
        let why = "the policy names you for items that stay late".to_owned();
        tell_late(c, (&item, due), (Audience::people([person]), "person", why), now)?;
    }
    Ok(())
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn tell_late(
    c: &mut Conn,
    (item, due): (&ActionItem, NaiveDate),
    (audience, whom, why): (Audience, &str, String),
    now: Moment,
) -> Result<(), Error> {
    let notice = Notice {
        kind: NoticeKind::ActionLate,
        thing: item.thing(),
        title: format!("Late: {} {}", item.key(), item.title),
        body: format!("It was due on {due}."),
        why,
        audience,
        actor_id: None,
        dedup_key: Some(format!("late {} {due} {whom}", item.key())),
    };
    tell(c, &notice, now).map(|_| ())
}

/// Tells whoever gets an item that was put off too often.
///
/// # Errors
/// The database's.
pub fn tell_taker(c: &mut Conn, item: &ActionItem, taker_id: i64, now: Moment) -> Result<(), Error> {
    let notice = Notice {
        kind: NoticeKind::PutOffLimit,
        thing: item.thing(),
        title: format!("Yours now: {} {}", item.key(), item.title),
        body: format!("It was {}, so it comes to you.", item.put_off_words()),
        why: "the policy names you for items that are put off too often".to_owned(),
        audience: Audience::people([taker_id]),
        actor_id: None,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}
