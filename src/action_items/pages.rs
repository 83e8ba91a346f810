//! The pages of action items.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::filter::{Filter, View};
use super::forms::{self, RawItem};
use super::list::queries::{Viewpoint, page as list_page};
use super::model::{ActionDraft, ActionRow, Step, key_of, parse_key};
use super::views::{Edit, Index, Line, Show};
use super::{history, queries};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::paging::{Cursor, Turn};
use crate::error::{Error, FieldErrors};
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};
use crate::wording::actions;

fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("action item", key))
}

fn line(who: &SignedIn, row: ActionRow) -> Line {
    let today = who.zone().date(who.now);
    let is_unfinished = row.item.status.is_unfinished();
    Line {
        due: if is_unfinished { row.item.due_words(today) } else { String::new() },
        late: if is_unfinished && row.item.is_late(today) { "late" } else { "" },
        row,
    }
}

/// `GET /action-items`
///
/// # Errors
/// 400 for a damaged cursor.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let viewpoint = Viewpoint { user_id: who.user.id, today: who.zone().date(who.now) };
    let outcome = match Filter::read(&fields, View::Open) {
        Ok(filter) => {
            let view = filter.view;
            app.db.read(move |c| list_page(c, &filter, viewpoint, turn)).await.map(|found| (view, found))
        }
        Err(error) => Err(error),
    };
    let teams = app.db.read(crate::teams::queries::all).await?;
    let (status, view, found, errors) = match outcome {
        Ok((view, found)) => (StatusCode::OK, view, Some(found), FieldErrors::new()),
        Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, View::Open, None, errors),
        Err(other) => return Err(other),
    };
    let address = |name: &str, cursor: Option<Cursor>| {
        cursor
            .map_or_else(String::new, |cursor| Filter::address(&fields, view.as_str(), Some((name, &cursor.encode()))))
    };
    let (newer, older) = found
        .as_ref()
        .map_or_else(Default::default, |found| (address("before", found.before), address("after", found.after)));
    let clear = if Filter::narrows(&fields) { format!("/action-items?view={view}") } else { String::new() };
    let lines = found.map(|found| found.rows.into_iter().map(|row| line(&who, row)).collect()).unwrap_or_default();
    let layout = who.layout("Action items", Section::Actions);
    page_with(status, &Index { layout, lines, view, fields, errors, teams, newer, older, clear })
}

/// `GET /action-items/{key}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    item_page(&who, &app, number(&key)?, Fields::default(), FieldErrors::new()).await
}

async fn item_page(
    who: &SignedIn,
    app: &App,
    number: i64,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (row, evidence, changes, rule, details) = app
        .db
        .read(move |c| {
            let row = queries::row(c, number)?;
            let evidence = queries::evidence(c, row.item.id)?;
            let changes = history::queries::of_item(c, row.item.id)?;
            let rule = history::queries::due_rule(c, row.item.id)?;
            let details = crate::references::queries::render(c, &row.item.details)?;
            Ok::<_, Error>((row, evidence, changes, rule, details))
        })
        .await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout(format!("{} {}", row.item.key(), row.item.title), Section::Actions);
    let Line { row, due, late } = line(who, row);
    let evidence = evidence.into_iter().map(|piece| (piece.clone(), who.stamp(piece.given_at))).collect();
    let history = changes
        .into_iter()
        .map(|(change, name)| {
            let at = who.stamp(change.changed_at);
            (change, name.unwrap_or_else(|| "the program".to_owned()), at)
        })
        .collect();
    let due_rule = rule.unwrap_or_default();
    let concerns = if row.item.status.is_unfinished() { concerns_of(&row) } else { Vec::new() };
    page_with(status, &Show { layout, row, details, due, late, due_rule, evidence, history, concerns, fields, errors })
}

/// What an item may still lack.
fn concerns_of(row: &ActionRow) -> Vec<actions::Concern> {
    actions::concerns(&actions::Action {
        title: &row.item.title,
        has_owner: row.owner.is_some() || row.team.is_some(),
        has_date: row.item.due_on.is_some(),
        has_factor: row.factor.is_some(),
    })
}

/// Takes a step, and comes back to the page with a way to undo it.
async fn step(
    who: &Member,
    app: &App,
    key: &str,
    step: Result<Step, Error>,
    fields: Fields,
) -> Result<HttpResponse, Error> {
    let (number, actor, now) = (number(key)?, who.actor(), who.now);
    let outcome = match step {
        Ok(step) => app.db.write(move |c| queries::step(c, &actor, number, &step, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(item) => {
            let flash = Flash::ok(format!("{} is {} now.", item.key(), item.status.words()));
            let undo = format!("{}/undo?revision={}", item.path(), item.revision);
            Ok(see_other_with(item.path(), &flash.with_undo(undo)))
        }
        Err(Error::Invalid(errors)) => item_page(who, app, number, fields, errors).await,
        Err(other) => Err(other),
    }
}

/// `POST /action-items/{key}/start`
///
/// # Errors
/// 404, 409, 422
pub async fn start(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, Ok(Step::Start), Fields::default()).await
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
    step(&who, &app, &key, forms::completion(&form.0), form.0).await
}

/// `POST /action-items/{key}/verification`
///
/// # Errors
/// 404, 409, 422
pub async fn verify(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, Ok(Step::Verify), Fields::default()).await
}

