//! The reads of an incident's page.

use super::super::around::model::{ImpactFigure, TimeCorrection};
use super::super::around::queries::{self as around, RoleHolder, Suspect};
use super::super::model::Incident;
use crate::action_items::model::ActionRow;
use crate::db::Conn;
use crate::error::Error;
use crate::factors::model::{Factor, IncidentFactor};
use crate::links::model::Verdict;
use crate::links::queries::DeployLink;
use crate::markdown::{Place, SafeHtml};
use crate::postmortems::model::Postmortem;
use crate::services::model::Service;
use crate::signals::model_signal::Signal;
use crate::timeline::model::EventRow;

/// What is on record about an incident.
#[derive(Clone, Debug)]
pub struct Record {
    /// The incident.
    pub incident: Incident,
    /// The services that it hit.
    pub services: Vec<Service>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Who does what.
    pub roles: Vec<RoleHolder>,
    /// How much it hurt.
    pub figures: Vec<ImpactFigure>,
    /// Earlier values of its times.
    pub corrections: Vec<(TimeCorrection, Option<String>)>,
    /// Linked deploys.
    pub links: Vec<DeployLink>,
    /// Everything that was said about them.
    pub verdicts: Vec<Verdict>,
    /// Deploys that came shortly before.
    pub suspects: Vec<Suspect>,
    /// Alerts that are attached to it, and how many there are.
    pub signals: (Vec<Signal>, i64),
    /// The timeline.
    pub events: Vec<EventRow>,
    /// Its action items.
    pub actions: Vec<ActionRow>,
    /// What made it possible.
    pub factors: Vec<IncidentFactor>,
    /// Factors that are known from other incidents.
    pub factor_choices: Vec<Factor>,
    /// What was written about it.
    pub postmortem: Option<Postmortem>,
    /// The summary, rendered.
    pub summary: SafeHtml,
    /// People who may take a role.
    pub people: Vec<(i64, String)>,
}

/// Reads all of it.
///
/// # Errors
/// 404
pub fn read(c: &mut Conn, number: i64) -> Result<Record, Error> {
    let incident = crate::incidents::queries::by_number(c, number)?;
    let services = around::services(c, incident.id)?;
    Ok(Record {
        tags: around::tags(c, incident.id)?,
        roles: around::roles(c, incident.id)?,
        figures: around::figures(c, incident.id)?,
        corrections: around::corrections(c, incident.id)?,
        links: crate::links::queries::of_incident(c, incident.id)?,
        verdicts: crate::links::queries::verdicts(c, incident.id)?,
        suspects: around::suspects(c, &incident, &services)?,
        signals: crate::signals::queries_attach::of_incident(c, incident.id)?,
        events: crate::timeline::queries::of_incident(c, incident.id)?,
        actions: crate::action_items::queries::of_incident(c, incident.id)?,
        factors: crate::factors::queries::of_incident(c, incident.id)?,
        factor_choices: crate::factors::queries::choices(c)?,
        postmortem: crate::postmortems::queries::of_incident(c, incident.id)?,
        summary: summary(c, &incident.summary)?,
        people: around::people(c)?,
        incident,
        services,
    })
}

/// The summary with its references as links. One that nests too deep (from an old import) is shown as it was typed.
fn summary(c: &mut Conn, text: &str) -> Result<SafeHtml, Error> {
    let place = Place::Within { id_prefix: "summary", under_heading: 2 };
    match crate::references::queries::render_in(c, place, text) {
        Err(Error::Invalid(_)) => {
            let plain = text.replace("````", "\u{2019}\u{2019}\u{2019}\u{2019}");
            crate::references::queries::render_in(c, place, &format!("````text\n{plain}\n````"))
        }
        other => other,
    }
}
