//! The pages of revisions.

use actix_web::{HttpResponse, web};

use super::comparison::{Comparison, Stretch};
use crate::app::App;
use crate::auth::who::{Member, Viewer};
use crate::error::Error;
use crate::postmortems::blocks::{self, Source, Unknown};
use crate::postmortems::model::{Saved, path};
use crate::postmortems::pages::{incident, readable};
use crate::postmortems::record::Record;
use crate::postmortems::{queries, views};
use crate::web::body::{Form, Query};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, see_other_with};

/// `GET /incidents/{key}/postmortem/revisions`
///
/// # Errors
/// 404
pub async fn index(
    who: Viewer,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let before = query.0.some("before").and_then(|text| text.parse().ok());
    let (incident, postmortem, rows, there_is_more, steps) = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let (rows, there_is_more) = queries::history(c, &postmortem, before)?;
            let steps = queries::steps(c, &postmortem)?;
            Ok::<_, Error>((incident, postmortem, rows, there_is_more, steps))
        })
        .await?;
    let older_href = rows
        .last()
        .filter(|_| there_is_more)
        .map(|last| format!("{}/revisions?before={}", path(incident.number), last.number))
        .unwrap_or_default();
    page(&views::History {
        layout: who.layout(format!("History of the postmortem of {}", incident.key()), Section::Incidents),
        rows: rows.into_iter().map(|row| (who.stamp(row.created_at), row)).map(|(at, row)| (row, at)).collect(),
        steps: steps
            .into_iter()
            .rev()
            .map(|(step, name)| (who.stamp(step.happened_at), step, name))
            .map(|(at, step, name)| (step, name, at))
            .collect(),
        incident,
        postmortem,
        older_href,
    })
}

/// `GET /incidents/{key}/postmortem/revisions/{number}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, at: web::Path<(String, i64)>) -> Result<HttpResponse, Error> {
    let (key, number) = at.into_inner();
    let now = who.now;
    let (incident, postmortem, revision, writer, document) = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let revision = queries::revision(c, &postmortem, number)?;
            let writer = queries::writer(c, &revision)?;
            let text = match &revision.frozen_markdown {
                Some(frozen) => frozen.clone(),
                None if blocks::is_live(&revision.markdown) => {
                    let record = Record::of(c, &incident)?;
                    let source = Source { incident: &incident, record: &record, now };
                    blocks::expand(&revision.markdown, &source, Unknown::Told)
                }
                None => revision.markdown.clone(),
            };
            let document = readable(c, &text)?;
            Ok::<_, Error>((incident, postmortem, revision, writer, document))
        })
        .await?;
    page(&views::OneRevision {
        layout: who.layout(format!("Revision {number} of the postmortem of {}", incident.key()), Section::Incidents),
        incident,
        postmortem,
        number,
        note: revision.note,
        writer: writer.unwrap_or_default(),
        stamp: who.stamp(revision.created_at),
        document,
    })
}

/// `GET /incidents/{key}/postmortem/comparison?from=1&to=3`: without `to` the newest, without `from` the one before.
///
/// # Errors
/// 404
pub async fn compare(
    who: Viewer,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let number = |name: &str| -> Result<Option<i64>, Error> {
        query.0.some(name).map(|text| text.parse().map_err(|_| Error::no("revision", text))).transpose()
    };
    let (from, to) = (number("from")?, number("to")?);
    let stretch = if query.0.has("lines", "all") { Stretch::Whole } else { Stretch::Folded };
    let (incident, from, to, comparison) = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let to = to.unwrap_or(postmortem.current_revision);
            let from = from.unwrap_or_else(|| (to - 1).max(1));
            // Older to newer, whichever way it was asked.
            let (from, to) = (from.min(to), from.max(to));
            let old = queries::revision(c, &postmortem, from)?;
            let new = queries::revision(c, &postmortem, to)?;
            Ok::<_, Error>((incident, from, to, Comparison::of(&old.markdown, &new.markdown, stretch)))
        })
        .await?;
    page(&views::Compared {
        layout: who.layout(format!("Changes from revision {from} to {to}"), Section::Incidents),
        incident,
        from,
        to,
        comparison,
    })
}

/// `POST /incidents/{key}/postmortem/revisions/{number}/return`: the old text becomes the newest revision.
///
/// # Errors
/// 404, or 409 when somebody saved since the page was read.
pub async fn bring_back(
    who: Member,
    app: web::Data<App>,
    at: web::Path<(String, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (key, number) = at.into_inner();
    let base = typed.0.some("base_revision").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let (actor, now) = (who.actor(), who.now);
    let (incident, saved) = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let saved = queries::bring_back(c, &actor, &incident, queries::Return { number, base }, now)?;
            Ok::<_, Error>((incident, saved))
        })
        .await?;
    let flash = match saved {
        Saved::New(new) | Saved::Merged(new) => {
            Flash::ok(format!("Revision {number} is back, as revision {}.", new.number))
        }
        Saved::Unchanged(_) => Flash::ok("The newest revision says the same already."),
        Saved::Outdated(clash) => {
            return Err(Error::Conflict(format!(
                "Somebody saved revision {} since you opened this page. Look at it, then bring revision {number} back.",
                clash.newest.number
            )));
        }
    };
    Ok(see_other_with(path(incident.number), &flash))
}
