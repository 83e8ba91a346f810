//! Rules: what a sender says, in our words. A rule has patterns (which deliveries it is for) and answers (service,
//! environment, tier, kind; whether an event counts as a deploy, or is ignored). Every delivery asks them in the order of
//! their places; of the rules that fit, the first that answers a question answers it.

pub mod forms;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
