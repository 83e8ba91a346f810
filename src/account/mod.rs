//! One's own settings: name and zone, password, open sessions, API tokens.

pub mod forms;
pub mod pages;
pub mod queries;
pub mod views;
