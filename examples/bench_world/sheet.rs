//! Rows on their way into a table: statements of many rows, written as text.

use std::fmt::Write as _;

use debrief::db::Conn;
use diesel::connection::SimpleConnection;

/// Bytes after which a statement is sent.
const STATEMENT_BYTES: usize = 400_000;

/// One value of a row.
pub enum Value<'a> {
    Number(i64),
    Share(f64),
    Text(&'a str),
    Flag(bool),
    Nothing,
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(share: f64) -> Self {
        Value::Share(share)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Value::Flag(flag)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Nothing, Into::into)
    }
}

/// A table that is being filled. Ids are given out here, from 1.
pub struct Sheet {
    head: String,
    rows: String,
    /// Rows so far.
    pub count: i64,
}

impl Sheet {
    /// `columns` without the id, which comes first; tables without one say so by [`Sheet::keyed`].
    pub fn new(table: &str, columns: &str) -> Self {
        Sheet { head: format!("INSERT INTO {table} (id, {columns}) VALUES "), rows: String::new(), count: 0 }
    }

    /// A table whose key is not a number of its own.
    pub fn keyed(table: &str, columns: &str) -> Self {
        Sheet { head: format!("INSERT INTO {table} ({columns}) VALUES "), rows: String::new(), count: 0 }
    }

    /// Adds a row; gives its id.
    pub fn add(&mut self, c: &mut Conn, values: &[Value<'_>]) -> i64 {
        self.count += 1;
        self.rows.push_str(if self.rows.is_empty() { "(" } else { ",\n(" });
        if self.head.contains("(id, ") {
            let _ = write!(self.rows, "{}, ", self.count);
        }
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.rows.push_str(", ");
            }
            match value {
                Value::Number(number) => {
                    let _ = write!(self.rows, "{number}");
                }
                Value::Share(share) => {
                    let _ = write!(self.rows, "{share:?}");
                }
                Value::Flag(flag) => self.rows.push_str(if *flag { "TRUE" } else { "FALSE" }),
                Value::Nothing => self.rows.push_str("NULL"),
                Value::Text(text) => {
                    self.rows.push('\'');
                    for (place, part) in text.split('\'').enumerate() {
                        if place > 0 {
                            self.rows.push_str("''");
                        }
                        self.rows.push_str(part);
                    }
                    self.rows.push('\'');
                }
            }
        }
        self.rows.push(')');
        if self.rows.len() > STATEMENT_BYTES {
            self.send(c);
        }
        self.count
    }

    /// Sends what is left.
    pub fn send(&mut self, c: &mut Conn) {
        if self.rows.is_empty() {
            return;
        }
        let statement = format!("{}{}", self.head, self.rows);
        self.rows.clear();
        if let Err(error) = c.batch_execute(&statement) {
            let start: String = statement.chars().take(1200).collect();
            panic!("{error}\n{start}");
        }
    }
}

/// `row!(sheet, c; a, b, c)`: adds a row of anything that can be a value.
#[macro_export]
macro_rules! row {
    ($sheet:expr, $c:expr; $($value:expr),+ $(,)?) => {
        $sheet.add($c, &[$($crate::sheet::Value::from($value)),+])
    };
}
