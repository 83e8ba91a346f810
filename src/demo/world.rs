//! The plain structs of the demo's year. They name each other by handle, slug and number, never by
//! database id: the loader turns names into rows. Words are the wire words of the product.

use chrono::{DateTime, NaiveDate, Utc};

/// One company's year, ending at `now`.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The company's name.
    pub company: &'static str,
    /// The instant at which the year begins.
    pub began_at: DateTime<Utc>,
    /// The instant at which the year ends; nothing happens later.
    pub now: DateTime<Utc>,
    /// Handle of the person whom the printed link signs in.
    pub signed_in: &'static str,
    pub teams: Vec<Team>,
    pub people: Vec<Person>,
    pub services: Vec<Service>,
    pub factors: Vec<Factor>,
    /// In order of their numbers, which is the order in which they were recorded.
    pub deploys: Vec<Deploy>,
    /// In order of their numbers, which is the order in which they were declared.
    pub incidents: Vec<Incident>,
    /// In order of their incidents.
    pub postmortems: Vec<Postmortem>,
    /// In order of their numbers, which is the order in which they were written down.
    pub action_items: Vec<ActionItem>,
}

/// A team that owns services and actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    pub slug: &'static str,
    pub name: &'static str,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub handle: &'static str,
    pub name: &'static str,
    pub email: String,
    /// Slug of the team; people outside engineering have none.
    pub team: Option<&'static str>,
    /// IANA zone name.
    pub zone: &'static str,
    /// `admin`, `member` or `viewer`.
    pub role: &'static str,
}

/// Something a team runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub slug: &'static str,
    pub name: &'static str,
    pub team: &'static str,
    /// 1 (everything stops without it) to 3.
    pub tier: i64,
    pub description: &'static str,
    pub repository_url: String,
    pub links: Vec<ServiceLink>,
    /// Slugs of the services it needs.
    pub depends_on: &'static [&'static str],
}

/// A place to look when the service hurts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLink {
    /// `runbook`, `dashboard`, `logs` or `pipeline`.
    pub kind: &'static str,
    pub label: String,
    pub url: String,
}

/// A contributing factor, reused across incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    pub slug: &'static str,
    pub name: &'static str,
    pub description: &'static str,
}

/// One recorded change to one service in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    pub number: i64,
    pub service: &'static str,
    /// `production` or `staging`.
    pub environment: &'static str,
    /// `deploy`, `rollback`, `config`, `flag`, `migration` or `infrastructure`.
    pub kind: &'static str,
    /// `started`, `succeeded`, `failed` or `rolled_back`.
    pub status: &'static str,
    /// Absent for config, flag and infrastructure, which leave the running version as it is.
    pub version: Option<String>,
    /// 40 hex digits; absent for flags.
    pub commit_sha: Option<String>,
    pub previous_version: Option<String>,
    pub previous_commit_sha: Option<String>,
    pub summary: String,
    pub url: Option<String>,
    pub compare_url: Option<String>,
    /// Handle of the person, or `ci`.
    pub deployed_by: String,
    /// `ci` or `hand`.
    pub source: &'static str,
    pub external_id: Option<String>,
    pub started_at: DateTime<Utc>,
    /// Absent while it is running.
    pub finished_at: Option<DateTime<Utc>>,
    pub trail: Vec<TrailEntry>,
    pub references: Vec<Reference>,
}

impl Deploy {
    /// When it took effect as far as is known: finished, else started.
    #[must_use]
    pub fn happened_at(&self) -> DateTime<Utc> {
        self.finished_at.unwrap_or(self.started_at)
    }
}

/// Who stood for what in a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEntry {
    /// `author`, `reviewer` or `qa`.
    pub part: &'static str,
    pub handle: &'static str,
    pub stood_at: Option<DateTime<Utc>>,
}

/// A pull request or a ticket that came with a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `pull_request` or `ticket`.
    pub kind: &'static str,
    pub label: String,
    pub url: String,
}

/// Something that hurt, or nearly.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub number: i64,
    /// The story it came from; stable across seeds.
    pub story: &'static str,
    pub title: String,
    /// `incident` or `near_miss`.
    pub kind: &'static str,
    /// `SEV1` to `SEV5`.
    pub severity: &'static str,
    /// `investigating`, `identified`, `mitigated` or `resolved`.
    pub status: &'static str,
    pub summary: String,
    pub started_at: DateTime<Utc>,
    pub detected_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub identified_at: Option<DateTime<Utc>>,
    pub mitigated_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub declared_at: DateTime<Utc>,
    pub declared_by: &'static str,
    pub services: Vec<&'static str>,
    pub roles: Vec<Role>,
    pub tags: Vec<String>,
    pub figures: Vec<ImpactFigure>,
    pub corrections: Vec<TimeCorrection>,
    pub links: Vec<DeployLink>,
    pub factors: Vec<IncidentFactor>,
    /// In the order of their times.
    pub timeline: Vec<TimelineEvent>,
}

