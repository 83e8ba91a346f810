//! JSON of PagerDuty, Opsgenie and incident.io, and of tools that hand out much the same.
//!
//! Shapes: <https://docs.opsgenie.com/docs/postmortem-api>, <https://docs.incident.io/api-reference/> (incidents,
//! follow-ups, updates, post-mortem documents), <https://developer.pagerduty.com/api-reference/> (incidents with their
//! body, notes, log entries and custom fields). PagerDuty hands postmortems out as pages to print alone; JSON of one is
//! read by the fields of <https://support.pagerduty.com/main/docs/postmortems>: report name, impact from and to,
//! overview, what happened, resolution, root causes, impact, what went well and what did not, action items, timeline,
//! status. All three change their fields now and then, so a fact is looked for under every name that any of them has
//! for it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Facts, Told, document, epoch, instant_of};
use crate::exchange::fields::severity;
use crate::exchange::standing::{Standing, standing};

type Object = Map<String, Value>;

/// Keys under which a list of incidents or of postmortems stands.
const LISTS: &[&str] = &[
    "incidents",
    "postmortems",
    "post_mortems",
    "postmortem_reports",
    "reports",
    "data",
    "results",
    "items",
    "postmortem_documents",
];
/// Keys under which one stands.
const SINGLES: &[&str] = &["incident", "postmortem", "post_mortem", "postmortem_document", "report", "data"];
/// Keys of a record under which its write-up stands.
const NESTED: &[&str] = &["postmortem", "post_mortem", "postmortem_document", "postmortem_report", "retrospective"];
/// Keys that only records of incidents have.
const MARKS: &[&str] = &[
    "incident_number",
    "incident_timestamp_values",
    "incident_status",
    "postmortemId",
    "postmortem_id",
    "executiveSummary",
    "rootIncident",
    "impact_start_time",
    "impactStartTime",
    "impact_start",
    "impactStartDate",
    "impact_end_time",
    "resolved_at",
    "resolveTime",
    "resolvedAt",
    "severity",
    "priority",
    "urgency",
    "root_cause",
    "rootCause",
    "timeline",
    "timeline_entries",
    "follow_ups",
    "action_items",
    "postmortem",
    "post_mortem",
    "postmortem_document",
    "incident_id",
    "document_url",
];
const TITLES: &[&str] = &["title", "name", "report_name", "message", "incident_name"];
const STARTS: &[&str] = &[
    "impact_start_time",
    "impactStartTime",
    "impact_start",
    "impactStartDate",
    "impact_started_at",
    "started_at",
    "startedAt",
    "start_time",
    "startTime",
    "occurred_at",
    "reported_at",
    "creationTime",
    "created_at",
    "createdAt",
];
const DETECTIONS: &[&str] = &["detected_at", "detectedAt", "detection_time", "impactDetectDate", "acknowledged_at"];
const MITIGATIONS: &[&str] = &["mitigated_at", "mitigatedAt", "fixed_at", "stable_at"];
const ENDS: &[&str] = &[
    "impact_end_time",
    "impactEndTime",
    "impact_end",
    "impactEndDate",
    "impact_ended_at",
    "ended_at",
    "endedAt",
    "end_time",
    "endTime",
    "resolved_at",
    "resolvedAt",
    "resolveTime",
    "closed_at",
];
const TEXTS: &[&str] = &["markdown", "content", "body", "document", "text", "html"];
const SECTIONS: &[(&str, &[&str])] = &[
    ("Summary", &["executiveSummary", "executive_summary", "summary", "overview", "description"]),
    ("What happened", &["what_happened", "whatHappened", "details"]),
    ("Impact", &["impact", "customer_impact", "customerImpact", "impact_description"]),
    ("Detection", &["detection", "how_was_it_detected"]),
    ("Contributing factors", &["contributing_factors", "root_cause", "rootCause", "root_causes", "causes", "cause"]),
    ("Resolution", &["resolution", "resolution_notes", "mitigation"]),
    ("What went well", &["what_went_well", "whatWentWell"]),
    ("What was hard", &["what_went_wrong", "what_didnt_go_so_well", "whatWentWrong"]),
    ("What we learned", &["lessons_learned", "lessonsLearned", "analysis", "learnings"]),
];
const EVENTS: &[&str] = &[
    "timeline",
    "timeline_entries",
    "timeline_events",
    "timelineEntries",
    "timeline_items",
    "log_entries",
    "notes",
    "events",
    "incident_updates",
    "updates",
];
const ACTIONS: &[&str] =
    &["action_items", "actionItems", "follow_ups", "followUps", "follow_up_actions", "actions", "jiraIssues", "tasks"];

