//! Incidents by what their titles say, along the index of titles that search keeps.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::db::Conn;
use crate::error::Error;

/// The word that SQLite's index of titles has for incidents (see the migration `search_facets`), with a mark in front
/// that no text has.
const INCIDENT: &str = "\u{E002}kincident";

/// So many of the newest incidents are looked through on PostgreSQL, ...
const NEWEST: i64 = 1_000;
/// ... or so many, where those have shown that it will do.
const FAR: i64 = 10_000;

/// Words that stand side by side in a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Letters, digits and blanks: nothing that either database would read as its own.
    words: String,
    goes_on: bool,
}

impl Phrase {
    /// What was typed; where it `goes_on`, the last word may be the beginning of one. Nothing where there is no letter
    /// and no digit to look for.
    pub fn new(text: &str, goes_on: bool) -> Option<Self> {
        let words: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        let words = words.trim().to_owned();
        (!words.is_empty()).then_some(Phrase { words, goes_on })
    }

    /// A question to SQLite's index of titles, in the quotes of a text.
    fn to_sqlite(&self) -> String {
        format!("'title : \"{}\"{} AND facets : \"{INCIDENT}\"'", self.words, if self.goes_on { " *" } else { "" })
    }

    /// A question to PostgreSQL's.
    fn to_postgres(&self) -> String {
        format!("search_phrase('{}', {})", self.words, self.goes_on)
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    thing_id: i64,
}

fn ids(found: Vec<Found>) -> Vec<i64> {
    found.into_iter().map(|found| found.thing_id).collect()
}

/// Ids of incidents with this in their title, the newest record first, at most `limit`.
///
/// # Errors
/// The database's.
pub fn newest_with(c: &mut Conn, phrase: &Phrase, limit: i64) -> Result<Vec<i64>, Error> {
    match c {
        Conn::Sqlite(c) => {
            let sql = format!(
                "SELECT d.thing_id FROM search_index_titles x CROSS JOIN search_documents d ON d.id = x.rowid
                 WHERE search_index_titles MATCH {} ORDER BY x.rowid DESC LIMIT {limit}",
                phrase.to_sqlite()
            );
            Ok(ids(diesel::sql_query(sql).load(c)?))
        }
        Conn::Postgres(c) => newest_on_postgres(c, &phrase.to_postgres(), limit),
    }
}

/// PostgreSQL's index of words has no order: of a word that many titles have it would read all of them for the newest.
/// So the newest titles are looked through for as long as they hold enough.
fn newest_on_postgres(c: &mut PgConnection, phrase: &str, limit: i64) -> Result<Vec<i64>, Error> {
    let mut ask = |from: &str| -> Result<Vec<i64>, Error> {
        let sql = format!("SELECT d.thing_id FROM ({from}) d ORDER BY d.id DESC LIMIT {limit}");
        Ok(ids(diesel::sql_query(sql).load(c)?))
    };
    for looked_at in [NEWEST, FAR] {
        let found = ask(&format!(
            "SELECT * FROM (SELECT * FROM search_documents WHERE kind = 'incident' ORDER BY id DESC LIMIT {looked_at}) d
             WHERE title_words @@ ({phrase})"
        ))?;
        let count = found.len() as i64;
        if count == limit {
            return Ok(found);
        }
        if count * FAR < limit * looked_at {
            break;
        }
    }
    // OFFSET 0: whatever the limit, along the index of words.
    ask(&format!("SELECT * FROM search_documents WHERE kind = 'incident' AND title_words @@ ({phrase}) OFFSET 0"))
}

/// Whether the incident that `incident_id` names has this in its title: for a walk over rows that are in an order of
/// their own already, where so many incidents have it that it is met soon.
pub fn has_phrase(c: &Conn, incident_id: &str, phrase: &Phrase) -> SqlLiteral<Bool> {
    sql(&match c {
        // The index gathers its own rows only, in their order; what they are of is looked up for the rows of the walk.
        Conn::Sqlite(_) => format!(
            "(SELECT d.id FROM search_documents d WHERE d.kind = 'incident' AND d.thing_id = {incident_id})
                IN (SELECT rowid FROM search_index_titles WHERE search_index_titles MATCH {})",
            phrase.to_sqlite()
        ),
        // With the limit it is asked of each row: PostgreSQL would gather all such incidents first.
        Conn::Postgres(_) => format!(
            "(SELECT d.title_words @@ ({}) FROM search_documents d
                WHERE d.kind = 'incident' AND d.incident_id = {incident_id} LIMIT 1)",
            phrase.to_postgres()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::Phrase;

    #[test]
    fn nothing_typed_is_read_as_a_command() {
        let phrase = Phrase::new(r#"it's a "title" OR x:y; --"#, true).unwrap();
        assert_eq!(phrase.words, "it s a  title  OR x y");
        assert!(phrase.to_sqlite().starts_with(r#"'title : "it s a  title  OR x y" * AND"#));
        assert_eq!(phrase.to_postgres(), "search_phrase('it s a  title  OR x y', true)");
        assert_eq!(Phrase::new("Größe\0\\", false).unwrap().words, "Größe");
        assert_eq!(Phrase::new("-- !", true), None);
    }
}
