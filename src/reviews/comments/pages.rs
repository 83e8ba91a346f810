//! What one does with comments.

use actix_web::{HttpResponse, web};

use super::queries::{self, Settling};
use crate::app::App;
use crate::auth::who::Member;
use crate::error::Error;
use crate::reviews::forms;
use crate::reviews::pages::{incident, path, row_id, show_with};
use crate::web::body::Form;
use crate::web::flash::Flash;
use crate::web::respond::see_other_with;

/// `POST /incidents/{key}/postmortem/review/comments`
///
/// # Errors
/// 404, or 422 with the page.
pub async fn add(who: Member, app: web::Data<App>, key: web::Path<String>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let outcome = match forms::remark(&typed.0) {
        Ok(remark) => {
            app.db
                .write(move |c| {
                    let incident = incident(c, &wanted)?;
                    let id = queries::add(c, &actor, &incident, &remark, now)?;
                    Ok::<_, Error>((incident, id))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((incident, id)) => {
            Ok(see_other_with(format!("{}#comment-{id}", path(&incident)), &Flash::ok("Your comment is there.")))
        }
        Err(Error::Invalid(errors)) => show_with(&who, &app, key.into_inner(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/postmortem/review/comments/{id}/replies`
///
/// # Errors
/// 404, or 422 with the page.
pub async fn reply(
    who: Member,
    app: web::Data<App>,
    at: web::Path<(String, String)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (key, id) = at.into_inner();
    let id = row_id(&id)?;
    let (actor, now, wanted) = (who.actor(), who.now, key.clone());
    let outcome = match forms::remark(&typed.0) {
        Ok(remark) => {
            app.db
                .write(move |c| {
                    let incident = incident(c, &wanted)?;
                    queries::reply(c, &actor, &incident, (id, &remark.text), now)?;
                    Ok::<_, Error>(incident)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(incident) => Ok(see_other_with(format!("{}#comment-{id}", path(&incident)), &Flash::ok("Replied."))),
        Err(Error::Invalid(errors)) => {
            let mut fields = typed.0;
            // The page puts the text back into the form that it came from.
            let text = fields.get("text").to_owned();
            fields.set("text", "");
            fields.set(&format!("reply-{id}"), text);
            show_with(&who, &app, key, fields, errors).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /incidents/{key}/postmortem/review/comments/{id}/resolution`
///
/// # Errors
/// 404
pub async fn resolve(who: Member, app: web::Data<App>, at: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    settle(&who, &app, at.into_inner(), Settling::Resolved).await
}

/// `POST /incidents/{key}/postmortem/review/comments/{id}/reopening`
///
/// # Errors
/// 404
pub async fn reopen(who: Member, app: web::Data<App>, at: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    settle(&who, &app, at.into_inner(), Settling::Reopened).await
}

async fn settle(
    who: &Member,
    app: &App,
    (key, id): (String, String),
    settling: Settling,
) -> Result<HttpResponse, Error> {
    let id = row_id(&id)?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = incident(c, &key)?;
            queries::settle(c, &actor, &incident, (id, settling), now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    let page = path(&incident);
    let flash = match settling {
        Settling::Resolved => Flash::ok("Settled.").with_undo(format!("{page}/comments/{id}/reopening")),
        Settling::Reopened => Flash::ok("Open again."),
    };
    Ok(see_other_with(format!("{page}#comments"), &flash))
}
