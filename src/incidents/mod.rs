//! Incidents: what hurt, or nearly. An incident has a severity, a status, times, services, people in roles,
//! impact figures and tags; deploys are linked to it, its timeline tells the story, its postmortem what was learned.
//!
//! Invariants: a resolved incident has a time of resolution and one of mitigation, an unresolved one has none of
//! resolution; times are in order ([`model::Times::errors`]); a time that is changed or cleared leaves its old value
//! on record; every change is on the timeline and in the audit log, written in the transaction of the change.

pub mod api;
pub mod around;
pub mod forms;
pub mod model;
pub mod news;
pub mod pages;
pub mod queries;
pub mod queries_titles;
pub mod record;
pub mod register;
pub mod steps;
pub mod story;
pub mod strip;
pub mod views;
