//! What a postmortem file of another tool becomes here. Pure.

use crate::clock::Moment;
use crate::exchange::postmortem_file::{ReadActionItem, ReadPostmortem, TimePrecision};
use crate::exchange::standing::Standing;
use crate::exchange::tools::Told;
use crate::exchange::wire::{
    ExportedActionItem, ExportedChange, ExportedEvidence, ExportedIncident, ExportedPostmortem, ExportedRevision,
    ExportedStep, ExportedTimelineEvent,
};
use crate::markdown::{outline, plain_text};
use crate::web::fields::slugify;

/// Longest summary that is taken from a text, in characters.
const SUMMARY_LIMIT: usize = 500;
/// What the timeline says where it began.
const STARTED: &str = "The incident started.";
/// What it says where it ended.
const RESOLVED: &str = "The incident was resolved.";
/// Longest tag, in characters.
const TAG_LIMIT: usize = crate::incidents::model::TAG_LIMIT;

/// An incident that is ready to be brought in, and what a person should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The incident without a number.
    pub incident: ExportedIncident,
    /// Sentences.
    pub remarks: Vec<String>,
}

/// Plans the import of a file that was read from `origin` at `now`.
pub fn plan(read: ReadPostmortem, origin: &str, now: Moment) -> Plan {
    let mut remarks: Vec<String> = read.remarks.iter().map(|remark| remark.text.clone()).collect();
    let times = times(&read, now, &mut remarks);
    let severity = read.severity.clone().unwrap_or_else(|| {
        remarks.push("No severity was found; SEV3 stands in for it.".to_owned());
        "SEV3".to_owned()
    });
    let action_items: Vec<ExportedActionItem> =
        read.action_items.iter().map(|item| action_item(item, origin, now)).collect();
    if !action_items.is_empty() {
        let done = action_items.iter().filter(|item| item.status == "done").count();
        let count = action_items.len();
        // Most follow-ups of postmortems are fixes, and prevent is also what the form offers first.
        remarks.push(format!(
            "Action items read: {count}, done: {done}. The file does not tell their kind and priority; prevent and P3 stand in."
        ));
    }
    let mut services: Vec<String> = Vec::new();
    for name in &read.services {
        let slug = slugify(name);
        if !slug.is_empty() && !services.iter().any(|known| slugify(known) == slug) {
            services.push(name.trim().to_owned());
        }
    }
    let mut tags: Vec<String> =
        read.tags.iter().map(|tag| cut(tag.trim(), TAG_LIMIT)).filter(|tag| !tag.is_empty()).collect();
    tags.sort();
    tags.dedup();
    let written = ExportedPostmortem {
        current_revision: 1,
        created_at: Some(now),
        updated_at: Some(now),
        revisions: vec![ExportedRevision {
            number: 1,
            note: format!("Imported from {origin}"),
            created_at: Some(now),
            ..ExportedRevision::default()
        }],
        steps: vec![ExportedStep {
            reason: format!("Imported from {origin}"),
            revision: 1,
            happened_at: Some(now),
            ..ExportedStep::default()
        }],
        ..ExportedPostmortem::default()
    };
    let mut incident = ExportedIncident {
        title: read.title.clone(),
        kind: "incident".to_owned(),
        severity,
        status: "resolved".to_owned(),
        summary: summary(&read.markdown),
        declared_at: Some(now),
        imported_from: Some(origin.to_owned()),
        updated_at: Some(now),
        services,
        tags,
        action_items,
        postmortem: Some(written),
        ..times
    };
    incident.timeline = timeline(&incident, origin, now);
    if let Some(revision) = incident.postmortem.as_mut().and_then(|written| written.revisions.first_mut()) {
        // Byte for byte: nothing of the file is lost, also where little of it was understood.
        revision.markdown = read.markdown;
    }
    if read.standing != Standing::Published {
        remarks.push(format!("It calls itself {}, so it is not published here.", read.standing.words()));
    }
    let mut plan = Plan { incident, remarks };
    plan.set_standing(read.standing);
    plan
}

