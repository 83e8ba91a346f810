//! The handler.

use actix_web::{HttpResponse, web};

use super::queries;
use super::views::{Actions, Line, Reopened};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::db::paging::{Cursor, Turn};
use crate::error::Error;
use crate::web::body::Query;
use crate::web::layout::Section;
use crate::web::respond::page;

/// `GET /insights/actions`
///
/// # Errors
/// 400 for a damaged cursor.
pub async fn show(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    let (figures, found, reopened) = app
        .db
        .read(move |c| Ok::<_, Error>((queries::figures(c)?, queries::page(c, turn)?, queries::reopened(c)?)))
        .await?;
    let address = |name: &str, cursor: Option<Cursor>| {
        cursor.map_or_else(String::new, |cursor| format!("/insights/actions?{name}={}", cursor.encode()))
    };
    page(&Actions {
        layout: who.layout("Finished items whose factor came back", Section::Insights),
        figures,
        newer: address("before", found.before),
        older: address("after", found.after),
        lines: found
            .rows
            .into_iter()
            .map(|(row, struck)| Line {
                closed: row.item.closed_at.map(|at| who.stamp(at)),
                struck: struck.map(|incident| {
                    let at = who.stamp(incident.started_at);
                    (incident, at)
                }),
                row,
            })
            .collect(),
        reopened: reopened.into_iter().map(|(row, at, why)| Reopened { row, at: who.stamp(at), why }).collect(),
    })
}
