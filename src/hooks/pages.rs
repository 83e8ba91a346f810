//! The administration's pages of sources and deliveries.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::{Sender, Source};
use super::{queries, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::db::paging::{Cursor, Turn};
use crate::error::{Error, FieldErrors};
use crate::web::body::{Form, Query};
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

/// `POST /admin/sources/{slug}/secret`: a new secret, shown this once; the old one opens nothing any more.
///
/// # Errors
/// 404
pub async fn renew_secret(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let source = app.db.write(move |c| queries::renew_secret(c, &actor, &slug, now)).await?;
    with_secret(&who, &app, source)
}

fn with_secret(who: &Admin, app: &App, source: Source) -> Result<HttpResponse, Error> {
    let view = views::Show {
        layout: who.layout(source.name.clone(), Section::Admin),
        address: format!("{}{}", app.config.base_url, source.hook_path()),
        secret: Some(source.secret.clone()),
        source,
        rows: Vec::new(),
        newer: String::new(),
        older: String::new(),
    };
    page_with(StatusCode::CREATED, &view)
}

/// `GET /admin/sources/{slug}`
///
/// # Errors
/// 404
pub async fn show(
    who: Admin,
    app: web::Data<App>,
    slug: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    let (source, found) = app
        .db
        .read(move |c| {
            let source = queries::by_slug(c, &slug)?;
            let found = queries::of_source(c, source.id, turn)?;
            Ok::<_, Error>((source, found))
        })
        .await?;
    let link = |turn: &str, cursor: Option<Cursor>| {
        cursor.map(|cursor| format!("{}?{turn}={}", source.path(), cursor.encode())).unwrap_or_default()
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    let rows = found
        .rows
        .into_iter()
        .map(|(delivery, deploy)| views::Row { received: who.stamp(delivery.received_at), delivery, deploy })
        .collect();
    page(&views::Show {
        layout: who.layout(source.name.clone(), Section::Admin),
        address: format!("{}{}", app.config.base_url, source.hook_path()),
        secret: None,
        source,
        rows,
        newer,
        older,
    })
}

/// `GET /admin/deliveries/{id}`
///
/// # Errors
/// 404
pub async fn delivery(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let whole = app.db.read(move |c| queries::delivery(c, *id)).await?;
    page(&views::DeliveryPage {
        layout: who.layout(format!("Delivery {}", whole.delivery.id), Section::Admin),
        received: who.stamp(whole.delivery.received_at),
        processed: whole.delivery.processed_at.map(|at| who.stamp(at)),
        body: views::pretty(&whole.body),
        body_bytes: whole.body.len(),
        delivery: whole.delivery,
        source: whole.source,
        headers: whole.headers,
        deploy: whole.deploy,
    })
}

/// `POST /admin/deliveries/{id}/replay`: the delivery is read again.
///
/// # Errors
/// 404
pub async fn replay(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, now, id) = (who.actor(), who.now, *id);
    app.db.write(move |c| queries::replay(c, &actor, id, now)).await?;
    let said = Flash::ok("It is being read again. Reload in a moment to see what became of it.");
    Ok(see_other_with(format!("/admin/deliveries/{id}"), &said))
}
