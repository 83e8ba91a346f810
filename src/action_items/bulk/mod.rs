//! One change of many items at once, in one transaction: all of them, or none.

pub mod forms;
pub mod model;
pub mod queries;
