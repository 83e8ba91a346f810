//! Records out of the database, in the shapes of the exchange.

use std::collections::HashMap;

use diesel::prelude::*;

use super::queries_names::Names;
use crate::action_items::model::{ActionItem, Evidence as ItemEvidence, ItemChange};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    action_item_changes, action_item_evidence, action_items, contributing_factors, deploy_people, deploy_references,
    deploys, impact_figures, incident_deploy_verdicts, incident_deploys, incident_factors, incident_roles,
    incident_services, incident_tags, incidents, postmortem_revisions, postmortem_steps, postmortems,
    service_dependencies, service_links, services, team_members, teams, time_corrections, timeline_events,
    timeline_evidence, users,
};
use crate::deploys::model::{Deploy, Person, Reference};
use crate::error::Error;
use crate::exchange::wire::*;
use crate::factors::model::Factor;
use crate::incidents::around::model::{ImpactFigure, TimeCorrection};
use crate::incidents::model::Incident;
use crate::links::model::{Link, Verdict};
use crate::postmortems::model::{Postmortem, Revision, Step};
use crate::services::model::{Service, ServiceLink};
use crate::teams::model::Team;
use crate::timeline::model::{Event, Evidence};

/// How many records are read at a time.
const PAGE: i64 = 100;
/// Marks the origin of an incident that came from an export; such an origin does not leave again.
pub const FROM_EXPORT: &str = "export:";

/// Everybody, by handle.
///
/// # Errors
/// The database's.
pub fn people(c: &mut Conn) -> Result<Vec<ExportedPerson>, Error> {
    let mut rows: Vec<(String, String, String)> =
        users::table.select((users::handle, users::name, users::email)).load(c)?;
    // The databases sort text differently; Rust's order is the same everywhere.
    rows.sort();
    Ok(rows.into_iter().map(|(handle, name, email)| ExportedPerson { handle, name, email }).collect())
}

/// Every team with its members.
///
/// # Errors
/// The database's.
pub fn teams(c: &mut Conn, names: &Names) -> Result<Vec<ExportedTeam>, Error> {
    let mut members: HashMap<i64, Vec<String>> = HashMap::new();
    for (team, person) in team_members::table.load::<(i64, i64)>(c)? {
        members.entry(team).or_default().extend(names.person(Some(person)));
    }
    let mut rows: Vec<Team> = teams::table.select(Team::as_select()).load(c)?;
    rows.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(rows
        .into_iter()
        .map(|team| ExportedTeam {
            members: sorted(members.remove(&team.id).unwrap_or_default()),
            slug: team.slug,
            name: team.name,
            created_at: Some(team.created_at),
        })
        .collect())
}

/// Every service.
///
/// # Errors
/// The database's.
pub fn services(c: &mut Conn, names: &Names) -> Result<Vec<ExportedService>, Error> {
    let mut needs: HashMap<i64, Vec<String>> = HashMap::new();
    for (service, needed) in service_dependencies::table.load::<(i64, i64)>(c)? {
        needs.entry(service).or_default().push(names.service(needed));
    }
    let mut links: HashMap<i64, Vec<ExportedServiceLink>> = HashMap::new();
    let rows: Vec<(i64, ServiceLink)> = service_links::table
        .order(service_links::id)
        .select((service_links::service_id, ServiceLink::as_select()))
        .load(c)?;
    for (service, link) in rows {
        let link = ExportedServiceLink { kind: link.kind.to_string(), label: link.label, url: link.url };
        links.entry(service).or_default().push(link);
    }
    let mut rows: Vec<Service> = services::table.select(Service::as_select()).load(c)?;
    rows.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(rows
        .into_iter()
        .map(|service| ExportedService {
            team: names.team(service.team_id),
            depends_on: sorted(needs.remove(&service.id).unwrap_or_default()),
            links: links.remove(&service.id).unwrap_or_default(),
            slug: service.slug,
            name: service.name,
            tier: service.tier,
            description: service.description,
            repository_url: service.repository_url,
            revision: service.revision,
            created_at: Some(service.created_at),
            updated_at: Some(service.updated_at),
        })
        .collect())
}

