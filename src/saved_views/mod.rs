//! Views with a name: a query of the list of action items that a person, or a team, wants again and again.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
