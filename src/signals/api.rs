//! Signals for programs.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::AlertState;
use super::model_signal::Signal;
use super::queries_list::{self as list, Filter};
use super::{queries, queries_attach};
use crate::api::answer::{self, List};
use crate::app::App;
use crate::auth::who::ApiRead;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, Turn};
use crate::error::Error;
use crate::incidents;
use crate::services::model::Service;
use crate::web::body::Query;
use crate::web::problem::Problem;
use crate::web::times::Zone;

/// A signal on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalBody {
    /// Its number in addresses.
    pub id: i64,
    /// The sender and its source.
    pub source: String,
    /// The sender's own key.
    pub group_key: String,
    /// What is wrong.
    pub title: String,
    /// More about it.
    pub summary: String,
    /// The sender's word for how bad it is.
    pub severity: Option<String>,
    /// Firing or resolved.
    pub state: AlertState,
    /// The service's slug, or the name that the sender gave.
    pub service: Option<String>,
    /// Where.
    pub environment: Option<String>,
    /// Pairs of name and value, in the sender's order.
    #[schema(value_type = Vec<Vec<String>>)]
    pub labels: Vec<(String, String)>,
    /// The sender's page about it.
    pub url: Option<String>,
    /// The release or commit that it names.
    pub release: Option<String>,
    /// How often it fired.
    pub firing_count: i64,
    /// When it fired first.
    pub first_started_at: Moment,
    /// When it fired last.
    pub last_started_at: Moment,
    /// When it was over; nothing while it fires.
    pub ended_at: Option<Moment>,
    /// Keys of the incidents that it is attached to.
    pub incidents: Vec<String>,
    /// Its page.
    pub html_url: String,
}

impl SignalBody {
    /// Reads what belongs to each of a page of signals: as many statements as for one.
    fn read_all(c: &mut Conn, signals: Vec<(Signal, Option<Service>)>, base_url: &str) -> Result<Vec<Self>, Error> {
        let ids: Vec<i64> = signals.iter().map(|(signal, _)| signal.id).collect();
        let mut attached = queries_attach::of_signals(c, &ids)?;
        let bodies = signals.into_iter().map(|(signal, service)| {
            let mine = attached.extract_if(.., |(of, _)| *of == signal.id);
            let incidents = mine.map(|(_, number)| incidents::model::key(number)).collect();
            SignalBody::new(signal, service, incidents, base_url)
        });
        Ok(bodies.collect())
    }

    fn new(signal: Signal, service: Option<Service>, incidents: Vec<String>, base_url: &str) -> Self {
        SignalBody {
            incidents,
            html_url: format!("{base_url}{}", signal.path()),
            labels: signal.labels(),
            ended_at: signal.ended_at(),
            id: signal.id,
            source: signal.source,
            group_key: signal.group_key,
            title: signal.title,
            summary: signal.summary,
            severity: signal.severity,
            state: signal.state,
            service: service.map(|service| service.slug).or(signal.service_name),
            environment: signal.environment,
            url: signal.url,
            release: signal.release,
            firing_count: signal.firing_count,
            first_started_at: signal.first_started_at,
            last_started_at: signal.last_started_at,
        }
    }
}

/// Lists signals, the last to fire first.
///
/// # Errors
/// 422 for a filter or cursor that cannot be read.
#[utoipa::path(get, path = "/api/v1/signals", tag = "signals",
    params(
        ("state" = Option<AlertState>, Query),
        ("service" = Option<String>, Query, description = "A service's slug"),
        ("source" = Option<String>, Query, description = "As in alertmanager/main"),
        ("from" = Option<String>, Query, description = "Fired last on this day or later; or an instant"),
        ("to" = Option<String>, Query, description = "A day (to its end, UTC) or an instant"),
        ("cursor" = Option<String>, Query, description = "From `next_cursor` of the page before")),
    responses((status = 200, body = List<SignalBody>), (status = "4XX", body = Problem)))]
pub async fn list(_who: ApiRead, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = Filter::from_query(&query.0, &Zone::UTC)?;
    let turn = match query.0.some("cursor") {
        Some(cursor) => Turn::After(Cursor::decode(cursor).map_err(|sentence| Error::field("cursor", sentence))?),
        None => Turn::First,
    };
    let base_url = app.config.base_url.clone();
    let (items, next) = app
        .db
        .read(move |c| {
            let page = list::list(c, &filter, turn)?;
            Ok::<_, Error>((SignalBody::read_all(c, page.rows, &base_url)?, page.after))
        })
        .await?;
    Ok(answer::ok(&List { items, next_cursor: next.map(Cursor::encode) }))
}

/// Shows one signal.
///
/// # Errors
/// 404
#[utoipa::path(get, path = "/api/v1/signals/{id}", tag = "signals",
    params(("id" = i64, Path)),
    responses((status = 200, body = SignalBody), (status = "4XX", body = Problem)))]
pub async fn show(_who: ApiRead, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let base_url = app.config.base_url.clone();
    let body = app
        .db
        .read(move |c| {
            let signal = queries::by_id(c, *id)?;
            let service = queries::service_of(c, &signal)?;
            let id = signal.id;
            SignalBody::read_all(c, vec![(signal, service)], &base_url)?.pop().ok_or_else(|| Error::no("signal", id))
        })
        .await?;
    Ok(answer::ok(&body))
}
