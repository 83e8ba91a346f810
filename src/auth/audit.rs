//! The audit log: who changed what, with old and new values. Written in the transaction of the change.

use diesel::prelude::*;
use serde::Serialize;

use super::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use crate::db::schema::audit_entries;
use crate::error::Error;

/// One entry.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub struct AuditEntry {
    /// Row id; also the order.
    pub id: i64,
    /// When.
    pub happened_at: Moment,
    /// The person, when it was one.
    pub user_id: Option<i64>,
    /// The name at the time.
    pub actor: String,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// To what: `INC-42`, `service checkout`, `user ada`.
    pub subject: String,
    /// JSON of what it was.
    pub old_value: Option<String>,
    /// JSON of what it became.
    pub new_value: Option<String>,
    /// The request's number.
    pub request_id: String,
}

/// What happened, for [`record`].
pub struct Change<'a, Old: Serialize, New: Serialize> {
    /// `noun.verb`, for example `incident.resolve`.
    pub action: &'a str,
    /// Key or name of the thing.
    pub subject: String,
    /// What it was; `None::<()>` for something new.
    pub old: Option<Old>,
    /// What it became; `None::<()>` for something removed.
    pub new: Option<New>,
}

/// Writes one entry.
///
/// # Errors
/// The database's.
pub fn record<Old: Serialize, New: Serialize>(
    c: &mut Conn,
    actor: &Actor,
    now: Moment,
    change: &Change<'_, Old, New>,
) -> Result<(), Error> {
    let json = |value: Option<String>| value.filter(|text| text != "null");
    let old = change.old.as_ref().and_then(|value| serde_json::to_string(value).ok());
    let new = change.new.as_ref().and_then(|value| serde_json::to_string(value).ok());
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::happened_at.eq(now),
            audit_entries::user_id.eq(actor.user_id),
            audit_entries::actor.eq(&actor.name),
            audit_entries::action.eq(change.action),
            audit_entries::subject.eq(&change.subject),
            audit_entries::old_value.eq(json(old)),
            audit_entries::new_value.eq(json(new)),
            audit_entries::request_id.eq(&actor.request_id),
        ))
        .execute(c)?;
    Ok(())
}

/// A page of the log, newest first, of one subject or of all.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, subject: Option<&str>, turn: Turn) -> Result<Page<AuditEntry>, Error> {
    let mut query = audit_entries::table.select(AuditEntry::as_select()).limit(PAGE_SIZE + 1).into_boxed();
    if let Some(subject) = subject {
        query = query.filter(audit_entries::subject.eq(subject.to_owned()));
    }
    query = match turn {
        Turn::First => query.order(audit_entries::id.desc()),
        Turn::After(cursor) => query.filter(audit_entries::id.lt(cursor.id)).order(audit_entries::id.desc()),
        Turn::Before(cursor) => query.filter(audit_entries::id.gt(cursor.id)).order(audit_entries::id.asc()),
    };
    let rows = query.load(c)?;
    Ok(Page::from_rows(rows, PAGE_SIZE, turn, |entry| Cursor { sort: entry.id, id: entry.id }))
}
