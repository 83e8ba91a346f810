//! Nobody has to remember: telling people, channels and programs what happened and what is due.
//!
//! Words: a *notice* is something that people are told about; a *message* is a notice, or a digest, on its way to one
//! receiver; a *lane* is a receiver's queue. Whoever changes something calls [`queries::tell`] in the transaction of
//! the change.
//!
//! Invariants: a notice with a `dedup_key` is told once; a message has one public id, however often it is sent, and
//! is sent at least once or ends with a reason; the messages of a lane go out one after the other; whether somebody
//! may still be told is asked when it is sent, not when it was written; every message says why it came and how to
//! stop it; a person gets at most one digest a day, and reminders come in it unless they chose otherwise.

pub mod jobs;
pub mod model;
pub mod queries;
