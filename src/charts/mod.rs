//! Figures, made on the server: from numbers and instants to places and lengths. Pure; it knows no domain, and holds
//! no colour: those are the style sheet's.

pub mod time_strip;
