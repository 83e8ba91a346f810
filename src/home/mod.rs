//! Home: what needs me now, then what happened lately. Reads every room, and none reads it.

pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