impl Plan {
    /// How far its text is; nothing for an incident without one.
    pub fn standing(&self) -> Option<Standing> {
        Standing::from_word(&self.incident.postmortem.as_ref()?.status)
    }

    /// Says how far its text is. A published one counts as published when its incident was over.
    pub fn set_standing(&mut self, standing: Standing) {
        let over_at = self.incident.resolved_at;
        let Some(written) = &mut self.incident.postmortem else { return };
        let is_published = standing == Standing::Published;
        written.status = standing.as_str().to_owned();
        written.published_revision = is_published.then_some(written.current_revision);
        written.published_at = over_at.filter(|_| is_published);
        if let Some(step) = written.steps.last_mut() {
            step.status = standing.as_str().to_owned();
        }
    }

    /// Corrects when it began and was over. Times between them that no longer fit are left out.
    pub fn set_times(&mut self, started_at: Moment, resolved_at: Moment) {
        let incident = &mut self.incident;
        for event in incident.timeline.iter_mut().filter(|event| event.source == "import" && event.kind == "status") {
            if event.happened_at == incident.started_at && event.text == STARTED {
                event.happened_at = Some(started_at);
            } else if event.happened_at == incident.resolved_at && event.text == RESOLVED {
                event.happened_at = Some(resolved_at);
            }
        }
        let is_told = incident.timeline.iter().any(|event| event.text == RESOLVED);
        if !is_told && resolved_at != started_at {
            let now = incident.declared_at.unwrap_or(resolved_at);
            incident.timeline.push(imported_event(Some(resolved_at), "status", RESOLVED.to_owned(), now));
        }
        let fits = |at: &Moment| (started_at..=resolved_at).contains(at);
        incident.detected_at = incident.detected_at.filter(fits);
        incident.acknowledged_at = incident.acknowledged_at.filter(fits);
        incident.identified_at = incident.identified_at.filter(fits);
        incident.mitigated_at = incident.mitigated_at.filter(fits);
        incident.started_at = Some(started_at);
        incident.resolved_at = Some(resolved_at);
        incident.timeline.sort_by_key(|event| event.happened_at);
        if let Some(standing) = self.standing() {
            self.set_standing(standing);
        }
    }
}

/// Plans the import of an incident of another tool, as a file at `shown` tells it.
pub fn plan_told(told: Told, shown: &str, now: Moment) -> Plan {
    let origin = format!("{shown}#{}", told.id);
    let mut plan = plan(told.read, &origin, now);
    let mut later = 0;
    for event in told.events {
        match Some(Moment::from_chrono(event.at)).filter(|at| at.millis() >= 0 && *at <= now) {
            Some(at) => plan.incident.timeline.push(imported_event(Some(at), "note", event.text, now)),
            None => later += 1,
        }
    }
    plan.incident.timeline.sort_by_key(|event| event.happened_at);
    if later > 0 {
        plan.remarks.push(format!(
            "{later} entries of its timeline lie in the future and were left out of it; the text has them."
        ));
    }
    plan.remarks.insert(0, format!("Read as {} hands it out.", told.tool));
    plan
}

