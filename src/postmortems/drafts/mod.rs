//! What somebody typed and did not save yet, one text a person and postmortem; and who has the editor open.
//!
//! A draft is its writer's alone and no revision: nobody else sees it, and it goes when it is saved. It must never
//! be lost before that: dropping it can be undone, and a session that ends keeps it.

pub mod model;
pub mod queries;
