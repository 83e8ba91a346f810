//! A view as it was typed.

use super::model::ViewDraft;
use crate::action_items::filter::{Filter, View};
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

/// Longest name of a view, in characters.
const NAME_LIMIT: usize = 60;

/// Reads the form: `name`, `query`, and `team` for a team's view.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn draft(fields: &Fields) -> Result<ViewDraft, Error> {
    let mut check = Check::new();
    let name = check.line("view_name", fields.some("view_name"), NAME_LIMIT, "Give the view a name.");
    let team = check.optional_line("view_team", fields.some("view_team"), LINE_LIMIT);
    // Only what the list understands is kept of the query.
    let asked = Fields::parse(fields.get("query").as_bytes());
    let filter = Filter::read(&asked, View::Open)?;
    let query = Filter::query(&asked, filter.view.as_str(), None);
    match name {
        Some(name) if check.is_ok() => Ok(ViewDraft { name, query, team }),
        _ => Err(check.into_error()),
    }
}
