//! Templates of postmortems, and the rules that say which one an incident gets.
//!
//! Some come with the program, in our own words, after shapes that are known in the field; an admin may change
//! them, and take the change back. A rule names a severity, a kind and a service, or any of them; the one that says
//! most wins. A template that is changed changes no text that was begun with it.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
