//! Reading: what a team may want to read, what is like what, and who wants it known that they read something.
//!
//! A read mark is set and taken away by the reader alone; nobody is counted, and nothing is marked by opening a page.

pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
