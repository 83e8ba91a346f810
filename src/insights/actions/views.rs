//! The page.

use askama::Template;

use super::queries::Figures;
use crate::action_items::model::ActionRow;
use crate::incidents::model::Incident;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// A finished item whose factor came back.
pub struct Line {
    /// The item.
    pub row: ActionRow,
    /// When it was finished.
    pub closed: Option<Stamp>,
    /// The last incident that its factor struck.
    pub struck: Option<(Incident, Stamp)>,
}

/// An item that was reopened because it came back.
pub struct Reopened {
    /// The item.
    pub row: ActionRow,
    /// When it was reopened.
    pub at: Stamp,
    /// Why.
    pub why: String,
}

/// `GET /insights/actions`
#[derive(Template)]
#[template(path = "insights/actions.html")]
pub struct Actions {
    /// The frame.
    pub layout: Layout,
    /// The figures.
    pub figures: Figures,
    /// Finished items whose factor came back.
    pub lines: Vec<Line>,
    /// Items that were reopened.
    pub reopened: Vec<Reopened>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
}

impl Actions {
    /// The finding in words.
    pub fn finding(&self) -> String {
        let Figures { finished_count, came_back_count } = self.figures;
        match (finished_count, came_back_count) {
            (0, _) => "No finished item works on a factor yet, so there is nothing to say.".to_owned(),
            (1..5, back) => format!("{back} of {finished_count} came back: not enough items for a share."),
            (finished, back) => format!(
                "Of the last {finished} finished items that work on a factor, the factor of {back} came back ({} %).",
                back * 100 / finished
            ),
        }
    }
}
