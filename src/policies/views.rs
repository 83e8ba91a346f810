//! The policy's page.

use askama::Template;

use super::forms::{WEEK, rule_field, severities};
use crate::action_items::model::{Owner, Priority};
use crate::error::FieldErrors;
use crate::incidents::model::Severity;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// A row of a table of rules.
pub struct RuleRow {
    /// `SEV1`, or `any`.
    pub severity: &'static str,
    /// The fields, one for each priority: name, label, value, sentence.
    pub cells: Vec<RuleCell>,
}

/// A field of that row.
pub struct RuleCell {
    /// Its name.
    pub name: String,
    /// What it is, for those who do not see the table.
    pub label: String,
    /// What stands in it.
    pub value: String,
    /// Whether it needs another look.
    pub is_wrong: bool,
}

/// `GET /admin/policy`
#[derive(Template)]
#[template(path = "policies/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// People to choose from.
    pub people: Vec<Owner>,
}

impl Show {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every priority.
    pub fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }

    /// The days of the week: field, name, whether it is off.
    pub fn week(&self) -> Vec<(String, &'static str, bool)> {
        WEEK.iter()
            .map(|(_, word, name)| {
                let field = format!("off-{word}");
                let is_off = self.fields.is_set(&field);
                (field, *name, is_off)
            })
            .collect()
    }

    /// A table of rules: `due` or `assign`.
    pub fn rules(&self, what: &str) -> Vec<RuleRow> {
        severities()
            .map(|severity| RuleRow {
                severity: severity.map_or("any", Severity::as_str),
                cells: Priority::ALL.iter().map(|priority| self.cell(what, severity, *priority)).collect(),
            })
            .collect()
    }

    fn cell(&self, what: &str, severity: Option<Severity>, priority: Priority) -> RuleCell {
        let name = rule_field(what, severity, priority);
        let whose = severity.map_or("any severity", Severity::as_str);
        RuleCell {
            label: format!("Days for {priority} at {whose}"),
            value: self.fields.get(&name).to_owned(),
            is_wrong: self.errors.of(&name).is_some(),
            name,
        }
    }
}
