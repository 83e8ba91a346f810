//! The feeds themselves, and the settings page of their addresses.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};

use super::atom::{self, FeedHead};
use super::model::{Feed, FeedKind};
use super::queries::{self, Site};
use super::{ical, queries_calendar, views};
use crate::app::App;
use crate::auth::model::User;
use crate::auth::secrets::token_hash;
use crate::auth::who::Viewer;
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::teams::model::Team;
use crate::web::body::Form;
use crate::web::fields::{Check, Fields};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// `GET /feeds/{token}`: the address alone opens it. It ends with `.ics` or `.atom`.
///
/// # Errors
/// 404 for every address that is not in force.
pub async fn read(
    app: web::Data<App>,
    address: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let gone = || Error::NotFound("There is no feed at this address, or it was revoked.".to_owned());
    let (token, extension) = address.rsplit_once('.').ok_or_else(gone)?;
    let (token, extension, now) = (token.to_owned(), extension.to_owned(), app.clock.now());
    let (site, self_url) = (Site::of(&app.config.base_url), app.config.base_url.clone() + request.path());
    let found = app
        .db
        .read(move |c| {
            let Some((feed, user, team)) = queries::open(c, &token)? else { return Ok(None) };
            if feed.kind.extension() != extension {
                return Ok(None);
            }
            let body = written(c, (&feed, &user, team.as_ref()), &site, (self_url, now))?;
            Ok::<_, Error>(Some((feed, body)))
        })
        .await?;
    let (feed, body) = found.ok_or_else(gone)?;
    if feed.last_used_at.is_none_or(|last| now.seconds_since(last) >= 3_600) {
        let id = feed.id;
        app.db.write(move |c| queries::touch(c, id, now)).await?;
    }
    let etag = format!("\"{}\"", &token_hash(&body)[..32]);
    let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == etag.as_bytes());
    let mut answer = HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    answer.insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(match feed.kind {
        FeedKind::Calendar => answer
            .insert_header((CONTENT_TYPE, "text/calendar; charset=utf-8"))
            .insert_header((CONTENT_DISPOSITION, "inline; filename=\"debrief.ics\""))
            .body(body),
        FeedKind::Incidents | FeedKind::Postmortems => {
            answer.insert_header((CONTENT_TYPE, "application/atom+xml; charset=utf-8")).body(body)
        }
    })
}

fn written(
    c: &mut Conn,
    (feed, user, team): (&Feed, &User, Option<&Team>),
    site: &Site,
    (self_url, now): (String, crate::clock::Moment),
) -> Result<String, Error> {
    let head = |thing: &str, title, page: &str| FeedHead {
        id: site.tag(thing),
        title,
        page_url: site.link(page),
        self_url: self_url.clone(),
    };
    Ok(match feed.kind {
        FeedKind::Calendar => {
            let name = team.map_or(&user.name, |team| &team.name);
            ical::calendar(&format!("Debrief: {name}"), &queries_calendar::calendar(c, feed, site, now)?, now)
        }
        FeedKind::Incidents => {
            atom::feed(&head("incidents", "Incidents", "/incidents"), &queries::incidents(c, site)?, now)
        }
        FeedKind::Postmortems => {
            let entries = queries::postmortems(c, site)?;
            atom::feed(&head("postmortems", "Published postmortems", "/postmortems"), &entries, now)
        }
    })
}

/// `GET /settings/feeds`
///
/// # Errors
/// The database's.
pub async fn index(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, (Fields::default(), FieldErrors::new()), None).await
}

async fn list(
    who: &Viewer,
    app: &App,
    (fields, errors): (Fields, FieldErrors),
    address: Option<String>,
) -> Result<HttpResponse, Error> {
    let user_id = who.user.id;
    let (rows, teams) =
        app.db.read(move |c| Ok::<_, Error>((queries::of_user(c, user_id)?, crate::teams::queries::all(c)?))).await?;
    let status = match (&address, errors.is_empty()) {
        (Some(_), _) => StatusCode::CREATED,
        (None, true) => StatusCode::OK,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let rows = rows
        .into_iter()
        .map(|(feed, team)| views::Row {
            created: who.stamp(feed.created_at),
            last_used: feed.last_used_at.map(|at| who.stamp(at)),
            feed,
            team,
        })
        .collect();
    let layout = who.layout("Calendars and feeds", Section::Settings);
    page_with(status, &views::Index { layout, rows, teams, address, fields, errors })
}

/// `POST /settings/feeds`: the answer shows the address, this once.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Viewer, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let kind: Option<FeedKind> = check.word("kind", typed.0.some("kind"), "Pick what the feed holds.");
    let outcome = match kind {
        Some(kind) if check.is_ok() => {
            let (actor, user_id, now) = (who.actor(), who.user.id, who.now);
            let team = typed.0.some("team").map(str::to_owned);
            let made = app.db.write(move |c| queries::add(c, &actor, user_id, (kind, team.as_deref()), now)).await;
            made.map(|token| format!("{}/feeds/{token}.{}", app.config.base_url, kind.extension()))
        }
        _ => Err(check.into_error()),
    };
    match outcome {
        Ok(address) => list(&who, &app, (Fields::default(), FieldErrors::new()), Some(address)).await,
        Err(Error::Invalid(errors)) => list(&who, &app, (typed.0, errors), None).await,
        Err(other) => Err(other),
    }
}

/// `POST /settings/feeds/{id}/revocation`
///
/// # Errors
/// 404 for somebody else's.
pub async fn revoke(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user_id, id, now) = (who.actor(), who.user.id, id.into_inner(), who.now);
    app.db.write(move |c| queries::revoke(c, &actor, (user_id, id), now)).await?;
    Ok(see_other_with("/settings/feeds", &Flash::ok("The address is revoked; it opens nothing any more.")))
}
