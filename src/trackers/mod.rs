//! Trackers: the same work as an issue of GitHub, GitLab or Jira, created with one click and kept in step both ways.
//!
//! A *tracker* is one project of one of them, with a team's own token. An item has at most one *issue*. What goes out
//! is done by a job per issue, one at a time: it looks for the issue by its mark before it creates it, so that a job
//! that is done twice makes no double. What comes in is a signed delivery, taken once. No loops: an issue's row holds
//! what the other side is known to say, and nothing is sent that it says already.
//!
//! `github.rs`, `gitlab.rs` and `jira.rs` are pure: they write requests and read answers and deliveries.

pub mod forms;
pub mod github;
pub mod gitlab;
pub mod jira;
pub mod jobs;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
