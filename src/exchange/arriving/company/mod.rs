//! People, teams, services, factors and deploys of an export, into the database.

pub mod queries;
