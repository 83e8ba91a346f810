//! Everything that a retro's page shows, read at once.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Decision, Entry, EntryKind, Retro};
use super::queries;
use crate::action_items::history::queries::of_item;
use crate::action_items::model::{ActionItem, ActionRow, ActionStatus, ItemChange, Origin};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{
    action_items, deploys, incident_factors, incidents, postmortems, retro_decisions, services, users,
};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::postmortems::model::PostmortemStatus;
use crate::services::model::Service;
use crate::teams::model::Team;

/// Most incidents that are named as those in which a factor came back.
const STRUCK_LIMIT: i64 = 3;
/// Most lines of an item's history that its page in the retro shows.
const SO_FAR_LIMIT: usize = 4;

/// A retro with everything around it.
#[derive(Clone, Debug)]
pub struct Board {
    /// The retro.
    pub retro: Retro,
    /// Its team.
    pub team: Team,
    /// Who leads.
    pub leader: Option<String>,
    /// Who was there: name and when they were last seen.
    pub people: Vec<(String, Moment)>,
    /// The agenda.
    pub lines: Vec<Line>,
    /// What was decided and stands, oldest first, with who wrote it down.
    pub decisions: Vec<(Decision, String)>,
    /// The entry that everybody sees; nothing at the end of the agenda.
    pub present: Option<Present>,
}

impl Board {
    /// The decisions about an entry, oldest first.
    pub fn about(&self, entry_id: i64) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().map(|(decision, _)| decision).filter(move |decision| decision.entry_id == entry_id)
    }

    /// How many entries something was decided about, or that were looked at.
    pub fn handled_count(&self) -> usize {
        self.lines.iter().filter(|line| self.about(line.entry.id).next().is_some()).count()
    }

    /// The line of an entry.
    pub fn line(&self, entry_id: i64) -> Option<&Line> {
        self.lines.iter().find(|line| line.entry.id == entry_id)
    }
}

/// A line of the agenda.
#[derive(Clone, Debug)]
pub struct Line {
    /// The entry.
    pub entry: Entry,
    /// `ACT-7`, `INC-42`, `DEP-9`
    pub key: String,
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
}

/// What stands on the page of the present entry.
#[derive(Clone, Debug)]
pub struct Present {
    /// The entry.
    pub entry: Entry,
    /// What it is about.
    pub matter: Matter,
}

/// What an entry is about.
#[derive(Clone, Debug)]
pub enum Matter {
    /// An action item.
    Item(Box<ItemStory>),
    /// An incident, perhaps for its postmortem.
    Incident {
        /// The incident.
        incident: Box<Incident>,
        /// What it hit.
        services: Vec<Service>,
        /// How far its postmortem has come, if one was begun.
        postmortem: Option<PostmortemStatus>,
        /// How many action items came of it.
        item_count: i64,
    },
    /// A deploy.
    Deploy {
        /// The deploy.
        deploy: Box<Deploy>,
        /// What it changed.
        service: Service,
    },
}

/// An action item as the retro looks at it.
#[derive(Clone, Debug)]
pub struct ItemStory {
    /// The item with its surroundings.
    pub row: ActionRow,
    /// How often it was put off.
    pub put_off_count: i64,
    /// Later incidents with the factor that it works on, the latest first.
    pub struck_again: Vec<Origin>,
    /// Of its factor: incidents, unfinished items, declined items.
    pub factor_counts: (i64, i64, i64),
    /// The last lines of its history, newest first, with who made them.
    pub so_far: Vec<(ItemChange, String)>,
}

/// Reads a retro with everything around it.
///
/// # Errors
/// 404
pub fn board(c: &mut Conn, id: i64) -> Result<Board, Error> {
    let retro = queries::by_id(c, id)?;
    let team = queries::team_of(c, &retro)?;
    let leader = match retro.facilitator_id {
        Some(user_id) => users::table.find(user_id).select(users::name).first(c).optional()?,
        None => None,
    };
    let people = queries::people(c, id)?;
    let entries = queries::entries(c, id)?;
    let lines = lines(c, entries)?;
    let decisions: Vec<(Decision, Option<String>)> = retro_decisions::table
        .left_join(users::table.on(users::id.nullable().eq(retro_decisions::user_id)))
        .filter(retro_decisions::retro_id.eq(id))
        .filter(retro_decisions::undone_at.is_null())
        .order(retro_decisions::id)
        .select((Decision::as_select(), users::name.nullable()))
        .load(c)?;
    let decisions = decisions.into_iter().map(|(decision, name)| (decision, name.unwrap_or_default())).collect();
    let entry = lines.iter().find(|line| line.entry.position == retro.entry_position).map(|line| line.entry.clone());
    let present = match entry {
        Some(entry) => matter(c, &entry)?.map(|matter| Present { entry, matter }),
        None => None,
    };
    Ok(Board { retro, team, leader, people, lines, decisions, present })
}

