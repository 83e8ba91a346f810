//! The pages of contributing factors.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::FactorDraft;
use super::{queries, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::Conn;
use crate::db::paging::Turn;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::incidents::model::Incident;
use crate::markdown::Place;
use crate::references;
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

/// `GET /factors`
///
/// # Errors
/// The database's.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let after = query.0.some("after").map(str::to_owned);
    let (rows, there_is_more) = app.db.read(move |c| queries::list(c, after)).await?;
    let next = rows.last().filter(|_| there_is_more).map(|last| {
        let slug: String = form_urlencoded::byte_serialize(last.factor.slug.as_bytes()).collect();
        format!("/factors?after={slug}")
    });
    page(&views::Index {
        layout: who.layout("Contributing factors", Section::Factors),
        rows,
        next_href: next.unwrap_or_default(),
    })
}

/// `GET /factors/{slug}`
///
/// # Errors
/// 404
pub async fn show(
    who: Viewer,
    app: web::Data<App>,
    slug: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    show_with(&who, &app, slug.into_inner(), turn, None).await
}

async fn show_with(
    who: &SignedIn,
    app: &App,
    slug: String,
    turn: Turn,
    refused: Option<(Fields, FieldErrors)>,
) -> Result<HttpResponse, Error> {
    let (row, description, incidents, items) = app
        .db
        .read(move |c| {
            let factor = queries::by_slug(c, &slug)?;
            let incidents = queries::incidents_of(c, factor.id, turn)?;
            let items = queries::items_of(c, factor.id)?;
            let place = Place::Within { id_prefix: "about", under_heading: 1 };
            let description = references::queries::render_in(c, place, &factor.description)?;
            Ok::<_, Error>((queries::with_counts(c, factor)?, description, incidents, items))
        })
        .await?;
    let today = who.zone().date(who.now);
    let (fields, errors) = refused.unwrap_or_else(|| {
        let pairs = [("name", row.factor.name.clone()), ("note", row.factor.description.clone())];
        (Fields::prefilled(pairs), FieldErrors::new())
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let href = |name: &str, cursor: Option<crate::db::paging::Cursor>| {
        cursor.map(|cursor| format!("{}?{name}={}", row.factor.path(), cursor.encode())).unwrap_or_default()
    };
    page_with(
        status,
        &views::Show {
            layout: who.layout(row.factor.name.clone(), Section::Factors),
            newer_href: href("before", incidents.before),
            older_href: href("after", incidents.after),
            incidents: incidents
                .rows
                .into_iter()
                .map(|(incident, note)| (who.stamp(incident.started_at), incident, note))
                .map(|(at, incident, note)| (incident, note, at))
                .collect(),
            items: items
                .into_iter()
                .map(|item| (item.due_words(today), if item.is_late(today) { "late" } else { "" }, item))
                .map(|(due, late, item)| (item, due, late))
                .collect(),
            row,
            description,
            fields,
            errors,
        },
    )
}

/// `POST /factors/{slug}`: another name, or what is meant.
///
/// # Errors
/// 404, or 422 with the page.
pub async fn describe(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, slug.clone());
    let outcome = match FactorDraft::from_fields(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::describe(c, &actor, &wanted, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(factor) => Ok(see_other_with(factor.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => {
            show_with(&who, &app, slug.into_inner(), Turn::First, Some((typed.0, errors))).await
        }
        Err(other) => Err(other),
    }
}

fn incident(c: &mut Conn, key: &str) -> Result<Incident, Error> {
    let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
    incidents::queries::by_number(c, number)
}

/// `GET /incidents/{key}/factors/new`
///
/// # Errors
/// 404
pub async fn new(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    form(&who, &app, key.into_inner(), Fields::default(), FieldErrors::new()).await
}

async fn form(
    who: &SignedIn,
    app: &App,
    key: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (incident, choices) = app.db.read(move |c| Ok::<_, Error>((incident(c, &key)?, queries::choices(c)?))).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout(format!("What made {} possible", incident.key()), Section::Incidents);
    page_with(status, &views::Attach { layout, incident, choices, fields, errors })
}

/// `POST /incidents/{key}/factors`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn attach(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let outcome = match FactorDraft::from_fields(&typed.0) {
        Ok(draft) => {
            app.db
                .write(move |c| {
                    let incident = incident(c, &wanted)?;
                    let known = queries::choices(c)?;
                    let factor = queries::attach(c, &actor, &incident, &draft, now)?;
                    // A name that was there is meant; a new one may be another spelling of an old one.
                    let is_new = known.iter().all(|other| other.id != factor.id);
                    let names = known.iter().map(|other| other.name.as_str());
                    let alike =
                        if is_new { super::model::alike(&factor.name, names).join(", ") } else { String::new() };
                    Ok::<_, Error>((incident, factor, alike))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((incident, factor, alike)) => {
            let also = if alike.is_empty() { String::new() } else { format!(" Is it the same as {alike}?") };
            let flash = Flash::ok(format!("{} is named.{also}", factor.name)).with_undo(format!(
                "{}/factors/{}/removal",
                incident.path(),
                factor.slug
            ));
            Ok(see_other_with(format!("{}#factors", incident.path()), &flash))
        }
        Err(Error::Invalid(errors)) => form(&who, &app, key.into_inner(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/factors/{slug}/removal`
///
/// # Errors
/// 404 when it is not named there.
pub async fn detach(who: Member, app: web::Data<App>, at: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let (key, slug) = at.into_inner();
    let (actor, now) = (who.actor(), who.now);
    let (incident, factor) = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            let (factor, _) = queries::detach(c, &actor, &incident, &slug, now)?;
            Ok::<_, Error>((incident, factor))
        })
        .await?;
    Ok(see_other_with(format!("{}#factors", incident.path()), &Flash::ok(format!("{} is taken off.", factor.name))))
}
