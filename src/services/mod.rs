//! Services: what a team runs. A service has an owner team, a tier, a repository, links, and services that it
//! depends on. A deploy that names an unknown service makes it (see [`queries::find_or_add`]).

pub mod api;
pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
