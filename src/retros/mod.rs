//! A retro: a team's meeting that walks a frozen agenda, takes a decision per entry, and leaves minutes.
//!
//! Words: a retro is *prepared*, *running*, *closed* or *skipped*; its agenda holds *entries* (an action item, a
//! postmortem, an incident or a deploy), each with the *reason* why it is there; people take *decisions*; a *series*
//! makes retros come back. Invariants: everything lives in the database, so that a browser that dies loses nothing;
//! each change raises the retro's revision under its row's lock, and whoever watches is told that number; a decision
//! is a row that is never changed, only marked as taken back; the author of an anonymous card is not stored. No count
//! here has a person on an axis.

pub mod agenda;
pub mod api;
pub mod calendar;
pub mod forms;
pub mod jobs;
pub mod live;
pub mod minutes;
pub mod model;
pub mod notes;
pub mod pages;
pub mod pages_cards;
pub mod pages_live;
pub mod pages_series;
pub mod queries;
pub mod queries_cards;
pub mod queries_close;
pub mod queries_decide;
pub mod queries_series;
pub mod queries_stage;
pub mod views;
pub mod views_cards;
pub mod words;
