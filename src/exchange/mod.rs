//! Postmortems as files: reading what other teams and tools wrote, and Debrief's own export.
//!
//! Pure: it turns text into values and values into text. It must never touch the database or
//! the file system, and must never change a byte of the text of a postmortem.

mod durations;
pub mod export;
mod fields;
mod follow_ups;
pub mod front_matter;
mod lines;
mod moments;
pub mod postmortem_file;
mod timeline;
mod titles;
mod tokens;
mod zones;
