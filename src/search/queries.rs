//! What is found: things by their key, services by name, and what the two full-text searches find, the one place where
//! the databases differ in kind.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::model::{Hit, HitKind, PAGE_SIZE, Question, Term, terms};
use super::snippet::{opening, snippet};
use super::{facets, on_postgres, on_sqlite};
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
    body: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    incident_number: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    own_number: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    incident_title: Option<String>,
}

/// A question taken apart.
pub(super) struct Search<'a> {
    /// All of these are wanted.
    pub(super) terms: &'a [Term],
    /// And of each of these one.
    pub(super) facets: &'a [Vec<String>],
    pub(super) question: &'a Question,
}

impl Search<'_> {
    /// How many rows come before the page, and how many it has, with the one that says whether there are more.
    pub(super) fn slice(&self) -> (usize, usize) {
        let number = |number: i64| usize::try_from(number).unwrap_or(0);
        (number((self.question.page - 1) * PAGE_SIZE), number(PAGE_SIZE + 1))
    }
}

/// A number that is found.
#[derive(QueryableByName)]
pub(super) struct Number {
    #[diesel(sql_type = BigInt)]
    pub(super) number: i64,
}

/// The page's ids where titles come first: `titled`, then what else there is.
pub(super) fn titles_first(search: &Search<'_>, titled: Vec<i64>, anywhere: Vec<i64>) -> Vec<i64> {
    let (start, size) = search.slice();
    let first: HashSet<i64> = titled.iter().copied().collect();
    let others = anywhere.into_iter().filter(|id| !first.contains(id));
    titled.into_iter().chain(others).skip(start).take(size).collect()
}

/// The terms as they were typed, with no word that goes on.
pub(super) fn whole(terms: &[Term]) -> Vec<Term> {
    terms.iter().map(|term| Term { is_prefix: false, ..term.clone() }).collect()
}

/// Ids of at most so many titles: first those that hold the last word as it was typed, then, where there are too few,
/// those where it goes on.
pub(super) fn and_begun(
    mut whole: Vec<i64>,
    terms: &[Term],
    limit: usize,
    begun: impl FnOnce() -> Result<Vec<i64>, Error>,
) -> Result<Vec<i64>, Error> {
    if whole.len() < limit && terms.iter().any(|term| term.is_prefix) {
        let known: HashSet<i64> = whole.iter().copied().collect();
        whole.extend(begun()?.into_iter().filter(|id| !known.contains(id)));
    }
    whole.truncate(limit);
    Ok(whole)
}

/// What both searches select.
pub(super) const COLUMNS: &str = "d.id AS document_id, d.kind, d.thing_id, d.happened_at, d.title, d.body,
    (SELECT number FROM incidents i WHERE i.id = d.incident_id) AS incident_number,
    (SELECT title FROM incidents i WHERE i.id = d.incident_id) AS incident_title,
    CASE d.kind WHEN 'deploy' THEN (SELECT number FROM deploys x WHERE x.id = d.thing_id)
        WHEN 'action_item' THEN (SELECT number FROM action_items x WHERE x.id = d.thing_id) END AS own_number";

/// What a hit's rank is multiplied with: who asks for a service by name looks for what it did, not for its deploys.
pub(super) const WEIGHT: &str = "CASE d.kind WHEN 'deploy' THEN 0.25 WHEN 'event' THEN 0.6 ELSE 1.0 END";
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
    let service_id = match &question.service {
        Some(slug) => match services::queries::find(c, slug)? {
            Some(service) => Some(service.id),
            None => return Ok((hits, false)),
        },
        None => None,
    };
    let facets = facets::words(question, service_id);
    let search = Search { terms: &terms, facets: &facets, question };
    let rows = match c {
        Conn::Sqlite(c) => on_sqlite::page(c, &search)?,
        Conn::Postgres(c) => on_postgres::page(c, &search)?,
    };
    let size = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let there_is_more = rows.len() > size;
    hits.extend(rows.into_iter().take(size).filter_map(|row| hit(row, &terms)));
    Ok((hits, there_is_more))
}

fn hit(row: Row, terms: &[Term]) -> Option<Hit> {
    let snippet = snippet(&row.title, &row.body, terms);
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
    Some(Hit { kind: row.kind, key, path, title, snippet, happened_at: row.happened_at })
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
        snippet: opening(&service.description),
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
            snippet: opening(&incident.summary),
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
            snippet: opening(&deploy.summary),
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
            snippet: opening(&item.details),
            happened_at: item.created_at,
        }));
    }
    Ok(Vec::new())
}
