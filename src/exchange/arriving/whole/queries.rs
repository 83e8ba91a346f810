//! One incident of an export, with all that belongs to it.

use diesel::prelude::*;

use crate::action_items::life::model::Effect;
use crate::action_items::model::{ActionKind, ActionStatus, Priority};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::schema::{
    action_item_changes, action_item_evidence, action_items, impact_figures, incident_deploy_verdicts,
    incident_deploys, incident_factors, incident_roles, incident_services, incident_tags, incidents,
    postmortem_revisions, postmortem_steps, postmortems, time_corrections, timeline_events, timeline_evidence,
};
use crate::db::{Conn, counters};
use crate::error::Error;
use crate::exchange::arriving::company::queries::{factor_id, person, team_id};
use crate::exchange::arriving::restore::{Arrival, Book, number_of, word};
use crate::exchange::leaving::queries::FROM_EXPORT;
use crate::exchange::wire::{ExportedActionItem, ExportedIncident, ExportedPostmortem, ExportedVerdict};
use crate::incidents::around::model::{Basis, IncidentRole};
use crate::incidents::model::{IncidentKind, IncidentStatus, Severity, TimeField};
use crate::links::model::{Relation, VerdictWord};
use crate::postmortems::model::PostmortemStatus;
use crate::timeline::model::{EventKind, EventSource};

/// In whose name, with what known, and when records are brought in.
pub struct Bringing<'a> {
    /// In whose name.
    pub actor: &'a Actor,
    /// Who is who.
    pub book: &'a Book,
    /// Now.
    pub now: Moment,
}

impl Bringing<'_> {
    fn person(&self, c: &mut Conn, handle: Option<&String>) -> Result<Option<i64>, Error> {
        person(c, self.actor, self.book, handle.map(String::as_str), self.now)
    }

    fn deploy(&self, key: &str) -> Option<i64> {
        self.book.deploys.get(key).copied()
    }
}

/// The number of the incident that this one is here as, when it came before.
///
/// # Errors
/// The database's.
pub fn known(c: &mut Conn, whole: &ExportedIncident, now: Moment) -> Result<Option<i64>, Error> {
    let declared_at = whole.declared_at.unwrap_or(now);
    let (origin, marked) = origins(whole, declared_at);
    Ok(incidents::table
        .filter(
            incidents::imported_from.eq_any([&origin, &marked]).or(incidents::number
                .eq(number_of("INC-", &whole.key).unwrap_or(0))
                .and(incidents::declared_at.eq(declared_at))),
        )
        .order(incidents::id)
        .select(incidents::number)
        .first(c)
        .optional()?)
}

/// What marks where an incident came from: its file, and its key in an export.
fn origins(whole: &ExportedIncident, declared_at: Moment) -> (String, String) {
    let marked = format!("{FROM_EXPORT}{} {declared_at}", whole.key);
    (whole.imported_from.clone().unwrap_or_else(|| marked.clone()), marked)
}

