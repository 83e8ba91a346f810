//! The board: a column for each status, moved by plain buttons.

pub mod pages;
pub mod views;
