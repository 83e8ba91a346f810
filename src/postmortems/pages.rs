//! The pages of a postmortem: reading, writing, and its steps.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::blocks::{self, Source, Unknown};
use super::forms::{self, RawPublication, RawText};
use super::model::{Clash, Postmortem, Saved, path};
use super::pages_desk::{Choices, Desk, Sheet, Writing};
use super::pages_writing::add_line;
use super::queries::{self, Text};
use super::queries_publish;
use super::record::Record;
use super::revisions::comparison::{Comparison, Stretch};
use super::{drafts, missing, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::clock::Moment;
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
use crate::web::respond::{html_response, page_with, see_other, see_other_with, text};
use crate::wording;

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
    let (now, viewer_id) = (who.now, who.user.id);
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
                    let text = if postmortem.published_revision == Some(revision.number) {
                        revision.published_markdown().to_owned()
                    } else {
                        let source = Source { incident: &incident, record: &record, now };
                        blocks::expand(&revision.markdown, &source, Unknown::Told)
                    };
                    let gaps = missing::gaps(&revision.markdown, &incident, &record);
                    shown = Some((readable(c, &text)?, markdown::outline(&text), markdown::word_count(&text), gaps));
                }
            }
            Ok::<_, Error>((incident, record, postmortem, shown, last, beside))
        })
        .await?;
    let (document, outline, word_count, gaps) = shown.unwrap_or_default();
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
            gaps,
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

/// The text that readers see, live blocks as tables; one without any, and without prompts, byte for byte.
///
/// # Errors
/// The database's.
pub(super) fn readers_text(
    c: &mut Conn,
    incident: &Incident,
    postmortem: &Postmortem,
    now: Moment,
) -> Result<String, Error> {
    let revision = queries::revision(c, postmortem, postmortem.shown_revision())?;
    if postmortem.published_revision == Some(revision.number) || !blocks::is_live(&revision.markdown) {
        return Ok(revision.published_markdown().to_owned());
    }
    let record = Record::of(c, incident)?;
    let source = Source { incident, record: &record, now };
    Ok(blocks::expand(&revision.markdown, &source, Unknown::Kept))
}

/// `GET /incidents/{key}/postmortem.md`; with `?facts=on` the facts stand in front, as in an export.
///
/// # Errors
/// 404
pub async fn source(
    who: Viewer,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let (now, with_facts) = (who.now, query.0.has("facts", "on"));
    let markdown = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let text = readers_text(c, &incident, &postmortem, now)?;
            if with_facts { crate::exchange::leaving::readable::with_facts(c, incident, &text) } else { Ok(text) }
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

/// `GET /incidents/{key}/postmortem/edit`: with what the writer typed and did not save, else with the newest text.
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (user_id, now) = (who.user.id, who.now);
    let desk = app.db.read(move |c| Desk::lay(c, &key, user_id, Sheet::default(), now)).await?;
    if !desk.postmortem.is_written() {
        return Ok(see_other(path(desk.incident.number)));
    }
    let postmortem = desk.postmortem.clone();
    // That others see who is here is a kindness; a full disk must not keep the text from its writer.
    if let Err(error) = app.db.write(move |c| drafts::queries::see(c, &postmortem, user_id, now)).await {
        tracing::warn!(%error, "who has the editor open could not be noted");
    }
    desk.page(&who, StatusCode::OK, None)
}

/// `POST /incidents/{key}/postmortem/preview`: the editor again with the text as typed, for browsers without script.
///
/// # Errors
/// 404
pub async fn preview_page(writing: Writing, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let Writing { who, key, typed } = writing;
    if typed.some("line").is_some() {
        return add_line(&who, &app, key, typed).await;
    }
    let raw = RawText::from_fields(&typed);
    let base = raw.base_revision;
    let errors = match raw.clone().parse() {
        Ok(_) => FieldErrors::new(),
        Err(Error::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let (user_id, now) = (who.user.id, who.now);
    let sheet = Sheet { markdown: raw.markdown, base, errors, ..Sheet::default() };
    let desk = app.db.read(move |c| Desk::lay(c, &key, user_id, sheet, now)).await?;
    let status = if desk.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    desk.page(&who, status, None)
}

/// `POST /incidents/{key}/postmortem/wording-dismissals`: keeps a `phrase` as it is; the editor comes back with the text
/// as typed.
///
/// # Errors
/// 404
pub async fn dismiss_hint(writing: Writing, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (writing.who.actor(), writing.who.now, writing.key.clone());
    let phrase = writing.typed.get("phrase").to_owned();
    app.db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let postmortem = queries::existing(c, &incident)?;
            wording::queries::dismiss(c, &actor, &incident, (postmortem.id, &phrase), now)
        })
        .await?;
    preview_page(writing, app).await
}

