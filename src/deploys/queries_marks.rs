//! Rollbacks and fixes, noticed whenever a deploy is recorded or changed.
//!
//! What is marked follows from the lane (one service in one environment) as it is on record, not from the order in
//! which it was told: each deploy whose neighbourhood changed is looked at again. A mark that a person took back is
//! never made again.

use diesel::prelude::*;

use super::model::{Deploy, DeployKind, DeployStatus, ReferenceKind};
use super::model_marks::{
    FixSign, Mark, MarkKind, Release, carries_number, fix_sign, is_same_release, name_of, release_of,
};
use super::queries::{by_id, trail};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deploy_marks, deploy_references, deploys};
use crate::error::Error;

/// How many deploys after a changed one are looked at again.
const AFTER_LIMIT: usize = 3;
/// How many deploys back the pull request of a revert is looked for.
const REVERT_LIMIT: i64 = 50;
/// Most marks that a deploy's page shows.
const SHOWN_LIMIT: i64 = 50;
/// What changes the version that runs.
const LANE_KINDS: &[DeployKind] = &[DeployKind::Deploy, DeployKind::Rollback, DeployKind::Migration];

#[diesel::dsl::auto_type(no_type_alias)]
fn lane(service_id: i64, environment: String) -> _ {
    let live: Vec<DeployStatus> = vec![DeployStatus::Succeeded, DeployStatus::RolledBack];
    let kinds: Vec<DeployKind> = LANE_KINDS.to_vec();
    deploys::table
        .filter(deploys::service_id.eq(service_id))
        .filter(deploys::environment.eq(environment))
        .filter(deploys::status.eq_any(live))
        .filter(deploys::kind.eq_any(kinds))
}

/// The deploys whose marks may depend on this one: those that come next, the next one that brings the same, and the
/// reverts that would look for what they revert as far back as here.
///
/// # Errors
/// The database's.
pub fn dependants(c: &mut Conn, deploy: &Deploy) -> Result<Vec<i64>, Error> {
    let (at, id) = (deploy.happened_at, deploy.id);
    let mut ids: Vec<i64> = lane(deploy.service_id, deploy.environment.clone())
        .filter(deploys::happened_at.ge(at))
        .filter(deploys::happened_at.gt(at).or(deploys::id.gt(id)))
        .order((deploys::happened_at, deploys::id))
        .limit(REVERT_LIMIT)
        .select(deploys::id)
        .load(c)?;
    let later = ids.split_off(ids.len().min(AFTER_LIMIT));
    // A revert with anything before it in its lane has made such a mark, standing or not.
    ids.extend(
        deploy_marks::table
            .filter(deploy_marks::deploy_id.eq_any(later))
            .filter(deploy_marks::mark.eq(MarkKind::Fixes))
            .order(deploy_marks::deploy_id)
            .select(deploy_marks::deploy_id)
            .load::<i64>(c)?,
    );
    let same = lane(deploy.service_id, deploy.environment.clone())
        .filter(deploys::happened_at.ge(at))
        .filter(deploys::happened_at.gt(at).or(deploys::id.gt(id)))
        .order((deploys::happened_at, deploys::id))
        .select(deploys::id)
        .into_boxed();
    let same = match release_of(deploy) {
        Some(Release::Commit(sha)) => same.filter(deploys::commit_sha.eq(sha)),
        Some(Release::Version(version)) => same.filter(deploys::version.eq(version)),
        None => return Ok(ids),
    };
    ids.extend(same.first::<i64>(c).optional()?);
    Ok(ids)
}

/// Looks at a deploy that was written and at those that depend on it, in the order of time; `also` are the ones that
/// depended on it before the change.
///
/// # Errors
/// The database's.
pub fn notice(c: &mut Conn, deploy_id: i64, also: &[i64], now: Moment) -> Result<(), Error> {
    let deploy = by_id(c, deploy_id)?;
    let mut ids = vec![deploy_id];
    ids.extend(also);
    ids.extend(dependants(c, &deploy)?);
    ids.sort_unstable();
    ids.dedup();
    let mut affected: Vec<Deploy> = deploys::table
        .filter(deploys::id.eq_any(ids))
        .order((deploys::happened_at, deploys::id))
        .select(Deploy::as_select())
        .load(c)?;
    for deploy in &mut affected {
        look_at(c, deploy.id, now)?;
    }
    Ok(())
}

