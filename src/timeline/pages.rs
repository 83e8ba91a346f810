//! The pages of a timeline.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::forms::{RawEvent, Reading, evidence_text};
use super::line::Frame;
use super::model::{Event, EventKind, EventRow};
use super::queries::{self, Edited, Pin};
use super::views::{Conflict, EventForm};
use crate::app::App;
use crate::auth::who::{Member, SignedIn};
use crate::clock::Moment;
use crate::error::{Error, FieldErrors};
use crate::incidents;
use crate::incidents::model::Incident;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};
use crate::web::times::Zone;

/// An incident's number and an event's id, from an address.
type Address = web::Path<(String, String)>;

fn incident_number(key: &str) -> Result<i64, Error> {
    incidents::model::parse_key(key).ok_or_else(|| Error::no("incident", key))
}

fn numbers(address: &Address) -> Result<(i64, i64), Error> {
    let (key, id) = (&address.0, &address.1);
    let id = id.parse().map_err(|_| Error::no("event", format!("{id} on this timeline")))?;
    Ok((incident_number(key)?, id))
}

fn frame(incident: &Incident, zone: Zone, now: Moment) -> Frame {
    Frame { started_at: incident.started_at, ended_at: incident.resolved_at, zone, now }
}

/// `GET /incidents/{key}/events/new`
///
/// # Errors
/// 404
pub async fn new(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = incident_number(&key)?;
    let incident = app.db.read(move |c| incidents::queries::by_number(c, number)).await?;
    let fields = Fields::prefilled([("kind", EventKind::Observation.to_string())]);
    form(&who, incident, None, fields, FieldErrors::new(), None)
}

/// `POST /incidents/{key}/events`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn create(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = incident_number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let raw = RawEvent::from_fields(&typed.0);
    let outcome = app
        .db
        .write(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let draft = raw.clone().parse(&incident, &frame(&incident, zone, now), Reading::Line)?;
            let event = queries::add(c, &actor, &draft, now)?;
            Ok::<_, Error>((incident, event))
        })
        .await;
    match outcome {
        Ok((incident, event)) => Ok(back(&incident, &event, &Flash::ok("It is on the timeline."))),
        Err(Error::Invalid(errors)) => {
            let incident = app.db.read(move |c| incidents::queries::by_number(c, number)).await?;
            form(&who, incident, None, typed.0, errors, None)
        }
        Err(other) => Err(other),
    }
}

/// `GET /incidents/{key}/events/{id}/edit`
///
/// # Errors
/// 404, or 409 for an automatic event.
pub async fn edit(who: Member, app: web::Data<App>, address: Address) -> Result<HttpResponse, Error> {
    let (number, id) = numbers(&address)?;
    let (incident, row) = app
        .db
        .read(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let row = queries::by_id(c, incident.id, id)?;
            queries::check_manual(&row.event)?;
            Ok::<_, Error>((incident, row))
        })
        .await?;
    let fields = prefilled(&row, &who.zone());
    form(&who, incident, Some(id), fields, FieldErrors::new(), None)
}

/// `POST /incidents/{key}/events/{id}`
///
/// # Errors
/// 404, 422 with the form as typed, or 409 with both texts.
pub async fn update(who: Member, app: web::Data<App>, address: Address, typed: Form) -> Result<HttpResponse, Error> {
    let (number, id) = numbers(&address)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let base: i64 =
        typed.0.get("revision").parse().map_err(|_| {
            Error::Malformed("The form came without its revision. Open the event's form again.".to_owned())
        })?;
    let raw = RawEvent::from_fields(&typed.0);
    let outcome = app
        .db
        .write(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let present = queries::by_id_or_deleted(c, incident.id, id)?;
            let mut frame = frame(&incident, zone, now);
            if raw.at.is_none() {
                return Err(Error::field("at", "Say when it happened."));
            }
            // What the form showed without its milliseconds, or twice in autumn, is left as it was.
            let is_untouched = raw.at.as_deref() == Some(zone.input(present.event.happened_at).as_str());
            frame.now = now.max(present.event.happened_at);
            let mut draft = raw.clone().parse(&incident, &frame, Reading::Whole)?;
            if is_untouched {
                draft.happened_at = present.event.happened_at;
            }
            let edited = queries::change(c, &actor, id, base, &draft, now)?;
            Ok::<_, Error>((incident, edited))
        })
        .await;
    match outcome {
        Ok((incident, Edited::Saved(event))) => Ok(back(&incident, &event, &Flash::ok("Saved."))),
        Ok((incident, Edited::Outdated(row))) => conflict(&who, incident, &row, typed.0),
        Err(Error::Invalid(errors)) => {
            let incident = app.db.read(move |c| incidents::queries::by_number(c, number)).await?;
            form(&who, incident, Some(id), typed.0, errors, None)
        }
        Err(other) => Err(other),
    }
}

