//! Counts that stop: beyond a hundred nobody asks how many more there are, and counting on would take longer with each.

use std::collections::HashMap;
use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, listed};

/// Counting stops after so many.
const LIMIT: i64 = 100;

/// How many there are, as far as that was counted: `7`, or `100+`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Few(i64);

impl Few {
    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether there is exactly one.
    pub const fn is_one(self) -> bool {
        self.0 == 1
    }
}

impl fmt::Display for Few {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > LIMIT { write!(out, "{LIMIT}+") } else { write!(out, "{}", self.0) }
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// For each of these rows of `table`, known as `x`, how many rows there are of `rows`: `FROM … WHERE … = x.id`, in our
/// own words.
///
/// # Errors
/// The database's.
pub fn counts(
    c: &mut Conn,
    table: &'static str,
    rows: &str,
    ids: &[i64],
) -> Result<HashMap<i64, Few>, diesel::result::Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT x.id AS id, (SELECT count(*) FROM (SELECT 1 AS one {rows} LIMIT {LIMIT} + 1) AS few) AS count
         FROM {table} x WHERE x.id IN ({})",
        listed(ids)
    );
    let found: Vec<Counted> = match c {
        Conn::Sqlite(c) => diesel::sql_query(sql).load(c)?,
        Conn::Postgres(c) => diesel::sql_query(sql).load(c)?,
    };
    Ok(found.into_iter().map(|row| (row.id, Few(row.count))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_to_its_end_says_so() {
        assert_eq!(Few(100).to_string(), "100");
        assert_eq!(Few(101).to_string(), "100+");
    }
}
