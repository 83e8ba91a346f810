//! One box over incidents, postmortems, timeline, deploys and action items. Reads everybody; nobody reads it.
//!
//! The documents follow their records by trigger (see the search migration), so there is nothing to write here.

pub mod api;
mod facets;
mod marks;
pub mod model;
mod on_postgres;
mod on_sqlite;
pub mod pages;
pub mod queries;
pub mod snippet;
pub mod views;
