//! What every JSON handler shares: answers, cursors, idempotency, ETags, and the OpenAPI document.
//! The handlers themselves live in each domain's `api.rs`.

pub mod answer;
pub mod idempotency;
pub mod openapi;
pub mod refine;
