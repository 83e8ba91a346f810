//! Teams own services and action items. Who belongs to a team is kept by its members and by admins.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