/// Every contributing factor.
///
/// # Errors
/// The database's.
pub fn factors(c: &mut Conn) -> Result<Vec<ExportedFactor>, Error> {
    let mut rows: Vec<Factor> = contributing_factors::table.select(Factor::as_select()).load(c)?;
    rows.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(rows
        .into_iter()
        .map(|factor| ExportedFactor {
            slug: factor.slug,
            name: factor.name,
            description: factor.description,
            created_at: Some(factor.created_at),
        })
        .collect())
}

/// The deploys that follow number `after`, and the last one's number; none at the end.
///
/// # Errors
/// The database's.
pub fn deploys_after(c: &mut Conn, names: &Names, after: i64) -> Result<(Vec<ExportedDeploy>, Option<i64>), Error> {
    let rows: Vec<Deploy> = deploys::table
        .filter(deploys::number.gt(after))
        .order(deploys::number)
        .limit(PAGE)
        .select(Deploy::as_select())
        .load(c)?;
    let ids: Vec<i64> = rows.iter().map(|deploy| deploy.id).collect();
    let mut people: HashMap<i64, Vec<ExportedDeployPerson>> = HashMap::new();
    let stood: Vec<Person> = deploy_people::table
        .filter(deploy_people::deploy_id.eq_any(&ids))
        .order(deploy_people::id)
        .select(Person::as_select())
        .load(c)?;
    for one in stood {
        people.entry(one.deploy_id).or_default().push(ExportedDeployPerson {
            part: one.part.to_string(),
            name: one.name,
            person: names.person(one.user_id),
            stood_at: one.stood_at,
        });
    }
    let mut references: HashMap<i64, Vec<ExportedReference>> = HashMap::new();
    let named: Vec<(i64, Reference)> = deploy_references::table
        .filter(deploy_references::deploy_id.eq_any(&ids))
        .order(deploy_references::id)
        .select((deploy_references::deploy_id, Reference::as_select()))
        .load(c)?;
    for (deploy, one) in named {
        references.entry(deploy).or_default().push(ExportedReference {
            kind: one.kind.to_string(),
            label: one.label,
            url: one.url,
        });
    }
    let last = rows.last().map(|deploy| deploy.number);
    let page = rows
        .into_iter()
        .map(|deploy| ExportedDeploy {
            key: deploy.key(),
            service: names.service(deploy.service_id),
            people: people.remove(&deploy.id).unwrap_or_default(),
            references: references.remove(&deploy.id).unwrap_or_default(),
            environment: deploy.environment,
            kind: deploy.kind.to_string(),
            status: deploy.status.to_string(),
            version: deploy.version,
            commit_sha: deploy.commit_sha,
            previous_version: deploy.previous_version,
            previous_commit_sha: deploy.previous_commit_sha,
            summary: deploy.summary,
            url: deploy.url,
            compare_url: deploy.compare_url,
            deployed_by: deploy.deployed_by,
            source: deploy.source,
            external_id: deploy.external_id,
            started_at: deploy.started_at,
            finished_at: deploy.finished_at,
            happened_at: Some(deploy.happened_at),
            revision: deploy.revision,
            created_at: Some(deploy.created_at),
            updated_at: Some(deploy.updated_at),
        })
        .collect();
    Ok((page, last))
}

/// The incidents that follow number `after`.
///
/// # Errors
/// The database's.
pub fn incidents_after(c: &mut Conn, after: i64) -> Result<Vec<Incident>, Error> {
    Ok(incidents::table
        .filter(incidents::number.gt(after))
        .order(incidents::number)
        .limit(PAGE)
        .select(Incident::as_select())
        .load(c)?)
}

