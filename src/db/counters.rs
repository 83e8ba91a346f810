//! Numbers that people see: `INC-42`, `DEP-9`, `ACT-7`.
//!
//! They come from a row that the transaction locks, not from a sequence: a sequence would burn a number with
//! each transaction that fails, and two nodes must never give out the same one.

use diesel::prelude::*;

use super::Conn;
use super::schema::counters;
use crate::error::Error;

/// The next number of `name` (`incident`, `deploy`, `action_item`), given out with the transaction.
///
/// # Errors
/// The database's.
pub fn next(c: &mut Conn, name: &str) -> Result<i64, Error> {
    Ok(diesel::update(counters::table.find(name))
        .set(counters::value.eq(counters::value + 1))
        .returning(counters::value)
        .get_result(c)?)
}

/// Lifts a counter to at least `value`, after records with numbers of their own were brought in.
///
/// # Errors
/// The database's.
pub fn lift(c: &mut Conn, name: &str, value: i64) -> Result<(), Error> {
    diesel::update(counters::table.find(name).filter(counters::value.lt(value)))
        .set(counters::value.eq(value))
        .execute(c)?;
    Ok(())
}

/// Holds a counter until the transaction ends, without taking a number: whoever wants one waits. For work that
/// must look whether something is there already before it takes a number.
///
/// # Errors
/// The database's.
pub fn hold(c: &mut Conn, name: &str) -> Result<(), Error> {
    diesel::update(counters::table.find(name)).set(counters::value.eq(counters::value)).execute(c)?;
    Ok(())
}
