//! One incident of the demo with everything around it: the people, the numbers, the deploys, the story.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::load::{Rows, at, word};
use super::world::{Incident, TimelineEvent};
use crate::db::Conn;
use crate::db::schema::{
    impact_figures, incident_deploy_verdicts, incident_deploys, incident_factors, incident_roles, incident_services,
    incident_tags, incidents, time_corrections, timeline_events, timeline_evidence,
};
use crate::error::Error;
use crate::incidents::around::model::{Basis, IncidentRole};
use crate::incidents::model::{IncidentKind, IncidentStatus, Severity, TimeField};
use crate::links::model::{Relation, VerdictWord};
use crate::timeline::model::{EventKind, EventSource};

/// The name under which the program itself suspects a deploy.
const PROGRAM: &str = "Debrief";

/// Writes an incident down and gives its row id.
///
/// # Errors
/// The database's, or a fault when it says a word or names a thing that does not exist.
pub(super) fn add(c: &mut Conn, incident: &Incident, rows: &Rows<'_>) -> Result<i64, Error> {
    let id: i64 = diesel::insert_into(incidents::table)
        .values((
            incidents::number.eq(incident.number),
            incidents::title.eq(&incident.title),
            incidents::kind.eq(word::<IncidentKind>("kind of an incident", incident.kind)?),
            incidents::severity.eq(word::<Severity>("severity", incident.severity)?),
            incidents::status.eq(word::<IncidentStatus>("status of an incident", incident.status)?),
            incidents::summary.eq(&incident.summary),
            incidents::started_at.eq(at(incident.started_at)),
            incidents::detected_at.eq(incident.detected_at.map(at)),
            incidents::acknowledged_at.eq(incident.acknowledged_at.map(at)),
            incidents::identified_at.eq(incident.identified_at.map(at)),
            incidents::mitigated_at.eq(incident.mitigated_at.map(at)),
            incidents::resolved_at.eq(incident.resolved_at.map(at)),
            incidents::declared_at.eq(at(incident.declared_at)),
            incidents::declared_by.eq(rows.person(incident.declared_by)?),
            incidents::revision.eq(1),
            incidents::updated_at.eq(at(last_touched(incident))),
        ))
        .returning(incidents::id)
        .get_result(c)?;
    add_surroundings(c, id, incident, rows)?;
    add_numbers(c, id, incident, rows)?;
    add_links(c, id, incident, rows)?;
    for event in &incident.timeline {
        add_event(c, id, event, rows)?;
    }
    Ok(id)
}

fn last_touched(incident: &Incident) -> DateTime<Utc> {
    let times = [incident.acknowledged_at, incident.identified_at, incident.mitigated_at, incident.resolved_at];
    let corrected = incident.corrections.iter().map(|correction| correction.corrected_at);
    times.into_iter().flatten().chain(corrected).fold(incident.declared_at, DateTime::max)
}

