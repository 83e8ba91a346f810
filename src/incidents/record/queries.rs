//! The reads of an incident's page.

use super::super::around::model::{ImpactFigure, TimeCorrection};
use super::super::around::queries::{self as around, RoleHolder, Suspect};
use super::super::model::Incident;
use crate::action_items::model::ActionRow;
use crate::db::Conn;
use crate::error::Error;
use crate::links::model::Verdict;
use crate::links::queries::DeployLink;
use crate::services::model::Service;
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
    /// The timeline.
    pub events: Vec<EventRow>,
    /// Its action items.
    pub actions: Vec<ActionRow>,
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
        events: crate::timeline::queries::of_incident(c, incident.id)?,
        actions: crate::action_items::queries::of_incident(c, incident.id)?,
        people: around::people(c)?,
        incident,
        services,
    })
}