/// The times in order.
fn times(read: &ReadPostmortem, now: Moment, remarks: &mut Vec<String>) -> ExportedIncident {
    let usable = |at: chrono::DateTime<chrono::Utc>| Some(Moment::from_chrono(at)).filter(|at| at.millis() >= 0);
    let told = read.started_at.and_then(usable);
    let start = match told {
        Some(at) if at <= now => at,
        Some(_) => {
            remarks.push(
                "The start that was found lies in the future; the time of the import stands in for it.".to_owned(),
            );
            now
        }
        None => {
            remarks
                .push("The time of the import stands in for the start; correct it on the incident's page.".to_owned());
            now
        }
    };
    if read.started_at.is_some() && read.time_precision == TimePrecision::Day {
        remarks.push("Only the day of the start is known; midnight UTC stands in for the time.".to_owned());
    }
    let by_length = read
        .duration_minutes
        .filter(|minutes| (0..=60 * 24 * 366).contains(minutes))
        .map(|minutes| start.plus_s(minutes * 60));
    let end = read.resolved_at.and_then(usable).or(by_length).filter(|end| (start..=now).contains(end));
    if end.is_none() {
        remarks.push("No end was found; it is resolved at its start until somebody corrects it.".to_owned());
    }
    let end = end.unwrap_or(start);
    let between =
        |at: Option<chrono::DateTime<chrono::Utc>>| at.and_then(usable).filter(|at| (start..=end).contains(at));
    let detected = between(read.detected_at);
    let mitigated = between(read.mitigated_at).filter(|at| detected.is_none_or(|detected| detected <= *at));
    for (what, told, kept) in [("detection", read.detected_at, detected), ("mitigation", read.mitigated_at, mitigated)]
    {
        if let (Some(told), None) = (told, kept) {
            remarks.push(format!("The {what} at {told} does not go with the other times and was left out."));
        }
    }
    ExportedIncident {
        started_at: Some(start),
        detected_at: detected,
        mitigated_at: mitigated,
        resolved_at: Some(end),
        ..ExportedIncident::default()
    }
}

fn imported_event(at: Option<Moment>, kind: &str, text: String, now: Moment) -> ExportedTimelineEvent {
    ExportedTimelineEvent {
        happened_at: at,
        kind: kind.to_owned(),
        source: "import".to_owned(),
        text,
        created_at: Some(now),
        updated_at: Some(now),
        ..ExportedTimelineEvent::default()
    }
}

fn timeline(incident: &ExportedIncident, origin: &str, now: Moment) -> Vec<ExportedTimelineEvent> {
    let event = |at: Option<Moment>, kind: &str, text: String| imported_event(at, kind, text, now);
    let mut events = vec![event(incident.started_at, "status", STARTED.to_owned())];
    if incident.resolved_at != incident.started_at {
        events.push(event(incident.resolved_at, "status", RESOLVED.to_owned()));
    }
    events.push(event(Some(now), "note", format!("Imported from `{}`.", origin.replace('`', "'"))));
    events
}

fn action_item(item: &ReadActionItem, origin: &str, now: Moment) -> ExportedActionItem {
    let change = |old: Option<&str>, new: &str| ExportedChange {
        field: "status".to_owned(),
        old_value: old.map(str::to_owned),
        new_value: Some(new.to_owned()),
        reason: format!("Imported from {origin}"),
        changed_at: Some(now),
        ..ExportedChange::default()
    };
    let mut history = vec![change(None, "open")];
    let mut evidence = Vec::new();
    if item.done {
        history.push(change(Some("open"), "done"));
        evidence.push(ExportedEvidence {
            text: item.url.clone().unwrap_or_else(|| format!("ticked in {origin}")),
            url: item.url.clone(),
            person: None,
            given_at: Some(now),
        });
    }
    ExportedActionItem {
        title: item.title.clone(),
        kind: "prevent".to_owned(),
        status: if item.done { "done" } else { "open" }.to_owned(),
        priority: "P3".to_owned(),
        tracker_url: item.url.clone(),
        closed_at: item.done.then_some(now),
        created_at: Some(now),
        updated_at: Some(now),
        evidence,
        history,
        ..ExportedActionItem::default()
    }
}

/// The first paragraph under a heading that says summary; empty when there is none.
fn summary(markdown: &str) -> String {
    let is_there = outline(markdown).iter().any(|heading| is_summary(&heading.text));
    if !is_there {
        return String::new();
    }
    let mut lines = markdown.lines().skip_while(|line| !is_summary_line(line)).skip(1).peekable();
    // A heading may be underlined in place of marked.
    if lines.peek().is_some_and(|line| !line.is_empty() && line.chars().all(|mark| mark == '-' || mark == '=')) {
        lines.next();
    }
    let paragraph: Vec<&str> = lines
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .collect();
    let words = plain_text(&paragraph.join("\n")).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&words, SUMMARY_LIMIT)
}

