//! Publishing a postmortem: its live blocks are frozen into the revision that readers see, and its teams are told.

use diesel::prelude::*;

use super::blocks::{self, Source, Unknown};
use super::model::{Postmortem, PostmortemStatus, Revision, thing};
use super::queries::{Text, Turning, append, existing, nothing_of, record_step, revision, take};
use super::record::Record;
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{postmortem_revisions, postmortems};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::incidents::news;
use crate::markdown::plain_text;
use crate::notify::model::{Notice, NoticeKind};
use crate::notify::queries::tell;

/// Publishes the newest revision. `seen` is the revision that the publisher read, when they said so.
///
/// # Errors
/// 404 when nobody started it, 409 when a newer revision came in between or nothing is written yet.
pub fn publish(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    seen: Option<i64>,
    now: Moment,
) -> Result<Postmortem, Error> {
    let Some(before) = take(c, incident)?.filter(Postmortem::is_written) else { return Err(nothing_of(incident)) };
    if before.status == PostmortemStatus::NotNeeded {
        return Err(Error::Conflict("This postmortem was put down as not needed. Take it up again first.".to_owned()));
    }
    if before.published_revision == Some(before.current_revision) {
        return Ok(before);
    }
    if seen.is_some_and(|seen| seen != before.current_revision) {
        return Err(Error::Conflict(format!(
            "Somebody saved revision {} since you read it. Read that one, then publish.",
            before.current_revision
        )));
    }
    let current = revision(c, &before, before.current_revision)?;
    if plain_text(&current.markdown).trim().is_empty() {
        return Err(Error::Conflict("There is nothing to publish: the text is empty. Write it first.".to_owned()));
    }
    let published = frozen(c, actor, incident, &before, current, now)?;
    diesel::update(postmortems::table.find(before.id))
        .set((
            postmortems::status.eq(PostmortemStatus::Published),
            postmortems::published_revision.eq(published),
            postmortems::published_at.eq(now),
            postmortems::published_by.eq(actor.user_id),
            postmortems::updated_at.eq(now),
        ))
        .execute(c)?;
    let after = existing(c, incident)?;
    let told = if before.published_revision.is_some() { "Postmortem published again" } else { "Postmortem published" };
    record_step(
        c,
        actor,
        incident,
        &Turning { before: Some(&before), after: &after, reason: "", action: "postmortem.publish", told },
        now,
    )?;
    tell_published(c, actor, incident, &after, now)?;
    Ok(after)
}

/// Tells the teams of the incident that there is something to read; of each published revision once.
fn tell_published(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    postmortem: &Postmortem,
    now: Moment,
) -> Result<(), Error> {
    let notice = Notice {
        kind: NoticeKind::PostmortemPublished,
        thing: thing(incident),
        title: format!("Postmortem of {} is published: {}", incident.key(), incident.title),
        body: incident.summary.clone(),
        why: "the incident hurt a service of your team, or you had a role in it".to_owned(),
        audience: news::audience(c, incident.id)?,
        actor_id: actor.user_id,
        dedup_key: Some(format!("published {} {}", incident.key(), postmortem.published_revision.unwrap_or(0))),
    };
    tell(c, &notice, now).map(|_| ())
}

/// Freezes the live blocks of a revision for its publication, and gives the revision's number. One that was frozen
/// before with another state of the record stays as it was published: its text becomes a new revision.
fn frozen(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    postmortem: &Postmortem,
    current: Revision,
    now: Moment,
) -> Result<i64, Error> {
    if !blocks::is_live(&current.markdown) {
        return Ok(current.number);
    }
    let record = Record::of(c, incident)?;
    let text = blocks::expand(&current.markdown, &Source { incident, record: &record, now }, Unknown::Kept);
    let target = match &current.frozen_markdown {
        None => current,
        Some(before) if *before == text => return Ok(current.number),
        Some(_) => {
            let note = "The same text with the record as it is now";
            let again = Text { markdown: &current.markdown, note, base: current.number };
            append(c, actor, incident, (postmortem, &current, &again), now)?
        }
    };
    diesel::update(postmortem_revisions::table.find(target.id))
        .set(postmortem_revisions::frozen_markdown.eq(text))
        .execute(c)?;
    Ok(target.number)
}
