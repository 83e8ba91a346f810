//! The pages of signals and of their rules.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::queries_list::{self as list, Filter};
use super::{forms, queries, queries_attach, queries_rules, views};
use crate::app::App;
use crate::auth::who::{Admin, Member, SignedIn, Viewer};
use crate::db::paging::{Cursor, Page, Turn};
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

const RULES: &str = "/admin/signal-rules";

fn status_of(errors: &FieldErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `GET /signals`
///
/// # Errors
/// 422 with the page for a filter that cannot be read.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let asked = Filter::from_query(&fields, &who.zone()).and_then(|filter| {
        Turn::from_query(fields.some("after"), fields.some("before"))
            .map(|turn| (filter, turn))
            .map_err(|sentence| Error::field("", sentence))
    });
    let (asked, errors) = match asked {
        Ok(asked) => (Some(asked), FieldErrors::new()),
        Err(Error::Invalid(errors)) => (None, errors),
        Err(other) => return Err(other),
    };
    let is_filtered = asked.as_ref().is_none_or(|(filter, _)| *filter != Filter::default());
    let (found, services, sources) = app
        .db
        .read(move |c| {
            let found = match &asked {
                Some((filter, turn)) => list::list(c, filter, *turn)?,
                None => Page { rows: Vec::new(), after: None, before: None },
            };
            Ok::<_, Error>((found, crate::services::queries::choices(c)?, list::sources(c)?))
        })
        .await?;
    let link = |turn: &str, cursor: Option<Cursor>| {
        cursor.map(|cursor| views::query_of(&fields, turn, &cursor.encode())).unwrap_or_default()
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    let rows = found
        .rows
        .into_iter()
        .map(|(signal, service)| views::Row { at: who.stamp(signal.last_started_at), signal, service })
        .collect();
    let (status, layout) = (status_of(&errors), who.layout("Signals", Section::Signals));
    page_with(status, &views::Index { layout, fields, errors, services, sources, rows, newer, older, is_filtered })
}

/// `GET /signals/{id}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    shown(&who, &app, *id, Fields::default(), FieldErrors::new()).await
}

async fn shown(who: &SignedIn, app: &App, id: i64, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let (signal, service, alerts, attached, choices) = app
        .db
        .read(move |c| {
            let signal = queries::by_id(c, id)?;
            let service = queries::service_of(c, &signal)?;
            let alerts = queries::alerts(c, id)?;
            let attached = queries_attach::of_signal(c, id)?;
            let mut choices = queries_attach::live_incidents(c, signal.service_id)?;
            choices.retain(|incident| attached.iter().all(|(_, other)| other.id != incident.id));
            Ok::<_, Error>((signal, service, alerts, attached, choices))
        })
        .await?;
    let alerts = alerts
        .into_iter()
        .map(|alert| views::AlertRow {
            started: who.stamp(alert.started_at),
            lasted: views::AlertRow::lasted(
                alert.ended_at.map(|ended_at| ended_at.seconds_since(alert.started_at)),
                alert.is_open,
            ),
        })
        .collect();
    let attached = attached
        .into_iter()
        .map(|(attachment, incident)| (incident, attachment.said_by, who.stamp(attachment.said_at)))
        .collect();
    page_with(
        status_of(&errors),
        &views::Show {
            layout: who.layout(signal.title.clone(), Section::Signals),
            first: who.stamp(signal.first_started_at),
            last: who.stamp(signal.last_started_at),
            ended: signal.ended_at().map(|at| who.stamp(at)),
            signal,
            service,
            alerts,
            attached,
            choices,
            fields,
            errors,
        },
    )
}

/// `POST /signals/{id}/incidents`
///
/// # Errors
/// 404, or 422 with the page for an incident that does not exist.
pub async fn attach(who: Member, app: web::Data<App>, id: web::Path<i64>, typed: Form) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    let outcome = match forms::incident(&typed.0) {
        Ok(number) => {
            app.db
                .write(move |c| {
                    let signal = queries::by_id(c, id)?;
                    let incident = incidents::queries::for_change(c, number).map_err(|error| match error {
                        Error::NotFound(sentence) => Error::field("incident", sentence),
                        other => other,
                    })?;
                    queries_attach::attach(c, &actor, &signal, &incident, None, now)?;
                    Ok::<_, Error>((signal, incident))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((signal, incident)) => {
            let said = Flash::ok(format!("Attached to {}; it stands on the timeline there.", incident.key()))
                .with_undo(format!("{}/incidents/{}/removal", signal.path(), incident.key()));
            Ok(see_other_with(signal.path(), &said))
        }
        Err(Error::Invalid(errors)) => shown(&who, &app, id, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /signals/{id}/incidents/{incident}/removal`
///
/// # Errors
/// 404
pub async fn detach(who: Member, app: web::Data<App>, path: web::Path<(i64, String)>) -> Result<HttpResponse, Error> {
    let (id, key) = path.into_inner();
    let number = incidents::model::parse_key(&key).ok_or_else(|| Error::no("incident", &key))?;
    let (actor, now) = (who.actor(), who.now);
    let (signal, incident) = app
        .db
        .write(move |c| {
            let signal = queries::by_id(c, id)?;
            let incident = incidents::queries::for_change(c, number)?;
            queries_attach::detach(c, &actor, &signal, &incident, now)?;
            Ok::<_, Error>((signal, incident))
        })
        .await?;
    let said = Flash::ok(format!("Taken off {}. The audit log keeps it.", incident.key()));
    Ok(see_other_with(signal.path(), &said))
}

/// `GET /admin/signal-rules`
///
/// # Errors
/// The database's.
pub async fn rules(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let fields = Fields::prefilled([("outcome", "declare".to_owned()), ("incident_severity", "SEV2".to_owned())]);
    rules_page(&who, &app, fields, FieldErrors::new()).await
}

async fn rules_page(who: &SignedIn, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let (rules, services) =
        app.db.read(|c| Ok::<_, Error>((queries_rules::all(c)?, crate::services::queries::choices(c)?))).await?;
    let layout = who.layout("Signal rules", Section::Admin);
    page_with(status_of(&errors), &views::Rules { layout, rules, services, fields, errors })
}

/// `POST /admin/signal-rules`
///
/// # Errors
/// 422 with the form as typed.
pub async fn add_rule(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match forms::rule(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries_rules::add(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with(RULES, &Flash::ok("The rule holds from now on."))),
        Err(Error::Invalid(errors)) => rules_page(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /admin/signal-rules/{id}/removal`
///
/// # Errors
/// 404
pub async fn remove_rule(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    app.db.write(move |c| queries_rules::remove(c, &actor, id, now)).await?;
    Ok(see_other_with(RULES, &Flash::ok("The rule is gone; what it did stays.")))
}

/// `POST /admin/signal-rules/{id}/rise`
///
/// # Errors
/// 404
pub async fn raise_rule(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    app.db.write(move |c| queries_rules::raise(c, &actor, id, now)).await?;
    Ok(see_other_with(RULES, &Flash::ok("The rule is asked one place earlier.")))
}
