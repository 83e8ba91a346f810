//! Teams in the database.

use diesel::prelude::*;

use super::model::Team;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::schema::teams;
use crate::error::Error;
use crate::web::fields::slugify;

/// Most teams that a choice or list shows.
pub const TEAM_LIMIT: i64 = 500;

/// Every team by name.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<Team>, Error> {
    Ok(teams::table.order((teams::name, teams::id)).limit(TEAM_LIMIT).select(Team::as_select()).load(c)?)
}

/// The team with this slug or, failing that, this name.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, slug_or_name: &str) -> Result<Option<Team>, Error> {
    Ok(teams::table
        .filter(teams::slug.eq(slug_or_name).or(teams::name.eq(slug_or_name)))
        .order(teams::id)
        .select(Team::as_select())
        .first(c)
        .optional()?)
}

/// Adds a team.
///
/// # Errors
/// 422 when the name makes a slug that is taken.
pub fn add(c: &mut Conn, actor: &Actor, name: &str, now: Moment) -> Result<Team, Error> {
    let slug = slugify(name);
    if slug.is_empty() {
        return Err(Error::field("name", "Use at least one letter or digit."));
    }
    let id: i64 = diesel::insert_into(teams::table)
        .values((teams::slug.eq(&slug), teams::name.eq(name), teams::created_at.eq(now)))
        .returning(teams::id)
        .get_result(c)
        .map_err(|error| taken(error, "name", "There is a team with this name already."))?;
    audit::record(
        c,
        actor,
        now,
        &Change { action: "team.add", subject: format!("team {slug}"), old: None::<()>, new: Some(name) },
    )?;
    Ok(Team { id, slug, name: name.to_owned(), created_at: now })
}
