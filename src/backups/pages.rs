//! The page of backups.

use actix_web::{HttpResponse, web};

use super::{queries, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::db::paging::PAGE_SIZE;
use crate::error::Error;
use crate::web::body::Query;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, see_other_with};

/// `GET /admin/backups`
///
/// # Errors
/// The database's.
pub async fn index(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let before: i64 = query.0.get("before").parse().unwrap_or(i64::MAX);
    let ((rows, there_is_more), latest) =
        app.db.read(move |c| Ok::<_, Error>((queries::list(c, before, PAGE_SIZE)?, queries::latest(c)?))).await?;
    let older = rows.last().filter(|_| there_is_more).map(|(last, _)| format!("/admin/backups?before={}", last.id));
    let plan = app.config.backups.as_ref();
    page(&views::Index {
        next: plan.map(|plan| who.stamp(latest.next_at(plan, who.now))),
        is_overdue: plan.is_some_and(|plan| {
            let good_for_s = plan.every_h * 3600 + views::GRACE_S;
            latest.good.as_ref().is_some_and(|good| who.now.seconds_since(good.started_at) > good_for_s)
        }),
        layout: who.layout("Backups", Section::Admin),
        plan: plan.cloned(),
        last_good: latest.good.map(|good| (who.stamp(good.started_at), good.file)),
        rows: rows.into_iter().map(|(backup, by)| views::Row::new(backup, by, |at| who.stamp(at))).collect(),
        older: older.unwrap_or_default(),
    })
}

/// `POST /admin/backups`: asks for one now.
///
/// # Errors
/// 409 when this node has no folder to put it into.
pub async fn ask(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    if app.config.backups.is_none() {
        return Err(Error::Conflict(
            "There is no folder for backups yet. Start Debrief with --backup-dir, or run 'debrief backup FILE'."
                .to_owned(),
        ));
    }
    let (actor, now) = (who.actor(), who.now);
    app.db.write(move |c| queries::ask(c, &actor, now)).await?;
    Ok(see_other_with("/admin/backups", &Flash::ok("A backup is on its way. Its line says how it ended.")))
}
