//! Handlers of the small forms.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::super::around::model::IncidentRole;
use super::super::around::queries as around;
use super::super::forms::{self, RawIncident};
use super::super::model::{Incident, IncidentChange, IncidentStatus, Severity, TimeField};
use super::super::pages::{check_base, last_hand, number, time_fields};
use super::super::queries;
use super::super::views::{Meanwhile, Person, Step};
use crate::app::App;
use crate::auth::who::Member;
use crate::error::{Error, FieldErrors};
use crate::timeline::model::{EventDraft, EventKind, EventSource};
use crate::web::body::Form;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// `POST /incidents/{key}/status`: on, or open again. The time is now unless the form says otherwise.
///
/// # Errors
/// 404; 409 when it has another status than the form was opened with; 422 with the form as typed.
pub async fn set_status(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let from = typed.0.some("from").and_then(|word| word.parse::<IncidentStatus>().ok());
    let mut check = Check::new();
    let at = check.moment("at", typed.0.some("at"), &zone);
    let reason = check.text("reason", typed.0.some("reason"), LINE_LIMIT).unwrap_or_default();
    let parsed = forms::status(&typed.0).and_then(|status| check.finish().map(|()| status));
    let outcome = match parsed {
        Ok(status) => {
            let change = IncidentChange {
                status: Some(status),
                times: status.time_field().zip(at).map(|(field, at)| (field, Some(at))).into_iter().collect(),
                reason: reason.trim().to_owned(),
                zone,
                ..IncidentChange::default()
            };
            app.db
                .write(move |c| {
                    let incident = queries::for_change(c, number)?;
                    if incident.status == status {
                        return Ok(incident);
                    }
                    if from.is_some_and(|from| from != incident.status) {
                        return Err(Error::Conflict(format!(
                            "{} became {} while this form was open. Look at it again, then say how it stands.",
                            incident.key(),
                            incident.status
                        )));
                    }
                    queries::change(c, &actor, number, &change, now)
                })
                .await
        }
        Err(error) => Err(error),
    };
    // The form has one time; what is wrong with the status's own time is said about it.
    let outcome = outcome.map_err(|error| match error {
        Error::Invalid(errors) => {
            let mut moved = FieldErrors::new();
            for error in &errors {
                let is_time = TimeField::ALL.iter().any(|field| field.as_str() == error.field);
                moved.add(if is_time { "at" } else { error.field.as_str() }, error.message.clone());
            }
            Error::Invalid(moved)
        }
        other => other,
    });
    answer(&who, &app, SmallForm { number, name: "status", typed: typed.0 }, outcome, |incident| {
        format!("{} is {}.", incident.key(), incident.status)
    })
    .await
}

/// `POST /incidents/{key}/severity`
///
/// # Errors
/// 404, or 422 with the form as typed: a change of severity has a reason.
pub async fn set_severity(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let mut check = Check::new();
    let severity: Option<Severity> = check.word("severity", typed.0.some("severity"), "Pick a severity.");
    let reason = check.line("reason", typed.0.some("reason"), LINE_LIMIT, "Say in a line why it is another severity.");
    let outcome = match (severity, reason) {
        (Some(severity), Some(reason)) if check.is_ok() => {
            let change = IncidentChange { severity: Some(severity), reason, zone, ..IncidentChange::default() };
            app.db
                .write(move |c| {
                    let incident = queries::for_change(c, number)?;
                    if incident.severity == severity {
                        return Ok(incident);
                    }
                    queries::change(c, &actor, number, &change, now)
                })
                .await
        }
        _ => Err(check.into_error()),
    };
    answer(&who, &app, SmallForm { number, name: "severity", typed: typed.0 }, outcome, |incident| {
        format!("{} is {} now.", incident.key(), incident.severity)
    })
    .await
}

/// `GET /incidents/{key}/times`
///
/// # Errors
/// 404
pub async fn times(who: Member, app: web::Data<App>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let incident = app.db.read(move |c| queries::by_number(c, number)).await?;
    let fields = time_fields(&incident, &who);
    form(&who, &app, incident, SmallForm { number, name: "times", typed: fields }, Trouble::default()).await
}

/// `POST /incidents/{key}/times`: corrects times; what they were stays on record.
///
/// # Errors
/// 404; 409 with both versions when somebody else saved meanwhile; 422 with the form as typed.
pub async fn correct_times(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now, zone) = (who.actor(), who.now, who.zone());
    let all = RawIncident::from_fields(&typed.0);
    let raw = RawIncident {
        started_at: all.started_at,
        detected_at: all.detected_at,
        acknowledged_at: all.acknowledged_at,
        identified_at: all.identified_at,
        mitigated_at: all.mitigated_at,
        resolved_at: all.resolved_at,
        reason: all.reason,
        ..RawIncident::default()
    };
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
    if let Err(Error::Outdated(_)) = outcome {
        let (incident, saved_by) = app
            .db
            .read(move |c| {
                let incident = queries::by_number(c, number)?;
                let saved_by = last_hand(c, &incident)?;
                Ok::<_, Error>((incident, saved_by))
            })
            .await?;
        let (theirs, mut fields) = (time_fields(&incident, &who), typed.0);
        let meanwhile = Meanwhile { who: saved_by, theirs: as_text(&theirs), yours: as_text(&fields) };
        fields.set("revision", incident.revision.to_string());
        return form(
            &who,
            &app,
            incident,
            SmallForm { number, name: "times", typed: fields },
            Trouble { errors: FieldErrors::new(), meanwhile: Some(meanwhile) },
        )
        .await;
    }
    answer(&who, &app, SmallForm { number, name: "times", typed: typed.0 }, outcome, |_| {
        "The times are corrected; what they were is on record.".to_owned()
    })
    .await
}

