//! Search with SQLite's FTS5.
//!
//! Words that stand in few documents are weighed. To weigh others would take longer the more documents there are, and
//! would say little: none stands out. Of those, what has the words in its title comes first, then the newest; what the
//! question is narrowed by stands in the index as words of its own ([`super::facets`]), so that no more is walked than a page
//! needs. A version is such a word, too: each of its numbers stands nearly everywhere.

use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

use super::model::{FACET_MARK, LAST_PAGE, PAGE_SIZE, Question, Term};
use super::queries::{COLUMNS, Number, Row, Search, WEIGHT, and_begun, titles_first, whole};
use super::snippet::folded;
use crate::db::listed;
use crate::error::Error;

/// A word that stands in more documents than this is not weighed.
const RARE: i64 = 1_000;
/// Beginnings of words that the indexes keep at hand, in letters: of a longer one FTS5 gathers all places before it gives
/// the first, so the words that begin so are looked for instead. (One letter is at hand for titles only.)
const AT_HAND: usize = 3;
/// Most words that a beginning is taken for in texts.
const ENDINGS: usize = 40;

/// A value that is bound, in the order of its place.
enum Bind {
    Text(String),
    Number(i64),
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Where it is looked up what a word is the beginning of.
#[derive(Clone, Copy)]
enum Words {
    Anywhere,
    Titles,
}

impl Words {
    const fn table(self) -> &'static str {
        match self {
            Words::Anywhere => "search_index_words",
            Words::Titles => "search_index_titles_words",
        }
    }
}

/// A question, or one term of it, in FTS5's language.
struct Wanted {
    /// For the index of everything.
    anywhere: String,
    /// For the index of titles.
    titled: String,
    /// Expressions for each of its words, where all of them are known.
    words: Option<Vec<String>>,
}

/// The rows of a page, and one more where there is one.
///
/// # Errors
/// The database's.
pub(super) fn page(c: &mut SqliteConnection, search: &Search<'_>) -> Result<Vec<Row>, Error> {
    if let Some(wanted) = common(c, search)? {
        return newest(c, &wanted, search);
    }
    let wanted = wanted(c, search.terms, Words::Anywhere)?;
    if are_rare(c, &wanted)? { weighed(c, &wanted, search) } else { newest(c, &wanted, search) }
}

/// The question with its last word as it stands, where that is a common word and fills all pages that can be asked for.
/// What it could be the beginning of is looked for in titles only: to find the next word FTS5 reads over all places of
/// this one.
fn common(c: &mut SqliteConnection, search: &Search<'_>) -> Result<Option<Wanted>, Error> {
    let Some(last) = search.terms.last().filter(|last| last.is_prefix) else { return Ok(None) };
    let is_long = |word: &&String| word.chars().count() > AT_HAND;
    let Some(word) = last.words.last().filter(is_long) else { return Ok(None) };
    if !is_common(c, &format!("\"{word}\""))? {
        return Ok(None);
    }
    let mut terms = search.terms.to_vec();
    terms.iter_mut().for_each(|term| term.is_prefix = false);
    let Wanted { anywhere, .. } = wanted(c, &terms, Words::Anywhere)?;
    let all = usize::try_from(LAST_PAGE * PAGE_SIZE + 1).unwrap_or(usize::MAX);
    if walked(c, "search_index", &anywhere, search, all)?.len() < all {
        return Ok(None);
    }
    let Wanted { titled, .. } = wanted(c, search.terms, Words::Titles)?;
    Ok(Some(Wanted { anywhere, titled, words: None }))
}

fn phrase(words: &[String]) -> String {
    format!("\"{}\"", words.join(" "))
}

fn wanted(c: &mut SqliteConnection, terms: &[Term], known: Words) -> Result<Wanted, Error> {
    let (mut anywhere, mut titled, mut words) = (Vec::new(), Vec::new(), Some(Vec::new()));
    for term in terms {
        let part = part(c, term, known)?;
        anywhere.push(part.anywhere);
        titled.push(part.titled);
        words = words.zip(part.words).map(|(all, more)| [all, more].concat());
    }
    Ok(Wanted { anywhere: anywhere.join(" AND "), titled: titled.join(" AND "), words })
}

