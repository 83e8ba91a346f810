//! An action item as it was typed or sent, and what becomes of it. The page and the API share this one parse.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::filter::incident_number;
use super::life::model::{Refusal, Step};
use super::model::{ActionDraft, ActionItem, ActionKind, ActionStatus, Due, EVIDENCE_LENGTH, EVIDENCE_LIMIT, Priority};
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};

/// An action item as it arrives; in a PATCH only what is there is changed, and null clears.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawItem {
    /// Key of the incident, such as INC-42.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub incident: Option<Option<String>>,
    /// What is to be done.
    pub title: Option<String>,
    /// At length, in Markdown.
    pub details: Option<String>,
    /// prevent, detect, mitigate, process or learn.
    pub kind: Option<String>,
    /// Handle or e-mail address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<Option<String>>,
    /// Slug or name of the team.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub team: Option<Option<String>>,
    /// P1 to P4.
    pub priority: Option<String>,
    /// Year-month-day; by the priority's rule when left out.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub due_on: Option<Option<String>>,
    /// Slug or name of the contributing factor.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub factor: Option<Option<String>>,
    /// In the team's tracker.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub tracker_url: Option<Option<String>>,
    /// open, in_progress, done, verified or declined.
    pub status: Option<String>,
    /// Links, commits, deploys or sentences that show that it is done.
    pub evidence: Option<Vec<String>>,
    /// Why it will not be done.
    pub declined_reason: Option<String>,
    /// Year-month-day on which to look again at what is declined; by the policy when left out.
    pub look_again_on: Option<String>,
    /// What stands in the way; null when nothing does any more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub blocked_reason: Option<Option<String>>,
    /// Why it is changed, put off or reopened; for the history.
    pub reason: Option<String>,
}

/// Tells a field that is null (cleared) from one that is left out (unchanged).
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// What was meant: the item, and the status that it should have.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The item.
    pub draft: ActionDraft,
    /// The status, when one was named.
    pub status: Option<ActionStatus>,
    /// Pieces of evidence.
    pub evidence: Vec<String>,
    /// Why it is declined, and when to look again.
    pub refusal: Refusal,
    /// What stands in the way; `Some(None)` for nothing any more.
    pub blocked: Option<Option<String>>,
    /// Why it is changed.
    pub reason: String,
}

impl Wish {
    /// The steps that lead from `item` to the wish.
    pub fn steps(&self, item: &ActionItem) -> Vec<Step> {
        let mut steps = self.status_steps(item.status);
        match &self.blocked {
            Some(Some(reason)) if item.blocked_reason.as_ref() != Some(reason) => {
                if item.blocked_at.is_some() {
                    steps.insert(0, Step::Unblock);
                }
                steps.push(Step::Block(reason.clone()));
            }
            Some(None) if item.blocked_at.is_some() => steps.insert(0, Step::Unblock),
            _ => {}
        }
        steps
    }

    fn status_steps(&self, status: ActionStatus) -> Vec<Step> {
        use ActionStatus::{Declined, Done, InProgress, Open, Verified};
        let Some(target) = self.status.filter(|target| *target != status) else { return Vec::new() };
        let complete = || Step::Complete(self.evidence.clone());
        let reopen = || {
            let why = if self.reason.is_empty() { &self.refusal.reason } else { &self.reason };
            Step::Reopen(why.clone())
        };
        let mut steps = Vec::new();
        let goes_on = status.is_unfinished() || (status == Done && target == Verified);
        if !goes_on {
            steps.push(reopen());
        }
        match target {
            Open if status == InProgress => steps.push(Step::Stop),
            Open => {}
            InProgress => steps.push(Step::Start),
            Done => steps.push(complete()),
            Verified if status == Done => steps.push(Step::Verify),
            Verified => steps.extend([complete(), Step::Verify]),
            Declined => steps.push(Step::Decline(self.refusal.clone())),
        }
        steps
    }
}

impl RawItem {
    /// From the page's form, where every field is there and an empty one is cleared.
    pub fn from_fields(fields: &Fields) -> Self {
        let text = |name: &str| fields.some(name).map(str::to_owned);
        let clearable = |name: &str| fields.is_set(name).then(|| text(name));
        RawItem {
            incident: clearable("incident"),
            title: Some(fields.get("title").to_owned()),
            details: fields.is_set("details").then(|| fields.get("details").to_owned()),
            kind: text("kind"),
            owner: clearable("owner"),
            team: clearable("team"),
            priority: text("priority"),
            // The small form has no date; an empty one there follows the rule.
            due_on: if fields.is_set("due_by_rule") { None } else { clearable("due_on") },
            factor: clearable("factor"),
            tracker_url: clearable("tracker_url"),
            status: None,
            evidence: None,
            declined_reason: None,
            look_again_on: None,
            blocked_reason: None,
            reason: text("reason"),
        }
    }

