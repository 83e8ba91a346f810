//! The search for words that stand in very many documents. To weigh them all would take longer the more there are, and
//! would say little: no document stands out. What has the words in its title comes first, then the newest.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::model::{HIT_BEGINS, HIT_ENDS, LAST_PAGE, PAGE_SIZE, Question, Term};
use super::queries::{COLUMNS, Row, match_expression};
use crate::db::Conn;
use crate::error::Error;

/// So many documents are weighed; where there are more, these rules hold. All pages that can be asked for fit in.
const MANY: i64 = PAGE_SIZE * LAST_PAGE + 50;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Where the words are looked for.
#[derive(Clone, Copy)]
enum Part {
    Title,
    Anywhere,
}

/// What the database's own language calls the words in this part of a document.
fn wanted(c: &Conn, terms: &[Term], part: Part) -> String {
    match (c, part) {
        (Conn::Sqlite(_), Part::Anywhere) => match_expression(terms),
        (Conn::Sqlite(_), Part::Title) => format!("title : ({})", match_expression(terms)),
        (Conn::Postgres(_), part) => {
            let weight = if matches!(part, Part::Title) { "A" } else { "" };
            let one = |term: &Term| {
                let last = term.words.len().saturating_sub(1);
                let word = |(place, word): (usize, &String)| {
                    let star = if term.is_prefix && place == last { "*" } else { "" };
                    if star.is_empty() && weight.is_empty() { word.clone() } else { format!("{word}:{star}{weight}") }
                };
                format!("({})", term.words.iter().enumerate().map(word).collect::<Vec<_>>().join(" <-> "))
            };
            terms.iter().map(one).collect::<Vec<_>>().join(" & ")
        }
    }
}

/// Whether more documents hold the words than are weighed.
pub(super) fn are_many(c: &mut Conn, terms: &[Term]) -> Result<bool, Error> {
    let wanted = wanted(c, terms, Part::Anywhere);
    let limit = MANY + 1;
    let Number { number } = match c {
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT count(*) AS number FROM (SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT {limit})"
        ))
        .bind::<Text, _>(wanted)
        .get_result(c)?,
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT count(*) AS number FROM (SELECT 1 FROM search_documents
             WHERE words @@ to_tsquery('simple', $1) LIMIT {limit}) x"
        ))
        .bind::<Text, _>(wanted)
        .get_result(c)?,
    };
    Ok(number > MANY)
}

/// Ids of the newest documents that hold the words in this part.
fn newest(c: &mut Conn, terms: &[Term], part: Part) -> Result<Vec<i64>, Error> {
    let wanted = wanted(c, terms, part);
    let found: Vec<Number> = match c {
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT rowid AS number FROM search_index WHERE search_index MATCH ? ORDER BY rowid DESC LIMIT {MANY}"
        ))
        .bind::<Text, _>(wanted)
        .load(c)?,
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT id AS number FROM search_documents
             WHERE words @@ to_tsquery('simple', $1) ORDER BY id DESC LIMIT {MANY}"
        ))
        .bind::<Text, _>(wanted)
        .load(c)?,
    };
    Ok(found.into_iter().map(|found| found.number).collect())
}

/// The rows of a page, and one more where there is one.
pub(super) fn page(c: &mut Conn, terms: &[Term], question: &Question) -> Result<Vec<Row>, Error> {
    let mut ids = newest(c, terms, Part::Title)?;
    let others = newest(c, terms, Part::Anywhere)?;
    let titled: std::collections::HashSet<i64> = ids.iter().copied().collect();
    ids.extend(others.into_iter().filter(|id| !titled.contains(id)));
    let place = |number: i64| usize::try_from(number).unwrap_or(0);
    let ids: Vec<i64> =
        ids.into_iter().skip(place((question.page - 1) * PAGE_SIZE)).take(place(PAGE_SIZE + 1)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let listed = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let wanted = wanted(c, terms, Part::Anywhere);
    let mut rows: Vec<Row> = match c {
        // The documents first, then the index at each of them: CROSS JOIN keeps that order.
        Conn::Sqlite(c) => diesel::sql_query(format!(
            "SELECT {COLUMNS}, snippet(search_index, -1, '{HIT_BEGINS}', '{HIT_ENDS}', '…', 28) AS snippet
             FROM search_documents d CROSS JOIN search_index ON search_index.rowid = d.id
             WHERE d.id IN ({listed}) AND search_index MATCH ?"
        ))
        .bind::<Text, _>(wanted)
        .load(c)?,
        Conn::Postgres(c) => diesel::sql_query(format!(
            "SELECT {COLUMNS}, ts_headline('simple', CASE WHEN d.body = '' THEN d.title ELSE d.body END,
                to_tsquery('simple', $1),
                'StartSel={HIT_BEGINS}, StopSel={HIT_ENDS}, MaxWords=30, MinWords=12, ShortWord=0') AS snippet
             FROM search_documents d WHERE d.id IN ({listed})"
        ))
        .bind::<Text, _>(wanted)
        .load(c)?,
    };
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.document_id));
    Ok(rows)
}
