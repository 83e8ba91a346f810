//! What happens while one writes: keeping the text, adding to the record, pictures, a chat's log.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::drafts;
use super::drafts::queries::{Hold, Typed};
use super::forms::RawText;
use super::model::path;
use super::pages::incident;
use super::pages_desk::{Desk, Sheet, Writing, keep_for_later};
use super::{queries, queries_additions, views};
use crate::app::App;
use crate::attachments::model::{PICTURE_LIMIT_BYTES, description};
use crate::attachments::queries::NewPicture;
use crate::auth::who::{Member, SignedIn};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::timeline::chat;
use crate::timeline::line::Frame;
use crate::web::body::{self, Form, WRITING_LIMIT_BYTES, WritingForm};
use crate::web::fields::{Fields, TEXT_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::multipart;
use crate::web::respond::{page_with, see_other, see_other_with};
use crate::web::times::Zone;

/// What the editor's script is told after it sent the text.
#[derive(Debug, Serialize)]
struct Kept {
    /// When it was kept, as the writer's clock shows it; empty when there was nothing to keep.
    at: String,
    /// The newest revision.
    newest: i64,
    /// Who saved it.
    by: String,
    /// Who else has the editor open.
    others: Vec<String>,
}

/// `POST /incidents/{key}/postmortem/drafts`: keeps what was typed. Without a text it says that the editor is open.
///
/// # Errors
/// 401 keeps the text for whose session ended; 404, 422.
pub async fn keep(
    who: Result<Member, Error>,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let who = match who {
        Ok(who) => who,
        Err(error) => {
            // The script must see that nobody is signed in, whatever became of the text.
            let told = error.clone();
            keep_for_later(&request, &app, &key, &typed.0, error).await?;
            return Err(told);
        }
    };
    let raw = RawText::from_fields(&typed.0);
    let text = if typed.0.is_set("markdown") { Some(raw.parse()?) } else { None };
    let (user_id, now, zone) = (who.user.id, who.now, who.zone());
    let kept = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            if let Some(text) = &text {
                let base = text.base_revision.unwrap_or(postmortem.current_revision);
                drafts::queries::keep(c, &postmortem, user_id, &Typed { markdown: &text.markdown, base }, now)?;
            }
            drafts::queries::see(c, &postmortem, user_id, now)?;
            let by = match postmortem.current_revision {
                0 => None,
                number => {
                    let newest = queries::revision(c, &postmortem, number)?;
                    queries::writer(c, &newest)?
                }
            };
            let others = drafts::queries::others(c, &postmortem, user_id, now)?;
            Ok::<_, Error>(Kept {
                at: text.as_ref().map(|_| zone.clock_seconds(now)).unwrap_or_default(),
                newest: postmortem.current_revision,
                by: by.unwrap_or_default(),
                others: others.into_iter().map(|(name, _)| name).collect(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).json(kept))
}

/// `POST /incidents/{key}/postmortem/drafts/removal`
///
/// # Errors
/// 404
pub async fn drop_draft(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let edit = set_hold(&who, &app, key.into_inner(), Hold::Dropped).await?;
    let undo = edit.replace("/edit", "/drafts/restoration");
    Ok(see_other_with(edit, &Flash::ok("Your unsaved text is dropped.").with_undo(undo)))
}

/// `POST /incidents/{key}/postmortem/drafts/restoration`
///
/// # Errors
/// 404
pub async fn restore_draft(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let edit = set_hold(&who, &app, key.into_inner(), Hold::Kept).await?;
    Ok(see_other_with(edit, &Flash::ok("Your text is back.")))
}

async fn set_hold(who: &SignedIn, app: &App, key: String, hold: Hold) -> Result<String, Error> {
    let (user_id, now) = (who.user.id, who.now);
    app.db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            drafts::queries::set_hold(c, &postmortem, user_id, hold, now)?;
            Ok(format!("{}/edit", path(incident.number)))
        })
        .await
}