/// An incident with everything that belongs to it.
///
/// # Errors
/// The database's.
pub fn whole_incident(c: &mut Conn, names: &Names, incident: Incident) -> Result<ExportedIncident, Error> {
    let id = incident.id;
    let key = incident.key();
    let service_ids: Vec<i64> = incident_services::table
        .filter(incident_services::incident_id.eq(id))
        .select(incident_services::service_id)
        .load(c)?;
    let tags: Vec<String> =
        incident_tags::table.filter(incident_tags::incident_id.eq(id)).select(incident_tags::tag).load(c)?;
    Ok(ExportedIncident {
        schema_version: SCHEMA_VERSION,
        services: sorted(service_ids.into_iter().map(|service| names.service(service)).collect()),
        tags: sorted(tags),
        roles: roles(c, names, id)?,
        impact_figures: figures(c, names, id)?,
        time_corrections: corrections(c, names, id)?,
        deploys: links(c, names, id)?,
        deploy_verdicts: verdicts(c, names, id)?,
        timeline: timeline(c, names, id, &key)?,
        contributing_factors: incident_factors(c, names, id)?,
        action_items: action_items(c, names, Some(id))?,
        postmortem: postmortem(c, names, id)?,
        key,
        title: incident.title,
        kind: incident.kind.to_string(),
        severity: incident.severity.to_string(),
        status: incident.status.to_string(),
        summary: incident.summary,
        started_at: Some(incident.started_at),
        detected_at: incident.detected_at,
        acknowledged_at: incident.acknowledged_at,
        identified_at: incident.identified_at,
        mitigated_at: incident.mitigated_at,
        resolved_at: incident.resolved_at,
        declared_at: Some(incident.declared_at),
        declared_by: names.person(incident.declared_by),
        imported_from: incident.imported_from.filter(|origin| !origin.starts_with(FROM_EXPORT)),
        revision: incident.revision,
        updated_at: Some(incident.updated_at),
    })
}

fn roles(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedRole>, Error> {
    let mut rows: Vec<(String, i64, Moment)> = incident_roles::table
        .filter(incident_roles::incident_id.eq(id))
        .select((incident_roles::role, incident_roles::user_id, incident_roles::assigned_at))
        .load(c)?;
    rows.sort();
    Ok(rows
        .into_iter()
        .map(|(role, user, at)| ExportedRole {
            role,
            person: names.person(Some(user)).unwrap_or_default(),
            assigned_at: Some(at),
        })
        .collect())
}

fn figures(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedImpactFigure>, Error> {
    let rows: Vec<ImpactFigure> = impact_figures::table
        .filter(impact_figures::incident_id.eq(id))
        .order(impact_figures::id)
        .select(ImpactFigure::as_select())
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|figure| ExportedImpactFigure {
            label: figure.label,
            amount: figure.amount.to_string(),
            unit: figure.unit,
            source: figure.source,
            basis: figure.basis.to_string(),
            created_by: names.person(figure.created_by),
            created_at: Some(figure.created_at),
        })
        .collect())
}

fn corrections(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedCorrection>, Error> {
    let rows: Vec<TimeCorrection> = time_corrections::table
        .filter(time_corrections::incident_id.eq(id))
        .order(time_corrections::id)
        .select(TimeCorrection::as_select())
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|one| ExportedCorrection {
            field: one.field.to_string(),
            old_at: one.old_at,
            new_at: one.new_at,
            reason: one.reason,
            corrected_by: names.person(one.corrected_by),
            corrected_at: Some(one.corrected_at),
        })
        .collect())
}

fn links(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedVerdict>, Error> {
    let rows: Vec<Link> = incident_deploys::table
        .filter(incident_deploys::incident_id.eq(id))
        .order(incident_deploys::id)
        .select(Link::as_select())
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|link| ExportedVerdict {
            deploy: names.deploy(Some(link.deploy_id)).unwrap_or_default(),
            relation: link.relation.to_string(),
            reason: link.reason,
            said_by: link.said_by,
            person: names.person(link.user_id),
            said_at: Some(link.said_at),
        })
        .collect())
}

