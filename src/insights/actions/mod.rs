//! Finished action items whose factor came back.

pub mod pages;
pub mod queries;
pub mod views;
