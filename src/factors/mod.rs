//! Contributing factors: conditions that made incidents possible, kept as records so that the next incident with
//! the same one says so. Never a root cause and never a person. A factor is found by its slug; naming an unknown
//! one makes it (see [`queries::find_or_add`]).

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