/// The incidents of a file; nothing when it holds none.
pub fn read_json(bytes: &[u8]) -> Option<Vec<Told>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let mut found = Vec::new();
    records(&value, &mut found, 0);
    let told: Vec<Told> = found.iter().map(told).collect();
    (!told.is_empty()).then_some(told)
}

fn records(value: &Value, found: &mut Vec<Object>, depth: usize) {
    if depth > 4 {
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| records(one, found, depth + 1)),
        Value::Object(object) => {
            if is_record(object) {
                found.push(object.clone());
                return;
            }
            let before = found.len();
            for list in LISTS {
                if found.len() == before
                    && let Some(Value::Array(all)) = object.get(*list)
                {
                    all.iter().for_each(|one| records(one, found, depth + 1));
                }
            }
            for single in SINGLES {
                if found.len() == before
                    && let Some(one @ Value::Object(_)) = object.get(*single)
                {
                    records(one, found, depth + 1);
                }
            }
            let count = found.len() - before;
            for record in &mut found[before..] {
                join(record, object, if count == 1 { Company::Alone } else { Company::Many });
            }
        }
        _ => {}
    }
}

/// Whether a record is the only one of its list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Alone,
    Many,
}

/// Gives a record what stands beside it in the file: documents, follow-ups and updates name its id.
fn join(record: &mut Object, beside: &Object, company: Company) {
    let id = record.get("id").cloned().unwrap_or_default();
    let is_its = |one: &&Value| match one.get("incident_id") {
        Some(named) => *named == id,
        None => company == Company::Alone,
    };
    for key in EVENTS.iter().chain(ACTIONS) {
        if let Some(Value::Array(all)) = beside.get(*key)
            && !record.contains_key(*key)
        {
            record.insert((*key).to_owned(), all.iter().filter(is_its).cloned().collect());
        }
    }
    for (list, single) in [
        ("postmortem_documents", "postmortem_document"),
        ("postmortems", "postmortem"),
        ("post_mortems", "post_mortem"),
        ("postmortem_reports", "postmortem_report"),
    ] {
        if record.contains_key(single) || record.contains_key("document_url") {
            continue;
        }
        let one = beside.get(single).filter(|one| one.is_object()).cloned().or_else(|| {
            beside
                .get(list)?
                .as_array()?
                .iter()
                .find(|one| one.get("incident_id").is_some_and(|named| *named == id))
                .cloned()
        });
        if let Some(one) = one.filter(|one| one.as_object() != Some(record)) {
            record.insert(single.to_owned(), one);
        }
    }
    // A document's text comes by an address of its own, `…/content`.
    for key in ["markdown", "content"] {
        if let Some(text) = beside.get(key)
            && company == Company::Alone
            && !record.contains_key(key)
        {
            record.insert(key.to_owned(), text.clone());
        }
    }
}

fn is_record(object: &Object) -> bool {
    if object.len() == 1 && object.get("markdown").is_some_and(Value::is_string) {
        return true;
    }
    let has_title = TITLES.iter().any(|key| object.get(*key).is_some_and(Value::is_string));
    let has_time =
        STARTS.iter().chain(ENDS).chain(&["createdAtTime"]).any(|key| object.get(*key).and_then(instant).is_some());
    has_title && has_time && MARKS.iter().any(|key| object.contains_key(*key))
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => instant_of(text),
        Value::Number(number) => epoch(number.as_i64()?),
        Value::Object(object) => object.get("value").and_then(instant),
        _ => None,
    }
}

/// A word: a text, or what an object is called.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => {
            ["name", "summary", "title", "label", "value"].iter().find_map(|key| word(object.get(*key)?))
        }
        _ => None,
    }
}

fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(word).collect(),
        Some(one) => word(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A text as Markdown: plain, as a document, or as a list.
fn text(value: &Value) -> Option<String> {
    let made = match value {
        Value::String(text) => super::as_markdown(text.replace("\r\n", "\n")),
        Value::Object(object) => match document::markdown(value) {
            Some(made) => made,
            None => ["markdown", "text", "content", "value", "body", "details", "text_node"]
                .iter()
                .find_map(|key| text(object.get(*key)?))
                .unwrap_or_default(),
        },
        Value::Array(all) => {
            let parts: Vec<String> = all.iter().filter_map(word).map(|part| format!("- {part}")).collect();
            parts.join("\n")
        }
        _ => String::new(),
    };
    (!made.trim().is_empty()).then_some(made)
}

/// The objects in which a fact may stand: the write-up before the incident.
fn places(record: &Object) -> Vec<&Object> {
    let mut places: Vec<&Object> = NESTED.iter().filter_map(|key| record.get(*key)?.as_object()).collect();
    places.push(record);
    places.extend(record.get("rootIncident").and_then(Value::as_object));
    places
}

fn first<T>(places: &[&Object], keys: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    keys.iter().find_map(|key| places.iter().find_map(|place| read(place.get(*key)?)))
}

/// A time that incident.io keeps under a name: `Impact started at`, `Resolved at`.
fn named_time(record: &Object, wanted: &[&str]) -> Option<DateTime<Utc>> {
    let all = record.get("incident_timestamp_values")?.as_array()?;
    wanted.iter().find_map(|wanted| {
        all.iter().find_map(|one| {
            let name = one.get("incident_timestamp").and_then(word)?.to_lowercase();
            if name.contains(wanted) { one.get("value").and_then(instant) } else { None }
        })
    })
}

fn told(record: &Object) -> Told {
    let places = places(record);
    // The incident's own name is shorter than its document's.
    let own: Vec<&Object> = vec![record];
    let is_document = record.contains_key("document_url") && !record.contains_key("incident_timestamp_values");
    let title = first(&own, TITLES, word).or_else(|| first(&places, TITLES, word)).unwrap_or_default();
    let started_at = named_time(record, &["impact start", "started", "reported", "declared"])
        .or_else(|| if is_document { None } else { first(&places, STARTS, instant) });
    let mut facts = Facts {
        id: first(&own, &["reference", "incident_number", "postmortemId", "tinyId", "id"], word)
            .unwrap_or_else(|| title.clone()),
        tool: tool(record),
        started_at,
        detected_at: named_time(record, &["detected", "identified"]).or_else(|| first(&places, DETECTIONS, instant)),
        mitigated_at: named_time(record, &["fixed", "mitigated", "stabil"])
            .or_else(|| first(&places, MITIGATIONS, instant)),
        resolved_at: named_time(record, &["impact end", "resolved", "closed"])
            .or_else(|| first(&places, ENDS, instant))
            .or_else(|| ended(record)),
        severity: first(&places, &["severity", "incident_severity", "priority"], word).and_then(|word| severity(&word)),
        title,
        ..Facts::default()
    };
    for key in ["service", "services", "affectedServices", "affected_services", "impacted_services"] {
        for place in &places {
            facts.services.extend(words(place.get(key)));
        }
    }
    for key in ["tags", "labels"] {
        for place in &places {
            facts.tags.extend(words(place.get(key)));
        }
    }
    for list in [&mut facts.services, &mut facts.tags] {
        let mut known: Vec<String> = Vec::new();
        list.retain(|name| {
            name.chars().count() <= 60 && !known.contains(name) && {
                known.push(name.clone());
                true
            }
        });
    }
    // What PagerDuty calls the body of an incident is what its alert said, no write-up.
    let is_write_up = |value: &Value| value.get("type").and_then(Value::as_str) != Some("incident_body");
    facts.text = first(&places, TEXTS, |value| Some(value).filter(|value| is_write_up(value)).and_then(text));
    facts.standing = standing_of(record);
    for (heading, keys) in SECTIONS {
        // PagerDuty's `summary` is the title with a number.
        let says_more = |text: &String| facts.title.is_empty() || !text.contains(&facts.title) || text.len() > 200;
        let found = first(&places, keys, |value| text(value).filter(says_more));
        facts.section(heading, found.unwrap_or_default());
    }
    let alerted = record.get("body").filter(|body| !is_write_up(body)).and_then(text);
    facts.section("What the alert said", alerted.unwrap_or_default());
    for place in &places {
        for key in ["sections", "fields", "custom_fields", "custom_field_entries"] {
            for section in place.get(key).and_then(Value::as_array).into_iter().flatten() {
                custom(&mut facts, section);
            }
        }
    }
    for place in &places {
        for key in EVENTS {
            let list = match place.get(*key) {
                Some(Value::Array(all)) => all.as_slice(),
                Some(Value::Object(object)) => {
                    let inner =
                        ["entries", "items", "events", "data"].iter().find_map(|key| object.get(*key)?.as_array());
                    inner.map_or(&[][..], Vec::as_slice)
                }
                _ => &[],
            };
            list.iter().filter_map(Value::as_object).for_each(|entry| event(&mut facts, entry));
        }
        for key in ACTIONS {
            for item in place.get(*key).and_then(Value::as_array).into_iter().flatten() {
                action(&mut facts, item);
            }
        }
    }
    facts.told()
}

/// Whether the write-up is finished. The state of an incident says nothing about it, so that a record's own state
/// counts only where it is no word for one.
fn standing_of(record: &Object) -> Option<Standing> {
    let written: Vec<&Object> = NESTED.iter().filter_map(|key| record.get(*key)?.as_object()).collect();
    let of = |place: &Object| {
        let is = |key: &str, wanted: bool| place.get(key).and_then(Value::as_bool) == Some(wanted);
        if is("published", false) || is("is_published", false) || is("draft", true) || is("is_draft", true) {
            return Some(Standing::Draft);
        }
        first(&[place], &["status", "state", "review_status", "postmortem_status"], word)
            .and_then(|word| standing(&word))
    };
    match written.iter().find_map(|place| of(place)) {
        Some(told) => Some(told),
        // An unpublished write-up may have a date of publication without a value.
        None if written.iter().any(|place| place.get("published_at").is_some_and(Value::is_null)) => {
            Some(Standing::Draft)
        }
        None => of(record).filter(|told| *told != Standing::Published),
    }
}

fn tool(record: &Object) -> &'static str {
    let has = |keys: &[&str]| keys.iter().any(|key| record.contains_key(*key));
    let says = |key: &str, part: &str| record.get(key).and_then(Value::as_str).is_some_and(|text| text.contains(part));
    if has(&["incident_timestamp_values", "incident_status", "document_url"]) || says("permalink", "incident.io") {
        "incident.io"
    } else if has(&["postmortemId", "executiveSummary", "rootIncident", "tinyId"]) {
        "Opsgenie"
    } else if has(&["incident_number", "urgency", "impact_start_time"]) || says("html_url", "pagerduty") {
        "PagerDuty"
    } else {
        "another tool"
    }
}

