//! Signing in and out, and first-run set-up.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::forms;
use super::model::{Role, SESSION_S};
use super::queries::{self, Browser};
use super::who::{Viewer, request_id};
use super::{passwords, views};
use crate::app::App;
use crate::error::{Error, FieldErrors};
use crate::web::body::{Query, SmallForm, header};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::guard::client_address;
use crate::web::layout::Layout;
use crate::web::respond::{own_path, page, page_with, see_other, see_other_with};

fn browser(request: &HttpRequest, app: &App) -> Browser {
    Browser {
        user_agent: header(request, "user-agent").chars().take(200).collect(),
        address: client_address(request, app),
    }
}

fn session_cookie(app: &App, token: String) -> Cookie<'static> {
    Cookie::build(app.config.session_cookie(), token)
        .path("/")
        .http_only(true)
        .secure(app.config.is_tls())
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::seconds(SESSION_S))
        .finish()
}

async fn hash_off_thread(password: String) -> Result<String, Error> {
    web::block(move || passwords::hash(&password)).await.map_err(|error| Error::Fault(error.to_string()))?
}

/// `GET /setup`
///
/// # Errors
/// The database's.
pub async fn setup(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    if app.db.read(queries::is_set_up).await? {
        return Ok(see_other("/sign-in"));
    }
    page(&views::Setup {
        layout: Layout::bare("Set up", &request_id(&request)),
        fields: Fields::default(),
        errors: FieldErrors::new(),
    })
}

/// `POST /setup`: makes the first admin and signs them in.
///
/// # Errors
/// 409 when somebody was faster.
pub async fn set_up(request: HttpRequest, app: web::Data<App>, form: SmallForm) -> Result<HttpResponse, Error> {
    if app.db.read(queries::is_set_up).await? {
        return Err(Error::Conflict("Debrief is set up already. Sign in with the account that was made.".to_owned()));
    }
    let account = match forms::account(&form.0, Role::Admin) {
        Ok(account) => account,
        Err(Error::Invalid(errors)) => {
            let layout = Layout::bare("Set up", &request_id(&request));
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &views::Setup { layout, fields: form.0, errors });
        }
        Err(other) => return Err(other),
    };
    let mut user = account.user;
    user.password_hash = Some(hash_off_thread(account.password).await?);
    let (now, browser) = (app.clock.now(), browser(&request, &app));
    let token = app
        .db
        .write(move |c| {
            let id = queries::set_up(c, &user, now)?;
            queries::open_session(c, id, &browser, now)
        })
        .await?;
    let mut response = see_other_with("/", &Flash::ok("You are the first admin. Welcome."));
    response.add_cookie(&session_cookie(&app, token)).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(response)
}

/// `GET /sign-in`
///
/// # Errors
/// The database's.
pub async fn sign_in_form(request: HttpRequest, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    if !app.db.read(queries::is_set_up).await? {
        return Ok(see_other("/setup"));
    }
    page(&views::SignIn {
        layout: Layout::bare("Sign in", &request_id(&request)),
        fields: query.0,
        errors: FieldErrors::new(),
    })
}

/// `POST /sign-in`
///
/// The answer, its length and its time are the same for a wrong password and an unknown address.
///
/// # Errors
/// 429 after too many tries.
pub async fn sign_in(request: HttpRequest, app: web::Data<App>, form: SmallForm) -> Result<HttpResponse, Error> {
    let fields = form.0;
    let (email, now, browser) = (fields.get("email").trim().to_lowercase(), app.clock.now(), browser(&request, &app));
    let subjects =
        [format!("account {}", email.chars().take(200).collect::<String>()), format!("address {}", browser.address)];
    let (wanted, limited) = (email, subjects.clone());
    // Counted before the password is looked at, so that many tries at once are no way around the limit.
    let user = app
        .db
        .write(move |c| {
            queries::check_attempts(c, &limited, now)?;
            queries::note_attempt(c, &limited, now)?;
            queries::by_email(c, &wanted)
        })
        .await?;
    let (stored, password) =
        (user.as_ref().and_then(|user| user.password_hash.clone()), fields.get("password").to_owned());
    let is_right = web::block(move || passwords::is_right(&password, stored.as_deref()))
        .await
        .map_err(|error| Error::Fault(error.to_string()))?;
    let Some(user) = user.filter(|_| is_right) else {
        let mut shown = fields;
        shown.set("password", "");
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &views::SignIn {
                layout: Layout::bare("Sign in", &request_id(&request)),
                fields: shown,
                errors: FieldErrors::one("email", "Address and password do not belong together. Check both."),
            },
        );
    };
    let token = app
        .db
        .write(move |c| {
            queries::forget_attempt(c, &subjects, now)?;
            queries::open_session(c, user.id, &browser, now)
        })
        .await?;
    let mut response = see_other(own_path(fields.get("next")));
    response.add_cookie(&session_cookie(&app, token)).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(response)
}

/// `GET /sign-in/{token}`: the one-time link that the command line prints.
///
/// # Errors
/// 403 when it was used or has expired.
pub async fn sign_in_by_link(
    request: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (token, now, browser) = (token.into_inner(), app.clock.now(), browser(&request, &app));
    let session = app
        .db
        .write(move |c| {
            let user_id = queries::use_sign_in_link(c, &token, now)?;
            queries::open_session(c, user_id, &browser, now)
        })
        .await?;
    let mut response = see_other("/");
    response.add_cookie(&session_cookie(&app, session)).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(response)
}

/// `POST /sign-out`
///
/// # Errors
/// The database's.
pub async fn sign_out(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let session_id = who.session_id;
    app.db.write(move |c| queries::close_session(c, session_id)).await?;
    let mut response = see_other("/sign-in");
    let mut gone = session_cookie(&app, String::new());
    gone.make_removal();
    response.add_cookie(&gone).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(response)
}
