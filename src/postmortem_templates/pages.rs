//! Templates as admins write them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{RuleDraft, TemplateDraft};
use super::model::Template;
use super::{queries, views};
use crate::app::App;
use crate::auth::who::{Admin, SignedIn};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::markdown::SafeHtml;
use crate::postmortems::blocks::{self, Source, Unknown};
use crate::postmortems::outset::{self, Known};
use crate::postmortems::record::Record;
use crate::references;
use crate::web::body::{Form, WritingForm};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

const LIST: &str = "/admin/postmortem-templates";

/// `GET /admin/postmortem-templates`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    list(&who, &app, Fields::default(), FieldErrors::new()).await
}

async fn list(who: &SignedIn, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let (templates, rules, services) = app
        .db
        .read(|c| Ok::<_, Error>((queries::all(c)?, queries::rules(c)?, crate::services::queries::choices(c)?)))
        .await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout("Postmortem templates", Section::Admin);
    page_with(status, &views::Index { layout, templates, rules, services, fields, errors })
}

/// `GET /admin/postmortem-templates/new`
///
/// # Errors
/// The database's.
pub async fn new(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let start = "## Summary\n\n{{summary}}\n\n{{span}}\n\n## Timeline\n\n[[timeline]]\n\n## What we learned\n\n\
        <!-- A comment is a prompt: writers see it, readers never do. -->\n\n## Action items\n\n[[actions]]\n";
    let fields = Fields::prefilled([("markdown", start.to_owned())]);
    form(&who, &app, None, fields, FieldErrors::new()).await
}

/// `GET /admin/postmortem-templates/{slug}`
///
/// # Errors
/// 404
pub async fn edit(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let template = app.db.read(move |c| queries::by_slug(c, &slug)).await?;
    let fields = prefilled(&template);
    form(&who, &app, Some(template), fields, FieldErrors::new()).await
}

fn prefilled(template: &Template) -> Fields {
    Fields::prefilled([
        ("name", template.name.clone()),
        ("markdown", template.markdown.clone()),
        ("revision", template.revision.to_string()),
    ])
}

async fn form(
    who: &SignedIn,
    app: &App,
    template: Option<Template>,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    form_with(who, app, (template, None), fields, (status, errors)).await
}

async fn form_with(
    who: &SignedIn,
    app: &App,
    (template, theirs): (Option<Template>, Option<String>),
    fields: Fields,
    (status, errors): (StatusCode, FieldErrors),
) -> Result<HttpResponse, Error> {
    let text = fields.get("markdown").to_owned();
    let (preview, sample) = app.db.read(move |c| filled_in(c, &text)).await?;
    let title = template.as_ref().map_or_else(|| "New template".to_owned(), |template| template.name.clone());
    let layout = who.layout(title, Section::Admin);
    let places = outset::PLACES;
    page_with(status, &views::Edit { layout, template, fields, preview, sample, places, errors, theirs })
}

/// The template as it would begin a text: with the facts of the newest incident.
fn filled_in(c: &mut Conn, template: &str) -> Result<(SafeHtml, String), Error> {
    let newest = incidents::register::queries::newest(c)?;
    let (text, sample) = match &newest {
        Some(incident) => {
            let record = Record::of(c, incident)?;
            let text = outset::fill(template, &record.known(incident));
            let source = Source { incident, record: &record, now: incident.updated_at };
            (blocks::expand(&text, &source, Unknown::Told), incident.key())
        }
        None => (outset::fill(template, &Known { key: "INC-1".to_owned(), ..Known::default() }), String::new()),
    };
    match references::queries::render(c, &text) {
        Ok(html) => Ok((html, sample)),
        Err(Error::Invalid(_)) => Ok((SafeHtml::default(), sample)),
        Err(other) => Err(other),
    }
}

/// `POST /admin/postmortem-templates`: adds one, or shows how it would look.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Admin, app: web::Data<App>, typed: WritingForm) -> Result<HttpResponse, Error> {
    if typed.0.has("then", "preview") {
        return form(&who, &app, None, typed.0, FieldErrors::new()).await;
    }
    let (actor, now) = (who.actor(), who.now);
    let outcome = match TemplateDraft::from_fields(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::add(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(see_other_with(LIST, &Flash::ok("The template is there. Give it a rule to put it to use."))),
        Err(Error::Invalid(errors)) => form(&who, &app, None, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/postmortem-templates/{slug}`: saves it, or shows how it would look.
///
/// # Errors
/// 404; 409 and 422 with the form as typed.
pub async fn update(
    who: Admin,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let slug = slug.into_inner();
    let wanted = slug.clone();
    let template = app.db.read(move |c| queries::by_slug(c, &wanted)).await?;
    let mut fields = typed.0;
    if fields.has("then", "preview") {
        return form(&who, &app, Some(template), fields, FieldErrors::new()).await;
    }
    let base: i64 = fields.get("revision").parse().unwrap_or(-1);
    let (actor, now) = (who.actor(), who.now);
    let outcome = match TemplateDraft::from_fields(&fields) {
        Ok(draft) => app.db.write(move |c| queries::change(c, &actor, (&slug, base), &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with(LIST, &Flash::ok("Saved. Texts that were begun stay as they are."))),
        Err(Error::Invalid(errors)) => form(&who, &app, Some(template), fields, errors).await,
        Err(Error::Outdated(_)) => {
            fields.set("revision", template.revision.to_string());
            let theirs = Some(template.markdown.clone());
            form_with(&who, &app, (Some(template), theirs), fields, (StatusCode::CONFLICT, FieldErrors::new())).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /admin/postmortem-templates/{slug}/removal`
///
/// # Errors
/// 404
pub async fn remove(who: Admin, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    app.db.write(move |c| queries::remove(c, &actor, &slug, now)).await?;
    Ok(see_other_with(LIST, &Flash::ok("Done. Texts that were begun stay as they are.")))
}

/// `POST /admin/postmortem-templates/rules`
///
/// # Errors
/// 422 with the page as typed.
pub async fn add_rule(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match RuleDraft::from_fields(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::add_rule(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with(LIST, &Flash::ok("The rule holds from now on."))),
        Err(Error::Invalid(errors)) => list(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/postmortem-templates/rules/{id}/removal`
///
/// # Errors
/// 404
pub async fn remove_rule(who: Admin, app: web::Data<App>, id: web::Path<String>) -> Result<HttpResponse, Error> {
    let id: i64 = id.parse().map_err(|_| Error::no("rule", &id))?;
    let (actor, now) = (who.actor(), who.now);
    app.db.write(move |c| queries::remove_rule(c, &actor, id, now)).await?;
    Ok(see_other_with(LIST, &Flash::ok("The rule is gone.")))
}
