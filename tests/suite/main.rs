//! Debrief.
mod licences;
