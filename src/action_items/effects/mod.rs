//! Does it work? A finished item has a day on which its owner is asked. When a later incident carries the same factor,
//! or is of the same kind on a service that the item's incident hit, the item is shown on it, and one click says that
//! it still works, or reopens it. Declined items of the factor are shown there as well.

pub mod jobs;
pub mod model;
pub mod queries;
