//! The desk where a text is written: what lies on it, and what becomes of a text whose writer's session ended.

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use super::blocks::{self, Source, Unknown};
use super::drafts;
use super::drafts::queries::Typed;
use super::forms::RawText;
use super::missing::{self, Gap};
use super::model::{MARKDOWN_LIMIT_BYTES, Postmortem, path};
use super::pages::incident;
use super::queries::{self, OUTSET_NOTE};
use super::record::Record;
use super::views;
use crate::app::App;
use crate::auth::queries::owner_of_ended_session;
use crate::auth::secrets::token_hash;
use crate::auth::who::{Member, SignedIn, request_id};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::incidents::model::Incident;
use crate::markdown::{self, SafeHtml, Side, merge};
use crate::references;
use crate::reviews::beside::queries::Beside;
use crate::web::body::WritingForm;
use crate::web::fields::Fields;
use crate::web::layout::{Layout, Section};
use crate::web::respond::{html_response, page_with, see_other};
use crate::wording;

/// What somebody typed that is to lie on the desk; what is left out is as it was kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// The text.
    pub markdown: Option<String>,
    /// The revision that it is based on.
    pub base: Option<i64>,
    /// The line beside the text.
    pub line: String,
    /// What was added by the last line.
    pub added: String,
    /// What needs another look.
    pub errors: FieldErrors,
}

/// What the editor shows.
pub(super) struct Desk {
    pub incident: Incident,
    pub postmortem: Postmortem,
    pub markdown: String,
    pub errors: FieldErrors,
    record: Record,
    base: i64,
    preview: SafeHtml,
    hints: Vec<views::HintLine>,
    review: Option<Beside>,
    gaps: Vec<Gap>,
    saved: Option<(Moment, Option<String>)>,
    draft_at: Option<Moment>,
    others: Vec<(String, Moment)>,
    outset: String,
    line: String,
    added: String,
}

impl Desk {
    /// With what was typed now, else with what was typed before and not saved, else with the newest revision.
    pub fn lay(c: &mut Conn, key: &str, user_id: i64, sheet: Sheet, now: Moment) -> Result<Self, Error> {
        let incident = incident(c, key)?;
        let postmortem = queries::existing(c, &incident)?;
        let record = Record::of(c, &incident)?;
        let (history, there_is_more) = queries::history(c, &postmortem, None)?;
        let first = if there_is_more { queries::first_note(c, &postmortem)? } else { None };
        let outset = first
            .or_else(|| history.last().map(|row| row.note.clone()))
            .filter(|note| note.starts_with(OUTSET_NOTE))
            .unwrap_or_default();
        let saved = history.into_iter().next().map(|row| (row.created_at, row.writer));
        let mut errors = sheet.errors;
        let draft = if sheet.markdown.is_none() && postmortem.is_written() {
            drafts::queries::of(c, &postmortem, user_id)?
        } else {
            None
        };
        let draft_at = draft.as_ref().map(|draft| draft.saved_at);
        let (markdown, base) = match (sheet.markdown, draft) {
            (Some(typed), _) => (typed, sheet.base.unwrap_or(postmortem.current_revision)),
            (None, Some(draft)) => (draft.markdown, draft.base_revision),
            (None, None) if !postmortem.is_written() => (String::new(), 0),
            (None, None) => {
                let newest = queries::revision(c, &postmortem, postmortem.current_revision)?;
                (newest.markdown, newest.number)
            }
        };
        let hints = wording::queries::hints(c, postmortem.id, &markdown)?;
        let review = Beside::of_any(c, &incident, Some(&postmortem), user_id)?;
        let preview = if errors.of("markdown").is_some() {
            Ok(SafeHtml::default())
        } else {
            let source = Source { incident: &incident, record: &record, now };
            let marked = markdown::mark(&markdown, &wording::marks(&hints));
            references::queries::render(c, &blocks::expand(&marked, &source, Unknown::Told))
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
        Ok(Desk {
            gaps: missing::gaps(&markdown, &incident, &record),
            others: drafts::queries::others(c, &postmortem, user_id, now)?,
            incident,
            postmortem,
            markdown,
            errors,
            record,
            base,
            preview,
            hints,
            review,
            saved,
            draft_at,
            outset,
            line: sheet.line,
            added: sheet.added,
        })
    }

    /// The whole page.
    pub fn page(
        self,
        who: &SignedIn,
        status: StatusCode,
        conflict: Option<views::Conflict>,
    ) -> Result<HttpResponse, Error> {
        page_with(
            status,
            &views::Edit {
                layout: who.layout(format!("Postmortem of {}", self.incident.key()), Section::Incidents),
                base: self.base,
                outline: markdown::outline(&self.markdown),
                word_count: markdown::word_count(&self.markdown),
                gaps: self.gaps,
                hints: self.hints,
                beside: self.review,
                saved: self.saved.map(|(at, writer)| (who.stamp(at), writer.unwrap_or_default())),
                draft: self.draft_at.map(|at| who.stamp(at)),
                others: self.others.into_iter().map(|(name, at)| (name, who.stamp(at))).collect(),
                outset: self.outset,
                line: self.line,
                added: self.added,
                postmortem: self.postmortem,
                markdown: self.markdown,
                preview: self.preview,
                errors: self.errors,
                conflict,
                facts: views::Facts::new(who, self.incident, self.record),
            },
        )
    }

    /// What stands beside the text, for the editor's script.
    pub fn aside(self, who: &SignedIn, status: StatusCode) -> Result<HttpResponse, Error> {
        let fragment = views::Aside {
            gaps: self.gaps,
            hints: self.hints,
            line: self.line,
            added: self.added,
            errors: self.errors,
            facts: views::Facts::new(who, self.incident, self.record),
        };
        Ok(html_response(status, views::fragment(&fragment)?))
    }
}

/// Which side somebody chose for each place that was in conflict, with the text that the choice is about.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    /// The text as it was typed.
    pub text: RawText,
    against: i64,
    sides: Vec<Side>,
}

