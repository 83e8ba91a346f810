//! The handler of the CSV.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::BodyStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use tokio::sync::mpsc;

use super::csv::{HEAD, cells, line};
use crate::action_items::filter::{Filter, View};
use crate::action_items::list::queries::page_of;
use crate::action_items::pages::viewpoint;
use crate::app::App;
use crate::auth::who::Viewer;
use crate::db::paging::Turn;
use crate::error::Error;
use crate::web::body::Query;

/// Items that are read at once.
const PART_SIZE: i64 = 500;

/// What the reader sends to whoever writes to the socket.
type Part = Result<Bytes, std::io::Error>;

/// The parts as they come; a slow receiver slows the reader down.
struct Parts(mpsc::Receiver<Part>);

impl futures_core::Stream for Parts {
    type Item = Part;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// `GET /action-items.csv`: takes the view and filters of the list.
///
/// # Errors
/// 422 for a filter that cannot be read.
pub async fn csv(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = Filter::read(&query.0, View::Open)?;
    let viewpoint = viewpoint(&who);
    let read = {
        let (db, filter) = (app.db.clone(), filter.clone());
        move |turn: Turn| {
            let (db, filter) = (db.clone(), filter.clone());
            async move { db.read(move |c| page_of(c, &filter, viewpoint, (turn, PART_SIZE))).await }
        }
    };
    // The first part is read before the answer begins, so that what is wrong with the filter is still told.
    let mut found = read(Turn::First).await?;
    let (parts, received) = mpsc::channel::<Part>(2);
    actix_web::rt::spawn(async move {
        let mut text = line(&HEAD.map(str::to_owned));
        loop {
            for row in &found.rows {
                text.push_str(&line(&cells(row)));
            }
            // Nobody receives any more: they have gone away.
            if parts.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
                return;
            }
            let Some(after) = found.after else { return };
            match read(Turn::After(after)).await {
                Ok(next) => found = next,
                // An answer that breaks off is not taken for a whole one.
                Err(error) => {
                    tracing::warn!(%error, "a CSV broke off");
                    let _ = parts.send(Err(std::io::Error::other("the database failed"))).await;
                    return;
                }
            }
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"action-items-{}.csv\"", filter.view)))
        .body(BodyStream::new(Parts(received))))
}
