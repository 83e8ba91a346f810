//! Backups that the program takes by itself into a folder of the operator's, or because an admin asks for one.
//!
//! A *backup* is a file of `db::backup`. It is *kept* once it was checked and restored on trial, *removed* when newer
//! ones have taken its place, and *failed* when it could not be taken or did not stand its check; admins are told then.
//!
//! Of several nodes one takes it: the newest row says that somebody is at it, and says so again every few seconds. A
//! node without a folder leaves the job to the others. Nothing is removed before a newer one was checked.

mod files;
pub mod jobs;
pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
