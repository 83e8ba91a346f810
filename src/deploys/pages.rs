//! The pages of deploys.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{RawDeploy, Times};
use super::model::{BY_HAND, DEFAULT_ENVIRONMENT, Deploy, DeployDraft, Part, PersonDraft, ReferenceKind};
use super::queries_list::{self as list, Filter};
use super::{queries, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::paging::{Cursor, Page, Turn};
use crate::error::{Error, FieldErrors};
use crate::incidents::model::Incident;
use crate::links;
use crate::services::model::ServiceName;
use crate::signals::model_signal::Signal;
use crate::suspects::model::DeployPanel;
use crate::web::body::{Form, Query};
use crate::web::fields::{Check, Fields, LINE_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other_with};

/// Most signals and incidents of a live window that the page shows.
const WINDOW_SHOWN: i64 = 10;

/// What the filter and the form offer to choose from.
fn choices(c: &mut Conn) -> Result<(Vec<ServiceName>, Vec<String>), Error> {
    Ok((crate::services::queries::choices(c)?, queries::environments(c)?))
}

/// `GET /deploys`
///
/// # Errors
/// 422 with the page for a filter that cannot be read.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let asked = Filter::from_query(&fields, &who.zone()).and_then(|filter| {
        Turn::from_query(fields.some("after"), fields.some("before"))
            .map(|turn| (filter, turn))
            .map_err(|sentence| Error::field("", sentence))
    });
    let (asked, errors) = match asked {
        Ok(asked) => (Some(asked), FieldErrors::new()),
        Err(Error::Invalid(errors)) => (None, errors),
        Err(other) => return Err(other),
    };
    let is_filtered = asked.as_ref().is_none_or(|(filter, _)| views::is_filtered(filter));
    let (found, open, services, environments) = app
        .db
        .read(move |c| {
            let found = match &asked {
                Some((filter, turn)) => list::list(c, filter, *turn)?,
                None => Page { rows: Vec::new(), after: None, before: None },
            };
            let ids: Vec<i64> = found.rows.iter().map(|(deploy, _)| deploy.id).collect();
            let open = crate::releases::queries::open_counts(c, &ids)?;
            let (services, environments) = choices(c)?;
            Ok::<_, Error>((found, open, services, environments))
        })
        .await?;
    let link = |turn: &str, cursor: Option<Cursor>| {
        cursor.map(|cursor| views::query_of(&fields, turn, &cursor.encode())).unwrap_or_default()
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    let rows = found
        .rows
        .into_iter()
        .map(|(deploy, service)| views::Row {
            at: who.stamp(deploy.happened_at),
            open: open.get(&deploy.id).copied().unwrap_or_default(),
            deploy,
            service,
        })
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout("Deploys", Section::Deploys);
    page_with(status, &views::Index { layout, fields, errors, services, environments, rows, newer, older, is_filtered })
}

/// `GET /deploys/{key}`
///
/// # Errors
/// 404
pub async fn show(who: Viewer, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (zone, now) = (who.zone(), who.now);
    let (deploy, service, trail, (before, after), links, suspects, around) = app
        .db
        .read(move |c| {
            let deploy = queries::by_key(c, &key)?;
            let service = queries::service_of(c, &deploy)?;
            let trail = queries::trail(c, deploy.id)?;
            let neighbours = queries::neighbours(c, &deploy)?;
            let linked = links::queries::of_deploy(c, deploy.id)?;
            let verdicts = links::queries::verdicts_of_deploy(c, deploy.id)?;
            let latest = links::queries::latest_incidents(c)?;
            let links = links::model::of_deploy_lines(&deploy, linked, &verdicts, latest, &zone, now);
            let suspects = crate::suspects::queries::of_deploy(c, deploy.id)?;
            let suspects = DeployPanel::new(&deploy, suspects, &zone);
            let around = around(c, &deploy, &neighbours, now)?;
            Ok::<_, Error>((deploy, service, trail, neighbours, links, suspects, around))
        })
        .await?;
    let marks = around.marks.iter().map(|(mark, other)| views::MarkLine::new(&deploy, mark, other, &who)).collect();
    let items = around
        .items
        .into_iter()
        .map(|(item, user)| views::ItemLine {
            ticked: item.ticked_at.map(|at| (who.stamp(at), user.map(|user| user.name).unwrap_or_default())),
            id: item.id,
            text: item.text,
        })
        .collect();
    let ticks = around.ticks.into_iter().map(|tick| (tick.step, tick.item_id, tick.said_by, who.stamp(tick.said_at)));
    let people = trail
        .people
        .iter()
        .map(|(person, user)| views::TrailRow {
            id: person.id,
            part: person.part.label(),
            name: user.as_ref().map_or_else(|| person.name.clone(), |user| user.name.clone()),
            handle: user.as_ref().map(|user| user.handle.clone()).unwrap_or_default(),
            at: person.stood_at.map(|at| who.stamp(at)),
        })
        .collect();
    let summary = crate::markdown::render(&deploy.summary, &crate::markdown::NoReferences)
        .map_err(|error| Error::Fault(error.to_string()))?;
    page(&views::Show {
        layout: who.layout(deploy.key(), Section::Deploys),
        at: who.stamp(deploy.happened_at),
        started: deploy.started_at.map(|at| who.stamp(at)),
        finished: deploy.finished_at.map(|at| who.stamp(at)),
        recorded: who.stamp(deploy.created_at),
        deploy,
        service,
        people,
        trail,
        before,
        after,
        links,
        suspects,
        summary,
        marks,
        items,
        ticks: ticks.collect(),
        has_template: around.has_template,
        live: around.window.map(|(from, to)| views::Live::new(from, to, &who)),
        signals: around.signals,
        incidents: around.incidents,
    })
}

