//! Postmortems as files: reading what other teams and tools wrote, and Debrief's own export, whole.
//!
//! Reading and writing of texts is pure: text into values and values into text. Only `arriving` and `leaving` touch
//! the file system and the database. Nothing here may change a byte of the text of a postmortem.

pub mod arriving;
pub mod cli;
mod durations;
pub mod export;
mod fields;
mod follow_ups;
pub mod front_matter;
pub mod leaving;
mod lines;
mod moments;
pub mod postmortem_file;
mod slashed_dates;
pub mod standing;
mod timeline;
mod titles;
mod tokens;
pub mod tools;
pub mod wire;
mod zones;
