//! Teams own services and action items.

pub mod model;
pub mod queries;
