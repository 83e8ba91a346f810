//! Debrief.

pub mod demo;
