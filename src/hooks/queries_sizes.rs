//! What pushes brought, and the deploys of their last commits. Whichever of the two comes first, both end alike.

use diesel::prelude::*;

use super::mentions::in_order;
use super::model_reading::Push;
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{code_pushes, deploys as rows};
use crate::deploys;
use crate::deploys::model::{Deploy, DeployDraft, Reference, ReferenceKind};
use crate::error::Error;

/// Most deploys of one commit that a late push completes.
const DEPLOYS_LIMIT: i64 = 100;

/// What is kept of a push.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = code_pushes)]
struct Row {
    id: i64,
    commit_count: i64,
    file_count: Option<i64>,
    mentions: String,
}

/// Keeps what a push brought, and completes the deploys of its last commit. Of two pushes that end in one commit the
/// larger counts.
///
/// # Errors
/// The database's.
pub fn keep(c: &mut Conn, actor: &Actor, push: &Push, now: Moment) -> Result<(), Error> {
    crate::db::counters::hold(c, "deploy")?;
    let known = find(c, &push.after_sha)?;
    let columns = (
        code_pushes::before_sha.eq(&push.before_sha),
        code_pushes::repository.eq(&push.repository),
        code_pushes::commit_count.eq(push.commit_count),
        code_pushes::file_count.eq(push.file_count),
        code_pushes::compare_url.eq(&push.compare_url),
        code_pushes::mentions.eq(to_json(&push.references)),
    );
    match known {
        Some(row) if (row.commit_count, row.file_count) >= (push.commit_count, push.file_count) => {}
        Some(row) => {
            diesel::update(code_pushes::table.find(row.id)).set(columns).execute(c)?;
        }
        None => {
            diesel::insert_into(code_pushes::table)
                .values((columns, code_pushes::after_sha.eq(&push.after_sha), code_pushes::received_at.eq(now)))
                .execute(c)?;
        }
    }
    let found: Vec<Deploy> = rows::table
        .filter(rows::commit_sha.eq(&push.after_sha))
        .order(rows::id.desc())
        .limit(DEPLOYS_LIMIT)
        .select(Deploy::as_select())
        .load(c)?;
    for deploy in found {
        let mut draft = deploys::queries::draft_of(c, &deploy)?;
        complete(c, &mut draft)?;
        deploys::queries::change(c, actor, &deploy, &draft, now)?;
    }
    Ok(())
}

/// Fills in what the push of its commit says about its size, and adds what it mentions.
///
/// # Errors
/// The database's.
pub fn complete(c: &mut Conn, draft: &mut DeployDraft) -> Result<(), Error> {
    let Some(sha) = &draft.commit_sha else { return Ok(()) };
    let Some(push) = find(c, sha)? else { return Ok(()) };
    draft.commit_count = draft.commit_count.or(Some(push.commit_count));
    draft.file_count = draft.file_count.or(push.file_count);
    add_references(draft, of_json(&push.mentions));
    Ok(())
}

/// Adds references that are not there yet.
pub fn add_references(draft: &mut DeployDraft, more: Vec<Reference>) {
    let known = draft.references.clone();
    let is_known = |new: &Reference| known.iter().any(|old| old.kind == new.kind && old.label == new.label);
    let new: Vec<Reference> = more.into_iter().filter(|reference| !is_known(reference)).collect();
    if !new.is_empty() {
        draft.references.extend(new);
        draft.references = in_order(std::mem::take(&mut draft.references));
    }
}

fn find(c: &mut Conn, sha: &str) -> Result<Option<Row>, Error> {
    Ok(code_pushes::table.filter(code_pushes::after_sha.eq(sha)).select(Row::as_select()).first(c).optional()?)
}

fn to_json(references: &[Reference]) -> String {
    let plain: Vec<_> = references.iter().map(|one| (one.kind, &one.label, &one.url)).collect();
    serde_json::to_string(&plain).unwrap_or_else(|_| "[]".to_owned())
}

fn of_json(text: &str) -> Vec<Reference> {
    let plain: Vec<(ReferenceKind, String, Option<String>)> = serde_json::from_str(text).unwrap_or_default();
    plain.into_iter().map(|(kind, label, url)| Reference { kind, label, url }).collect()
}
