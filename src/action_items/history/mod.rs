//! What was ever changed on an item: each change with who, when, the old and the new value, and why.

pub mod queries;