fn is_summary(heading: &str) -> bool {
    let heading = heading.trim().trim_end_matches(':').to_lowercase();
    matches!(heading.as_str(), "summary" | "overview" | "tl;dr" | "tldr" | "executive summary" | "incident summary")
}

fn is_summary_line(line: &str) -> bool {
    is_summary(line.trim_start_matches('#').trim().trim_matches('*'))
}

/// At most `limit` characters, with an ellipsis when something is missing.
fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    if let Some(space) = short.rfind(' ') {
        short.truncate(space);
    }
    short.push('\u{2026}');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::postmortem_file;

    fn planned(name: &str, text: &str) -> Plan {
        plan(postmortem_file::read(name, text), name, Moment::parse("2026-11-23T14:00:00Z").unwrap())
    }

    #[test]
    fn a_bare_text_becomes_an_incident_and_says_what_was_not_known() {
        let text = "# Disk full\r\n\r\n## Summary\r\n\r\nThe disk\r\nwas *full*.\r\n\r\nMore.\r\n";
        let plan = planned("disk.md", text);
        assert_eq!(plan.incident.summary, "The disk was full.");
        assert_eq!(plan.incident.postmortem.unwrap().markdown(), text);
        assert_eq!(plan.incident.started_at, plan.incident.resolved_at);
        assert!(plan.remarks.iter().any(|remark| remark.contains("time of the import")), "{:?}", plan.remarks);
        assert!(plan.remarks.iter().any(|remark| remark.contains("SEV3")));
    }

    #[test]
    fn ticked_items_are_done_and_carry_their_evidence() {
        let plan = planned("2024-05-01-x.md", "# X\n\n## Action items\n\n- [x] Mend it\n- [ ] Watch it\n");
        let items = &plan.incident.action_items;
        assert_eq!((items[0].status.as_str(), items[1].status.as_str()), ("done", "open"));
        assert_eq!(items[0].evidence[0].text, "ticked in 2024-05-01-x.md");
    }

    #[test]
    fn a_day_to_come_is_not_believed() {
        let plan = planned("2031-05-01-x.md", "# X\n");
        assert_eq!(plan.incident.started_at, Some(Moment::parse("2026-11-23T14:00:00Z").unwrap()));
        assert!(plan.remarks.iter().any(|remark| remark.contains("future")));
    }

    #[test]
    fn corrected_times_move_what_was_made_of_them() {
        let mut plan = planned("2024-05-01-x.md", "# X\n\nStatus: in review\n");
        let at = |text: &str| Moment::parse(text).unwrap();
        plan.set_times(at("2024-05-02T10:00:00Z"), at("2024-05-02T12:00:00Z"));
        let told: Vec<(String, String)> = plan
            .incident
            .timeline
            .iter()
            .map(|event| (event.happened_at.unwrap().to_string(), event.text.clone()))
            .take(2)
            .collect();
        assert_eq!(told[0], ("2024-05-02T10:00:00Z".to_owned(), STARTED.to_owned()));
        assert_eq!(told[1], ("2024-05-02T12:00:00Z".to_owned(), RESOLVED.to_owned()));
        let written = |plan: &Plan| plan.incident.postmortem.clone().unwrap();
        assert_eq!((written(&plan).status.as_str(), written(&plan).published_at), ("in_review", None));
        plan.set_standing(Standing::Published);
        assert_eq!(written(&plan).published_at, Some(at("2024-05-02T12:00:00Z")));
        assert_eq!(
            (written(&plan).published_revision, written(&plan).steps[0].status.as_str()),
            (Some(1), "published")
        );
    }

    #[test]
    fn long_summaries_end_at_a_word() {
        let plan = planned("x.md", &format!("# X\n\nSummary\n-------\n\n{}\n", "word ".repeat(200)));
        assert!(plan.incident.summary.chars().count() <= SUMMARY_LIMIT && plan.incident.summary.ends_with("word…"));
    }
}
