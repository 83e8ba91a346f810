//! Rules in the database.

use diesel::prelude::*;

use super::forms::RuleDraft;
use super::model::{Decision, RULES_LIMIT, Rule};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::{hook_rules, sources};
use crate::db::{Conn, counters};
use crate::deploys::model::{DeployKind, EnvironmentTier};
use crate::error::Error;
use crate::hooks::model::Source;
use crate::hooks::model_reading::WeakEvent;

/// A rule with the source that it is for, if it is for one.
pub type RuleRow = (Rule, Option<Source>);

/// Every rule in order.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<RuleRow>, Error> {
    Ok(hook_rules::table
        .left_join(sources::table)
        .order((hook_rules::place, hook_rules::id))
        .limit(i64::try_from(RULES_LIMIT).unwrap_or(i64::MAX))
        .select((Rule::as_select(), Option::<Source>::as_select()))
        .load(c)?)
}

/// The rules that a source's deliveries ask, in order.
///
/// # Errors
/// The database's.
pub fn of_source(c: &mut Conn, source_id: i64) -> Result<Vec<Rule>, Error> {
    Ok(hook_rules::table
        .filter(hook_rules::source_id.is_null().or(hook_rules::source_id.eq(source_id)))
        .order((hook_rules::place, hook_rules::id))
        .limit(i64::try_from(RULES_LIMIT).unwrap_or(i64::MAX))
        .select(Rule::as_select())
        .load(c)?)
}

/// One rule.
///
/// # Errors
/// 404
pub fn by_id(c: &mut Conn, id: i64) -> Result<Rule, Error> {
    hook_rules::table.find(id).select(Rule::as_select()).first(c).optional()?.ok_or_else(|| Error::no("rule", id))
}

/// Adds a rule behind all others.
///
/// # Errors
/// 422 when there are too many, 404 for a source that is not there.
pub fn add(c: &mut Conn, actor: &Actor, draft: &RuleDraft, now: Moment) -> Result<Rule, Error> {
    counters::hold(c, "deploy")?;
    let count: i64 = hook_rules::table.count().get_result(c)?;
    if usize::try_from(count).is_ok_and(|count| count >= RULES_LIMIT) {
        return Err(Error::field(
            "",
            format!("There are {RULES_LIMIT} rules already. Remove one that is no longer needed."),
        ));
    }
    let source_id = source_id(c, draft)?;
    let last: Option<i64> = hook_rules::table.select(diesel::dsl::max(hook_rules::place)).first(c)?;
    let id: i64 = diesel::insert_into(hook_rules::table)
        .values((
            columns(draft, source_id, now),
            hook_rules::place.eq(last.unwrap_or(0) + 1),
            hook_rules::created_by.eq(actor.user_id),
            hook_rules::created_at.eq(now),
        ))
        .returning(hook_rules::id)
        .get_result(c)?;
    let rule = by_id(c, id)?;
    note(c, actor, now, ("rule.add", id), (None, Some(&rule)))?;
    Ok(rule)
}

/// Changes a rule; it keeps its place.
///
/// # Errors
/// 404
pub fn change(c: &mut Conn, actor: &Actor, id: i64, draft: &RuleDraft, now: Moment) -> Result<Rule, Error> {
    let before = by_id(c, id)?;
    let source_id = source_id(c, draft)?;
    diesel::update(hook_rules::table.find(id)).set(columns(draft, source_id, now)).execute(c)?;
    let after = by_id(c, id)?;
    note(c, actor, now, ("rule.change", id), (Some(&before), Some(&after)))?;
    Ok(after)
}

/// Removes a rule.
///
/// # Errors
/// 404
pub fn remove(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let before = by_id(c, id)?;
    diesel::delete(hook_rules::table.find(id)).execute(c)?;
    note(c, actor, now, ("rule.remove", id), (Some(&before), None))
}

/// Moves a rule before the one that is asked just before it. The first stays.
///
/// # Errors
/// 404
pub fn move_up(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    counters::hold(c, "deploy")?;
    let rule = by_id(c, id)?;
    let above: Option<Rule> = hook_rules::table
        .filter(hook_rules::place.lt(rule.place))
        .order((hook_rules::place.desc(), hook_rules::id.desc()))
        .select(Rule::as_select())
        .first(c)
        .optional()?;
    let Some(above) = above else { return Ok(()) };
    diesel::update(hook_rules::table.find(rule.id)).set(hook_rules::place.eq(above.place)).execute(c)?;
    diesel::update(hook_rules::table.find(above.id)).set(hook_rules::place.eq(rule.place)).execute(c)?;
    let after = by_id(c, id)?;
    note(c, actor, now, ("rule.move", id), (Some(&rule), Some(&after)))
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = hook_rules, treat_none_as_null = true)]
struct Columns<'a> {
    source_id: Option<i64>,
    repository: &'a str,
    workflow: &'a str,
    branch: &'a str,
    environment: &'a str,
    event: &'a str,
    decision: Decision,
    to_service: Option<&'a str>,
    to_environment: Option<&'a str>,
    to_tier: Option<EnvironmentTier>,
    to_kind: Option<DeployKind>,
    note: &'a str,
    updated_at: Moment,
}

fn columns(draft: &RuleDraft, source_id: Option<i64>, now: Moment) -> Columns<'_> {
    Columns {
        source_id,
        repository: &draft.repository,
        workflow: &draft.workflow,
        branch: &draft.branch,
        environment: &draft.environment,
        event: draft.event.map(WeakEvent::as_str).unwrap_or_default(),
        decision: draft.decision,
        to_service: draft.to_service.as_deref(),
        to_environment: draft.to_environment.as_deref(),
        to_tier: draft.to_tier,
        to_kind: draft.to_kind,
        note: &draft.note,
        updated_at: now,
    }
}

/// The row of the source that a draft names.
///
/// # Errors
/// 422 when there is none of that name.
pub fn source_id(c: &mut Conn, draft: &RuleDraft) -> Result<Option<i64>, Error> {
    let Some(slug) = &draft.source else { return Ok(None) };
    match crate::hooks::queries::find(c, slug)? {
        Some(source) => Ok(Some(source.id)),
        None => Err(Error::field("source", "There is no such source. Pick one of the list.")),
    }
}

fn note(
    c: &mut Conn,
    actor: &Actor,
    now: Moment,
    (action, id): (&'static str, i64),
    (old, new): (Option<&Rule>, Option<&Rule>),
) -> Result<(), Error> {
    let facts = |rule: &Rule| serde_json::json!({"place": rule.place, "source": rule.source_id, "when": rule.when(), "then": rule.then(), "note": rule.note});
    let change = Change { action, subject: format!("rule {id}"), old: old.map(facts), new: new.map(facts) };
    audit::record(c, actor, now, &change)
}
