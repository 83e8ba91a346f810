//! Calendars and feeds for other programs: iCalendar of what is due, Atom of incidents and published postmortems.
//!
//! Each has a secret address that its owner makes, lists and revokes in the settings; the address alone opens it, as
//! its owner: what the owner may not see is not in it, and it ends with the owner's account. The writers are pure.

pub mod atom;
pub mod ical;
pub mod model;
pub mod pages;
pub mod queries;
pub mod queries_calendar;
pub mod views;
