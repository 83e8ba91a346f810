//! Postmortems in the database: starting, saving and stepping. The list of all is in [`super::shelf`], publishing in
//! [`super::queries_publish`].
//!
//! Every change takes the postmortem's row first ([`take`]), so that two changes of one postmortem come one after
//! the other on both databases.

use diesel::prelude::*;

use super::model::{Clash, Postmortem, PostmortemStatus, Revision, RevisionRow, Saved, Step, thing};
use super::record::Record;
use super::{drafts, outset};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{postmortem_revisions, postmortem_steps, postmortems, users};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::markdown::{Merge, MergePart, merge};
use crate::timeline::model::{EventKind, EventSource};

/// Revisions on one page of the history.
pub const HISTORY_PAGE: i64 = 50;
/// How the note of a first revision begins that a template made.
pub const OUTSET_NOTE: &str = "Filled in from the record";
/// Most steps that a page shows.
const STEP_LIMIT: i64 = 200;

/// The postmortem of an incident, if there is one.
///
/// # Errors
/// The database's.
pub fn of_incident(c: &mut Conn, incident_id: i64) -> Result<Option<Postmortem>, Error> {
    Ok(postmortems::table
        .filter(postmortems::incident_id.eq(incident_id))
        .select(Postmortem::as_select())
        .first(c)
        .optional()?)
}

/// The postmortem of an incident.
///
/// # Errors
/// 404 when nobody started one.
pub fn existing(c: &mut Conn, incident: &Incident) -> Result<Postmortem, Error> {
    of_incident(c, incident.id)?.ok_or_else(|| nothing_of(incident))
}

pub(super) fn nothing_of(incident: &Incident) -> Error {
    Error::NotFound(format!("{} has no postmortem yet. Start one on the incident's page.", incident.key()))
}

/// [`of_incident`] for a change: nobody else changes this postmortem until the transaction ends.
pub(super) fn take(c: &mut Conn, incident: &Incident) -> Result<Option<Postmortem>, Error> {
    let its = postmortems::table.filter(postmortems::incident_id.eq(incident.id)).select(postmortems::id);
    // SQLite's writers are one at a time.
    let id: Option<i64> = match c {
        Conn::Sqlite(c) => its.first(c).optional()?,
        Conn::Postgres(c) => its.for_update().first(c).optional()?,
    };
    match id {
        Some(id) => Ok(Some(postmortems::table.find(id).select(Postmortem::as_select()).first(c)?)),
        None => Ok(None),
    }
}

/// One revision.
///
/// # Errors
/// 404 when there is none with this number.
pub fn revision(c: &mut Conn, postmortem: &Postmortem, number: i64) -> Result<Revision, Error> {
    postmortem_revisions::table
        .filter(postmortem_revisions::postmortem_id.eq(postmortem.id))
        .filter(postmortem_revisions::number.eq(number))
        .select(Revision::as_select())
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("revision", number))
}

/// The name of a revision's writer, when it was a person.
///
/// # Errors
/// The database's.
pub fn writer(c: &mut Conn, revision: &Revision) -> Result<Option<String>, Error> {
    match revision.user_id {
        Some(id) => Ok(users::table.find(id).select(users::name).first(c).optional()?),
        None => Ok(None),
    }
}

