//! The timeline of an incident: what happened when, by whose account, and how that is known.
//!
//! Events are ordered by their own time and then by their id, so that several accounts of one moment stand
//! side by side. Automatic events (deploys, alerts, changes of status) are facts: they can be neither edited
//! nor deleted, and a wrong time is corrected where it came from. A deleted event stays in the database and
//! can be put back. Every change is in the audit log with the old and the new text.

pub mod api;
pub mod chat;
pub mod forms;
pub mod known;
pub mod line;
pub mod model;
pub mod pages;
pub mod panel;
pub mod queries;
pub mod views;
mod zone_words;
