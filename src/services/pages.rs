//! The pages of services.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::RawService;
use super::{queries, views};
use crate::app::App;
use crate::auth::who::{Member, Viewer};
use crate::error::{Error, FieldErrors};
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

/// `GET /services`
///
/// # Errors
/// The database's.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let after = query.0.some("after").map(str::to_owned);
    let (rows, there_is_more) = app.db.read(move |c| queries::list(c, None, after)).await?;
    let next = rows.last().filter(|_| there_is_more).map(|(last, _)| format!("/services?after={}", last.slug));
    page(&views::Index { layout: who.layout("Services", Section::Services), rows, next })
}

/// `GET /services/{slug}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let (now, base_url) = (who.now, app.config.base_url.clone());
    let (service, around, settings, environments, readiness) = app
        .db
        .read(move |c| {
            let service = queries::by_slug(c, &slug)?;
            let around = queries::surroundings(c, &service)?;
            let settings = crate::releases::queries::settings(c, service.id)?;
            let environments = crate::deploys::queries::environments(c)?;
            let place = crate::deploys::model::DEFAULT_ENVIRONMENT;
            let readiness = crate::releases::queries_freeze::readiness(c, &service.slug, place, &base_url, now)?;
            Ok::<_, Error>((service, around, settings, environments, readiness))
        })
        .await?;
    let release_fields = Fields::prefilled([
        ("checklist", settings.checklist),
        ("checklist_environment", settings.checklist_environment),
        ("bindingness", settings.bindingness.to_string()),
    ]);
    page(&views::Show {
        layout: who.layout(service.name.clone(), Section::Services),
        service,
        around,
        release_fields,
        no_errors: FieldErrors::new(),
        environments,
        readiness,
    })
}

/// `GET /services/new`
///
/// # Errors
/// The database's.
pub async fn new(who: Member, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let fields = Fields::prefilled([("tier", super::model::DEFAULT_TIER.to_string())]);
    form(&who, &app, None, fields, FieldErrors::new()).await
}

/// `POST /services`
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match RawService::from_fields(&typed.0).parse() {
        Ok(draft) => app.db.write(move |c| queries::add(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(service) => Ok(see_other_with(service.path(), &Flash::ok(format!("{} is on record.", service.name)))),
        Err(Error::Invalid(errors)) => form(&who, &app, None, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `GET /services/{slug}/edit`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    let wanted = slug.clone();
    let fields = app
        .db
        .read(move |c| {
            let service = queries::by_slug(c, &wanted)?;
            let around = queries::surroundings(c, &service)?;
            Ok::<_, Error>(prefilled(&service, &around))
        })
        .await?;
    form(&who, &app, Some(slug.into_inner()), fields, FieldErrors::new()).await
}

/// `POST /services/{slug}`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn update(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, slug.clone());
    let mut raw = RawService::from_fields(&typed.0);
    raw.slug = Some(slug.clone());
    let outcome = match raw.parse() {
        Ok(draft) => app.db.write(move |c| queries::change(c, &actor, &wanted, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(service) => Ok(see_other_with(service.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => form(&who, &app, Some(slug.into_inner()), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

fn prefilled(service: &super::model::Service, around: &queries::Surroundings) -> Fields {
    let one = [
        ("name", service.name.clone()),
        ("team", around.team.as_ref().map(|team| team.slug.clone()).unwrap_or_default()),
        ("tier", service.tier.to_string()),
        ("description", service.description.clone()),
        ("repository_url", service.repository_url.clone().unwrap_or_default()),
    ];
    let needs = around.depends_on.iter().map(|other| ("depends_on", other.slug.clone()));
    let links = around.links.iter().flat_map(|link| {
        [("link_kind", link.kind.to_string()), ("link_label", link.label.clone()), ("link_url", link.url.clone())]
    });
    Fields::prefilled(one.into_iter().chain(needs).chain(links))
}

async fn form(
    who: &Member,
    app: &App,
    slug: Option<String>,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (teams, mut others) =
        app.db.read(|c| Ok::<_, Error>((crate::teams::queries::all(c)?, queries::choices(c)?))).await?;
    others.retain(|other| Some(&other.slug) != slug.as_ref());
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = if slug.is_some() { "Edit service" } else { "Add a service" };
    let layout = who.layout(title, Section::Services);
    page_with(status, &views::Edit { layout, slug, fields, errors, teams, others })
}
