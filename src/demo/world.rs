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
    /// Every team.
    pub teams: Vec<Team>,
    /// Everyone with an account.
    pub people: Vec<Person>,
    /// Everything that the teams run.
    pub services: Vec<Service>,
    /// Every contributing factor that occurs.
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
    /// Short name in addresses; unique.
    pub slug: &'static str,
    /// Name as shown.
    pub name: &'static str,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Short name; unique.
    pub handle: &'static str,
    /// Full name.
    pub name: &'static str,
    /// Address under the company's example domain.
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
    /// Short name in addresses; unique.
    pub slug: &'static str,
    /// Name as shown.
    pub name: &'static str,
    /// Slug of the team that owns it.
    pub team: &'static str,
    /// 1 (everything stops without it) to 3.
    pub tier: i64,
    /// What it is for, in a sentence.
    pub description: &'static str,
    /// Where its code lives.
    pub repository_url: String,
    /// Runbook, dashboard, logs and pipeline.
    pub links: Vec<ServiceLink>,
    /// Slugs of the services it needs.
    pub depends_on: &'static [&'static str],
}

/// A place to look when the service hurts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLink {
    /// `runbook`, `dashboard`, `logs` or `pipeline`.
    pub kind: &'static str,
    /// Text of the link.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// A contributing factor, reused across incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Short name in addresses; unique.
    pub slug: &'static str,
    /// Name as shown.
    pub name: &'static str,
    /// What is meant, in a sentence.
    pub description: &'static str,
}

/// One recorded change to one service in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// The number of its key, `DEP-n`.
    pub number: i64,
    /// Slug of the service.
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
    /// The version that ran before in this lane; absent for the first.
    pub previous_version: Option<String>,
    /// The commit that ran before; for config and infrastructure, of the former change of settings.
    pub previous_commit_sha: Option<String>,
    /// What changed, in a line.
    pub summary: String,
    /// The pipeline's run; absent when done by hand.
    pub url: Option<String>,
    /// What lies between the two commits.
    pub compare_url: Option<String>,
    /// Handle of the person, or `ci`.
    pub deployed_by: String,
    /// `ci` or `hand`.
    pub source: &'static str,
    /// The sender's own name for it; unique with the source.
    pub external_id: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Absent while it is running.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who stood for what.
    pub trail: Vec<TrailEntry>,
    /// Pull requests and tickets.
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
    /// Handle of the person.
    pub handle: &'static str,
    /// When they said so.
    pub stood_at: Option<DateTime<Utc>>,
}

/// A pull request or a ticket that came with a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `pull_request` or `ticket`.
    pub kind: &'static str,
    /// `#123` or `PAY-123`.
    pub label: String,
    /// Where it is.
    pub url: String,
}

/// Something that hurt, or nearly.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The number of its key, `INC-n`.
    pub number: i64,
    /// The story it came from; stable across seeds.
    pub story: &'static str,
    /// What happened, in a line.
    pub title: String,
    /// `incident` or `near_miss`.
    pub kind: &'static str,
    /// `SEV1` to `SEV5`.
    pub severity: &'static str,
    /// `investigating`, `identified`, `mitigated` or `resolved`.
    pub status: &'static str,
    /// What happened, in a sentence or two.
    pub summary: String,
    /// When it began to hurt.
    pub started_at: DateTime<Utc>,
    /// When somebody or something noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// When somebody took it up.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it was understood.
    pub identified_at: Option<DateTime<Utc>>,
    /// When it stopped hurting.
    pub mitigated_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was declared; may be long after the start.
    pub declared_at: DateTime<Utc>,
    /// Handle of the person who declared it.
    pub declared_by: &'static str,
    /// Slugs of the services concerned; the first owns it.
    pub services: Vec<&'static str>,
    /// The lead first.
    pub roles: Vec<Role>,
    /// Free words.
    pub tags: Vec<String>,
    /// How much it hurt, in numbers.
    pub figures: Vec<ImpactFigure>,
    /// Times that were corrected later.
    pub corrections: Vec<TimeCorrection>,
    /// The deploys that have to do with it.
    pub links: Vec<DeployLink>,
    /// What contributed.
    pub factors: Vec<IncidentFactor>,
    /// In the order of their times.
    pub timeline: Vec<TimelineEvent>,
}

/// Who does what while an incident lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `lead`, `scribe` or `communications`.
    pub role: &'static str,
    /// Handle of the person.
    pub handle: &'static str,
    /// Since when.
    pub assigned_at: DateTime<Utc>,
}

/// A number that says how much it hurt.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpactFigure {
    /// What is counted.
    pub label: String,
    /// How much, in `unit`.
    pub amount: f64,
    /// `purchases`, `EUR`, `%` and the like.
    pub unit: String,
    /// Where the number was read.
    pub source: String,
    /// `measured` or `estimated`.
    pub basis: &'static str,
    /// Handle of the writer.
    pub created_by: &'static str,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

