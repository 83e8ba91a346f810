//! The pages of retros: the list, starting, walking the agenda, closing.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::forms;
use super::model::{HERE_S, Retro, RetroStatus};
use super::queries::{self, Filter};
use super::queries_close;
use super::queries_decide;
use super::queries_stage::{self, Board, Matter};
use super::views::{Closed, Index, Prepared, RetroLine, Running, Stage};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::paging::{Cursor, Turn};
use crate::error::{Error, FieldErrors};
use crate::teams::model::Team;
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other, see_other_with, text};

/// `GET /retros`
///
/// # Errors
/// 400 for a damaged cursor.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    list(&who, &app, (query.0, FieldErrors::new()), turn).await
}

async fn list(
    who: &SignedIn,
    app: &App,
    (fields, mut errors): (Fields, FieldErrors),
    turn: Turn,
) -> Result<HttpResponse, Error> {
    let filter = match forms::filter(&fields) {
        // A refused form to start one is not the list's filter.
        Ok(filter) if errors.is_empty() => filter,
        Ok(_) => Filter::default(),
        Err(Error::Invalid(wrong)) => {
            errors = wrong;
            Filter::default()
        }
        Err(other) => return Err(other),
    };
    let (found, teams) = app
        .db
        .read(move |c| {
            let teams = crate::teams::queries::all(c)?;
            // A filter that names no team finds nothing; the page stays.
            let found = queries::list(c, &filter, turn)?;
            Ok::<_, Error>((found, teams))
        })
        .await?;
    let address = |name: &str, cursor: Option<Cursor>| match cursor {
        Some(cursor) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for kept in ["team", "status"] {
                if let Some(value) = fields.some(kept) {
                    query.append_pair(kept, value);
                }
            }
            format!("/retros?{}", query.append_pair(name, &cursor.encode()).finish())
        }
        None => String::new(),
    };
    let (newer, older) = (address("before", found.before), address("after", found.after));
    let lines = found.rows.into_iter().map(|row| line(who, row)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut fields = fields;
    if fields.some("team").is_none()
        && let Some(own) = teams.iter().find(|team| team.name == who.nav.team_name)
    {
        fields.set("team", own.slug.clone());
    }
    page_with(
        status,
        &Index { layout: who.layout("Retros", Section::Retros), lines, teams, fields, errors, newer, older },
    )
}

fn line(who: &SignedIn, (retro, team): (Retro, Team)) -> RetroLine {
    RetroLine { meets: who.stamp(retro.meets_at), period: retro.period(who.zone()), retro, team }
}

/// `POST /retros`: one click; the team's running retro is joined.
///
/// # Errors
/// 422 with the form as typed.
pub async fn start(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, user, now) = (who.actor(), who.user.clone(), who.now);
    let outcome = match forms::start(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::start(c, (&actor, &user), &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(retro) => Ok(see_other(retro.path())),
        Err(Error::Invalid(errors)) => list(&who, &app, (typed.0, errors), Turn::First).await,
        Err(other) => Err(other),
    }
}

/// `POST /retros/{id}/start`
///
/// # Errors
/// 404; 409 when it is over.
pub async fn begin(who: Member, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user, now, id) = (who.actor(), who.user.clone(), who.now, id.into_inner());
    let retro = app.db.write(move |c| queries::begin(c, (&actor, &user), id, now)).await?;
    Ok(see_other(retro.path()))
}

/// `GET /retros/{id}`: the agenda before, the present entry while it runs, the minutes after.
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    note_presence(&who, &app, id).await?;
    whole(&who, &app, id, (Fields::default(), FieldErrors::new())).await
}

/// Writes down that somebody who may decide is here, at most every few seconds.
pub(super) async fn note_presence(who: &SignedIn, app: &App, id: i64) -> Result<(), Error> {
    let (user_id, now) = (who.user.id, who.now);
    let is_worth_it = app
        .db
        .read(move |c| {
            let retro = queries::by_id(c, id)?;
            Ok::<_, Error>(retro.is_running() && queries::is_stale(c, id, user_id, now)?)
        })
        .await?;
    if is_worth_it {
        app.db.write(move |c| queries::arrive(c, id, user_id, now)).await?;
    }
    Ok(())
}

