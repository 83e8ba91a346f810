//! Everything that an incident's page shows, read in one go.

pub mod queries;
