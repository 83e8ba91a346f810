//! The changes page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::Filter;
use super::{queries, views};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::error::{Error, FieldErrors};
use crate::releases;
use crate::web::body::Query;
use crate::web::fields::Fields;
use crate::web::layout::Section;
use crate::web::respond::page_with;

/// `GET /changes`
///
/// # Errors
/// 422 with the page for a filter that cannot be read.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut fields = query.0;
    let (zone, now) = (who.zone(), who.now);
    let (filter, errors) = match Filter::from_query(&fields, &zone, now) {
        Ok(filter) => (filter, FieldErrors::new()),
        Err(Error::Invalid(errors)) => (Filter::from_query(&Fields::default(), &zone, now)?, errors),
        Err(other) => return Err(other),
    };
    let wanted = filter.clone();
    let window = filter.window();
    let ((lanes, there_is_more), freezes, services, teams, environments) = app
        .db
        .read(move |c| {
            let lanes = queries::lanes(c, &wanted)?;
            let freezes = releases::queries_freeze::between(c, window.from, window.to)?;
            let services = crate::services::queries::choices(c)?;
            let teams = crate::teams::queries::all(c)?;
            Ok::<_, Error>((lanes, freezes, services, teams, crate::deploys::queries::environments(c)?))
        })
        .await?;
    let freezes = freezes
        .into_iter()
        .filter(|freeze| freeze.service_id.is_none() && freeze.team_id.is_none())
        .map(|freeze| {
            let (x, width) = window.span(freeze.starts_at, freeze.ends_at);
            (x, width, freeze.reason)
        })
        .collect();
    let links = views::Neighbours {
        earlier: views::address(&fields, "until", &window.from.to_string()),
        later: if fields.some("until").is_none() || window.to >= now {
            String::new()
        } else {
            let until = window.to.plus_s(filter.period.length_s());
            views::address(&fields, "until", &if until < now { until.to_string() } else { String::new() })
        },
        next: lanes
            .last()
            .filter(|_| there_is_more)
            .map(|lane| views::address(&fields, "after", &lane.service.slug))
            .unwrap_or_default(),
        first: filter.after.as_ref().map(|_| views::address(&fields, "after", "")).unwrap_or_default(),
    };
    let is_filtered =
        ["service", "team", "environment", "kind", "until"].iter().any(|name| fields.some(name).is_some());
    if fields.some("until").is_some() {
        fields.set("until", zone.date(window.to.plus_s(-1)).to_string());
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(
        status,
        &views::Index {
            layout: who.layout("Changes", Section::Changes),
            rows: lanes.iter().map(|lane| views::Row::new(lane, &filter, &zone, now)).collect(),
            ticks: window.ticks(&zone),
            freezes,
            caption: views::caption(&lanes, filter.period),
            span: format!("{} to {}", zone.long(window.from), zone.long(window.to)),
            period: filter.period,
            fields,
            errors,
            services,
            teams,
            environments,
            links,
            is_filtered,
        },
    )
}
