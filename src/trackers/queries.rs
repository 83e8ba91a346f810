//! Trackers, issues and deliveries in the database.

use diesel::prelude::*;

use super::jobs::{PUSH, ToPush};
use super::model::{Issue, Said, Tracker, TrackerKind};
use crate::action_items::history::queries::{self as history, Fact};
use crate::action_items::life::model::Step;
use crate::action_items::model::{ActionItem, key_of};
use crate::action_items::queries as items;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{action_items, jobs, teams, tracker_deliveries, tracker_issues, trackers};
use crate::error::Error;
use crate::jobs as queue;
use crate::web::fields::slugify;

/// Most trackers that a list or choice shows.
const TRACKER_LIMIT: i64 = 200;
/// Longest sentence about a failure that is kept, in characters.
const ERROR_LIMIT: usize = 500;

/// Every tracker by name, with its team's name.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<(Tracker, Option<String>)>, Error> {
    Ok(trackers::table
        .left_join(teams::table)
        .order((trackers::name, trackers::id))
        .limit(TRACKER_LIMIT)
        .select((Tracker::as_select(), teams::name.nullable()))
        .load(c)?)
}

/// The trackers in which an item of this team can have its issue: the team's own first, then everybody's, then those
/// of others.
///
/// # Errors
/// The database's.
pub fn choices(c: &mut Conn, team_id: Option<i64>) -> Result<Vec<Tracker>, Error> {
    let mut found: Vec<Tracker> = trackers::table
        .filter(trackers::disabled_at.is_null())
        .order((trackers::name, trackers::id))
        .limit(TRACKER_LIMIT)
        .select(Tracker::as_select())
        .load(c)?;
    found.retain(|tracker| tracker.team_id.is_none() || tracker.team_id == team_id);
    found.sort_by_key(|tracker| tracker.team_id.is_none());
    Ok(found)
}

/// The tracker with this slug.
///
/// # Errors
/// 404
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Tracker, Error> {
    find(c, slug)?.ok_or_else(|| Error::no("tracker", slug))
}

/// The tracker with this slug, if any.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, slug: &str) -> Result<Option<Tracker>, Error> {
    Ok(trackers::table.filter(trackers::slug.eq(slug)).select(Tracker::as_select()).first(c).optional()?)
}

/// A tracker as an admin wants it; its secrets are sealed already.
#[derive(Clone, Debug)]
pub struct NewTracker {
    /// Which program it is.
    pub kind: TrackerKind,
    /// Its name.
    pub name: String,
    /// Slug or name of its team.
    pub team: Option<String>,
    /// Where its REST interface is.
    pub base_url: String,
    /// The project.
    pub project: String,
    /// The address to sign in with; may be empty.
    pub account: String,
    /// The token, sealed.
    pub sealed_token: String,
    /// The secret of its deliveries, sealed.
    pub sealed_secret: String,
}

/// Adds a tracker.
///
/// # Errors
/// 422 when the name makes no slug, or there is no such team.
pub fn add(c: &mut Conn, actor: &Actor, new: &NewTracker, now: Moment) -> Result<Tracker, Error> {
    let wish = slugify(&new.name);
    if wish.is_empty() {
        return Err(Error::field("name", "Use at least one letter or digit."));
    }
    let taken: Vec<String> =
        trackers::table.filter(trackers::slug.like(format!("{wish}%"))).select(trackers::slug).load(c)?;
    let slug = (1..)
        .map(|n| if n == 1 { wish.clone() } else { format!("{wish}-{n}") })
        .find(|candidate| !taken.contains(candidate))
        .expect("there are more numbers than trackers");
    let team_id = match &new.team {
        Some(wanted) => {
            let team = crate::teams::queries::find(c, wanted)?;
            Some(team.ok_or_else(|| Error::field("team", format!("There is no team {wanted}.")))?.id)
        }
        None => None,
    };
    diesel::insert_into(trackers::table)
        .values((
            trackers::slug.eq(&slug),
            trackers::kind.eq(new.kind),
            trackers::name.eq(&new.name),
            trackers::team_id.eq(team_id),
            trackers::base_url.eq(&new.base_url),
            trackers::project.eq(&new.project),
            trackers::account.eq(&new.account),
            trackers::sealed_token.eq(&new.sealed_token),
            trackers::sealed_secret.eq(&new.sealed_secret),
            trackers::created_by.eq(actor.user_id),
            trackers::created_at.eq(now),
        ))
        .execute(c)?;
    let facts =
        serde_json::json!({"name": new.name, "kind": new.kind, "base_url": new.base_url, "project": new.project});
    let change =
        Change { action: "tracker.add", subject: format!("tracker {slug}"), old: None::<()>, new: Some(facts) };
    audit::record(c, actor, now, &change)?;
    by_slug(c, &slug)
}

