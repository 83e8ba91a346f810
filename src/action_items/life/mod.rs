//! The life of an item: its steps, what each asks for, and how the last one is taken back.

pub mod model;
pub mod pages;
pub mod queries;
pub mod replacing;
