//! What can be done to many items at once.

use chrono::NaiveDate;

use crate::action_items::life::model::Refusal;
use crate::action_items::model::Priority;

/// Most items that one change takes.
pub const BULK_LIMIT: usize = 500;

/// A change of many items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkChange {
    /// They go to this person (handle or address), or to nobody.
    Assign(Option<String>),
    /// They are due on this day, for this reason.
    Due(NaiveDate, String),
    /// They get this priority; dates that a rule set move along.
    Prioritise(Priority),
    /// None of them will be done.
    Decline(Refusal),
}

impl BulkChange {
    /// The verb of the audit log.
    pub fn verb(&self) -> &'static str {
        match self {
            BulkChange::Assign(_) => "action_item.reassign",
            BulkChange::Due(..) => "action_item.put_off",
            BulkChange::Prioritise(_) => "action_item.change",
            BulkChange::Decline(_) => "action_item.decline",
        }
    }
}
