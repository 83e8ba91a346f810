//! The list as a table for spreadsheets: CSV, sent page by page, so that its length costs no memory.

pub mod csv;
pub mod pages;
