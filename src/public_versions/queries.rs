//! Public versions in the database.

use diesel::prelude::*;

use super::forms::Draft;
use super::model::PublicVersion;
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::secrets::random_token;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::errors::taken;
use crate::db::schema::public_versions;
use crate::error::Error;
use crate::incidents::model::Incident;

/// The public version of a postmortem, if somebody began one.
///
/// # Errors
/// The database's.
pub fn of_postmortem(c: &mut Conn, postmortem_id: i64) -> Result<Option<PublicVersion>, Error> {
    Ok(public_versions::table
        .filter(public_versions::postmortem_id.eq(postmortem_id))
        .select(PublicVersion::as_select())
        .first(c)
        .optional()?)
}

/// What a link shows: the title, the text and when it was shared.
///
/// # Errors
/// 404 for a link that is none, or that was revoked.
pub fn shared(c: &mut Conn, token: &str) -> Result<(String, String, Moment), Error> {
    let found: Option<(Option<String>, Option<String>, Option<Moment>)> = public_versions::table
        .filter(public_versions::token.eq(token))
        .select((public_versions::shared_title, public_versions::shared_markdown, public_versions::shared_at))
        .first(c)
        .optional()?;
    match found {
        Some((Some(title), Some(markdown), Some(at))) => Ok((title, markdown, at)),
        _ => Err(Error::NotFound("There is nothing at this address, or not any more.".to_owned())),
    }
}

/// Saves the text. Readers see it when it is shared.
///
/// # Errors
/// 409 when somebody saved since.
pub fn save(
    c: &mut Conn,
    actor: &Actor,
    (incident, postmortem_id): (&Incident, i64),
    draft: &Draft,
    now: Moment,
) -> Result<PublicVersion, Error> {
    let outdated = || {
        Error::Conflict(
            "Somebody saved this public version since you opened it. Open it again in another tab and put both together."
                .to_owned(),
        )
    };
    let written = (public_versions::title.eq(&draft.title), public_versions::markdown.eq(&draft.markdown));
    match of_postmortem(c, postmortem_id)? {
        Some(before) if before.revision != draft.base => return Err(outdated()),
        Some(before) => {
            let its = public_versions::table.find(before.id).filter(public_versions::revision.eq(draft.base));
            let changed = diesel::update(its)
                .set((written, public_versions::revision.eq(draft.base + 1), public_versions::updated_at.eq(now)))
                .execute(c)?;
            if changed == 0 {
                return Err(outdated());
            }
        }
        None => {
            diesel::insert_into(public_versions::table)
                .values((
                    public_versions::postmortem_id.eq(postmortem_id),
                    written,
                    public_versions::revision.eq(1),
                    public_versions::created_at.eq(now),
                    public_versions::updated_at.eq(now),
                ))
                .execute(c)
                .map_err(|error| taken(error, "markdown", "Somebody began one at the same moment. Open it again."))?;
        }
    }
    record(c, actor, incident, "public_version.save", now)?;
    existing(c, postmortem_id)
}

/// The public version of a postmortem.
///
/// # Errors
/// 404 when nobody began one.
pub fn existing(c: &mut Conn, postmortem_id: i64) -> Result<PublicVersion, Error> {
    of_postmortem(c, postmortem_id)?
        .ok_or_else(|| Error::NotFound("There is no public version yet. Save one first.".to_owned()))
}

/// Shows the saved text to whoever has the link; makes the link when there is none.
///
/// # Errors
/// 404 when nothing is saved.
pub fn share(
    c: &mut Conn,
    actor: &Actor,
    (incident, postmortem_id): (&Incident, i64),
    now: Moment,
) -> Result<PublicVersion, Error> {
    let version = existing(c, postmortem_id)?;
    let token = version.token.clone().unwrap_or_else(random_token);
    diesel::update(public_versions::table.find(version.id))
        .set((
            public_versions::shared_title.eq(&version.title),
            public_versions::shared_markdown.eq(&version.markdown),
            public_versions::token.eq(token),
            public_versions::shared_at.eq(now),
            public_versions::shared_by.eq(actor.user_id),
        ))
        .execute(c)?;
    record(c, actor, incident, "public_version.share", now)?;
    existing(c, postmortem_id)
}

/// Takes the link away; whoever has it finds nothing any more. Sharing again makes another one.
///
/// # Errors
/// 404 when nothing is saved.
pub fn revoke(
    c: &mut Conn,
    actor: &Actor,
    (incident, postmortem_id): (&Incident, i64),
    now: Moment,
) -> Result<(), Error> {
    let version = existing(c, postmortem_id)?;
    if version.token.is_none() {
        return Ok(());
    }
    diesel::update(public_versions::table.find(version.id))
        .set((
            public_versions::token.eq(None::<String>),
            public_versions::shared_title.eq(None::<String>),
            public_versions::shared_markdown.eq(None::<String>),
            public_versions::shared_at.eq(None::<Moment>),
            public_versions::shared_by.eq(None::<i64>),
        ))
        .execute(c)?;
    record(c, actor, incident, "public_version.revoke", now)
}

fn record(c: &mut Conn, actor: &Actor, incident: &Incident, action: &str, now: Moment) -> Result<(), Error> {
    let change = Change { action, subject: incident.key(), old: None::<()>, new: None::<()> };
    audit::record(c, actor, now, &change)
}
