//! Saving and removing views; they are shown on the list itself.

use actix_web::{HttpResponse, web};

use super::{forms, queries};
use crate::app::App;
use crate::auth::who::Member;
use crate::error::Error;
use crate::web::body::Form;
use crate::web::flash::Flash;
use crate::web::respond::see_other_with;

/// `POST /saved-views`
///
/// # Errors
/// 403 for a team that the author is not in.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, user, now) = (who.actor(), who.user.clone(), who.now);
    let outcome = match forms::draft(&typed.0) {
        Ok(draft) => app.db.write(move |c| queries::save(c, (&actor, &user), &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(view) => Ok(see_other_with(view.href(), &Flash::ok(format!("Saved as {}.", view.name)))),
        // One short field: the list says what is missing, and keeps its filter.
        Err(Error::Invalid(errors)) => {
            let words = errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" ");
            let query = crate::web::fields::Fields::parse(typed.0.get("query").as_bytes());
            let view = query.some("view").unwrap_or("open").to_owned();
            let back = crate::action_items::filter::Filter::address(&query, &view, None);
            Ok(see_other_with(back, &Flash::warn(words)))
        }
        Err(other) => Err(other),
    }
}

/// `POST /saved-views/{id}/removal`
///
/// # Errors
/// 404, 403
pub async fn remove(who: Member, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, user, now, id) = (who.actor(), who.user.clone(), who.now, id.into_inner());
    let view = app.db.write(move |c| queries::remove(c, (&actor, &user), id, now)).await?;
    Ok(see_other_with(view.href(), &Flash::ok(format!("{} is no longer a saved view.", view.name))))
}
