//! The public version of a postmortem: a text of its own for readers outside.
//!
//! It starts from the internal one with people as roles, is checked for what should stay inside, and goes out only
//! when somebody shares it; what the check still finds must be confirmed. Readers see the text as it was shared, by a
//! secret link that can be revoked, on a page without anything of the house around it.

pub mod check;
pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
