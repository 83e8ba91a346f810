//! The shapes in which records leave Debrief and come back.
//!
//! People stand in them as handles, services, teams and factors as slugs, deploys as keys; nothing has a row id.
//! Lists stand in the order in which they were written, so that the same records always give the same bytes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// Version of the shapes below; raised when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// Declares a shape: every field may be missing in a file that is read.
macro_rules! shape {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),+ }
    };
}

shape! {
    /// One incident with all that belongs to it. Words such as statuses are those of the API.
    pub struct ExportedIncident {
        /// [`SCHEMA_VERSION`] of the writer.
        schema_version: u32,
        /// `INC-42`.
        key: String,
        /// What it is called.
        title: String,
        /// `incident` or `near_miss`.
        kind: String,
        /// `SEV1` to `SEV5`.
        severity: String,
        /// `investigating`, `identified`, `mitigated` or `resolved`.
        status: String,
        /// A few sentences of Markdown.
        summary: String,
        /// When it began.
        started_at: Option<Moment>,
        /// When it was noticed.
        detected_at: Option<Moment>,
        /// When somebody took it on.
        acknowledged_at: Option<Moment>,
        /// When it became known why.
        identified_at: Option<Moment>,
        /// When it stopped hurting.
        mitigated_at: Option<Moment>,
        /// When it was over.
        resolved_at: Option<Moment>,
        /// When it was put on record.
        declared_at: Option<Moment>,
        /// Who put it on record.
        declared_by: Option<String>,
        /// The file of another tool that it was read from.
        imported_from: Option<String>,
        /// Counts changes.
        revision: i64,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// Slugs of the services that were hit.
        services: Vec<String>,
        /// Tags.
        tags: Vec<String>,
        /// Who did what while it lasted.
        roles: Vec<ExportedRole>,
        /// What it cost, in numbers.
        impact_figures: Vec<ExportedImpactFigure>,
        /// Times that were changed later, with what they were.
        time_corrections: Vec<ExportedCorrection>,
        /// Deploys it is linked to.
        deploys: Vec<ExportedVerdict>,
        /// Every word that was ever said about a deploy and this incident.
        deploy_verdicts: Vec<ExportedVerdict>,
        /// What happened when, deleted events included.
        timeline: Vec<ExportedTimelineEvent>,
        /// What contributed to it.
        contributing_factors: Vec<ExportedIncidentFactor>,
        /// What is to be done.
        action_items: Vec<ExportedActionItem>,
        /// The write-up; `None` while nobody started one.
        postmortem: Option<ExportedPostmortem>,
    }
}

shape! {
    /// A person's role in an incident.
    pub struct ExportedRole {
        /// Name of the role, such as `lead`.
        role: String,
        /// Handle of the person.
        person: String,
        /// Since when.
        assigned_at: Option<Moment>,
    }
}

shape! {
    /// An impact figure.
    pub struct ExportedImpactFigure {
        /// What was counted.
        label: String,
        /// The number in full.
        amount: String,
        /// Its unit.
        unit: String,
        /// Where it comes from.
        source: String,
        /// `measured` or `estimated`.
        basis: String,
        /// Who wrote it down.
        created_by: Option<String>,
        /// When.
        created_at: Option<Moment>,
    }
}

shape! {
    /// A time that was changed.
    pub struct ExportedCorrection {
        /// Which time, such as `started_at`.
        field: String,
        /// What it was.
        old_at: Option<Moment>,
        /// What it became.
        new_at: Option<Moment>,
        /// Why.
        reason: String,
        /// Who changed it.
        corrected_by: Option<String>,
        /// When.
        corrected_at: Option<Moment>,
    }
}

shape! {
    /// What was said about the incident and a deploy.
    pub struct ExportedVerdict {
        /// `DEP-9`.
        deploy: String,
        /// `caused`, `contributed`, `suspected`, `ruled_out`, `fixed`; among verdicts also `unlinked`.
        relation: String,
        /// Why.
        reason: String,
        /// Name of the person or program that said so.
        said_by: String,
        /// Handle of the person.
        person: Option<String>,
        /// When it was said.
        said_at: Option<Moment>,
    }
}

shape! {
    /// An event of the timeline.
    pub struct ExportedTimelineEvent {
        /// `INC-42-E3`: the third event ever written for this incident; the same in every export.
        id: String,
        /// When it happened.
        happened_at: Option<Moment>,
        /// Its kind.
        kind: String,
        /// `person`, `deploy`, `alert`, `status_change`, `chat` or `import`.
        source: String,
        /// Markdown.
        text: String,
        /// Handle of who wrote it.
        author: Option<String>,
        /// The deploy that it speaks of.
        deploy: Option<String>,
        /// Whether it stands on top.
        pinned: bool,
        /// Counts changes.
        revision: i64,
        /// When it was written.
        created_at: Option<Moment>,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// When it was deleted.
        deleted_at: Option<Moment>,
        /// Who deleted it.
        deleted_by: Option<String>,
        /// What proves it.
        evidence: Vec<ExportedLink>,
    }
}

