//! Review: named people are asked by a date, they comment on passages, and they approve or ask for a change.
//!
//! Invariants: a verdict speaks of one revision and is never changed; a newer revision makes it stale, which is
//! computed and not stored. A comment keeps the words that it speaks of: it is found again in later revisions by them
//! and by those around (see [`anchor`]), and one that has lost its passage is shown with its words.

pub mod anchor;
pub mod beside;
pub mod comments;
pub mod forms;
pub mod jobs;
pub mod model;
pub mod pages;
pub mod queries;
pub mod register;
pub mod views;
