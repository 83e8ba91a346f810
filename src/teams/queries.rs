//! Teams in the database.

use diesel::prelude::*;

use super::model::Team;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{Role, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::few::{self, Few};
use crate::db::schema::{services, team_members, teams, users};
use crate::error::Error;
use crate::web::fields::slugify;

/// Most teams that a choice or list shows.
pub const TEAM_LIMIT: i64 = 500;
/// Most people of one team that its page shows.
pub const MEMBER_LIMIT: i64 = 500;

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

/// The team with this slug.
///
/// # Errors
/// 404 when there is none.
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Team, Error> {
    let found = teams::table.filter(teams::slug.eq(slug)).select(Team::as_select()).first(c).optional()?;
    found.ok_or_else(|| Error::no("team", slug))
}

/// A team in the list, with how much it holds.
#[derive(Clone, Debug)]
pub struct TeamRow {
    /// The team.
    pub team: Team,
    /// How many people belong to it.
    pub member_count: i64,
    /// How many services it owns.
    pub service_count: i64,
    /// How many of its action items are unfinished.
    pub open_count: Few,
}

/// Every team by name, with how much it holds.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn) -> Result<Vec<TeamRow>, Error> {
    use diesel::dsl::count_star;
    let members: Vec<(i64, i64)> =
        team_members::table.group_by(team_members::team_id).select((team_members::team_id, count_star())).load(c)?;
    let owned: Vec<(Option<i64>, i64)> =
        services::table.group_by(services::team_id).select((services::team_id, count_star())).load(c)?;
    let teams = all(c)?;
    let ids: Vec<i64> = teams.iter().map(|team| team.id).collect();
    let unfinished = "FROM action_items i WHERE i.team_id = x.id AND i.closed_at IS NULL";
    let open = few::counts(c, "teams", unfinished, &ids)?;
    Ok(teams
        .into_iter()
        .map(|team| TeamRow {
            member_count: members.iter().find(|(id, _)| *id == team.id).map_or(0, |(_, count)| *count),
            service_count: owned.iter().find(|(id, _)| *id == Some(team.id)).map_or(0, |(_, count)| *count),
            open_count: open.get(&team.id).copied().unwrap_or_default(),
            team,
        })
        .collect())
}

/// The people of a team by name, the disabled among them.
///
/// # Errors
/// The database's.
pub fn members(c: &mut Conn, team_id: i64) -> Result<Vec<User>, Error> {
    Ok(users::table
        .inner_join(team_members::table)
        .filter(team_members::team_id.eq(team_id))
        .order((users::name, users::id))
        .limit(MEMBER_LIMIT)
        .select(User::as_select())
        .load(c)?)
}

/// Refuses everybody who neither belongs to the team nor is an admin.
///
/// # Errors
/// 403
pub fn check_may_change(c: &mut Conn, user: &User, team: &Team) -> Result<(), Error> {
    let belongs: Option<i64> =
        team_members::table.find((team.id, user.id)).select(team_members::user_id).first(c).optional()?;
    if user.role == Role::Admin || belongs.is_some() {
        return Ok(());
    }
    Err(Error::Forbidden(format!("Only members of {} and admins may change this. Ask one of them.", team.name)))
}

/// Lets somebody join a team; done again, it changes nothing.
///
/// # Errors
/// 404; 403 for somebody who is neither in the team nor an admin; 422 when there is no such person.
pub fn join(c: &mut Conn, (actor, by): (&Actor, &User), slug: &str, wanted: &str, now: Moment) -> Result<User, Error> {
    let team = by_slug(c, slug)?;
    check_may_change(c, by, &team)?;
    let handle = wanted.trim().trim_start_matches('@').to_lowercase();
    let joins: User = users::table
        .filter(users::handle.eq(&handle).or(users::email.eq(&handle)))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select(User::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::field("member", format!("Nobody here is called {wanted}. Check the handle.")))?;
    let is_in: Option<i64> =
        team_members::table.find((team.id, joins.id)).select(team_members::user_id).first(c).optional()?;
    if is_in.is_some() {
        return Ok(joins);
    }
    diesel::insert_into(team_members::table)
        .values((team_members::team_id.eq(team.id), team_members::user_id.eq(joins.id)))
        .execute(c)
        .map_err(|error| taken(error, "member", format!("{} belongs to the team already.", joins.name).as_str()))?;
    let subject = format!("team {slug}");
    let change = Change { action: "team.join", subject, old: None::<()>, new: Some(&joins.handle) };
    audit::record(c, actor, now, &change)?;
    Ok(joins)
}

/// Lets somebody leave a team.
///
/// # Errors
/// 404, also for somebody who does not belong to it; 403 for somebody who is neither in the team nor an admin.
pub fn leave(c: &mut Conn, (actor, by): (&Actor, &User), slug: &str, user_id: i64, now: Moment) -> Result<User, Error> {
    let team = by_slug(c, slug)?;
    check_may_change(c, by, &team)?;
    let gone = diesel::delete(team_members::table.find((team.id, user_id))).execute(c)?;
    if gone == 0 {
        return Err(Error::NotFound(format!("That person does not belong to {}.", team.name)));
    }
    let left: User = users::table.find(user_id).select(User::as_select()).first(c)?;
    let subject = format!("team {slug}");
    let change = Change { action: "team.leave", subject, old: Some(&left.handle), new: None::<()> };
    audit::record(c, actor, now, &change)?;
    Ok(left)
}

/// Adds a team whose first member is whoever adds it.
///
/// # Errors
/// As [`add`].
pub fn found(c: &mut Conn, (actor, by): (&Actor, &User), name: &str, now: Moment) -> Result<Team, Error> {
    let team = add(c, actor, name, now)?;
    diesel::insert_into(team_members::table)
        .values((team_members::team_id.eq(team.id), team_members::user_id.eq(by.id)))
        .execute(c)?;
    let subject = format!("team {}", team.slug);
    let change = Change { action: "team.join", subject, old: None::<()>, new: Some(&by.handle) };
    audit::record(c, actor, now, &change)?;
    Ok(team)
}