/// One term.
fn part(c: &mut SqliteConnection, term: &Term, known: Words) -> Result<Wanted, Error> {
    if let Some(version) = &term.version {
        // Of one that a title has, the title weighs, too.
        let (titled, any) = (format!("\"{FACET_MARK}t{version}\""), format!("\"{FACET_MARK}v{version}\""));
        return Ok(Wanted { anywhere: format!("({any} OR {titled})"), titled, words: Some(vec![any]) });
    }
    let whole = phrase(&term.words);
    let each = |words: &[String]| -> Vec<String> { words.iter().map(|word| format!("\"{word}\"")).collect() };
    let Some((last, before)) = term.words.split_last().filter(|_| term.is_prefix) else {
        return Ok(Wanted { anywhere: whole.clone(), titled: whole, words: Some(each(&term.words)) });
    };
    let with = |words: String| [each(before), vec![words]].concat();
    let begun = format!("{whole} *");
    let length = last.chars().count();
    if length < 2 {
        return Ok(Wanted { anywhere: whole, titled: begun, words: None });
    }
    if length <= AT_HAND {
        return Ok(Wanted { anywhere: begun.clone(), titled: begun, words: Some(with(format!("\"{last}\" *"))) });
    }
    let (own, endings) = (folded(last), endings(c, known, last)?);
    let is_all = endings.len() <= ENDINGS;
    // The word itself is always one of them.
    let phrases: Vec<String> = std::iter::once(last.clone())
        .chain(endings.into_iter().take(ENDINGS).filter(|word| *word != own))
        .map(|word| phrase(&[before, &[word]].concat()))
        .collect();
    let any = format!("({})", phrases.join(" OR "));
    Ok(Wanted {
        titled: if is_all { any.clone() } else { begun },
        anywhere: any,
        words: is_all.then(|| with(phrases.join(" OR "))),
    })
}

/// Words that begin with this one, in their order; one more than are taken, where there are so many.
fn endings(c: &mut SqliteConnection, known: Words, beginning: &str) -> Result<Vec<String>, Error> {
    let beginning = folded(beginning);
    let mut found = Vec::new();
    let mut from = beginning.clone();
    // One at a time: to have them told apart by one query would read every place where each of them stands.
    while found.len() <= ENDINGS {
        let next: Option<Word> = diesel::sql_query(format!(
            "SELECT term AS word FROM {} WHERE term >= ? AND term <= ? || char(1114111) LIMIT 1",
            known.table()
        ))
        .bind::<Text, _>(&from)
        .bind::<Text, _>(&beginning)
        .get_result(c)
        .optional()?;
        let Some(Word { word }) = next else { break };
        from = format!("{word}\u{1}");
        found.push(word);
    }
    Ok(found)
}