/// Brings an incident in; one that came before stays as it is.
///
/// # Errors
/// The database's, or a word that is not understood.
pub fn incident(c: &mut Conn, by: &Bringing<'_>, whole: &ExportedIncident) -> Result<Arrival, Error> {
    let declared_at = whole.declared_at.unwrap_or(by.now);
    let wish = number_of("INC-", &whole.key);
    let (origin, _) = origins(whole, declared_at);
    let known = known(c, whole, by.now)?;
    if let Some(number) = known {
        return Ok(Arrival::Known { key: format!("INC-{number}") });
    }
    let mut remarks = Vec::new();
    let is_taken = match wish {
        Some(number) => incidents::table
            .filter(incidents::number.eq(number))
            .select(incidents::id)
            .first::<i64>(c)
            .optional()?
            .is_some(),
        None => true,
    };
    let number = match wish.filter(|_| !is_taken) {
        Some(number) => {
            counters::lift(c, "incident", number)?;
            number
        }
        None => {
            let number = counters::next(c, "incident")?;
            if !whole.key.is_empty() {
                remarks.push(format!("{} is another incident here; this one became INC-{number}.", whole.key));
            }
            number
        }
    };
    let declared_by = by.person(c, whole.declared_by.as_ref())?;
    let id: i64 = diesel::insert_into(incidents::table)
        .values((
            incidents::number.eq(number),
            incidents::title.eq(&whole.title),
            incidents::kind.eq(word::<IncidentKind>("kind", &whole.kind)?),
            incidents::severity.eq(word::<Severity>("severity", &whole.severity)?),
            incidents::status.eq(word::<IncidentStatus>("status", &whole.status)?),
            incidents::summary.eq(&whole.summary),
            incidents::started_at.eq(whole.started_at.unwrap_or(declared_at)),
            incidents::detected_at.eq(whole.detected_at),
            incidents::acknowledged_at.eq(whole.acknowledged_at),
            incidents::identified_at.eq(whole.identified_at),
            incidents::mitigated_at.eq(whole.mitigated_at),
            incidents::resolved_at.eq(whole.resolved_at),
            incidents::declared_at.eq(declared_at),
            incidents::declared_by.eq(declared_by),
            incidents::imported_from.eq(&origin),
            incidents::revision.eq(whole.revision.max(1)),
            incidents::updated_at.eq(whole.updated_at.unwrap_or(by.now)),
        ))
        .returning(incidents::id)
        .get_result(c)?;
    surroundings(c, by, id, whole)?;
    said(c, by, id, whole, &mut remarks)?;
    timeline(c, by, id, whole, &mut remarks)?;
    for item in &whole.action_items {
        if let Arrival::Added { remarks: more, .. } = action_item(c, by, Some(id), item)? {
            remarks.extend(more);
        }
    }
    if let Some(written) = &whole.postmortem {
        postmortem(c, by, id, written)?;
    }
    let key = format!("INC-{number}");
    let new = serde_json::json!({"key": whole.key, "title": whole.title, "declared_at": declared_at});
    let change = Change { action: "incident.import", subject: key.clone(), old: None::<()>, new: Some(new) };
    audit::record(c, by.actor, by.now, &change)?;
    Ok(Arrival::Added { key, title: whole.title.clone(), remarks })
}

