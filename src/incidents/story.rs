//! What an incident's timeline says by itself: one line for each fact, in the transaction of the change.

use super::around::model::{FigureDraft, ImpactFigure, IncidentRole};
use super::model::{Incident, IncidentStatus, TimeField};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::timeline::model::{EventKind, EventSource};
use crate::timeline::queries::note;
use crate::web::times::Zone;

/// Notes a fact at the instant when it was so.
///
/// # Errors
/// The database's.
fn tell(c: &mut Conn, actor: &Actor, incident_id: i64, at: Moment, text: &str, now: Moment) -> Result<(), Error> {
    note(c, actor, incident_id, at, EventKind::Status, EventSource::StatusChange, text, None, now).map(|_| ())
}

/// The start, every known step, and the declaration.
///
/// # Errors
/// The database's.
pub fn declared(c: &mut Conn, actor: &Actor, incident: &Incident, now: Moment) -> Result<(), Error> {
    for &field in TimeField::ALL {
        if let Some(at) = incident.times().get(field) {
            tell(c, actor, incident.id, at, step_words(field), now)?;
        }
    }
    let words = format!("**Declared** as {}", incident.severity);
    tell(c, actor, incident.id, now, &words, now)
}

/// Whatever of title, kind, severity and status is not as it was.
///
/// # Errors
/// The database's.
pub fn changed(
    c: &mut Conn,
    actor: &Actor,
    (before, after): (&Incident, &Incident),
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    if before.title != after.title {
        tell(c, actor, after.id, now, &format!("Title is now: {}", after.title), now)?;
    }
    if before.kind != after.kind {
        let kind = after.kind.label().to_lowercase();
        tell(c, actor, after.id, now, &because(&format!("It counts as {kind} from now on"), reason), now)?;
    }
    if before.severity != after.severity {
        let words = format!("Severity changed from {} to **{}**", before.severity, after.severity);
        tell(c, actor, after.id, now, &because(&words, reason), now)?;
    }
    if before.status == after.status {
        return Ok(());
    }
    if after.status < before.status {
        let words = match after.status {
            IncidentStatus::Investigating => "**Reopened**".to_owned(),
            status => format!("**Reopened**, back to {status}"),
        };
        return tell(c, actor, after.id, now, &because(&words, reason), now);
    }
    let Some(field) = after.status.time_field() else { return Ok(()) };
    let at = after.times().get(field).unwrap_or(now);
    if field == TimeField::Resolved && before.mitigated_at.is_none() {
        // A resolution that came without a mitigation was one.
        if let Some(mitigated_at) = after.mitigated_at.filter(|&mitigated_at| mitigated_at != at) {
            tell(c, actor, after.id, mitigated_at, step_words(TimeField::Mitigated), now)?;
        }
    }
    tell(c, actor, after.id, at, &because(step_words(field), reason), now)
}

/// A time that was corrected.
///
/// # Errors
/// The database's.
pub fn corrected(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    field: TimeField,
    (old_at, new_at): (Option<Moment>, Option<Moment>),
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    let label = field.label();
    let words = match (old_at, new_at) {
        (Some(old), Some(new)) => {
            let same_day = Zone::UTC.date(old) == Zone::UTC.date(new);
            let say = |at| if same_day { Zone::UTC.clock(at) } else { Zone::UTC.long(at) };
            format!("Time corrected: {label} {} UTC, not {} UTC", say(new), say(old))
        }
        (None, Some(new)) => format!("Time added: {label} {} UTC", Zone::UTC.long(new)),
        (Some(old), None) => format!("Time removed: {label} was {} UTC", Zone::UTC.long(old)),
        (None, None) => return Ok(()),
    };
    tell(c, actor, incident_id, now, &because(&words, reason), now)
}

/// Other services than before.
///
/// # Errors
/// The database's.
pub fn services_changed(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    services: &[String],
    now: Moment,
) -> Result<(), Error> {
    let words = if services.is_empty() {
        "No service is named any more".to_owned()
    } else {
        format!("Affected services: {}", services.join(", "))
    };
    tell(c, actor, incident_id, now, &words, now)
}

/// A role was taken, given or left.
///
/// # Errors
/// The database's.
pub fn assigned(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    role: IncidentRole,
    name: Option<&str>,
    now: Moment,
) -> Result<(), Error> {
    let words = match name {
        Some(name) => format!("{}: {name}", role.label()),
        None => format!("{}: nobody at the moment", role.label()),
    };
    tell(c, actor, incident_id, now, &words, now)
}

/// A figure was added.
///
/// # Errors
/// The database's.
pub fn figure_added(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    figure: &FigureDraft,
    now: Moment,
) -> Result<(), Error> {
    let words = format!("Impact: {} {} ({})", figure.label, figure.amount_text(), figure.basis);
    tell(c, actor, incident_id, now, &words, now)
}

/// A figure was removed.
///
/// # Errors
/// The database's.
pub fn figure_removed(
    c: &mut Conn,
    actor: &Actor,
    incident_id: i64,
    figure: &ImpactFigure,
    now: Moment,
) -> Result<(), Error> {
    let words = format!("Impact figure removed: {} {}", figure.label, figure.amount_text());
    tell(c, actor, incident_id, now, &words, now)
}

const fn step_words(field: TimeField) -> &'static str {
    match field {
        TimeField::Started => "**Impact starts**",
        TimeField::Detected => "**Detected**",
        TimeField::Acknowledged => "**Acknowledged**",
        TimeField::Identified => "**Identified**",
        TimeField::Mitigated => "**Mitigated**",
        TimeField::Resolved => "**Resolved**",
    }
}

fn because(words: &str, reason: &str) -> String {
    if reason.is_empty() { words.to_owned() } else { format!("{words}: {reason}") }
}
