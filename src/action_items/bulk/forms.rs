//! A change of many items as it was typed.

use super::model::{BULK_LIMIT, BulkChange};
use crate::action_items::forms::refusal;
use crate::action_items::model::parse_key;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};

/// Which items a change takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Those that were ticked.
    These(Vec<i64>),
    /// Every one that the list's filter finds.
    AllThatMatch,
}

/// Reads the form: `item` for each tick or `all`, `change`, and the fields of that change.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn read(fields: &Fields) -> Result<(Chosen, BulkChange), Error> {
    let mut check = Check::new();
    let chosen = if fields.is_set("all") {
        Chosen::AllThatMatch
    } else {
        let mut numbers: Vec<i64> = fields.all("item").filter_map(parse_key).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() {
            check.add("item", "Tick the items that the change is for.");
        }
        if numbers.len() > BULK_LIMIT {
            check.add("item", format!("Tick at most {BULK_LIMIT} items at once."));
        }
        Chosen::These(numbers)
    };
    let change = match fields.get("change") {
        "assign" => Some(BulkChange::Assign(check.optional_line("bulk_owner", fields.some("bulk_owner"), LINE_LIMIT))),
        "due" => {
            let day = check.date("bulk_due_on", fields.some("bulk_due_on"));
            if fields.some("bulk_due_on").is_none() {
                check.add("bulk_due_on", "Choose the day on which they are due.");
            }
            let reason = check.text("reason", fields.some("reason"), TEXT_LIMIT).unwrap_or_default();
            if reason.trim().is_empty() {
                check.add("reason", "Say why the date changes; it goes into each item's history.");
            }
            day.map(|day| BulkChange::Due(day, reason.trim().to_owned()))
        }
        "priority" => check
            .word("bulk_priority", fields.some("bulk_priority"), "Choose the priority.")
            .map(BulkChange::Prioritise),
        "decline" => {
            if fields.some("reason").is_none() {
                check.add("reason", "Say why they will not be done; it goes into the register.");
            }
            Some(BulkChange::Decline(refusal(fields)?))
        }
        _ => {
            check.add("change", "Choose what to change: owner, due date, priority, or decline.");
            None
        }
    };
    match change {
        Some(change) if check.is_ok() => Ok((chosen, change)),
        _ => Err(check.into_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_items_and_one_change() {
        let read = |text: &str| read(&Fields::parse(text.as_bytes()));
        let (chosen, change) = read("item=ACT-3&item=ACT-1&item=ACT-3&change=assign&bulk_owner=ada").unwrap();
        assert_eq!(chosen, Chosen::These(vec![1, 3]));
        assert_eq!(change, BulkChange::Assign(Some("ada".to_owned())));
        assert_eq!(read("all=on&change=assign").unwrap().0, Chosen::AllThatMatch);
        for (odd, count) in [
            ("change=assign", 1),
            ("item=ACT-1", 1),
            ("item=ACT-1&change=due", 2),
            ("item=ACT-1&change=priority&bulk_priority=P9", 1),
            ("item=ACT-1&change=decline", 1),
        ] {
            let Err(Error::Invalid(errors)) = read(odd) else { panic!("{odd}") };
            assert_eq!(errors.len(), count, "{odd}");
        }
    }
}
