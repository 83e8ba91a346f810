//! Roles, impact figures and corrections.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{impact_figures, time_corrections};
use crate::incidents::model::TimeField;
use crate::text_enum;

text_enum! {
    /// What somebody does while it hurts. Each is held by one person at a time.
    pub enum IncidentRole {
        /// Decides.
        Lead = "lead",
        /// Writes down what happens.
        Scribe = "scribe",
        /// Tells the others.
        Communications = "communications",
        /// Knows the thing that broke.
        Expert = "expert",
    }
}

impl IncidentRole {
    /// As a page says it.
    pub const fn label(self) -> &'static str {
        match self {
            IncidentRole::Lead => "Lead",
            IncidentRole::Scribe => "Scribe",
            IncidentRole::Communications => "Communications",
            IncidentRole::Expert => "Expert",
        }
    }
}

text_enum! {
    /// Where a number comes from.
    pub enum Basis {
        /// Somebody counted.
        Measured = "measured",
        /// Somebody guessed well.
        Estimated = "estimated",
    }
}

/// Most impact figures of one incident.
pub const FIGURE_LIMIT: i64 = 50;

/// A number that says how much it hurt.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = impact_figures)]
pub struct ImpactFigure {
    /// Row id.
    pub id: i64,
    /// The incident.
    pub incident_id: i64,
    /// What was counted.
    pub label: String,
    /// How many or much, in `unit`.
    pub amount: f64,
    /// What one of it is: `users`, `EUR`; may be empty.
    pub unit: String,
    /// Where the number is from; may be empty.
    pub source: String,
    /// Counted or guessed.
    pub basis: Basis,
    /// Who wrote it down.
    pub created_by: Option<i64>,
    /// When it was written down.
    pub created_at: Moment,
}

impl ImpactFigure {
    /// The amount with thousands apart: `31,000`, `0.5`.
    pub fn amount_text(&self) -> String {
        group_thousands(self.amount)
    }
}

/// A figure as somebody wants to add it.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureDraft {
    /// What was counted.
    pub label: String,
    /// Finite and not negative.
    pub amount: f64,
    /// May be empty.
    pub unit: String,
    /// May be empty.
    pub source: String,
    /// Counted or guessed.
    pub basis: Basis,
}

/// A time that was changed, with what it was.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = time_corrections)]
pub struct TimeCorrection {
    /// Row id.
    pub id: i64,
    /// The incident.
    pub incident_id: i64,
    /// Which time.
    pub field: TimeField,
    /// What it was.
    pub old_at: Option<Moment>,
    /// What it became.
    pub new_at: Option<Moment>,
    /// Why; may be empty.
    pub reason: String,
    /// Who corrected it.
    pub corrected_by: Option<i64>,
    /// When.
    pub corrected_at: Moment,
}

fn group_thousands(amount: f64) -> String {
    let text = format!("{amount}");
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (text.as_str(), String::new()),
    };
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        for (amount, text) in [(0.0, "0"), (1204.0, "1,204"), (31000.5, "31,000.5"), (999.0, "999"), (1e6, "1,000,000")] {
            assert_eq!(group_thousands(amount), text);
        }
    }
}
