//! Policies: by when an action item is due, by when it must have an owner, and who hears of it when it is late.
//!
//! One document, edited by admins and kept in the settings: a *rule* for each priority, and for a severity of its own
//! where it shall differ; working days and holidays; the people who are named. A date that a rule set says so in
//! the item's history.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
