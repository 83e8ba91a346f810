//! The log of messages: what was sent to whom, each try, and what came of it. Admins read it and send again.

pub mod pages;
pub mod queries;
pub mod views;
