//! The round of cards.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms;
use super::queries_cards::{self, Vote};
use super::views_cards::{Cards, Table};
use super::{model, queries};
use crate::app::App;
use crate::auth::model::Role;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other, see_other_with};

/// `GET /retros/{id}/cards`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    whole(&who, &app, id.into_inner(), (Fields::default(), FieldErrors::new())).await
}

async fn table(who: &SignedIn, app: &App, id: i64) -> Result<(Table, String), Error> {
    let user_id = who.user.id;
    let (retro, team, cards) = app
        .db
        .read(move |c| {
            let retro = queries::by_id(c, id)?;
            let team = queries::team_of(c, &retro)?;
            let cards = queries_cards::all(c, id, user_id)?;
            Ok::<_, Error>((retro, team, cards))
        })
        .await?;
    let may_write = who.user.role != Role::Viewer;
    Ok((Table { retro, cards, viewer_id: user_id, may_write }, team.name))
}

async fn whole(
    who: &SignedIn,
    app: &App,
    id: i64,
    (fields, errors): (Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let (table, team) = table(who, app, id).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let period = table.retro.period(who.zone());
    let layout = who.layout(format!("Cards of {team}"), Section::Retros);
    page_with(status, &Cards { layout, table, team, period, fields, errors })
}

/// `GET /retros/{id}/cards/stage`: the part of the page that changes.
///
/// # Errors
/// 404
pub async fn stage(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    page(&table(&who, &app, id.into_inner()).await?.0)
}

fn path(id: i64) -> String {
    format!("{}/cards", model::path(id))
}

/// Back to the cards, with a word on what stands against it.
fn answered(id: i64, outcome: Result<String, Error>) -> Result<HttpResponse, Error> {
    let flash = match outcome {
        Ok(words) if words.is_empty() => return Ok(see_other(path(id))),
        Ok(words) => Flash::ok(words),
        Err(Error::Conflict(sentence)) => Flash::warn(sentence),
        Err(Error::Invalid(errors)) => {
            Flash::warn(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" "))
        }
        Err(other) => return Err(other),
    };
    Ok(see_other_with(path(id), &flash))
}

/// `POST /retros/{id}/cards`
///
/// # Errors
/// 404, 422 with what was typed.
pub async fn write(who: Member, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, user, now, id) = (who.actor(), who.user.clone(), who.now, id.into_inner());
    let outcome = match forms::card(&typed.0) {
        Ok((mood, text)) => {
            app.db.write(move |c| queries_cards::write(c, (&actor, &user), (id, mood, &text), now)).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(retro) if retro.anonymous && retro.cards_phase == model::CardsPhase::Writing => {
            answered(id, Ok("Your card lies face down with the others; nobody knows that it is yours.".to_owned()))
        }
        Ok(_) => answered(id, Ok(String::new())),
        Err(Error::Invalid(errors)) => whole(&who, &app, id, (typed.0, errors)).await,
        Err(other) => answered(id, Err(other)),
    }
}

/// `POST /retros/{id}/cards/phase`
///
/// # Errors
/// 404
pub async fn go_on(who: Member, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, id) = (who.actor(), who.now, id.into_inner());
    let outcome = match forms::round(&typed.0) {
        Ok(round) => app.db.write(move |c| queries_cards::go_on(c, &actor, (id, round), now)).await,
        Err(error) => Err(error),
    };
    answered(id, outcome.map(|_| String::new()))
}

/// `POST /retros/{id}/cards/{card}/removal`
///
/// # Errors
/// 404
pub async fn remove(who: Member, app: web::Data<App>, ids: web::Path<(i64, i64)>) -> Result<HttpResponse, Error> {
    let (actor, user, now, ids) = (who.actor(), who.user.clone(), who.now, ids.into_inner());
    let outcome = app.db.write(move |c| queries_cards::remove(c, (&actor, &user), ids, now)).await;
    answered(ids.0, outcome.map(|()| "The card is off the table.".to_owned()))
}

/// `POST /retros/{id}/cards/{card}/group`: lays it under another card, or back onto the table.
///
/// # Errors
/// 404
pub async fn group(
    who: Member,
    app: web::Data<App>,
    ids: web::Path<(i64, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, (id, card_id)) = (who.actor(), who.now, ids.into_inner());
    let under = match typed.0.some("under").map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(under)) => Ok(Some(under)),
        Some(Err(_)) => Err(Error::field("under", "Pick the card to lay it under.")),
    };
    let outcome = match under {
        Ok(under) => app.db.write(move |c| queries_cards::lay(c, &actor, (id, card_id, under), now)).await,
        Err(error) => Err(error),
    };
    answered(id, outcome.map(|()| String::new()))
}

/// `POST /retros/{id}/cards/{card}/vote`
///
/// # Errors
/// 404
pub async fn vote(who: Member, app: web::Data<App>, ids: web::Path<(i64, i64)>) -> Result<HttpResponse, Error> {
    voted(&who, &app, ids.into_inner(), Vote::Given).await
}

/// `POST /retros/{id}/cards/{card}/vote/removal`
///
/// # Errors
/// 404
pub async fn unvote(who: Member, app: web::Data<App>, ids: web::Path<(i64, i64)>) -> Result<HttpResponse, Error> {
    voted(&who, &app, ids.into_inner(), Vote::Kept).await
}

async fn voted(who: &SignedIn, app: &App, (id, card_id): (i64, i64), vote: Vote) -> Result<HttpResponse, Error> {
    let (user, now) = (who.user.clone(), who.now);
    let outcome = app.db.write(move |c| queries_cards::vote(c, &user, (id, card_id, vote), now)).await;
    answered(id, outcome.map(|()| String::new()))
}

/// `POST /retros/{id}/cards/{card}/action-item`
///
/// # Errors
/// 404
pub async fn make_item(
    who: Member,
    app: web::Data<App>,
    ids: web::Path<(i64, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, (id, card_id)) = (who.actor(), who.now, ids.into_inner());
    let title = typed.0.some("title").map(str::to_owned);
    let outcome =
        app.db.write(move |c| queries_cards::make_item(c, &actor, (id, card_id, title.as_deref()), now)).await;
    answered(id, outcome.map(|item| format!("{} is on the list.", item.key())))
}
