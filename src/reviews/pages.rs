//! The page of a review: the text with its comments, who was asked, and what they say.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::comments::queries::{self as comments, Thread};
use super::model::{Reviewer, default_due_on};
use super::views::{self, ReplyLine, ReviewerLine, Show, ThreadLine};
use super::{anchor, forms, queries};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::incidents::model::Incident;
use crate::markdown::{self, Heading, Mark, Place, SafeHtml};
use crate::postmortems;
use crate::postmortems::model::Postmortem;
use crate::references;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// The incident of an address.
///
/// # Errors
/// 404
pub(super) fn incident(c: &mut Conn, key: &str) -> Result<Incident, Error> {
    let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
    incidents::queries::by_number(c, number)
}

/// `GET /incidents/{key}/postmortem/review`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    show_with(&who, &app, key.into_inner(), Fields::default(), FieldErrors::new()).await
}

/// What the page reads.
struct Table {
    incident: Incident,
    postmortem: Postmortem,
    reviewers: Vec<Reviewer>,
    threads: Vec<(Thread, anchor::Found, SafeHtml, Vec<SafeHtml>)>,
    document: SafeHtml,
    outline: Vec<Heading>,
    people: Vec<(i64, String)>,
}

impl Table {
    fn lay(c: &mut Conn, key: &str) -> Result<Self, Error> {
        let incident = incident(c, key)?;
        let postmortem = postmortems::queries::existing(c, &incident)?;
        if !postmortem.is_written() {
            return Err(Error::NotFound(format!("{} has no text to review yet. Write one first.", incident.key())));
        }
        let source = postmortems::queries::revision(c, &postmortem, postmortem.current_revision)?.markdown;
        let mut threads = Vec::new();
        let mut marks = Vec::new();
        for thread in comments::threads(c, postmortem.id)? {
            let found = anchor::find(&source, &thread.comment.anchor());
            if let (Some(place), None) = (found.place(), thread.comment.resolved_at) {
                marks.push(Mark { place, number: thread.comment.id });
            }
            let text = note(c, thread.comment.id, &thread.comment.text)?;
            let replies = thread
                .replies
                .iter()
                .map(|(reply, _)| note(c, reply.id, &reply.text))
                .collect::<Result<Vec<_>, _>>()?;
            threads.push((thread, found, text, replies));
        }
        let document = match references::queries::render(c, &markdown::mark(&source, &marks)) {
            Ok(document) => document.with_marks("passage"),
            // A text that nests too deeply is shown as the postmortem's page shows it.
            Err(Error::Invalid(_)) => SafeHtml::default(),
            Err(other) => return Err(other),
        };
        Ok(Table {
            reviewers: queries::reviewers(c, postmortem.id)?,
            outline: markdown::outline(&source),
            people: incidents::around::queries::people(c)?,
            threads,
            document,
            incident,
            postmortem,
        })
    }
}

/// A comment's text, which lives beside others on one page.
fn note(c: &mut Conn, id: i64, text: &str) -> Result<SafeHtml, Error> {
    let prefix = format!("comment-{id}");
    match references::queries::render_in(c, Place::Within { id_prefix: &prefix, under_heading: 3 }, text) {
        Err(Error::Invalid(_)) => Ok(SafeHtml::default()),
        other => other,
    }
}

/// The page, also with a form that was refused.
///
/// # Errors
/// 404
pub(super) async fn show_with(
    who: &SignedIn,
    app: &App,
    key: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let table = app.db.read(move |c| Table::lay(c, &key)).await?;
    let today = who.zone().date(who.now);
    let revision = table.postmortem.current_revision;
    let reviewers = table
        .reviewers
        .into_iter()
        .map(|reviewer| ReviewerLine {
            stand: reviewer.stand(revision),
            is_late: reviewer.is_late(today),
            due: reviewer.request.as_ref().map(|request| views::due_words(request.due_on, today)).unwrap_or_default(),
            given: reviewer.opinion.as_ref().map(|opinion| who.stamp(opinion.given_at)),
            reviewer,
        })
        .collect();
    let threads = table
        .threads
        .into_iter()
        .map(|(thread, found, text, replies)| ThreadLine {
            at: who.stamp(thread.comment.created_at),
            writer: thread.writer,
            found,
            text,
            replies: thread
                .replies
                .into_iter()
                .zip(replies)
                .map(|((reply, writer), text)| ReplyLine { writer, text, at: who.stamp(reply.created_at) })
                .collect(),
            comment: thread.comment,
        })
        .collect();
    page_with(
        status,
        &Show {
            layout: who.layout(format!("Review of {}", table.incident.key()), Section::Postmortems),
            default_due_on: default_due_on(table.incident.severity, today),
            viewer_id: who.user.id,
            incident: table.incident,
            postmortem: table.postmortem,
            document: table.document,
            outline: table.outline,
            people: table.people,
            reviewers,
            threads,
            fields,
            errors,
        },
    )
}

/// Where a step leads back to.
pub(super) fn path(incident: &Incident) -> String {
    format!("{}/review", postmortems::model::path(incident.number))
}

/// `POST /incidents/{key}/postmortem/review/requests`
///
/// # Errors
/// 404, or 422 with the page.
pub async fn ask(who: Member, app: web::Data<App>, key: web::Path<String>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, today, wanted) = (who.actor(), who.now, who.zone().date(who.now), key.clone());
    let outcome = match forms::asking(&typed.0, today) {
        Ok(asking) => {
            app.db
                .write(move |c| {
                    let incident = incident(c, &wanted)?;
                    let due_on = asking.due_on.unwrap_or_else(|| default_due_on(incident.severity, today));
                    let names = queries::ask(c, &actor, &incident, (&asking.people, due_on), now)?;
                    Ok::<_, Error>((incident, names))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((incident, names)) => {
            let told = format!("{} {} asked.", names.join(", "), if names.len() == 1 { "is" } else { "are" });
            Ok(see_other_with(path(&incident), &Flash::ok(told)))
        }
        Err(Error::Invalid(errors)) => show_with(&who, &app, key.into_inner(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/postmortem/review/requests/{id}/removal`
///
/// # Errors
/// 404
pub async fn withdraw(
    who: Member,
    app: web::Data<App>,
    at: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (key, id) = at.into_inner();
    let id = row_id(&id)?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            queries::withdraw(c, &actor, &incident, id, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    Ok(see_other_with(path(&incident), &Flash::ok("The request is taken back.")))
}

/// A row id of an address.
///
/// # Errors
/// 404 for anything else.
pub(super) fn row_id(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| Error::no("entry", text))
}

/// `POST /incidents/{key}/postmortem/review/verdicts`
///
/// # Errors
/// 404, 409 when the text changed since, or 422 with the page.
pub async fn say(who: Member, app: web::Data<App>, key: web::Path<String>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let outcome = match forms::saying(&typed.0) {
        Ok(saying) => {
            app.db
                .write(move |c| {
                    let incident = incident(c, &wanted)?;
                    queries::say(c, &actor, &incident, &saying, now)?;
                    Ok::<_, Error>((incident, saying.verdict))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((incident, verdict)) => {
            let told = match verdict {
                super::model::Verdict::Approved => "Approved.",
                super::model::Verdict::ChangeWanted => "Your request for a change is noted.",
            };
            Ok(see_other_with(path(&incident), &Flash::ok(told)))
        }
        Err(Error::Invalid(errors)) => show_with(&who, &app, key.into_inner(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}