/// Who does what while an incident lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `lead`, `scribe` or `communications`.
    pub role: &'static str,
    pub handle: &'static str,
    pub assigned_at: DateTime<Utc>,
}

/// A number that says how much it hurt.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpactFigure {
    pub label: String,
    pub amount: f64,
    pub unit: String,
    /// Where the number was read.
    pub source: String,
    /// `measured` or `estimated`.
    pub basis: &'static str,
    pub created_by: &'static str,
    pub created_at: DateTime<Utc>,
}

/// A time of the incident that was corrected later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeCorrection {
    /// `started`, `detected`, `acknowledged`, `identified`, `mitigated` or `resolved`.
    pub field: &'static str,
    pub old_at: DateTime<Utc>,
    /// The time that now stands in the incident.
    pub new_at: DateTime<Utc>,
    pub reason: String,
    pub corrected_by: &'static str,
    pub corrected_at: DateTime<Utc>,
}

/// What stands now between an incident and a deploy; it equals the last verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployLink {
    pub deploy: i64,
    /// Oldest first, never empty.
    pub verdicts: Vec<Verdict>,
}

impl DeployLink {
    /// The verdict in force.
    #[must_use]
    pub fn standing(&self) -> &Verdict {
        self.verdicts.last().expect("a link is made with its first verdict")
    }
}

/// One word that was said about an incident and a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `caused`, `contributed`, `suspected`, `ruled_out` or `fixed`.
    pub relation: &'static str,
    pub reason: String,
    /// Handle of the person; none when the machine said it, which only ever says `suspected`.
    pub said_by: Option<&'static str>,
    pub said_at: DateTime<Utc>,
}

/// A contributing factor as seen in one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentFactor {
    pub factor: &'static str,
    pub note: String,
    pub added_by: &'static str,
    pub added_at: DateTime<Utc>,
}

/// One line of the story as it was lived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    pub happened_at: DateTime<Utc>,
    /// `observation`, `action`, `decision`, `communication`, `detection`, `change` or `status`.
    pub kind: &'static str,
    /// `person`, `deploy`, `alert`, `status_change` or `chat`.
    pub source: &'static str,
    /// Markdown.
    pub text: String,
    /// Handle of the writer; none for alerts and deploys.
    pub written_by: Option<&'static str>,
    pub deploy: Option<i64>,
    pub pinned: bool,
    pub evidence: Vec<Evidence>,
    /// When it was written down, which may be days after it happened.
    pub created_at: DateTime<Utc>,
}

/// A link that backs a timeline event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub url: String,
    pub label: String,
}

/// The write-up of one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmortem {
    pub incident: i64,
    /// `draft`, `published` or `not_needed`.
    pub status: &'static str,
    pub not_needed_reason: Option<String>,
    pub started_by: &'static str,
    pub created_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
    pub published_by: Option<&'static str>,
    /// Oldest first; empty when not needed. The last one is current, and published if the status says so.
    pub revisions: Vec<Revision>,
    /// Oldest first, never empty.
    pub steps: Vec<Step>,
}

/// One immutable text of a postmortem; its number is its place from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub markdown: String,
    pub note: String,
    pub written_by: &'static str,
    pub created_at: DateTime<Utc>,
}

/// A state change of a postmortem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `draft`, `published` or `not_needed`.
    pub status: &'static str,
    pub reason: String,
    /// The revision in force at that moment; 0 when there was none.
    pub revision: i64,
    pub taken_by: &'static str,
    pub happened_at: DateTime<Utc>,
}

/// A follow-up that is carried to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionItem {
    pub number: i64,
    /// None for the few that came from a meeting instead of an incident.
    pub incident: Option<i64>,
    pub title: String,
    pub details: String,
    /// `prevent`, `detect`, `mitigate`, `process` or `learn`.
    pub kind: &'static str,
    /// `open`, `in_progress`, `done`, `verified` or `declined`.
    pub status: &'static str,
    /// `P1` to `P4`.
    pub priority: &'static str,
    pub owner: Option<&'static str>,
    pub team: Option<&'static str>,
    pub factor: Option<&'static str>,
    pub due_on: Option<NaiveDate>,
    pub tracker_url: Option<String>,
    pub declined_reason: Option<String>,
    pub closed_at: Option<DateTime<Utc>>,
    pub created_by: &'static str,
    pub created_at: DateTime<Utc>,
    pub evidence: Vec<ActionEvidence>,
    /// Oldest first.
    pub changes: Vec<ActionChange>,
}

/// What shows that an action item is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEvidence {
    pub text: String,
    pub url: Option<String>,
    pub given_by: &'static str,
    pub given_at: DateTime<Utc>,
}

/// One change of one field of an action item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionChange {
    /// `status`, `due_on` or `owner`.
    pub field: &'static str,
    pub old_value: Option<String>,
    pub new_value: Option<String>,
    pub reason: String,
    pub changed_by: &'static str,
    pub changed_at: DateTime<Utc>,
}
