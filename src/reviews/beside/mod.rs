//! What stands beside a postmortem for its writers and readers.

pub mod queries;
