//! The pages of the administration.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::{forms, queries, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::auth::{audit, queries as auth_queries};
use crate::error::{Error, FieldErrors};
use crate::jobs::queries as job_queries;
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

/// How long a link for somebody new works, in seconds: three days.
const LINK_S: i64 = 3 * 86_400;
/// Most dead letters on the page.
const DEAD_SHOWN: i64 = 100;

/// `GET /admin`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (waiting, dead) = app.db.read(job_queries::counts).await?;
    page(&views::Index { layout: who.layout("Administration", Section::Admin), waiting, dead })
}

/// `GET /admin/people`
///
/// # Errors
/// The database's.
pub async fn people(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    people_page(&who, &app, query.0, FieldErrors::new(), None).await
}

/// `POST /admin/people`: the answer shows the new person's one-time link, this once.
///
/// # Errors
/// 422 with the form as typed.
pub async fn add_person(who: Admin, app: web::Data<App>, form: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match forms::person(&form.0) {
        Ok(new) => {
            app.db
                .write(move |c| {
                    let id = auth_queries::add_user(c, &actor, &new, now)?;
                    let token = auth_queries::add_sign_in_link(c, id, now.plus_s(LINK_S))?;
                    Ok::<_, Error>((new.name.clone(), token))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((name, token)) => {
            let link = format!("{}/sign-in/{token}", app.config.base_url);
            people_page(&who, &app, Fields::default(), FieldErrors::new(), Some((name, link))).await
        }
        Err(Error::Invalid(errors)) => people_page(&who, &app, form.0, errors, None).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/people/{id}/sign-in-link`: for somebody who cannot get in any more.
///
/// # Errors
/// 404
pub async fn new_link(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let (name, token) = app
        .db
        .write(move |c| {
            let person = queries::person(c, id)?;
            let token = auth_queries::add_sign_in_link(c, id, now.plus_s(LINK_S))?;
            let subject = format!("user {}", person.handle);
            let change = audit::Change { action: "user.link", subject, old: None::<()>, new: None::<()> };
            audit::record(c, &actor, now, &change)?;
            Ok::<_, Error>((person.name, token))
        })
        .await?;
    let link = format!("{}/sign-in/{token}", app.config.base_url);
    people_page(&who, &app, Fields::default(), FieldErrors::new(), Some((name, link))).await
}

/// `POST /admin/people/{id}/role`
///
/// # Errors
/// 404, 409 for the last admin, 422
pub async fn change_role(
    who: Admin,
    app: web::Data<App>,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, role, actor, now) = (id.into_inner(), forms::role(&form.0)?, who.actor(), who.now);
    let person = app.db.write(move |c| queries::change_role(c, &actor, id, role, now)).await?;
    Ok(see_other_with("/admin/people", &Flash::ok(format!("{} is {role} now.", person.name))))
}

/// `POST /admin/people/{id}/disabling`
///
/// # Errors
/// 404, 409 for the last admin
pub async fn disable(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let person = app.db.write(move |c| queries::disable(c, &actor, id, now)).await?;
    let flash = Flash::ok(format!("{} can no longer sign in; sessions and tokens have ended.", person.name));
    Ok(see_other_with("/admin/people", &flash.with_undo(format!("/admin/people/{id}/enabling"))))
}

/// `POST /admin/people/{id}/enabling`
///
/// # Errors
/// 404
pub async fn enable(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let person = app.db.write(move |c| queries::enable(c, &actor, id, now)).await?;
    Ok(see_other_with("/admin/people", &Flash::ok(format!("{} can sign in again.", person.name))))
}

async fn people_page(
    who: &Admin,
    app: &App,
    fields: Fields,
    errors: FieldErrors,
    link: Option<(String, String)>,
) -> Result<HttpResponse, Error> {
    let after: i64 = fields.get("after").parse().unwrap_or(0);
    let (rows, there_is_more) = app.db.read(move |c| queries::people(c, after)).await?;
    let next = rows.last().filter(|_| there_is_more).map(|last| format!("/admin/people?after={}", last.id));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout("People", Section::Admin);
    let rows = rows.into_iter().map(|user| (user.clone(), who.stamp(user.created_at))).collect();
    page_with(status, &views::People { layout, rows, next, fields, errors, link })
}

/// `GET /admin/audit`
///
/// # Errors
/// 400 for a damaged cursor.
pub async fn audit_log(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    use crate::db::paging::{Cursor, Turn};
    let fields = query.0;
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let subject = fields.get("subject").trim().to_owned();
    let wanted = subject.clone();
    let found =
        app.db.read(move |c| audit::list(c, Some(wanted.as_str()).filter(|text| !text.is_empty()), turn)).await?;
    let address = |name: &str, cursor: Option<Cursor>| {
        cursor.map_or_else(String::new, |cursor| {
            let subject: String = form_urlencoded::byte_serialize(subject.as_bytes()).collect();
            format!("/admin/audit?subject={subject}&{name}={}", cursor.encode())
        })
    };
    let (newer, older) = (address("before", found.before), address("after", found.after));
    page(&views::Audit {
        layout: who.layout("Audit log", Section::Admin),
        rows: found.rows.into_iter().map(|entry| (entry.clone(), who.stamp(entry.happened_at))).collect(),
        newer,
        older,
        subject,
    })
}

/// `GET /admin/jobs`
///
/// # Errors
/// The database's.
pub async fn jobs(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let ((waiting, _), dead) =
        app.db.read(|c| Ok::<_, Error>((job_queries::counts(c)?, job_queries::dead_letters(c, DEAD_SHOWN)?))).await?;
    page(&views::Jobs {
        layout: who.layout("Jobs", Section::Admin),
        waiting,
        dead: dead.into_iter().map(|job| (job.clone(), who.stamp(job.dead_at.unwrap_or(job.created_at)))).collect(),
    })
}

/// `POST /admin/jobs/{id}/revival`
///
/// # Errors
/// 404
pub async fn revive_job(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    app.db
        .write(move |c| {
            job_queries::revive(c, id, now)?;
            let change =
                audit::Change { action: "job.revive", subject: format!("job {id}"), old: None::<()>, new: None::<()> };
            audit::record(c, &actor, now, &change)
        })
        .await?;
    Ok(see_other_with("/admin/jobs", &Flash::ok("It is tried again now.")))
}
