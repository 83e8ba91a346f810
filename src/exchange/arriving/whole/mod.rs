//! Incidents and action items of an export, whole, into the database.

pub mod queries;
