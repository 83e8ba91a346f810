//! The pages of a postmortem: reading, writing, and its steps.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{self, RawPublication, RawText};
use super::model::{Postmortem, Revision, Saved, path};
use super::queries::{self, Text};
use super::record::Record;
use super::revisions::comparison::{Comparison, Stretch};
use super::{outset, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::incidents::model::Incident;
use crate::markdown::{self, SafeHtml};
use crate::references;
use crate::reviews::beside::queries::Beside;
use crate::web::body::{Form, Query, WritingForm};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::wording;
use crate::web::respond::{html_response, page_with, see_other, see_other_with, text};

/// The incident of an address.
///
/// # Errors
/// 404
pub(super) fn incident(c: &mut Conn, key: &str) -> Result<Incident, Error> {
    let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
    incidents::queries::by_number(c, number)
}

/// `GET /incidents/{key}/postmortem`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    show_with(&who, &app, key.into_inner(), String::new(), FieldErrors::new()).await
}

async fn show_with(
    who: &SignedIn,
    app: &App,
    key: String,
    reason: String,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let viewer_id = who.user.id;
    let (incident, record, postmortem, shown, last, beside) = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let record = Record::of(c, &incident)?;
            let postmortem = queries::of_incident(c, incident.id)?;
            let (mut shown, mut last) = (None, None);
            let beside = Beside::of_any(c, &incident, postmortem.as_ref(), viewer_id)?;
            if let Some(postmortem) = &postmortem {
                last = queries::steps(c, postmortem)?.pop();
                if postmortem.is_written() {
                    let revision = queries::revision(c, postmortem, postmortem.shown_revision())?;
                    let document = readable(c, &revision.markdown)?;
                    shown = Some((
                        document,
                        markdown::outline(&revision.markdown),
                        markdown::word_count(&revision.markdown),
                    ));
                }
            }
            Ok::<_, Error>((incident, record, postmortem, shown, last, beside))
        })
        .await?;
    let (document, outline, word_count) = shown.unwrap_or_default();
    let layout = who.layout(format!("Postmortem of {}: {}", incident.key(), incident.title), Section::Incidents);
    let last = last.map(|(step, name)| {
        let stamp = who.stamp(step.happened_at);
        (step, name, stamp)
    });
    page_with(
        status,
        &views::Show {
            layout,
            postmortem,
            document,
            outline,
            last,
            word_count,
            beside,
            errors,
            reason,
            facts: views::Facts::new(who, incident, record),
        },
    )
}

/// A saved text for readers. One that cannot be rendered is shown as it was typed: nothing that was saved may become
/// unreadable.
///
/// # Errors
/// The database's.
pub(super) fn readable(c: &mut Conn, text: &str) -> Result<SafeHtml, Error> {
    match references::queries::render(c, text) {
        Err(Error::Invalid(_)) => Ok(plainly(text)),
        other => other,
    }
}

fn plainly(text: &str) -> SafeHtml {
    let fenced: String = text.lines().map(|line| format!("    {line}\n")).collect();
    markdown::render(&fenced, &markdown::NoReferences).unwrap_or_default()
}

/// `GET /incidents/{key}/postmortem.md`: the exact bytes that readers see.
///
/// # Errors
/// 404
pub async fn source(_who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let markdown = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            Ok::<_, Error>(queries::revision(c, &postmortem, postmortem.shown_revision())?.markdown)
        })
        .await?;
    Ok(text("text/markdown; charset=utf-8", markdown))
}

/// `POST /incidents/{key}/postmortem`: one click, no field; again, it leads to the one that is there.
///
/// # Errors
/// 404
pub async fn start(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let number = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            queries::start(c, &actor, &incident, now)?;
            Ok::<_, Error>(incident.number)
        })
        .await?;
    Ok(see_other(format!("{}/edit", path(number))))
}

