//! Action items: what was decided to do about it, carried to a verified end.
//!
//! Words: an item is *open*, *in progress*, *done*, *verified* or *declined*. Invariants: done needs evidence,
//! declined needs a reason, verified comes only after done, and every change is a row of its history with who,
//! when, the old and the new value, and why. No list or figure of this room ranks people.

pub mod api;
pub mod filter;
pub mod forms;
pub mod history;
pub mod list;
pub mod model;
pub mod news;
pub mod pages;
pub mod queries;
pub mod views;