/// A time of the incident that was corrected later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeCorrection {
    /// `started`, `detected`, `acknowledged`, `identified`, `mitigated` or `resolved`.
    pub field: &'static str,
    /// The time that stood there before.
    pub old_at: DateTime<Utc>,
    /// The time that now stands in the incident.
    pub new_at: DateTime<Utc>,
    /// Why it was corrected.
    pub reason: String,
    /// Handle of the person.
    pub corrected_by: &'static str,
    /// When it was corrected.
    pub corrected_at: DateTime<Utc>,
}

/// What stands now between an incident and a deploy; it equals the last verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployLink {
    /// Number of the deploy.
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
    /// Why, in words.
    pub reason: String,
    /// Handle of the person; none when the machine said it, which only ever says `suspected`.
    pub said_by: Option<&'static str>,
    /// When it was said.
    pub said_at: DateTime<Utc>,
}

/// A contributing factor as seen in one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentFactor {
    /// Slug of the factor.
    pub factor: &'static str,
    /// How it showed here.
    pub note: String,
    /// Handle of the writer.
    pub added_by: &'static str,
    /// When it was added.
    pub added_at: DateTime<Utc>,
}

/// One line of the story as it was lived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// `observation`, `action`, `decision`, `communication`, `detection`, `change` or `status`.
    pub kind: &'static str,
    /// `person`, `deploy`, `alert`, `status_change` or `chat`.
    pub source: &'static str,
    /// Markdown.
    pub text: String,
    /// Handle of the writer; none for alerts and deploys.
    pub written_by: Option<&'static str>,
    /// Number of the deploy that it speaks of.
    pub deploy: Option<i64>,
    /// Whether it stands out as a key moment.
    pub pinned: bool,
    /// Links that back it; none means unsourced.
    pub evidence: Vec<Evidence>,
    /// When it was written down, which may be days after it happened.
    pub created_at: DateTime<Utc>,
}

/// A link that backs a timeline event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it is.
    pub url: String,
    /// Text of the link.
    pub label: String,
}

/// The write-up of one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmortem {
    /// Number of the incident.
    pub incident: i64,
    /// `draft`, `published` or `not_needed`.
    pub status: &'static str,
    /// Why there is none, when it is not needed.
    pub not_needed_reason: Option<String>,
    /// Handle of the person who began it.
    pub started_by: &'static str,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Handle of the person who published it.
    pub published_by: Option<&'static str>,
    /// Oldest first; empty when not needed. The last one is current, and published if the status says so.
    pub revisions: Vec<Revision>,
    /// Oldest first, never empty.
    pub steps: Vec<Step>,
}

/// One immutable text of a postmortem; its number is its place from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The whole text.
    pub markdown: String,
    /// What changed, in a line.
    pub note: String,
    /// Handle of the writer.
    pub written_by: &'static str,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
}

/// A state change of a postmortem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `draft`, `published` or `not_needed`.
    pub status: &'static str,
    /// Why, where a reason is asked for.
    pub reason: String,
    /// The revision in force at that moment; 0 when there was none.
    pub revision: i64,
    /// Handle of the person.
    pub taken_by: &'static str,
    /// When it was taken.
    pub happened_at: DateTime<Utc>,
}

/// A follow-up that is carried to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionItem {
    /// The number of its key, `ACT-n`.
    pub number: i64,
    /// None for the few that came from a meeting instead of an incident.
    pub incident: Option<i64>,
    /// What is to be done, in a line.
    pub title: String,
    /// More about it; often empty.
    pub details: String,
    /// `prevent`, `detect`, `mitigate`, `process` or `learn`.
    pub kind: &'static str,
    /// `open`, `in_progress`, `done`, `verified` or `declined`.
    pub status: &'static str,
    /// `P1` to `P4`.
    pub priority: &'static str,
    /// Handle of the owner, if it has one.
    pub owner: Option<&'static str>,
    /// Slug of the team.
    pub team: Option<&'static str>,
    /// Slug of the factor that it works against.
    pub factor: Option<&'static str>,
    /// The day by which it is due, if any.
    pub due_on: Option<NaiveDate>,
    /// The same item in the team's tracker.
    pub tracker_url: Option<String>,
    /// Why it was declined; only then.
    pub declined_reason: Option<String>,
    /// When it was done, verified or declined.
    pub closed_at: Option<DateTime<Utc>>,
    /// Handle of the writer.
    pub created_by: &'static str,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// What shows that it is done; never empty then.
    pub evidence: Vec<ActionEvidence>,
    /// Oldest first.
    pub changes: Vec<ActionChange>,
}

/// What shows that an action item is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEvidence {
    /// The evidence in words.
    pub text: String,
    /// Where it can be seen.
    pub url: Option<String>,
    /// Handle of the person.
    pub given_by: &'static str,
    /// When it was given.
    pub given_at: DateTime<Utc>,
}

/// One change of one field of an action item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionChange {
    /// `status`, `due_on` or `owner`.
    pub field: &'static str,
    /// What stood before.
    pub old_value: Option<String>,
    /// What stands since.
    pub new_value: Option<String>,
    /// Why; required for declining.
    pub reason: String,
    /// Handle of the person.
    pub changed_by: &'static str,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
}
