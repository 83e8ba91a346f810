//! The pages of action items.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::bulk::forms::{self as bulk_forms, Chosen};
use super::bulk::model::BULK_LIMIT;
use super::bulk::queries::change_all;
use super::filter::{Filter, View};
use super::forms::RawItem;
use super::hints::hints;
use super::life::replacing::Related;
use super::list::queries::{Viewpoint, page as list_page, page_of};
use super::model::{ActionDraft, ActionRow, Evidence, ItemChange, Owner, key_of, parse_key};
use super::queries::Edit;
use super::views::{Bulk, Edit as EditPage, Index, Line, Show};
use super::{history, queries};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::paging::{Cursor, Turn};
use crate::error::{Error, FieldErrors};
use crate::policies;
use crate::policies::model::Policy;
use crate::trackers::model::{Issue, Tracker};
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};
use crate::wording::actions;

/// The number in a key of an address.
pub(super) fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("action item", key))
}

/// An item as a line shows it to this viewer.
pub(super) fn line(who: &SignedIn, row: ActionRow) -> Line {
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
    list(&who, &app, query.0, Bulk::default()).await
}

/// The list that an address asks for, with the form that changes many as it was typed.
async fn list(who: &SignedIn, app: &App, fields: Fields, bulk: Bulk) -> Result<HttpResponse, Error> {
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let viewpoint = viewpoint(who);
    let outcome = match Filter::read(&fields, View::Open) {
        Ok(filter) => {
            let view = filter.view;
            app.db.read(move |c| list_page(c, &filter, viewpoint, turn)).await.map(|found| (view, found))
        }
        Err(error) => Err(error),
    };
    let user_id = who.user.id;
    let (teams, owners, saved) = app
        .db
        .read(move |c| {
            let saved = crate::saved_views::queries::of(c, user_id)?;
            Ok::<_, Error>((crate::teams::queries::all(c)?, queries::owner_choices(c)?, saved))
        })
        .await?;
    let (status, view, found, errors) = match outcome {
        Ok((view, found)) => (StatusCode::OK, view, Some(found), FieldErrors::new()),
        Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, View::Open, None, errors),
        Err(other) => return Err(other),
    };
    let status = if bulk.errors.is_empty() { status } else { StatusCode::UNPROCESSABLE_ENTITY };
    let address = |name: &str, cursor: Option<Cursor>| {
        cursor
            .map_or_else(String::new, |cursor| Filter::address(&fields, view.as_str(), Some((name, &cursor.encode()))))
    };
    let (newer, older) = found
        .as_ref()
        .map_or_else(Default::default, |found| (address("before", found.before), address("after", found.after)));
    let clear = if Filter::narrows(&fields) { format!("/action-items?view={view}") } else { String::new() };
    let query = Filter::query(&fields, view.as_str(), None);
    let lines = found.map(|found| found.rows.into_iter().map(|row| line(who, row)).collect()).unwrap_or_default();
    let layout = who.layout("Action items", Section::Actions);
    page_with(
        status,
        &Index { layout, lines, view, fields, errors, teams, owners, saved, query, bulk, newer, older, clear },
    )
}

pub(super) fn viewpoint(who: &SignedIn) -> Viewpoint {
    Viewpoint { user_id: who.user.id, today: who.zone().date(who.now) }
}

