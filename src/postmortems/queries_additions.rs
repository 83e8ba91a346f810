//! Adding to the record from beside the text.

use super::additions::{self, Addition};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::timeline::forms::{RawEvent, Reading};
use crate::timeline::line::Frame;
use crate::timeline::model::{EventDraft, EventKind, EventSource};
use crate::web::times::Zone;

/// Adds what a line says, and tells what was added.
///
/// # Errors
/// 422 about `line`.
pub fn add(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (line, zone): (&str, Zone),
    now: Moment,
) -> Result<String, Error> {
    let addition = additions::read(line, incident.number).map_err(|sentence| Error::field("line", sentence))?;
    put(c, actor, incident, (addition, zone), now).map_err(about_the_line)
}

fn put(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (addition, zone): (Addition, Zone),
    now: Moment,
) -> Result<String, Error> {
    Ok(match addition {
        Addition::Event(text) => {
            let frame = Frame { started_at: incident.started_at, ended_at: incident.resolved_at, zone, now };
            let raw = RawEvent { text: Some(text), ..RawEvent::default() };
            let draft = raw.parse(incident, &frame, Reading::Line)?;
            let event = crate::timeline::queries::add(c, actor, &draft, now)?;
            format!("On the timeline at {}.", zone.long(event.happened_at))
        }
        Addition::Factor(draft) => {
            let factor = crate::factors::queries::attach(c, actor, incident, &draft, now)?;
            format!("Contributing factor named: {}.", factor.name)
        }
        Addition::Action(draft) => {
            let item = crate::action_items::queries::add(c, actor, &draft, now)?;
            format!("{} added: {}.", item.key(), item.title)
        }
        Addition::Figure(draft) => {
            crate::incidents::around::queries::add_figure(c, actor, incident, &draft, now)?;
            format!("Impact noted: {}: {}.", draft.label, draft.amount_text())
        }
    })
}

/// Whatever is wrong is wrong with the one line that was typed.
fn about_the_line(error: Error) -> Error {
    match error {
        Error::Invalid(errors) => {
            let words: Vec<String> = errors.iter().map(|error| error.message.clone()).collect();
            Error::field("line", words.join(" "))
        }
        other => other,
    }
}

/// Puts messages of a chat on the timeline; says how many.
///
/// # Errors
/// The database's.
pub fn add_messages(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    messages: &[(Moment, String)],
    now: Moment,
) -> Result<usize, Error> {
    for (at, text) in messages {
        let draft = EventDraft {
            incident_id: incident.id,
            happened_at: *at,
            kind: EventKind::Communication,
            source: EventSource::Chat,
            text: text.clone(),
            evidence: Vec::new(),
        };
        crate::timeline::queries::add(c, actor, &draft, now)?;
    }
    Ok(messages.len())
}
