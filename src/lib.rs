//! Debrief: incidents, the deploys that caused them, blameless postmortems, and action items carried to
//! a verified end. ARCHITECTURE.md is the map of this house.

pub mod account;
pub mod action_items;
pub mod admin;
pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod deploys;
pub mod error;
pub mod exchange;
pub mod factors;
pub mod home;
pub mod hooks;
pub mod incidents;
pub mod jobs;
pub mod links;
pub mod markdown;
pub mod notify;
pub mod outbound;
pub mod postmortems;
pub mod references;
pub mod retros;
pub mod routes;
pub mod search;
pub mod server;
pub mod services;
pub mod signals;
pub mod teams;
pub mod timeline;
pub mod web;
