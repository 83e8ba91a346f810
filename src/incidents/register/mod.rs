//! The list of incidents, with its filters as they stand in an address.

pub mod queries;

use self::queries::{Filter, StatusFilter};
use super::model::{IncidentKind, IncidentStatus, Severity};
use crate::error::Error;
use crate::web::fields::{Check, Fields};
use crate::web::times::Zone;

/// The fields of the filter.
pub const FILTERS: [&str; 7] = ["status", "severity", "kind", "service", "tag", "from", "to"];

impl Filter {
    /// Reads the fields of an address; days are days of `zone`.
    ///
    /// # Errors
    /// 422 with a sentence for each field that cannot be read.
    pub fn from_fields(fields: &Fields, zone: &Zone) -> Result<Self, Error> {
        let mut check = Check::new();
        let status = match fields.some("status") {
            Some("live") => Some(StatusFilter::Live),
            Some(word) => check.word::<IncidentStatus>("status", Some(word), "").map(StatusFilter::One),
            None => None,
        };
        let severity = fields.some("severity").map(str::to_ascii_uppercase);
        let severity = severity.and_then(|word| check.word::<Severity>("severity", Some(&word), ""));
        let kind = fields.some("kind").and_then(|word| check.word::<IncidentKind>("kind", Some(word), ""));
        let midnight = |check: &mut Check, name: &str, days: u64| {
            let date = check.date(name, fields.some(name))?.checked_add_days(chrono::Days::new(days))?;
            // Where the clock jumps over midnight the day begins an hour later.
            zone.parse(&format!("{date}T00:00")).or_else(|_| zone.parse(&format!("{date}T01:00"))).ok()
        };
        let from = midnight(&mut check, "from", 0);
        let before = midnight(&mut check, "to", 1);
        let (service, tag) = (fields.some("service").map(str::to_owned), fields.some("tag").map(str::to_lowercase));
        check.finish()?;
        Ok(Filter { status, severity, kind, service, tag, from, before })
    }
}

/// An address of the list with the filter of `fields` and a cursor under `name`.
pub fn address(fields: &Fields, name: &str, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for filter in FILTERS {
        if let Some(value) = fields.some(filter) {
            query.append_pair(filter, value);
        }
    }
    query.append_pair(name, cursor);
    format!("/incidents?{}", query.finish())
}
