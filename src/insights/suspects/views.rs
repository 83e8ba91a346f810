//! The page.

use askama::Template;

use super::model::Figures;
use crate::web::layout::Layout;

/// `GET /insights/suspects`
#[derive(Template)]
#[template(path = "insights/suspects.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// What is shown.
    pub figures: Figures,
    /// The period in days; 0 for all time.
    pub days: i64,
    /// The period in words.
    pub period: &'static str,
    /// What was learned, as a sentence or two.
    pub learned: String,
}

impl Show {
    /// Periods to choose from.
    pub fn periods(&self) -> Vec<(String, &'static str)> {
        super::pages::PERIODS.iter().map(|(days, label)| (days.to_string(), *label)).collect()
    }

    /// The chosen period.
    pub fn chosen(&self) -> String {
        self.days.to_string()
    }

    /// Whether nobody has said anything yet.
    pub fn is_blank(&self) -> bool {
        self.figures.confirmed.whole == 0
            && self.figures.right_first.whole == 0
            && self.figures.falsely_accused.whole == 0
    }
}
