//! Insights: figures over everything, each with its definition, n and period. Reads everybody; nobody reads it. No
//! figure has a person on an axis.

pub mod actions;
pub mod delivery;
pub mod share;
pub mod suspects;
