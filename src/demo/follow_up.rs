//! What comes after an incident: the postmortem with its revisions and steps, and the action items with
//! their history.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::calendar;
use super::cast::{self, DOMAIN};
use super::changes::PlacedStory;
use super::random::Chance;
use super::story::{Due, StoryAction, WriteUp};
use super::telling::Year;
use super::world::{ActionChange, ActionEvidence, ActionItem, Incident, Postmortem, Revision, Step};

/// Headings with which the later parts of a write-up begin; earlier revisions lack them.
const LATER_PARTS: [&str; 3] = ["## What went well", "## Where we got lucky", "## Lessons"];
const NOTES: [&str; 4] = [
    "First draft, from the timeline",
    "What went well and badly, after talking to everyone involved",
    "Corrections from the review meeting",
    "Lessons agreed in the review",
];

/// Writes the postmortem of a story, if it has one. `actions` are the incident's own, already numbered.
pub fn write_up(
    placed: &PlacedStory<'_>,
    incident: &Incident,
    actions: &[&ActionItem],
    year: &Year<'_>,
    chance: &mut Chance,
) -> Option<Postmortem> {
    let resolved_at = incident.resolved_at?;
    let room = (year.now - resolved_at).num_minutes();
    let created_at = calendar::at_a_desk(
        resolved_at + TimeDelta::minutes(chance.between(90, 2600).min(room / 4)),
        resolved_at + TimeDelta::minutes(room / 3),
    );
    let draft = Draft { placed, incident, actions, created_at, room_minutes: room };
    let started_by = incident.roles.last()?.handle;
    let drafted =
        Step { status: "draft", reason: String::new(), revision: 1, taken_by: started_by, happened_at: created_at };
    let mut postmortem = Postmortem {
        incident: incident.number,
        status: "draft",
        not_needed_reason: None,
        started_by,
        created_at,
        published_at: None,
        published_by: None,
        revisions: Vec::new(),
        steps: vec![drafted],
    };
    match placed.story.write_up {
        WriteUp::Absent => return None,
        WriteUp::NotNeeded(reason) => {
            postmortem.status = "not_needed";
            postmortem.not_needed_reason = Some(reason.to_owned());
            postmortem.steps = vec![Step {
                status: "not_needed",
                reason: reason.to_owned(),
                revision: 0,
                taken_by: started_by,
                happened_at: created_at,
            }];
        }
        WriteUp::Draft => postmortem.revisions = draft.revise(year, chance),
        WriteUp::Published => {
            postmortem.revisions = draft.revise(year, chance);
            let last_at = postmortem.revisions.last().map_or(created_at, |revision| revision.created_at);
            let wish = last_at + TimeDelta::minutes(chance.between(15, 900).min(room / 8));
            let published_at = calendar::at_a_desk(wish, year.now);
            let published_by = incident.roles[0].handle;
            postmortem.status = "published";
            postmortem.published_at = Some(published_at);
            postmortem.published_by = Some(published_by);
            let revision = i64::try_from(postmortem.revisions.len()).expect("a handful of revisions");
            postmortem.steps.push(Step {
                status: "published",
                reason: String::new(),
                revision,
                taken_by: published_by,
                happened_at: published_at,
            });
        }
    }
    Some(postmortem)
}

/// A write-up in the making.
struct Draft<'a> {
    placed: &'a PlacedStory<'a>,
    incident: &'a Incident,
    actions: &'a [&'a ActionItem],
    created_at: DateTime<Utc>,
    /// Minutes between the resolution and now.
    room_minutes: i64,
}

impl Draft<'_> {
    fn revise(&self, year: &Year<'_>, chance: &mut Chance) -> Vec<Revision> {
        let full = year.fill(self.placed, self.placed.story.prose);
        let count = self.placed.story.revisions;
        let latest = self.created_at + TimeDelta::minutes(self.room_minutes / 3);
        let mut written_at = self.created_at;
        let mut revisions = Vec::with_capacity(count);
        for number in 1..=count {
            if number > 1 {
                let step = chance.between(40, 3200).min(self.room_minutes / 12).max(1);
                written_at = calendar::at_a_desk(written_at + TimeDelta::minutes(step), latest).max(written_at);
            }
            let is_last = number == count;
            let note = match (count, is_last) {
                (1, _) => NOTES[0],
                (_, true) => NOTES[3],
                _ => NOTES[number - 1],
            };
            revisions.push(Revision {
                markdown: if is_last { with_actions(&full, self.actions) } else { earlier(&full, number, count) },
                note: note.to_owned(),
                written_by: self.incident.roles[(number + 1) % self.incident.roles.len()].handle,
                created_at: written_at,
            });
        }
        revisions
    }
}

/// The text as it stood at an earlier revision: the first ends before what went well, a later one before
/// where we got lucky, the last but one before the lessons.
fn earlier(full: &str, number: usize, count: usize) -> String {
    let part = LATER_PARTS[(LATER_PARTS.len() + number).saturating_sub(count).min(LATER_PARTS.len() - 1)];
    let part = if number == 1 { LATER_PARTS[0] } else { part };
    let end = full.find(part).unwrap_or(full.len());
    format!("{}\n", full[..end].trim_end())
}