fn verdicts(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedVerdict>, Error> {
    let rows: Vec<Verdict> = incident_deploy_verdicts::table
        .filter(incident_deploy_verdicts::incident_id.eq(id))
        .order(incident_deploy_verdicts::id)
        .select(Verdict::as_select())
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|verdict| ExportedVerdict {
            deploy: names.deploy(Some(verdict.deploy_id)).unwrap_or_default(),
            relation: verdict.relation.to_string(),
            reason: verdict.reason,
            said_by: verdict.said_by,
            person: names.person(verdict.user_id),
            said_at: Some(verdict.said_at),
        })
        .collect())
}

fn timeline(c: &mut Conn, names: &Names, id: i64, key: &str) -> Result<Vec<ExportedTimelineEvent>, Error> {
    let mut evidence: HashMap<i64, Vec<ExportedLink>> = HashMap::new();
    let links: Vec<(i64, Evidence)> = timeline_evidence::table
        .inner_join(timeline_events::table)
        .filter(timeline_events::incident_id.eq(id))
        .order(timeline_evidence::id)
        .select((timeline_evidence::event_id, Evidence::as_select()))
        .load(c)?;
    for (event, link) in links {
        evidence.entry(event).or_default().push(ExportedLink { url: link.url, label: link.label });
    }
    // In the order of writing, which never changes: an event's place in it is its stable id.
    let rows: Vec<(Event, Option<i64>)> = timeline_events::table
        .filter(timeline_events::incident_id.eq(id))
        .order(timeline_events::id)
        .select((Event::as_select(), timeline_events::deleted_by))
        .load(c)?;
    Ok(rows
        .into_iter()
        .enumerate()
        .map(|(index, (event, deleted_by))| ExportedTimelineEvent {
            id: format!("{key}-E{}", index + 1),
            happened_at: Some(event.happened_at),
            kind: event.kind.to_string(),
            source: event.source.to_string(),
            text: event.text,
            author: names.person(event.user_id),
            deploy: names.deploy(event.deploy_id),
            pinned: event.pinned,
            revision: event.revision,
            created_at: Some(event.created_at),
            updated_at: Some(event.updated_at),
            deleted_at: event.deleted_at,
            deleted_by: names.person(deleted_by),
            evidence: evidence.remove(&event.id).unwrap_or_default(),
        })
        .collect())
}

fn incident_factors(c: &mut Conn, names: &Names, id: i64) -> Result<Vec<ExportedIncidentFactor>, Error> {
    let rows: Vec<(i64, String, Option<i64>, Moment)> = incident_factors::table
        .filter(incident_factors::incident_id.eq(id))
        .select((
            incident_factors::factor_id,
            incident_factors::note,
            incident_factors::user_id,
            incident_factors::added_at,
        ))
        .load(c)?;
    let mut factors: Vec<ExportedIncidentFactor> = rows
        .into_iter()
        .map(|(factor, note, user, at)| {
            let (factor, name) = names.factor(factor);
            ExportedIncidentFactor { factor, name, note, person: names.person(user), added_at: Some(at) }
        })
        .collect();
    factors.sort_by(|a, b| (a.added_at, &a.factor).cmp(&(b.added_at, &b.factor)));
    Ok(factors)
}

/// The action items of an incident, or those of none.
///
/// # Errors
/// The database's.
pub fn action_items(c: &mut Conn, names: &Names, incident: Option<i64>) -> Result<Vec<ExportedActionItem>, Error> {
    let mut query = action_items::table.select(ActionItem::as_select()).order(action_items::number).into_boxed();
    query = match incident {
        Some(id) => query.filter(action_items::incident_id.eq(id)),
        None => query.filter(action_items::incident_id.is_null()),
    };
    let items: Vec<ActionItem> = query.load(c)?;
    items.into_iter().map(|item| whole_item(c, names, item)).collect()
}

