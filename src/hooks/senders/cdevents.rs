//! CDEvents, however it is wrapped: bare, as the data of a structured CloudEvent, or as the body of a binary one. Types
//! are matched without their version. Pure.
//!
//! There is no failed deploy, no commit (the artifact is a purl) and no severity in this vocabulary.

use super::super::mentions::Forge;
use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, last_part, tidy};
use super::{Named, missing};
use crate::deploys::model::{DeployKind, DeployStatus};
use crate::signals::model::{AlertDraft, AlertState};
use crate::web::fields::LINE_LIMIT;

/// The CDEvent itself.
fn event(said: Said<'_>) -> Said<'_> {
    let wrapped = said.at("/data");
    let is_wrapped = wrapped.at("/context").is_there() || wrapped.at("/subject").is_there();
    if is_wrapped && !said.at("/context").is_there() { wrapped } else { said }
}

fn kind(headers: &Headers, said: Said<'_>) -> Option<String> {
    let of_header = headers.get("ce-type").and_then(|kind| tidy(kind, LINE_LIMIT));
    event(said).line("/context/type").or(of_header).or_else(|| said.line("/type"))
}

/// Event and id stand in headers (binary), on top (structured) or in the context; an id counts within its source.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let header = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    let inside = event(said);
    let id = header("ce-id").or_else(|| said.line("/id")).or_else(|| inside.line("/context/id"));
    let source = header("ce-source").or_else(|| said.line("/source")).or_else(|| inside.line("/context/source"));
    (kind(headers, said), id.map(|id| format!("{id} {}", source.unwrap_or_default())))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let named = kind(arrived.headers, arrived.said).ok_or_else(|| missing("context.type"))?;
    let lower = named.to_lowercase();
    let Some(rest) = lower.strip_prefix("dev.cdevents.") else {
        return Err(format!("Events of the type {named} are no CDEvents, so nothing was recorded."));
    };
    let mut words = rest.split('.');
    let (subject, predicate) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let said = event(arrived.said);
    match (subject, predicate) {
        ("service", "deployed" | "upgraded") => service(said, arrived, DeployKind::Deploy),
        ("service", "rolledback") => service(said, arrived, DeployKind::Rollback),
        ("service", "removed") => service(said, arrived, DeployKind::Infrastructure),
        ("service", "published") => {
            Err("The service can now be reached. That it was deployed is told by an event of its own.".to_owned())
        }
        ("incident", "detected" | "reported") => incident(said, arrived, AlertState::Firing),
        ("incident", "resolved") => incident(said, arrived, AlertState::Resolved),
        ("pipelinerun", "started" | "finished") => pipeline(said, arrived, predicate),
        ("environment", "created" | "modified" | "deleted") => environment(said, arrived, predicate),
        _ => Err(format!(
            "Events of the type {subject}.{predicate} are not recorded; those of services and incidents are."
        )),
    }
}

fn at(said: Said<'_>, arrived: Arrived<'_>) -> Option<crate::clock::Moment> {
    said.moment("/context/timestamp")
        .or_else(|| arrived.said.moment("/time"))
        .or_else(|| super::super::reading::tidy_moment(&arrived.headers.get("ce-time")?.into()))
}

fn own_id(said: Said<'_>, arrived: Arrived<'_>) -> Option<String> {
    envelope(arrived.headers, arrived.said).1.or_else(|| said.line("/context/id"))
}

/// What runs where: environment and service are objects with an id.
fn name_of(said: Said<'_>, pointer: &str) -> Option<String> {
    let name = said.first_line(&[&format!("{pointer}/name"), &format!("{pointer}/id"), pointer])?;
    if name.contains("://") || name.starts_with('/') { last_part(&name) } else { Some(name) }
}

fn service(said: Said<'_>, arrived: Arrived<'_>, kind: DeployKind) -> Result<Reading, String> {
    let name =
        name_of(said, "/subject/id").or_else(|| arrived.headers.get("ce-subject").and_then(|name| tidy(name, 200)));
    let name = name.ok_or_else(|| missing("subject.id"))?;
    let mut message = Message::of(&name);
    message.went(DeployStatus::Succeeded, at(said, arrived));
    if let Some(id) = own_id(said, arrived) {
        message.known_as(id);
    }
    message.into_environment(name_of(said, "/subject/content/environment"));
    message.draft.kind = kind;
    message.workflow = said.line("/context/source");
    if kind == DeployKind::Infrastructure {
        message.draft.summary = "Removed from this environment.".to_owned();
    }
    let artifact = said.first_line(&[
        "/subject/content/artifactId",
        "/subject/content/artifactID",
        "/subject/content/artifact/id",
    ]);
    message.draft.version = artifact.as_deref().and_then(purl_version);
    message.draft.url = said.first_url(&["/subject/content/url", "/context/links/0/target/url"]);
    let custom = said.at("/customData");
    message.draft.commit_sha = custom.first_line(&["/commit", "/commit_sha", "/sha", "/revision"]);
    message.draft.deployed_by = custom.first_line(&["/user", "/deployed_by", "/author"]);
    Ok(message.into_reading())
}

