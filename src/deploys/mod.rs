//! Deploys: one recorded change to one service in one environment, with its trail (who stood for what), what it
//! replaced and what replaced it. They come by hand, by API and by hook ([`crate::hooks`]).
//!
//! Invariants: a deploy never finishes before it started; one external id of one source is one deploy, however
//! often it is sent; a sender's late message never takes a finished deploy back to started (a person may); what is
//! marked as undone or mended follows from the lane, in whatever order it was told, and a person's word stands.

pub mod api;
pub mod forms;

pub mod model;
pub mod model_marks;
pub mod pages;
pub mod queries;
pub mod queries_list;
pub mod queries_marks;
pub mod views;
