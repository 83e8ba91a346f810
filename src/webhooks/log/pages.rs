//! The pages of the message log.

use actix_web::{HttpResponse, web};

use super::queries::{self, LogFilter};
use super::views;
use crate::app::App;
use crate::auth::audit::{self, Change};
use crate::auth::who::Admin;
use crate::db::paging::{Cursor, Turn};
use crate::error::Error;
use crate::notify::queries_lane::send_again;
use crate::web::body::Query;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, see_other_with};

/// `GET /admin/messages`
///
/// # Errors
/// 400 for a damaged cursor.
pub async fn index(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let filter = LogFilter {
        state: fields.some("state").and_then(|word| word.parse().ok()),
        webhook_id: fields.some("webhook").and_then(|id| id.parse().ok()),
    };
    let wanted = filter.clone();
    let found = app.db.read(move |c| queries::list(c, &wanted, turn)).await?;
    let link = |name: &str, cursor: Option<Cursor>| {
        cursor.map_or_else(String::new, |cursor| {
            let state = filter.state.map(|state| format!("state={state}&")).unwrap_or_default();
            let webhook = filter.webhook_id.map(|id| format!("webhook={id}&")).unwrap_or_default();
            format!("/admin/messages?{state}{webhook}{name}={}", cursor.encode())
        })
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    page(&views::Log {
        layout: who.layout("Messages", Section::Admin),
        rows: found.rows.into_iter().map(|row| views::line(&who, row)).collect(),
        state: filter.state.map(|state| state.as_str()).unwrap_or_default(),
        newer,
        older,
    })
}

/// `GET /admin/messages/{id}`
///
/// # Errors
/// 404
pub async fn show(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (row, attempts) =
        app.db.read(move |c| Ok::<_, Error>((queries::row(c, *id)?, queries::attempts(c, *id)?))).await?;
    page(&views::MessagePage {
        layout: who.layout(format!("Message {}", row.message.id), Section::Admin),
        attempts: attempts.into_iter().map(|attempt| (who.stamp(attempt.attempted_at), attempt)).collect(),
        line: views::line(&who, row),
    })
}

/// `POST /admin/messages/{id}/replay`: it is sent again, with the same id.
///
/// # Errors
/// 404; 409 for one that a digest carries.
pub async fn replay(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (id, actor, now) = (id.into_inner(), who.actor(), who.now);
    app.db
        .write(move |c| {
            send_again(c, id, now)?;
            let subject = format!("message {id}");
            audit::record(
                c,
                &actor,
                now,
                &Change { action: "message.replay", subject, old: None::<()>, new: None::<()> },
            )
        })
        .await?;
    let said = Flash::ok("It is on its way again. Reload in a moment to see whether it arrived.");
    Ok(see_other_with(format!("/admin/messages/{id}"), &said))
}
