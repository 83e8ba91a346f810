//! Postmortems: what was learned from an incident, as one Markdown document with numbered, immutable revisions.
//!
//! Invariants: an incident has at most one. A revision is never changed or removed. A save names the revision that
//! it is based on and never overwrites a newer one. Publishing names the revision that readers see; later revisions
//! stay with the writers until it is published again. Each step (drafted, published, taken back, not needed) is a
//! row with who, when and why. What is typed and not saved yet is a draft of its writer ([`drafts`]) and no revision.
//! Live blocks ([`blocks`]) show the record as it is until publication freezes them.

pub mod additions;
pub mod api;
pub mod blocks;
pub mod drafts;
pub mod forms;
pub mod jobs;
pub mod missing;
pub mod model;
pub mod outset;
pub mod pages;
pub mod pages_desk;
pub mod pages_single;
pub mod pages_writing;
pub mod queries;
pub mod queries_additions;
pub mod queries_due;
pub mod queries_publish;
pub mod record;
pub mod revisions;
pub mod shelf;
pub mod views;
pub mod views_single;
