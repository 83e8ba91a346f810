//! Release settings and checklists in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Bindingness, ITEM_LIMIT, Item, Settings, SettingsDraft, Step, Tick, items};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{checklist_items, checklist_ticks, release_settings, users};
use crate::deploys::model::{DEFAULT_ENVIRONMENT, Deploy, DeployKind, DeployStatus};
use crate::error::Error;
use crate::services::model::Service;

/// Most steps that a deploy's page tells of.
const TICKS_SHOWN: i64 = 100;

/// How a service's releases go; advice and no checklist when nobody said.
///
/// # Errors
/// The database's.
pub fn settings(c: &mut Conn, service_id: i64) -> Result<Settings, Error> {
    let known = release_settings::table.find(service_id).select(Settings::as_select()).first(c).optional()?;
    Ok(known.unwrap_or_else(|| Settings {
        service_id,
        checklist: String::new(),
        checklist_environment: DEFAULT_ENVIRONMENT.to_owned(),
        bindingness: Bindingness::Advice,
    }))
}

/// Changes how a service's releases go. Deploys that are on record keep the checklist that they have.
///
/// # Errors
/// The database's.
pub fn set(c: &mut Conn, actor: &Actor, service: &Service, draft: &SettingsDraft, now: Moment) -> Result<(), Error> {
    let before = settings(c, service.id)?;
    let values = (
        release_settings::checklist.eq(&draft.checklist),
        release_settings::checklist_environment.eq(&draft.checklist_environment),
        release_settings::bindingness.eq(draft.bindingness),
        release_settings::updated_at.eq(now),
        release_settings::updated_by.eq(actor.user_id),
    );
    let row = (release_settings::service_id.eq(service.id), values);
    match c {
        Conn::Sqlite(c) => diesel::insert_into(release_settings::table)
            .values(row)
            .on_conflict(release_settings::service_id)
            .do_update()
            .set(values)
            .execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(release_settings::table)
            .values(row)
            .on_conflict(release_settings::service_id)
            .do_update()
            .set(values)
            .execute(c)?,
    };
    let facts = |checklist: &str, environment: &str, bindingness: Bindingness| serde_json::json!({ "checklist": checklist, "environment": environment, "bindingness": bindingness });
    let change = Change {
        action: "service.release",
        subject: format!("service {}", service.slug),
        old: Some(facts(&before.checklist, &before.checklist_environment, before.bindingness)),
        new: Some(facts(&draft.checklist, &draft.checklist_environment, draft.bindingness)),
    };
    audit::record(c, actor, now, &change)
}

/// Builds the checklist of a deploy that was just recorded from its service's template. What goes back in a hurry has
/// none, and neither has what is over and failed.
///
/// # Errors
/// The database's.
pub fn take_up(c: &mut Conn, deploy_id: i64) -> Result<(), Error> {
    let deploy = crate::deploys::queries::by_id(c, deploy_id)?;
    let wants_one =
        deploy.kind != DeployKind::Rollback && matches!(deploy.status, DeployStatus::Started | DeployStatus::Succeeded);
    let settings = settings(c, deploy.service_id)?;
    let in_place = settings.checklist_environment.is_empty() || settings.checklist_environment == deploy.environment;
    if wants_one && in_place {
        build(c, &deploy, &settings)?;
    }
    Ok(())
}

fn build(c: &mut Conn, deploy: &Deploy, settings: &Settings) -> Result<usize, Error> {
    let texts = items(&settings.checklist);
    for (position, text) in (1i64..).zip(texts.iter().take(ITEM_LIMIT)) {
        diesel::insert_into(checklist_items::table)
            .values((
                checklist_items::deploy_id.eq(deploy.id),
                checklist_items::position.eq(position),
                checklist_items::text.eq(text),
            ))
            .execute(c)?;
    }
    Ok(texts.len())
}

