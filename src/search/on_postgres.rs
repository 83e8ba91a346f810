//! Search with PostgreSQL's text search, over words as the migration `search_facets` takes them apart.
//!
//! Where few documents hold the words, all are weighed. To weigh more would take longer the more there are, and would say
//! little: none stands out. Of those, what has the words in its title comes first, then the newest. What the question is
//! narrowed by stands among the words ([`super::facets`]), so that the database knows how much there is of all
//! together, and walks back from the newest or along the index of words, whichever is shorter.

use std::ops::Range;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Bool, Text};

use super::model::{HitKind, Term};
use super::queries::{COLUMNS, Number, Row, Search, WEIGHT, and_begun, titles_first, whole};
use crate::db::listed;
use crate::error::Error;

/// So many documents are weighed.
const FEW: usize = 50;

/// So many of the newest documents are looked at first, ...
const NEWEST: usize = 1_000;
/// ... and about so many where they hold enough, ...
const FAR: usize = 40_000;
/// ... or so many for each that is wanted, for a page far down.
const FAR_FOR_EACH: usize = 200;
/// One that the index gives for words in a row takes as long as so many that are walked past.
const PHRASE: usize = 4;

/// The rows of a page, and one more where there is one.
///
/// # Errors
/// The database's.
pub(super) fn page(c: &mut PgConnection, search: &Search<'_>) -> Result<Vec<Row>, Error> {
    let (start, size) = search.slice();
    let end = start + size;
    let has_title = search.question.kind != Some(HitKind::Event);
    // With the words as they were typed: to look for those that begin so, the index gathers all places of each of them
    // before it compares the first.
    let typed = Search { terms: &whole(search.terms), ..*search };
    // More than would be weighed, and as many as the page needs.
    let enough = end.max(FEW + 1);
    let titled = if has_title { walked(c, "title_words", &typed, enough)? } else { Vec::new() };
    let in_order = |ids: Vec<i64>| {
        let order = format!("array_position(ARRAY[{}]::bigint[], d.id)", listed(&ids));
        (ids, order)
    };
    let (ids, order) = if titled.len() >= enough {
        in_order(titles_first(search, titled, Vec::new()))
    } else {
        let anywhere = walked(c, "words", search, (FEW + 1).max(2 * end))?;
        if anywhere.len() <= FEW {
            (anywhere, format!("rank * {WEIGHT} DESC, d.happened_at DESC, d.id DESC LIMIT {size} OFFSET {start}"))
        } else {
            let begun = || if has_title { walked(c, "title_words", search, end) } else { Ok(Vec::new()) };
            let titled = and_begun(titled, search.terms, end, begun)?;
            in_order(titles_first(search, titled, anywhere))
        }
    };
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM search_documents d, LATERAL (SELECT ts_rank(d.words, {}) AS rank) r
         WHERE d.id IN ({}) ORDER BY {order}",
        wanted(search, "vt"),
        listed(&ids)
    );
    Ok(bound(sql, search).load(c)?)
}

/// Ids of the newest documents that hold what is wanted in this column.
///
/// How many hold several words together the database only guesses, and it guesses too low where they always stand
/// together; it would then read all of them to find the newest, or walk through everything for a few. So the newest
/// documents are looked at first, and those before them where that has shown that it will do, and that it is less than
/// to gather all that hold it.
fn walked(c: &mut PgConnection, column: &str, search: &Search<'_>, limit: usize) -> Result<Vec<i64>, Error> {
    let kind = search.question.kind.map(|kind| format!("d.kind = '{}'", kind.as_str()));
    let mut conditions = vec![wanted(search, if column == "words" { "v" } else { "t" })];
    // Facets are letters and digits.
    conditions.extend(search.facets.iter().map(|words| format!("'{}'::tsquery", words.join("|"))));
    let mut conditions = vec![format!("d.{column} @@ ({})", conditions.join(" && "))];
    // The months at both ends of a range hold more than it.
    for (moment, comparison) in [(search.question.from, ">="), (search.question.to, "<")] {
        conditions.extend(moment.map(|moment| format!("d.happened_at {comparison} {}", moment.millis())));
    }
    let mut ids = |from: String, limit: usize| -> Result<Vec<i64>, Error> {
        let sql = format!("SELECT d.id AS number FROM ({from}) d ORDER BY d.id DESC LIMIT {limit}");
        let found: Vec<Number> = bound(sql, search).load(c)?;
        Ok(found.into_iter().map(|found| found.number).collect())
    };
    let among = |places: Range<usize>| {
        let kind = kind.as_ref().map(|kind| format!("WHERE {kind}")).unwrap_or_default();
        format!(
            "SELECT d.id FROM (SELECT * FROM search_documents d {kind} ORDER BY d.id DESC LIMIT {} OFFSET {}) d WHERE {}",
            places.len(),
            places.start,
            conditions.join(" AND ")
        )
    };
    // Of words in a row the index knows only that all are there; each that it gives is looked into.
    let has_phrase = search.terms.iter().any(|term| term.version.is_none() && term.words.len() > 1);
    let looked_into = if has_phrase { PHRASE } else { 1 };
    let mut found = ids(among(0..NEWEST), limit)?;
    let mut end = NEWEST;
    while found.len() < limit {
        // So far it will be, if it goes on like this; and half as far again.
        let far = (end * limit).checked_div(found.len()).unwrap_or(usize::MAX);
        // Row ids are about as many as the documents.
        let gathered = found.len() * found.first().map_or(0, |id| usize::try_from(*id).unwrap_or(0)) / end;
        if far > (gathered * looked_into).min(FAR.max(FAR_FOR_EACH * limit)) {
            break;
        }
        let next = (far + far / 2).max(end + NEWEST);
        let more = ids(among(end..next), limit - found.len())?;
        if more.is_empty() {
            break;
        }
        found.extend(more);
        end = next;
    }
    if found.len() == limit {
        return Ok(found);
    }
    // OFFSET 0: whatever the limit, along the index of words.
    let all: Vec<&str> = conditions.iter().chain(&kind).map(String::as_str).collect();
    ids(format!("SELECT d.id FROM search_documents d WHERE {} OFFSET 0", all.join(" AND ")), limit)
}

/// The words, each term a phrase of which two values are bound. A version is a word of its own, with one of `marks` in
/// front: `t` where it stands in a title, `v` anywhere.
fn wanted(search: &Search<'_>, marks: &str) -> String {
    let mut bound = 0;
    let one = |term: &Term| match &term.version {
        // Digits and letters.
        Some(version) => {
            let words: Vec<String> = marks.chars().map(|mark| format!("{mark}{version}")).collect();
            format!("'{}'::tsquery", words.join(" | "))
        }
        None => {
            bound += 2;
            format!("search_phrase(${}, ${bound})", bound - 1)
        }
    };
    search.terms.iter().map(one).collect::<Vec<_>>().join(" && ")
}

fn bound(sql: String, search: &Search<'_>) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
    let phrases = search.terms.iter().filter(|term| term.version.is_none());
    phrases.fold(diesel::sql_query(sql).into_boxed(), |query, term| {
        query.bind::<Text, _>(term.words.join(" ")).bind::<Bool, _>(term.is_prefix)
    })
}