/// Gives a tracker a new token; what failed with the old one is tried again.
///
/// # Errors
/// 404
pub fn renew_token(c: &mut Conn, actor: &Actor, slug: &str, sealed: &str, now: Moment) -> Result<Tracker, Error> {
    let tracker = by_slug(c, slug)?;
    diesel::update(trackers::table.find(tracker.id)).set(trackers::sealed_token.eq(sealed)).execute(c)?;
    let change =
        Change { action: "tracker.renew_token", subject: format!("tracker {slug}"), old: None::<()>, new: None::<()> };
    audit::record(c, actor, now, &change)?;
    let failed: Vec<i64> = tracker_issues::table
        .filter(tracker_issues::tracker_id.eq(tracker.id))
        .filter(tracker_issues::last_error.is_not_null())
        .order(tracker_issues::id)
        .limit(TRACKER_LIMIT)
        .select(tracker_issues::id)
        .load(c)?;
    for issue_id in failed {
        enqueue(c, issue_id, now)?;
    }
    by_slug(c, slug)
}

/// Whether a tracker is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Issues are created and kept in step.
    On,
    /// Nothing is sent, and nothing that arrives is heeded.
    Off,
}

/// Switches a tracker on or off.
///
/// # Errors
/// 404
pub fn switch(c: &mut Conn, actor: &Actor, slug: &str, to: Use, now: Moment) -> Result<Tracker, Error> {
    let tracker = by_slug(c, slug)?;
    let disabled_at = (to == Use::Off).then_some(now);
    diesel::update(trackers::table.find(tracker.id)).set(trackers::disabled_at.eq(disabled_at)).execute(c)?;
    let action = if to == Use::Off { "tracker.disable" } else { "tracker.enable" };
    let change = Change { action, subject: format!("tracker {slug}"), old: None::<()>, new: None::<()> };
    audit::record(c, actor, now, &change)?;
    by_slug(c, slug)
}

/// The issue of an item, with where it is.
///
/// # Errors
/// The database's.
pub fn of_item(c: &mut Conn, item_id: i64) -> Result<Option<(Issue, Tracker)>, Error> {
    Ok(tracker_issues::table
        .inner_join(trackers::table)
        .filter(tracker_issues::action_item_id.eq(item_id))
        .select((Issue::as_select(), Tracker::as_select()))
        .first(c)
        .optional()?)
}

/// Links an item to an issue: to the one with `key`, or to a new one that a job creates. Doing it twice changes
/// nothing.
///
/// # Errors
/// 404; 422 when the tracker is off, or another item has that issue.
pub fn link(
    c: &mut Conn,
    actor: &Actor,
    number: i64,
    (slug, key): (&str, Option<&str>),
    now: Moment,
) -> Result<ActionItem, Error> {
    let item = items::for_change(c, number)?;
    if of_item(c, item.id)?.is_some() {
        return Ok(item);
    }
    let tracker = find(c, slug)?
        .filter(|tracker| tracker.disabled_at.is_none())
        .ok_or_else(|| Error::field("tracker", "Choose one of the trackers that are switched on."))?;
    if let Some(key) = key {
        let holder: Option<i64> = tracker_issues::table
            .inner_join(action_items::table)
            .filter(tracker_issues::tracker_id.eq(tracker.id))
            .filter(tracker_issues::external_key.eq(key))
            .select(action_items::number)
            .first(c)
            .optional()?;
        if let Some(holder) = holder {
            return Err(Error::field("issue", format!("{} has that issue already.", key_of(holder))));
        }
    }
    let id: i64 = diesel::insert_into(tracker_issues::table)
        .values((
            tracker_issues::action_item_id.eq(item.id),
            tracker_issues::tracker_id.eq(tracker.id),
            tracker_issues::external_key.eq(key),
            tracker_issues::is_done.eq(false),
            tracker_issues::title.eq(""),
            tracker_issues::wanted_version.eq(1),
            tracker_issues::pushed_version.eq(0),
            tracker_issues::linked_by.eq(actor.user_id),
            tracker_issues::linked_at.eq(now),
        ))
        .returning(tracker_issues::id)
        .get_result(c)?;
    let words = key.map_or_else(|| tracker.name.clone(), |key| format!("{} {key}", tracker.name));
    let fact = Fact { field: "tracker", old: None, new: Some(words.clone()), reason: String::new() };
    history::note(c, actor, item.id, &fact, now)?;
    let change = Change { action: "action_item.track", subject: item.key(), old: None::<()>, new: Some(words) };
    audit::record(c, actor, now, &change)?;
    enqueue(c, id, now)?;
    Ok(item)
}