/// PagerDuty has no time of the end but that of the last change of a resolved incident.
fn ended(record: &Object) -> Option<DateTime<Utc>> {
    let is_over = record.get("status").and_then(word).is_some_and(|status| ["resolved", "closed"].contains(&&*status));
    if is_over { first(&[record], &["last_status_change_at", "updated_at"], instant) } else { None }
}

/// A section or field with a name of the team's own.
fn custom(facts: &mut Facts, section: &Value) {
    let Some(object) = section.as_object() else { return };
    let heading = first(&[object], &["title", "heading", "name", "label", "custom_field"], word);
    let body = first(&[object], &["content", "text", "body", "value", "markdown"], text).or_else(|| {
        let values = object.get("values")?.as_array()?;
        let found: Vec<String> = values
            .iter()
            .filter_map(|value| {
                let keys =
                    ["value_text", "value_option", "value_link", "value_numeric", "value_catalog_entry", "value"];
                keys.iter().find_map(|key| word(value.get(*key)?))
            })
            .collect();
        (!found.is_empty()).then(|| found.join(", "))
    });
    if let (Some(heading), Some(body)) = (heading, body) {
        facts.section(&heading, body);
    }
}

fn event(facts: &mut Facts, entry: &Object) {
    let keys = [
        "timestamp",
        "occurred_at",
        "occurredAt",
        "at",
        "time",
        "happened_at",
        "created_at",
        "createdAt",
        "start_time",
    ];
    let at = first(&[entry], &keys, instant);
    let said = first(&[entry], &["content", "message", "description", "text", "note", "summary", "title"], text)
        .or_else(|| first(&[entry], &["new_incident_status", "new_severity"], word));
    let channel = entry.get("channel").and_then(|channel| channel.get("summary")).and_then(Value::as_str);
    facts.event(at, said.as_deref().or(channel).unwrap_or_default());
}

fn action(facts: &mut Facts, item: &Value) {
    let Some(object) = item.as_object() else {
        facts.action(&word(item).unwrap_or_default(), None, "");
        return;
    };
    let title = first(&[object], &["title", "summary", "name", "description", "text", "key"], word).unwrap_or_default();
    let reference = object.get("external_issue_reference").and_then(Value::as_object);
    let mut places = vec![object];
    places.extend(reference);
    let keys = ["issue_permalink", "url", "html_url", "link", "permalink", "ticket_url"];
    let url = first(&places, &keys, word).filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let is_done = object.get("completed").and_then(Value::as_bool) == Some(true)
        || object.get("completed_at").is_some_and(|at| instant(at).is_some());
    let status =
        if is_done { "done".to_owned() } else { first(&[object], &["status", "state"], word).unwrap_or_default() };
    facts.action(&title, url, &status);
}
