//! The two full-text searches: the one place where the databases differ in kind.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::model::{HIT_BEGINS, HIT_ENDS, Hit, HitKind, PAGE_SIZE, Question, Term, parts, terms};
use super::queries_newest as newest;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::services::model::Service;
use crate::{action_items, deploys, incidents, services};

#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = BigInt)]
    pub(super) document_id: i64,
    #[diesel(sql_type = Text)]
    kind: HitKind,
    #[diesel(sql_type = BigInt)]
    thing_id: i64,
    #[diesel(sql_type = BigInt)]
    happened_at: Moment,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    snippet: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    incident_number: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    own_number: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    incident_title: Option<String>,
}

/// A value that is bound, in the order of its place.
enum Bind {
    Text(String),
    Number(i64),
}

/// What both searches select beside the snippet.
pub(super) const COLUMNS: &str = "d.id AS document_id, d.kind, d.thing_id, d.happened_at, d.title,
    (SELECT number FROM incidents i WHERE i.id = d.incident_id) AS incident_number,
    (SELECT title FROM incidents i WHERE i.id = d.incident_id) AS incident_title,
    CASE d.kind WHEN 'deploy' THEN (SELECT number FROM deploys x WHERE x.id = d.thing_id)
        WHEN 'action_item' THEN (SELECT number FROM action_items x WHERE x.id = d.thing_id) END AS own_number";

/// What a hit's rank is multiplied with: who asks for a service by name looks for what it did, not for its deploys.
const WEIGHT: &str = "CASE d.kind WHEN 'deploy' THEN 0.25 WHEN 'event' THEN 0.6 ELSE 1.0 END";
/// Most services that a question finds by name.
const SERVICE_LIMIT: i64 = 3;

/// A page of hits, best first, and whether there are more. A key (`INC-42`) finds its thing before all else, then come
/// the services of that name.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, question: &Question) -> Result<(Vec<Hit>, bool), Error> {
    let terms = terms(&question.text);
    let mut hits = Vec::new();
    if question.page == 1 {
        hits.extend(by_key(c, &question.text)?);
        hits.extend(services_named(c, question)?);
    }
    if terms.is_empty() || question.kind == Some(HitKind::Service) {
        return Ok((hits, false));
    }
    let size = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let is_narrowed =
        question.kind.is_some() || question.from.is_some() || question.to.is_some() || question.service.is_some();
    // Whole words first: what may go on has to be gathered before the first is found.
    let whole: Vec<Term> = terms.iter().map(|term| Term { is_prefix: false, ..term.clone() }).collect();
    if !is_narrowed && newest::are_many(c, &whole)? {
        let rows = newest::page(c, &whole, question)?;
        let there_is_more = rows.len() > size;
        hits.extend(rows.into_iter().take(size).filter_map(hit));
        return Ok((hits, there_is_more));
    }
    let mut binds = Vec::new();
    let rows: Vec<Row> = match c {
        Conn::Sqlite(c) => {
            binds.push(Bind::Text(match_expression(&terms)));
            let filters = filters(question, &mut binds, |_| "?".to_owned());
            let sql = format!(
                "SELECT {COLUMNS}, snippet(search_index, -1, '{HIT_BEGINS}', '{HIT_ENDS}', '…', 28) AS snippet
                 FROM search_index JOIN search_documents d ON d.id = search_index.rowid
                 WHERE search_index MATCH ?{filters}
                 ORDER BY bm25(search_index, 4.0, 1.0) * {WEIGHT}, d.happened_at DESC, d.id DESC {}",
                slice(question)
            );
            let query = diesel::sql_query(sql).into_boxed::<Sqlite>();
            binds
                .into_iter()
                .fold(query, |query, bind| match bind {
                    Bind::Text(text) => query.bind::<Text, _>(text),
                    Bind::Number(number) => query.bind::<BigInt, _>(number),
                })
                .load(c)?
        }
        Conn::Postgres(c) => {
            let wanted = tsquery(&terms, &mut binds);
            let filters = filters(question, &mut binds, |place| format!("${place}"));
            // The page is cut before the snippets are made: they cost far more than finding.
            let sql = format!(
                "SELECT {COLUMNS}, ts_headline('simple', CASE WHEN d.body = '' THEN d.title ELSE d.body END, d.wanted,
                    'StartSel={HIT_BEGINS}, StopSel={HIT_ENDS}, MaxWords=30, MinWords=12, ShortWord=0') AS snippet
                 FROM (SELECT s.*, w.wanted, ts_rank(s.words, w.wanted) AS rank
                     FROM search_documents s, (SELECT {wanted} AS wanted) w
                     WHERE s.words @@ w.wanted
                     ) d WHERE true{filters}
                 ORDER BY d.rank * {WEIGHT} DESC, d.happened_at DESC, d.id DESC {}",
                slice(question)
            );
            let query = diesel::sql_query(sql).into_boxed::<Pg>();
            binds
                .into_iter()
                .fold(query, |query, bind| match bind {
                    Bind::Text(text) => query.bind::<Text, _>(text),
                    Bind::Number(number) => query.bind::<BigInt, _>(number),
                })
                .load(c)?
        }
    };
    let there_is_more = rows.len() > size;
    hits.extend(rows.into_iter().take(size).filter_map(hit));
    Ok((hits, there_is_more))
}

fn slice(question: &Question) -> String {
    format!("LIMIT {} OFFSET {}", PAGE_SIZE + 1, (question.page - 1) * PAGE_SIZE)
}

/// FTS5's language: every term a quoted phrase, all of them wanted.
pub(super) fn match_expression(terms: &[Term]) -> String {
    terms
        .iter()
        .map(|term| format!("\"{}\"{}", term.words.join(" "), if term.is_prefix { " *" } else { "" }))
        .collect::<Vec<_>>()
        .join(" ")
}

