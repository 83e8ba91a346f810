//! Whom a text may name.

use diesel::prelude::*;

use super::model::People;
use crate::db::Conn;
use crate::db::schema::users;
use crate::error::Error;

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