fn surroundings(c: &mut Conn, by: &Bringing<'_>, id: i64, whole: &ExportedIncident) -> Result<(), Error> {
    for slug in &whole.services {
        let service = crate::services::queries::find_or_add(c, by.actor, slug, by.now)?;
        diesel::insert_into(incident_services::table)
            .values((incident_services::incident_id.eq(id), incident_services::service_id.eq(service.id)))
            .execute(c)?;
    }
    for tag in &whole.tags {
        diesel::insert_into(incident_tags::table)
            .values((incident_tags::incident_id.eq(id), incident_tags::tag.eq(tag)))
            .execute(c)?;
    }
    for role in &whole.roles {
        let Some(user) = by.person(c, Some(&role.person))? else { continue };
        diesel::insert_into(incident_roles::table)
            .values((
                incident_roles::incident_id.eq(id),
                incident_roles::role.eq(word::<IncidentRole>("role", &role.role)?),
                incident_roles::user_id.eq(user),
                incident_roles::assigned_at.eq(role.assigned_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for figure in &whole.impact_figures {
        let amount: f64 = figure.amount.parse().ok().filter(|amount: &f64| amount.is_finite()).ok_or_else(|| {
            Error::Malformed(format!("The impact figure \"{}\" has no number: {}.", figure.label, figure.amount))
        })?;
        let user = by.person(c, figure.created_by.as_ref())?;
        diesel::insert_into(impact_figures::table)
            .values((
                impact_figures::incident_id.eq(id),
                impact_figures::label.eq(&figure.label),
                impact_figures::amount.eq(amount),
                impact_figures::unit.eq(&figure.unit),
                impact_figures::source.eq(&figure.source),
                impact_figures::basis.eq(word::<Basis>("basis", &figure.basis)?),
                impact_figures::created_by.eq(user),
                impact_figures::created_at.eq(figure.created_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for one in &whole.time_corrections {
        let user = by.person(c, one.corrected_by.as_ref())?;
        diesel::insert_into(time_corrections::table)
            .values((
                time_corrections::incident_id.eq(id),
                time_corrections::field.eq(word::<TimeField>("field of a correction", &one.field)?),
                time_corrections::old_at.eq(one.old_at),
                time_corrections::new_at.eq(one.new_at),
                time_corrections::reason.eq(&one.reason),
                time_corrections::corrected_by.eq(user),
                time_corrections::corrected_at.eq(one.corrected_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for one in &whole.contributing_factors {
        let known = factor_id(c, Some(&one.factor))?;
        let factor = match known {
            Some(factor) => factor,
            None => crate::factors::queries::find_or_add(c, by.actor, &one.name, by.now)?.id,
        };
        let user = by.person(c, one.person.as_ref())?;
        diesel::insert_into(incident_factors::table)
            .values((
                incident_factors::incident_id.eq(id),
                incident_factors::factor_id.eq(factor),
                incident_factors::note.eq(&one.note),
                incident_factors::user_id.eq(user),
                incident_factors::added_at.eq(one.added_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn left_out(said: &ExportedVerdict) -> String {
    format!(
        "{} ({}) is not part of this import, so the link to it was left out. Import the folder of the export.",
        said.deploy, said.relation
    )
}

fn said(
    c: &mut Conn,
    by: &Bringing<'_>,
    id: i64,
    whole: &ExportedIncident,
    remarks: &mut Vec<String>,
) -> Result<(), Error> {
    for link in &whole.deploys {
        let Some(deploy) = by.deploy(&link.deploy) else {
            remarks.push(left_out(link));
            continue;
        };
        let user = by.person(c, link.person.as_ref())?;
        diesel::insert_into(incident_deploys::table)
            .values((
                incident_deploys::incident_id.eq(id),
                incident_deploys::deploy_id.eq(deploy),
                incident_deploys::relation.eq(word::<Relation>("relation", &link.relation)?),
                incident_deploys::reason.eq(&link.reason),
                incident_deploys::said_by.eq(&link.said_by),
                incident_deploys::user_id.eq(user),
                incident_deploys::said_at.eq(link.said_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for verdict in &whole.deploy_verdicts {
        // A missing deploy was told of with its link.
        let Some(deploy) = by.deploy(&verdict.deploy) else { continue };
        let user = by.person(c, verdict.person.as_ref())?;
        diesel::insert_into(incident_deploy_verdicts::table)
            .values((
                incident_deploy_verdicts::incident_id.eq(id),
                incident_deploy_verdicts::deploy_id.eq(deploy),
                incident_deploy_verdicts::relation.eq(word::<VerdictWord>("relation", &verdict.relation)?),
                incident_deploy_verdicts::reason.eq(&verdict.reason),
                incident_deploy_verdicts::said_by.eq(&verdict.said_by),
                incident_deploy_verdicts::user_id.eq(user),
                incident_deploy_verdicts::said_at.eq(verdict.said_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    Ok(())
}

fn timeline(
    c: &mut Conn,
    by: &Bringing<'_>,
    id: i64,
    whole: &ExportedIncident,
    remarks: &mut Vec<String>,
) -> Result<(), Error> {
    for event in &whole.timeline {
        let Some(at) = event.happened_at else {
            remarks.push(format!("{} has no time and was left out: {}", event.id, event.text));
            continue;
        };
        let author = by.person(c, event.author.as_ref())?;
        let deleted_by = by.person(c, event.deleted_by.as_ref())?;
        let event_id: i64 = diesel::insert_into(timeline_events::table)
            .values((
                timeline_events::incident_id.eq(id),
                timeline_events::happened_at.eq(at),
                timeline_events::kind.eq(word::<EventKind>("kind of an event", &event.kind)?),
                timeline_events::source.eq(word::<EventSource>("source of an event", &event.source)?),
                timeline_events::text.eq(&event.text),
                timeline_events::user_id.eq(author),
                timeline_events::deploy_id.eq(event.deploy.as_ref().and_then(|key| by.deploy(key))),
                timeline_events::pinned.eq(event.pinned),
                timeline_events::revision.eq(event.revision.max(1)),
                timeline_events::created_at.eq(event.created_at.unwrap_or(by.now)),
                timeline_events::updated_at.eq(event.updated_at.unwrap_or(by.now)),
                timeline_events::deleted_at.eq(event.deleted_at),
                timeline_events::deleted_by.eq(deleted_by),
            ))
            .returning(timeline_events::id)
            .get_result(c)?;
        for link in &event.evidence {
            diesel::insert_into(timeline_evidence::table)
                .values((
                    timeline_evidence::event_id.eq(event_id),
                    timeline_evidence::url.eq(&link.url),
                    timeline_evidence::label.eq(&link.label),
                ))
                .execute(c)?;
        }
    }
    Ok(())
}

/// Brings an action item in, of an incident or of none; one that came before stays as it is.
///
/// # Errors
/// The database's, or a word that is not understood.
pub fn action_item(
    c: &mut Conn,
    by: &Bringing<'_>,
    incident_id: Option<i64>,
    item: &ExportedActionItem,
) -> Result<Arrival, Error> {
    let created_at = item.created_at.unwrap_or(by.now);
    let wish = number_of("ACT-", &item.key);
    let holder: Option<(i64, Moment)> = action_items::table
        .filter(action_items::number.eq(wish.unwrap_or(0)))
        .select((action_items::id, action_items::created_at))
        .first(c)
        .optional()?;
    let mut remarks = Vec::new();
    if incident_id.is_none() {
        let twin: Option<i64> = action_items::table
            .filter(action_items::incident_id.is_null())
            .filter(action_items::title.eq(&item.title))
            .filter(action_items::created_at.eq(created_at))
            .select(action_items::number)
            .first(c)
            .optional()?;
        let is_same = holder.is_some_and(|(_, at)| at == created_at);
        if let Some(number) = twin.filter(|&number| is_same || wish != Some(number)).filter(|_| holder.is_some()) {
            return Ok(Arrival::Known { key: format!("ACT-{number}") });
        }
    }
    let number = match wish.filter(|_| holder.is_none()) {
        Some(number) => {
            counters::lift(c, "action_item", number)?;
            number
        }
        None => {
            let number = counters::next(c, "action_item")?;
            if !item.key.is_empty() {
                remarks.push(format!("{} is another action item here; this one became ACT-{number}.", item.key));
            }
            number
        }
    };
    let owner = by.person(c, item.owner.as_ref())?;
    let created_by = by.person(c, item.created_by.as_ref())?;
    let done_by = by.person(c, item.done_by.as_ref())?;
    let effect = item.effect.as_deref().map(|effect| word::<Effect>("effect of an action item", effect)).transpose()?;
    let team = team_id(c, item.team.as_deref())?;
    let factor = factor_id(c, item.factor.as_deref())?;
    for (what, wanted, found) in [("team", &item.team, team), ("factor", &item.factor, factor)] {
        if let (Some(wanted), None) = (wanted, found) {
            remarks.push(format!("ACT-{number} names the {what} {wanted}, which is not here; it was left out."));
        }
    }
    let id: i64 = diesel::insert_into(action_items::table)
        .values((
            action_items::number.eq(number),
            action_items::incident_id.eq(incident_id),
            action_items::title.eq(&item.title),
            action_items::details.eq(&item.details),
            action_items::kind.eq(word::<ActionKind>("kind of an action item", &item.kind)?),
            action_items::status.eq(word::<ActionStatus>("status of an action item", &item.status)?),
            action_items::priority.eq(word::<Priority>("priority", &item.priority)?),
            action_items::owner_id.eq(owner),
            action_items::team_id.eq(team),
            action_items::factor_id.eq(factor),
            action_items::due_on.eq(item.due_on),
            action_items::tracker_url.eq(&item.tracker_url),
            action_items::declined_reason.eq(&item.declined_reason),
            action_items::look_again_on.eq(item.look_again_on),
            action_items::closed_at.eq(item.closed_at),
            action_items::done_by.eq(done_by),
            action_items::blocked_at.eq(item.blocked_at),
            action_items::blocked_reason.eq(&item.blocked_reason),
            action_items::put_off_count.eq(item.put_off_count),
            action_items::assign_by.eq(item.assign_by),
            action_items::check_on.eq(item.check_on),
            action_items::effect.eq(effect),
            action_items::replaced_at.eq(item.replaced_at),
            action_items::created_by.eq(created_by),
            action_items::revision.eq(item.revision.max(1)),
            action_items::created_at.eq(created_at),
            action_items::updated_at.eq(item.updated_at.unwrap_or(by.now)),
        ))
        .returning(action_items::id)
        .get_result(c)?;
    for one in &item.evidence {
        let user = by.person(c, one.person.as_ref())?;
        diesel::insert_into(action_item_evidence::table)
            .values((
                action_item_evidence::action_item_id.eq(id),
                action_item_evidence::text.eq(&one.text),
                action_item_evidence::url.eq(&one.url),
                action_item_evidence::user_id.eq(user),
                action_item_evidence::given_at.eq(one.given_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for change in &item.history {
        let user = by.person(c, change.person.as_ref())?;
        diesel::insert_into(action_item_changes::table)
            .values((
                action_item_changes::action_item_id.eq(id),
                action_item_changes::field.eq(&change.field),
                action_item_changes::old_value.eq(&change.old_value),
                action_item_changes::new_value.eq(&change.new_value),
                action_item_changes::reason.eq(&change.reason),
                action_item_changes::user_id.eq(user),
                action_item_changes::changed_at.eq(change.changed_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    Ok(Arrival::Added { key: format!("ACT-{number}"), title: item.title.clone(), remarks })
}

/// Brings a postmortem in with all its revisions and steps.
///
/// # Errors
/// The database's, or a word that is not understood.
pub fn postmortem(
    c: &mut Conn,
    by: &Bringing<'_>,
    incident_id: i64,
    written: &ExportedPostmortem,
) -> Result<(), Error> {
    let published_by = by.person(c, written.published_by.as_ref())?;
    let started_by = by.person(c, written.started_by.as_ref())?;
    let id: i64 = diesel::insert_into(postmortems::table)
        .values((
            postmortems::incident_id.eq(incident_id),
            postmortems::status.eq(word::<PostmortemStatus>("status of the postmortem", &written.status)?),
            postmortems::current_revision.eq(written.current_revision),
            postmortems::published_revision.eq(written.published_revision),
            postmortems::published_at.eq(written.published_at),
            postmortems::published_by.eq(published_by),
            postmortems::not_needed_reason.eq(&written.not_needed_reason),
            postmortems::started_by.eq(started_by),
            postmortems::created_at.eq(written.created_at.unwrap_or(by.now)),
            postmortems::updated_at.eq(written.updated_at.unwrap_or(by.now)),
        ))
        .returning(postmortems::id)
        .get_result(c)?;
    for revision in &written.revisions {
        let user = by.person(c, revision.person.as_ref())?;
        diesel::insert_into(postmortem_revisions::table)
            .values((
                postmortem_revisions::postmortem_id.eq(id),
                postmortem_revisions::number.eq(revision.number),
                postmortem_revisions::base_number.eq(revision.base_number),
                postmortem_revisions::markdown.eq(&revision.markdown),
                postmortem_revisions::frozen_markdown.eq(&revision.frozen_markdown),
                postmortem_revisions::note.eq(&revision.note),
                postmortem_revisions::user_id.eq(user),
                postmortem_revisions::created_at.eq(revision.created_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    for step in &written.steps {
        let user = by.person(c, step.person.as_ref())?;
        diesel::insert_into(postmortem_steps::table)
            .values((
                postmortem_steps::postmortem_id.eq(id),
                postmortem_steps::status.eq(word::<PostmortemStatus>("status of a step", &step.status)?),
                postmortem_steps::reason.eq(&step.reason),
                postmortem_steps::revision.eq(step.revision),
                postmortem_steps::user_id.eq(user),
                postmortem_steps::happened_at.eq(step.happened_at.unwrap_or(by.now)),
            ))
            .execute(c)?;
    }
    Ok(())
}