impl Choices {
    /// From the form of the page of a conflict; nothing from any other.
    pub fn from_fields(fields: &Fields) -> Option<Self> {
        let against = fields.some("against")?.parse().ok()?;
        let mut sides = Vec::new();
        while let Some(word) = fields.some(&format!("place-{}", sides.len())) {
            sides.push(match word {
                "theirs" => Side::Theirs,
                "both" => Side::Both,
                _ => Side::Mine,
            });
        }
        let text = RawText {
            markdown: Some(fields.get("yours").to_owned()),
            base_revision: fields.some("started_from").map(|text| text.parse().unwrap_or(-1)),
        };
        Some(Choices { text, against, sides })
    }

    /// The text with the choices made, and the revision that it is then based on.
    pub fn applied(
        &self,
        c: &mut Conn,
        incident: &Incident,
        (base, mine): (i64, &str),
    ) -> Result<(String, i64), Error> {
        let postmortem = queries::existing(c, incident)?;
        let theirs = queries::revision(c, &postmortem, self.against)?;
        let base = match base {
            0 => String::new(),
            number => queries::revision(c, &postmortem, number)?.markdown,
        };
        Ok((merge(&base, mine, &theirs.markdown).resolved(&self.sides), self.against))
    }
}

/// A request from the editor: who writes, on which incident's postmortem, and what was typed. Where nobody is signed in
/// any more, the text is kept for them and the answer leads through sign-in back to it.
pub struct Writing {
    /// Who writes.
    pub who: Member,
    /// The incident's key.
    pub key: String,
    /// What was typed.
    pub typed: Fields,
}

impl FromRequest for Writing {
    type Error = actix_web::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let WritingForm(typed) = WritingForm::from_request(&request, &mut payload).await?;
            let key = request.match_info().get("key").unwrap_or_default().to_owned();
            match Member::from_request(&request, &mut payload).await {
                Ok(who) => Ok(Writing { who, key, typed }),
                Err(error) => {
                    let app = request.app_data::<web::Data<App>>().expect("every application carries its App");
                    let answer = keep_for_later(&request, app, &key, &typed, error).await?;
                    Err(InternalError::from_response("the session has ended", answer).into())
                }
            }
        })
    }
}

/// What somebody typed whose session is over: it is kept for them, and they are led through sign-in back to it.
/// Where nobody can say whose it is, the page shows it and saves it once they are signed in.
///
/// # Errors
/// The error as it was, when there is no text to keep.
pub(super) async fn keep_for_later(
    request: &HttpRequest,
    app: &App,
    key: &str,
    typed: &Fields,
    error: Error,
) -> Result<HttpResponse, Error> {
    let text = typed.get("markdown").to_owned();
    if text.is_empty() || !matches!(error, Error::SignedOut(_)) {
        return Err(error);
    }
    let next = format!("/incidents/{key}/postmortem/edit");
    let sign_in = format!("/sign-in?next={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    let base: i64 = typed.some("base_revision").and_then(|text| text.parse().ok()).unwrap_or(0);
    if let Some(cookie) = request.cookie(app.config.session_cookie()).filter(|_| text.len() <= MARKDOWN_LIMIT_BYTES) {
        let (hash, now, key, text) = (token_hash(cookie.value()), app.clock.now(), key.to_owned(), text.clone());
        let kept = app
            .db
            .write(move |c| {
                let Some(user_id) = owner_of_ended_session(c, &hash, now)? else { return Ok(false) };
                let incident = incident(c, &key)?;
                let postmortem = queries::existing(c, &incident)?;
                drafts::queries::keep(c, &postmortem, user_id, &Typed { markdown: &text, base }, now)?;
                Ok::<_, Error>(true)
            })
            .await?;
        if kept {
            return Ok(see_other(sign_in));
        }
    }
    let layout = Layout::bare("Sign in, then save", &request_id(request));
    let number = crate::incidents::model::parse_key(key).ok_or(error)?;
    let page =
        views::SignedOut { layout, action: format!("{}/revisions", path(number)), sign_in, base, markdown: text };
    page_with(StatusCode::UNAUTHORIZED, &page)
}
