//! Comments in the database.

use diesel::prelude::*;

use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{review_comments, users};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::postmortems;
use crate::reviews::anchor::{self, Anchor};
use crate::reviews::forms::Remark;
use crate::reviews::model::{COMMENT_LIMIT, Comment};

/// A comment with its replies, each with its writer's name.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The comment.
    pub comment: Comment,
    /// Who wrote it.
    pub writer: String,
    /// Replies, oldest first.
    pub replies: Vec<(Comment, String)>,
}

/// The threads of a postmortem, oldest first.
///
/// # Errors
/// The database's.
pub fn threads(c: &mut Conn, postmortem_id: i64) -> Result<Vec<Thread>, Error> {
    let rows: Vec<(Comment, Option<String>)> = review_comments::table
        .left_join(users::table)
        .filter(review_comments::postmortem_id.eq(postmortem_id))
        .order(review_comments::id)
        .limit(COMMENT_LIMIT)
        .select((Comment::as_select(), users::name.nullable()))
        .load(c)?;
    let mut threads: Vec<Thread> = Vec::new();
    for (comment, writer) in rows {
        let writer = writer.unwrap_or_else(|| "Debrief".to_owned());
        match comment.parent_id {
            None => threads.push(Thread { comment, writer, replies: Vec::new() }),
            Some(parent) => {
                if let Some(thread) = threads.iter_mut().find(|thread| thread.comment.id == parent) {
                    thread.replies.push((comment, writer));
                }
            }
        }
    }
    Ok(threads)
}

/// Comments that nobody settled yet.
///
/// # Errors
/// The database's.
pub fn open_count(c: &mut Conn, postmortem_id: i64) -> Result<i64, Error> {
    Ok(review_comments::table
        .filter(review_comments::postmortem_id.eq(postmortem_id))
        .filter(review_comments::parent_id.is_null())
        .filter(review_comments::resolved_at.is_null())
        .count()
        .get_result(c)?)
}

/// Adds a comment on a passage of the newest revision, or on the whole text.
///
/// # Errors
/// 404 when nothing is written, 422 when the passage does not stand in the text.
pub fn add(c: &mut Conn, actor: &Actor, incident: &Incident, remark: &Remark, now: Moment) -> Result<i64, Error> {
    let postmortem = postmortems::queries::existing(c, incident)?;
    let current = postmortems::queries::revision(c, &postmortem, postmortem.current_revision)?;
    let anchor = if remark.quote.is_empty() {
        Anchor { quote: String::new(), before: String::new(), after: String::new() }
    } else {
        anchor::anchor(&current.markdown, &remark.quote).ok_or_else(|| {
            Error::field("quote", "These words do not stand in the text. Copy them from it, or leave the field empty.")
        })?
    };
    check_room(c, postmortem.id)?;
    let id: i64 = diesel::insert_into(review_comments::table)
        .values((
            review_comments::postmortem_id.eq(postmortem.id),
            review_comments::user_id.eq(actor.user_id),
            review_comments::revision.eq(postmortem.current_revision),
            review_comments::quote.eq(&anchor.quote),
            review_comments::words_before.eq(&anchor.before),
            review_comments::words_after.eq(&anchor.after),
            review_comments::text.eq(&remark.text),
            review_comments::created_at.eq(now),
        ))
        .returning(review_comments::id)
        .get_result(c)?;
    let new = serde_json::json!({ "comment": id, "quote": anchor.quote, "text": remark.text });
    record(c, actor, incident, ("review.comment", new), now)?;
    Ok(id)
}

fn check_room(c: &mut Conn, postmortem_id: i64) -> Result<(), Error> {
    let count: i64 =
        review_comments::table.filter(review_comments::postmortem_id.eq(postmortem_id)).count().get_result(c)?;
    if count >= COMMENT_LIMIT {
        return Err(Error::field("text", format!("There are {COMMENT_LIMIT} comments already. Talk it over instead.")));
    }
    Ok(())
}

fn comment(c: &mut Conn, postmortem_id: i64, id: i64) -> Result<Comment, Error> {
    review_comments::table
        .find(id)
        .filter(review_comments::postmortem_id.eq(postmortem_id))
        .filter(review_comments::parent_id.is_null())
        .select(Comment::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("comment", id))
}

/// Adds a reply.
///
/// # Errors
/// 404 when there is no such comment.
pub fn reply(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (id, text): (i64, &str),
    now: Moment,
) -> Result<(), Error> {
    let postmortem = postmortems::queries::existing(c, incident)?;
    let parent = comment(c, postmortem.id, id)?;
    check_room(c, postmortem.id)?;
    diesel::insert_into(review_comments::table)
        .values((
            review_comments::postmortem_id.eq(postmortem.id),
            review_comments::parent_id.eq(parent.id),
            review_comments::user_id.eq(actor.user_id),
            review_comments::revision.eq(postmortem.current_revision),
            review_comments::quote.eq(""),
            review_comments::words_before.eq(""),
            review_comments::words_after.eq(""),
            review_comments::text.eq(text),
            review_comments::created_at.eq(now),
        ))
        .execute(c)?;
    record(c, actor, incident, ("review.reply", serde_json::json!({ "comment": id, "text": text })), now)
}

/// Whether a comment is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// It is.
    Resolved,
    /// It is not, after all.
    Reopened,
}

/// Settles a comment, or opens it again.
///
/// # Errors
/// 404 when there is no such comment.
pub fn settle(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (id, settling): (i64, Settling),
    now: Moment,
) -> Result<(), Error> {
    let postmortem = postmortems::queries::existing(c, incident)?;
    let before = comment(c, postmortem.id, id)?;
    let (at, by, action) = match settling {
        Settling::Resolved => (Some(now), actor.user_id, "review.resolve"),
        Settling::Reopened => (None, None, "review.reopen"),
    };
    if before.resolved_at.is_some() == at.is_some() {
        return Ok(());
    }
    diesel::update(review_comments::table.find(id))
        .set((review_comments::resolved_at.eq(at), review_comments::resolved_by.eq(by)))
        .execute(c)?;
    record(c, actor, incident, (action, serde_json::json!({ "comment": id })), now)
}

fn record(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (action, new): (&str, serde_json::Value),
    now: Moment,
) -> Result<(), Error> {
    audit::record(c, actor, now, &Change { action, subject: incident.key(), old: None::<()>, new: Some(new) })
}
