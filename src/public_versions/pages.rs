//! The pages of public versions.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, web};

use super::check::{Finding, House, findings};
use super::model::{PublicVersion, outset};
use super::views::{Edit, PublicPage};
use super::{forms, queries};
use crate::app::App;
use crate::auth::who::{Member, SignedIn};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::incidents::model::Incident;
use crate::markdown::{self, NoReferences, Place, SafeHtml};
use crate::postmortems;
use crate::postmortems::model::Postmortem;
use crate::web::body::{Form, WritingForm};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};
use crate::web::times::Zone;
use crate::wording;

fn found(c: &mut Conn, key: &str) -> Result<(Incident, Postmortem), Error> {
    let number = incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))?;
    let incident = incidents::queries::by_number(c, number)?;
    let postmortem = postmortems::queries::existing(c, &incident)?;
    if !postmortem.is_written() {
        return Err(Error::NotFound(format!("{} has no text to start a public version from.", incident.key())));
    }
    Ok((incident, postmortem))
}

/// What the desk reads.
struct Desk {
    incident: Incident,
    version: Option<PublicVersion>,
    title: String,
    markdown: String,
    house: House,
}

impl Desk {
    fn lay(c: &mut Conn, key: &str, base_url: &str) -> Result<Self, Error> {
        let (incident, postmortem) = found(c, key)?;
        let version = queries::of_postmortem(c, postmortem.id)?;
        let (title, markdown) = match &version {
            Some(version) => (version.title.clone(), version.markdown.clone()),
            None => {
                let internal = postmortems::queries::revision(c, &postmortem, postmortem.shown_revision())?;
                let mask = wording::queries::mask(c, incident.id)?;
                (mask.apply(&incident.title), outset(&internal.markdown, &mask))
            }
        };
        let house = House { people: wording::queries::people(c)?, own_host: host_of(base_url) };
        Ok(Desk { incident, version, title, markdown, house })
    }
}

fn host_of(base_url: &str) -> String {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once(':').map_or(host, |(host, _)| host).to_owned()
}

/// `GET /incidents/{key}/postmortem/public`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    desk_page(&who, &app, key.into_inner(), None, FieldErrors::new()).await
}

async fn desk_page(
    who: &SignedIn,
    app: &App,
    key: String,
    typed: Option<Fields>,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let base_url = app.config.base_url.clone();
    let desk = app.db.read(move |c| Desk::lay(c, &key, &base_url)).await?;
    let fields = typed
        .unwrap_or_else(|| Fields::prefilled([("title", desk.title.clone()), ("markdown", desk.markdown.clone())]));
    let text = format!("{}\n{}", fields.get("title"), fields.get("markdown"));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let version = desk.version;
    page_with(
        status,
        &Edit {
            layout: who.layout(format!("Public version of {}", desk.incident.key()), Section::Postmortems),
            address: version
                .as_ref()
                .and_then(PublicVersion::path)
                .map(|path| format!("{}{path}", app.config.base_url))
                .unwrap_or_default(),
            shared: version.as_ref().and_then(|version| version.shared_at).map(|at| who.stamp(at)),
            // The title is the line above the text.
            findings: findings(&text, &desk.house).into_iter().map(below_title).collect(),
            preview: rendered(fields.get("markdown")),
            incident: desk.incident,
            version,
            fields,
            errors,
        },
    )
}

fn below_title(mut finding: Finding) -> Finding {
    finding.line -= 1;
    finding
}

fn rendered(source: &str) -> SafeHtml {
    let place = Place::Within { id_prefix: "public", under_heading: 1 };
    markdown::render_in(place, source, &NoReferences).unwrap_or_default()
}

/// `POST /incidents/{key}/postmortem/public`
///
/// # Errors
/// 404, 409, or 422 with the form as typed.
pub async fn save(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: WritingForm,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let outcome = match forms::draft(&typed.0) {
        Ok(draft) => {
            app.db
                .write(move |c| {
                    let (incident, postmortem) = found(c, &wanted)?;
                    queries::save(c, &actor, (&incident, postmortem.id), &draft, now)?;
                    Ok::<_, Error>(incident)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(incident) => Ok(see_other_with(path(&incident), &Flash::ok("Saved. Nobody outside sees it yet."))),
        Err(Error::Invalid(errors)) => desk_page(&who, &app, key.into_inner(), Some(typed.0), errors).await,
        Err(Error::Conflict(sentence)) => {
            // What was typed stays in the form; nothing is overwritten.
            let errors = FieldErrors::one("markdown", sentence);
            desk_page(&who, &app, key.into_inner(), Some(typed.0), errors).await
        }
        Err(other) => Err(other),
    }
}

fn path(incident: &Incident) -> String {
    format!("{}/public", postmortems::model::path(incident.number))
}

/// `POST /incidents/{key}/postmortem/public/sharing`: with `confirm=on` when the check still finds something.
///
/// # Errors
/// 404, or 422 with the page.
pub async fn share(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, wanted, base_url) = (who.actor(), who.now, key.clone(), app.config.base_url.clone());
    let is_confirmed = typed.0.is_set("confirm");
    let outcome = app
        .db
        .write(move |c| {
            let (incident, postmortem) = found(c, &wanted)?;
            let version = queries::existing(c, postmortem.id)?;
            let house = House { people: wording::queries::people(c)?, own_host: host_of(&base_url) };
            let text = format!("{}\n{}", version.title, version.markdown);
            if !is_confirmed && !findings(&text, &house).is_empty() {
                return Err(Error::field(
                    "confirm",
                    "Look at what the check found. Tick the box when all of it may be read outside.",
                ));
            }
            queries::share(c, &actor, (&incident, postmortem.id), now)?;
            Ok::<_, Error>(incident)
        })
        .await;
    match outcome {
        Ok(incident) => Ok(see_other_with(path(&incident), &Flash::ok("Shared. Whoever has the link can read it."))),
        Err(Error::Invalid(errors)) => desk_page(&who, &app, key.into_inner(), None, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/postmortem/public/revocation`
///
/// # Errors
/// 404
pub async fn revoke(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let (incident, postmortem) = found(c, &key)?;
            queries::revoke(c, &actor, (&incident, postmortem.id), now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    Ok(see_other_with(path(&incident), &Flash::ok("The link is revoked. Whoever has it finds nothing.")))
}

/// `GET /p/{token}`
///
/// # Errors
/// 404 for a link that is none, or that was revoked.
pub async fn read(app: web::Data<App>, token: web::Path<String>) -> Result<HttpResponse, Error> {
    let token = token.into_inner();
    if token.len() > 100 {
        return Err(Error::NotFound("There is nothing at this address, or not any more.".to_owned()));
    }
    let (title, markdown, at) = app.db.read(move |c| queries::shared(c, &token)).await?;
    let mut response = page_with(
        StatusCode::OK,
        &PublicPage { title, document: rendered(&markdown), day: Zone::UTC.day(at), iso: at.to_string() },
    )?;
    // Whoever has the link may read; search engines and caches are not to spread it.
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}
