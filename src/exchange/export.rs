//! What leaves Debrief: an incident as JSON, whole, and its postmortem as Markdown with the
//! facts in front.
//!
//! The Markdown form carries the postmortem byte for byte and the facts a reader wants; the
//! JSON form carries everything and is what a move to another Debrief reads.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::front_matter::FrontMatter;
use super::postmortem_file::OWN_MARK;
use crate::markdown::split_front_matter;

/// Version of the shape below; raised when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// One incident with all that belongs to it. Words such as statuses are those of the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedIncident {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// `INC-42`.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// `incident` or `near_miss`.
    pub kind: String,
    /// `SEV1` to `SEV5`.
    pub severity: String,
    /// `investigating`, `identified`, `mitigated` or `resolved`.
    pub status: String,
    /// A few sentences of Markdown.
    pub summary: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// When somebody took it on.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it stopped hurting.
    pub mitigated_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was put on record.
    pub declared_at: Option<DateTime<Utc>>,
    /// Slugs of the services that were hit.
    pub services: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Who did what while it lasted.
    pub roles: Vec<ExportedRole>,
    /// What it cost, in numbers.
    pub impact_figures: Vec<ExportedImpactFigure>,
    /// Deploys it is linked to.
    pub deploys: Vec<ExportedDeployLink>,
    /// What happened when.
    pub timeline: Vec<ExportedTimelineEvent>,
    /// What contributed to it.
    pub contributing_factors: Vec<ExportedFactor>,
    /// What is to be done.
    pub action_items: Vec<ExportedActionItem>,
    /// The write-up; `None` while nobody started one.
    pub postmortem: Option<ExportedPostmortem>,
}

/// A person's role in an incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedRole {
    /// Name of the role, such as `incident_commander`.
    pub role: String,
    /// Email of the person.
    pub person: String,
}

/// An impact figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedImpactFigure {
    /// What was counted.
    pub name: String,
    /// The number, as it was typed.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
    /// `measured` or `estimated`.
    pub basis: String,
}

/// A link between the incident and a deploy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedDeployLink {
    /// `DEP-9`.
    pub deploy: String,
    /// `caused`, `contributed`, `suspected`, `ruled_out` or `fixed`.
    pub relation: String,
    /// Why.
    pub reason: String,
    /// Email of the person, or name of the program, that said so.
    pub said_by: String,
    /// When it was said.
    pub said_at: Option<DateTime<Utc>>,
}

/// An event of the timeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedTimelineEvent {
    /// Stays the same from export to export.
    pub id: String,
    /// When it happened.
    pub at: Option<DateTime<Utc>>,
    /// Its kind.
    pub kind: String,
    /// Markdown.
    pub text: String,
    /// `person`, `deploy`, `alert`, `status_change`, `chat` or `import`.
    pub source: String,
    /// Email of who wrote it.
    pub author: Option<String>,
    /// Addresses that prove it.
    pub evidence: Vec<String>,
}

/// A contributing factor of the incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedFactor {
    /// Its name, the same in each incident that shares it.
    pub name: String,
    /// How it played in here, in Markdown.
    pub note: String,
}

/// An action item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedActionItem {
    /// `ACT-7`.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// `prevent`, `detect`, `mitigate`, `process` or `learn`.
    pub kind: String,
    /// `open`, `in_progress`, `done`, `verified` or `declined`.
    pub status: String,
    /// `P1` to `P4`.
    pub priority: String,
    /// Email of the owner.
    pub owner: Option<String>,
    /// Slug of the owning team.
    pub team: Option<String>,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Name of the contributing factor it works against.
    pub factor: Option<String>,
    /// Address of the ticket.
    pub tracker_url: Option<String>,
    /// Addresses or sentences that show it is done.
    pub evidence: Vec<String>,
    /// Why it was declined.
    pub declined_reason: Option<String>,
    /// When it was written down.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was done.
    pub done_at: Option<DateTime<Utc>>,
    /// When it was verified.
    pub verified_at: Option<DateTime<Utc>>,
}

