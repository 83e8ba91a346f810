//! The list of postmortems: those to write (resolved incidents without one), drafts, published, not needed.

pub mod pages;
pub mod queries;

use crate::text_enum;

text_enum! {
    /// A compartment of the list.
    pub enum Shelf {
        /// For everybody to read.
        Published = "published",
        /// Being written.
        Draft = "draft",
        /// Resolved incidents without one.
        ToWrite = "to_write",
        /// Somebody said why none is written.
        NotNeeded = "not_needed",
    }
}

impl Shelf {
    /// As a tab says it.
    pub const fn label(self) -> &'static str {
        match self {
            Shelf::Published => "Published",
            Shelf::Draft => "Drafts",
            Shelf::ToWrite => "To write",
            Shelf::NotNeeded => "Not needed",
        }
    }
}
