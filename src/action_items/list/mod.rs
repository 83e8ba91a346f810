//! Lists of items: by view and filter, sorted by due date, page by page.

pub mod queries;
