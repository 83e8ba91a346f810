//! The handler.

use actix_web::{HttpResponse, web};
use chrono::Datelike;

use super::model::Figures;
use super::{queries, views};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::error::Error;
use crate::services;
use crate::web::body::Query;
use crate::web::layout::Section;
use crate::web::respond::page;

/// Periods to choose from, in days; the first is the usual one.
pub const PERIODS: [(i64, &str); 3] = [(90, "the last 90 days"), (30, "the last 30 days"), (364, "the last 52 weeks")];

/// `GET /insights`, also with `?service=checkout&environment=production&days=30`
///
/// # Errors
/// 404 for a service that is not there. A period that is not offered reads as the usual one.
pub async fn show(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let asked: Option<i64> = query.0.some("days").and_then(|text| text.parse().ok());
    let (days, period) = PERIODS.into_iter().find(|(days, _)| Some(*days) == asked).unwrap_or(PERIODS[0]);
    let slug = query.0.some("service").map(str::to_owned);
    let wanted_environment = query.0.some("environment").map(str::to_owned);
    let own = who.nav.services.first().map(|service| service.slug.clone());
    let (now, from, zone) = (who.now, who.now.plus_s(-days * 86_400), who.zone());
    let found = app
        .db
        .read(move |c| {
            let choices = services::queries::choices(c)?;
            let service = match (slug, own.or_else(|| choices.first().map(|one| one.slug.clone()))) {
                (Some(slug), _) => services::queries::by_slug(c, &slug)?,
                (None, Some(slug)) => services::queries::by_slug(c, &slug)?,
                (None, None) => return Ok(None),
            };
            let environment = match wanted_environment {
                Some(environment) => environment,
                None => queries::production_of(c, service.id)?,
            };
            let rows = queries::rows(c, service.id, &environment, from, now)?;
            let incidents = queries::incidents_of(c, service.id, from, now)?;
            let environments = crate::deploys::queries::environments(c)?;
            Ok::<_, Error>(Some((choices, service, environment, environments, rows, incidents)))
        })
        .await?;
    let layout = who.layout("Delivery", Section::Insights);
    let Some((services, service, environment, mut environments, rows, (incidents, hurt_s))) = found else {
        return page(&views::Blank { layout });
    };
    if !environments.contains(&environment) {
        environments.push(environment.clone());
    }
    let day_of = |at| i64::from(zone.date(at).num_days_from_ce());
    let is_cut = rows.shipped.len() as i64 == queries::WINDOW;
    let figures = Figures::count(&rows, now, days, day_of);
    let stretches = figures.stretches.iter().map(|one| views::Line::new(one, &zone)).collect();
    page(&views::Show {
        layout,
        services,
        service,
        environment,
        environments,
        figures,
        stretches,
        days,
        period,
        incidents,
        hurt_s,
        is_cut,
    })
}
