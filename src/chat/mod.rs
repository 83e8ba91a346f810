//! A team's channels in chat programs: Slack, Microsoft Teams and Mattermost, by their incoming webhooks.
//!
//! The address of an incoming webhook is its secret: it is sealed in the database, shown to nobody again, and called
//! through the guarded client alone. A channel that fails too often is switched off, and what waits for it waits.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