fn are_rare(c: &mut SqliteConnection, wanted: &Wanted) -> Result<bool, Error> {
    let Some(words) = &wanted.words else { return Ok(false) };
    for word in words {
        if is_common(c, word)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_common(c: &mut SqliteConnection, word: &str) -> Result<bool, Error> {
    let Number { number } = diesel::sql_query(format!(
        "SELECT count(*) AS number FROM (SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT {})",
        RARE + 1
    ))
    .bind::<Text, _>(word)
    .get_result(c)?;
    Ok(number > RARE)
}

fn weighed(c: &mut SqliteConnection, wanted: &Wanted, search: &Search<'_>) -> Result<Vec<Row>, Error> {
    let mut binds = vec![Bind::Text(wanted.anywhere.clone())];
    let mut filters = String::new();
    // What has several words is a range of time.
    for facet in facets(search).into_iter().filter(|facet| facet.len() == 1).flatten() {
        filters.push_str(" AND instr(d.facets || ' ', ?) > 0");
        binds.push(Bind::Text(format!("{FACET_MARK}{facet} ")));
    }
    let range = range(search.question, &mut binds);
    let (start, size) = search.slice();
    let sql = format!(
        "SELECT {COLUMNS} FROM search_index JOIN search_documents d ON d.id = search_index.rowid
         WHERE search_index MATCH ?{filters}{range}
         ORDER BY bm25(search_index, 4.0, 1.0, 1.0) * {WEIGHT}, d.happened_at DESC, d.id DESC
         LIMIT {size} OFFSET {start}"
    );
    Ok(bound(sql, binds).load(c)?)
}

/// What the question is narrowed by: of each, a document must have one word.
fn facets(search: &Search<'_>) -> Vec<Vec<String>> {
    let kind = search.question.kind.map(|kind| vec![kind.facet()]);
    kind.into_iter().chain(search.facets.iter().cloned()).collect()
}

/// The conditions on a document's time.
fn range(question: &Question, binds: &mut Vec<Bind>) -> String {
    let mut sql = String::new();
    for (moment, comparison) in [(question.from, ">="), (question.to, "<")] {
        if let Some(moment) = moment {
            sql.push_str(&format!(" AND d.happened_at {comparison} ?"));
            binds.push(Bind::Number(moment.millis()));
        }
    }
    sql
}

fn bound(sql: String, binds: Vec<Bind>) -> BoxedSqlQuery<'static, Sqlite, SqlQuery> {
    binds.into_iter().fold(diesel::sql_query(sql).into_boxed(), |query, bind| match bind {
        Bind::Text(text) => query.bind::<Text, _>(text),
        Bind::Number(number) => query.bind::<BigInt, _>(number),
    })
}

/// Ids of the newest documents that an index has for an expression and the question's facets.
fn walked(
    c: &mut SqliteConnection,
    index: &str,
    expression: &str,
    search: &Search<'_>,
    limit: usize,
) -> Result<Vec<i64>, Error> {
    let facet = |word: &String| format!("\"{FACET_MARK}{word}\"");
    let facets = facets(search).into_iter().map(|words| words.iter().map(facet).collect::<Vec<_>>().join(" OR "));
    let parts: Vec<String> = std::iter::once(expression.to_owned()).chain(facets).collect();
    let mut binds = vec![Bind::Text(format!("({})", parts.join(") AND (")))];
    // The months at both ends of a range hold more than it.
    let range = range(search.question, &mut binds);
    let documents = if range.is_empty() { "" } else { "CROSS JOIN search_documents d ON d.id = x.rowid" };
    let sql = format!(
        "SELECT x.rowid AS number FROM {index} x {documents} WHERE {index} MATCH ?{range}
         ORDER BY x.rowid DESC LIMIT {limit}"
    );
    let found: Vec<Number> = bound(sql, binds).load(c)?;
    Ok(found.into_iter().map(|found| found.number).collect())
}

/// Those of a few documents that have the words in their title.
fn titled(c: &mut SqliteConnection, wanted: &Wanted, ids: &[i64]) -> Result<Vec<i64>, Error> {
    // The documents first, then the index at each of them: CROSS JOIN keeps that order.
    let query = diesel::sql_query(format!(
        "SELECT x.rowid AS number FROM search_documents d CROSS JOIN search_index_titles x ON x.rowid = d.id
         WHERE d.id IN ({}) AND search_index_titles MATCH ? ORDER BY x.rowid DESC",
        listed(ids)
    ));
    let found: Vec<Number> = query.bind::<Text, _>(&wanted.titled).load(c)?;
    Ok(found.into_iter().map(|found| found.number).collect())
}

/// The newest, those with the words in their title first.
fn newest(c: &mut SqliteConnection, wanted: &Wanted, search: &Search<'_>) -> Result<Vec<Row>, Error> {
    let (start, size) = search.slice();
    let limit = 2 * (start + size);
    let anywhere = walked(c, "search_index", &wanted.anywhere, search, limit)?;
    // Titles are walked where there are more, or where more is looked for in them: a word that goes on.
    let titled = if anywhere.len() < limit && wanted.words.is_some() {
        titled(c, wanted, &anywhere)?
    } else {
        let limit = start + size;
        let typed = self::wanted(c, &whole(search.terms), Words::Titles)?.titled;
        let typed = walked(c, "search_index_titles", &typed, search, limit)?;
        and_begun(typed, search.terms, limit, || walked(c, "search_index_titles", &wanted.titled, search, limit))?
    };
    let ids = titles_first(search, titled, anywhere);
    let query = diesel::sql_query(format!("SELECT {COLUMNS} FROM search_documents d WHERE d.id IN ({})", listed(&ids)));
    let mut rows: Vec<Row> = query.load(c)?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.document_id));
    Ok(rows)
}