shape! {
    /// A link with its words.
    pub struct ExportedLink {
        /// Where it leads.
        url: String,
        /// What stands on it.
        label: String,
    }
}

shape! {
    /// A contributing factor on the incident.
    pub struct ExportedIncidentFactor {
        /// Its slug, the same in each incident that shares it.
        factor: String,
        /// Its name.
        name: String,
        /// How it played in here, in Markdown.
        note: String,
        /// Who named it.
        person: Option<String>,
        /// When.
        added_at: Option<Moment>,
    }
}

shape! {
    /// An action item.
    pub struct ExportedActionItem {
        /// `ACT-7`.
        key: String,
        /// What is to be done.
        title: String,
        /// The same at length, in Markdown.
        details: String,
        /// `prevent`, `detect`, `mitigate`, `process` or `learn`.
        kind: String,
        /// `open`, `in_progress`, `done`, `verified` or `declined`.
        status: String,
        /// `P1` to `P4`.
        priority: String,
        /// Handle of the owner.
        owner: Option<String>,
        /// Slug of the owning team.
        team: Option<String>,
        /// Slug of the contributing factor it works against.
        factor: Option<String>,
        /// Due date.
        due_on: Option<NaiveDate>,
        /// Address of the ticket.
        tracker_url: Option<String>,
        /// Why it was declined.
        declined_reason: Option<String>,
        /// When to look at it again.
        look_again_on: Option<NaiveDate>,
        /// When it was done or declined.
        closed_at: Option<Moment>,
        /// Who finished it.
        done_by: Option<String>,
        /// Since when something stands in the way.
        blocked_at: Option<Moment>,
        /// What that is.
        blocked_reason: Option<String>,
        /// How often its due date was moved back.
        put_off_count: i64,
        /// By when it must have an owner.
        assign_by: Option<NaiveDate>,
        /// When its owner is asked whether it works.
        check_on: Option<NaiveDate>,
        /// What the answer was: `works` or `came_back`.
        effect: Option<String>,
        /// When it was split into others or merged into another.
        replaced_at: Option<Moment>,
        /// Who wrote it down.
        created_by: Option<String>,
        /// Counts changes.
        revision: i64,
        /// When it was written down.
        created_at: Option<Moment>,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// What shows that it is done.
        evidence: Vec<ExportedEvidence>,
        /// What became of it, step by step.
        history: Vec<ExportedChange>,
    }
}

shape! {
    /// Evidence of an action item.
    pub struct ExportedEvidence {
        /// As it was given.
        text: String,
        /// Where it leads.
        url: Option<String>,
        /// Who gave it.
        person: Option<String>,
        /// When.
        given_at: Option<Moment>,
    }
}

shape! {
    /// A line of an action item's history.
    pub struct ExportedChange {
        /// What changed.
        field: String,
        /// What it was.
        old_value: Option<String>,
        /// What it became.
        new_value: Option<String>,
        /// Why.
        reason: String,
        /// Who changed it.
        person: Option<String>,
        /// When.
        changed_at: Option<Moment>,
    }
}

shape! {
    /// A postmortem with its revisions.
    pub struct ExportedPostmortem {
        /// `draft`, `in_review`, `published` or `not_needed`.
        status: String,
        /// The newest revision's number.
        current_revision: i64,
        /// The revision that readers see.
        published_revision: Option<i64>,
        /// When it was published.
        published_at: Option<Moment>,
        /// Who published it.
        published_by: Option<String>,
        /// Why none is needed.
        not_needed_reason: Option<String>,
        /// Who started it.
        started_by: Option<String>,
        /// When it was started.
        created_at: Option<Moment>,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// All revisions, the oldest first.
        revisions: Vec<ExportedRevision>,
        /// Drafted, published, reopened.
        steps: Vec<ExportedStep>,
    }
}

impl ExportedPostmortem {
    /// The newest text; empty when there is none.
    pub fn markdown(&self) -> &str {
        self.revisions.last().map_or("", |revision| &revision.markdown)
    }
}

shape! {
    /// A picture; its bytes are a file beside the list.
    pub struct ExportedPicture {
        /// Its place in addresses.
        token: String,
        /// The incident whose texts it is for.
        incident: String,
        /// The file that holds it, from the list's folder.
        file: String,
        /// What it was called when it came.
        file_name: String,
        /// When it came.
        created_at: Option<Moment>,
    }
}