async fn whole(
    who: &SignedIn,
    app: &App,
    id: i64,
    (fields, errors): (Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let (board, owners, minutes, next) = app
        .db
        .read(move |c| {
            let board = queries_stage::board(c, id)?;
            let owners = match board.retro.status {
                RetroStatus::Running => crate::action_items::queries::owner_choices(c)?,
                _ => Vec::new(),
            };
            let minutes = match &board.retro.minutes {
                // Its first line is the page's heading already.
                Some(text) => {
                    let below =
                        text.split_once('\n').filter(|(first, _)| first.starts_with("# ")).map(|(_, rest)| rest);
                    crate::references::queries::render(c, below.unwrap_or(text))?
                }
                None => Default::default(),
            };
            let next = queries::next_of_team(c, board.retro.team_id)?;
            Ok::<_, Error>((board, owners, minutes, next))
        })
        .await?;
    let period = board.retro.period(who.zone());
    let title = format!("Retro of {}", board.team.name);
    match board.retro.status {
        RetroStatus::Running => {
            let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let layout = who.layout(title, Section::Retros);
            let stage = staged(who, board, (fields, errors));
            page_with(status, &Running { layout, stage, period, owners })
        }
        RetroStatus::Prepared | RetroStatus::Skipped => {
            let layout = who.layout(title, Section::Retros);
            page(&Prepared { layout, meets: who.stamp(board.retro.meets_at), period, board })
        }
        RetroStatus::Closed => {
            let layout = who.layout(format!("{title}, {period}"), Section::Retros);
            page(&Closed { layout, closed: board.retro.closed_at.map(|at| who.stamp(at)), board, minutes, next })
        }
    }
}

/// What changes of a running retro's page, as `who` sees it.
pub(super) fn staged(who: &SignedIn, board: Board, (fields, errors): (Fields, FieldErrors)) -> Stage {
    let (zone, now) = (who.zone(), who.now);
    let today = zone.date(now);
    let since = |at: crate::clock::Moment| Some(who.stamp(at));
    let (due, late, since, so_far) = match board.present.as_ref().map(|present| &present.matter) {
        Some(Matter::Item(story)) => {
            let item = &story.row.item;
            let is_late = item.is_late(today);
            let words = if item.status.is_unfinished() { item.due_words(today) } else { String::new() };
            let so_far = story
                .so_far
                .iter()
                .map(|(change, name)| {
                    let day = zone.day(change.changed_at);
                    (day, history_words(change), name.clone())
                })
                .collect();
            (words, if is_late { "late" } else { "" }, since(item.created_at), so_far)
        }
        Some(Matter::Incident { incident, .. }) => (String::new(), "", since(incident.started_at), Vec::new()),
        Some(Matter::Deploy { deploy, .. }) => (String::new(), "", since(deploy.happened_at), Vec::new()),
        None => (String::new(), "", None, Vec::new()),
    };
    let retro = &board.retro;
    Stage {
        layout: who.layout("", Section::Retros),
        viewer_id: who.user.id,
        may_write: who.user.role != crate::auth::model::Role::Viewer,
        zone,
        on_s: retro.entry_began_at.map_or(0, |at| now.seconds_since(at).max(0)),
        running_s: retro.started_at.map_or(0, |at| now.seconds_since(at).max(0)),
        here_count: board.people.iter().filter(|(_, seen)| now.seconds_since(*seen) < HERE_S).count(),
        due,
        late,
        so_far,
        since,
        fields,
        errors,
        board,
    }
}

/// A line of an item's history in a few words.
fn history_words(change: &crate::action_items::model::ItemChange) -> String {
    let new = change.new_value.as_deref().unwrap_or("nothing");
    let words = match change.field.as_str() {
        "status" => change.words(new).to_owned(),
        "due_on" => match &change.old_value {
            Some(old) if old.as_str() < new => format!("put off to {new}"),
            _ => format!("due on {new}"),
        },
        "owner" => format!("owner: {new}"),
        "retro" => new.to_owned(),
        field => format!("{}: {new}", field.replace('_', " ")),
    };
    let reason = change.reason.split(" (/retros/").next().unwrap_or_default();
    if reason.is_empty() { words } else { format!("{words} ({reason})") }
}

/// `POST /retros/{id}/entries/{entry}/decisions`: what is decided about an entry.
///
/// # Errors
/// 404; 409 when somebody was faster; 422 with what was typed.
pub async fn decide(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(i64, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (id, entry_id) = path.into_inner();
    let (actor, user, now, today) = (who.actor(), who.user.clone(), who.now, who.zone().date(who.now));
    let fields = typed.0.clone();
    let outcome = app
        .db
        .write(move |c| {
            let retro = queries::by_id(c, id)?;
            let say = forms::say(&fields, (today, retro.next_on))?;
            queries_decide::decide(c, (&actor, &user), (id, entry_id, &say), now)
        })
        .await;
    match outcome {
        Ok(_) => Ok(see_other(super::model::path(id))),
        Err(Error::Invalid(errors)) => whole(&who, &app, id, (typed.0, errors)).await,
        Err(Error::Conflict(sentence)) => {
            let words = match typed.0.some("text") {
                Some(text) => format!("{sentence} You had typed: {}", text.chars().take(500).collect::<String>()),
                None => sentence,
            };
            Ok(see_other_with(super::model::path(id), &Flash::warn(words)))
        }
        Err(other) => Err(other),
    }
}

/// `POST /retros/{id}/undo`: takes the last decision back.
///
/// # Errors
/// 404; 409 when it cannot be taken back any more.
pub async fn undo(who: Member, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user, now, id) = (who.actor(), who.user.clone(), who.now, id.into_inner());
    let outcome = app.db.write(move |c| queries_decide::take_back(c, (&actor, &user), id, now)).await;
    answered(id, outcome.map(|decision| format!("Taken back: {}.", decision.sentence())))
}

/// Back to the retro, with a word on what was done or what stands against it.
pub(super) fn answered(id: i64, outcome: Result<String, Error>) -> Result<HttpResponse, Error> {
    let flash = match outcome {
        Ok(words) if words.is_empty() => return Ok(see_other(super::model::path(id))),
        Ok(words) => Flash::ok(words),
        Err(Error::Conflict(sentence)) => Flash::warn(sentence),
        Err(Error::Invalid(errors)) => {
            Flash::warn(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" "))
        }
        Err(other) => return Err(other),
    };
    Ok(see_other_with(super::model::path(id), &flash))
}

