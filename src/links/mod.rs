//! Links between incidents and deploys: what somebody says that a deploy has to do with an incident.
//!
//! Many to many, from both pages. A link holds the present word; every word that was ever said about the pair,
//! its removal included, stays in the verdicts. A program may only ever suspect; a person says the rest, and a
//! program never overrules a person.

pub mod lines;
pub mod model;
pub mod queries;
