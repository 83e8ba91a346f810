//! The list's page.

use actix_web::{HttpResponse, web};

use super::View;
use super::queries::{self, Listed, Viewpoint};
use crate::app::App;
use crate::auth::who::{SignedIn, Viewer};
use crate::db::paging::Turn;
use crate::error::Error;
use crate::reviews::views::{Index, Row, due_words};
use crate::web::body::Query;
use crate::web::fields::Check;
use crate::web::layout::Section;
use crate::web::respond::page;

/// `GET /reviews`
///
/// # Errors
/// 422 for a view that is none.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let Some(view) = check.word_or("view", query.0.some("view"), View::Mine) else { return Err(check.into_error()) };
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    let viewpoint = Viewpoint { user_id: who.user.id, today: who.zone().date(who.now) };
    let found = app.db.read(move |c| queries::list(c, view, viewpoint, turn)).await?;
    page(&Index {
        layout: who.layout("Reviews", Section::Postmortems),
        view,
        before: found.before,
        after: found.after,
        rows: found.rows.into_iter().map(|listed| row(&who, listed)).collect(),
    })
}

fn row(who: &SignedIn, listed: Listed) -> Row {
    let today = who.zone().date(who.now);
    let (reviewer, age, is_late) = match listed.request {
        Some((request, name)) => (name, due_words(request.due_on, today), request.due_on < today),
        None => (String::new(), who.stamp(listed.postmortem.created_at).relative, false),
    };
    Row { reviewer, age, is_late, status: listed.postmortem.status.as_str(), incident: listed.incident }
}
