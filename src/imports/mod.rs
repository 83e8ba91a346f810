//! Bringing postmortems in from the browser: pasted, or as files.
//!
//! Nothing is stored before somebody has seen what each text becomes. The bytes travel with the page in between, so
//! that what is stored is what was shown. What a text becomes is decided in [`crate::exchange`], as for the command
//! line; the same text is never brought in twice.

pub mod forms;
pub mod pages;
pub mod views;
