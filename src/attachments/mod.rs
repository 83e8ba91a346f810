//! Pictures that belong to an incident's texts.
//!
//! Only what is recognised by its bytes as PNG, JPEG, GIF or WebP is taken; the address is made here and says
//! nothing; it is served to people who are signed in, as that type and nothing else, in a sandbox. Pictures are in
//! the database, so that a backup carries them. They are never changed.

pub mod model;
pub mod pages;
pub mod queries;
