//! The text of a postmortem as its readers get it, for the files that people open.

use super::queries;
use super::queries_names::Names;
use crate::db::Conn;
use crate::error::Error;
use crate::exchange::export::write_markdown;
use crate::exchange::wire::ExportedIncident;
use crate::incidents::model::Incident;
use crate::postmortems::blocks::{self, Source, Unknown};
use crate::postmortems::record::Record;

/// One postmortem as a file: the facts in front, then `text` byte for byte.
///
/// # Errors
/// The database's.
pub fn with_facts(c: &mut Conn, incident: Incident, text: &str) -> Result<String, Error> {
    let names = Names::around(c, incident.id)?;
    let mut whole = queries::whole_incident(c, &names, incident)?;
    if let Some(newest) = whole.postmortem.as_mut().and_then(|written| written.revisions.last_mut()) {
        text.clone_into(&mut newest.markdown);
    }
    Ok(write_markdown(&whole))
}

/// An incident whose newest text is as readers get it: live blocks as tables, without prompts.
///
/// # Errors
/// The database's.
pub fn readable(c: &mut Conn, whole: &ExportedIncident) -> Result<ExportedIncident, Error> {
    let mut readable = whole.clone();
    let newest = readable.postmortem.as_mut().and_then(|postmortem| postmortem.revisions.last_mut());
    if let Some(newest) = newest.filter(|newest| blocks::is_live(&newest.markdown)) {
        newest.markdown = match newest.frozen_markdown.take() {
            Some(frozen) => frozen,
            None => {
                let number =
                    crate::incidents::model::parse_key(&whole.key).ok_or_else(|| Error::no("incident", &whole.key))?;
                let incident = crate::incidents::queries::by_number(c, number)?;
                let record = Record::of(c, &incident)?;
                let source = Source { incident: &incident, record: &record, now: incident.updated_at };
                blocks::expand(&newest.markdown, &source, Unknown::Kept)
            }
        };
    }
    Ok(readable)
}
