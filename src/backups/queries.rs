//! Backups in the database: who takes the next one, and what became of each.

use diesel::prelude::*;

use super::model::{Backup, BackupState, Latest, file_name};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::Role;
use crate::clock::Moment;
use crate::config::BackupPlan;
use crate::db::Conn;
use crate::db::schema::{backups, users};
use crate::error::Error;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};

/// Most admins that are told of a failure.
const ADMIN_LIMIT: i64 = 100;
/// Rows of what failed or was removed go after so many days.
const REMEMBERED_DAYS: i64 = 400;

/// The newest backups.
///
/// # Errors
/// The database's.
pub fn latest(c: &mut Conn) -> Result<Latest, Error> {
    let any = backups::table.order(backups::id.desc()).select(Backup::as_select()).first(c).optional()?;
    let mut good = None;
    for state in [BackupState::Kept, BackupState::Removed] {
        let newest: Option<Backup> = backups::table
            .filter(backups::state.eq(state))
            .order(backups::id.desc())
            .select(Backup::as_select())
            .first(c)
            .optional()?;
        if newest.as_ref().map(|backup| backup.id) > good.as_ref().map(|backup: &Backup| backup.id) {
            good = newest;
        }
    }
    Ok(Latest { any, good })
}

/// A backup, with the name of whoever asked for it.
pub type BackupRow = (Backup, Option<String>);

/// A page of backups, newest first, and whether there are more.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, before_id: i64, limit: i64) -> Result<(Vec<BackupRow>, bool), Error> {
    let mut rows: Vec<BackupRow> = backups::table
        .left_join(users::table)
        .filter(backups::id.lt(before_id))
        .order(backups::id.desc())
        .limit(limit + 1)
        .select((Backup::as_select(), users::name.nullable()))
        .load(c)?;
    let there_is_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((rows, there_is_more))
}

/// Who takes a backup, why, and where it goes.
#[derive(Clone, Debug)]
pub struct Taker<'a> {
    /// The node.
    pub node: &'a str,
    /// Its plan.
    pub plan: &'a BackupPlan,
    /// Who asked; nobody for one that is taken when it is due.
    pub asked_by: Option<i64>,
}

/// Begins a backup, unless another node is at one or none is due. One whose node has fallen silent has failed.
///
/// # Errors
/// The database's.
pub fn begin(c: &mut Conn, taker: &Taker<'_>, now: Moment) -> Result<Option<Backup>, Error> {
    // The counters' row is the house's lock for "one after the other".
    crate::db::counters::hold(c, "backup")?;
    let running: Vec<Backup> = backups::table
        .filter(backups::state.eq(BackupState::Running))
        .order(backups::id)
        .limit(10)
        .select(Backup::as_select())
        .load(c)?;
    if running.iter().any(|backup| backup.is_at_work(now)) {
        return Ok(None);
    }
    for silent in &running {
        fail(c, silent, "The node that took it stopped in the middle.", now)?;
    }
    if taker.asked_by.is_none() && latest(c)?.next_at(taker.plan, now) > now {
        return Ok(None);
    }
    let id: i64 = diesel::insert_into(backups::table)
        .values((
            backups::state.eq(BackupState::Running),
            backups::node.eq(taker.node),
            backups::file.eq(file_name(now)),
            backups::asked_by.eq(taker.asked_by),
            backups::started_at.eq(now),
            backups::seen_at.eq(now),
            backups::detail.eq(""),
        ))
        .returning(backups::id)
        .get_result(c)?;
    Ok(Some(backups::table.find(id).select(Backup::as_select()).first(c)?))
}

/// Says that its node is still at it.
///
/// # Errors
/// The database's.
pub fn seen(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    let mine = backups::table.find(id).filter(backups::state.eq(BackupState::Running));
    diesel::update(mine).set(backups::seen_at.eq(now)).execute(c)?;
    Ok(())
}

/// A file that stood its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Rows in it.
    pub row_count: i64,
    /// Its size.
    pub byte_count: i64,
    /// Files that it replaced.
    pub removed: Vec<String>,
}

/// Writes down that a backup was taken and checked, and what it replaced.
///
/// # Errors
/// The database's.
pub fn keep(c: &mut Conn, backup: &Backup, taken: &Taken, now: Moment) -> Result<(), Error> {
    diesel::update(backups::table.find(backup.id))
        .set((
            backups::state.eq(BackupState::Kept),
            backups::seen_at.eq(now),
            backups::finished_at.eq(now),
            backups::row_count.eq(taken.row_count),
            backups::byte_count.eq(taken.byte_count),
            backups::detail.eq(""),
        ))
        .execute(c)?;
    let replaced =
        backups::table.filter(backups::state.eq(BackupState::Kept)).filter(backups::file.eq_any(&taken.removed));
    diesel::update(replaced).set(backups::state.eq(BackupState::Removed)).execute(c)?;
    let old = backups::table
        .filter(backups::state.eq_any([BackupState::Removed, BackupState::Failed]))
        .filter(backups::id.lt(backup.id))
        .filter(backups::started_at.lt(now.plus_s(-REMEMBERED_DAYS * 86_400)));
    diesel::delete(old).execute(c)?;
    let subject = format!("backup {}", backup.file);
    let change = Change { action: "backup.keep", subject, old: None::<()>, new: Some(taken.row_count) };
    audit::record(c, &Actor::program("backups"), now, &change)
}

/// Writes down why a backup failed, and tells the admins: of the first failure in a row, and then once a day.
///
/// # Errors
/// The database's.
pub fn fail(c: &mut Conn, backup: &Backup, why: &str, now: Moment) -> Result<(), Error> {
    diesel::update(backups::table.find(backup.id))
        .set((
            backups::state.eq(BackupState::Failed),
            backups::finished_at.eq(now),
            backups::detail.eq(why.chars().take(2000).collect::<String>()),
        ))
        .execute(c)?;
    let good = latest(c)?.good;
    let last = match &good {
        Some(good) => format!("The last one that stood its check is {} of {}.", good.file, good.started_at),
        None => "There is none that stood its check so far.".to_owned(),
    };
    let admins: Vec<i64> = users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .limit(ADMIN_LIMIT)
        .select(users::id)
        .load(c)?;
    let day: String = now.to_string().chars().take(10).collect();
    let notice = Notice {
        kind: NoticeKind::BackupFailed,
        thing: Thing::new("backup", backup.file.clone(), "/admin/backups"),
        title: format!("The backup {} failed", backup.file),
        body: format!("{why}\n\n{last} It is tried again within the hour."),
        why: "you look after this Debrief".to_owned(),
        audience: Audience::people(admins),
        actor_id: None,
        dedup_key: Some(format!("backup failed after {} on {day}", good.map_or(0, |good| good.id))),
    };
    crate::notify::queries::tell(c, &notice, now)?;
    let subject = format!("backup {}", backup.file);
    audit::record(
        c,
        &Actor::program("backups"),
        now,
        &Change { action: "backup.fail", subject, old: None::<()>, new: Some(why) },
    )
}

/// Asks for a backup now, in an admin's name.
///
/// # Errors
/// The database's.
pub fn ask(c: &mut Conn, actor: &Actor, now: Moment) -> Result<(), Error> {
    let asked = super::jobs::Asked { asked_by: actor.user_id };
    crate::jobs::queries::enqueue_once(c, "backup by hand", (super::jobs::TAKE, &Some(asked)), now, now)?;
    let change = Change { action: "backup.ask", subject: "backup".to_owned(), old: None::<()>, new: None::<()> };
    audit::record(c, actor, now, &change)
}
