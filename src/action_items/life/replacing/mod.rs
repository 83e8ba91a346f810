//! Splitting an item into others, and merging one into another. The old one is closed, and each knows the other.

mod queries;

pub use self::queries::{Related, merge, relations, relations_of, split};
pub(super) use self::queries::{unmake, unmerge};