/// Gives a deploy that has no checklist the one of its service, because somebody asks for it.
///
/// # Errors
/// 409 when it has one, or the service has none.
pub fn give(c: &mut Conn, actor: &Actor, deploy: &Deploy, now: Moment) -> Result<(), Error> {
    if !of_deploy(c, deploy.id)?.is_empty() {
        return Err(Error::Conflict(format!("{} has a checklist already.", deploy.key())));
    }
    let settings = settings(c, deploy.service_id)?;
    if build(c, deploy, &settings)? == 0 {
        return Err(Error::Conflict("This service has no checklist yet. Write one on its page first.".to_owned()));
    }
    let new = serde_json::json!({ "checklist": items(&settings.checklist) });
    let change = Change { action: "deploy.checklist", subject: deploy.key(), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)
}

/// A deploy's checklist with who ticked what.
///
/// # Errors
/// The database's.
pub fn of_deploy(c: &mut Conn, deploy_id: i64) -> Result<Vec<(Item, Option<User>)>, Error> {
    Ok(checklist_items::table
        .left_join(users::table)
        .filter(checklist_items::deploy_id.eq(deploy_id))
        .order((checklist_items::position, checklist_items::id))
        .limit(ITEM_LIMIT as i64)
        .select((Item::as_select(), Option::<User>::as_select()))
        .load(c)?)
}

/// The steps that were taken on a deploy's checklist, the oldest first.
///
/// # Errors
/// The database's.
pub fn ticks(c: &mut Conn, deploy_id: i64) -> Result<Vec<Tick>, Error> {
    let items = checklist_items::table.filter(checklist_items::deploy_id.eq(deploy_id)).select(checklist_items::id);
    Ok(checklist_ticks::table
        .filter(checklist_ticks::item_id.eq_any(items))
        .order(checklist_ticks::id)
        .limit(TICKS_SHOWN)
        .select(Tick::as_select())
        .load(c)?)
}

/// How many items are open, and how many there are, of each deploy that has a checklist.
///
/// # Errors
/// The database's.
pub fn open_counts(c: &mut Conn, deploy_ids: &[i64]) -> Result<HashMap<i64, (i64, i64)>, Error> {
    let rows: Vec<(i64, Option<Moment>)> = checklist_items::table
        .filter(checklist_items::deploy_id.eq_any(deploy_ids.to_vec()))
        .order((checklist_items::deploy_id, checklist_items::position))
        .select((checklist_items::deploy_id, checklist_items::ticked_at))
        .load(c)?;
    let mut counts: HashMap<i64, (i64, i64)> = HashMap::new();
    for (deploy_id, ticked_at) in rows {
        let count = counts.entry(deploy_id).or_default();
        count.0 += i64::from(ticked_at.is_none());
        count.1 += 1;
    }
    Ok(counts)
}

/// Ticks an item, or takes its tick away; saying the same again changes nothing.
///
/// # Errors
/// 404 when the deploy's checklist has no such item.
pub fn tick(
    c: &mut Conn,
    actor: &Actor,
    deploy: &Deploy,
    item_id: i64,
    step: Step,
    now: Moment,
) -> Result<Item, Error> {
    let item: Item = checklist_items::table
        .find(item_id)
        .filter(checklist_items::deploy_id.eq(deploy.id))
        .select(Item::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("such item on the checklist of", deploy.key()))?;
    let is_ticked = step == Step::Ticked;
    if item.ticked_at.is_some() == is_ticked {
        return Ok(item);
    }
    diesel::update(checklist_items::table.find(item.id))
        .set((
            checklist_items::ticked_at.eq(is_ticked.then_some(now)),
            checklist_items::ticked_by.eq(actor.user_id.filter(|_| is_ticked)),
        ))
        .execute(c)?;
    diesel::insert_into(checklist_ticks::table)
        .values((
            checklist_ticks::item_id.eq(item.id),
            checklist_ticks::step.eq(step),
            checklist_ticks::said_by.eq(&actor.name),
            checklist_ticks::user_id.eq(actor.user_id),
            checklist_ticks::said_at.eq(now),
        ))
        .execute(c)?;
    let new = serde_json::json!({ "item": item.text, "step": step });
    let change = Change { action: "deploy.tick", subject: deploy.key(), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)?;
    Ok(item)
}
