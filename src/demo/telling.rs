//! Turns a story and its place in the year into an incident: times, roles, links with their verdicts,
//! and the timeline, in which the machine's own lines stand beside what people wrote.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::cast::{self, DOMAIN};
use super::changes::{Changes, PlacedStory};
use super::random::Chance;
use super::story::{Story, StoryDeploy};
use super::world::{
    Deploy, DeployLink, Evidence, ImpactFigure, Incident, IncidentFactor, Role, TimeCorrection, TimelineEvent, Verdict,
};

/// An offset before the start within which the machine proposes a deploy as a suspect.
const SUSPECT_WINDOW_MINUTES: i64 = 120;

/// Everything the telling needs to know about the rest of the year.
pub struct Year<'a> {
    pub changes: &'a Changes,
    pub now: DateTime<Utc>,
    /// Incident numbers by story.
    pub numbers: &'a BTreeMap<&'static str, i64>,
}

impl Year<'_> {
    /// The deploy behind a story's link.
    ///
    /// # Panics
    /// When the changes were recorded without that story.
    #[must_use]
    pub fn deploy(&self, story: &Story, index: usize) -> &Deploy {
        let number =
            self.changes.by_story.get(&(story.slug, index)).expect("every story's deploys are woven into the year");
        let place = usize::try_from(*number - 1).expect("numbers start at one");
        &self.changes.deploys[place]
    }

    /// Replaces the placeholders of a story's text.
    #[must_use]
    pub fn fill(&self, placed: &PlacedStory<'_>, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}').and_then(|(word, tail)| Some((self.placeholder(placed, word)?, tail))) {
                Some((value, tail)) => {
                    filled.push_str(&value);
                    rest = tail;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    fn placeholder(&self, placed: &PlacedStory<'_>, word: &str) -> Option<String> {
        if let Some(offset) = word.strip_prefix('T') {
            let minutes: i64 = offset.parse().ok()?;
            return Some((placed.started_at + TimeDelta::minutes(minutes)).format("%H:%M").to_string());
        }
        if let Some(place) = word.strip_prefix("deploy ") {
            let place: usize = place.parse().ok()?;
            return Some(format!("DEP-{}", self.deploy(placed.story, place.checked_sub(1)?).number));
        }
        if let Some(story) = word.strip_prefix("inc ") {
            return self.numbers.get(story).map(|number| format!("INC-{number}"));
        }
        (word == "date").then(|| placed.started_at.format("%-d %B").to_string())
    }
}

/// Tells one incident.
pub fn tell(placed: &PlacedStory<'_>, year: &Year<'_>, chance: &mut Chance) -> Incident {
    let story = placed.story;
    let at = |minutes: i64, chance: &mut Chance| {
        placed.started_at + TimeDelta::minutes(minutes) + TimeDelta::seconds(chance.between(0, 49))
    };
    let mut times = story.offsets;
    times.declared = times.declared.or(times.acknowledged).or(times.detected);
    // One draw for all of them keeps them in the order in which the story has them.
    let lag = TimeDelta::seconds(chance.between(49, 58));
    let stamp = |offset: Option<i64>| offset.map(|minutes| placed.started_at + TimeDelta::minutes(minutes) + lag);
    let roles = assign_roles(placed, chance);
    let lead = roles[0].handle;
    let declared_at = stamp(times.declared).unwrap_or(placed.started_at + lag);
    let mut incident = Incident {
        number: year.numbers[story.slug],
        story: story.slug,
        title: story.title.to_owned(),
        kind: story.kind,
        severity: story.severity,
        status: match (times.resolved, times.mitigated, times.identified) {
            (Some(_), _, _) => "resolved",
            (_, Some(_), _) => "mitigated",
            (_, _, Some(_)) => "identified",
            _ => "investigating",
        },
        summary: year.fill(placed, story.summary),
        started_at: placed.started_at,
        detected_at: stamp(times.detected),
        acknowledged_at: stamp(times.acknowledged),
        identified_at: stamp(times.identified),
        mitigated_at: stamp(times.mitigated),
        resolved_at: stamp(times.resolved),
        declared_at,
        declared_by: lead,
        services: story.services.clone(),
        tags: story.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        figures: Vec::new(),
        corrections: Vec::new(),
        links: link_deploys(placed, year, lead, declared_at, chance),
        factors: Vec::new(),
        timeline: Vec::new(),
        roles,
    };
    let closed_at = incident.resolved_at.unwrap_or(year.now);
    let after = |minutes: i64| (closed_at + TimeDelta::minutes(minutes)).min(year.now - TimeDelta::minutes(1));
    let scribe = incident.roles.last().map_or(lead, |role| role.handle);
    for figure in &story.figures {
        incident.figures.push(ImpactFigure {
            label: figure.label.to_owned(),
            amount: figure.amount,
            unit: figure.unit.to_owned(),
            source: figure.source.to_owned(),
            basis: figure.basis,
            created_by: scribe,
            created_at: if incident.resolved_at.is_some() {
                after(chance.between(20, 1300))
            } else {
                year.now - TimeDelta::minutes(3)
            },
        });
    }
    for &(field, before, reason) in &story.corrections {
        incident.corrections.push(TimeCorrection {
            field,
            old_at: at(before, chance),
            new_at: time_of(&incident, field),
            reason: reason.to_owned(),
            corrected_by: scribe,
            corrected_at: after(chance.between(60, 2000)),
        });
    }
    for &(factor, note) in &story.factors {
        incident.factors.push(IncidentFactor {
            factor,
            note: note.to_owned(),
            added_by: scribe,
            added_at: after(chance.between(100, 2800)),
        });
    }
    incident.timeline = write_timeline(placed, year, &incident, chance);
    incident
}

fn time_of(incident: &Incident, field: &str) -> DateTime<Utc> {
    let time = match field {
        "detected" => incident.detected_at,
        "acknowledged" => incident.acknowledged_at,
        "identified" => incident.identified_at,
        "mitigated" => incident.mitigated_at,
        "resolved" => incident.resolved_at,
        _ => Some(incident.started_at),
    };
    time.unwrap_or(incident.started_at)
}

/// A lead of the first service's team; for the graver ones a scribe and somebody who speaks to the others.
fn assign_roles(placed: &PlacedStory<'_>, chance: &mut Chance) -> Vec<Role> {
    let story = placed.story;
    let team = story.services.first().and_then(|slug| cast::part(slug)).map_or("platform", |part| part.team);
    let members = cast::members(team);
    let everyone = cast::engineers();
    let first = story.offsets.acknowledged.or(story.offsets.detected).unwrap_or(5);
    let mut roles = Vec::new();
    let wanted: &[(&str, i64)] = match story.severity {
        "SEV1" | "SEV2" => &[("lead", 0), ("communications", 4), ("scribe", 7)],
        "SEV3" => &[("lead", 0), ("scribe", 9)],
        _ => &[("lead", 0)],
    };
    for &(role, delay) in wanted {
        let free = |handle: &&'static str| roles.iter().all(|taken: &Role| taken.handle != *handle);
        let pool: Vec<&'static str> =
            if role == "communications" { &everyone } else { &members }.iter().copied().filter(free).collect();
        let assigned_at = placed.started_at + TimeDelta::minutes(first + delay) + TimeDelta::seconds(50);
        roles.push(Role { role, handle: chance.pick(&pool), assigned_at });
    }
    roles
}

fn link_deploys(
    placed: &PlacedStory<'_>,
    year: &Year<'_>,
    lead: &'static str,
    declared_at: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<DeployLink> {
    let mut links = Vec::new();
    for (index, change) in placed.story.deploys.iter().enumerate() {
        let deploy = year.deploy(placed.story, index);
        let is_past_suspect =
            change.relation != "fixed" && change.offset <= 0 && change.offset >= -SUSPECT_WINDOW_MINUTES;
        let mut verdicts = Vec::new();
        if is_past_suspect {
            verdicts.push(Verdict {
                relation: "suspected",
                reason: suspicion(placed.story, change),
                said_by: None,
                said_at: declared_at + TimeDelta::seconds(4),
            });
        }
        // A live suspicion is still the machine's alone.
        if !(is_past_suspect && change.relation == "suspected") {
            let spoken_at = placed.started_at
                + TimeDelta::minutes(placed.story.offsets.identified.or(placed.story.offsets.mitigated).unwrap_or(60))
                + TimeDelta::minutes(chance.between(1, 9));
            let said_at =
                spoken_at.max(deploy.happened_at() + TimeDelta::minutes(2)).max(declared_at + TimeDelta::minutes(1));
            verdicts.push(Verdict {
                relation: change.relation,
                reason: year.fill(placed, change.reason),
                said_by: Some(lead),
                said_at: said_at.min(year.now),
            });
        }
        links.push(DeployLink { deploy: deploy.number, verdicts });
    }
    links
}

fn suspicion(story: &Story, change: &StoryDeploy) -> String {
    let minutes = -change.offset;
    let own = story.services.contains(&change.service);
    let dependency = story
        .services
        .iter()
        .filter_map(|slug| cast::part(slug))
        .find(|part| part.depends_on.contains(&change.service));
    let nearness = match (own, dependency) {
        (true, _) => "Same service".to_owned(),
        (false, Some(part)) => format!("{} depends on it", part.slug),
        (false, None) => "Same environment".to_owned(),
    };
    format!("{nearness}, production, finished {minutes} min before the start")
}

fn write_timeline(
    placed: &PlacedStory<'_>,
    year: &Year<'_>,
    incident: &Incident,
    chance: &mut Chance,
) -> Vec<TimelineEvent> {
    let mut events = status_lines(incident, placed.story.offsets.acknowledged.is_some());
    for (index, change) in placed.story.deploys.iter().enumerate() {
        events.push(deploy_line(year.deploy(placed.story, index), change, incident));
    }
    let closed_at = incident.resolved_at.unwrap_or(year.now);
    let hands: Vec<&'static str> = incident.roles.iter().map(|role| role.handle).collect();
    for line in &placed.story.timeline {
        let happened_at =
            (placed.started_at + TimeDelta::minutes(line.offset) + TimeDelta::seconds(chance.between(3, 46)))
                .min(closed_at);
        let written_late = incident.resolved_at.is_some() && line.source == "person" && chance.happens(400);
        let created_at = if written_late {
            closed_at + TimeDelta::minutes(chance.between(15, 1500))
        } else {
            happened_at + TimeDelta::seconds(chance.between(5, 170))
        };
        let by_person = matches!(line.source, "person" | "chat");
        events.push(TimelineEvent {
            happened_at,
            kind: line.kind,
            source: line.source,
            text: year.fill(placed, line.text),
            written_by: by_person.then(|| chance.pick(&hands)),
            deploy: None,
            pinned: line.pinned,
            evidence: line.evidence.map(|written| evidence(written, happened_at)).into_iter().collect(),
            created_at: created_at.max(happened_at).max(incident.declared_at).min(year.now),
        });
    }
    events.sort_by_key(|event| event.happened_at);
    events
}

fn status_lines(incident: &Incident, acknowledged: bool) -> Vec<TimelineEvent> {
    let line = |at: DateTime<Utc>, text: String| TimelineEvent {
        happened_at: at,
        kind: "status",
        source: "status_change",
        text,
        written_by: Some(incident.declared_by),
        deploy: None,
        pinned: false,
        evidence: Vec::new(),
        created_at: at,
    };
    let word = if incident.kind == "near_miss" { "Recorded as a near miss" } else { "Declared" };
    let mut lines = vec![line(incident.declared_at, format!("{word}, {}, investigating.", incident.severity))];
    let team = incident
        .services
        .first()
        .and_then(|slug| cast::part(slug))
        .map_or("Platform", |part| cast::team_name(part.team));
    let steps = [
        (incident.acknowledged_at.filter(|_| acknowledged), format!("Acknowledged by the {team} on-call.")),
        (incident.identified_at, "Status: identified.".to_owned()),
        (incident.mitigated_at, "Status: mitigated.".to_owned()),
        (incident.resolved_at, "Status: resolved.".to_owned()),
    ];
    lines.extend(steps.into_iter().filter_map(|(at, text)| Some(line(at?, text))));
    lines
}

fn deploy_line(deploy: &Deploy, change: &StoryDeploy, incident: &Incident) -> TimelineEvent {
    let what = deploy.version.as_deref().unwrap_or(deploy.kind);
    let happened_at = deploy.happened_at();
    TimelineEvent {
        happened_at,
        kind: "change",
        source: "deploy",
        text: format!(
            "DEP-{}: {} {what} to {} ({}). {}",
            deploy.number, deploy.service, deploy.environment, deploy.kind, change.summary
        ),
        written_by: None,
        deploy: Some(deploy.number),
        pinned: change.relation == "caused",
        evidence: deploy
            .url
            .iter()
            .map(|url| Evidence { url: url.clone(), label: "Pipeline run".to_owned() })
            .collect(),
        created_at: happened_at.max(incident.declared_at),
    }
}

/// `dash:checkout-pool Pool in use` becomes a link with the label and the moment it shows.
fn evidence(written: &str, at: DateTime<Utc>) -> Evidence {
    let (address, label) = written.split_once(' ').unwrap_or((written, written));
    let (place, page) = address.split_once(':').unwrap_or(("docs", address));
    let moment = at.timestamp();
    let url = match place {
        "dash" => format!("https://dashboards.{DOMAIN}/d/{page}?at={moment}"),
        "log" => format!("https://logs.{DOMAIN}/search?service={page}&at={moment}"),
        "alert" => format!("https://alerts.{DOMAIN}/{page}/{moment}"),
        "chat" => format!("https://chat.{DOMAIN}/rooms/{page}/{moment}"),
        "ticket" => format!("https://tracker.{DOMAIN}/{page}"),
        _ => format!("https://docs.{DOMAIN}/{page}"),
    };
    Evidence { url, label: label.to_owned() }
}
