//! The revisions of a postmortem: their history, what changed between two, and bringing one back.

pub mod comparison;
pub mod pages;
