//! The pages of a retro's cards.

use askama::Template;

use super::minutes::votes;
use super::model::{CardsPhase, Mood, Retro};
use super::queries_cards::{CardRow, Vote};
use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// A column of cards.
pub struct Column {
    /// What its cards say about the time.
    pub mood: Mood,
    /// The cards that lie on top, with those under them, and all of their votes.
    pub piles: Vec<Pile>,
}

/// A card and what lies under it.
pub struct Pile {
    /// The card on top.
    pub top: CardRow,
    /// Those under it.
    pub under: Vec<CardRow>,
    /// Their votes together.
    pub vote_count: i64,
}

impl Pile {
    /// `3 votes`
    pub fn vote_words(&self) -> String {
        if self.vote_count == 1 { "1 vote".to_owned() } else { format!("{} votes", self.vote_count) }
    }
}

/// The table of cards.
#[derive(Template)]
#[template(path = "retros/_cards.html")]
pub struct Table {
    /// The retro.
    pub retro: Retro,
    /// Every card.
    pub cards: Vec<CardRow>,
    /// Who looks.
    pub viewer_id: i64,
    /// Whether they may change something.
    pub may_write: bool,
}

// A part of a page is a template of its own; what it prints is escaped already.
impl askama::filters::HtmlSafe for Table {}

impl Table {
    /// Whether cards are on the table.
    pub fn is_revealed(&self) -> bool {
        self.retro.cards_phase == CardsPhase::Revealed || !self.retro.is_running()
    }

    /// Whether people write.
    pub fn is_writing(&self) -> bool {
        self.retro.is_running() && self.retro.cards_phase == CardsPhase::Writing
    }

    /// Whether something can be done with cards.
    pub fn is_on(&self) -> bool {
        self.may_write && self.retro.is_running()
    }

    /// Votes that the viewer has left.
    pub fn votes_left(&self) -> i64 {
        let given = self.cards.iter().filter(|row| row.is_mine == Vote::Given).count();
        self.retro.votes_each - i64::try_from(given).unwrap_or(0)
    }

    /// How many cards the viewer may not read yet.
    pub fn hidden_count(&self) -> usize {
        if self.is_revealed() { 0 } else { self.cards.iter().filter(|row| !self.is_own(row)).count() }
    }

    fn is_own(&self, row: &CardRow) -> bool {
        row.card.author_id == Some(self.viewer_id)
    }

    /// Whether the viewer gave this card a vote.
    pub fn is_voted(&self, row: &CardRow) -> bool {
        row.is_mine == Vote::Given
    }

    /// The columns with the cards that the viewer may read.
    pub fn columns(&self) -> Vec<Column> {
        let may_read = |row: &&CardRow| self.is_revealed() || self.is_own(row);
        Mood::ALL
            .iter()
            .map(|mood| {
                let mut piles: Vec<Pile> = self
                    .cards
                    .iter()
                    .filter(may_read)
                    .filter(|row| row.card.mood == *mood && row.card.group_id.is_none())
                    .map(|top| Pile {
                        under: self
                            .cards
                            .iter()
                            .filter(|row| row.card.group_id == Some(top.card.id))
                            .cloned()
                            .collect(),
                        vote_count: votes(&self.cards, top),
                        top: top.clone(),
                    })
                    .collect();
                if !self.retro.is_running() {
                    piles.sort_by_key(|pile| (-pile.vote_count, pile.top.card.id));
                }
                Column { mood: *mood, piles }
            })
            .collect()
    }
}

/// `GET /retros/{id}/cards`
#[derive(Template)]
#[template(path = "retros/cards.html")]
pub struct Cards {
    /// The frame.
    pub layout: Layout,
    /// The table.
    pub table: Table,
    /// The team's name.
    pub team: String,
    /// The period in words.
    pub period: String,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Cards {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every column.
    pub fn moods(&self) -> &'static [Mood] {
        Mood::ALL
    }

    /// Whether a round is to begin.
    pub fn is_off(&self) -> bool {
        self.table.retro.is_running() && self.table.retro.cards_phase == CardsPhase::Off
    }
}
