//! Saved views in the database.

use diesel::prelude::*;

use super::model::{SavedView, VIEW_LIMIT, ViewDraft};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::{Role, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{saved_views, team_members};
use crate::error::Error;

/// The views of a person and of their teams, by name.
///
/// # Errors
/// The database's.
pub fn of(c: &mut Conn, user_id: i64) -> Result<Vec<SavedView>, Error> {
    let own_teams =
        team_members::table.filter(team_members::user_id.eq(user_id)).select(team_members::team_id.nullable());
    Ok(saved_views::table
        .filter(saved_views::user_id.eq(user_id).or(saved_views::team_id.eq_any(own_teams)))
        .order((saved_views::name, saved_views::id))
        .limit(VIEW_LIMIT * 2)
        .select(SavedView::as_select())
        .load(c)?)
}

/// Saves a view for its author, or for one of their teams.
///
/// # Errors
/// 422 when there is no such team, or there are too many views; 403 for a team that the author is not in.
pub fn save(c: &mut Conn, (actor, user): (&Actor, &User), draft: &ViewDraft, now: Moment) -> Result<SavedView, Error> {
    let team_id = match &draft.team {
        Some(wanted) => {
            let team = crate::teams::queries::find(c, wanted)?
                .ok_or_else(|| Error::field("view_team", format!("There is no team {wanted}.")))?;
            check_member(c, user, team.id)?;
            Some(team.id)
        }
        None => None,
    };
    let user_id = if team_id.is_some() { None } else { Some(user.id) };
    let count: i64 = match team_id {
        Some(id) => saved_views::table.filter(saved_views::team_id.eq(id)).count().get_result(c)?,
        None => saved_views::table.filter(saved_views::user_id.eq(user.id)).count().get_result(c)?,
    };
    if count >= VIEW_LIMIT {
        return Err(Error::field("view_name", format!("Keep it to {VIEW_LIMIT} views: remove one first.")));
    }
    let id: i64 = diesel::insert_into(saved_views::table)
        .values((
            saved_views::name.eq(&draft.name),
            saved_views::query.eq(&draft.query),
            saved_views::user_id.eq(user_id),
            saved_views::team_id.eq(team_id),
            saved_views::created_by.eq(actor.user_id),
            saved_views::created_at.eq(now),
        ))
        .returning(saved_views::id)
        .get_result(c)?;
    let new = serde_json::json!({"name": draft.name, "query": draft.query, "team": draft.team});
    let change = Change { action: "saved_view.add", subject: format!("view {id}"), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)?;
    Ok(saved_views::table.find(id).select(SavedView::as_select()).first(c)?)
}

fn check_member(c: &mut Conn, user: &User, team_id: i64) -> Result<(), Error> {
    let belongs: Option<i64> =
        team_members::table.find((team_id, user.id)).select(team_members::user_id).first(c).optional()?;
    if user.role == Role::Admin || belongs.is_some() {
        return Ok(());
    }
    Err(Error::Forbidden("Only members of the team save views for it. Ask one of them.".to_owned()))
}

/// Removes a view of one's own, or of one's team.
///
/// # Errors
/// 404, also for another person's view; 403 for a team that one is not in.
pub fn remove(c: &mut Conn, (actor, user): (&Actor, &User), id: i64, now: Moment) -> Result<SavedView, Error> {
    let missing = || Error::no("saved view", id);
    let view: SavedView =
        saved_views::table.find(id).select(SavedView::as_select()).first(c).optional()?.ok_or_else(missing)?;
    match (view.user_id, view.team_id) {
        (Some(owner), _) if owner != user.id => return Err(missing()),
        (_, Some(team_id)) => check_member(c, user, team_id)?,
        _ => {}
    }
    diesel::delete(saved_views::table.find(id)).execute(c)?;
    let old = serde_json::json!({"name": view.name, "query": view.query});
    let change = Change { action: "saved_view.remove", subject: format!("view {id}"), old: Some(old), new: None::<()> };
    audit::record(c, actor, now, &change)?;
    Ok(view)
}