fn add_surroundings(c: &mut Conn, id: i64, incident: &Incident, rows: &Rows<'_>) -> Result<(), Error> {
    for slug in &incident.services {
        diesel::insert_into(incident_services::table)
            .values((incident_services::incident_id.eq(id), incident_services::service_id.eq(rows.service(slug)?)))
            .execute(c)?;
    }
    for role in &incident.roles {
        diesel::insert_into(incident_roles::table)
            .values((
                incident_roles::incident_id.eq(id),
                incident_roles::role.eq(word::<IncidentRole>("role in an incident", role.role)?),
                incident_roles::user_id.eq(rows.person(role.handle)?),
                incident_roles::assigned_at.eq(at(role.assigned_at)),
            ))
            .execute(c)?;
    }
    for tag in &incident.tags {
        diesel::insert_into(incident_tags::table)
            .values((incident_tags::incident_id.eq(id), incident_tags::tag.eq(tag)))
            .execute(c)?;
    }
    for factor in &incident.factors {
        diesel::insert_into(incident_factors::table)
            .values((
                incident_factors::incident_id.eq(id),
                incident_factors::factor_id.eq(rows.factor(factor.factor)?),
                incident_factors::note.eq(&factor.note),
                incident_factors::user_id.eq(rows.person(factor.added_by)?),
                incident_factors::added_at.eq(at(factor.added_at)),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn add_numbers(c: &mut Conn, id: i64, incident: &Incident, rows: &Rows<'_>) -> Result<(), Error> {
    for figure in &incident.figures {
        diesel::insert_into(impact_figures::table)
            .values((
                impact_figures::incident_id.eq(id),
                impact_figures::label.eq(&figure.label),
                impact_figures::amount.eq(figure.amount),
                impact_figures::unit.eq(&figure.unit),
                impact_figures::source.eq(&figure.source),
                impact_figures::basis.eq(word::<Basis>("basis", figure.basis)?),
                impact_figures::created_by.eq(rows.person(figure.created_by)?),
                impact_figures::created_at.eq(at(figure.created_at)),
            ))
            .execute(c)?;
    }
    for correction in &incident.corrections {
        // The world names the step, the product the column of its time.
        let field: TimeField = word("field of a correction", &format!("{}_at", correction.field))?;
        diesel::insert_into(time_corrections::table)
            .values((
                time_corrections::incident_id.eq(id),
                time_corrections::field.eq(field),
                time_corrections::old_at.eq(at(correction.old_at)),
                time_corrections::new_at.eq(at(correction.new_at)),
                time_corrections::reason.eq(&correction.reason),
                time_corrections::corrected_by.eq(rows.person(correction.corrected_by)?),
                time_corrections::corrected_at.eq(at(correction.corrected_at)),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn add_links(c: &mut Conn, id: i64, incident: &Incident, rows: &Rows<'_>) -> Result<(), Error> {
    for link in &incident.links {
        let deploy_id = rows.deploy(link.deploy)?;
        let standing = link.standing();
        diesel::insert_into(incident_deploys::table)
            .values((
                incident_deploys::incident_id.eq(id),
                incident_deploys::deploy_id.eq(deploy_id),
                incident_deploys::relation.eq(word::<Relation>("relation", standing.relation)?),
                incident_deploys::reason.eq(&standing.reason),
                incident_deploys::said_by.eq(standing.said_by.map_or(PROGRAM, |who| rows.full_name(who))),
                incident_deploys::user_id.eq(standing.said_by.map(|who| rows.person(who)).transpose()?),
                incident_deploys::said_at.eq(at(standing.said_at)),
            ))
            .execute(c)?;
        for verdict in &link.verdicts {
            diesel::insert_into(incident_deploy_verdicts::table)
                .values((
                    incident_deploy_verdicts::incident_id.eq(id),
                    incident_deploy_verdicts::deploy_id.eq(deploy_id),
                    incident_deploy_verdicts::relation.eq(word::<VerdictWord>("relation", verdict.relation)?),
                    incident_deploy_verdicts::reason.eq(&verdict.reason),
                    incident_deploy_verdicts::said_by.eq(verdict.said_by.map_or(PROGRAM, |who| rows.full_name(who))),
                    incident_deploy_verdicts::user_id.eq(verdict.said_by.map(|who| rows.person(who)).transpose()?),
                    incident_deploy_verdicts::said_at.eq(at(verdict.said_at)),
                ))
                .execute(c)?;
        }
    }
    Ok(())
}

fn add_event(c: &mut Conn, incident_id: i64, event: &TimelineEvent, rows: &Rows<'_>) -> Result<(), Error> {
    let id: i64 = diesel::insert_into(timeline_events::table)
        .values((
            timeline_events::incident_id.eq(incident_id),
            timeline_events::happened_at.eq(at(event.happened_at)),
            timeline_events::kind.eq(word::<EventKind>("kind of an event", event.kind)?),
            timeline_events::source.eq(word::<EventSource>("source of an event", event.source)?),
            timeline_events::text.eq(&event.text),
            timeline_events::user_id.eq(event.written_by.map(|who| rows.person(who)).transpose()?),
            timeline_events::deploy_id.eq(event.deploy.map(|number| rows.deploy(number)).transpose()?),
            timeline_events::pinned.eq(event.pinned),
            timeline_events::revision.eq(1),
            timeline_events::created_at.eq(at(event.created_at)),
            timeline_events::updated_at.eq(at(event.created_at)),
        ))
        .returning(timeline_events::id)
        .get_result(c)?;
    for evidence in &event.evidence {
        diesel::insert_into(timeline_evidence::table)
            .values((
                timeline_evidence::event_id.eq(id),
                timeline_evidence::url.eq(&evidence.url),
                timeline_evidence::label.eq(&evidence.label),
            ))
            .execute(c)?;
    }
    Ok(())
}
