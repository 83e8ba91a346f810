//! Release settings and freeze windows as they were typed.

use super::model::{Bindingness, ITEM_LIMIT, ITEM_TEXT_LIMIT, SettingsDraft, Step, items};
use super::model_freeze::FreezeDraft;
use crate::deploys::model::ENVIRONMENT_LIMIT;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};
use crate::web::times::Zone;

/// How a service's releases are to go.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn settings(fields: &Fields) -> Result<SettingsDraft, Error> {
    let mut check = Check::new();
    let checklist = check.text("checklist", fields.some("checklist"), TEXT_LIMIT).unwrap_or_default();
    let found = items(&checklist);
    if found.is_empty() && !checklist.trim().is_empty() {
        check.add("checklist", "Write each thing to do on a line of its own, as in \"- [ ] Migrations ran\".");
    }
    if found.len() > ITEM_LIMIT {
        check.add("checklist", format!("Keep it to {ITEM_LIMIT} things to do; it has {}.", found.len()));
    }
    if let Some(long) = found.iter().find(|text| text.chars().count() > ITEM_TEXT_LIMIT) {
        let beginning: String = long.chars().take(40).collect();
        check.add("checklist", format!("Shorten \"{beginning}…\" to {ITEM_TEXT_LIMIT} characters."));
    }
    let environment =
        check.optional_line("checklist_environment", fields.some("checklist_environment"), ENVIRONMENT_LIMIT);
    let bindingness = check.word_or("bindingness", fields.some("bindingness"), Bindingness::Advice);
    match bindingness {
        Some(bindingness) if check.is_ok() => {
            Ok(SettingsDraft { checklist, checklist_environment: environment.unwrap_or_default(), bindingness })
        }
        _ => Err(check.into_error()),
    }
}

/// Ticked or unticked.
///
/// # Errors
/// 422
pub fn step(fields: &Fields) -> Result<Step, Error> {
    let mut check = Check::new();
    let step = check.word("step", fields.some("step"), "Say ticked or unticked.");
    step.ok_or_else(|| check.into_error())
}

/// A freeze window; times without a zone are in `zone`.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn freeze(fields: &Fields, zone: &Zone) -> Result<FreezeDraft, Error> {
    let mut check = Check::new();
    let service = check.optional_line("service", fields.some("service"), LINE_LIMIT);
    let team = check.optional_line("team", fields.some("team"), LINE_LIMIT);
    if service.is_some() && team.is_some() {
        check.add("team", "Pick a service or a team, not both.");
    }
    let environment = check.optional_line("environment", fields.some("environment"), ENVIRONMENT_LIMIT);
    let mut moment = |field: &str, missing: &str| {
        if fields.some(field).is_none() {
            check.add(field, missing);
        }
        check.moment(field, fields.some(field), zone)
    };
    let starts_at = moment("starts_at", "Say from when.");
    let ends_at = moment("ends_at", "Say until when.");
    if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
        && ends_at <= starts_at
    {
        check.add("ends_at", "The window ends before it begins. Correct one of the two.");
    }
    let reason = check.line("reason", fields.some("reason"), LINE_LIMIT, "Say why, for whoever is asked to wait.");
    match (starts_at, ends_at, reason) {
        (Some(starts_at), Some(ends_at), Some(reason)) if check.is_ok() => {
            let environment = environment.unwrap_or_default();
            Ok(FreezeDraft { service, team, environment, starts_at, ends_at, reason })
        }
        _ => Err(check.into_error()),
    }
}
