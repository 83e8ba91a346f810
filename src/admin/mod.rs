//! What admins look after: people, the audit log, and work that failed. Sources are in `hooks/`.

pub mod forms;
pub mod pages;
pub mod queries;
pub mod views;
