//! Whom a text may name.

use diesel::prelude::*;

use super::model::{Hint, People, phrase_key};
use super::roles::{Mask, Masked, SOMEBODY};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{users, wording_dismissals};
use crate::error::Error;
use crate::incidents;
use crate::incidents::model::Incident;

/// Most people whose names are looked for.
const PEOPLE_LIMIT: i64 = 2_000;

/// The people of this Debrief, the newest first where there are very many.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn) -> Result<People, Error> {
    let named: Vec<(String, String)> =
        users::table.order(users::id.desc()).limit(PEOPLE_LIMIT).select((users::name, users::handle)).load(c)?;
    Ok(People::new(named.iter().map(|(name, handle)| (name.as_str(), handle.as_str()))))
}

/// Most phrases that are kept as dismissed for one text.
const DISMISSAL_LIMIT: i64 = 500;

/// The hints for a postmortem's text without those that were dismissed for it.
///
/// # Errors
/// The database's.
pub fn hints(c: &mut Conn, postmortem_id: i64, source: &str) -> Result<Vec<Hint>, Error> {
    let people = people(c)?;
    let dismissed: Vec<String> = wording_dismissals::table
        .filter(wording_dismissals::postmortem_id.eq(postmortem_id))
        .order(wording_dismissals::id)
        .limit(DISMISSAL_LIMIT)
        .select(wording_dismissals::phrase)
        .load(c)?;
    Ok(super::hints(source, &people).into_iter().filter(|hint| !dismissed.contains(&hint.key())).collect())
}

/// Keeps a phrase as it is, for this postmortem.
///
/// # Errors
/// The database's.
pub fn dismiss(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (postmortem_id, phrase): (i64, &str),
    now: Moment,
) -> Result<(), Error> {
    let phrase: String = phrase_key(phrase).chars().take(200).collect();
    if phrase.is_empty() || phrase.contains('\0') {
        return Ok(());
    }
    let row = (
        wording_dismissals::postmortem_id.eq(postmortem_id),
        wording_dismissals::phrase.eq(&phrase),
        wording_dismissals::user_id.eq(actor.user_id),
        wording_dismissals::dismissed_at.eq(now),
    );
    let is_new = match c {
        Conn::Sqlite(c) => {
            diesel::insert_into(wording_dismissals::table).values(row).on_conflict_do_nothing().execute(c)?
        }
        Conn::Postgres(c) => {
            diesel::insert_into(wording_dismissals::table).values(row).on_conflict_do_nothing().execute(c)?
        }
    } == 1;
    if is_new {
        let new = serde_json::json!({ "phrase": phrase });
        let change = Change { action: "wording.dismiss", subject: incident.key(), old: None::<()>, new: Some(new) };
        audit::record(c, actor, now, &change)?;
    }
    Ok(())
}

/// Everybody here as what they did in an incident.
///
/// # Errors
/// The database's.
pub fn mask(c: &mut Conn, incident_id: i64) -> Result<Mask, Error> {
    let held = incidents::around::queries::roles(c, incident_id)?;
    let named: Vec<(i64, String, String)> = users::table
        .order(users::id.desc())
        .limit(PEOPLE_LIMIT)
        .select((users::id, users::name, users::handle))
        .load(c)?;
    let masked = named.into_iter().map(|(id, name, handle)| {
        let role = held
            .iter()
            .find(|holder| holder.user_id == id)
            .map_or_else(|| SOMEBODY.to_owned(), |holder| format!("the {}", role_words(holder.role)));
        Masked { name, handle, role }
    });
    Ok(Mask::new(&masked.collect::<Vec<_>>()))
}

fn role_words(role: incidents::around::model::IncidentRole) -> &'static str {
    use incidents::around::model::IncidentRole;
    match role {
        IncidentRole::Lead => "incident lead",
        IncidentRole::Scribe => "scribe",
        IncidentRole::Communications => "communications lead",
        IncidentRole::Expert => "expert for the service",
    }
}