/// `POST /preview`: a fragment for the editor's script. With `?incident=INC-1` live blocks are filled in.
///
/// # Errors
/// 422 for a text that is too long.
pub async fn preview(
    _who: Viewer,
    app: web::Data<App>,
    query: Query,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let draft = RawText::from_fields(&typed.0).parse()?;
    let (of, now) = (query.0.some("incident").map(str::to_owned), app.clock.now());
    let outcome = app
        .db
        .read(move |c| {
            let incident = of.map(|key| incident(c, &key)).transpose()?;
            let written = match &incident {
                Some(incident) => queries::of_incident(c, incident.id)?,
                None => None,
            };
            // The same hints as stand beside the text: what was kept as it is stays unmarked.
            let hints = match written {
                Some(postmortem) => wording::queries::hints(c, postmortem.id, &draft.markdown)?,
                None => wording::hints(&draft.markdown, &wording::queries::people(c)?),
            };
            let marked = markdown::mark(&draft.markdown, &wording::marks(&hints));
            match incident {
                Some(incident) if blocks::is_live(&marked) => {
                    let record = Record::of(c, &incident)?;
                    let source = Source { incident: &incident, record: &record, now };
                    references::queries::render(c, &blocks::expand(&marked, &source, Unknown::Told))
                }
                _ => references::queries::render(c, &marked),
            }
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
    Done { number: i64, revision: i64, told: String, is_published: bool },
    Late { clash: Box<Clash>, writer: Option<String> },
}

/// `POST /incidents/{key}/postmortem/revisions`
///
/// # Errors
/// 404; 409 and 422 are the editor again, with the text as typed; 401 keeps the text until its writer is back.
pub async fn save(writing: Writing, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let Writing { who, key, typed } = writing;
    if typed.some("line").is_some() {
        return add_line(&who, &app, key, typed).await;
    }
    let chosen = Choices::from_fields(&typed);
    let raw = chosen.as_ref().map_or_else(|| RawText::from_fields(&typed), |chosen| chosen.text.clone());
    let typed_text = raw.markdown.clone().unwrap_or_default();
    let publishes = typed.has("then", "publish");
    let draft = match raw.parse().and_then(|draft| match draft.base_revision {
        Some(base) => Ok((base, draft.markdown)),
        None => Err(Error::field(
            "base_revision",
            "The form lost the revision that it is based on. Copy your text, open the editor again and paste it.",
        )),
    }) {
        Ok(draft) => draft,
        Err(Error::Invalid(errors)) => {
            let base = typed.some("base_revision").and_then(|text| text.parse().ok());
            let (user_id, now) = (who.user.id, who.now);
            let sheet = Sheet { markdown: Some(typed_text), base, errors, ..Sheet::default() };
            let desk = app.db.read(move |c| Desk::lay(c, &key, user_id, sheet, now)).await?;
            return desk.page(&who, StatusCode::UNPROCESSABLE_ENTITY, None);
        }
        Err(other) => return Err(other),
    };
    let (actor, now, wanted, user_id) = (who.actor(), who.now, key.clone(), who.user.id);
    let (base, markdown) = draft;
    let outcome = app
        .db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let (markdown, base) = match &chosen {
                Some(chosen) => chosen.applied(c, &incident, (base, &markdown))?,
                None => (markdown.clone(), base),
            };
            let text = Text { markdown: &markdown, note: "", base };
            let (revision, told) = match queries::save(c, &actor, &incident, &text, now)? {
                Saved::New(revision) => (revision.number, format!("Saved as revision {}.", revision.number)),
                Saved::Merged(revision) => (
                    revision.number,
                    format!(
                        "Saved as revision {}, put together with what was saved meanwhile. Read it once more.",
                        revision.number
                    ),
                ),
                Saved::Unchanged(revision) => (revision.number, "Nothing changed since the last save.".to_owned()),
                Saved::Outdated(clash) => {
                    let writer = queries::writer(c, &clash.newest)?;
                    return Ok(Outcome::Late { clash, writer });
                }
            };
            let mut revision = revision;
            if publishes {
                let postmortem = queries_publish::publish(c, &actor, &incident, Some(revision), now)?;
                revision = postmortem.shown_revision();
                drafts::queries::leave(c, &postmortem, user_id)?;
            }
            Ok::<_, Error>(Outcome::Done { number: incident.number, revision, told, is_published: publishes })
        })
        .await?;
    match outcome {
        Outcome::Done { number, revision, is_published: true, .. } => {
            Ok(see_other_with(path(number), &published(number, revision)))
        }
        Outcome::Done { number, told, .. } => Ok(see_other_with(format!("{}/edit", path(number)), &Flash::ok(told))),
        Outcome::Late { clash, writer } => late(&who, &app, key, (base, typed_text), (*clash, writer)).await,
    }
}

/// The page of a save that came too late: what came together, both texts where they did not, and the choice.
async fn late(
    who: &SignedIn,
    app: &App,
    key: String,
    (base, yours): (i64, String),
    (clash, writer): (Clash, Option<String>),
) -> Result<HttpResponse, Error> {
    let theirs = clash.newest;
    let so_far = clash.merge.resolved(&[]);
    let (user_id, now, number) = (who.user.id, who.now, theirs.number);
    let sheet = Sheet { markdown: Some(so_far), base: Some(number), ..Sheet::default() };
    let (desk, comparison, theirs) = app
        .db
        .read(move |c| {
            let desk = Desk::lay(c, &key, user_id, sheet, now)?;
            let comparison = Comparison::of(&theirs.markdown, &desk.markdown, Stretch::Folded);
            Ok::<_, Error>((desk, comparison, theirs))
        })
        .await?;
    let conflict = views::Conflict {
        who: writer.unwrap_or_else(|| "Debrief".to_owned()),
        at: who.stamp(theirs.created_at),
        number,
        places: clash
            .merge
            .conflicts()
            .map(|(_, mine, theirs)| views::Place {
                mine: mine.to_owned(),
                theirs: theirs.to_owned(),
                comparison: Comparison::of(theirs, mine, Stretch::Folded),
            })
            .collect(),
        theirs: theirs.markdown,
        yours,
        base,
        comparison,
    };
    desk.page(who, StatusCode::CONFLICT, Some(conflict))
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
            let postmortem = queries_publish::publish(c, &actor, &incident, seen, now)?;
            Ok::<_, Error>((incident.number, postmortem.shown_revision()))
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
