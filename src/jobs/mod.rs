//! The queue in the database: work that must happen after a change, and happens even if this node dies.
//!
//! A job is enqueued inside the transaction that makes it necessary, claimed with a lease by one worker of any
//! node, and finished in the same transaction as what it does. A failed one comes back with a growing delay
//! and ends as a dead letter that an admin sees and can put back.
//!
//! There are two kinds of handlers: one that needs the database only and works in the transaction that ends the job,
//! and one that talks to the world outside while no transaction is open ([`worker::Outside`]). A schedule
//! ([`model::Schedule`]) enqueues a kind of job again and again, on one node each time.

pub mod model;
pub mod queries;
pub mod worker;
