//! People, sessions and tokens; who may do what.
//!
//! A handler says by the type of its first argument whom it serves: [`who::Viewer`], [`who::Member`],
//! [`who::Admin`] for pages, [`who::ApiRead`], [`who::ApiWrite`], [`who::ApiIngest`] for programs.
//! A handler without one serves everybody.

pub mod actor;
pub mod answers;
pub mod audit;
pub mod forms;
pub mod model;
pub mod nav;
pub mod pages;
pub mod passwords;
pub mod queries;
pub mod sealed;
pub mod secrets;
pub mod views;
pub mod who;
