//! The administration's pages of rules. A rule shows what it would have done with the last deliveries before it is
//! saved.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::super::model_reading::Reading;
use super::super::queries_deliveries::{self, Past};
use super::forms::{RuleDraft, fields_for, fields_of};
use super::model::{Judged, Rule, judge};
use super::{queries, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::hooks;
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

/// Deliveries that a rule is tried on before it is saved.
const TRIED_ON: i64 = 50;

/// `GET /admin/rules`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let rows = app.db.read(queries::all).await?;
    page(&views::Index { layout: who.layout("Rules", Section::Admin), rows })
}

/// `GET /admin/rules/new`, filled in from `?delivery=` when it is there.
///
/// # Errors
/// 404 for a delivery that is not there.
pub async fn new(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let id = query.0.some("delivery").and_then(|id| id.parse::<i64>().ok());
    let fields = match id {
        None => Fields::prefilled([("source", query.0.get("source").to_owned())]),
        Some(id) => {
            let whole = app.db.read(move |c| hooks::queries::delivery(c, id)).await?;
            match whole.read() {
                Reading::Change(message) => fields_for(&whole.source, &message),
                _ => Fields::prefilled([("source", whole.source.slug.clone())]),
            }
        }
    };
    form(&who, &app, None, fields, Shown::default()).await
}

/// `GET /admin/rules/{id}`
///
/// # Errors
/// 404
pub async fn edit(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (rule, source) = app
        .db
        .read(move |c| {
            let rule = queries::by_id(c, *id)?;
            let source = match rule.source_id {
                Some(source_id) => Some(hooks::queries::by_id(c, source_id)?),
                None => None,
            };
            Ok::<_, Error>((rule, source))
        })
        .await?;
    let fields = fields_of(&rule, source.as_ref());
    form(&who, &app, Some(rule.id), fields, Shown::default()).await
}

/// What stands around the form.
#[derive(Default)]
struct Shown {
    errors: FieldErrors,
    tried: Option<Vec<Tried>>,
}

/// A delivery as it is now, and as it would be.
struct Tried {
    past: Past,
    now: Judged,
    then: Judged,
}

async fn form(who: &Admin, app: &App, id: Option<i64>, fields: Fields, shown: Shown) -> Result<HttpResponse, Error> {
    let (sources, services) =
        app.db.read(|c| Ok::<_, Error>((hooks::queries::all(c)?, crate::services::queries::choices(c)?))).await?;
    let status = if shown.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = if id.is_some() { "Change rule" } else { "New rule" };
    let tried = shown.tried.map(|rows| {
        rows.into_iter()
            .map(|row| views::Tried {
                received: who.stamp(row.past.delivery.received_at),
                href: row.past.delivery.path(),
                event: row.past.delivery.event,
                is_changed: row.now != row.then,
                now: row.now.phrase(),
                then: row.then.phrase(),
            })
            .collect()
    });
    page_with(
        status,
        &views::RuleForm {
            layout: who.layout(title, Section::Admin),
            id,
            fields,
            errors: shown.errors,
            sources,
            services,
            tried,
        },
    )
}

/// `POST /admin/rules`: shows what it would have done; saves when that was seen.
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    submit(who, app, None, typed.0).await
}

/// `POST /admin/rules/{id}`: shows what it would have done; saves when that was seen.
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn update(who: Admin, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let id = *id;
    app.db.read(move |c| queries::by_id(c, id)).await?;
    submit(who, app, Some(id), typed.0).await
}

async fn submit(who: Admin, app: web::Data<App>, id: Option<i64>, typed: Fields) -> Result<HttpResponse, Error> {
    let outcome = match RuleDraft::parse(&typed) {
        Err(error) => Err(error),
        // "Save" stands below the preview only, and is pressed there.
        Ok(draft) if typed.has("step", "save") => {
            let (actor, now) = (who.actor(), who.now);
            let saved = app.db.write(move |c| match id {
                Some(id) => queries::change(c, &actor, id, &draft, now),
                None => queries::add(c, &actor, &draft, now),
            });
            match saved.await {
                Ok(_) => {
                    let said =
                        Flash::ok("Saved. It is asked from the next delivery on; replay older ones to apply it.");
                    return Ok(see_other_with("/admin/rules".to_owned(), &said));
                }
                Err(error) => Err(error),
            }
        }
        Ok(draft) => app.db.read(move |c| tried(c, id, &draft)).await,
    };
    match outcome {
        Ok(tried) => form(&who, &app, id, typed, Shown { errors: FieldErrors::new(), tried: Some(tried) }).await,
        Err(Error::Invalid(errors)) => form(&who, &app, id, typed, Shown { errors, tried: None }).await,
        Err(other) => Err(other),
    }
}

/// The last deliveries with the rules as they are, and as they would be.
fn tried(c: &mut Conn, id: Option<i64>, draft: &RuleDraft) -> Result<Vec<Tried>, Error> {
    let source_id = queries::source_id(c, draft)?;
    let rules: Vec<Rule> = queries::all(c)?.into_iter().map(|(rule, _)| rule).collect();
    let place = match id {
        Some(id) => queries::by_id(c, id)?.place,
        None => rules.last().map_or(1, |rule| rule.place + 1),
    };
    let mut changed: Vec<Rule> = rules.iter().filter(|rule| Some(rule.id) != id).cloned().collect();
    changed.push(draft.as_rule(id.unwrap_or(i64::MAX), place, source_id));
    changed.sort_by_key(|rule| (rule.place, rule.id));
    let of = |rules: &[Rule], source_id: i64| {
        rules.iter().filter(|rule| rule.source_id.is_none_or(|only| only == source_id)).cloned().collect::<Vec<_>>()
    };
    let deliveries = queries_deliveries::last(c, source_id, TRIED_ON)?;
    Ok(deliveries
        .into_iter()
        .map(|past| {
            let reading = past.read();
            let source_id = past.delivery.source_id;
            let now = judge(reading.clone(), &of(&rules, source_id));
            let then = judge(reading, &of(&changed, source_id));
            Tried { past, now, then }
        })
        .collect())
}

/// `POST /admin/rules/{id}/removal`
///
/// # Errors
/// 404
pub async fn remove(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    app.db.write(move |c| queries::remove(c, &actor, *id, now)).await?;
    Ok(see_other_with("/admin/rules".to_owned(), &Flash::ok("The rule is gone. What it did before stays.")))
}

/// `POST /admin/rules/{id}/rise`: it is asked before the one that stood above it.
///
/// # Errors
/// 404
pub async fn rise(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    app.db.write(move |c| queries::move_up(c, &actor, *id, now)).await?;
    Ok(see_other_with("/admin/rules".to_owned(), &Flash::ok("It is asked earlier now.")))
}
