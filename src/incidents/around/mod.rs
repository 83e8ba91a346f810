//! What stands around an incident: its services, tags, people in roles, impact figures, and the record of its
//! corrected times.

pub mod model;
pub mod queries;
