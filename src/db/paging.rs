//! Keyset paging: a page says where the next one starts, so that no page grows with the table.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Rows on one page of every list.
pub const PAGE_SIZE: i64 = 50;

/// Said of a cursor that no page ever gave out.
pub const DAMAGED: &str = "This page's address is damaged. Start again from the first page.";

/// Where a page starts: after the row with this sort value and id, in the list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The sort column's value of the last row seen (an instant's milliseconds, or a number).
    pub sort: i64,
    /// Its id, which makes the order complete.
    pub id: i64,
}

impl Cursor {
    /// The opaque text that stands in addresses and answers.
    pub fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.sort, self.id))
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn decode(text: &str) -> Result<Self, String> {
        let parts = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = parts.as_deref().and_then(|parts| {
            let (sort, id) = parts.split_once('.')?;
            Some(Cursor { sort: sort.parse().ok()?, id: id.parse().ok()? })
        });
        parsed.ok_or_else(|| DAMAGED.to_owned())
    }
}

/// A cursor for a list in the order of its names.
pub fn encode_name(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// Reads what [`encode_name`] wrote.
///
/// # Errors
/// A sentence that says what to do.
pub fn decode_name(text: &str) -> Result<String, String> {
    let name = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.filter(|name| !name.contains('\0')).ok_or_else(|| DAMAGED.to_owned())
}

/// Which way to go from a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Turn {
    /// The first page.
    #[default]
    First,
    /// Rows that come after the cursor in the list's order.
    After(Cursor),
    /// Rows that come before it.
    Before(Cursor),
}

impl Turn {
    /// From the `after` and `before` of an address; `after` wins.
    ///
    /// # Errors
    /// As [`Cursor::decode`].
    pub fn from_query(after: Option<&str>, before: Option<&str>) -> Result<Self, String> {
        match (after.filter(|text| !text.is_empty()), before.filter(|text| !text.is_empty())) {
            (Some(text), _) => Cursor::decode(text).map(Turn::After),
            (None, Some(text)) => Cursor::decode(text).map(Turn::Before),
            (None, None) => Ok(Turn::First),
        }
    }
}

/// One page of rows and where its neighbours start.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// Where the page after this one starts, when there is one.
    pub after: Option<Cursor>,
    /// Where the page before this one ends, when there is one.
    pub before: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from what a query with `LIMIT size + 1` gave. With [`Turn::Before`] the query must
    /// have run in reverse order; the rows are turned round here.
    pub fn from_rows(mut rows: Vec<T>, size: i64, turn: Turn, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let there_is_more = rows.len() > size;
        rows.truncate(size);
        if matches!(turn, Turn::Before(_)) {
            rows.reverse();
        }
        let (has_after, has_before) = match turn {
            Turn::First => (there_is_more, false),
            Turn::After(_) => (there_is_more, true),
            Turn::Before(_) => (true, there_is_more),
        };
        Page {
            after: rows.last().filter(|_| has_after).map(&cursor_of),
            before: rows.first().filter(|_| has_before).map(&cursor_of),
            rows,
        }
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(f).collect(), after: self.after, before: self.before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_address_bar() {
        assert_eq!(decode_name(&encode_name("übung")), Ok("übung".to_owned()));
        for damaged in ["0.5", "0", "_w", "AA"] {
            assert!(decode_name(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn a_cursor_survives_the_address_bar() {
        let cursor = Cursor { sort: -5, id: 9_000_000_000 };
        assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        for damaged in ["", "x", "MTIz", "LjE", "\u{1F600}"] {
            assert!(Cursor::decode(damaged).is_err(), "{damaged:?}");
        }
    }
}