fn as_text(fields: &Fields) -> String {
    let lines: Vec<String> = TimeField::ALL
        .iter()
        .map(|field| {
            let given = fields.some(field.as_str()).unwrap_or("not yet");
            format!("{}: {}", field.label(), given.replace('T', " "))
        })
        .collect();
    lines.join("\n")
}

/// `POST /incidents/{key}/roles`: gives a role to `user`, or to nobody.
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn assign(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    let mut check = Check::new();
    let role: Option<IncidentRole> = check.word("role", typed.0.some("role"), "Pick a role.");
    let user = match typed.0.some("user").map(str::parse::<i64>) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => {
            check.add("user", "Pick one of the people who may sign in.");
            None
        }
    };
    let outcome = match role.filter(|_| check.is_ok()) {
        Some(role) => {
            app.db
                .write(move |c| {
                    let incident = queries::for_change(c, number)?;
                    around::assign(c, &actor, &incident, (role, user), now)?;
                    Ok(incident)
                })
                .await
        }
        None => Err(check.into_error()),
    };
    answer(&who, &app, SmallForm { number, name: "roles", typed: typed.0 }, outcome, |_| {
        "The roles are changed.".to_owned()
    })
    .await
}

/// `POST /incidents/{key}/impact`
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn add_figure(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    let outcome = match forms::figure(&typed.0) {
        Ok(draft) => {
            app.db
                .write(move |c| {
                    let incident = queries::for_change(c, number)?;
                    around::add_figure(c, &actor, &incident, &draft, now)?;
                    Ok(incident)
                })
                .await
        }
        Err(error) => Err(error),
    };
    answer(&who, &app, SmallForm { number, name: "impact", typed: typed.0 }, outcome, |_| {
        "The figure is on record.".to_owned()
    })
    .await
}

/// `POST /incidents/{key}/impact/{id}/removal`
///
/// # Errors
/// 404, also for a figure of another incident.
pub async fn remove_figure(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    let (key, id) = path.into_inner();
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    let incident = app
        .db
        .write(move |c| {
            let incident = queries::for_change(c, number)?;
            around::remove_figure(c, &actor, &incident, id, now)?;
            Ok::<_, Error>(incident)
        })
        .await?;
    Ok(see_other_with(format!("{}#impact", incident.path()), &Flash::ok("The figure is removed.")))
}

/// `POST /incidents/{key}/updates`: tells the others, on the timeline.
///
/// # Errors
/// 404, or 422 with the form as typed.
pub async fn post_update(
    who: Member,
    app: web::Data<App>,
    key: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let number = number(&key)?;
    let (actor, now) = (who.actor(), who.now);
    let mut check = Check::new();
    let text = check.text("update", typed.0.some("update"), TEXT_LIMIT).map(|text| text.trim().to_owned());
    if text.as_deref() == Some("") {
        check.add("update", "Say what the others should know.");
    }
    let outcome = match text.filter(|_| check.is_ok()) {
        Some(text) => {
            app.db
                .write(move |c| {
                    let incident = queries::by_number(c, number)?;
                    let draft = EventDraft {
                        incident_id: incident.id,
                        happened_at: now,
                        kind: EventKind::Communication,
                        source: EventSource::Person,
                        text: text.clone(),
                        evidence: Vec::new(),
                    };
                    crate::timeline::queries::add(c, &actor, &draft, now)?;
                    crate::incidents::news::update_posted(c, &actor, &incident, &text, now)?;
                    Ok(incident)
                })
                .await
        }
        None => Err(check.into_error()),
    };
    answer(&who, &app, SmallForm { number, name: "update", typed: typed.0 }, outcome, |_| {
        "The update is on the timeline.".to_owned()
    })
    .await
}

/// A small form as it was sent.
struct SmallForm {
    /// The incident's number.
    number: i64,
    /// Which form: status, severity, times, impact, update or roles.
    name: &'static str,
    /// What was typed.
    typed: Fields,
}

/// Why a form is shown again.
#[derive(Default)]
struct Trouble {
    errors: FieldErrors,
    meanwhile: Option<Meanwhile>,
}

/// Back to the incident, or the form as typed with what needs another look.
async fn answer(
    who: &Member,
    app: &App,
    sent: SmallForm,
    outcome: Result<Incident, Error>,
    done: impl FnOnce(&Incident) -> String,
) -> Result<HttpResponse, Error> {
    match outcome {
        Ok(incident) => Ok(see_other_with(incident.path(), &Flash::ok(done(&incident)))),
        Err(Error::Invalid(errors)) => {
            let number = sent.number;
            let incident = app.db.read(move |c| queries::by_number(c, number)).await?;
            form(who, app, incident, sent, Trouble { errors, meanwhile: None }).await
        }
        Err(other) => Err(other),
    }
}

async fn form(
    who: &Member,
    app: &App,
    incident: Incident,
    sent: SmallForm,
    Trouble { errors, meanwhile }: Trouble,
) -> Result<HttpResponse, Error> {
    let (form, fields) = (sent.name, sent.typed);
    let people = app.db.read(around::people).await?;
    let people = people.into_iter().map(|(id, name)| Person { id, name }).collect();
    let status = match (&meanwhile, errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::OK,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let title = match form {
        "status" => "Change the status",
        "severity" => "Change the severity",
        "times" => "Correct the times",
        "impact" => "Add an impact figure",
        "update" => "Post an update",
        _ => "Change the roles",
    };
    let layout = who.layout(title, Section::Incidents);
    page_with(status, &Step { layout, incident, form, fields, errors, meanwhile, people })
}
