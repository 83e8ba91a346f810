//! What a page of a retro asks for while it is open: the part that changes, and when it changed.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::pages::{note_presence, staged};
use super::{queries, queries_stage};
use crate::app::App;
use crate::auth::who::{SignedIn, Viewer};
use crate::error::{Error, FieldErrors};
use crate::web::fields::Fields;
use crate::web::respond::page;

/// How often an open page is told that all is well, so that nothing between cuts it off.
const BEAT: Duration = Duration::from_secs(20);
/// How long one answer goes on; the page then asks again, and who it is is looked at again.
const LIFE: Duration = Duration::from_secs(600);
/// Answers that wait for a slow reader.
const WAITING_LIMIT: usize = 4;

/// `GET /retros/{id}/stage`: the part of the page that changes.
///
/// # Errors
/// 404; 409 once it is over.
pub async fn stage(who: Viewer, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let board = app.db.read(move |c| queries_stage::board(c, id)).await?;
    if !board.retro.is_running() {
        return Err(Error::Conflict("This retro does not run any more. Open its page again.".to_owned()));
    }
    page(&staged(&who, board, (Fields::default(), FieldErrors::new())))
}

/// `GET /retros/{id}/events`: server-sent events, one for each change; its id is the retro's revision.
///
/// # Errors
/// 404; 503 when too many pages are open on this node.
pub async fn events(
    request: HttpRequest,
    who: Viewer,
    app: web::Data<App>,
    id: web::Path<i64>,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let retro = app.db.read(move |c| queries::by_id(c, id)).await?;
    note_presence(&who, &app, id).await?;
    let mut changes = app.live.follow(&app.db, id, retro.revision).ok_or(Error::Busy)?;
    let mut closing = app.live.closing();
    let last: Option<i64> =
        request.headers().get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let (sender, receiver) = mpsc::channel::<Bytes>(WAITING_LIMIT);
    let (who, app) = (who.0, app.get_ref().clone());
    actix_web::rt::spawn(async move {
        let ends_at = Instant::now() + LIFE;
        let mut told = last;
        let mut text = "retry: 1000\n\n".to_owned();
        loop {
            let revision = *changes.borrow_and_update();
            if told != Some(revision) {
                text.push_str(&format!("id: {revision}\ndata: {revision}\n\n"));
                told = Some(revision);
            }
            // A reader that went away ends it.
            if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
                return;
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(BEAT) => {
                    text.push_str(":\n\n");
                    beat(&who, &app, id).await;
                }
                _ = closing.wait_for(|is_closing| *is_closing) => return,
                () = tokio::time::sleep_until(ends_at) => return,
                () = sender.closed() => return,
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies that gather answers before they pass them on are asked not to.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Events { receiver }))
}

/// Whoever has the page open is still here.
async fn beat(who: &SignedIn, app: &App, id: i64) {
    let mut who = who.clone();
    who.now = app.clock.now();
    if let Err(error) = note_presence(&who, app, id).await {
        tracing::debug!(%error, "who is at a retro cannot be written down");
    }
}

/// The events as the body of an answer.
struct Events {
    receiver: mpsc::Receiver<Bytes>,
}

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context).map(|next| next.map(Ok))
    }
}
