//! The small forms of an item's page and of the board: each takes a step and leads back, with a way to undo it.

use actix_web::{HttpResponse, web};

use super::model::{Effect, Step};
use crate::action_items::effects::model::Answer;
use crate::action_items::effects::queries as effects;
use crate::action_items::filter::incident_number;
use crate::action_items::forms;
use crate::action_items::model::ActionItem;
use crate::action_items::pages::{item_page, number};
use crate::action_items::queries;
use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::who::Member;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::web::body::{Form, Query};
use crate::web::fields::{Check, Fields};
use crate::web::flash::Flash;
use crate::web::respond::{own_path, see_other_with};

/// Does `work`, and comes back to the page (or to the own path in `back`) with a way to undo it.
async fn taken<F>(
    who: &Member,
    app: &App,
    key: &str,
    fields: Fields,
    work: Result<F, Error>,
) -> Result<HttpResponse, Error>
where
    F: FnMut(&mut Conn, &Actor, i64, Moment) -> Result<ActionItem, Error> + Send + 'static,
{
    let (number, actor, now) = (number(key)?, who.actor(), who.now);
    let outcome = match work {
        Ok(mut work) => app.db.write(move |c| work(c, &actor, number, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(item) => {
            let back = fields.some("back").map_or_else(|| item.path(), own_path);
            let undo = format!("{}/undo?revision={}", item.path(), item.revision);
            Ok(see_other_with(back, &Flash::ok(said(&item)).with_undo(undo)))
        }
        Err(Error::Invalid(errors)) => item_page(who, app, number, fields, errors).await,
        Err(other) => Err(other),
    }
}

/// What is true of an item after a step.
fn said(item: &ActionItem) -> String {
    let key = item.key();
    match (&item.declined_reason, &item.blocked_reason) {
        (Some(reason), _) if item.replaced_at.is_some() => {
            format!("{key}: {}.", reason.to_lowercase().replace("act-", "ACT-"))
        }
        (_, Some(_)) => format!("{key} is blocked now."),
        _ => format!("{key} is {} now.", item.status.words()),
    }
}

async fn step(
    who: &Member,
    app: &App,
    key: &str,
    fields: Fields,
    step: Result<Step, Error>,
) -> Result<HttpResponse, Error> {
    let work = step.map(|step| {
        move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| queries::step(c, actor, number, &step, now)
    });
    taken(who, app, key, fields, work).await
}

/// `POST /action-items/{key}/start`
///
/// # Errors
/// 404, 409, 422
pub async fn start(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, form.0, Ok(Step::Start)).await
}

/// `POST /action-items/{key}/stop`: nobody is at it any more.
///
/// # Errors
/// 404, 409, 422
pub async fn stop(who: Member, app: web::Data<App>, key: web::Path<String>, form: Form) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, form.0, Ok(Step::Stop)).await
}

/// `POST /action-items/{key}/completion`: needs `evidence`.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn complete(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let wanted = forms::completion(&form.0);
    step(&who, &app, &key, form.0, wanted).await
}

/// `POST /action-items/{key}/verification`
///
/// # Errors
/// 404, 409, 422
pub async fn verify(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, form.0, Ok(Step::Verify)).await
}

/// `POST /action-items/{key}/decline`: needs `reason`; takes `look_again_on`.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn decline(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let wanted = forms::refusal(&form.0).map(Step::Decline);
    step(&who, &app, &key, form.0, wanted).await
}

/// `POST /action-items/{key}/reopening`
///
/// # Errors
/// 404, 409, 422
pub async fn reopen(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let wanted = forms::reason(&form.0).map(Step::Reopen);
    step(&who, &app, &key, form.0, wanted).await
}

/// `POST /action-items/{key}/block`: needs `reason`.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn block(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let wanted = forms::reason(&form.0).map(Step::Block);
    step(&who, &app, &key, form.0, wanted).await
}

/// `POST /action-items/{key}/block/removal`
///
/// # Errors
/// 404, 409, 422
pub async fn unblock(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, form.0, Ok(Step::Unblock)).await
}

/// `POST /action-items/{key}/delay`: needs `due_on` and `reason`.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn put_off(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let work = forms::putting_off(&form.0).map(|(until, reason)| {
        move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| {
            queries::put_off(c, actor, number, (until, &reason), now)
        }
    });
    taken(&who, &app, &key, form.0, work).await
}

/// `POST /action-items/{key}/owner`: `owner` is a handle, or empty for nobody.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn assign(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let owner = form.0.some("owner").map(str::to_owned);
    let work = forms::reason(&form.0).map(|reason| {
        move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| {
            queries::reassign(c, actor, number, (owner.as_deref(), &reason), now)
        }
    });
    taken(&who, &app, &key, form.0, work).await
}

/// `POST /action-items/{key}/parts`: `titles`, a line for each part.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn split(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let titles = forms::parts(&form.0);
    let work = move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| {
        queries::split(c, actor, number, &titles, now)?;
        queries::by_number(c, number)
    };
    taken(&who, &app, &key, form.0, Ok(work)).await
}

/// `POST /action-items/{key}/merge`: `into` is the key of the item that goes on.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn merge(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let work = forms::other(&form.0).map(|into| {
        move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| queries::merge(c, actor, number, into, now)
    });
    taken(&who, &app, &key, form.0, work).await
}

/// `POST /action-items/{key}/effect`: `effect` is works or came_back; `incident` is the one that raised the question.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn judge(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let work = judgement(&form.0).map(|answer| {
        move |c: &mut Conn, actor: &Actor, number: i64, now: Moment| effects::answer(c, actor, number, &answer, now)
    });
    taken(&who, &app, &key, form.0, work).await
}

fn judgement(fields: &Fields) -> Result<Answer, Error> {
    let mut check = Check::new();
    let effect: Option<Effect> = check.word("effect", fields.some("effect"), "Say whether it works.");
    let incident = fields.some("incident").and_then(|text| incident_number(&mut check, text));
    let reason = forms::reason(fields)?;
    match effect {
        Some(effect) if check.is_ok() => Ok(Answer { effect, incident, reason }),
        _ => Err(check.into_error()),
    }
}

/// `POST /action-items/{key}/undo?revision=n`: takes the last step back.
///
/// # Errors
/// 404, 409 when something happened since.
pub async fn undo(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let (number, actor, now) = (number(&key)?, who.actor(), who.now);
    let revision = query.0.get("revision").parse().unwrap_or(0);
    let item = app.db.write(move |c| queries::take_back(c, &actor, number, revision, now)).await?;
    Ok(see_other_with(item.path(), &Flash::ok(format!("{} is {} again.", item.key(), item.status.words()))))
}