struct Wanted {
    mark: MarkKind,
    marked: Deploy,
    /// What the marked one would be without any mark.
    status_before: DeployStatus,
    reason: String,
}

impl Wanted {
    fn new(mark: MarkKind, marked: Deploy, reason: String) -> Self {
        let status_before = marked.status;
        Wanted { mark, marked, status_before, reason }
    }
}

/// Kind and status of a deploy as they were said, without what the marks that stand made of them.
///
/// # Errors
/// The database's.
pub fn unmarked(c: &mut Conn, deploy: &Deploy) -> Result<(DeployKind, DeployStatus), Error> {
    let marks = of_deploy(c, deploy.id)?;
    let mut standing = marks.iter().filter(|mark| mark.stands() && mark.mark == MarkKind::Undoes);
    let kind = standing.clone().find(|mark| mark.deploy_id == deploy.id).map_or(deploy.kind, |mark| mark.kind_before);
    let status = standing.find(|mark| mark.marked_id == deploy.id).map_or(deploy.status, |mark| mark.status_before);
    Ok((kind, status))
}

fn look_at(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    let deploy = by_id(c, id)?;
    let known = made_by(c, id)?;
    let said_kind = known
        .iter()
        .find(|mark| mark.stands() && mark.mark == MarkKind::Undoes)
        .map_or(deploy.kind, |mark| mark.kind_before);
    let wanted = wanted(c, &deploy, said_kind)?;
    for mark in known.iter().filter(|mark| mark.stands()) {
        let holds = wanted.as_ref().is_some_and(|one| one.mark == mark.mark && one.marked.id == mark.marked_id);
        if !holds {
            withdraw(c, mark, now)?;
        }
    }
    let Some(mut wanted) = wanted else { return Ok(()) };
    let marked = by_id(c, wanted.marked.id)?;
    wanted.status_before = unmarked(c, &marked)?.1;
    // A person's word that it was none holds for whatever it would have been.
    let is_refused = known.iter().any(|mark| mark.mark == wanted.mark && mark.taken_back_by.is_some());
    if is_refused {
        return Ok(());
    }
    let same = known.iter().find(|mark| mark.mark == wanted.mark && mark.marked_id == wanted.marked.id);
    match same {
        Some(mark) if mark.stands() => {}
        Some(mark) => {
            diesel::update(deploy_marks::table.find(mark.id))
                .set((
                    deploy_marks::reason.eq(&wanted.reason),
                    deploy_marks::kind_before.eq(said_kind),
                    deploy_marks::status_before.eq(wanted.status_before),
                    deploy_marks::said_at.eq(now),
                    deploy_marks::taken_back_at.eq(None::<Moment>),
                    deploy_marks::taken_back_name.eq(None::<String>),
                    deploy_marks::taken_back_reason.eq(None::<String>),
                ))
                .execute(c)?;
            told(c, &deploy, &wanted, now)?;
        }
        None => {
            diesel::insert_into(deploy_marks::table)
                .values((
                    deploy_marks::deploy_id.eq(deploy.id),
                    deploy_marks::marked_id.eq(wanted.marked.id),
                    deploy_marks::mark.eq(wanted.mark),
                    deploy_marks::reason.eq(&wanted.reason),
                    deploy_marks::kind_before.eq(said_kind),
                    deploy_marks::status_before.eq(wanted.status_before),
                    deploy_marks::said_by.eq("Debrief"),
                    deploy_marks::said_at.eq(now),
                ))
                .execute(c)?;
            told(c, &deploy, &wanted, now)?;
        }
    }
    if wanted.mark == MarkKind::Undoes {
        set_kind(c, deploy.id, DeployKind::Rollback, now)?;
        set_status(c, wanted.marked.id, DeployStatus::RolledBack, now)?;
    }
    Ok(())
}

