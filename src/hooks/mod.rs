//! What comes in from other programs.
//!
//! A source is a program that is told a secret address and signs (or carries a secret with) what it sends. Its
//! deliveries are checked over the raw bytes, stored as they came, answered at once, and read by a job afterwards: one
//! pure module a sender in `senders/`, one shape inside ([`model_reading::Reading`]). Rules (`rules/`) put a sender's
//! words into ours. A delivery is stored once however often it comes, and reading it again changes nothing; what is on
//! record does not depend on the order in which deliveries came.

pub mod cli;
pub mod jobs;
pub(crate) mod known;
pub mod masks;
pub mod mentions;
pub mod model;
pub mod model_reading;
pub mod pages;
pub mod pages_deliveries;
pub mod proof;
pub mod queries;
pub mod queries_arrivals;
pub mod queries_deliveries;
pub mod queries_sizes;
pub mod reading;
pub mod receive;
pub mod record;
pub mod rules;
pub mod senders;
pub mod setup;
pub mod views;
