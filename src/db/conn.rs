//! The one connection type over both databases.

use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

/// One connection to either database. Query functions take it and do not ask which one it is.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A server that several nodes share.
    Postgres(PgConnection),
    /// A file of this process.
    Sqlite(SqliteConnection),
}