/// What a deploy did to an earlier one, by the lane as it is on record.
fn wanted(c: &mut Conn, deploy: &Deploy, said_kind: DeployKind) -> Result<Option<Wanted>, Error> {
    let may_undo = matches!(said_kind, DeployKind::Deploy | DeployKind::Rollback);
    if !deploy.status.went_live() || !may_undo {
        return Ok(None);
    }
    let (at, id) = (deploy.happened_at, deploy.id);
    let before: Option<Deploy> = lane(deploy.service_id, deploy.environment.clone())
        .filter(deploys::happened_at.le(at))
        .filter(deploys::happened_at.lt(at).or(deploys::id.lt(id)))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select(Deploy::as_select())
        .first(c)
        .optional()?;
    let Some(before) = before.filter(|before| !is_same_release(before, deploy)) else { return Ok(None) };
    if ran_before(c, deploy, &before)? {
        let reason = format!("{} ran here before, and took the place of {}.", name_of(deploy), name_of(&before));
        return Ok(Some(Wanted::new(MarkKind::Undoes, before, reason)));
    }
    if said_kind == DeployKind::Rollback {
        let reason = format!("It was sent as a rollback, and took the place of {}.", name_of(&before));
        return Ok(Some(Wanted::new(MarkKind::Undoes, before, reason)));
    }
    let references = trail(c, deploy.id)?.references;
    Ok(match fix_sign(deploy, &references) {
        Some(FixSign::Revert(number)) => {
            let (marked, reason) = match number.as_deref().map(|number| carrier(c, deploy, number)).transpose()? {
                Some(Some(carrier)) => {
                    let number = number.unwrap_or_default();
                    (carrier, format!("It reverts {number}."))
                }
                _ => (before, "It is a revert.".to_owned()),
            };
            Some(Wanted::new(MarkKind::Fixes, marked, reason))
        }
        Some(FixSign::Hotfix) => Some(Wanted::new(MarkKind::Fixes, before, "It calls itself a hot fix.".to_owned())),
        None => None,
    })
}

/// Whether what a deploy brings was live in its lane earlier than the deploy just before it.
fn ran_before(c: &mut Conn, deploy: &Deploy, before: &Deploy) -> Result<bool, Error> {
    let (at, id) = (before.happened_at, before.id);
    let earlier = lane(deploy.service_id, deploy.environment.clone())
        .filter(deploys::happened_at.le(at))
        .filter(deploys::happened_at.lt(at).or(deploys::id.lt(id)))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select(deploys::id)
        .into_boxed();
    let earlier = match release_of(deploy) {
        Some(Release::Commit(sha)) => earlier.filter(deploys::commit_sha.eq(sha)),
        Some(Release::Version(version)) => earlier.filter(deploys::version.eq(version)),
        None => return Ok(false),
    };
    Ok(earlier.first::<i64>(c).optional()?.is_some())
}

/// The last deploy before this one in its lane that brought a pull request of this number.
fn carrier(c: &mut Conn, deploy: &Deploy, number: &str) -> Result<Option<Deploy>, Error> {
    let recent: Vec<Deploy> = lane(deploy.service_id, deploy.environment.clone())
        .filter(deploys::happened_at.le(deploy.happened_at))
        .filter(deploys::id.ne(deploy.id))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(REVERT_LIMIT)
        .select(Deploy::as_select())
        .load(c)?;
    let ids: Vec<i64> = recent.iter().map(|other| other.id).collect();
    let labels: Vec<(i64, String)> = deploy_references::table
        .filter(deploy_references::deploy_id.eq_any(ids))
        .filter(deploy_references::kind.eq(ReferenceKind::PullRequest))
        .select((deploy_references::deploy_id, deploy_references::label))
        .load(c)?;
    Ok(recent
        .into_iter()
        .find(|other| labels.iter().any(|(id, label)| *id == other.id && carries_number(label, number))))
}

fn told(c: &mut Conn, deploy: &Deploy, wanted: &Wanted, now: Moment) -> Result<(), Error> {
    let new = serde_json::json!({ "mark": wanted.mark, "deploy": wanted.marked.key(), "reason": wanted.reason });
    let change = Change { action: "deploy.mark", subject: deploy.key(), old: None::<()>, new: Some(new) };
    audit::record(c, &Actor::program("Debrief"), now, &change)
}