/// What stands around a deploy on its page.
struct Around {
    marks: Vec<(super::model_marks::Mark, Deploy)>,
    items: Vec<(crate::releases::model::Item, Option<crate::auth::model::User>)>,
    ticks: Vec<crate::releases::model::Tick>,
    has_template: bool,
    window: Option<(Moment, Option<Moment>)>,
    signals: Vec<Signal>,
    incidents: Vec<Incident>,
}

fn around(
    c: &mut Conn,
    deploy: &Deploy,
    (_, after): &(Option<Deploy>, Option<Deploy>),
    now: Moment,
) -> Result<Around, Error> {
    let window = deploy.status.went_live().then(|| (deploy.happened_at, after.as_ref().map(|after| after.happened_at)));
    let (mut signals, mut incidents) = (Vec::new(), Vec::new());
    if let Some((from, to)) = window {
        let span = (from, to.unwrap_or(now.plus_s(1)));
        signals = crate::signals::queries::of_service_between(c, deploy.service_id, span, WINDOW_SHOWN)?;
        incidents = crate::changes::queries::incidents_of_service(c, deploy.service_id, span, WINDOW_SHOWN)?;
    }
    let items = crate::releases::queries::of_deploy(c, deploy.id)?;
    let has_template = !crate::releases::queries::settings(c, deploy.service_id)?.checklist.trim().is_empty();
    Ok(Around {
        marks: super::queries_marks::with_others(c, deploy.id)?,
        ticks: if items.is_empty() { Vec::new() } else { crate::releases::queries::ticks(c, deploy.id)? },
        items,
        has_template,
        window,
        signals,
        incidents,
    })
}

/// `POST /deploys/{key}/marks/{id}/removal`: it was no rollback, or no fix.
///
/// # Errors
/// 404, 409 when it was taken back already, 422 for a reason that is too long.
pub async fn take_mark_back(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (key, mark_id) = path.into_inner();
    let mut check = Check::new();
    let reason = check.optional_line("reason", typed.0.some("reason"), LINE_LIMIT).unwrap_or_default();
    check.finish()?;
    let (actor, now) = (who.actor(), who.now);
    let deploy = app
        .db
        .write(move |c| {
            let deploy = queries::for_change(c, &key)?;
            super::queries_marks::take_back(c, &actor, &deploy, mark_id, &reason, now)?;
            Ok::<_, Error>(deploy)
        })
        .await?;
    Ok(see_other_with(deploy.path(), &Flash::ok("Taken back. Both deploys are again what they were before.")))
}

/// `GET /deploys/new`
///
/// # Errors
/// The database's.
pub async fn new(who: Member, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = Fields::prefilled([
        ("service", query.0.get("service").to_owned()),
        ("environment", DEFAULT_ENVIRONMENT.to_owned()),
        ("kind", "deploy".to_owned()),
        ("status", "succeeded".to_owned()),
        ("deployed_by", who.user.name.clone()),
    ]);
    form(&who, &app, None, fields, FieldErrors::new()).await
}

