//! Debrief.

pub mod exchange;
pub mod markdown;