/// A page of the history, newest first: revisions below `before`, and whether there are older ones.
///
/// # Errors
/// The database's.
pub fn history(c: &mut Conn, postmortem: &Postmortem, before: Option<i64>) -> Result<(Vec<RevisionRow>, bool), Error> {
    let mut query = postmortem_revisions::table
        .left_join(users::table)
        .filter(postmortem_revisions::postmortem_id.eq(postmortem.id))
        .order(postmortem_revisions::number.desc())
        .limit(HISTORY_PAGE + 1)
        .select((
            postmortem_revisions::number,
            postmortem_revisions::base_number,
            postmortem_revisions::note,
            users::name.nullable(),
            postmortem_revisions::created_at,
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(postmortem_revisions::number.lt(before));
    }
    let mut rows: Vec<RevisionRow> = query.load(c)?;
    let there_is_more = rows.len() as i64 > HISTORY_PAGE;
    rows.truncate(HISTORY_PAGE as usize);
    Ok((rows, there_is_more))
}

/// The note of the first revision.
///
/// # Errors
/// The database's.
pub fn first_note(c: &mut Conn, postmortem: &Postmortem) -> Result<Option<String>, Error> {
    Ok(postmortem_revisions::table
        .filter(postmortem_revisions::postmortem_id.eq(postmortem.id))
        .filter(postmortem_revisions::number.eq(1))
        .select(postmortem_revisions::note)
        .first(c)
        .optional()?)
}

/// The steps with their people, oldest first.
///
/// # Errors
/// The database's.
pub fn steps(c: &mut Conn, postmortem: &Postmortem) -> Result<Vec<(Step, Option<String>)>, Error> {
    Ok(postmortem_steps::table
        .left_join(users::table)
        .filter(postmortem_steps::postmortem_id.eq(postmortem.id))
        .order(postmortem_steps::id)
        .limit(STEP_LIMIT)
        .select((Step::as_select(), users::name.nullable()))
        .load(c)?)
}

/// Starts the postmortem with everything that is on record. A repeated or raced start gives the one that is there.
///
/// # Errors
/// The database's.
pub fn start(c: &mut Conn, actor: &Actor, incident: &Incident, now: Moment) -> Result<Postmortem, Error> {
    if let Some(postmortem) = of_incident(c, incident.id)?
        && postmortem.is_written()
        && postmortem.status != PostmortemStatus::NotNeeded
    {
        return Ok(postmortem);
    }
    let record = Record::of(c, incident)?;
    let chosen = crate::postmortem_templates::queries::chosen(c, incident, &record.services)?;
    let text = outset::fill(&chosen.template.markdown, &record.known(incident));
    let note = format!("{OUTSET_NOTE} with the {}", chosen.words);
    Ok(start_with(c, actor, incident, &Text { markdown: &text, note: &note, base: 0 }, now)?.0)
}

/// A text and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The Markdown, kept byte for byte.
    pub markdown: &'a str,
    /// Where it came from, when not from the editor; else empty.
    pub note: &'a str,
    /// The revision that it is based on; 0 for a first text.
    pub base: i64,
}

/// Starts the postmortem with this text as revision 1, unless there is one already; says whether this call did it.
/// One that was not needed becomes a draft; a text that it already has stays.
///
/// # Errors
/// The database's.
pub fn start_with(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    text: &Text<'_>,
    now: Moment,
) -> Result<(Postmortem, bool), Error> {
    let row = (
        postmortems::incident_id.eq(incident.id),
        postmortems::status.eq(PostmortemStatus::Draft),
        postmortems::current_revision.eq(0),
        postmortems::started_by.eq(actor.user_id),
        postmortems::created_at.eq(now),
        postmortems::updated_at.eq(now),
    );
    // The unique incident decides a race; the loser waits for the winner and reads what it wrote.
    let is_new = match c {
        Conn::Sqlite(c) => diesel::insert_into(postmortems::table).values(row).on_conflict_do_nothing().execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(postmortems::table).values(row).on_conflict_do_nothing().execute(c)?,
    } == 1;
    let postmortem = take(c, incident)?.ok_or_else(|| nothing_of(incident))?;
    if !is_new && postmortem.status != PostmortemStatus::NotNeeded {
        return Ok((postmortem, false));
    }
    let first = if postmortem.is_written() { postmortem.current_revision } else { 1 };
    if !postmortem.is_written() {
        add_revision(c, actor, &postmortem, (1, &Text { base: 0, ..*text }), now)?;
    }
    diesel::update(postmortems::table.find(postmortem.id))
        .set((
            postmortems::status.eq(PostmortemStatus::Draft),
            postmortems::current_revision.eq(first),
            postmortems::not_needed_reason.eq(None::<String>),
            postmortems::started_by.eq(actor.user_id),
            postmortems::updated_at.eq(now),
        ))
        .execute(c)?;
    let after = existing(c, incident)?;
    let before = (!is_new).then_some(&postmortem);
    record_step(
        c,
        actor,
        incident,
        &Turning { before, after: &after, reason: "", action: "postmortem.start", told: "Postmortem started" },
        now,
    )?;
    Ok((after, true))
}

