//! The settings page and its forms.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::views::{SessionLine, Settings, TokenLine};
use super::{forms, queries};
use crate::app::App;
use crate::auth::passwords;
use crate::auth::queries::{NewToken, add_token};
use crate::auth::who::Viewer;
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// `GET /settings`
///
/// # Errors
/// The database's.
pub async fn show(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    settings(&who, &app, Fields::default(), FieldErrors::new(), None).await
}

/// `POST /settings/profile`
///
/// # Errors
/// 422 with the form as typed.
pub async fn change_profile(who: Viewer, app: web::Data<App>, form: Form) -> Result<HttpResponse, Error> {
    let (actor, before, now) = (who.actor(), who.user.clone(), who.now);
    let outcome = match forms::profile(&form.0) {
        Ok(profile) => app.db.write(move |c| queries::change_profile(c, &actor, &before, &profile, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with("/settings", &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => settings(&who, &app, form.0, errors, None).await,
        Err(other) => Err(other),
    }
}

/// `POST /settings/password`: the old one must be right; every other session ends.
///
/// # Errors
/// 422 when the old one is wrong or the new one weak.
pub async fn change_password(who: Viewer, app: web::Data<App>, form: Form) -> Result<HttpResponse, Error> {
    let change = match forms::password(&form.0, &who.user.email) {
        Ok(change) => change,
        Err(Error::Invalid(errors)) => return settings(&who, &app, Fields::default(), errors, None).await,
        Err(other) => return Err(other),
    };
    let stored = who.user.password_hash.clone();
    let hashed = web::block(move || {
        let is_known = stored.is_none() || passwords::is_right(&change.old, stored.as_deref());
        if is_known { passwords::hash(&change.new).map(Some) } else { Ok(None) }
    })
    .await
    .map_err(|error| Error::Fault(error.to_string()))??;
    let Some(hash) = hashed else {
        let errors = FieldErrors::one("old_password", "This is not your present password. Try again.");
        return settings(&who, &app, Fields::default(), errors, None).await;
    };
    let (actor, user, session_id, now) = (who.actor(), who.user.clone(), who.session_id, who.now);
    app.db.write(move |c| queries::change_password(c, &actor, &user, &hash, (session_id, now))).await?;
    Ok(see_other_with("/settings", &Flash::ok("The password is changed, and every other session has ended.")))
}

/// `POST /settings/sessions/{id}/end`
///
/// # Errors
/// 404 for somebody else's.
pub async fn end_session(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (user_id, id) = (who.user.id, id.into_inner());
    app.db.write(move |c| queries::end_session(c, user_id, id)).await?;
    Ok(see_other_with("/settings", &Flash::ok("The session has ended.")))
}

/// `POST /settings/tokens`: the answer shows the token's text, this once.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create_token(who: Viewer, app: web::Data<App>, form: Form) -> Result<HttpResponse, Error> {
    let wish = match forms::token(&form.0) {
        Ok(wish) => wish,
        Err(Error::Invalid(errors)) => return settings(&who, &app, form.0, errors, None).await,
        Err(other) => return Err(other),
    };
    let (actor, now) = (who.actor(), who.now);
    let new = NewToken {
        user_id: who.user.id,
        name: wish.name,
        scope: wish.scope,
        expires_at: wish.days.map(|days| now.plus_s(days * 86_400)),
    };
    let token = app.db.write(move |c| add_token(c, &actor, &new, now)).await?;
    settings(&who, &app, Fields::default(), FieldErrors::new(), Some(token)).await
}

/// `POST /settings/tokens/{id}/revocation`
///
/// # Errors
/// 404 for somebody else's.
pub async fn revoke_token(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user_id, id, now) = (who.actor(), who.user.id, id.into_inner(), who.now);
    app.db.write(move |c| queries::revoke_token(c, &actor, user_id, id, now)).await?;
    Ok(see_other_with("/settings", &Flash::ok("The token is revoked; programs that use it are refused from now on.")))
}

async fn settings(
    who: &Viewer,
    app: &App,
    typed: Fields,
    errors: FieldErrors,
    new_token: Option<String>,
) -> Result<HttpResponse, Error> {
    let (user_id, now) = (who.user.id, who.now);
    let (sessions, tokens) = app
        .db
        .read(move |c| Ok::<_, Error>((queries::open_sessions(c, user_id, now)?, queries::tokens(c, user_id)?)))
        .await?;
    let mut fields = typed;
    if !fields.is_set("name") {
        let keys_on = fields.is_set("keys_on") || who.user.keys_on;
        fields.set("name", who.user.name.clone());
        fields.set("handle", who.user.handle.clone());
        fields.set("zone", who.user.zone.clone());
        fields.set("theme", who.user.theme.as_str());
        if keys_on {
            fields.set("keys_on", "on");
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(
        status,
        &Settings {
            layout: who.layout("Settings", Section::Settings),
            fields,
            errors,
            sessions: sessions
                .into_iter()
                .map(|session| SessionLine {
                    is_this: session.id == who.session_id,
                    last_used: who.stamp(session.last_used_at),
                    session,
                })
                .collect(),
            tokens: tokens
                .into_iter()
                .map(|token| TokenLine {
                    created: who.stamp(token.created_at),
                    last_used: token.last_used_at.map(|at| who.stamp(at)),
                    expires: token.expires_at.map(|at| who.stamp(at)),
                    is_valid: token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now),
                    token,
                })
                .collect(),
            new_token,
            has_password: who.user.password_hash.is_some(),
        },
    )
}
