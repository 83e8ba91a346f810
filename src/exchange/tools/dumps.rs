//! Netflix Dispatch's PostgreSQL dump and Etsy Morgue's MySQL dump.
//!
//! The tables and columns are those of the two projects' own models:
//! <https://github.com/Netflix/dispatch> `src/dispatch/*/models.py`, <https://github.com/etsy/morgue> `schemas/`.

use std::collections::HashMap;

use super::sql::{Dump, Row, read};
use super::{Facts, Told, instant_of};
use crate::exchange::fields::severity;

/// The incidents of a dump; nothing when it is of neither program.
pub fn read_sql(text: &str) -> Option<Vec<Told>> {
    let dump = read(text);
    let mut told = Vec::new();
    let mut is_known = false;
    for (name, table) in &dump.tables {
        let (schema, short) = name.rsplit_once('.').unwrap_or(("", name));
        if short == "incident" && table.has("reported_at") && table.has("title") {
            is_known = true;
            told.extend(dispatch(&dump, schema));
        } else if short == "postmortems" && table.has("starttime") && table.has("title") {
            is_known = true;
            told.extend(morgue(&dump, schema));
        }
    }
    is_known.then_some(told)
}

/// Names by id, of a table such as `incident_type`.
fn names<'a>(dump: &'a Dump, schema: &str, table: &str) -> HashMap<&'a str, &'a str> {
    dump.rows(schema, table).filter_map(|row| Some((row.get(&["id"])?, row.get(&["name", "title"])?))).collect()
}

/// The rows of a table by a column.
fn by<'a>(dump: &'a Dump, schema: &str, table: &str, column: &str) -> HashMap<&'a str, Vec<Row<'a>>> {
    let mut found: HashMap<&str, Vec<Row<'_>>> = HashMap::new();
    for row in dump.rows(schema, table) {
        if let Some(id) = row.get(&[column]) {
            found.entry(id).or_default().push(row);
        }
    }
    found
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "t" | "true"))
}

fn dispatch(dump: &Dump, schema: &str) -> Vec<Told> {
    let severities = names(dump, schema, "incident_severity");
    let priorities = names(dump, schema, "incident_priority");
    let kinds = names(dump, schema, "incident_type");
    let tags = names(dump, schema, "tag");
    let mut tagged = by(dump, schema, "assoc_incident_tags", "incident_id");
    tagged.extend(by(dump, schema, "incident_tags", "incident_id"));
    let events = by(dump, schema, "event", "incident_id");
    let tasks = by(dump, schema, "task", "incident_id");
    let documents = by(dump, schema, "document", "incident_id");
    let mut told = Vec::new();
    for row in dump.rows(schema, "incident") {
        let Some(id) = row.get(&["id"]) else { continue };
        let at = |names: &[&str]| row.get(names).and_then(instant_of);
        let named = |table: &HashMap<&str, &str>, column: &str| {
            row.get(&[column]).and_then(|id| table.get(id)).map(|name| (*name).to_owned())
        };
        let mut facts = Facts {
            id: row.get(&["name"]).unwrap_or(id).to_owned(),
            tool: "Dispatch",
            title: row.get(&["title", "name"]).unwrap_or_default().to_owned(),
            started_at: at(&["reported_at", "created_at"]),
            mitigated_at: at(&["stable_at"]),
            resolved_at: at(&["stable_at", "closed_at"]),
            severity: named(&severities, "incident_severity_id")
                .and_then(|name| severity(&name))
                .or_else(|| named(&priorities, "incident_priority_id").and_then(|name| severity(&name))),
            ..Facts::default()
        };
        if let Some(closed) = at(&["closed_at"]) {
            facts.resolved_at = Some(closed);
        }
        facts.tags.extend(named(&kinds, "incident_type_id"));
        for link in tagged.get(id).into_iter().flatten() {
            facts.tags.extend(link.get(&["tag_id"]).and_then(|id| tags.get(id)).map(|tag| (*tag).to_owned()));
        }
        facts.section("Summary", row.get(&["summary", "description"]).unwrap_or_default());
        if row.get(&["summary"]).is_some() {
            facts.section("Description", row.get(&["description"]).unwrap_or_default());
        }
        facts.section("Resolution", row.get(&["resolution"]).unwrap_or_default());
        for event in events.get(id).into_iter().flatten() {
            let when = event.get(&["started_at", "created_at"]).and_then(instant_of);
            facts.event(when, event.get(&["description"]).unwrap_or_default());
        }
        for task in tasks.get(id).into_iter().flatten() {
            let url = task.get(&["weblink"]).map(str::to_owned);
            facts.action(
                task.get(&["description"]).unwrap_or_default(),
                url,
                task.get(&["status"]).unwrap_or_default(),
            );
        }
        let links: Vec<String> = documents
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|document| {
                Some(format!("- [{}](<{}>)", document.get(&["name", "description"])?, document.get(&["weblink"])?))
            })
            .collect();
        facts.section("Documents", links.join("\n"));
        told.push(facts.told());
    }
    told
}

fn morgue(dump: &Dump, schema: &str) -> Vec<Told> {
    let tags = names(dump, schema, "tags");
    let tagged = by(dump, schema, "postmortem_referenced_tags", "postmortem_id");
    let tickets = by(dump, schema, "jira", "postmortem_id");
    let links = by(dump, schema, "forum_links", "postmortem_id");
    let mut told = Vec::new();
    for row in dump.rows(schema, "postmortems") {
        let Some(id) = row.get(&["id"]) else { continue };
        if is_true(row.get(&["deleted"])) {
            continue;
        }
        let at = |name: &str| row.get(&[name]).and_then(instant_of);
        let mut facts = Facts {
            id: id.to_owned(),
            tool: "Morgue",
            title: row.get(&["title"]).unwrap_or_default().to_owned(),
            started_at: at("starttime"),
            detected_at: at("detecttime"),
            resolved_at: at("endtime"),
            severity: row.get(&["severity"]).and_then(severity),
            ..Facts::default()
        };
        let is_there = |link: &&Row<'_>| !is_true(link.get(&["deleted"]));
        for link in tagged.get(id).into_iter().flatten().filter(is_there) {
            facts.tags.extend(link.get(&["tag_id"]).and_then(|id| tags.get(id)).map(|tag| (*tag).to_owned()));
        }
        facts.section("In short", row.get(&["tldr"]).unwrap_or_default());
        facts.section("Summary", row.get(&["summary"]).unwrap_or_default());
        facts.section("What surprised us", row.get(&["why_surprised"]).unwrap_or_default());
        facts.section("Meeting notes", row.get(&["meeting_notes_link"]).unwrap_or_default());
        for ticket in tickets.get(id).into_iter().flatten().filter(is_there) {
            facts.action(ticket.get(&["ticket", "key"]).unwrap_or_default(), None, "");
        }
        let addresses: Vec<String> = links
            .get(id)
            .into_iter()
            .flatten()
            .filter(is_there)
            .filter_map(|link| {
                let address = link.get(&["forum_link", "link"])?;
                let words = link.get(&["comment"]).map_or(String::new(), |w| format!(": {w}"));
                Some(format!("- <{address}>{words}"))
            })
            .collect();
        facts.section("Links", addresses.join("\n"));
        told.push(facts.told());
    }
    told
}
