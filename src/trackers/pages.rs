//! The admins' pages of trackers, the buttons of an item, and the door for deliveries.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::forms;
use super::model::{SECRET_PURPOSE, TOKEN_PURPOSE, Tracker};
use super::queries::{self, NewTracker, Use};
use super::views::{Index, Show};
use crate::action_items::model::{ActionItem, parse_key};
use crate::app::App;
use crate::auth::secrets::random_token;
use crate::auth::who::{Admin, Member, SignedIn};
use crate::error::{Error, FieldErrors};
use crate::web::body::{self, DOCUMENT_LIMIT_BYTES, Form};
use crate::web::fields::{Check, Fields, LINE_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

fn status(errors: &FieldErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `GET /admin/trackers`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, Fields::default(), FieldErrors::new()).await
}

async fn list(who: &SignedIn, app: &App, mut fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let (rows, teams) = app.db.read(|c| Ok::<_, Error>((queries::all(c)?, crate::teams::queries::all(c)?))).await?;
    // A token is not sent back to where somebody may look over a shoulder.
    fields.set("token", "");
    page_with(status(&errors), &Index { layout: who.layout("Trackers", Section::Admin), rows, teams, fields, errors })
}

/// `POST /admin/trackers`
///
/// # Errors
/// 422 with the form as typed, without the token.
pub async fn create(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match forms::draft(&typed.0).and_then(|draft| sealed(&app, draft)) {
        Ok(new) => app.db.write(move |c| queries::add(c, &actor, &new, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(tracker) => {
            let flash = Flash::ok(format!("{} is ready. Set up its webhook with what is below.", tracker.name));
            Ok(see_other_with(tracker.path(), &flash))
        }
        Err(Error::Invalid(errors)) => list(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

fn sealed(app: &App, draft: forms::TrackerDraft) -> Result<NewTracker, Error> {
    let seal = |purpose, secret: &str| {
        app.seal.seal(purpose, secret).map_err(|error| match error {
            Error::Invalid(errors) => {
                Error::field("token", errors.of("secret").unwrap_or("It cannot be sealed.").to_owned())
            }
            other => other,
        })
    };
    Ok(NewTracker {
        sealed_token: seal(TOKEN_PURPOSE, &draft.token)?,
        sealed_secret: seal(SECRET_PURPOSE, &random_token())?,
        kind: draft.kind,
        name: draft.name,
        team: draft.team,
        base_url: draft.base_url,
        project: draft.project,
        account: draft.account,
    })
}

/// `GET /admin/trackers/{slug}`
///
/// # Errors
/// 404
pub async fn show(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    record(&who, &app, slug.into_inner(), FieldErrors::new()).await
}

async fn record(who: &SignedIn, app: &App, slug: String, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let tracker = app.db.read(move |c| queries::by_slug(c, &slug)).await?;
    let (secret, errors) = match app.seal.open(SECRET_PURPOSE, &tracker.sealed_secret) {
        Ok(secret) => (secret, errors),
        Err(Error::Invalid(locked)) => (String::new(), if errors.is_empty() { locked } else { errors }),
        Err(other) => return Err(other),
    };
    let hook_url = format!("{}{}", app.config.base_url, tracker.hook_path());
    let layout = who.layout(tracker.name.clone(), Section::Admin);
    page_with(status(&errors), &Show { layout, tracker, hook_url, secret, errors })
}

/// `POST /admin/trackers/{slug}/token`
///
/// # Errors
/// 404, 422 with a sentence.
pub async fn renew_token(
    who: Admin,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, slug) = (who.actor(), who.now, slug.into_inner());
    let mut check = Check::new();
    let sealed = match forms::token(&mut check, &typed.0) {
        Some(token) => app.seal.seal(TOKEN_PURPOSE, &token),
        None => Err(check.into_error()),
    };
    let wanted = slug.clone();
    let outcome = match sealed {
        Ok(sealed) => app.db.write(move |c| queries::renew_token(c, &actor, &wanted, &sealed, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(tracker) => Ok(see_other_with(tracker.path(), &Flash::ok("The new token is in use."))),
        Err(Error::Invalid(errors)) => record(&who, &app, slug, errors).await,
        Err(other) => Err(other),
    }
}

async fn switch(who: &Admin, app: &App, slug: String, to: Use) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let tracker: Tracker = app.db.write(move |c| queries::switch(c, &actor, &slug, to, now)).await?;
    let words = if to == Use::On { "on" } else { "off" };
    Ok(see_other_with(tracker.path(), &Flash::ok(format!("{} is switched {words}.", tracker.name))))
}

/// `POST /admin/trackers/{slug}/disabling`
///
/// # Errors
/// 404
pub async fn disable(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    switch(&who, &app, slug.into_inner(), Use::Off).await
}

/// `POST /admin/trackers/{slug}/enabling`
///
/// # Errors
/// 404
pub async fn enable(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    switch(&who, &app, slug.into_inner(), Use::On).await
}

fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("action item", key))
}

/// `POST /action-items/{key}/issue`: `tracker` is a slug; `issue` the key of one that is there already, or empty.
///
/// # Errors
/// 404. What is wrong with the form is told on the item's page.
pub async fn link(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (number, actor, now) = (number(&key)?, who.actor(), who.now);
    let mut check = Check::new();
    let slug = check.line("tracker", typed.0.some("tracker"), LINE_LIMIT, "Choose a tracker.");
    let issue = check
        .optional_line("issue", typed.0.some("issue"), 60)
        .map(|text| text.trim_start_matches('#').to_owned())
        .filter(|text| !text.is_empty());
    if issue
        .as_ref()
        .is_some_and(|issue| !issue.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)))
    {
        check.add("issue", "Give the issue's number, or its key such as OPS-7.");
    }
    let outcome = match slug {
        Some(slug) if check.is_ok() => {
            app.db.write(move |c| queries::link(c, &actor, number, (&slug, issue.as_deref()), now)).await
        }
        _ => Err(check.into_error()),
    };
    match outcome {
        Ok(item) => {
            Ok(see_other_with(item.path(), &Flash::ok(format!("{} is on its way to the tracker.", item.key()))))
        }
        Err(Error::Invalid(errors)) => {
            let words = errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" ");
            Ok(see_other_with(format!("/action-items/ACT-{number}"), &Flash::warn(words)))
        }
        Err(other) => Err(other),
    }
}