/// Takes a mark back because the lane shows that it no longer holds.
fn withdraw(c: &mut Conn, mark: &Mark, now: Moment) -> Result<(), Error> {
    let reason = "What came in since shows that it was not so.";
    diesel::update(deploy_marks::table.find(mark.id))
        .set((
            deploy_marks::taken_back_at.eq(now),
            deploy_marks::taken_back_name.eq("Debrief"),
            deploy_marks::taken_back_reason.eq(reason),
        ))
        .execute(c)?;
    give_back(c, mark, now)?;
    told_back(c, &Actor::program("Debrief"), mark, reason, now)
}

/// A person says that a mark is wrong: both deploys are again what they were before it.
///
/// # Errors
/// 404 for a mark of another deploy, 409 for one that was taken back already.
pub fn take_back(
    c: &mut Conn,
    actor: &Actor,
    deploy: &Deploy,
    mark_id: i64,
    reason: &str,
    now: Moment,
) -> Result<Mark, Error> {
    let mark: Mark = deploy_marks::table
        .find(mark_id)
        .filter(deploy_marks::deploy_id.eq(deploy.id).or(deploy_marks::marked_id.eq(deploy.id)))
        .select(Mark::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("such mark of", deploy.key()))?;
    if !mark.stands() {
        return Err(Error::Conflict("This was taken back already.".to_owned()));
    }
    say_back(c, actor, &mark, reason, now)?;
    give_back(c, &mark, now)?;
    Ok(mark)
}

fn say_back(c: &mut Conn, actor: &Actor, mark: &Mark, reason: &str, now: Moment) -> Result<(), Error> {
    diesel::update(deploy_marks::table.find(mark.id))
        .set((
            deploy_marks::taken_back_at.eq(now),
            deploy_marks::taken_back_by.eq(actor.user_id),
            deploy_marks::taken_back_name.eq(&actor.name),
            deploy_marks::taken_back_reason.eq(reason),
        ))
        .execute(c)?;
    told_back(c, actor, mark, reason, now)
}

fn told_back(c: &mut Conn, actor: &Actor, mark: &Mark, reason: &str, now: Moment) -> Result<(), Error> {
    let (deploy, marked) = (by_id(c, mark.deploy_id)?, by_id(c, mark.marked_id)?);
    let old = serde_json::json!({ "mark": mark.mark, "deploy": marked.key() });
    let new = serde_json::json!({ "reason": reason });
    let change = Change { action: "deploy.unmark", subject: deploy.key(), old: Some(old), new: Some(new) };
    audit::record(c, actor, now, &change)
}

/// Both deploys become what they were before a mark that no longer stands.
fn give_back(c: &mut Conn, mark: &Mark, now: Moment) -> Result<(), Error> {
    if mark.mark != MarkKind::Undoes {
        return Ok(());
    }
    set_kind(c, mark.deploy_id, mark.kind_before, now)?;
    let still_undone: i64 = deploy_marks::table
        .filter(deploy_marks::marked_id.eq(mark.marked_id))
        .filter(deploy_marks::mark.eq(MarkKind::Undoes))
        .filter(deploy_marks::taken_back_at.is_null())
        .count()
        .get_result(c)?;
    if still_undone == 0 {
        set_status(c, mark.marked_id, mark.status_before, now)?;
    }
    Ok(())
}

/// A person who corrects kind or status by hand says with it that the mark behind it was wrong. To be called before
/// the correction is written.
///
/// # Errors
/// The database's.
pub fn overrule(
    c: &mut Conn,
    actor: &Actor,
    deploy: &Deploy,
    (kind, status): (DeployKind, DeployStatus),
    now: Moment,
) -> Result<(), Error> {
    let reason = "Corrected by hand.";
    let marks = of_deploy(c, deploy.id)?;
    for mark in marks.iter().filter(|mark| mark.stands() && mark.mark == MarkKind::Undoes) {
        let as_rollback = mark.deploy_id == deploy.id && deploy.kind == DeployKind::Rollback && kind != deploy.kind;
        let as_undone =
            mark.marked_id == deploy.id && deploy.status == DeployStatus::RolledBack && status != deploy.status;
        if as_rollback || as_undone {
            say_back(c, actor, mark, reason, now)?;
            if as_rollback {
                give_back(c, mark, now)?;
            } else {
                set_kind(c, mark.deploy_id, mark.kind_before, now)?;
            }
        }
    }
    Ok(())
}

