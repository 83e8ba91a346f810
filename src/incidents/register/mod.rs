//! The list of incidents, with its filters.

pub mod queries;
