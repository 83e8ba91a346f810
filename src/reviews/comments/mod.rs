//! Comments on passages, with replies.

pub mod pages;
pub mod queries;