/// Puts key and title beside each entry.
fn lines(c: &mut Conn, entries: Vec<Entry>) -> Result<Vec<Line>, Error> {
    let wanted = |of: fn(&Entry) -> Option<i64>| entries.iter().filter_map(of).collect::<Vec<i64>>();
    let items: Vec<ActionItem> = action_items::table
        .filter(action_items::id.eq_any(wanted(|entry| entry.action_item_id)))
        .select(ActionItem::as_select())
        .load(c)?;
    let hurt: Vec<Incident> = incidents::table
        .filter(incidents::id.eq_any(wanted(|entry| entry.incident_id)))
        .select(Incident::as_select())
        .load(c)?;
    let shipped: Vec<(Deploy, Service)> = deploys::table
        .inner_join(services::table)
        .filter(deploys::id.eq_any(wanted(|entry| entry.deploy_id)))
        .select((Deploy::as_select(), Service::as_select()))
        .load(c)?;
    let items: HashMap<i64, ActionItem> = items.into_iter().map(|item| (item.id, item)).collect();
    let hurt: HashMap<i64, Incident> = hurt.into_iter().map(|incident| (incident.id, incident)).collect();
    let shipped: HashMap<i64, (Deploy, Service)> =
        shipped.into_iter().map(|(deploy, service)| (deploy.id, (deploy, service))).collect();
    Ok(entries
        .into_iter()
        .map(|entry| {
            let (key, href, title) = match entry.kind {
                EntryKind::ActionItem => entry
                    .action_item_id
                    .and_then(|id| items.get(&id))
                    .map(|item| (item.key(), item.path(), item.title.clone())),
                EntryKind::Postmortem => entry.incident_id.and_then(|id| hurt.get(&id)).map(|incident| {
                    let title = format!("Postmortem: {}", incident.title);
                    (incident.key(), format!("{}/postmortem", incident.path()), title)
                }),
                EntryKind::Incident => entry
                    .incident_id
                    .and_then(|id| hurt.get(&id))
                    .map(|incident| (incident.key(), incident.path(), incident.title.clone())),
                EntryKind::Deploy => entry.deploy_id.and_then(|id| shipped.get(&id)).map(|(deploy, service)| {
                    let title = format!("{} {}", service.name, deploy.version_or_commit());
                    (deploy.key(), deploy.path(), title.trim_end().to_owned())
                }),
            }
            .unwrap_or_default();
            Line { entry, key, href, title }
        })
        .collect())
}

fn matter(c: &mut Conn, entry: &Entry) -> Result<Option<Matter>, Error> {
    if let Some(id) = entry.action_item_id {
        return Ok(Some(Matter::Item(Box::new(story(c, id)?))));
    }
    if let Some(id) = entry.incident_id {
        let incident: Incident = incidents::table.find(id).select(Incident::as_select()).first(c)?;
        let services = crate::incidents::around::queries::services(c, id)?;
        let postmortem = postmortems::table
            .filter(postmortems::incident_id.eq(id))
            .select(postmortems::status)
            .first(c)
            .optional()?;
        let item_count = action_items::table.filter(action_items::incident_id.eq(id)).count().get_result(c)?;
        return Ok(Some(Matter::Incident { incident: Box::new(incident), services, postmortem, item_count }));
    }
    let Some(id) = entry.deploy_id else { return Ok(None) };
    let (deploy, service) = deploys::table
        .inner_join(services::table)
        .filter(deploys::id.eq(id))
        .select((Deploy::as_select(), Service::as_select()))
        .first(c)?;
    Ok(Some(Matter::Deploy { deploy: Box::new(deploy), service }))
}

fn story(c: &mut Conn, item_id: i64) -> Result<ItemStory, Error> {
    let number: i64 = action_items::table.find(item_id).select(action_items::number).first(c)?;
    let row = crate::action_items::queries::row(c, number)?;
    let put_off_count = row.item.put_off_count;
    let (struck_again, factor_counts) = match row.item.factor_id {
        Some(factor_id) => (struck_again(c, &row.item, factor_id)?, factor_counts(c, factor_id)?),
        None => (Vec::new(), (0, 0, 0)),
    };
    let so_far = of_item(c, item_id)?
        .into_iter()
        .filter(|(change, _)| matches!(change.field.as_str(), "status" | "due_on" | "owner" | "retro" | "blocked"))
        .take(SO_FAR_LIMIT)
        .map(|(change, name)| (change, name.unwrap_or_else(|| "the program".to_owned())))
        .collect();
    Ok(ItemStory { row, put_off_count, struck_again, factor_counts, so_far })
}

/// Incidents that carry the item's factor and began after the item was added.
fn struck_again(c: &mut Conn, item: &ActionItem, factor_id: i64) -> Result<Vec<Origin>, Error> {
    let mut query = incident_factors::table
        .inner_join(incidents::table)
        .filter(incident_factors::factor_id.eq(factor_id))
        .filter(incident_factors::struck_at.gt(item.created_at))
        .order((incident_factors::struck_at.desc(), incident_factors::incident_id.desc()))
        .limit(STRUCK_LIMIT)
        .select(Origin::as_select())
        .into_boxed();
    if let Some(own) = item.incident_id {
        query = query.filter(incident_factors::incident_id.ne(own));
    }
    Ok(query.load(c)?)
}

fn factor_counts(c: &mut Conn, factor_id: i64) -> Result<(i64, i64, i64), Error> {
    let hurt = incident_factors::table.filter(incident_factors::factor_id.eq(factor_id)).count().get_result(c)?;
    let with_factor = action_items::table.filter(action_items::factor_id.eq(factor_id));
    let open = with_factor
        .filter(action_items::status.eq_any([ActionStatus::Open, ActionStatus::InProgress]))
        .count()
        .get_result(c)?;
    let declined = with_factor.filter(action_items::status.eq(ActionStatus::Declined)).count().get_result(c)?;
    Ok((hurt, open, declined))
}
