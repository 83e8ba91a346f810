//! The board's handler.

use actix_web::{HttpResponse, web};

use super::views::{Board, Column};
use crate::action_items::filter::{Filter, View};
use crate::action_items::list::queries::{latest_closed, page_of};
use crate::action_items::model::ActionStatus;
use crate::action_items::pages::{line, viewpoint};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::db::paging::Turn;
use crate::error::Error;
use crate::web::body::Query;
use crate::web::layout::Section;
use crate::web::respond::page;

/// Most cards of a column.
const COLUMN_SIZE: i64 = 25;

/// `GET /action-items/board`: takes the filters of the list.
///
/// # Errors
/// 422 for a filter that cannot be read.
pub async fn show(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let filter = Filter { view: View::All, status: None, ..Filter::read(&fields, View::All)? };
    let viewpoint = viewpoint(&who);
    let (found, teams) = app
        .db
        .read(move |c| {
            let mut found = Vec::with_capacity(ActionStatus::ALL.len());
            for status in ActionStatus::ALL {
                let filter = Filter { status: Some(*status), ..filter.clone() };
                let (rows, there_is_more) = match status {
                    ActionStatus::Open | ActionStatus::InProgress => {
                        let filter = Filter { view: View::Open, ..filter };
                        let page = page_of(c, &filter, viewpoint, (Turn::First, COLUMN_SIZE))?;
                        (page.rows, page.after.is_some())
                    }
                    ActionStatus::Done => {
                        let page = page_of(c, &filter, viewpoint, (Turn::First, COLUMN_SIZE))?;
                        (page.rows, page.after.is_some())
                    }
                    ActionStatus::Verified | ActionStatus::Declined => {
                        latest_closed(c, &filter, viewpoint, COLUMN_SIZE)?
                    }
                };
                found.push((*status, rows, there_is_more));
            }
            Ok::<_, Error>((found, crate::teams::queries::all(c)?))
        })
        .await?;
    let columns = found
        .into_iter()
        .map(|(status, rows, there_is_more)| Column {
            status,
            title: title(status),
            lines: rows.into_iter().map(|row| line(&who, row)).collect(),
            href: list_of(&fields, status),
            there_is_more,
        })
        .collect();
    let kept = Filter::query(&fields, "all", None);
    page(&Board {
        layout: who.layout("Action items: board", Section::Actions),
        viewer_id: who.user.id,
        columns,
        teams,
        back: format!("/action-items/board?{kept}"),
        table_href: format!("/action-items?{}", Filter::query(&fields, "open", None)),
        fields,
    })
}

fn title(status: ActionStatus) -> &'static str {
    match status {
        ActionStatus::Open => "Open",
        ActionStatus::InProgress => "In progress",
        ActionStatus::Done => "Done, to verify",
        ActionStatus::Verified => "Verified lately",
        ActionStatus::Declined => "Declined lately",
    }
}

fn list_of(fields: &crate::web::fields::Fields, status: ActionStatus) -> String {
    let mut fields = fields.clone();
    fields.set("status", status.as_str());
    let view = match status {
        ActionStatus::Open | ActionStatus::InProgress => View::Open,
        ActionStatus::Done => View::Done,
        ActionStatus::Verified => View::All,
        ActionStatus::Declined => View::Declined,
    };
    Filter::address(&fields, view.as_str(), None)
}