fn set_kind(c: &mut Conn, id: i64, kind: DeployKind, now: Moment) -> Result<(), Error> {
    diesel::update(deploys::table.find(id).filter(deploys::kind.ne(kind)))
        .set((deploys::kind.eq(kind), deploys::revision.eq(deploys::revision + 1), deploys::updated_at.eq(now)))
        .execute(c)?;
    Ok(())
}

fn set_status(c: &mut Conn, id: i64, status: DeployStatus, now: Moment) -> Result<(), Error> {
    diesel::update(deploys::table.find(id).filter(deploys::status.ne(status)))
        .set((deploys::status.eq(status), deploys::revision.eq(deploys::revision + 1), deploys::updated_at.eq(now)))
        .execute(c)?;
    Ok(())
}

fn made_by(c: &mut Conn, deploy_id: i64) -> Result<Vec<Mark>, Error> {
    Ok(deploy_marks::table
        .filter(deploy_marks::deploy_id.eq(deploy_id))
        .order(deploy_marks::id)
        .select(Mark::as_select())
        .load(c)?)
}

/// Every mark that a deploy made or bears, standing or not, the oldest first.
///
/// # Errors
/// The database's.
pub fn of_deploy(c: &mut Conn, deploy_id: i64) -> Result<Vec<Mark>, Error> {
    Ok(deploy_marks::table
        .filter(deploy_marks::deploy_id.eq(deploy_id).or(deploy_marks::marked_id.eq(deploy_id)))
        .order(deploy_marks::id)
        .limit(SHOWN_LIMIT)
        .select(Mark::as_select())
        .load(c)?)
}

/// The marks of [`of_deploy`], each with the deploy on its other side.
///
/// # Errors
/// The database's.
pub fn with_others(c: &mut Conn, deploy_id: i64) -> Result<Vec<(Mark, Deploy)>, Error> {
    let marks = of_deploy(c, deploy_id)?;
    let ids: Vec<i64> = marks.iter().flat_map(|mark| [mark.deploy_id, mark.marked_id]).collect();
    let others: Vec<Deploy> = deploys::table
        .filter(deploys::id.eq_any(ids))
        .filter(deploys::id.ne(deploy_id))
        .select(Deploy::as_select())
        .load(c)?;
    let pairs = marks.into_iter().filter_map(|mark| {
        let other = others.iter().find(|other| [mark.deploy_id, mark.marked_id].contains(&other.id))?;
        Some((mark, other.clone()))
    });
    Ok(pairs.collect())
}

/// A mark with the numbers of both its deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Which of the two.
    pub mark: MarkKind,
    /// The rollback or the fix: its row id and number.
    pub maker: (i64, i64),
    /// What it undid or mended: its row id and number.
    pub marked: (i64, i64),
}

/// The marks that stand and were made or are borne by one of many deploys, the oldest first.
///
/// # Errors
/// The database's.
pub fn standing(c: &mut Conn, deploy_ids: &[i64]) -> Result<Vec<Pair>, Error> {
    let (makers, marked) = diesel::alias!(deploys as makers, deploys as marked);
    let all = || {
        deploy_marks::table
            .inner_join(makers.on(makers.field(deploys::id).eq(deploy_marks::deploy_id)))
            .inner_join(marked.on(marked.field(deploys::id).eq(deploy_marks::marked_id)))
            .filter(deploy_marks::taken_back_at.is_null())
            .limit(SHOWN_LIMIT * deploy_ids.len() as i64)
            .select((
                deploy_marks::id,
                deploy_marks::mark,
                (makers.field(deploys::id), makers.field(deploys::number)),
                (marked.field(deploys::id), marked.field(deploys::number)),
            ))
    };
    type Found = Vec<(i64, MarkKind, (i64, i64), (i64, i64))>;
    // One after the other: for both at once PostgreSQL has no index.
    let made: Found = all().filter(deploy_marks::deploy_id.eq_any(deploy_ids.to_vec())).load(c)?;
    let borne: Found = all().filter(deploy_marks::marked_id.eq_any(deploy_ids.to_vec())).load(c)?;
    let mut found: Found = made.into_iter().chain(borne).collect();
    found.sort_unstable_by_key(|(id, ..)| *id);
    found.dedup_by_key(|(id, ..)| *id);
    Ok(found.into_iter().map(|(_, mark, maker, marked)| Pair { mark, maker, marked }).collect())
}
