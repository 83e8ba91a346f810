//! The forms of the administration.

use crate::auth::forms;
use crate::auth::model::Role;
use crate::auth::queries::NewUser;
use crate::error::{Error, FieldErrors};
use crate::web::fields::Fields;

/// Parses somebody who is to be added; they choose a password after their one-time link.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn person(fields: &Fields) -> Result<NewUser, Error> {
    let parsed_role = role(fields);
    match (forms::person(fields, Role::Viewer), parsed_role) {
        (Ok(person), Ok(role)) => Ok(NewUser { role, ..person }),
        (Err(Error::Invalid(mut errors)), Err(Error::Invalid(more))) => {
            for error in &more {
                errors.add(error.field.clone(), error.message.clone());
            }
            Err(Error::Invalid(errors))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Parses a role.
///
/// # Errors
/// 422 when it is none.
pub fn role(fields: &Fields) -> Result<Role, Error> {
    fields
        .get("role")
        .parse()
        .map_err(|_| Error::Invalid(FieldErrors::one("role", "Pick a role: admin, member or viewer.")))
}
