//! Action items: what was decided to do about it, carried to a verified end.
//!
//! Words: an item is *open*, *in progress*, *done*, *verified* or *declined*; an unfinished one may be *blocked*, or
//! *put off*: its due date moved back, which is counted. A finished one has an *effect check*. Split and merged items
//! are *replaced* by others. Invariants: done needs evidence, declined needs a reason and a day to look again,
//! verified comes only after done (for P1 and P2 by somebody else), and every change is a row of its history with
//! who, when, the old and the new value, and why. No list or figure of this room ranks people.

pub mod api;
pub mod board;
pub mod bulk;
pub mod effects;
pub mod export;
pub mod filter;
pub mod forms;
pub mod hints;
pub mod history;
pub mod life;
pub mod list;
pub mod model;
pub mod news;
pub mod pages;
pub mod queries;
pub mod views;
