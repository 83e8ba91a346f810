//! The forms of teams.

use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// A new team's name.
///
/// # Errors
/// 422 when it is missing or too long.
pub fn name(fields: &Fields) -> Result<String, Error> {
    let mut check = Check::new();
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Give the team a name.");
    name.ok_or_else(|| check.into_error())
}

/// The handle or address of somebody who joins.
///
/// # Errors
/// 422 when it is missing or too long.
pub fn member(fields: &Fields) -> Result<String, Error> {
    let mut check = Check::new();
    let member = check.line("member", fields.some("member"), LINE_LIMIT, "Pick who joins the team.");
    member.ok_or_else(|| check.into_error())
}
