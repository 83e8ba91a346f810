//! Every test of the whole program, in one binary. `both!` runs a test on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account;
mod action_items;
mod action_life;
mod action_lists;
mod authorization;
mod backup;
mod changes;
mod chat;
mod cli;
mod demo;
mod deploys;
mod directions;
mod exchange;
mod factors;
mod faults;
mod feeds;
mod hooks;
mod incidents;
mod jobs;
mod licences;
mod limits;
mod links;
mod mail;
mod marks;
mod nodes;
mod notify;
mod postmortems;
mod releases;
mod schema;
mod search;
mod senders;
mod services;
mod setup;
mod signals;
mod support;
mod suspects;
mod teams;
mod timeline;
mod trackers;
mod webhooks;
mod writing;