/// `POST /incidents/{key}/postmortem/additions`: one line adds to the record; the text stays as typed.
///
/// # Errors
/// 404; 422 is the editor again; 401 keeps the text.
pub async fn add(writing: Writing, app: web::Data<App>) -> Result<HttpResponse, Error> {
    add_line(&writing.who, &app, writing.key, writing.typed).await
}

/// Adds what the line says and shows the editor with the text as typed.
pub(super) async fn add_line(who: &SignedIn, app: &App, key: String, typed: Fields) -> Result<HttpResponse, Error> {
    let (actor, now, zone, user_id) = (who.actor(), who.now, who.zone(), who.user.id);
    let (line, raw) = (typed.get("line").to_owned(), RawText::from_fields(&typed));
    let text = typed.is_set("markdown").then(|| raw.markdown.clone().unwrap_or_default());
    let is_fragment = typed.has("answer", "aside");
    let (wanted, said, kept) = (key.clone(), line.clone(), text.clone());
    let base = raw.base_revision;
    let outcome = app
        .db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let postmortem = queries::existing(c, &incident)?;
            let added = queries_additions::add(c, &actor, &incident, (&said, zone), now)?;
            if let Some(text) = kept.as_deref().filter(|text| fits(text)) {
                let base = base.unwrap_or(postmortem.current_revision);
                drafts::queries::keep(c, &postmortem, user_id, &Typed { markdown: text, base }, now)?;
            }
            Ok::<_, Error>((incident.number, added))
        })
        .await;
    let (status, sheet) = match outcome {
        Ok((number, added)) if !is_fragment => {
            let words = format!("{added} Your text is kept, not saved yet.");
            let words = if text.is_some() { words } else { added };
            return Ok(see_other_with(format!("{}/edit#f-line", path(number)), &Flash::ok(words)));
        }
        Ok((_, added)) => (StatusCode::OK, Sheet { added, ..Sheet::default() }),
        Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, Sheet { line, errors, ..Sheet::default() }),
        Err(other) => return Err(other),
    };
    let sheet = Sheet { markdown: text, base, ..sheet };
    let desk = app.db.read(move |c| Desk::lay(c, &key, user_id, sheet, now)).await?;
    if is_fragment { desk.aside(who, status) } else { desk.page(who, status, None) }
}

fn fits(text: &str) -> bool {
    text.len() <= super::model::MARKDOWN_LIMIT_BYTES && !text.contains('\0')
}

/// What a picture's answer tells the script.
#[derive(Debug, Serialize)]
struct Stored {
    href: String,
}