/// What the editor shows.
struct Desk {
    incident: Incident,
    record: Record,
    postmortem: Postmortem,
    saved: Option<(crate::clock::Moment, Option<String>)>,
    markdown: String,
    preview: SafeHtml,
    hints: Vec<views::HintLine>,
    beside: Option<Beside>,
    errors: FieldErrors,
}

impl Desk {
    /// With the newest revision's text, or with one that was typed.
    fn lay(
        c: &mut Conn,
        viewer_id: i64,
        key: &str,
        typed: Option<String>,
        mut errors: FieldErrors,
    ) -> Result<Self, Error> {
        let incident = incident(c, key)?;
        let postmortem = queries::existing(c, &incident)?;
        let record = Record::of(c, &incident)?;
        let saved = queries::history(c, &postmortem, None)?.0.into_iter().next();
        let markdown = match typed {
            Some(typed) => typed,
            None if !postmortem.is_written() => String::new(),
            None => queries::revision(c, &postmortem, postmortem.current_revision)?.markdown,
        };
        let hints = wording::queries::hints(c, postmortem.id, &markdown)?;
        let beside = Beside::of_any(c, &incident, Some(&postmortem), viewer_id)?;
        let preview = if errors.of("markdown").is_some() {
            Ok(SafeHtml::default())
        } else {
            references::queries::render(c, &markdown::mark(&markdown, &wording::marks(&hints)))
                .map(|preview| preview.with_marks("blame"))
        };
        let hints = (1..).zip(hints).map(|(number, hint)| views::HintLine::new(number, &hint, &markdown)).collect();
        let preview = match preview {
            Ok(preview) => preview,
            Err(Error::Invalid(found)) => {
                for error in &found {
                    errors.add(error.field.clone(), error.message.clone());
                }
                SafeHtml::default()
            }
            Err(other) => return Err(other),
        };
        let saved = saved.map(|row| (row.created_at, row.writer));
        Ok(Desk { incident, record, postmortem, saved, markdown, preview, hints, beside, errors })
    }

    fn page(
        self,
        who: &SignedIn,
        status: StatusCode,
        base: Option<i64>,
        conflict: Option<views::Conflict>,
    ) -> Result<HttpResponse, Error> {
        page_with(
            status,
            &views::Edit {
                layout: who.layout(format!("Postmortem of {}", self.incident.key()), Section::Incidents),
                base: base.unwrap_or(self.postmortem.current_revision),
                empty_sections: outset::empty_sections(&self.markdown),
                saved: self.saved.map(|(at, writer)| (who.stamp(at), writer.unwrap_or_default())),
                postmortem: self.postmortem,
                markdown: self.markdown,
                preview: self.preview,
                hints: self.hints,
                beside: self.beside,
                errors: self.errors,
                conflict,
                facts: views::Facts::new(who, self.incident, self.record),
            },
        )
    }
}

/// `GET /incidents/{key}/postmortem/edit`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let viewer_id = who.user.id;
    let desk = app.db.read(move |c| Desk::lay(c, viewer_id, &key, None, FieldErrors::new())).await?;
    if !desk.postmortem.is_written() {
        return Ok(see_other(path(desk.incident.number)));
    }
    desk.page(&who, StatusCode::OK, None, None)
}

/// `POST /incidents/{key}/postmortem/preview`: the editor again with the text as typed, for browsers without script.
///
/// # Errors
/// 404
pub async fn preview_page(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let raw = RawText::from_fields(&typed.0);
    let base = raw.base_revision;
    let errors = match raw.clone().parse() {
        Ok(_) => FieldErrors::new(),
        Err(Error::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let viewer_id = who.user.id;
    let desk = app.db.read(move |c| Desk::lay(c, viewer_id, &key, raw.markdown, errors)).await?;
    let status = if desk.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    desk.page(&who, status, base, None)
}

/// `POST /incidents/{key}/postmortem/wording-dismissals`: keeps a `phrase` as it is; the editor comes back with the text
/// as typed.
///
/// # Errors
/// 404
pub async fn dismiss_hint(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let phrase = typed.0.get("phrase").to_owned();
    app.db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let postmortem = queries::existing(c, &incident)?;
            wording::queries::dismiss(c, &actor, &incident, (postmortem.id, &phrase), now)
        })
        .await?;
    preview_page(who, app, key, typed).await
}

