//! The pages of incidents: the list, declaring, the record, editing.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::around::model::TimeCorrection;
use super::around::queries as around;
use super::forms::{self, RawIncident};
use super::model::{Incident, IncidentKind, IncidentStatus, TimeField, parse_key};
use super::record::queries::Record;
use super::register::queries::Filter;
use super::views::{
    ActionLine, CorrectionLine, Edit, FromDeploy, Index, Meanwhile, Person, Row, Show, TimeFact, lasted,
};
use super::{queries, record, register, strip};
use crate::app::App;
use crate::auth::who::{Member, SignedIn, Viewer};
use crate::db::Conn;
use crate::db::paging::{Cursor, Turn};
use crate::deploys::model::Deploy;
use crate::error::{Error, FieldErrors};
use crate::links::model::{Links, Offer, of_incident_lines};
use crate::services::model::{Service, ServiceName};
use crate::suspects::model::{IncidentPanel, SuspectLine};
use crate::timeline::known::{self, Lens};
use crate::timeline::line::{self, Frame};
use crate::timeline::model::{Panel, Reader, Setting, shown_zone};
use crate::web::body::{Form, Query};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, page_with, see_other, see_other_with};
use crate::wording;
use crate::wording::roles::Mask;

/// The number of an incident's key in an address.
///
/// # Errors
/// 404 when it is no key.
pub fn number(key: &str) -> Result<i64, Error> {
    parse_key(key).ok_or_else(|| Error::no("incident", key))
}