fn whole_item(c: &mut Conn, names: &Names, item: ActionItem) -> Result<ExportedActionItem, Error> {
    let evidence: Vec<ItemEvidence> = action_item_evidence::table
        .filter(action_item_evidence::action_item_id.eq(item.id))
        .order(action_item_evidence::id)
        .select(ItemEvidence::as_select())
        .load(c)?;
    let history: Vec<ItemChange> = action_item_changes::table
        .filter(action_item_changes::action_item_id.eq(item.id))
        .order(action_item_changes::id)
        .select(ItemChange::as_select())
        .load(c)?;
    Ok(ExportedActionItem {
        key: item.key(),
        title: item.title,
        details: item.details,
        kind: item.kind.to_string(),
        status: item.status.to_string(),
        priority: item.priority.to_string(),
        owner: names.person(item.owner_id),
        team: names.team(item.team_id),
        factor: item.factor_id.map(|factor| names.factor(factor).0),
        due_on: item.due_on,
        tracker_url: item.tracker_url,
        declined_reason: item.declined_reason,
        look_again_on: item.look_again_on,
        closed_at: item.closed_at,
        done_by: names.person(item.done_by),
        blocked_at: item.blocked_at,
        blocked_reason: item.blocked_reason,
        put_off_count: item.put_off_count,
        assign_by: item.assign_by,
        check_on: item.check_on,
        effect: item.effect.map(|effect| effect.to_string()),
        replaced_at: item.replaced_at,
        created_by: names.person(item.created_by),
        revision: item.revision,
        created_at: Some(item.created_at),
        updated_at: Some(item.updated_at),
        evidence: evidence
            .into_iter()
            .map(|one| ExportedEvidence {
                text: one.text,
                url: one.url,
                person: names.person(one.user_id),
                given_at: Some(one.given_at),
            })
            .collect(),
        history: history
            .into_iter()
            .map(|change| ExportedChange {
                field: change.field,
                old_value: change.old_value,
                new_value: change.new_value,
                reason: change.reason,
                person: names.person(change.user_id),
                changed_at: Some(change.changed_at),
            })
            .collect(),
    })
}

fn postmortem(c: &mut Conn, names: &Names, incident: i64) -> Result<Option<ExportedPostmortem>, Error> {
    let found: Option<Postmortem> = postmortems::table
        .filter(postmortems::incident_id.eq(incident))
        .select(Postmortem::as_select())
        .first(c)
        .optional()?;
    let Some(postmortem) = found else { return Ok(None) };
    let revisions: Vec<Revision> = postmortem_revisions::table
        .filter(postmortem_revisions::postmortem_id.eq(postmortem.id))
        .order(postmortem_revisions::number)
        .select(Revision::as_select())
        .load(c)?;
    let steps: Vec<Step> = postmortem_steps::table
        .filter(postmortem_steps::postmortem_id.eq(postmortem.id))
        .order(postmortem_steps::id)
        .select(Step::as_select())
        .load(c)?;
    Ok(Some(ExportedPostmortem {
        status: postmortem.status.to_string(),
        current_revision: postmortem.current_revision,
        published_revision: postmortem.published_revision,
        published_at: postmortem.published_at,
        published_by: names.person(postmortem.published_by),
        not_needed_reason: postmortem.not_needed_reason,
        started_by: names.person(postmortem.started_by),
        created_at: Some(postmortem.created_at),
        updated_at: Some(postmortem.updated_at),
        revisions: revisions
            .into_iter()
            .map(|revision| ExportedRevision {
                number: revision.number,
                base_number: revision.base_number,
                markdown: revision.markdown,
                frozen_markdown: revision.frozen_markdown,
                note: revision.note,
                person: names.person(revision.user_id),
                created_at: Some(revision.created_at),
            })
            .collect(),
        steps: steps
            .into_iter()
            .map(|step| ExportedStep {
                status: step.status.to_string(),
                reason: step.reason,
                revision: step.revision,
                person: names.person(step.user_id),
                happened_at: Some(step.happened_at),
            })
            .collect(),
    }))
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}