/// `POST /retros/{id}/position`: turns everybody to another entry.
///
/// # Errors
/// 404
pub async fn turn(who: Member, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (now, id) = (who.now, id.into_inner());
    let outcome = match typed.0.get("position").parse::<i64>() {
        Ok(position) => app.db.write(move |c| queries::jump(c, id, position, now)).await,
        Err(_) => Err(Error::field("position", "Pick a thing of the agenda.")),
    };
    answered(id, outcome.map(|()| String::new()))
}

/// `POST /retros/{id}/lead`: passes the lead on, or takes it over when nobody is named.
///
/// # Errors
/// 404; 422 is the page again.
pub async fn lead(who: Member, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, id) = (who.actor(), who.now, id.into_inner());
    let handle = typed.0.some("lead").map_or_else(|| who.user.handle.clone(), str::to_owned);
    match app.db.write(move |c| queries::lead(c, &actor, (id, &handle), now)).await {
        Err(Error::Invalid(errors)) => whole(&who, &app, id, (typed.0, errors)).await,
        outcome => answered(id, outcome.map(|leader| format!("{} leads now.", leader.name))),
    }
}

/// `POST /retros/{id}/time-box`
///
/// # Errors
/// 404; 422 is the page again.
pub async fn time_box(
    who: Member,
    app: web::Data<App>,
    id: web::Path<i64>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, id) = (who.actor(), who.now, id.into_inner());
    match forms::time_box(&typed.0) {
        Ok(box_s) => {
            let outcome = app.db.write(move |c| super::queries_cards::set_box(c, &actor, (id, box_s), now)).await;
            answered(id, outcome.map(|()| String::new()))
        }
        Err(Error::Invalid(errors)) => whole(&who, &app, id, (typed.0, errors)).await,
        Err(other) => Err(other),
    }
}

/// `POST /retros/{id}/closing`: writes the minutes.
///
/// # Errors
/// 404
pub async fn close(who: Member, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user, now, id) = (who.actor(), who.user.clone(), who.now, id.into_inner());
    let outcome = app.db.write(move |c| queries_close::close(c, (&actor, &user), id, now)).await;
    answered(id, outcome.map(|_| "The retro is closed; these are its minutes.".to_owned()))
}

/// `GET /retros/{id}.md`: the minutes as they are written, or as they would be written now.
///
/// # Errors
/// 404, also while nothing is decided yet.
pub async fn markdown(_who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let retro = app.db.read(move |c| queries::by_id(c, id)).await?;
    let minutes = retro
        .minutes
        .ok_or_else(|| Error::NotFound("This retro is not closed yet, so it has no minutes.".to_owned()))?;
    Ok(text("text/markdown; charset=utf-8", minutes))
}

/// `POST /retros/{id}/notes`: saves notes; a script is told what they became.
///
/// # Errors
/// 404, 409, 422
pub async fn notes(
    request: HttpRequest,
    who: Member,
    app: web::Data<App>,
    id: web::Path<i64>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (user, now, id) = (who.user.clone(), who.now, id.into_inner());
    let asks_for_json = request
        .headers()
        .get(actix_web::http::header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let outcome = match forms::notes(&typed.0) {
        Ok((base, text)) => app.db.write(move |c| queries_close::save_notes(c, &user, (id, base, &text), now)).await,
        Err(error) => Err(error),
    };
    if asks_for_json {
        let saved = outcome?;
        let body = serde_json::json!({"base": saved.base, "revision": saved.revision, "text": saved.text});
        return Ok(HttpResponse::Ok().insert_header((actix_web::http::header::CACHE_CONTROL, "no-store")).json(body));
    }
    answered(id, outcome.map(|_| "Notes saved.".to_owned()))
}
