//! What one file becomes, before anything is stored. Pure.

use super::plan::{self, Plan};
use crate::clock::Moment;
use crate::exchange::export::{ExportError, read_markdown};
use crate::exchange::wire::{ExportedIncident, SCHEMA_VERSION};
use crate::exchange::{postmortem_file, tools};

/// Why nothing comes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It holds no incident: passed over in a folder, a mistake when it was named.
    Foreign(&'static str),
    /// It holds one that cannot be read.
    Broken(String),
}

/// The incidents of the file at `shown`, whose ending says what it is: JSON, an SQL dump, or else Markdown.
///
/// # Errors
/// It holds none, or one that cannot be read.
pub fn planned(shown: &str, bytes: Vec<u8>, now: Moment) -> Result<Vec<Plan>, Unread> {
    let name = shown.to_lowercase();
    if name.ends_with(".json") {
        return of_json(shown, &bytes, now);
    }
    if name.ends_with(".sql") {
        let told = tools::read_sql(&String::from_utf8_lossy(&bytes)).ok_or(Unread::Foreign(
            "no dump of Dispatch or Morgue: it has no table of their incidents; make it with pg_dump or mysqldump",
        ))?;
        return Ok(of_tool(told, shown, now));
    }
    of_markdown(shown, bytes, now).map(|plan| vec![plan])
}

fn of_tool(told: Vec<tools::Told>, shown: &str, now: Moment) -> Vec<Plan> {
    told.into_iter().map(|one| clean(plan::plan_told(one, shown, now))).collect()
}

/// PostgreSQL stores no NUL in a text, and JSON may carry one.
fn clean(mut plan: Plan) -> Plan {
    let incident = &mut plan.incident;
    let texts = [&mut incident.title, &mut incident.summary].into_iter();
    let texts = texts.chain(incident.timeline.iter_mut().map(|event| &mut event.text));
    let texts = texts.chain(incident.action_items.iter_mut().map(|item| &mut item.title));
    let texts = texts.chain(incident.services.iter_mut()).chain(incident.tags.iter_mut());
    let written = incident.postmortem.iter_mut().flat_map(|written| &mut written.revisions);
    for text in texts.chain(written.map(|revision| &mut revision.markdown)).chain(&mut incident.imported_from) {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    }
    plan
}

fn of_json(shown: &str, bytes: &[u8], now: Moment) -> Result<Vec<Plan>, Unread> {
    if let Some(incident) = own_incident(bytes).map_err(Unread::Broken)? {
        return Ok(vec![Plan { incident, remarks: Vec::new() }]);
    }
    let told = tools::read_json(bytes).ok_or(Unread::Foreign(
        "no incident exported by Debrief, PagerDuty, Opsgenie or incident.io; name a Markdown file or an export",
    ))?;
    Ok(of_tool(told, shown, now))
}

/// What a Markdown file becomes.
fn of_markdown(shown: &str, bytes: Vec<u8>, now: Moment) -> Result<Plan, Unread> {
    let mut remarks = Vec::new();
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            remarks.push("It is not UTF-8; bytes that are no text were replaced by \u{fffd}.".to_owned());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }
    };
    if text.contains('\0') {
        // PostgreSQL stores no NUL in a text.
        remarks.push("It holds NUL bytes; they were replaced by \u{fffd}.".to_owned());
        text = text.replace('\0', "\u{fffd}");
    }
    match read_markdown(&text) {
        Ok(read) if !read.incident.key.is_empty() => {
            remarks.extend(read.unread.iter().map(|line| format!("This was not understood: {line}")));
            let mut incident = read.incident;
            let parts = incident.action_items.len() + incident.deploys.len();
            if parts > 0 {
                let key = &incident.key;
                remarks.push(format!(
                    "Timeline, links and action items are not in this file; import {key}.json or the whole export for them."
                ));
                incident.action_items.clear();
                incident.deploys.clear();
            }
            Ok(Plan { incident, remarks })
        }
        Err(ExportError::Newer { found }) => Err(Unread::Broken(ExportError::Newer { found }.to_string())),
        _ => {
            let planned = plan::plan(postmortem_file::read(shown, &text), shown, now);
            remarks.extend(planned.remarks);
            Ok(Plan { incident: planned.incident, remarks })
        }
    }
}

/// The incident of a JSON file of Debrief's own; nothing when it is something else.
fn own_incident(bytes: &[u8]) -> Result<Option<ExportedIncident>, String> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return Ok(None) };
    let Some(version) = value.get("schema_version").and_then(serde_json::Value::as_u64) else { return Ok(None) };
    if value.get("key").is_none() || version == 0 {
        return Ok(None);
    }
    if version > u64::from(SCHEMA_VERSION) {
        let found = u32::try_from(version).unwrap_or(u32::MAX);
        return Err(ExportError::Newer { found }.to_string());
    }
    serde_json::from_value(value).map(Some).map_err(|error| format!("it is not as Debrief wrote it: {error}"))
}
