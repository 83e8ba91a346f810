//! The administration's pages of webhooks.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::log::queries::{self as log, LogFilter};
use super::model::{WEBHOOK_SECRET, Webhook};
use super::{forms, queries, views};
use crate::app::App;
use crate::auth::secrets::random_bytes;
use crate::auth::who::{Admin, SignedIn};
use crate::db::paging::Turn;
use crate::error::{Error, FieldErrors};
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};
use crate::notify::signing::secret_of;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

fn status(errors: &FieldErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `GET /admin/webhooks`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, (Fields::default(), FieldErrors::new())).await
}

async fn list(who: &SignedIn, app: &App, (fields, errors): (Fields, FieldErrors)) -> Result<HttpResponse, Error> {
    let webhooks = app.db.read(queries::all).await?;
    let rows = webhooks
        .into_iter()
        .map(|webhook| views::Row { off_since: webhook.disabled_at.map(|at| who.stamp(at)), webhook })
        .collect();
    let ticked = if errors.is_empty() { NoticeKind::ALL.to_vec() } else { views::ticked(&fields) };
    let layout = who.layout("Webhooks", Section::Admin);
    page_with(status(&errors), &views::Index { layout, rows, ticked, fields, errors })
}

/// A new secret, as it is shown and sealed.
fn new_secret(app: &App) -> Result<(String, String), Error> {
    let secret = secret_of(&random_bytes());
    match app.seal.seal(WEBHOOK_SECRET, &secret) {
        Ok(sealed) => Ok((secret, sealed)),
        // Said at the form's first field: there is none for the key.
        Err(Error::Invalid(errors)) => Err(Error::field("name", errors.of("secret").unwrap_or_default().to_owned())),
        Err(other) => Err(other),
    }
}

/// `POST /admin/webhooks`: answers with the webhook's page, which shows the secret this once.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let outcome = match forms::webhook(&typed.0).and_then(|draft| Ok((draft, new_secret(&app)?))) {
        Ok((draft, (secret, sealed))) => {
            let (actor, now) = (who.actor(), who.now);
            let added = app.db.write(move |c| queries::add(c, &actor, (&draft, &sealed), now)).await;
            added.map(|webhook| (webhook, secret))
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((webhook, secret)) => record(&who, &app, webhook, Some(secret), None).await,
        Err(Error::Invalid(errors)) => list(&who, &app, (typed.0, errors)).await,
        Err(other) => Err(other),
    }
}

/// `GET /admin/webhooks/{id}`
///
/// # Errors
/// 404
pub async fn show(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let webhook = app.db.read(move |c| queries::by_id(c, *id)).await?;
    record(&who, &app, webhook, None, None).await
}

async fn record(
    who: &SignedIn,
    app: &App,
    webhook: Webhook,
    secret: Option<String>,
    typed: Option<(Fields, FieldErrors)>,
) -> Result<HttpResponse, Error> {
    let filter = LogFilter { state: None, webhook_id: Some(webhook.id) };
    let found = app.db.read(move |c| log::list(c, &filter, Turn::First)).await?;
    let status = match (&secret, &typed) {
        (Some(_), _) => StatusCode::CREATED,
        (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, None) => StatusCode::OK,
    };
    let (fields, errors, ticked) = match typed {
        Some((fields, errors)) => {
            let ticked = views::ticked(&fields);
            (fields, errors, ticked)
        }
        None => {
            let fields = Fields::prefilled([("name", webhook.name.clone()), ("url", webhook.url.clone())]);
            (fields, FieldErrors::new(), webhook.kinds())
        }
    };
    page_with(
        status,
        &views::Show {
            layout: who.layout(webhook.name.clone(), Section::Admin),
            off_since: webhook.disabled_at.map(|at| who.stamp(at)),
            old_until: webhook.old_secret_until.filter(|until| *until > who.now).map(|at| who.stamp(at)),
            rows: found.rows.into_iter().map(|row| super::log::views::line(who, row)).collect(),
            webhook,
            secret,
            ticked,
            fields,
            errors,
        },
    )
}

/// `POST /admin/webhooks/{id}`: changes name, address and kinds.
///
/// # Errors
/// 404; 422 with the form as typed.
pub async fn change(who: Admin, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let outcome = match forms::webhook(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::change(c, &actor, id, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(webhook) => Ok(see_other_with(webhook.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => {
            let webhook = app.db.read(move |c| queries::by_id(c, id)).await?;
            record(&who, &app, webhook, None, Some((typed.0, errors))).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /admin/webhooks/{id}/secret`: a new secret, shown this once; the old one signs beside it for a day.
///
/// # Errors
/// 404
pub async fn renew_secret(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let (secret, sealed) = new_secret(&app)?;
    let webhook = app.db.write(move |c| queries::renew_secret(c, &actor, id, &sealed, now)).await?;
    record(&who, &app, webhook, Some(secret), None).await
}

/// `POST /admin/webhooks/{id}/switch-on`: what waits is sent now.
///
/// # Errors
/// 404
pub async fn switch_on(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let webhook = app.db.write(move |c| queries::switch(c, &actor, id, None, now)).await?;
    Ok(see_other_with(webhook.path(), &Flash::ok(format!("{} is on; what waits is sent now.", webhook.name))))
}

/// `POST /admin/webhooks/{id}/switch-off`
///
/// # Errors
/// 404
pub async fn switch_off(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let reason = format!("{} switched it off.", who.user.name);
    let webhook = app.db.write(move |c| queries::switch(c, &actor, id, Some(&reason), now)).await?;
    Ok(see_other_with(webhook.path(), &Flash::ok(format!("{} is off: nothing more is sent to it.", webhook.name))))
}

/// `POST /admin/webhooks/{id}/test`: sends a message to see whether it arrives.
///
/// # Errors
/// 404
pub async fn test(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, now) = (id.into_inner(), who.now);
    let webhook = app
        .db
        .write(move |c| {
            let webhook = queries::by_id(c, id)?;
            let notice = Notice {
                kind: NoticeKind::IncidentUpdated,
                thing: Thing::new("webhook", webhook.name.clone(), webhook.path()),
                title: "A test of this webhook".to_owned(),
                body: "Nothing happened; an admin wants to see this arrive.".to_owned(),
                why: "an admin tests it".to_owned(),
                audience: Audience::default(),
                actor_id: None,
                dedup_key: None,
            };
            queries::try_out(c, id, &notice, now)?;
            Ok::<_, Error>(webhook)
        })
        .await?;
    Ok(see_other_with(
        webhook.path(),
        &Flash::ok("A test is on its way. Reload in a moment to see whether it arrived."),
    ))
}