/// A postmortem with its revisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedPostmortem {
    /// `draft`, `in_review`, `published` or `not_needed`.
    pub status: String,
    /// The current text, byte for byte.
    pub markdown: String,
    /// All revisions, the oldest first; may be empty when only the current text is exported.
    pub revisions: Vec<ExportedRevision>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Why none is needed.
    pub not_needed_reason: Option<String>,
}

/// One revision of a postmortem.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportedRevision {
    /// From 1.
    pub number: i64,
    /// The text, byte for byte.
    pub markdown: String,
    /// Email of who saved it.
    pub author: Option<String>,
    /// When it was saved.
    pub saved_at: Option<DateTime<Utc>>,
}

/// A file of [`write_markdown`], read again.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadExport {
    /// The facts in front. Timeline, factors, roles and figures are in the JSON form only.
    pub incident: ExportedIncident,
    /// Facts that are not Debrief's own, or could not be read, as they stand in the file.
    pub unread: Vec<String>,
}

/// Why a file could not be taken as an export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// There is no front matter of Debrief.
    #[error(
        "This file was not written by Debrief: it has no front matter with \"{OWN_MARK}\". Import it as a plain postmortem."
    )]
    NotOurs,
    /// The file is from a later version.
    #[error(
        "This file was written by a newer Debrief (schema {found}, this one reads up to {SCHEMA_VERSION}). Upgrade Debrief and import it again."
    )]
    Newer {
        /// Version in the file.
        found: u32,
    },
}

/// An instant as it stands in every export: RFC 3339, UTC, with as many digits as it needs.
fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Writes the Markdown form: front matter, then the exact bytes of the postmortem.
pub fn write_markdown(incident: &ExportedIncident) -> String {
    let mut front = FrontMatter::default();
    front.push_text(OWN_MARK, SCHEMA_VERSION.to_string());
    for (key, value) in [
        ("key", &incident.key),
        ("title", &incident.title),
        ("kind", &incident.kind),
        ("severity", &incident.severity),
        ("status", &incident.status),
        ("summary", &incident.summary),
    ] {
        if !value.is_empty() {
            front.push_text(key, value);
        }
    }
    for (key, at) in [
        ("started_at", incident.started_at),
        ("detected_at", incident.detected_at),
        ("acknowledged_at", incident.acknowledged_at),
        ("mitigated_at", incident.mitigated_at),
        ("resolved_at", incident.resolved_at),
        ("declared_at", incident.declared_at),
    ] {
        if let Some(at) = at {
            front.push_text(key, written(at));
        }
    }
    if !incident.services.is_empty() {
        front.push_list("services", incident.services.clone());
    }
    if !incident.tags.is_empty() {
        front.push_list("tags", incident.tags.clone());
    }
    if !incident.deploys.is_empty() {
        let links = incident.deploys.iter().map(|link| (link.deploy.clone(), link.relation.clone())).collect();
        front.push_map("deploys", links);
    }
    if !incident.action_items.is_empty() {
        let items = incident.action_items.iter().map(|item| (item.key.clone(), item.status.clone())).collect();
        front.push_map("action_items", items);
    }
    let mut body = "";
    if let Some(postmortem) = &incident.postmortem {
        front.push_text("postmortem", &*postmortem.status);
        if let Some(at) = postmortem.published_at {
            front.push_text("published_at", written(at));
        }
        if let Some(reason) = &postmortem.not_needed_reason {
            front.push_text("not_needed_reason", reason);
        }
        body = &postmortem.markdown;
    }
    format!("---\n{}---\n{body}", front.write_yaml())
}