/// `POST /action-items/{key}/issue/removal`
///
/// # Errors
/// 404
pub async fn unlink(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (number, actor, now) = (number(&key)?, who.actor(), who.now);
    let item: ActionItem = app.db.write(move |c| queries::unlink(c, &actor, number, now)).await?;
    Ok(see_other_with(item.path(), &Flash::ok("The link is taken away; the issue stays where it is.")))
}

/// `POST /action-items/{key}/issue/retry`
///
/// # Errors
/// 404
pub async fn retry(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (number, now) = (number(&key)?, who.now);
    let item = app.db.write(move |c| queries::try_again(c, number, now)).await?;
    Ok(see_other_with(item.path(), &Flash::ok("It is tried again now.")))
}

/// `POST /hooks/tracker/{slug}`: a tracker tells of an issue.
///
/// # Errors
/// 401 for a signature that is missing or wrong, and for an unknown tracker.
pub async fn receive(
    request: HttpRequest,
    app: web::Data<App>,
    slug: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let mut payload = payload.into_inner();
    let bytes = body::read(&request, &mut payload, DOCUMENT_LIMIT_BYTES).await?;
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let slug = slug.into_inner();
    // A tracker that nobody has is told like a wrong signature: which there are is not for everybody.
    let wrong = || Error::SignedOut("The signature does not fit. Check the address and the secret.".to_owned());
    let tracker = app.db.read(move |c| queries::find(c, &slug)).await?.ok_or_else(wrong)?;
    let secret = app.seal.open(SECRET_PURPOSE, &tracker.sealed_secret).map_err(|_| wrong())?;
    if !tracker.kind.is_authentic(&secret, &headers, &bytes) {
        return Err(wrong());
    }
    if tracker.disabled_at.is_some() {
        return Err(Error::Forbidden("This tracker is switched off. An admin can switch it on again.".to_owned()));
    }
    let delivery_key = tracker.kind.delivery_key(&headers, &bytes);
    let said = tracker.kind.heard(&headers, &bytes);
    let now = app.clock.now();
    let outcome = app.db.write(move |c| queries::hear(c, &tracker, &delivery_key, said.as_ref(), now)).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({"status": outcome})))
}
