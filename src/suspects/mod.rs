//! Suspects: which change may have caused an incident, how likely, and why; and which one may have ended it.
//!
//! - **ranking**: the pure part. Changes in, probabilities and reasons out, and *none of these* as an answer.
//! - **reckoning**: the ranking of one incident as it stands now, kept so that pages only read it. It is made when
//!   an incident is declared and again whenever a fact changes: services, times, a deploy that arrives late, a
//!   verdict.
//! - **verdict**: what a person says (`links`), kept beside what was proposed at that moment, so that the proposals
//!   can be measured.
//! - **learning**: what the last incidents say about how changes hurt here. It is made again from the record, so
//!   that a verdict that is taken back is forgotten.
//!
//! The program proposes and never decides: it sets no link. No person is among the signals.

pub mod api;
pub mod cli;
pub mod fixes;
pub mod jobs;
pub mod lines;
pub mod model;
pub mod pages;
pub mod queries;
pub mod queries_case;
pub mod queries_learning;
pub mod ranking;
pub mod wire;