shape! {
    /// One revision of a postmortem.
    pub struct ExportedRevision {
        /// From 1.
        number: i64,
        /// The revision that its writer started from.
        base_number: Option<i64>,
        /// The text, byte for byte.
        markdown: String,
        /// What readers see in its place since it was published, where that differs.
        frozen_markdown: Option<String>,
        /// Where it came from, when not from the editor.
        note: String,
        /// Handle of who saved it.
        person: Option<String>,
        /// When it was saved.
        created_at: Option<Moment>,
    }
}

shape! {
    /// A step of a postmortem.
    pub struct ExportedStep {
        /// What it became.
        status: String,
        /// Why.
        reason: String,
        /// The newest revision at the time.
        revision: i64,
        /// Who.
        person: Option<String>,
        /// When.
        happened_at: Option<Moment>,
    }
}

shape! {
    /// A person: name and address, no password and no rights.
    pub struct ExportedPerson {
        /// Short name.
        handle: String,
        /// Full name.
        name: String,
        /// Address.
        email: String,
    }
}

shape! {
    /// A team and its members' handles.
    pub struct ExportedTeam {
        /// Its place in addresses.
        slug: String,
        /// Its name.
        name: String,
        /// When it was added.
        created_at: Option<Moment>,
        /// Handles.
        members: Vec<String>,
    }
}

shape! {
    /// A service.
    pub struct ExportedService {
        /// Its place in addresses.
        slug: String,
        /// Its name.
        name: String,
        /// Slug of the owner.
        team: Option<String>,
        /// 1 to 4.
        tier: i64,
        /// In Markdown.
        description: String,
        /// Where its source is.
        repository_url: Option<String>,
        /// Counts changes.
        revision: i64,
        /// When it was added.
        created_at: Option<Moment>,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// Slugs of what it needs.
        depends_on: Vec<String>,
        /// Runbook, dashboard and so on.
        links: Vec<ExportedServiceLink>,
    }
}

shape! {
    /// A link of a service.
    pub struct ExportedServiceLink {
        /// `runbook`, `dashboard`, `logs`, `pipeline` or `other`.
        kind: String,
        /// What stands on it.
        label: String,
        /// Where it leads.
        url: String,
    }
}

shape! {
    /// A contributing factor.
    pub struct ExportedFactor {
        /// Its place in addresses.
        slug: String,
        /// Its name.
        name: String,
        /// What is meant.
        description: String,
        /// When it was first named.
        created_at: Option<Moment>,
    }
}

shape! {
    /// A deploy with its trail.
    pub struct ExportedDeploy {
        /// `DEP-9`.
        key: String,
        /// Slug of the service.
        service: String,
        /// Where.
        environment: String,
        /// `deploy`, `rollback`, `config`, `flag`, `migration` or `infrastructure`.
        kind: String,
        /// `started`, `succeeded`, `failed` or `rolled_back`.
        status: String,
        /// Release, tag or branch.
        version: Option<String>,
        /// The commit.
        commit_sha: Option<String>,
        /// The version that ran before.
        previous_version: Option<String>,
        /// The commit that ran before.
        previous_commit_sha: Option<String>,
        /// What it brings, in Markdown.
        summary: String,
        /// The pipeline's run.
        url: Option<String>,
        /// What changed, commit by commit.
        compare_url: Option<String>,
        /// Who sent it out.
        deployed_by: Option<String>,
        /// Who recorded it.
        source: String,
        /// The source's own number for it.
        external_id: Option<String>,
        /// When it began.
        started_at: Option<Moment>,
        /// When it was over.
        finished_at: Option<Moment>,
        /// When it took effect.
        happened_at: Option<Moment>,
        /// Counts changes.
        revision: i64,
        /// When it was recorded.
        created_at: Option<Moment>,
        /// When it was last changed.
        updated_at: Option<Moment>,
        /// Who stood for what.
        people: Vec<ExportedDeployPerson>,
        /// Pull requests and tickets.
        references: Vec<ExportedReference>,
    }
}

shape! {
    /// Somebody in a deploy's trail.
    pub struct ExportedDeployPerson {
        /// `author`, `reviewer`, `qa`, `approver` or `deployer`.
        part: String,
        /// The name as it was given.
        name: String,
        /// Handle, when it is somebody known.
        person: Option<String>,
        /// When they stood for it.
        stood_at: Option<Moment>,
    }
}

shape! {
    /// A pull request or ticket.
    pub struct ExportedReference {
        /// `pull_request` or `ticket`.
        kind: String,
        /// What stands on it.
        label: String,
        /// Where it leads.
        url: Option<String>,
    }
}

shape! {
    /// What stands in the folder of an export.
    pub struct ExportedIndex {
        /// [`SCHEMA_VERSION`]; marks the folder as an export.
        debrief: u32,
        /// Keys of the incidents, in order.
        incidents: Vec<String>,
        /// How many deploys there are.
        deploy_count: u64,
    }
}