/// `GET /incidents`
///
/// # Errors
/// 422 for a filter that cannot be read.
pub async fn index(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let fields = query.0;
    let filter = Filter::from_fields(&fields, &who.zone())?;
    let turn = Turn::from_query(fields.some("after"), fields.some("before")).map_err(Error::Malformed)?;
    let (found, services_of, postmortems, services) = app
        .db
        .read(move |c| {
            let found = register::queries::list(c, &filter, turn)?;
            let ids: Vec<i64> = found.rows.iter().map(|incident| incident.id).collect();
            let services_of = around::services_of(c, &ids)?;
            let postmortems = register::queries::postmortem_words(c, &ids)?;
            Ok::<_, Error>((found, services_of, postmortems, crate::services::queries::choices(c)?))
        })
        .await?;
    let link = |name: &str, cursor: Option<Cursor>| {
        cursor.map(|cursor| register::address(&fields, name, &cursor.encode())).unwrap_or_default()
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    let rows = found.rows.into_iter().map(|incident| row(incident, &services_of, &postmortems, &who)).collect();
    let layout = who.layout("Incidents", Section::Incidents);
    page(&Index { layout, rows, services, newer, older, fields })
}

fn row(incident: Incident, services_of: &[(i64, ServiceName)], postmortems: &[(i64, String)], who: &SignedIn) -> Row {
    let names: Vec<&str> =
        services_of.iter().filter(|(id, _)| *id == incident.id).map(|(_, service)| service.name.as_str()).collect();
    let is_wanted = incident.status == IncidentStatus::Resolved && incident.kind == IncidentKind::Incident;
    let postmortem = postmortems
        .iter()
        .find(|(id, _)| *id == incident.id)
        .map(|(_, word)| word.clone())
        .unwrap_or_else(|| if is_wanted { "missing".to_owned() } else { String::new() });
    Row {
        services: names.join(", "),
        started: who.stamp(incident.started_at),
        lasted: lasted(&incident, who.now),
        postmortem,
        incident,
    }
}

/// `GET /incidents/new`, also with `?deploy=DEP-n` or `?signal=n`
///
/// # Errors
/// 404 for a deploy that does not exist.
pub async fn new(who: Member, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let mut fields = Fields::prefilled([
        ("severity", forms::DEFAULT_SEVERITY.to_string()),
        ("kind", IncidentKind::Incident.to_string()),
    ]);
    if let Some(key) = query.0.some("deploy").map(str::to_owned) {
        let (deploy, service) = app.db.read(move |c| deploy_of(c, &key)).await?;
        fields.set("deploy", deploy.key());
        fields.set("title", format!("{}: problem after {}", service.name, version_or_key(&deploy)));
        fields.set("services", service.slug);
        fields.set("started_at", who.zone().input(deploy.happened_at));
    } else if let Some(id) = query.0.some("signal").and_then(|text| text.parse().ok()) {
        let signal = app.db.read(move |c| crate::signals::queries::by_id(c, id)).await?;
        fields.set("signal", signal.id.to_string());
        fields.set("title", signal.title.clone());
        fields.set("started_at", who.zone().input(signal.last_started_at.min(who.now)));
        let service = app.db.read(move |c| crate::signals::queries::service_of(c, &signal)).await?;
        if let Some(service) = service {
            fields.set("services", service.slug);
        }
    } else if let Some(slug) = query.0.some("service") {
        fields.set("services", slug);
    }
    declare_form(&who, &app, fields, FieldErrors::new()).await
}

fn deploy_of(c: &mut Conn, key: &str) -> Result<(Deploy, Service), Error> {
    let deploy = crate::deploys::queries::by_key(c, key)?;
    let service = crate::deploys::queries::service_of(c, &deploy)?;
    Ok((deploy, service))
}

fn version_or_key(deploy: &Deploy) -> String {
    Some(deploy.version_or_commit()).filter(|text| !text.is_empty()).unwrap_or_else(|| deploy.key())
}

/// `POST /incidents`
///
/// # Errors
/// 422 with the form as typed.
pub async fn create(who: Member, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let mut raw = RawIncident::from_fields(&typed.0);
    // Whoever declares has noticed: a live incident without a time of detection was detected now.
    let is_live = raw.resolved_at.as_ref().is_none_or(Option::is_none) && typed.0.get("status") != "resolved";
    if is_live && typed.0.some("detected_at").is_none() {
        raw.detected_at = Some(Some(now.to_string()));
    }
    let outcome = match raw.parse_draft(&zone, now) {
        Ok((draft, deploys)) => {
            let signal_id: Option<i64> = typed.0.some("signal").and_then(|text| text.parse().ok());
            app.db
                .write(move |c| {
                    let incident = queries::declare_with_links(c, &actor, &draft, &deploys, now)?;
                    if let Some(id) = signal_id {
                        let signal = crate::signals::queries::by_id(c, id)?;
                        crate::signals::queries_attach::attach(c, &actor, &signal, &incident, None, now)?;
                    }
                    Ok(incident)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(incident) => Ok(see_other_with(incident.path(), &Flash::ok(format!("{} is declared.", incident.key())))),
        Err(Error::Invalid(errors)) => declare_form(&who, &app, typed.0, errors).await,
        Err(other) => Err(other),
    }
}

async fn declare_form(who: &Member, app: &App, fields: Fields, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let key = fields.some("deploy").map(str::to_owned);
    let (services, from) = app
        .db
        .read(move |c| {
            let from = key.map(|key| deploy_of(c, &key)).transpose();
            // A key that was typed over is told as an error of the form, not as a missing page.
            let from = match from {
                Err(Error::NotFound(_)) => None,
                other => other?,
            };
            Ok::<_, Error>((crate::services::queries::choices(c)?, from))
        })
        .await?;
    let from = from.map(|(deploy, service)| FromDeploy {
        key: deploy.key(),
        href: deploy.path(),
        title: format!("{} {}", service.name, deploy.version_or_commit()).trim_end().to_owned(),
        stamp: who.stamp(deploy.happened_at),
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = who.layout("Declare an incident", Section::Incidents);
    page_with(status, &Edit { layout, incident: None, from, fields, errors, services, meanwhile: None })
}

/// `GET /incidents/{key}`
///
/// # Errors
/// 404
pub async fn show(
    who: Viewer,
    app: web::Data<App>,
    key: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    if *key != format!("INC-{number}") {
        return Ok(see_other(format!("/incidents/INC-{number}")));
    }
    let shows_roles = query.0.get("people") == "roles";
    let now = who.now;
    let (mut record, mask) = app
        .db
        .read(move |c| {
            let record = record::queries::read(c, number, now)?;
            let mask = if shows_roles { Some(wording::queries::mask(c, record.incident.id)?) } else { None };
            Ok::<_, Error>((record, mask))
        })
        .await?;
    let lens = look_through(&who, &mut record, mask.as_ref(), query.0.some("until"));
    page(&shown(&who, record, query.0.get("zone"), lens))
}

/// Leaves of the timeline what the address asks for.
fn look_through(who: &SignedIn, record: &mut Record, mask: Option<&Mask>, until: Option<&str>) -> Lens {
    let incident = &record.incident;
    let other = if mask.is_some() { "" } else { "people=roles" };
    let mut lens = Lens {
        shows_roles: mask.is_some(),
        people_label: if mask.is_some() { "Show names" } else { "Show people as roles" },
        people_href: format!("{}?{other}#timeline", incident.path()),
        ..Lens::default()
    };
    if let Some(text) = until {
        let frame =
            Frame { started_at: incident.started_at, ended_at: incident.resolved_at, zone: who.zone(), now: who.now };
        match line::read(text, &frame) {
            Ok(line::Line { at: Some(at), .. }) => {
                let rows = std::mem::take(&mut record.events);
                (record.events, lens.hidden_count) = known::as_known(rows, at);
                lens.until = text.to_owned();
                lens.until_words = who.zone().long(at);
            }
            Ok(_) => lens.error = "Give the minute as 14:02, +12m or 2026-11-23 14:02.".to_owned(),
            Err(sentence) => lens.error = sentence,
        }
    }
    if let Some(mask) = mask {
        record.events = known::as_roles(std::mem::take(&mut record.events), mask);
    }
    lens
}

fn shown(who: &SignedIn, record: Record, asked_zone: &str, lens: Lens) -> Show {
    let (zone, now) = (who.zone(), who.now);
    let incident = record.incident;
    let layout = who.layout(incident.title.clone(), Section::Incidents);
    let linked: Vec<_> = record.links.iter().map(|(link, deploy, _)| (link.relation, deploy.clone())).collect();
    let mut links: Links = of_incident_lines(&incident, record.links, &record.verdicts, &zone, now);
    let suspects = IncidentPanel::new(&incident, record.suspects, &linked, &zone, now);
    links.offers = suspects.suspects.iter().map(offer).collect();
    let setting = Setting {
        incident_path: incident.path(),
        started_at: incident.started_at,
        viewer_zone: zone,
        shown_zone: shown_zone(asked_zone, zone),
        reader: Reader::of(&layout),
    };
    Show {
        viewer_id: who.user.id,
        lasted: lasted(&incident, now),
        services: record.services,
        tags: record.tags,
        roles: record.roles,
        figures: record.figures,
        times: TimeFact::all(&incident, &zone),
        time_fields: time_fields(&incident, who),
        corrections: record.corrections.into_iter().map(|correction| corrected(correction, who)).collect(),
        strip: strip::draw(&incident, &linked, &zone, now),
        summary: record.summary,
        links,
        suspects,
        panel: Panel::new(&record.events, &setting).through(lens),
        echoes: record.echoes,
        signals: record.signals.0,
        signal_count: record.signals.1,
        factors: record.factors,
        factor_choices: record.factor_choices,
        actions: record.actions.into_iter().map(|row| ActionLine::new(row, zone.date(now))).collect(),
        postmortem: record.postmortem,
        people: record.people.into_iter().map(|(id, name)| Person { id, name }).collect(),
        no_fields: Fields::default(),
        no_errors: FieldErrors::new(),
        layout,
        incident,
    }
}

fn offer(suspect: &SuspectLine) -> Offer {
    Offer {
        key: suspect.key.clone(),
        href: suspect.href.clone(),
        title: suspect.title.clone(),
        why: suspect.why.clone(),
    }
}

fn corrected((correction, name): (TimeCorrection, Option<String>), who: &SignedIn) -> CorrectionLine {
    let zone = who.zone();
    let say = |at: Option<crate::clock::Moment>| at.map_or_else(|| "nothing".to_owned(), |at| zone.long(at));
    CorrectionLine {
        label: correction.field.label(),
        old: say(correction.old_at),
        new: say(correction.new_at),
        reason: correction.reason,
        who: name.unwrap_or_else(|| "a program".to_owned()),
        stamp: who.stamp(correction.corrected_at),
    }
}

/// The form that corrects an incident's times, as it stands.
pub fn time_fields(incident: &Incident, who: &SignedIn) -> Fields {
    let zone = who.zone();
    let mut fields = Fields::prefilled([("revision", incident.revision.to_string())]);
    for &field in TimeField::ALL {
        fields.set(field.as_str(), incident.times().get(field).map(|at| zone.input(at)).unwrap_or_default());
    }
    fields
}

/// `GET /incidents/{key}/edit`
///
/// # Errors
/// 404
pub async fn edit(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (incident, fields) = app
        .db
        .read(move |c| {
            let incident = queries::by_number(c, number)?;
            let fields = prefilled(c, &incident)?;
            Ok::<_, Error>((incident, fields))
        })
        .await?;
    edit_form(&who, &app, incident, (fields, FieldErrors::new()), None).await
}

fn prefilled(c: &mut Conn, incident: &Incident) -> Result<Fields, Error> {
    let one = [
        ("revision", incident.revision.to_string()),
        ("title", incident.title.clone()),
        ("kind", incident.kind.to_string()),
        ("summary", incident.summary.clone()),
        ("tags", around::tags(c, incident.id)?.join(", ")),
    ];
    let services: Vec<_> =
        around::services(c, incident.id)?.into_iter().map(|service| ("services", service.slug)).collect();
    Ok(Fields::prefilled(one.into_iter().chain(services)))
}

/// `POST /incidents/{key}`
///
/// # Errors
/// 404; 409 with both versions when somebody else saved meanwhile; 422 with the form as typed.
pub async fn update(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let mut raw = RawIncident::from_fields(&typed.0);
    // This form holds neither state nor times; theirs have forms of their own.
    (raw.status, raw.severity, raw.deploys, raw.started_at) = (None, None, None, None);
    let parsed = forms::revision(&typed.0).and_then(|base| Ok((base, raw.parse_change(&zone)?.0)));
    let outcome = match parsed {
        Ok((base, change)) => {
            app.db
                .write(move |c| {
                    check_base(&queries::for_change(c, number)?, base)?;
                    queries::change(c, &actor, number, &change, now)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(incident) => Ok(see_other_with(incident.path(), &Flash::ok("Saved."))),
        Err(Error::Invalid(errors)) => {
            let incident = app.db.read(move |c| queries::by_number(c, number)).await?;
            edit_form(&who, &app, incident, (typed.0, errors), None).await
        }
        Err(Error::Outdated(_)) => {
            let (incident, theirs, saved_by) = app
                .db
                .read(move |c| {
                    let incident = queries::by_number(c, number)?;
                    let (theirs, saved_by) = (prefilled(c, &incident)?, last_hand(c, &incident)?);
                    Ok::<_, Error>((incident, theirs, saved_by))
                })
                .await?;
            let mut fields = typed.0;
            let meanwhile = Meanwhile { who: saved_by, theirs: as_text(&theirs), yours: as_text(&fields) };
            fields.set("revision", incident.revision.to_string());
            edit_form(&who, &app, incident, (fields, FieldErrors::new()), Some(meanwhile)).await
        }
        Err(other) => Err(other),
    }
}

/// Refuses a form that was opened before somebody else's change.
///
/// # Errors
/// 412, which the pages turn into a page with both versions.
pub fn check_base(incident: &Incident, base: i64) -> Result<(), Error> {
    crate::api::answer::check_base(Some(base), incident.revision)
}

/// Who changed an incident last.
///
/// # Errors
/// The database's.
pub fn last_hand(c: &mut Conn, incident: &Incident) -> Result<String, Error> {
    let log = crate::auth::audit::list(c, Some(&incident.key()), Turn::First)?;
    Ok(log.rows.into_iter().next().map_or_else(|| "somebody".to_owned(), |entry| entry.actor))
}

fn as_text(fields: &Fields) -> String {
    let services: Vec<&str> = fields.all("services").collect();
    format!(
        "{}\nKind: {}\nServices: {}\nTags: {}\n\n{}",
        fields.get("title"),
        fields.get("kind"),
        services.join(", "),
        fields.get("tags"),
        fields.get("summary"),
    )
}

async fn edit_form(
    who: &Member,
    app: &App,
    incident: Incident,
    (fields, errors): (Fields, FieldErrors),
    meanwhile: Option<Meanwhile>,
) -> Result<HttpResponse, Error> {
    let services = app.db.read(crate::services::queries::choices).await?;
    let status = match (&meanwhile, errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::OK,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let layout = who.layout(format!("Edit {}", incident.key()), Section::Incidents);
    page_with(status, &Edit { layout, incident: Some(incident), from: None, fields, errors, services, meanwhile })
}
