//! The list's page.

use actix_web::{HttpResponse, web};

use super::Shelf;
use super::queries::{self, Filter, ShelfRow};
use crate::app::App;
use crate::auth::who::{SignedIn, Viewer};
use crate::db::paging::Turn;
use crate::error::Error;
use crate::incidents;
use crate::postmortems::views::{Index, Line};
use crate::services::model::ServiceName;
use crate::web::body::Query;
use crate::web::fields::{Check, LINE_LIMIT};
use crate::web::layout::Section;
use crate::web::respond::page;

/// `GET /postmortems`
///
/// # Errors
/// 422 for a filter that is none.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let mut check = Check::new();
    let shelf = check.word_or("status", fields.some("status"), Shelf::Published);
    let filter = Filter {
        service: check.optional_line("service", fields.some("service"), LINE_LIMIT),
        text: check.optional_line("q", fields.some("q"), LINE_LIMIT),
    };
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let Some(shelf) = shelf else { return Err(check.into_error()) };
    check.finish()?;
    let narrowed = filter.clone();
    let (rows, hit, counts, services) = app
        .db
        .read(move |c| {
            let rows = queries::list(c, shelf, &narrowed, turn)?;
            let ids: Vec<i64> = rows.rows.iter().map(|row| row.incident.id).collect();
            let hit = incidents::around::queries::services_of(c, &ids)?;
            Ok::<_, Error>((rows, hit, queries::counts(c)?, crate::services::queries::choices(c)?))
        })
        .await?;
    let (before, after) = (rows.before, rows.after);
    page(&Index {
        layout: who.layout("Postmortems", Section::Postmortems),
        shelf,
        counts,
        filter,
        services,
        lines: rows.rows.into_iter().map(|row| line(&who, row, &hit)).collect(),
        before,
        after,
    })
}

fn line(who: &SignedIn, row: ShelfRow, hit: &[(i64, ServiceName)]) -> Line {
    let incident = row.incident;
    let names = hit.iter().filter(|(id, _)| *id == incident.id).map(|(_, service)| service.name.as_str());
    let services = names.collect::<Vec<_>>().join(", ");
    let (touched_at, note, is_late) = match &row.postmortem {
        Some(postmortem) => (
            Some(postmortem.published_at.unwrap_or(postmortem.updated_at)),
            postmortem.not_needed_reason.clone().unwrap_or_default(),
            false,
        ),
        None => {
            let due_on = incident.postmortem_due_on(&who.zone());
            let is_late = due_on.is_some_and(|due_on| due_on < who.zone().date(who.now));
            let words = due_on
                .map(|due_on| format!("{} {}", if is_late { "was due" } else { "due" }, due_on.format("%-d %b %Y")));
            (incident.resolved_at, words.unwrap_or_default(), is_late)
        }
    };
    Line { services, touched: touched_at.map(|at| who.stamp(at)), note, is_late, incident }
}