/// `POST /action-items/{key}/decline`: needs `reason`.
///
/// # Errors
/// 404, 409, 422 with what was typed.
pub async fn decline(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    step(&who, &app, &key, forms::reason(&form.0).map(Step::Decline), form.0).await
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
    step(&who, &app, &key, forms::reason(&form.0).map(Step::Reopen), form.0).await
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

/// `GET /action-items/new`, also `?incident=INC-n`
///
/// # Errors
/// The database's.
pub async fn new(who: Member, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let incident = query.0.get("incident").to_owned();
    let fields = Fields::prefilled([
        ("incident", incident),
        ("kind", "prevent".to_owned()),
        ("priority", "P3".to_owned()),
        ("owner", who.user.handle.clone()),
    ]);
    form(&who, &app, String::new(), fields, FieldErrors::new()).await
}

/// `POST /action-items`
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let mut raw = RawItem::from_fields(&typed.0);
    if typed.0.some("due_on").is_none() {
        raw.due_on = None;
    }
    let outcome = match raw.over(ActionDraft::titled("")) {
        Ok(wish) => app.db.write(move |c| queries::add(c, &actor, &wish.draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(item) => {
            let back = typed.0.some("back").map_or_else(|| item.path(), crate::web::respond::own_path);
            Ok(see_other_with(back, &Flash::ok(format!("{} is on the list.", item.key()))))
        }
        Err(Error::Invalid(errors)) => form(&who, &app, String::new(), typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `GET /action-items/{key}/edit`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let row = app.db.read(move |c| queries::row(c, number)).await?;
    form(&who, &app, row.item.key(), prefilled(&row), FieldErrors::new()).await
}

fn prefilled(row: &ActionRow) -> Fields {
    let (item, draft) = (&row.item, row.draft());
    Fields::prefilled([
        ("title", item.title.clone()),
        ("details", item.details.clone()),
        ("incident", row.origin.as_ref().map(|origin| origin.key()).unwrap_or_default()),
        ("kind", item.kind.to_string()),
        ("priority", item.priority.to_string()),
        ("owner", draft.owner.unwrap_or_default()),
        ("team", draft.team.unwrap_or_default()),
        ("factor", draft.factor.unwrap_or_default()),
        ("due_on", item.due_on.map(|day| day.to_string()).unwrap_or_default()),
        ("tracker_url", draft.tracker_url.unwrap_or_default()),
        ("revision", item.revision.to_string()),
    ])
}

/// `POST /action-items/{key}`
///
/// # Errors
/// 404, 422 with the form as typed; a change that came too late gives 409 with both versions.
pub async fn update(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (number, actor, now) = (number(&key)?, who.actor(), who.now);
    let base: Option<i64> = Some(typed.0.get("revision").parse().unwrap_or(0));
    let raw = RawItem::from_fields(&typed.0);
    let outcome = app
        .db
        .write(move |c| {
            let present = queries::row(c, number)?.draft();
            let wish = raw.clone().over(present)?;
            queries::change(c, &actor, number, (&wish.draft, base), now)
        })
        .await;
    let key = key_of(number);
    match outcome {
        Ok(item) => Ok(see_other_with(item.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => form(&who, &app, key, typed.0, errors).await,
        Err(Error::Outdated(_)) => {
            let theirs = app.db.read(move |c| queries::row(c, number)).await?;
            let mut fields = typed.0;
            let present = prefilled(&theirs);
            let names = ["title", "kind", "priority", "owner", "team", "factor", "due_on", "tracker_url", "details"];
            let differing = names
                .iter()
                .filter(|name| present.get(name).trim() != fields.get(name).trim())
                .map(|name| (name.replace('_', " "), present.get(name).to_owned()))
                .collect();
            // Saved once more, it is put on top of what is there now.
            fields.set("revision", theirs.item.revision.to_string());
            form_with(&who, &app, (key, fields, FieldErrors::new(), differing)).await
        }
        Err(other) => Err(other),
    }
}

async fn form(
    who: &Member,
    app: &App,
    key: String,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    form_with(who, app, (key, fields, errors, Vec::new())).await
}

async fn form_with(
    who: &Member,
    app: &App,
    (key, fields, errors, theirs): (String, Fields, FieldErrors, Vec<(String, String)>),
) -> Result<HttpResponse, Error> {
    let (teams, owners, factors) = app
        .db
        .read(|c| {
            Ok::<_, Error>((crate::teams::queries::all(c)?, queries::owner_choices(c)?, queries::factor_choices(c)?))
        })
        .await?;
    let status = match (theirs.is_empty(), errors.is_empty()) {
        (false, _) => StatusCode::CONFLICT,
        (true, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, true) => StatusCode::OK,
    };
    let (action, title) = if key.is_empty() {
        ("/action-items".to_owned(), "Add an action item".to_owned())
    } else {
        (format!("/action-items/{key}"), format!("Edit {key}"))
    };
    let layout = who.layout(title, Section::Actions);
    let cancel = action.clone();
    let concerns = match fields.some("title") {
        Some(title) => actions::concerns(&actions::Action {
            title,
            has_owner: fields.some("owner").is_some() || fields.some("team").is_some(),
            // A new item gets its date by the rule of its priority; P4 has none.
            has_date: fields.some("due_on").is_some() || (key.is_empty() && fields.get("priority") != "P4"),
            has_factor: fields.some("factor").is_some(),
        }),
        None => Vec::new(),
    };
    page_with(status, &Edit { layout, key, action, cancel, fields, errors, theirs, teams, owners, factors, concerns })
}
