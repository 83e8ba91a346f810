//! How good the proposals of suspects are, by the team's own verdicts.

pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