/// Takes the link away; the issue stays where it is.
///
/// # Errors
/// 404
pub fn unlink(c: &mut Conn, actor: &Actor, number: i64, now: Moment) -> Result<ActionItem, Error> {
    let item = items::for_change(c, number)?;
    let Some((issue, tracker)) = of_item(c, item.id)? else {
        return Err(Error::NotFound(format!("{} is not linked to an issue.", item.key())));
    };
    diesel::delete(tracker_issues::table.find(issue.id)).execute(c)?;
    let fact = Fact { field: "tracker", old: Some(tracker.name.clone()), new: None, reason: String::new() };
    history::note(c, actor, item.id, &fact, now)?;
    let change =
        Change { action: "action_item.untrack", subject: item.key(), old: Some(tracker.name), new: None::<()> };
    audit::record(c, actor, now, &change)?;
    Ok(item)
}

fn enqueue(c: &mut Conn, issue_id: i64, now: Moment) -> Result<(), Error> {
    queue::queries::enqueue_once(c, &lane(issue_id), (PUSH, &ToPush { issue_id }), now, now)
}

/// One job at a time for each issue.
fn lane(issue_id: i64) -> String {
    format!("tracker issue {issue_id}")
}

/// Tries again now what failed.
///
/// # Errors
/// 404 when the item has no issue.
pub fn try_again(c: &mut Conn, number: i64, now: Moment) -> Result<ActionItem, Error> {
    let item = items::by_number(c, number)?;
    let Some((issue, _)) = of_item(c, item.id)? else {
        return Err(Error::NotFound(format!("{} is not linked to an issue.", item.key())));
    };
    enqueue(c, issue.id, now)?;
    diesel::update(jobs::table.filter(jobs::unique_key.eq(lane(issue.id))).filter(jobs::leased_until.is_null()))
        .set(jobs::run_at.eq(now))
        .execute(c)?;
    Ok(item)
}

/// Tells the issue of an item that changed, where it does not say the same already. Called for every change.
///
/// # Errors
/// The database's.
pub fn item_changed(c: &mut Conn, item: &ActionItem, now: Moment) -> Result<(), Error> {
    let issue: Option<Issue> = tracker_issues::table
        .filter(tracker_issues::action_item_id.eq(item.id))
        .select(Issue::as_select())
        .first(c)
        .optional()?;
    let Some(issue) = issue else { return Ok(()) };
    let is_done = !item.status.is_unfinished();
    if issue.external_key.is_some() && issue.title == item.title && issue.is_done == is_done {
        return Ok(());
    }
    diesel::update(tracker_issues::table.find(issue.id))
        .set(tracker_issues::wanted_version.eq(tracker_issues::wanted_version + 1))
        .execute(c)?;
    enqueue(c, issue.id, now)
}

/// What a job needs; nothing when the link is gone or the tracker is off.
///
/// # Errors
/// The database's.
pub fn to_push(c: &mut Conn, issue_id: i64) -> Result<Option<(Issue, Tracker, ActionItem)>, Error> {
    Ok(tracker_issues::table
        .inner_join(trackers::table)
        .inner_join(action_items::table)
        .filter(tracker_issues::id.eq(issue_id))
        .filter(trackers::disabled_at.is_null())
        .select((Issue::as_select(), Tracker::as_select(), ActionItem::as_select()))
        .first(c)
        .optional()?)
}

/// Writes down what a tracker knows after a job, and the issue's address on the item.
///
/// # Errors
/// The database's.
pub fn pushed(c: &mut Conn, (issue, version): (&Issue, i64), said: &Said, now: Moment) -> Result<(), Error> {
    let url = said.url.clone().or_else(|| issue.url.clone());
    diesel::update(tracker_issues::table.find(issue.id))
        .set((
            tracker_issues::external_key.eq(Some(&said.key)),
            tracker_issues::url.eq(&url),
            tracker_issues::title.eq(&said.title),
            tracker_issues::is_done.eq(said.is_done),
            tracker_issues::pushed_version.eq(version),
            tracker_issues::heard_at.eq(said.at.or(issue.heard_at)),
            tracker_issues::last_error.eq(None::<String>),
            tracker_issues::failed_at.eq(None::<Moment>),
            tracker_issues::synced_at.eq(Some(now)),
        ))
        .execute(c)?;
    let number: i64 = action_items::table.find(issue.action_item_id).select(action_items::number).first(c)?;
    let item = items::for_change(c, number)?;
    if let Some(url) = url.filter(|url| item.tracker_url.as_ref() != Some(url)) {
        let actor = Actor::program("Debrief");
        let next = ActionItem { tracker_url: Some(url), ..item.clone() };
        crate::action_items::life::queries::take(c, &actor, (&item, next), ("action_item.track", ""), now)?;
    }
    let wanted: Option<i64> =
        tracker_issues::table.find(issue.id).select(tracker_issues::wanted_version).first(c).optional()?;
    // It changed while the job was at work.
    if wanted.is_some_and(|wanted| wanted > version) {
        enqueue(c, issue.id, now)?;
    }
    Ok(())
}

