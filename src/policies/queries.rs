//! The policy in the database.

use diesel::prelude::*;

use super::model::Policy;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{settings, users};
use crate::error::Error;

/// The name under which the settings keep it.
const NAME: &str = "action_policy";

/// The policy in force.
///
/// # Errors
/// The database's; a fault when what is stored cannot be read.
pub fn current(c: &mut Conn) -> Result<Policy, Error> {
    let stored: Option<String> = settings::table.find(NAME).select(settings::value).first(c).optional()?;
    match stored {
        Some(text) => serde_json::from_str(&text).map_err(|error| Error::Fault(format!("the stored policy: {error}"))),
        None => Ok(Policy::default()),
    }
}

/// Puts another policy in force. Dates that are set stay; new items follow it.
///
/// # Errors
/// 412 when somebody changed it since `policy.revision`.
pub fn set(c: &mut Conn, actor: &Actor, mut policy: Policy, now: Moment) -> Result<Policy, Error> {
    let before = current(c)?;
    if policy.revision != before.revision {
        return Err(Error::Outdated("Somebody changed the policy since you read it. Look at it again.".to_owned()));
    }
    policy.revision += 1;
    let text = serde_json::to_string(&policy).map_err(|error| Error::Fault(error.to_string()))?;
    let changed = diesel::update(settings::table.find(NAME)).set(settings::value.eq(&text)).execute(c)?;
    if changed == 0 {
        diesel::insert_into(settings::table).values((settings::name.eq(NAME), settings::value.eq(&text))).execute(c)?;
    }
    let change = Change {
        action: "policy.change",
        subject: "action item policy".to_owned(),
        old: Some(before),
        new: Some(policy.clone()),
    };
    audit::record(c, actor, now, &change)?;
    Ok(policy)
}

/// The name of somebody whom the policy names.
///
/// # Errors
/// The database's.
pub fn name_of(c: &mut Conn, user_id: Option<i64>) -> Result<Option<String>, Error> {
    match user_id {
        Some(id) => Ok(users::table.find(id).select(users::name).first(c).optional()?),
        None => Ok(None),
    }
}
