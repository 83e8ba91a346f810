//! What home shows.

use crate::action_items::model::ActionRow;
use crate::deploys::model::Deploy;
use crate::incidents::model::Incident;
use crate::services::model::{Service, ServiceName};

/// Most rows of each part.
pub const PART_LIMIT: usize = 10;
/// Resolved incidents that are looked at for due postmortems, the last resolved first.
pub const DUE_WINDOW: i64 = 200;
/// An item that is due within this many days is due soon.
pub const SOON_DAYS: u64 = 7;

/// What needs me, and what happened.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Not resolved yet, worst first.
    pub live: Vec<(Incident, Vec<ServiceName>)>,
    /// My unfinished items that are late or due soon, the earliest first.
    pub my_items: Vec<ActionRow>,
    /// My finished items whose day has come to say whether they work.
    pub checks: Vec<ActionRow>,
    /// Retros of my teams that run or come next.
    pub retros: Vec<(crate::retros::model::Retro, crate::teams::model::Team)>,
    /// Resolved incidents whose postmortem nobody has published.
    pub unpublished: Vec<Incident>,
    /// Drafts that I began.
    pub my_drafts: Vec<Incident>,
    /// The last deploys.
    pub deploys: Vec<(Deploy, Service)>,
    /// Incidents whose postmortems were published last, with when.
    pub published: Vec<(Incident, crate::clock::Moment)>,
    /// The items that were closed last.
    pub closed: Vec<ActionRow>,
    /// Whether nothing at all is on record yet.
    pub is_blank: bool,
}