/// `POST /action-items/changes`: one change of many items. The list's own filter stands in the form.
///
/// # Errors
/// 404 for an item that is gone; 422 with the list and everything that was typed.
pub async fn change_many(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, viewpoint) = (who.actor(), who.now, viewpoint(&who));
    let read = bulk_forms::read(&typed.0).and_then(|read| Ok((read, Filter::read(&typed.0, View::Open)?)));
    let outcome = match read {
        Ok(((chosen, change), filter)) => {
            let size = i64::try_from(BULK_LIMIT).expect("a small number");
            app.db
                .write(move |c| {
                    let numbers = match &chosen {
                        Chosen::These(numbers) => numbers.clone(),
                        Chosen::AllThatMatch => {
                            let found = page_of(c, &filter, viewpoint, (Turn::First, size))?;
                            found.rows.into_iter().map(|row| row.item.number).collect()
                        }
                    };
                    change_all(c, &actor, &numbers, &change, now)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(count) => {
            let words = match count {
                0 => "They were like that already.".to_owned(),
                1 => "One item was changed.".to_owned(),
                count => format!("{count} items were changed."),
            };
            let back = Filter::address(&typed.0, typed.0.some("view").unwrap_or("open"), None);
            Ok(see_other_with(back, &Flash::ok(words)))
        }
        Err(Error::Invalid(errors)) => {
            let bulk = Bulk { fields: typed.0.clone(), errors };
            list(&who, &app, typed.0, bulk).await
        }
        Err(other) => Err(other),
    }
}

/// `GET /action-items/{key}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    item_page(&who, &app, number(&key)?, Fields::default(), FieldErrors::new()).await
}

/// The page of an item, with a small form that was refused.
pub(super) async fn item_page(
    who: &SignedIn,
    app: &App,
    number: i64,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let record = app
        .db
        .read(move |c| {
            let row = queries::row(c, number)?;
            let policy = policies::queries::current(c)?;
            Ok::<_, Error>(Record {
                evidence: queries::evidence(c, row.item.id)?,
                changes: history::queries::of_item(c, row.item.id)?,
                rule: history::queries::due_rule(c, row.item.id)?.unwrap_or_default(),
                details: crate::references::queries::render(c, &row.item.details)?,
                related: queries::relations(c, row.item.id)?,
                late_person: policies::queries::name_of(c, policy.late_person_id)?,
                put_off_person: policies::queries::name_of(c, policy.put_off_person_id)?,
                owners: queries::owner_choices(c)?,
                issue: crate::trackers::queries::of_item(c, row.item.id)?,
                trackers: crate::trackers::queries::choices(c, row.item.team_id)?,
                policy,
                row,
            })
        })
        .await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let today = who.zone().date(who.now);
    let row = record.row;
    let layout = who.layout(format!("{} {}", row.item.key(), row.item.title), Section::Actions);
    let hints = if row.item.status.is_unfinished() { hints(&row.item.title, &row.item.details) } else { Vec::new() };
    let Line { row, due, late, .. } = line(who, row);
    let evidence = record.evidence.into_iter().map(|piece| (piece.clone(), who.stamp(piece.given_at))).collect();
    let history = record
        .changes
        .into_iter()
        .map(|(change, name)| {
            let at = who.stamp(change.changed_at);
            (change, name.unwrap_or_else(|| "the program".to_owned()), at)
        })
        .collect();
    let concerns = if row.item.status.is_unfinished() { concerns_of(&row) } else { Vec::new() };
    page_with(
        status,
        &Show {
            layout,
            viewer_id: who.user.id,
            today,
            row,
            details: record.details,
            due,
            late,
            due_rule: record.rule,
            late_words: late_words(&record.policy, record.late_person.as_deref()),
            put_off_words: put_off_words(&record.policy, record.put_off_person.as_deref()),
            hints,
            concerns,
            related: record.related,
            owners: record.owners,
            failed: record.issue.as_ref().and_then(|(issue, _)| issue.failed_at).map(|at| who.stamp(at)),
            synced: record.issue.as_ref().and_then(|(issue, _)| issue.synced_at).map(|at| who.stamp(at)),
            issue: record.issue,
            trackers: record.trackers,
            evidence,
            history,
            fields,
            errors,
        },
    )
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

/// What a page of an item shows.
struct Record {
    row: ActionRow,
    evidence: Vec<Evidence>,
    changes: Vec<(ItemChange, Option<String>)>,
    rule: String,
    details: crate::markdown::SafeHtml,
    related: Vec<Related>,
    late_person: Option<String>,
    put_off_person: Option<String>,
    owners: Vec<Owner>,
    issue: Option<(Issue, Tracker)>,
    trackers: Vec<Tracker>,
    policy: Policy,
}

/// Who hears when an item is late, as the policy has it.
fn late_words(policy: &Policy, person: Option<&str>) -> String {
    let team = policy.team_hears_after_days;
    match person {
        Some(person) => format!(
            "When late, the owner hears at once, the team after {team} days, {person} after {} days.",
            policy.person_hears_after_days
        ),
        None => format!("When late, the owner hears at once, the team after {team} days."),
    }
}

/// Who gets an item that was put off too often, or nothing when the policy names nobody.
fn put_off_words(policy: &Policy, person: Option<&str>) -> String {
    match (person, policy.put_off_limit) {
        (Some(person), limit @ 1..) => format!("Put off {limit} times, it goes to {person}."),
        _ => String::new(),
    }
}

/// `GET /action-items/new`, also `?incident=INC-n`
///
/// # Errors
/// The database's.
pub async fn new(who: Member, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let asked = |name: &str| query.0.get(name).to_owned();
    let fields = Fields::prefilled([
        ("incident", asked("incident")),
        ("factor", asked("factor")),
        ("kind", "prevent".to_owned()),
        ("priority", "P3".to_owned()),
        ("owner", who.user.handle.clone()),
        ("team", query.0.get("team").to_owned()),
        ("factor", query.0.get("factor").to_owned()),
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
            let edit = Edit { draft: &wish.draft, base, reason: &wish.reason };
            queries::change(c, &actor, number, edit, now)
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
    page_with(
        status,
        &EditPage { layout, key, action, cancel, fields, errors, theirs, teams, owners, factors, concerns },
    )
}