/// Writes a revision under this number.
fn add_revision(
    c: &mut Conn,
    actor: &Actor,
    postmortem: &Postmortem,
    (number, text): (i64, &Text<'_>),
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(postmortem_revisions::table)
        .values((
            postmortem_revisions::postmortem_id.eq(postmortem.id),
            postmortem_revisions::number.eq(number),
            postmortem_revisions::base_number.eq((text.base > 0).then_some(text.base)),
            postmortem_revisions::markdown.eq(text.markdown),
            postmortem_revisions::note.eq(text.note),
            postmortem_revisions::user_id.eq(actor.user_id),
            postmortem_revisions::created_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Saves a text that is based on an earlier revision. Nothing is ever overwritten: what others saved since the base
/// is put together with it, and where both changed the same place nothing is written and the newest revision comes
/// back with what is in conflict. Saving the newest text again makes no revision.
///
/// # Errors
/// 404 when nobody started the postmortem.
pub fn save(c: &mut Conn, actor: &Actor, incident: &Incident, text: &Text<'_>, now: Moment) -> Result<Saved, Error> {
    let Some(postmortem) = take(c, incident)?.filter(Postmortem::is_written) else { return Err(nothing_of(incident)) };
    let current = revision(c, &postmortem, postmortem.current_revision)?;
    let saved = if current.markdown == text.markdown {
        Saved::Unchanged(current)
    } else if text.base == current.number {
        Saved::New(append(c, actor, incident, (&postmortem, &current, text), now)?)
    } else {
        let merged = put_together(c, &postmortem, text, &current)?;
        match merged.clean() {
            None => return Ok(Saved::Outdated(Box::new(Clash { newest: current, merge: merged }))),
            Some(whole) if whole == current.markdown => Saved::Unchanged(current),
            Some(whole) => {
                let note = format!("Put together with revision {}", current.number);
                let whole = Text { markdown: &whole, note: &note, base: text.base };
                Saved::Merged(append(c, actor, incident, (&postmortem, &current, &whole), now)?)
            }
        }
    };
    if let Some(user_id) = actor.user_id {
        drafts::queries::clear(c, &postmortem, user_id)?;
    }
    Ok(saved)
}

/// A text and the newest revision, put together from the text's base; one conflict when the base is not there.
fn put_together(c: &mut Conn, postmortem: &Postmortem, text: &Text<'_>, newest: &Revision) -> Result<Merge, Error> {
    if !(1..newest.number).contains(&text.base) {
        let (mine, theirs) = (text.markdown.to_owned(), newest.markdown.clone());
        return Ok(Merge { parts: vec![MergePart::Conflict { base: String::new(), mine, theirs }] });
    }
    let base = revision(c, postmortem, text.base)?;
    Ok(merge(&base.markdown, text.markdown, &newest.markdown))
}

/// Makes a text the newest revision, after the one that is the newest so far.
pub(super) fn append(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (postmortem, newest, text): (&Postmortem, &Revision, &Text<'_>),
    now: Moment,
) -> Result<Revision, Error> {
    let number = newest.number + 1;
    add_revision(c, actor, postmortem, (number, text), now)?;
    let texts = (newest.markdown.as_str(), text.markdown);
    crate::notify::queries::tell_mentioned(c, actor.user_id, &thing(incident), texts, now)?;
    let is_taken_up = postmortem.status == PostmortemStatus::NotNeeded;
    diesel::update(postmortems::table.find(postmortem.id))
        .set((postmortems::current_revision.eq(number), postmortems::updated_at.eq(now)))
        .execute(c)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: "postmortem.save",
            subject: incident.key(),
            old: Some(serde_json::json!({ "revision": newest.number, "base": text.base })),
            new: Some(serde_json::json!({ "revision": number, "note": text.note })),
        },
    )?;
    if is_taken_up {
        // Who writes on has changed their mind about the need.
        start_with(c, actor, incident, text, now)?;
    }
    revision(c, postmortem, number)
}

/// An old revision that is wanted back, and the newest one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// The old revision.
    pub number: i64,
    /// The newest one, as far as the reader knew.
    pub base: i64,
}

/// Makes an old revision the newest one again, as a new revision.
///
/// # Errors
/// 404 when there is no such revision.
pub fn bring_back(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    wanted: Return,
    now: Moment,
) -> Result<Saved, Error> {
    let postmortem = take(c, incident)?.ok_or_else(|| nothing_of(incident))?;
    let old = revision(c, &postmortem, wanted.number)?;
    if wanted.base != postmortem.current_revision {
        // An old text is wanted as it was, not put together with one that nobody has read.
        let newest = revision(c, &postmortem, postmortem.current_revision)?;
        return Ok(Saved::Outdated(Box::new(Clash { newest, merge: Merge::default() })));
    }
    let note = format!("Brought back from revision {}", wanted.number);
    save(c, actor, incident, &Text { markdown: &old.markdown, note: &note, base: wanted.base }, now)
}

/// Takes a published postmortem, or one that was not needed, back to a draft. One that was not needed and never
/// written is taken off the books again: the incident is back among those to write.
///
/// # Errors
/// 404 when there is none.
pub fn take_back(c: &mut Conn, actor: &Actor, incident: &Incident, reason: &str, now: Moment) -> Result<(), Error> {
    let before = take(c, incident)?.ok_or_else(|| nothing_of(incident))?;
    if before.status == PostmortemStatus::Draft {
        return Ok(());
    }
    if !before.is_written() {
        diesel::delete(postmortem_steps::table.filter(postmortem_steps::postmortem_id.eq(before.id))).execute(c)?;
        diesel::delete(postmortems::table.find(before.id)).execute(c)?;
        tell(c, actor, incident, &because("Postmortem needed after all", reason), now)?;
        return audit::record(
            c,
            actor,
            now,
            &Change {
                action: "postmortem.needed",
                subject: incident.key(),
                old: Some(facts(&before, "")),
                new: None::<()>,
            },
        );
    }
    diesel::update(postmortems::table.find(before.id))
        .set((
            postmortems::status.eq(PostmortemStatus::Draft),
            postmortems::published_revision.eq(None::<i64>),
            postmortems::published_at.eq(None::<Moment>),
            postmortems::published_by.eq(None::<i64>),
            postmortems::not_needed_reason.eq(None::<String>),
            postmortems::updated_at.eq(now),
        ))
        .execute(c)?;
    let after = existing(c, incident)?;
    let told = "Postmortem taken back to draft";
    record_step(
        c,
        actor,
        incident,
        &Turning { before: Some(&before), after: &after, reason, action: "postmortem.take_back", told },
        now,
    )
}

/// Puts down that no postmortem is needed, and why. A text that was begun is kept.
///
/// # Errors
/// 409 while it is published.
pub fn say_not_needed(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    reason: &str,
    now: Moment,
) -> Result<Postmortem, Error> {
    let row = (
        postmortems::incident_id.eq(incident.id),
        postmortems::status.eq(PostmortemStatus::NotNeeded),
        postmortems::current_revision.eq(0),
        postmortems::created_at.eq(now),
        postmortems::updated_at.eq(now),
    );
    let is_new = match c {
        Conn::Sqlite(c) => diesel::insert_into(postmortems::table).values(row).on_conflict_do_nothing().execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(postmortems::table).values(row).on_conflict_do_nothing().execute(c)?,
    } == 1;
    let before = take(c, incident)?.ok_or_else(|| nothing_of(incident))?;
    if before.status == PostmortemStatus::Published {
        return Err(Error::Conflict(
            "The postmortem is published. Take it back to draft first, with the reason.".to_owned(),
        ));
    }
    if !is_new && before.not_needed_reason.as_deref() == Some(reason) {
        return Ok(before);
    }
    diesel::update(postmortems::table.find(before.id))
        .set((
            postmortems::status.eq(PostmortemStatus::NotNeeded),
            postmortems::not_needed_reason.eq(reason),
            postmortems::updated_at.eq(now),
        ))
        .execute(c)?;
    let after = existing(c, incident)?;
    let turning = Turning {
        before: (!is_new).then_some(&before),
        after: &after,
        reason,
        action: "postmortem.not_needed",
        told: "Postmortem not needed",
    };
    record_step(c, actor, incident, &turning, now)?;
    Ok(after)
}

/// Turns a draft into one that is in review; any other stays what it is.
///
/// # Errors
/// 404 when nothing is written yet.
pub fn enter_review(c: &mut Conn, actor: &Actor, incident: &Incident, now: Moment) -> Result<Postmortem, Error> {
    let Some(before) = take(c, incident)?.filter(Postmortem::is_written) else { return Err(nothing_of(incident)) };
    if before.status != PostmortemStatus::Draft {
        return Ok(before);
    }
    diesel::update(postmortems::table.find(before.id))
        .set((postmortems::status.eq(PostmortemStatus::InReview), postmortems::updated_at.eq(now)))
        .execute(c)?;
    let after = existing(c, incident)?;
    let told = "Postmortem in review";
    let turning = Turning { before: Some(&before), after: &after, reason: "", action: "postmortem.review", told };
    record_step(c, actor, incident, &turning, now)?;
    Ok(after)
}

/// One step, as it is written down in three places.
pub(super) struct Turning<'a> {
    pub before: Option<&'a Postmortem>,
    pub after: &'a Postmortem,
    pub reason: &'a str,
    pub action: &'a str,
    pub told: &'a str,
}

pub(super) fn record_step(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    turning: &Turning<'_>,
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(postmortem_steps::table)
        .values((
            postmortem_steps::postmortem_id.eq(turning.after.id),
            postmortem_steps::status.eq(turning.after.status),
            postmortem_steps::reason.eq(turning.reason),
            postmortem_steps::revision.eq(turning.after.current_revision),
            postmortem_steps::user_id.eq(actor.user_id),
            postmortem_steps::happened_at.eq(now),
        ))
        .execute(c)?;
    tell(c, actor, incident, &because(turning.told, turning.reason), now)?;
    audit::record(
        c,
        actor,
        now,
        &Change {
            action: turning.action,
            subject: incident.key(),
            old: turning.before.map(|before| facts(before, "")),
            new: Some(facts(turning.after, turning.reason)),
        },
    )
}

fn because(told: &str, reason: &str) -> String {
    if reason.is_empty() { told.to_owned() } else { format!("{told}: {reason}") }
}

fn tell(c: &mut Conn, actor: &Actor, incident: &Incident, text: &str, now: Moment) -> Result<(), Error> {
    let (kind, source) = (EventKind::Status, EventSource::StatusChange);
    crate::timeline::queries::note(c, actor, incident.id, now, kind, source, text, None, now)?;
    Ok(())
}

fn facts(postmortem: &Postmortem, reason: &str) -> serde_json::Value {
    serde_json::json!({
        "status": postmortem.status, "revision": postmortem.current_revision,
        "published_revision": postmortem.published_revision, "not_needed_reason": postmortem.not_needed_reason,
        "reason": reason,
    })
}
