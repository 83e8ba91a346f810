//! Releases: what should be true before and while a change goes out. A checklist for each deploy, built from its
//! service's template; freeze windows; and the answer to a pipeline's "may I".
//!
//! Invariants: the answer is advice unless the service's team made it binding, and Debrief never refuses to record
//! what happened; a deploy's checklist is its own once it was built, whatever becomes of the template; who ticked
//! what and when stays on record, also when the tick was taken away again.

pub mod api;
pub mod forms;
pub mod model;
pub mod model_freeze;
pub mod pages;
pub mod queries;
pub mod queries_freeze;
pub mod readiness;
pub mod views;