/// Reads what [`write_markdown`] wrote; the body comes back byte for byte.
///
/// # Errors
/// [`ExportError`] when the file is not an export, or one of a later version.
pub fn read_markdown(text: &str) -> Result<ReadExport, ExportError> {
    let split = split_front_matter(text).ok_or(ExportError::NotOurs)?;
    let front = FrontMatter::read_yaml(split.inner);
    let schema_version =
        front.text(OWN_MARK).and_then(|version| version.trim().parse().ok()).ok_or(ExportError::NotOurs)?;
    if schema_version > SCHEMA_VERSION {
        return Err(ExportError::Newer { found: schema_version });
    }
    let mut unread = front.unread.clone();
    let word = |key: &str| front.text(key).unwrap_or_default().to_owned();
    let mut at = |key: &str| {
        let told = front.text(key)?;
        match DateTime::parse_from_rfc3339(told) {
            Ok(at) => Some(at.with_timezone(&Utc)),
            Err(_) => {
                unread.push(format!("{key}: {told}"));
                None
            }
        }
    };
    let incident = ExportedIncident {
        schema_version,
        key: word("key"),
        title: word("title"),
        kind: word("kind"),
        severity: word("severity"),
        status: word("status"),
        summary: word("summary"),
        started_at: at("started_at"),
        detected_at: at("detected_at"),
        acknowledged_at: at("acknowledged_at"),
        mitigated_at: at("mitigated_at"),
        resolved_at: at("resolved_at"),
        declared_at: at("declared_at"),
        services: front.list("services"),
        tags: front.list("tags"),
        deploys: front
            .map("deploys")
            .iter()
            .map(|(deploy, relation)| ExportedDeployLink {
                deploy: deploy.clone(),
                relation: relation.clone(),
                ..ExportedDeployLink::default()
            })
            .collect(),
        action_items: front
            .map("action_items")
            .iter()
            .map(|(key, status)| ExportedActionItem {
                key: key.clone(),
                status: status.clone(),
                ..ExportedActionItem::default()
            })
            .collect(),
        postmortem: front.get("postmortem").map(|_| ExportedPostmortem {
            status: word("postmortem"),
            markdown: split.body.to_owned(),
            revisions: Vec::new(),
            published_at: at("published_at"),
            not_needed_reason: front.text("not_needed_reason").map(str::to_owned),
        }),
        ..ExportedIncident::default()
    };
    Ok(ReadExport { incident, unread })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn sample() -> ExportedIncident {
        ExportedIncident {
            schema_version: SCHEMA_VERSION,
            key: "INC-42".to_owned(),
            title: "Disk: \"full\"".to_owned(),
            kind: "incident".to_owned(),
            severity: "SEV2".to_owned(),
            status: "resolved".to_owned(),
            started_at: Utc.with_ymd_and_hms(2026, 3, 4, 10, 0, 0).single(),
            services: vec!["shop".to_owned()],
            deploys: vec![ExportedDeployLink {
                deploy: "DEP-9".to_owned(),
                relation: "caused".to_owned(),
                ..ExportedDeployLink::default()
            }],
            action_items: vec![ExportedActionItem {
                key: "ACT-7".to_owned(),
                status: "open".to_owned(),
                ..ExportedActionItem::default()
            }],
            postmortem: Some(ExportedPostmortem {
                status: "published".to_owned(),
                markdown: "---\ntitle: kept\n---\r\n# Body".to_owned(),
                ..ExportedPostmortem::default()
            }),
            ..ExportedIncident::default()
        }
    }

    #[test]
    fn the_markdown_form_reads_well() {
        assert_eq!(
            write_markdown(&sample()),
            "---\ndebrief: \"1\"\nkey: INC-42\ntitle: \"Disk: \\\"full\\\"\"\nkind: incident\nseverity: SEV2\nstatus: resolved\n\
             started_at: \"2026-03-04T10:00:00Z\"\nservices: [shop]\ndeploys:\n  DEP-9: caused\naction_items:\n  ACT-7: open\n\
             postmortem: published\n---\n---\ntitle: kept\n---\r\n# Body"
        );
        assert_eq!(read_markdown(&write_markdown(&sample())).unwrap().incident, sample());
    }

    #[test]
    fn an_import_sees_the_same_body_and_key() {
        let read = crate::exchange::postmortem_file::read("INC-42.md", &write_markdown(&sample()));
        assert_eq!(read.key.as_deref(), Some("INC-42"));
        assert_eq!(read.title, "Disk: \"full\"");
        assert_eq!(read.markdown, sample().postmortem.unwrap().markdown);
        assert_eq!(read.started_at, sample().started_at);
    }

    #[test]
    fn strangers_and_newer_files_are_refused_with_a_sentence() {
        assert_eq!(read_markdown("# x\n"), Err(ExportError::NotOurs));
        assert_eq!(read_markdown("---\ntitle: x\n---\n"), Err(ExportError::NotOurs));
        let newer = read_markdown("---\ndebrief: 99\n---\n").unwrap_err();
        assert!(newer.to_string().contains("Upgrade Debrief"), "{newer}");
    }

    fn any_incident() -> impl Strategy<Value = ExportedIncident> {
        let text = "\\PC{0,30}|[ -~]{0,30}";
        let body = "[ -~\r\n]{0,200}|\\PC{0,60}|---\n[a-z]{1,5}: [a-z]{0,5}\n---\n[a-z\n]{0,20}";
        let at = proptest::option::of(
            (0_i64..4_000_000_000, 0_u32..1_000_000)
                .prop_map(|(seconds, micros)| Utc.timestamp_opt(seconds, micros * 1_000).single().expect("in range")),
        );
        (
            (text, text, at.clone(), at),
            proptest::collection::vec("[a-z][a-z0-9-]{0,9}|\\PC{1,9}", 0..4),
            proptest::option::of((
                body,
                "draft|published|not_needed",
                proptest::option::of("[ -~]{0,3}[a-z][ -~]{0,9}"),
            )),
        )
            .prop_map(|((title, summary, started_at, resolved_at), services, postmortem)| ExportedIncident {
                schema_version: SCHEMA_VERSION,
                key: "INC-1".to_owned(),
                title: if title.trim().is_empty() { "x".to_owned() } else { title },
                summary: if summary.trim().is_empty() { String::new() } else { summary },
                started_at,
                resolved_at,
                services,
                postmortem: postmortem.map(|(markdown, status, not_needed_reason)| ExportedPostmortem {
                    status,
                    markdown,
                    not_needed_reason,
                    ..ExportedPostmortem::default()
                }),
                ..ExportedIncident::default()
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_forms_come_back_the_same(incident in any_incident()) {
            let read = read_markdown(&write_markdown(&incident)).unwrap();
            prop_assert_eq!(&read.incident, &incident);
            prop_assert_eq!(read.unread, Vec::<String>::new());
            let json = serde_json::to_string(&incident).unwrap();
            prop_assert_eq!(serde_json::from_str::<ExportedIncident>(&json).unwrap(), incident);
        }

        #[test]
        fn any_file_is_read_without_a_panic(name in "[ -~]{0,40}|\\PC{0,20}", text in "[ -~\n]{0,300}|\\PC{0,100}") {
            let read = crate::exchange::postmortem_file::read(&name, &text);
            prop_assert!(!read.title.trim().is_empty());
            let _ = read_markdown(&text);
        }

        #[test]
        fn any_mix_of_shapes_is_read_without_a_panic(parts in proptest::collection::vec(proptest::sample::select(vec![
            "# ", "## Timeline\n", "## Action items\n", "- [x] ", "- ", "2019-03-04", " 10:00", "25:61", " UTC", "+02:00", " - ", "\n", "\n\n",
            "| Date | Start |\n|---|---|\n", "| a | b |\n", "|", "**Date:** ", "Duration: ", "1h30m", "half ", "99999999 hours", "March 4th, 2019",
            "---\n", "title: ", "date: ", "```\n", "<td>", "<!--", "[x](", ")", "é☃", "SEV", "Severity: é", "P", "4pm", "12am ", "::", "T", "Z",
            "9999-12-31 23:59", "Start: ", "End: ", "All times in PST\n",
        ]), 0..40)) {
            let text = parts.concat();
            let read = crate::exchange::postmortem_file::read(&text, &text);
            prop_assert!(!read.title.trim().is_empty());
        }
    }
}
