//! Hints for programs: editors, and checks of a repository.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Hint, HintKind};
use super::queries;
use crate::api::answer;
use crate::app::App;
use crate::auth::who::ApiRead;
use crate::error::{Error, FieldErrors};
use crate::web::body::WritingJson;
use crate::web::problem::Problem;

/// Longest text that is looked at, in bytes.
const TEXT_LIMIT_BYTES: usize = 1024 * 1024;

/// A text to look at.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = WordingRequest)]
pub struct RequestBody {
    /// The text in Markdown.
    pub markdown: Option<String>,
}

/// A hint on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WordingHint)]
pub struct HintBody {
    /// Where the phrase begins, in bytes of the text.
    pub start: usize,
    /// Where it ends, in bytes of the text.
    pub end: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// What it does.
    pub kind: HintKind,
    /// The phrase.
    pub phrase: String,
    /// What was found.
    pub what: &'static str,
    /// Why it may stand in the way.
    pub why: &'static str,
    /// A question that leads further.
    pub question: &'static str,
}

impl HintBody {
    /// From a hint and the text that it speaks of.
    pub fn new(hint: Hint, source: &str) -> Self {
        HintBody {
            start: hint.start,
            end: hint.end,
            line: hint.line(source),
            kind: hint.kind,
            what: hint.kind.label(),
            why: hint.kind.why(),
            question: hint.kind.question(),
            phrase: hint.phrase,
        }
    }
}

/// The hints for a text, in its order. Never a block and never a score.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WordingAnswer)]
pub struct AnswerBody {
    /// The hints.
    pub hints: Vec<HintBody>,
}

/// Looks at the wording of a text and stores nothing.
///
/// # Errors
/// 422 for a text that is too long.
#[utoipa::path(post, path = "/api/v1/wording", tag = "wording", request_body = RequestBody,
    responses((status = 200, body = AnswerBody), (status = "4XX", body = Problem)))]
pub async fn look(_who: ApiRead, app: web::Data<App>, sent: WritingJson<RequestBody>) -> Result<HttpResponse, Error> {
    let Some(source) = sent.0.markdown else {
        return Err(Error::field("markdown", "Send the text to look at as markdown."));
    };
    if source.len() > TEXT_LIMIT_BYTES {
        let message = "Send at most 1 MiB of text at a time.";
        return Err(Error::Invalid(FieldErrors::one("markdown".to_owned(), message.to_owned())));
    }
    let people = app.db.read(queries::people).await?;
    let hints = super::hints(&source, &people).into_iter().map(|hint| HintBody::new(hint, &source)).collect();
    Ok(answer::ok(&AnswerBody { hints }))
}
