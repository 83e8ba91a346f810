//! The administration's pages of sources and deliveries.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::{Sender, Source};
use super::queries::OldSecret;
use super::queries_deliveries::{self, Filter};
use super::{queries, setup, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::db::paging::Turn;
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::{Check, Fields, LINE_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

async fn list(who: &Admin, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let sources = app.db.read(queries::all).await?;
    let rows = sources
        .into_iter()
        .map(|source| {
            let first = source.first_delivery_at.map(|at| who.stamp(at));
            (source, first)
        })
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &views::Index { layout: who.layout("Sources", Section::Admin), rows, fields, errors })
}

/// `GET /admin/sources`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, Fields::default(), FieldErrors::new()).await
}

/// `POST /admin/sources`: answers with the source's page, which shows the secret this once.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let name = check.line("name", typed.0.some("name"), LINE_LIMIT, "Name the source, for example GitHub acme.");
    let sender: Option<Sender> = check.word_or("sender", typed.0.some("sender"), Sender::GitHub);
    let outcome = match (name, sender) {
        (Some(name), Some(sender)) if check.is_ok() => {
            let (actor, now) = (who.actor(), who.now);
            app.db.write(move |c| queries::add(c, &actor, sender, &name, now)).await
        }
        _ => Err(check.into_error()),
    };
    match outcome {
        Ok(source) => with_secret(&who, &app, source),
        Err(Error::Invalid(errors)) => list(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/sources/{slug}/secret`: a new secret, shown this once. The old one goes on for a day, unless somebody
/// else may know it; or the sender's own secret is put in.
///
/// # Errors
/// 404, or 422 for a secret that cannot be one.
pub async fn renew_secret(
    who: Admin,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let old = if typed.0.has("old", "ends") { OldSecret::Ends } else { OldSecret::GoesOn };
    let given = typed.0.some("secret").map(|secret| secret.trim().to_owned());
    let is_given = given.is_some();
    if let Some(secret) = &given {
        let fits = (16..=200).contains(&secret.len()) && secret.chars().all(|letter| letter.is_ascii_graphic());
        if !fits {
            return Err(Error::field(
                "secret",
                "Give the sender's secret as it is shown there: 16 to 200 letters and signs.",
            ));
        }
    }
    let source = app.db.write(move |c| queries::renew_secret(c, &actor, &slug, (old, given.clone()), now)).await?;
    if is_given {
        let said = Flash::ok("The sender's own secret is kept now. The one before goes on for a day.");
        return Ok(see_other_with(source.path(), &said));
    }
    with_secret(&who, &app, source)
}

/// `POST /admin/sources/{slug}/switch`: nothing more is taken from it, or it is taken again.
///
/// # Errors
/// 404
pub async fn switch(
    who: Admin,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let off_since = typed.0.has("to", "off").then_some(now);
    let source = app.db.write(move |c| queries::switch(c, &actor, &slug, off_since, now)).await?;
    let said = if off_since.is_some() {
        "Switched off: what it sends is refused. What came before stays."
    } else {
        "Switched on: what it sends is taken again."
    };
    Ok(see_other_with(source.path(), &Flash::ok(said)))
}

fn with_secret(who: &Admin, app: &App, source: Source) -> Result<HttpResponse, Error> {
    let secret = source.secret.clone();
    page_with(StatusCode::CREATED, &shown(who, app, source, Some(secret)))
}

/// The page of a source, without its deliveries.
fn shown(who: &Admin, app: &App, source: Source, secret: Option<String>) -> views::Show {
    let bare = format!("{}{}", app.config.base_url, source.hook_path());
    let filled = secret.as_deref().unwrap_or(setup::SECRET_PLACE);
    views::Show {
        layout: who.layout(source.name.clone(), Section::Admin),
        address: setup::address(source.sender, &bare, filled),
        templates: setup::templates(source.sender, &app.config.base_url, &bare, filled),
        first: source.first_delivery_at.map(|at| who.stamp(at)),
        old_secret_until: source
            .previous_secret_until
            .filter(|at| *at > who.now && source.previous_secret.is_some())
            .map(|at| who.stamp(at)),
        secret,
        source,
        rows: Vec::new(),
    }
}

/// `GET /admin/sources/{slug}`
///
/// # Errors
/// 404
pub async fn show(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let (source, found) = app
        .db
        .read(move |c| {
            let source = queries::by_slug(c, &slug)?;
            let filter = Filter { source: Some(source.slug.clone()), ..Filter::default() };
            let found = queries_deliveries::list(c, &filter, Turn::First)?;
            Ok::<_, Error>((source, found))
        })
        .await?;
    let mut view = shown(&who, &app, source, None);
    view.rows = found.rows.into_iter().map(|row| views::Row::new(row, &who)).collect();
    page(&view)
}