/// PostgreSQL's: every term a phrase of its own parser, all of them wanted. Words are letters and digits only.
fn tsquery(terms: &[Term], binds: &mut Vec<Bind>) -> String {
    terms
        .iter()
        .map(|term| {
            let text = if term.is_prefix { format!("{}:*", term.words.join(" <-> ")) } else { term.words.join(" ") };
            binds.push(Bind::Text(text));
            let function = if term.is_prefix { "to_tsquery" } else { "phraseto_tsquery" };
            format!("{function}('simple', ${})", binds.len())
        })
        .collect::<Vec<_>>()
        .join(" && ")
}

fn filters(question: &Question, binds: &mut Vec<Bind>, place: impl Fn(usize) -> String) -> String {
    let mut sql = String::new();
    let mut add = |binds: &mut Vec<Bind>, bind: Bind, before: &str, after: &str| {
        binds.push(bind);
        sql.push_str(&format!(" AND {before}{}{after}", place(binds.len())));
    };
    if let Some(kind) = question.kind {
        add(binds, Bind::Text(kind.as_str().to_owned()), "d.kind = ", "");
    }
    if let Some(from) = question.from {
        add(binds, Bind::Number(from.millis()), "d.happened_at >= ", "");
    }
    if let Some(to) = question.to {
        add(binds, Bind::Number(to.millis()), "d.happened_at < ", "");
    }
    if let Some(service) = &question.service {
        let before = "EXISTS (SELECT 1 FROM services v WHERE v.slug = ";
        let after = " AND ((d.kind = 'deploy' AND EXISTS (SELECT 1 FROM deploys x WHERE x.id = d.thing_id AND x.service_id = v.id))
            OR EXISTS (SELECT 1 FROM incident_services n WHERE n.incident_id = d.incident_id AND n.service_id = v.id)))";
        add(binds, Bind::Text(service.clone()), before, after);
    }
    sql
}

fn hit(row: Row) -> Option<Hit> {
    let incident = row.incident_number.map(|number| format!("INC-{number}"));
    let (key, path) = match row.kind {
        HitKind::Incident => incident.map(|key| (key.clone(), format!("/incidents/{key}")))?,
        HitKind::Postmortem => incident.map(|key| (key.clone(), format!("/incidents/{key}/postmortem")))?,
        HitKind::Event => incident.map(|key| (key.clone(), format!("/incidents/{key}#event-{}", row.thing_id)))?,
        HitKind::Deploy => {
            row.own_number.map(deploys::model::key).map(|key| (key.clone(), format!("/deploys/{key}")))?
        }
        HitKind::ActionItem => {
            row.own_number.map(action_items::model::key_of).map(|key| (key.clone(), format!("/action-items/{key}")))?
        }
        HitKind::Service => return None,
    };
    let title = if row.kind == HitKind::Event { row.incident_title.unwrap_or_default() } else { row.title };
    Some(Hit { kind: row.kind, key, path, title, snippet: parts(&row.snippet), happened_at: row.happened_at })
}

/// Services whose name or slug begins with what is asked.
fn services_named(c: &mut Conn, question: &Question) -> Result<Vec<Hit>, Error> {
    let is_wanted = question.kind.is_none_or(|kind| kind == HitKind::Service)
        && question.service.is_none()
        && question.from.is_none()
        && question.to.is_none();
    if !is_wanted || question.text.is_empty() {
        return Ok(Vec::new());
    }
    let found = services::queries::named(c, &question.text, SERVICE_LIMIT)?;
    let hit = |service: Service| Hit {
        kind: HitKind::Service,
        key: service.slug.clone(),
        path: service.path(),
        title: service.name,
        snippet: parts(&service.description.chars().take(200).collect::<String>()),
        happened_at: service.created_at,
    };
    Ok(found.into_iter().map(hit).collect())
}

fn by_key(c: &mut Conn, text: &str) -> Result<Vec<Hit>, Error> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    let found = |result: Result<Hit, Error>| match result {
        Ok(hit) => Ok(vec![hit]),
        Err(Error::NotFound(_)) => Ok(Vec::new()),
        Err(other) => Err(other),
    };
    if upper.starts_with("INC-") {
        let Some(number) = incidents::model::parse_key(text) else { return Ok(Vec::new()) };
        return found(incidents::queries::by_number(c, number).map(|incident| Hit {
            kind: HitKind::Incident,
            key: incident.key(),
            path: incident.path(),
            title: incident.title.clone(),
            snippet: parts(&incident.summary.chars().take(200).collect::<String>()),
            happened_at: incident.started_at,
        }));
    }
    if upper.starts_with("DEP-") {
        let Some(number) = deploys::model::parse_key(text) else { return Ok(Vec::new()) };
        return found(deploys::queries::by_number(c, number).map(|deploy| Hit {
            kind: HitKind::Deploy,
            key: deploy.key(),
            path: deploy.path(),
            title: deploy.version_or_commit(),
            snippet: parts(&deploy.summary.chars().take(200).collect::<String>()),
            happened_at: deploy.happened_at,
        }));
    }
    if upper.starts_with("ACT-") {
        let Some(number) = action_items::model::parse_key(text) else { return Ok(Vec::new()) };
        return found(action_items::queries::by_number(c, number).map(|item| Hit {
            kind: HitKind::ActionItem,
            key: item.key(),
            path: item.path(),
            title: item.title.clone(),
            snippet: parts(&item.details.chars().take(200).collect::<String>()),
            happened_at: item.created_at,
        }));
    }
    Ok(Vec::new())
}
