//! A service's release settings, and the checklist of a deploy.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{checklist_items, checklist_ticks, release_settings};
use crate::text_enum;

text_enum! {
    /// What the answer to a pipeline's "may I" is worth.
    pub enum Bindingness {
        /// The pipeline is told, and goes on as it likes.
        Advice = "advice",
        /// "Wait" comes as a refusal, at which a pipeline stops.
        Lock = "lock",
    }
}

text_enum! {
    /// A step in the life of a checklist's item.
    pub enum Step {
        /// Done.
        Ticked = "ticked",
        /// Not done after all.
        Unticked = "unticked",
    }
}

/// Most items of one checklist.
pub const ITEM_LIMIT: usize = 50;
/// Longest item, in characters.
pub const ITEM_TEXT_LIMIT: usize = 500;

/// How a service's releases go.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = release_settings)]
pub struct Settings {
    /// Whose they are.
    pub service_id: i64,
    /// Markdown with a task list; empty for none.
    pub checklist: String,
    /// For which environment; empty for every one.
    pub checklist_environment: String,
    /// What "wait" is worth.
    pub bindingness: Bindingness,
}

/// The settings as somebody wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsDraft {
    /// See [`Settings::checklist`].
    pub checklist: String,
    /// See [`Settings::checklist_environment`].
    pub checklist_environment: String,
    /// See [`Settings::bindingness`].
    pub bindingness: Bindingness,
}

/// One thing to do for a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = checklist_items)]
pub struct Item {
    /// Row id.
    pub id: i64,
    /// Whose checklist.
    pub deploy_id: i64,
    /// Its place.
    pub position: i64,
    /// What is to be done.
    pub text: String,
    /// When it was done.
    pub ticked_at: Option<Moment>,
    /// By whom.
    pub ticked_by: Option<i64>,
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = checklist_ticks)]
pub struct Tick {
    /// Row id.
    pub id: i64,
    /// Of which item.
    pub item_id: i64,
    /// Ticked or unticked.
    pub step: Step,
    /// By whom, by name.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
}

/// The items of a Markdown task list, in order: lines like `- [ ] Run the migrations`. Anything around them is for
/// the reader of the template alone.
pub fn items(markdown: &str) -> Vec<String> {
    markdown.lines().filter_map(item).collect()
}

fn item(line: &str) -> Option<String> {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = if digits > 0 { line[digits..].strip_prefix(['.', ')'])? } else { line.strip_prefix(['-', '*', '+'])? };
    let rest = rest.trim_start();
    let text = ["[ ]", "[x]", "[X]"].iter().find_map(|sign| rest.strip_prefix(sign))?;
    let text = text.strip_prefix([' ', '\t'])?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_the_lines_of_a_task_list() {
        let markdown = "Before you ship:\n\n- [ ] Migrations ran\n  * [x] and were looked at\n1. [ ] Tell support\n- not one\n- [ ]\n-[ ] close\n[ ] bare";
        assert_eq!(items(markdown), ["Migrations ran", "and were looked at", "Tell support", "close"]);
    }
}
