//! The changes page: deploys of all services over a stretch of time, with incidents laid over them.
//!
//! It reads the other rooms and writes nothing. Whatever the size of the database, a page shows a bounded number of
//! services, and for each of them either every deploy or counts that are bounded too.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