/// The version in a package address: `pkg:oci/app@sha256%3Aab?tag=v2` gives `v2`.
pub fn purl_version(purl: &str) -> Option<String> {
    let (path, query) = purl.split_once('?').unwrap_or((purl, ""));
    let query = query.split('#').next().unwrap_or_default();
    let tag = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "tag").map(|(_, tag)| tag.into_owned());
    let after = path.split('#').next().unwrap_or(path).rsplit_once('@').map(|(_, version)| {
        // A purl is percent-encoded; a plus sign in it is a plus sign.
        let coded = version.replace('+', "%2B");
        form_urlencoded::parse(format!("v={coded}").as_bytes()).next().map(|(_, version)| version.into_owned())
    });
    tag.or(after.flatten()).and_then(|version| tidy(&version, LINE_LIMIT))
}

fn incident(said: Said<'_>, arrived: Arrived<'_>, state: AlertState) -> Result<Reading, String> {
    let id = said.line("/subject/id").ok_or_else(|| missing("subject.id"))?;
    let source = said.first_line(&["/subject/source", "/context/source"]).unwrap_or_default();
    let content = said.at("/subject/content");
    let title = content.line("/description").unwrap_or_else(|| format!("Incident {id}"));
    let mut draft = AlertDraft::firing(&tidy(&format!("{id} {source}"), 200).unwrap_or(id), &title);
    draft.state = state;
    draft.service = name_of(content, "/service");
    draft.environment = name_of(content, "/environment");
    draft.release = content.first_line(&["/artifactId", "/artifactID"]).as_deref().and_then(purl_version);
    draft.url = content.first_url(&["/ticketURI", "/ticketUri"]);
    draft.labels = said.labels("/customData");
    if state == AlertState::Firing {
        draft.started_at = at(said, arrived);
    } else {
        draft.ended_at = at(said, arrived);
    }
    Ok(Reading::Alerts(vec![draft]))
}

fn pipeline(said: Said<'_>, arrived: Arrived<'_>, predicate: &str) -> Result<Reading, String> {
    let id = said.line("/subject/id").ok_or_else(|| missing("subject.id"))?;
    let name = said.first_line(&["/subject/content/pipelineName", "/subject/id"]).unwrap_or_else(|| id.clone());
    let mut message = Message::of(&name);
    let status = match (predicate, said.word("/subject/content/outcome").as_str()) {
        ("started", _) => DeployStatus::Started,
        (_, "failure" | "failed" | "fail" | "error" | "cancel") => DeployStatus::Failed,
        _ => DeployStatus::Succeeded,
    };
    message.went(status, at(said, arrived));
    message.known_as(format!("pipeline {id}"));
    message.weak = Some(WeakEvent::Pipeline);
    message.workflow = Some(name);
    message.draft.url = said.url("/subject/content/url");
    let words = said.prose("/subject/content/errors");
    message.mention(&words, Forge::Unknown);
    Ok(message.into_reading())
}

fn environment(said: Said<'_>, arrived: Arrived<'_>, predicate: &str) -> Result<Reading, String> {
    let name = name_of(said, "/subject/content")
        .or_else(|| name_of(said, "/subject/id"))
        .ok_or_else(|| missing("subject.id"))?;
    let mut message = Message::of(&name);
    message.went(DeployStatus::Succeeded, at(said, arrived));
    message.draft.kind = DeployKind::Infrastructure;
    message.draft.summary = format!("The environment was {predicate}.");
    message.into_environment(Some(name));
    message.draft.url = said.url("/subject/content/url");
    if let Some(id) = own_id(said, arrived) {
        message.known_as(id);
    }
    Ok(message.into_reading())
}

#[cfg(test)]
mod tests {
    use super::purl_version;

    #[test]
    fn package_addresses_give_their_version() {
        for (purl, version) in [
            ("pkg:oci/myapp@sha256%3A0b31?repository_url=x&tag=v1.2", Some("v1.2")),
            ("pkg:oci/myapp@sha256%3A0b31", Some("sha256:0b31")),
            ("pkg:maven/org.x/y@1.0+build.1#sub", Some("1.0+build.1")),
            ("pkg:oci/myapp", None),
        ] {
            assert_eq!(purl_version(purl).as_deref(), version, "{purl}");
        }
    }
}
