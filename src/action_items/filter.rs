//! Which items a list shows, read from its address and written back into it. Pure.

use chrono::NaiveDate;

use super::model::{ActionKind, ActionStatus, Priority};
use crate::error::Error;
use crate::text_enum;
use crate::web::fields::{Check, Fields, LINE_LIMIT};

text_enum! {
    /// The named views of the list.
    pub enum View {
        /// Unfinished, and the viewer's own.
        Mine = "mine",
        /// Unfinished, of the viewer's teams.
        Team = "team",
        /// Unfinished and past the due date.
        Late = "late",
        /// Unfinished and without an owner.
        Unassigned = "unassigned",
        /// Unfinished and untouched for 30 days.
        Stale = "stale",
        /// Unfinished, and something stands in the way.
        Blocked = "blocked",
        /// Unfinished.
        Open = "open",
        /// Done, but nobody has looked yet.
        Done = "done",
        /// Finished, and the day has come to say whether it works.
        Checks = "checks",
        /// The register of what will not be done.
        Declined = "declined",
        /// Everything.
        All = "all",
    }
}

impl View {
    /// The view's name on its tab.
    pub fn words(self) -> &'static str {
        match self {
            View::Mine => "Mine",
            View::Team => "My team's",
            View::Late => "Late",
            View::Unassigned => "Unassigned",
            View::Stale => "Stale",
            View::Blocked => "Blocked",
            View::Open => "All open",
            View::Done => "To verify",
            View::Checks => "Does it work?",
            View::Declined => "Declined",
            View::All => "Everything",
        }
    }
}

/// Which items a list shows. Every part narrows the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The named view.
    pub view: View,
    /// Handle or address of the owner.
    pub owner: Option<String>,
    /// Slug or name of the team.
    pub team: Option<String>,
    /// Slug of a service that the incident touched.
    pub service: Option<String>,
    /// Slug of the contributing factor.
    pub factor: Option<String>,
    /// Number of the incident.
    pub incident: Option<i64>,
    /// What it is to achieve.
    pub kind: Option<ActionKind>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Where it is in its life.
    pub status: Option<ActionStatus>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
}

/// The fields of the filter, as they stand in addresses.
const NAMES: [&str; 9] = ["owner", "team", "service", "factor", "incident", "kind", "priority", "status", "due_before"];

impl Filter {
    /// Every item of `view`.
    pub fn of(view: View) -> Self {
        Filter {
            view,
            owner: None,
            team: None,
            service: None,
            factor: None,
            incident: None,
            kind: None,
            priority: None,
            status: None,
            due_before: None,
        }
    }

    /// Reads the fields of an address; without `view` it is `default`.
    ///
    /// # Errors
    /// 422 with a sentence for each field that cannot be read.
    pub fn read(fields: &Fields, default: View) -> Result<Self, Error> {
        let mut check = Check::new();
        let view = check.word_or("view", fields.some("view"), default);
        let owner = check.optional_line("owner", fields.some("owner"), LINE_LIMIT);
        let team = check.optional_line("team", fields.some("team"), LINE_LIMIT);
        let service = check.optional_line("service", fields.some("service"), LINE_LIMIT);
        let factor = check.optional_line("factor", fields.some("factor"), LINE_LIMIT);
        let incident = fields.some("incident").and_then(|text| incident_number(&mut check, text));
        let kind = fields.some("kind").and_then(|text| check.word("kind", Some(text), ""));
        let priority = fields.some("priority").and_then(|text| check.word("priority", Some(text), ""));
        let status = fields.some("status").and_then(|text| check.word("status", Some(text), ""));
        let due_before = check.date("due_before", fields.some("due_before"));
        check.finish()?;
        let view = view.unwrap_or(default);
        Ok(Filter { view, owner, team, service, factor, incident, kind, priority, status, due_before })
    }

    /// Whether something narrows the view.
    pub fn narrows(fields: &Fields) -> bool {
        NAMES.iter().any(|name| fields.some(name).is_some())
    }

    /// The fields of `fields` that narrow a view, with their values.
    pub fn kept(fields: &Fields) -> Vec<(&'static str, String)> {
        NAMES.iter().filter_map(|name| Some((*name, fields.some(name)?.to_owned()))).collect()
    }

    /// The list's address with `view`, the filter of `fields`, and `more` such as a cursor.
    pub fn address(fields: &Fields, view: &str, more: Option<(&str, &str)>) -> String {
        format!("/action-items?{}", Filter::query(fields, view, more))
    }

    /// What stands in that address after the question mark.
    pub fn query(fields: &Fields, view: &str, more: Option<(&str, &str)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("view", view);
        for name in NAMES {
            if let Some(value) = fields.some(name) {
                query.append_pair(name, value);
            }
        }
        if let Some((name, value)) = more {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

/// The number of an incident from `INC-42` or `42`.
pub fn incident_number(check: &mut Check, text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("INC-") => &text[4..],
        _ => text,
    };
    let number = digits.parse().ok().filter(|number: &i64| *number > 0 && digits.bytes().all(|b| b.is_ascii_digit()));
    if number.is_none() {
        check.add("incident", "Give the incident's key, such as INC-42.");
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_the_filter_that_made_it() {
        let fields = Fields::parse(b"view=late&owner=ada&incident=INC-42&due_before=2026-12-01&team=");
        let filter = Filter::read(&fields, View::Open).unwrap();
        assert_eq!((filter.view, filter.incident), (View::Late, Some(42)));
        let address = Filter::address(&fields, "late", Some(("after", "x")));
        assert_eq!(address, "/action-items?view=late&owner=ada&incident=INC-42&due_before=2026-12-01&after=x");
        let again = Fields::parse(address.split_once('?').unwrap().1.as_bytes());
        assert_eq!(Filter::read(&again, View::Open).unwrap(), filter);
        assert!(Filter::narrows(&fields) && !Filter::narrows(&Fields::parse(b"view=late")));
    }

    #[test]
    fn every_word_that_cannot_be_read_is_told() {
        let fields = Fields::parse(b"view=odd&kind=odd&priority=P9&status=odd&incident=odd&due_before=soon");
        let Err(Error::Invalid(errors)) = Filter::read(&fields, View::Open) else { panic!("it is all odd") };
        assert_eq!(errors.len(), 6);
    }
}
