//! Insights: what the records say taken together. Reads everybody, and nobody reads it. No figure has a person on
//! an axis.

pub mod actions;
