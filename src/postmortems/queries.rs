//! Postmortems in the database.

use diesel::prelude::*;

use super::model::{Postmortem, Revision};
use crate::db::Conn;
use crate::db::schema::{postmortem_revisions, postmortems};
use crate::error::Error;

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