/// `POST /deploys`
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let outcome = match RawDeploy::from_fields(&typed.0).parse(BY_HAND, Times::Local(who.zone()), now) {
        Ok(draft) => app.db.write(move |c| queries::record(c, &actor, &draft, now)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(deploy) => Ok(see_other_with(deploy.path(), &Flash::ok(format!("{} is on record.", deploy.key())))),
        Err(Error::Invalid(errors)) => form(&who, &app, None, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

/// `GET /deploys/{key}/edit`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let (deploy, draft) = app
        .db
        .read(move |c| {
            let deploy = queries::by_key(c, &key)?;
            let draft = queries::draft_of(c, &deploy)?;
            Ok::<_, Error>((deploy, draft))
        })
        .await?;
    let fields = prefilled(&who, &deploy, &draft);
    form(&who, &app, Some(deploy.key()), fields, FieldErrors::new()).await
}

/// `POST /deploys/{key}`
///
/// # Errors
/// 404, or 422 with the form as typed, also when somebody else changed the deploy in the meantime.
pub async fn update(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let (actor, now, zone, wanted) = (who.actor(), who.now, who.zone(), key.clone());
    let raw = RawDeploy::from_fields(&typed.0);
    let base: Option<i64> = typed.0.some("revision").and_then(|text| text.parse().ok());
    let outcome = app
        .db
        .write(move |c| {
            let deploy = queries::for_change(c, &wanted)?;
            if base.is_some_and(|base| base != deploy.revision) {
                return Err(Error::field(
                    "",
                    "Somebody changed this deploy since you opened the form. Open its page beside this one, put their change in here, and save again.",
                ));
            }
            let mut raw = raw.clone();
            // A field shows whole seconds; a time that was not touched keeps its milliseconds.
            let shown = |at: Option<crate::clock::Moment>| Some(at.map(|at| zone.input(at)));
            if raw.started_at == shown(deploy.started_at) {
                raw.started_at = None;
            }
            if raw.finished_at == shown(deploy.finished_at) {
                raw.finished_at = None;
            }
            let draft = raw.over(queries::draft_of(c, &deploy)?, Times::Local(zone))?;
            queries::change(c, &actor, &deploy, &draft, now)
        })
        .await;
    match outcome {
        Ok(deploy) => Ok(see_other_with(deploy.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => {
            let wanted = key.clone();
            let present = app.db.read(move |c| queries::by_key(c, &wanted)).await?;
            let mut fields = typed.0;
            fields.set("revision", present.revision.to_string());
            form(&who, &app, Some(present.key()), fields, errors).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /deploys/{key}/people`: somebody stands for something; without a name, whoever presses the button.
///
/// # Errors
/// 404, 409 when they stand there already, 422 for a part that is none.
pub async fn add_person(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let mut check = Check::new();
    let part: Option<Part> = check.word("part", Some(typed.0.get("part")), "Pick what the person stands for.");
    let name = check.optional_line("name", typed.0.some("name"), LINE_LIMIT);
    let Some(part) = part.filter(|_| check.is_ok()) else { return Err(check.into_error()) };
    let name = name.unwrap_or_else(|| who.user.name.clone());
    let (actor, now) = (who.actor(), who.now);
    let person = PersonDraft { part, name: name.clone(), stood_at: Some(now) };
    let deploy = app
        .db
        .write(move |c| {
            let deploy = queries::for_change(c, &key)?;
            queries::add_person(c, &actor, &deploy, &person, now)
        })
        .await?;
    let said = Flash::ok(format!("{name} stands in the trail: {}.", part.label()));
    Ok(see_other_with(format!("{}#people", deploy.path()), &said))
}

/// `POST /deploys/{key}/people/{id}/removal`
///
/// # Errors
/// 404
pub async fn remove_person(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    let (key, person_id) = path.into_inner();
    let (actor, now) = (who.actor(), who.now);
    let deploy = app
        .db
        .write(move |c| {
            let deploy = queries::for_change(c, &key)?;
            queries::remove_person(c, &actor, &deploy, person_id, now)
        })
        .await?;
    Ok(see_other_with(
        format!("{}#people", deploy.path()),
        &Flash::ok("Taken out of the trail. The audit log keeps it."),
    ))
}

fn prefilled(who: &SignedIn, deploy: &Deploy, draft: &DeployDraft) -> Fields {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let time = |at: Option<crate::clock::Moment>| at.map(|at| who.zone().input(at)).unwrap_or_default();
    let people = |part: Part| {
        let names: Vec<_> =
            draft.people.iter().filter(|person| person.part == part).map(|person| person.name.clone()).collect();
        names.join("\n")
    };
    let references = |kind: ReferenceKind| {
        let labels: Vec<_> = draft
            .references
            .iter()
            .filter(|reference| reference.kind == kind)
            .map(|reference| reference.label.clone())
            .collect();
        labels.join("\n")
    };
    Fields::prefilled([
        ("revision", deploy.revision.to_string()),
        ("service", draft.service.clone()),
        ("environment", draft.environment.clone()),
        ("kind", draft.kind.to_string()),
        ("status", draft.status.to_string()),
        ("version", text(&draft.version)),
        ("commit_sha", text(&draft.commit_sha)),
        ("previous_version", text(&draft.previous_version)),
        ("previous_commit_sha", text(&draft.previous_commit_sha)),
        ("started_at", time(draft.started_at)),
        ("finished_at", time(draft.finished_at)),
        ("summary", draft.summary.clone()),
        ("url", text(&draft.url)),
        ("compare_url", text(&draft.compare_url)),
        ("pull_requests", references(ReferenceKind::PullRequest)),
        ("tickets", references(ReferenceKind::Ticket)),
        ("authors", people(Part::Author)),
        ("reviewers", people(Part::Reviewer)),
        ("qa_signed_off_by", people(Part::Qa)),
        ("approved_by", people(Part::Approver)),
        ("deployed_by", text(&draft.deployed_by)),
    ])
}

async fn form(
    who: &Member,
    app: &App,
    key: Option<String>,
    fields: Fields,
    errors: FieldErrors,
) -> Result<HttpResponse, Error> {
    let (services, environments) = app.db.read(choices).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = key.as_ref().map_or_else(|| "Record a deploy".to_owned(), |key| format!("Correct {key}"));
    let layout = who.layout(title, Section::Deploys);
    let zone = who.zone().name();
    page_with(status, &views::Edit { layout, key, fields, errors, services, environments, zone })
}
