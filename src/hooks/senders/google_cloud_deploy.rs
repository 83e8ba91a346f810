//! Google Cloud Deploy, as Pub/Sub pushes it: all that counts stands in the message's attributes. No commit. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading};
use super::super::reading::Said;
use super::{Named, missing};
use crate::deploys::model::{DeployKind, DeployStatus};

fn attributes(said: Said<'_>) -> Said<'_> {
    let wrapped = said.at("/message/attributes");
    // An unwrapped push carries the attributes alone.
    if wrapped.is_there() { wrapped } else { said }
}

/// The event is what was done to what; the id is Pub/Sub's.
pub fn envelope(_: &Headers, said: Said<'_>) -> Named {
    let about = attributes(said);
    let event = about.line("/ResourceType").map(|kind| format!("{kind} {}", about.line("/Action").unwrap_or_default()));
    (event, said.first_line(&["/message/messageId", "/message/message_id"]))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let about = attributes(arrived.said);
    let kind = about.line("/ResourceType").ok_or_else(|| missing("message.attributes.ResourceType"))?;
    if !kind.eq_ignore_ascii_case("rollout") {
        return Err(format!("Messages about a {kind} are not recorded; those about a Rollout are."));
    }
    let status = match about.word("/Action").as_str() {
        "start" | "started" => DeployStatus::Started,
        "succeed" | "succeeded" | "success" => DeployStatus::Succeeded,
        "failure" | "fail" | "failed" | "cancel" | "cancelled" | "terminate" | "terminated" => DeployStatus::Failed,
        other => {
            return Err(format!(
                "The action {other} of a rollout says that nothing was deployed, so nothing was recorded."
            ));
        }
    };
    let service =
        about.first_line(&["/DeliveryPipelineId", "/ReleaseId"]).ok_or_else(|| missing("DeliveryPipelineId"))?;
    let rollout = about.line("/RolloutId").unwrap_or_default();
    let mut message = Message::of(&service);
    let at = arrived.said.first_moment(&["/message/publishTime", "/message/publish_time"]);
    message.went(status, at);
    // `release-1-to-prod-0001`
    let of_rollout = rollout.rsplit_once("-to-").map(|(_, rest)| rest.rsplit_once('-').map_or(rest, |(name, _)| name));
    let target = about.line("/TargetId").or_else(|| of_rollout.map(str::to_owned));
    let release = about.line("/ReleaseId");
    message.known_as(about.line("/Resource").unwrap_or_else(|| {
        format!("{service} {} {rollout} {}", release.clone().unwrap_or_default(), target.clone().unwrap_or_default())
    }));
    message.into_environment(target);
    if rollout.starts_with("rollback") || about.at("/RollbackOfRollout").is_there() {
        message.draft.kind = DeployKind::Rollback;
    }
    message.workflow = Some(service);
    message.draft.version = release;
    Ok(message.into_reading())
}
