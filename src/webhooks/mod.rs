//! Programs that are told by signed requests, as Standard Webhooks lays down, and the log of what was sent to whom.
//!
//! A secret is shown once and sealed in the database; after a change the old one signs beside the new one for a day.
//! A webhook that fails too often, or says that it is gone, is switched off; what waits for it waits.

pub mod forms;
pub mod log;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