/// Writes down what a job failed with.
///
/// # Errors
/// The database's.
pub fn failed(c: &mut Conn, issue_id: i64, why: &str, now: Moment) -> Result<(), Error> {
    let why: String = why.chars().take(ERROR_LIMIT).collect();
    diesel::update(tracker_issues::table.find(issue_id))
        .set((tracker_issues::last_error.eq(Some(why)), tracker_issues::failed_at.eq(Some(now))))
        .execute(c)?;
    Ok(())
}

/// Takes a delivery once for all, and makes the item what it says. Says in a few words what became of it.
///
/// # Errors
/// The database's.
pub fn hear(
    c: &mut Conn,
    tracker: &Tracker,
    delivery_key: &str,
    said: Option<&Said>,
    now: Moment,
) -> Result<&'static str, Error> {
    let insert = diesel::insert_into(tracker_deliveries::table)
        .values((
            tracker_deliveries::tracker_id.eq(tracker.id),
            tracker_deliveries::delivery_key.eq(delivery_key),
            tracker_deliveries::outcome.eq("read"),
            tracker_deliveries::received_at.eq(now),
        ))
        .on_conflict_do_nothing();
    let added = match c {
        Conn::Sqlite(c) => insert.execute(c)?,
        Conn::Postgres(c) => insert.execute(c)?,
    };
    if added == 0 {
        return Ok("already here");
    }
    let outcome = match said {
        Some(said) => heed(c, tracker, said, now)?,
        None => "says nothing about an issue",
    };
    diesel::update(
        tracker_deliveries::table
            .filter(tracker_deliveries::tracker_id.eq(tracker.id))
            .filter(tracker_deliveries::delivery_key.eq(delivery_key)),
    )
    .set(tracker_deliveries::outcome.eq(outcome))
    .execute(c)?;
    Ok(outcome)
}

fn heed(c: &mut Conn, tracker: &Tracker, said: &Said, now: Moment) -> Result<&'static str, Error> {
    let found: Option<(Issue, i64)> = tracker_issues::table
        .inner_join(action_items::table)
        .filter(tracker_issues::tracker_id.eq(tracker.id))
        .filter(tracker_issues::external_key.eq(&said.key))
        .select((Issue::as_select(), action_items::number))
        .first(c)
        .optional()?;
    let Some((issue, number)) = found else { return Ok("no item has this issue") };
    // The item is held first, as everywhere; then the issue is read again.
    let item = items::for_change(c, number)?;
    let issue: Issue = tracker_issues::table.find(issue.id).select(Issue::as_select()).first(c)?;
    if said.at.is_some_and(|at| issue.heard_at.is_some_and(|heard| at < heard)) {
        return Ok("older than what is known");
    }
    let is_news = said.title != issue.title || said.is_done != issue.is_done;
    // Title and state one after the other, each just before the item follows: in between the item and its issue never
    // differ, so that nothing is sent back.
    diesel::update(tracker_issues::table.find(issue.id))
        .set((
            tracker_issues::title.eq(&said.title),
            tracker_issues::heard_at.eq(said.at.or(issue.heard_at)),
            tracker_issues::synced_at.eq(Some(now)),
        ))
        .execute(c)?;
    if !is_news {
        return Ok("nothing new");
    }
    let actor = Actor::program(tracker.kind.label());
    let mut item = item;
    if said.title != issue.title && item.title != said.title {
        let next = ActionItem { title: said.title.clone(), ..item.clone() };
        let verb = ("action_item.change", "Renamed in the tracker");
        item = crate::action_items::life::queries::take(c, &actor, (&item, next), verb, now)?;
    }
    if said.is_done != issue.is_done {
        diesel::update(tracker_issues::table.find(issue.id))
            .set(tracker_issues::is_done.eq(said.is_done))
            .execute(c)?;
        let place = issue.url.clone().unwrap_or_else(|| format!("{} {}", tracker.name, said.key));
        let step = match (said.is_done, item.status.is_unfinished()) {
            (true, true) => Some(Step::Complete(vec![place])),
            (false, false) => Some(Step::Reopen(format!("Reopened in {} as {}", tracker.name, said.key))),
            _ => None,
        };
        if let Some(step) = step {
            items::step(c, &actor, item.number, &step, now)?;
        }
    }
    Ok("heeded")
}