    /// What was meant, put on top of `base`.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn over(self, base: ActionDraft) -> Result<Wish, Error> {
        let mut check = Check::new();
        let missing = "Say what is to be done, starting with a verb.";
        let title = match self.title {
            Some(title) => check.line("title", Some(&title), LINE_LIMIT, missing),
            None if base.title.is_empty() => check.line("title", None, LINE_LIMIT, missing),
            None => Some(base.title),
        };
        let details = match self.details {
            Some(details) => check.text("details", Some(&details), TEXT_LIMIT),
            None => Some(base.details),
        };
        let kind: Option<ActionKind> = check.word_or("kind", self.kind.as_deref(), base.kind);
        let priority: Option<Priority> = check.word_or("priority", self.priority.as_deref(), base.priority);
        let incident = match self.incident {
            None => base.incident,
            Some(text) => {
                text.filter(|text| !text.trim().is_empty()).and_then(|text| incident_number(&mut check, &text))
            }
        };
        let mut line = |name: &str, value: Option<Option<String>>, before: Option<String>| match value {
            None => before,
            Some(text) => check.optional_line(name, text.as_deref(), LINE_LIMIT),
        };
        let owner = line("owner", self.owner, base.owner);
        let team = line("team", self.team, base.team);
        let factor = line("factor", self.factor, base.factor);
        let tracker_url = match self.tracker_url {
            None => base.tracker_url,
            Some(text) => check.url("tracker_url", text.as_deref()),
        };
        let due = match self.due_on {
            None => base.due,
            Some(text) => check.date("due_on", text.as_deref()).map_or(Due::Never, Due::On),
        };
        let status = self.status.as_deref().filter(|text| !text.trim().is_empty());
        let status = status.and_then(|text| check.word("status", Some(text), ""));
        let evidence = evidence(&mut check, self.evidence.unwrap_or_default());
        let declined_reason = check.text("declined_reason", self.declined_reason.as_deref(), TEXT_LIMIT);
        let look_again_on = check.date("look_again_on", self.look_again_on.as_deref());
        let blocked = self.blocked_reason.map(|text| {
            check.text("blocked_reason", text.as_deref(), TEXT_LIMIT).filter(|text| !text.trim().is_empty())
        });
        let reason = check.text("reason", self.reason.as_deref(), TEXT_LIMIT).unwrap_or_default().trim().to_owned();
        match (title, details, kind, priority, declined_reason) {
            (Some(title), Some(details), Some(kind), Some(priority), Some(declined_reason)) if check.is_ok() => {
                let draft =
                    ActionDraft { incident, title, details, kind, priority, owner, team, factor, due, tracker_url };
                let refusal = Refusal { reason: declined_reason, look_again_on };
                Ok(Wish { draft, status, evidence, refusal, blocked, reason })
            }
            _ => Err(check.into_error()),
        }
    }
}

/// Pieces of evidence, trimmed; blank ones are left out.
pub fn evidence(check: &mut Check, given: Vec<String>) -> Vec<String> {
    let pieces: Vec<String> = given.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    if pieces.len() > EVIDENCE_LIMIT {
        check.add("evidence", format!("Give at most {EVIDENCE_LIMIT} pieces of evidence."));
    }
    for piece in &pieces {
        check.optional_line("evidence", Some(piece), EVIDENCE_LENGTH);
    }
    pieces
}

/// A step from its small form: the evidence of a completion, the reason of a refusal.
///
/// # Errors
/// 422 with a sentence.
pub fn completion(fields: &Fields) -> Result<Step, Error> {
    let mut check = Check::new();
    let pieces = evidence(&mut check, fields.all("evidence").map(str::to_owned).collect());
    check.finish()?;
    Ok(Step::Complete(pieces))
}

/// The reason of a small form.
///
/// # Errors
/// 422 when it is overlong.
pub fn reason(fields: &Fields) -> Result<String, Error> {
    let mut check = Check::new();
    let reason = check.text("reason", fields.some("reason"), TEXT_LIMIT);
    check.finish()?;
    Ok(reason.unwrap_or_default().trim().to_owned())
}

/// A refusal from its small form: `reason`, and `look_again_on` where the policy's day shall not hold.
///
/// # Errors
/// 422 with a sentence.
pub fn refusal(fields: &Fields) -> Result<Refusal, Error> {
    let mut check = Check::new();
    let reason = check.text("reason", fields.some("reason"), TEXT_LIMIT).unwrap_or_default().trim().to_owned();
    let look_again_on = check.date("look_again_on", fields.some("look_again_on"));
    check.finish()?;
    Ok(Refusal { reason, look_again_on })
}

/// A new due date with its reason, from the small form that puts an item off.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn putting_off(fields: &Fields) -> Result<(NaiveDate, String), Error> {
    let mut check = Check::new();
    let until = check.date("due_on", fields.some("due_on"));
    if fields.some("due_on").is_none() {
        check.add("due_on", "Choose the day until which it is put off.");
    }
    let reason = check.text("reason", fields.some("reason"), TEXT_LIMIT).unwrap_or_default().trim().to_owned();
    match until {
        Some(until) if check.is_ok() => Ok((until, reason)),
        _ => Err(check.into_error()),
    }
}

/// The parts that an item is split into: a line each.
pub fn parts(fields: &Fields) -> Vec<String> {
    fields.get("titles").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The other item of a merge.
///
/// # Errors
/// 422 when the key cannot be read.
pub fn other(fields: &Fields) -> Result<i64, Error> {
    super::model::parse_key(fields.get("into"))
        .ok_or_else(|| Error::field("into", "Give the key of the item that goes on, such as ACT-7."))
}
