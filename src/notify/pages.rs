//! The notification settings, and the page behind each mail's link to stop it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{field_of, wishes};
use super::model::{DIGEST, NoticeKind};
use super::{queries, views};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::{Layout, Section};
use crate::web::respond::{page, page_with, see_other_with};

/// `GET /settings/notifications`
///
/// # Errors
/// The database's.
pub async fn show(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    settings(&who, &app, None).await
}

/// `POST /settings/notifications`
///
/// # Errors
/// 422 with the form as typed.
pub async fn save(who: Viewer, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let wishes = match wishes(&typed.0) {
        Ok(wishes) => wishes,
        Err(Error::Invalid(errors)) => return settings(&who, &app, Some((typed.0, errors))).await,
        Err(other) => return Err(other),
    };
    let (user_id, zone, now) = (who.user.id, who.zone(), who.now);
    app.db.write(move |c| queries::wish(c, (user_id, &zone), &wishes, now)).await?;
    Ok(see_other_with("/settings/notifications", &Flash::ok("Saved.")))
}

async fn settings(who: &Viewer, app: &App, typed: Option<(Fields, FieldErrors)>) -> Result<HttpResponse, Error> {
    let (user_id, zone, now) = (who.user.id, who.zone(), who.now);
    let (stored, choices) = app
        .db
        .write(move |c| {
            let stored = queries::settings_of(c, user_id, &zone, now)?;
            Ok::<_, Error>((stored, queries::choices(c, user_id)?))
        })
        .await?;
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (fields, errors) = typed.unwrap_or_else(|| {
        let hour = |hour: Option<i64>| hour.map(|hour| hour.to_string()).unwrap_or_default();
        let mut fields = Fields::default();
        fields.set("digest_hour", stored.digest_hour.to_string());
        fields.set("quiet_from", hour(stored.quiet_from));
        fields.set("quiet_until", hour(stored.quiet_until));
        for (kind, choice) in &choices {
            fields.set(&field_of(*kind), choice.as_str());
        }
        (fields, FieldErrors::new())
    });
    page_with(
        status,
        &views::Settings {
            layout: who.layout("Notifications", Section::Settings),
            email: who.user.email.clone(),
            zone: who.user.zone.clone(),
            has_mail: app.config.mail.is_some(),
            fields,
            errors,
        },
    )
}

/// Reads the end of a link to stop: a kind, or the digest.
fn kind_of(word: &str) -> Result<Option<NoticeKind>, Error> {
    if word == DIGEST {
        return Ok(None);
    }
    word.parse()
        .map(Some)
        .map_err(|_| Error::NotFound("This link is not known here any more. Sign in and change it there.".to_owned()))
}

/// `GET /notifications/stop/{token}/{kind}`: asks; opening a link changes nothing.
///
/// # Errors
/// 404
pub async fn ask_to_stop(app: web::Data<App>, path: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let (token, word) = path.into_inner();
    let kind = kind_of(&word)?;
    let known = token.clone();
    app.db.read(move |c| queries::owner_of_stop_token(c, &known)).await?;
    page(&views::Stop {
        layout: Layout::bare("Stop mail of this kind", ""),
        what: kind.map_or("Daily digest", NoticeKind::label),
        action: format!("/notifications/stop/{token}/{word}"),
        is_done: false,
    })
}

/// `POST /notifications/stop/{token}/{kind}`: by the page's button, or by a mail program (RFC 8058) with no cookie.
///
/// # Errors
/// 404
pub async fn stop(app: web::Data<App>, path: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let (token, word) = path.into_inner();
    let kind = kind_of(&word)?;
    app.db
        .write(move |c| {
            let user_id = queries::owner_of_stop_token(c, &token)?;
            queries::stop(c, user_id, kind)
        })
        .await?;
    page(&views::Stop {
        layout: Layout::bare("Stopped", ""),
        what: kind.map_or("Daily digest", NoticeKind::label),
        action: String::new(),
        is_done: true,
    })
}
