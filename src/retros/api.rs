//! Retros for programs: to read.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{EntryKind, Reason, Retro, RetroStatus, Verb};
use super::queries_stage::{Board, board};
use super::{forms, queries};
use crate::api::answer::{self, List};
use crate::app::App;
use crate::auth::who::{ApiRead, Viewer};
use crate::clock::Moment;
use crate::db::paging::Turn;
use crate::error::Error;
use crate::teams::model::Team;
use crate::web::body::Query;
use crate::web::problem::Problem;

/// A retro on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Retro)]
pub struct RetroBody {
    /// Its number.
    pub id: i64,
    /// Slug of the team.
    pub team: String,
    /// How far it has come.
    pub status: RetroStatus,
    /// What happened since is looked at.
    pub period_from: Moment,
    /// Until then.
    pub period_to: Moment,
    /// When it is to begin, or began.
    pub meets_at: Moment,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub closed_at: Option<Moment>,
    /// Its page.
    pub html_url: String,
}

/// A thing on the agenda, on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetroEntry)]
pub struct EntryBody {
    /// Its place, from 1.
    pub position: i64,
    /// What it is about.
    pub kind: EntryKind,
    /// `ACT-7`, `INC-42` or `DEP-9`
    pub key: String,
    /// What it is.
    pub title: String,
    /// Why it is on the agenda.
    pub reason: Reason,
    /// What else speaks for it.
    pub other_reasons: Vec<Reason>,
    /// What was decided about it and stands.
    pub decisions: Vec<DecisionBody>,
}

/// A decision on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetroDecision)]
pub struct DecisionBody {
    /// What.
    pub verb: Verb,
    /// The evidence, the reason, or who.
    pub text: String,
    /// The day that it was put off to, or to look again.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<NaiveDate>,
    /// When.
    pub decided_at: Moment,
}

/// A retro with everything around it, on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetroDetail)]
pub struct DetailBody {
    /// The retro.
    #[serde(flatten)]
    pub retro: RetroBody,
    /// Names of those who were there.
    pub people: Vec<String>,
    /// The agenda.
    pub agenda: Vec<EntryBody>,
    /// The notes, in Markdown.
    pub notes: String,
    /// The minutes, in Markdown, once it is closed.
    pub minutes: Option<String>,
}

fn body(retro: &Retro, team: &Team, base_url: &str) -> RetroBody {
    RetroBody {
        id: retro.id,
        team: team.slug.clone(),
        status: retro.status,
        period_from: retro.period_from,
        period_to: retro.period_to,
        meets_at: retro.meets_at,
        started_at: retro.started_at,
        closed_at: retro.closed_at,
        html_url: format!("{base_url}{}", retro.path()),
    }
}

fn detail(board: &Board, base_url: &str) -> DetailBody {
    let agenda = board
        .lines
        .iter()
        .map(|line| {
            let reasons = line.entry.reasons();
            EntryBody {
                position: line.entry.position,
                kind: line.entry.kind,
                key: line.key.clone(),
                title: line.title.clone(),
                reason: line.entry.reason,
                other_reasons: reasons[1..].to_vec(),
                decisions: board
                    .about(line.entry.id)
                    .map(|decision| DecisionBody {
                        verb: decision.verb,
                        text: decision.text.clone(),
                        due_on: decision.due_on,
                        decided_at: decision.decided_at,
                    })
                    .collect(),
            }
        })
        .collect();
    DetailBody {
        retro: body(&board.retro, &board.team, base_url),
        people: board.people.iter().map(|(name, _)| name.clone()).collect(),
        agenda,
        notes: board.retro.notes.clone(),
        minutes: board.retro.minutes.clone(),
    }
}

/// Retros, the latest first.
///
/// # Errors
/// 422 for a filter that cannot be read.
#[utoipa::path(get, path = "/api/v1/retros", tag = "retros",
    params(
        ("team" = Option<String>, Query, description = "Slug or name of the team"),
        ("status" = Option<RetroStatus>, Query),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<RetroBody>), (status = "4XX", body = Problem)))]
pub async fn list(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(query.0.some("cursor"), None).map_err(|sentence| Error::field("cursor", sentence))?;
    let filter = forms::filter(&query.0)?;
    let found = app.db.read(move |c| queries::list(c, &filter, turn)).await?;
    let base_url = &app.config.base_url;
    let items = found.rows.iter().map(|(retro, team)| body(retro, team, base_url)).collect();
    Ok(answer::ok(&List { items, next_cursor: found.after.map(|cursor| cursor.encode()) }))
}

/// One retro with its agenda, decisions and minutes.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/retros/{id}", tag = "retros", params(("id" = i64, Path)),
    responses((status = 200, body = DetailBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    read(&app, id.into_inner()).await
}

/// `GET /retros/{id}.json`: the same for somebody who is signed in.
///
/// # Errors
/// 404
pub async fn show_json(_who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    read(&app, id.into_inner()).await
}

async fn read(app: &App, id: i64) -> Result<HttpResponse, Error> {
    let found = app.db.read(move |c| board(c, id)).await?;
    Ok(answer::ok_with_etag(&detail(&found, &app.config.base_url), found.retro.revision))
}
