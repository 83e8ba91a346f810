//! Every test of the whole program, in one binary. `both!` runs a test on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account;
mod action_items;
mod authorization;
mod backup;
mod cli;
mod demo;
mod deploys;
mod directions;
mod exchange;
mod factors;
mod hooks;
mod incidents;
mod jobs;
mod licences;
mod limits;
mod links;
mod nodes;
mod postmortems;
mod retros;
mod retros_live;
mod schema;
mod search;
mod services;
mod setup;
mod support;
mod teams;
mod timeline;