fn with_actions(full: &str, actions: &[&ActionItem]) -> String {
    let mut text = full.trim_end().to_owned();
    text.push('\n');
    if !actions.is_empty() {
        text.push_str("\n## Action items\n\n");
        for action in actions {
            let _ = writeln!(text, "- ACT-{} ({}, {}): {}", action.number, action.kind, action.priority, action.title);
        }
    }
    text
}

/// Writes down an action item; its number is given later.
pub fn act(
    written: &StoryAction,
    incident: Option<&Incident>,
    created_at: DateTime<Utc>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> ActionItem {
    let fallback =
        incident.and_then(|incident| incident.services.first()).and_then(|slug| cast::part(slug)).map(|part| part.team);
    let team = written.owner.and_then(cast::team_of).or(fallback);
    let created_by = incident.map_or("ruth", |incident| incident.roles[0].handle);
    let hand = written.owner.unwrap_or(created_by);
    let due_on = due_date(written.due, created_at, now);
    let ticket = || {
        let team = team.unwrap_or("platform");
        format!("https://tracker.{DOMAIN}/{}-{}", cast::ticket_prefix(team), chance.clone().between(3000, 6999))
    };
    let mut item = ActionItem {
        number: 0,
        incident: incident.map(|incident| incident.number),
        title: written.title.to_owned(),
        details: written.details.to_owned(),
        kind: written.kind,
        status: written.status,
        priority: written.priority,
        owner: written.owner,
        team,
        factor: written.factor,
        due_on,
        tracker_url: Some(ticket()).filter(|_| chance.clone().happens(720)),
        declined_reason: (written.status == "declined").then(|| written.closing.to_owned()),
        closed_at: None,
        created_by,
        created_at,
        evidence: Vec::new(),
        changes: Vec::new(),
    };
    chance.draw();
    work_off(&mut item, written, hand, now, chance);
    item
}

fn due_date(due: Due, created_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<NaiveDate> {
    match due {
        Due::Never => None,
        Due::AfterCreation(days) => Some((created_at + TimeDelta::days(days)).date_naive()),
        Due::FromNow(days) => Some((now + TimeDelta::days(days)).date_naive().max(created_at.date_naive())),
    }
}

/// Gives the item the history that its status must have had.
fn work_off(item: &mut ActionItem, written: &StoryAction, hand: &'static str, now: DateTime<Utc>, chance: &mut Chance) {
    let room = (now - item.created_at).num_minutes();
    // Steps are fractions of the room that is left, so that a young item's history still fits.
    let plan = |days: i64, share: i64| {
        let moment = item.created_at + TimeDelta::minutes((days * 1440).min(room * share / 100));
        calendar::at_a_desk(moment, now)
    };
    let begun_at = plan(chance.between(1, 9), 25);
    let done_at = plan(chance.between(10, 44), 55).max(begun_at);
    let checked_at = plan(chance.between(46, 75), 85).max(done_at);
    let status = |from: &str, to: &str, reason: &str, by: &'static str, at| ActionChange {
        field: "status",
        old_value: Some(from.to_owned()),
        new_value: Some(to.to_owned()),
        reason: reason.to_owned(),
        changed_by: by,
        changed_at: at,
    };
    let (incident_lead, verifier) = (item.created_by, verifier(item.team, hand));
    match item.status {
        "in_progress" => item.changes.push(status("open", "in_progress", "", hand, begun_at)),
        "done" | "verified" => {
            item.changes.push(status("open", "in_progress", "", hand, begun_at));
            item.changes.push(status("in_progress", "done", "", hand, done_at));
            item.closed_at = Some(done_at);
            let url = evidence_url(item, chance);
            item.evidence.push(ActionEvidence {
                text: written.closing.to_owned(),
                url,
                given_by: hand,
                given_at: done_at,
            });
            if item.status == "verified" {
                item.changes.push(status("done", "verified", "Looked at it where it runs", verifier, checked_at));
                item.closed_at = Some(checked_at);
            }
        }
        "declined" => {
            item.changes.push(status("open", "declined", written.closing, incident_lead, done_at));
            item.closed_at = Some(done_at);
        }
        _ => {}
    }
    if let (Some(due), true) = (item.due_on, chance.happens(170)) {
        let moved_at = plan(chance.between(2, 8), 15);
        let before = due - TimeDelta::days(chance.between(7, 21));
        if before > item.created_at.date_naive() {
            let change = ActionChange {
                field: "due_on",
                old_value: Some(before.to_string()),
                new_value: Some(due.to_string()),
                reason: (chance.pick(&[
                    "Waits for the release of another team",
                    "Planned into the next sprint",
                    "More places to touch than we saw at first",
                ]))
                .to_owned(),
                changed_by: hand,
                changed_at: moved_at,
            };
            item.changes.insert(0, change);
            item.changes.sort_by_key(|change| change.changed_at);
        }
    }
}

fn verifier(team: Option<&'static str>, hand: &'static str) -> &'static str {
    cast::members(team.unwrap_or("platform")).into_iter().find(|handle| *handle != hand).unwrap_or("ruth")
}

fn evidence_url(item: &ActionItem, chance: &mut Chance) -> Option<String> {
    let number = chance.between(400, 3900);
    match item.kind {
        "prevent" | "mitigate" => Some(format!("https://code.{DOMAIN}/ternway/changes/{number}")),
        "detect" => Some(format!("https://dashboards.{DOMAIN}/d/alert-{number}")),
        _ => Some(format!("https://docs.{DOMAIN}/notes/{number}")).filter(|_| chance.happens(700)),
    }
}
