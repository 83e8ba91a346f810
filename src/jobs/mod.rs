//! The queue in the database: work that must happen after a change, and happens even if this node dies.
//!
//! A job is enqueued inside the transaction that makes it necessary, claimed with a lease by one worker of any
//! node, and finished in the same transaction as what it does. A failed one comes back with a growing delay
//! and ends as a dead letter that an admin sees and can put back.

pub mod model;
pub mod queries;
pub mod worker;