/// `POST /preview`: a fragment for the editor's script.
///
/// # Errors
/// 422 for a text that is too long.
pub async fn preview(_who: Viewer, app: web::Data<App>, typed: WritingForm) -> Result<HttpResponse, Error> {
    let draft = RawText::from_fields(&typed.0).parse()?;
    let outcome = app
        .db
        .read(move |c| {
            let people = wording::queries::people(c)?;
            let marks = wording::marks(&wording::hints(&draft.markdown, &people));
            references::queries::render(c, &markdown::mark(&draft.markdown, &marks))
        })
        .await
        .map(|document| document.with_marks("blame"));
    match outcome {
        Ok(document) => Ok(html_response(StatusCode::OK, document.as_str().to_owned())),
        // The editor shows what it gets; a text that nests too deeply is the writer's to mend.
        Err(Error::Invalid(errors)) => {
            let words = errors.of("markdown").unwrap_or_default().to_owned();
            let told = markdown::render(&words, &markdown::NoReferences).unwrap_or_default();
            Ok(html_response(StatusCode::OK, told.as_str().to_owned()))
        }
        Err(other) => Err(other),
    }
}

/// What a save led to.
enum Outcome {
    Done { number: i64, revision: i64, is_new: bool, is_published: bool },
    Late { theirs: Revision, writer: Option<String> },
}

/// `POST /incidents/{key}/postmortem/revisions`
///
/// # Errors
/// 404; 409 and 422 are the editor again, with the text as typed.
pub async fn save(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let key = key.into_inner();
    let raw = RawText::from_fields(&typed.0);
    let typed_text = raw.markdown.clone().unwrap_or_default();
    let publishes = typed.0.has("then", "publish");
    let draft = match raw.parse().and_then(|draft| match draft.base_revision {
        Some(base) => Ok((base, draft.markdown)),
        None => Err(Error::field(
            "base_revision",
            "The form lost the revision that it is based on. Copy your text, open the editor again and paste it.",
        )),
    }) {
        Ok(draft) => draft,
        Err(Error::Invalid(errors)) => {
            let base = typed.0.some("base_revision").and_then(|text| text.parse().ok());
            let viewer_id = who.user.id;
            let desk = app.db.read(move |c| Desk::lay(c, viewer_id, &key, Some(typed_text), errors)).await?;
            return desk.page(&who, StatusCode::UNPROCESSABLE_ENTITY, base, None);
        }
        Err(other) => return Err(other),
    };
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let (base, markdown) = draft;
    let outcome = app
        .db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let text = Text { markdown: &markdown, note: "", base };
            let (revision, is_new) = match queries::save(c, &actor, &incident, &text, now)? {
                Saved::New(revision) => (revision.number, true),
                Saved::Unchanged(revision) => (revision.number, false),
                Saved::Outdated(theirs) => {
                    let writer = queries::writer(c, &theirs)?;
                    return Ok(Outcome::Late { theirs, writer });
                }
            };
            if publishes {
                queries::publish(c, &actor, &incident, Some(revision), now)?;
            }
            Ok::<_, Error>(Outcome::Done { number: incident.number, revision, is_new, is_published: publishes })
        })
        .await?;
    match outcome {
        Outcome::Done { number, revision, is_published: true, .. } => {
            Ok(see_other_with(path(number), &published(number, revision)))
        }
        Outcome::Done { number, revision, is_new: true, .. } => {
            Ok(see_other_with(format!("{}/edit", path(number)), &Flash::ok(format!("Saved as revision {revision}."))))
        }
        Outcome::Done { number, .. } => {
            Ok(see_other_with(format!("{}/edit", path(number)), &Flash::ok("Nothing changed since the last save.")))
        }
        Outcome::Late { theirs, writer } => late(&who, &app, key, (base, typed_text), (theirs, writer)).await,
    }
}