/// `POST /incidents/{key}/attachments`: a picture, by itself from the script or in a form beside the text.
///
/// # Errors
/// 404, 413, 415; 422 is the editor again; 401 keeps the text.
pub async fn attach(
    who: Result<Member, Error>,
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let key = key.into_inner();
    let kind = body::header(&request, "content-type").to_owned();
    if let Err(error) = &who
        && request.cookie(app.config.session_cookie()).is_none()
    {
        // Nobody whose text could be kept: the body is not even read.
        return Err(error.clone());
    }
    let limit = PICTURE_LIMIT_BYTES + WRITING_LIMIT_BYTES;
    let bytes = body::read(&request, &mut payload.into_inner(), limit).await?;
    let Some(boundary) = multipart::boundary(&kind) else {
        let who = who?;
        let (actor, now) = (who.actor(), who.now);
        if !kind.starts_with("image/") {
            return Err(Error::Unsupported("Send a picture, or the form that holds one.".to_owned()));
        }
        let file_name = body::header(&request, "x-file-name").to_owned();
        let new = NewPicture { file_name, content: bytes.to_vec() };
        let stored = app
            .db
            .write(move |c| {
                let incident = incident(c, &key)?;
                crate::attachments::queries::add(c, &actor, &incident, &new, now)
            })
            .await?;
        return Ok(HttpResponse::Created().json(Stored { href: stored.path() }));
    };
    let parts = multipart::parts(&bytes, &boundary)
        .ok_or_else(|| Error::Malformed("The form with the picture broke off. Send it again.".to_owned()))?;
    let field = |name: &str| {
        let part = parts.iter().find(|part| part.name == name && part.file_name.is_none());
        part.map(|part| String::from_utf8_lossy(&part.content).replace("\r\n", "\n"))
    };
    let picture = parts.iter().find(|part| part.name == "picture" && part.file_name.is_some());
    let new = NewPicture {
        file_name: picture.and_then(|part| part.file_name.clone()).unwrap_or_default(),
        content: picture.map(|part| part.content.clone()).unwrap_or_default(),
    };
    let who = match who {
        Ok(who) => who,
        Err(error) => {
            let named = |name| field(name).map(|value| (name, value));
            let typed = Fields::prefilled(["markdown", "base_revision"].into_iter().filter_map(named));
            return keep_for_later(&request, &app, &key, &typed, error).await;
        }
    };
    let (actor, now, user_id) = (who.actor(), who.now, who.user.id);
    let (text, base) = (field("markdown"), field("base_revision").and_then(|text| text.parse::<i64>().ok()));
    let alt = description(&field("alt").unwrap_or_default());
    let (wanted, typed) = (key.clone(), text.clone());
    let outcome = app
        .db
        .write(move |c| {
            let incident = incident(c, &wanted)?;
            let postmortem = queries::existing(c, &incident)?;
            if alt.is_empty() {
                return Err(Error::field("alt", "Describe what the picture shows, for people who cannot see it."));
            }
            let stored = crate::attachments::queries::add(c, &actor, &incident, &new, now)?;
            let (mut markdown, base) = match (&typed, base) {
                (Some(typed), Some(base)) => (typed.clone(), base),
                _ => (
                    queries::revision(c, &postmortem, postmortem.current_revision)?.markdown,
                    postmortem.current_revision,
                ),
            };
            markdown = format!("{}\n\n![{alt}]({})\n", markdown.trim_end(), stored.path());
            drafts::queries::keep(c, &postmortem, user_id, &Typed { markdown: &markdown, base }, now)?;
            Ok::<_, Error>(incident.number)
        })
        .await;
    match outcome {
        Ok(number) => {
            let told = "The picture stands at the end of your text. Move it where it belongs, then save.";
            Ok(see_other_with(format!("{}/edit", path(number)), &Flash::ok(told)))
        }
        Err(Error::Invalid(errors)) => {
            let sheet = Sheet { markdown: text, base, errors, ..Sheet::default() };
            let desk = app.db.read(move |c| Desk::lay(c, &key, user_id, sheet, now)).await?;
            desk.page(&who, StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/postmortem/chat`: from the editor to the page for a chat's log; the text is kept.
///
/// # Errors
/// 404; 401 keeps the text.
pub async fn leave_for_chat(writing: Writing, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let Writing { who, key, typed } = writing;
    let (user_id, now) = (who.user.id, who.now);
    let draft = RawText::from_fields(&typed).parse()?;
    let number = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let postmortem = queries::existing(c, &incident)?;
            let base = draft.base_revision.unwrap_or(postmortem.current_revision);
            drafts::queries::keep(c, &postmortem, user_id, &Typed { markdown: &draft.markdown, base }, now)?;
            Ok::<_, Error>(incident.number)
        })
        .await?;
    Ok(see_other(format!("/incidents/INC-{number}/chat")))
}

/// `GET /incidents/{key}/chat`
///
/// # Errors
/// 404
pub async fn chat(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    chat_page(&who, &app, key.into_inner(), Fields::default(), FieldErrors::new()).await
}

async fn chat_page(
    who: &SignedIn,
    app: &App,
    key: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (incident, has_text) = app
        .db
        .read(move |c| {
            let incident = incident(c, &key)?;
            let has_text = queries::of_incident(c, incident.id)?.is_some_and(|one| one.is_written());
            Ok::<_, Error>((incident, has_text))
        })
        .await?;
    let zone = Zone::named(fields.get("zone")).unwrap_or(who.zone());
    let frame = Frame { started_at: incident.started_at, ended_at: incident.resolved_at, zone, now: who.now };
    let messages = chat::messages(fields.get("log"), &frame);
    let lines = messages
        .iter()
        .enumerate()
        .map(|(index, message)| views::ChatLine {
            index,
            at: message.at.map(|at| who.zone().input(at)).unwrap_or_default(),
            text: message.words(),
        })
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout("Paste a chat's log", Section::Incidents);
    let zone_name = zone.name();
    page_with(status, &views::Chat { layout, incident, has_text, fields, lines, errors, zone_name })
}

/// `POST /incidents/{key}/chat`: reads the log and offers its lines, or puts the chosen ones on the timeline.
///
/// # Errors
/// 404, 422 with the page as typed.
pub async fn accept_chat(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (key, fields) = (key.into_inner(), typed.0);
    if !fields.has("then", "add") {
        let mut errors = FieldErrors::new();
        if fields.get("log").trim().is_empty() {
            errors.add("log", "Paste the lines of the chat first.");
        } else if Zone::named(fields.get("zone")).is_none() {
            errors.add("zone", "Pick a time zone such as Europe/Berlin or UTC.");
        }
        return chat_page(&who, &app, key, fields, errors).await;
    }
    let chosen = chosen_messages(&fields, &who.zone());
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(errors) => return chat_page(&who, &app, key, fields, errors).await,
    };
    let (actor, now) = (who.actor(), who.now);
    let (incident, count, has_text) = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let count = queries_additions::add_messages(c, &actor, &incident, &chosen, now)?;
            let has_text = queries::of_incident(c, incident.id)?.is_some_and(|one| one.is_written());
            Ok::<_, Error>((incident, count, has_text))
        })
        .await?;
    let s = if count == 1 { "" } else { "s" };
    let back =
        if has_text { format!("{}/edit", path(incident.number)) } else { format!("{}#timeline", incident.path()) };
    Ok(see_other_with(back, &Flash::ok(format!("{count} event{s} from the chat on the timeline."))))
}

fn chosen_messages(fields: &Fields, zone: &Zone) -> Result<Vec<(Moment, String)>, FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut chosen = Vec::new();
    for index in fields.all("take") {
        let text = fields.get(&format!("text-{index}")).trim().to_owned();
        match zone.parse(fields.get(&format!("at-{index}"))) {
            Err(sentence) => errors.add(format!("at-{index}"), sentence),
            Ok(_) if text.is_empty() => errors.add(format!("text-{index}"), "Say what happened, or leave it out."),
            Ok(_) if text.chars().count() > TEXT_LIMIT => {
                errors.add(format!("text-{index}"), "Shorten this to 10,000 characters.");
            }
            Ok(at) => chosen.push((at, text)),
        }
    }
    if chosen.len() > chat::MESSAGE_LIMIT {
        errors.add("log", format!("Take at most {} lines at once.", chat::MESSAGE_LIMIT));
    }
    if chosen.is_empty() && errors.is_empty() {
        errors.add("log", "Tick the lines that belong on the timeline.");
    }
    if errors.is_empty() { Ok(chosen) } else { Err(errors) }
}

/// Reads what lies beside the text anew, for the editor's script.
///
/// # Errors
/// 404
pub async fn aside(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let (user_id, now) = (who.user.id, who.now);
    let raw = RawText::from_fields(&typed.0);
    let sheet = Sheet { markdown: raw.markdown, base: raw.base_revision, ..Sheet::default() };
    let desk = app.db.read(move |c: &mut Conn| Desk::lay(c, &key, user_id, sheet, now)).await?;
    desk.aside(&who, StatusCode::OK)
}
