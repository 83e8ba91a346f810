//! Numbers that people say aloud: `INC-42`, `DEP-1881`, `ACT-7`. They come from one row each, in the same
//! transaction as what they number, so that none is given twice and none is burnt by a failed insert.

use diesel::prelude::*;

use super::Conn;
use super::schema::counters;
use crate::error::Error;

/// The next number of `name`: `incident`, `deploy` or `action_item`.
///
/// # Errors
/// The database's.
pub fn next(c: &mut Conn, name: &str) -> Result<i64, Error> {
    Ok(diesel::update(counters::table.find(name))
        .set(counters::value.eq(counters::value + 1))
        .returning(counters::value)
        .get_result(c)?)
}
