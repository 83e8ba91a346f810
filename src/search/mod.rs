//! One box over incidents, postmortems, timeline, deploys and action items. Reads everybody; nobody reads it.
//!
//! The documents follow their records by trigger (see the search migration), so there is nothing to write here.

pub mod api;
pub mod model;
pub mod pages;
pub mod queries;
mod queries_newest;
pub mod views;