/// The page of a save that came too late: both texts, what differs, and the form with yours on the new base.
async fn late(
    who: &SignedIn,
    app: &App,
    key: String,
    (base, yours): (i64, String),
    (theirs, writer): (Revision, Option<String>),
) -> Result<HttpResponse, Error> {
    let viewer_id = who.user.id;
    let (desk, comparison, theirs) = app
        .db
        .read(move |c| {
            let desk = Desk::lay(c, viewer_id, &key, Some(yours), FieldErrors::new())?;
            let comparison = Comparison::of(&theirs.markdown, &desk.markdown, Stretch::Folded);
            Ok::<_, Error>((desk, comparison, theirs))
        })
        .await?;
    let conflict = views::Conflict {
        who: writer.unwrap_or_else(|| "Debrief".to_owned()),
        at: who.stamp(theirs.created_at),
        number: theirs.number,
        theirs: theirs.markdown,
        base,
        comparison,
    };
    desk.page(who, StatusCode::CONFLICT, Some(theirs.number), Some(conflict))
}

/// `POST /incidents/{key}/postmortem/publication`
///
/// # Errors
/// 404, or 409 when a newer revision came in between.
pub async fn publish(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, seen) = (who.actor(), who.now, RawPublication::from_fields(&typed.0).revision);
    let (number, revision) = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::publish(c, &actor, &incident, seen, now)?;
            Ok::<_, Error>((incident.number, postmortem.current_revision))
        })
        .await?;
    Ok(see_other_with(path(number), &published(number, revision)))
}

fn published(number: i64, revision: i64) -> Flash {
    Flash::ok(format!("Revision {revision} is published.")).with_undo(format!("{}/draft?undo=1", path(number)))
}

/// `POST /incidents/{key}/postmortem/draft`: back from published or not needed, with the reason.
///
/// # Errors
/// 404, or 422 with the page.
pub async fn take_back(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let reason = if query.0.is_set("undo") {
        Ok("taken back right away".to_owned())
    } else {
        forms::reason(&typed.0, "Say why it goes back to draft; readers of the history will ask.")
    };
    let reason = match reason {
        Ok(reason) => reason,
        Err(Error::Invalid(errors)) => {
            return show_with(&who, &app, key.into_inner(), typed.0.get("reason").to_owned(), errors).await;
        }
        Err(other) => return Err(other),
    };
    let (actor, now) = (who.actor(), who.now);
    let number = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            queries::take_back(c, &actor, &incident, &reason, now)?;
            Ok::<_, Error>(incident.number)
        })
        .await?;
    Ok(see_other_with(path(number), &Flash::ok("Taken back.")))
}

/// `POST /incidents/{key}/postmortem/not-needed`, with the reason.
///
/// # Errors
/// 404, 409 while it is published, or 422 with the page.
pub async fn not_needed(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let reason = match forms::reason(&typed.0, "Say why no postmortem is needed; it stays on record.") {
        Ok(reason) => reason,
        Err(Error::Invalid(errors)) => {
            return show_with(&who, &app, key.into_inner(), typed.0.get("reason").to_owned(), errors).await;
        }
        Err(other) => return Err(other),
    };
    let (actor, now) = (who.actor(), who.now);
    let number = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            queries::say_not_needed(c, &actor, &incident, &reason, now)?;
            Ok::<_, Error>(incident.number)
        })
        .await?;
    let flash = Flash::ok("Put down: no postmortem is needed.").with_undo(format!("{}/draft?undo=1", path(number)));
    Ok(see_other_with(path(number), &flash))
}
