//! Every test of the whole program, in one binary. `both!` runs a test on SQLite and on PostgreSQL.

mod licences;
mod schema;
mod services;
mod setup;
mod support;