fn conflict(who: &SignedIn, incident: Incident, row: &EventRow, mut typed: Fields) -> Result<HttpResponse, Error> {
    typed.set("revision", row.event.revision.to_string());
    let is_deleted = row.event.deleted_at.is_some();
    let met = Conflict {
        sentence: if is_deleted {
            "The event was deleted while you were writing. Save to put yours on the timeline as a new one.".to_owned()
        } else {
            "The event was changed while you were writing. Put both together below, then save.".to_owned()
        },
        who: row.author.clone().unwrap_or_else(|| "somebody else".to_owned()),
        theirs: if is_deleted { "(deleted)".to_owned() } else { row.event.text.clone() },
    };
    let event_id = (!is_deleted).then_some(row.event.id);
    form(who, incident, event_id, typed, FieldErrors::new(), Some(met))
}

/// `POST /incidents/{key}/events/{id}/removal`
///
/// # Errors
/// 404, or 409 for an automatic event.
pub async fn remove(who: Member, app: web::Data<App>, address: Address) -> Result<HttpResponse, Error> {
    let (number, id) = numbers(&address)?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            queries::remove(c, &actor, incident.id, id, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    let path = incident.path();
    let flash = Flash::ok("The event is deleted.").with_undo(format!("{path}/events/{id}/restoration"));
    Ok(see_other_with(format!("{path}#timeline"), &flash))
}

/// `POST /incidents/{key}/events/{id}/restoration`
///
/// # Errors
/// 404
pub async fn restore(who: Member, app: web::Data<App>, address: Address) -> Result<HttpResponse, Error> {
    let (number, id) = numbers(&address)?;
    let (actor, now) = (who.actor(), who.now);
    let (incident, event) = app
        .db
        .write(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let event = queries::restore(c, &actor, incident.id, id, now)?;
            Ok::<_, Error>((incident, event))
        })
        .await?;
    Ok(back(&incident, &event, &Flash::ok("The event is back.")))
}

/// `POST /incidents/{key}/events/{id}/pin`
///
/// # Errors
/// 404
pub async fn pin(who: Member, app: web::Data<App>, address: Address) -> Result<HttpResponse, Error> {
    set_pin(&who, &app, &address, Pin::On, "Pinned.").await
}

/// `POST /incidents/{key}/events/{id}/pin/removal`
///
/// # Errors
/// 404
pub async fn unpin(who: Member, app: web::Data<App>, address: Address) -> Result<HttpResponse, Error> {
    set_pin(&who, &app, &address, Pin::Off, "No longer pinned.").await
}

async fn set_pin(who: &SignedIn, app: &App, address: &Address, pin: Pin, done: &str) -> Result<HttpResponse, Error> {
    let (number, id) = numbers(address)?;
    let (actor, now) = (who.actor(), who.now);
    let (incident, event) = app
        .db
        .write(move |c| {
            let incident = incidents::queries::by_number(c, number)?;
            let event = queries::set_pin(c, &actor, incident.id, id, pin, now)?;
            Ok::<_, Error>((incident, event))
        })
        .await?;
    Ok(back(&incident, &event, &Flash::ok(done)))
}

fn back(incident: &Incident, event: &Event, flash: &Flash) -> HttpResponse {
    see_other_with(format!("{}#{}", incident.path(), event.anchor()), flash)
}

fn prefilled(row: &EventRow, zone: &Zone) -> Fields {
    Fields::prefilled([
        ("text", row.event.text.clone()),
        ("at", zone.input(row.event.happened_at)),
        ("kind", row.event.kind.to_string()),
        ("evidence", evidence_text(&row.evidence)),
        ("revision", row.event.revision.to_string()),
    ])
}

fn form(
    who: &SignedIn,
    incident: Incident,
    event_id: Option<i64>,
    fields: Fields,
    errors: FieldErrors,
    conflict: Option<Conflict>,
) -> Result<HttpResponse, Error> {
    let errors = on_fields(&errors);
    let status = match (&conflict, errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::OK,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let title = if event_id.is_some() { "Edit event" } else { "Add to the timeline" };
    let layout = who.layout(title, Section::Incidents);
    let zone_name = who.zone().name();
    page_with(status, &EventForm { layout, incident, event_id, fields, errors, conflict, zone_name })
}

/// The form has one field for all evidence; the sentence says which line.
fn on_fields(errors: &FieldErrors) -> FieldErrors {
    let mut mapped = FieldErrors::new();
    for error in errors {
        match error.field.strip_prefix("evidence/").and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => mapped.add("evidence", format!("Line {}: {}", index + 1, error.message)),
            None => mapped.add(error.field.clone(), error.message.clone()),
        }
    }
    mapped
}
