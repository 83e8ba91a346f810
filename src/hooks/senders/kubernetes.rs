//! Kubernetes, as kubewatch tells of it (as CloudEvents), and its own events. A workload whose images changed was
//! deployed; one generation of it is one deploy. Pure.

use super::super::model::Headers;
use super::super::model_reading::{Arrived, Message, Reading, WeakEvent};
use super::super::reading::{Said, image_name, image_version, label, tidy};
use super::{Named, missing};
use crate::deploys::model::{DeployKind, DeployStatus, EnvironmentTier};
use crate::web::fields::LINE_LIMIT;

/// Kinds whose pods are deployed.
const WORKLOADS: &[&str] = &["deployment", "statefulset", "daemonset", "rollout"];

/// Event and id as CloudEvents have them.
pub fn envelope(headers: &Headers, said: Said<'_>) -> Named {
    let header = |name: &str| headers.get(name).and_then(|value| tidy(value, LINE_LIMIT));
    let event = header("ce-type")
        .or_else(|| said.line("/type"))
        .or_else(|| said.first_line(&["/eventmeta/reason", "/reason", "/data/operation"]));
    let id = header("ce-id").or_else(|| said.line("/id"));
    let source = header("ce-source").or_else(|| said.line("/source")).unwrap_or_default();
    // kubewatch numbers its events from one again whenever it starts.
    let at = header("ce-time").or_else(|| said.line("/time")).unwrap_or_default();
    (event, id.map(|id| format!("{id} {source} {at}")))
}

/// What a delivery says.
///
/// # Errors
/// Why it is nothing.
pub fn read(arrived: Arrived<'_>) -> Result<Reading, String> {
    let said = arrived.said;
    let inside = if said.at("/data/obj").is_there() { said.at("/data") } else { said };
    if inside.at("/obj").is_there() {
        return workload(said, inside);
    }
    if said.at("/eventmeta").is_there() {
        return bare(said);
    }
    if said.at("/involvedObject").is_there() {
        return Err("Single events of the cluster are not recorded; changes of workloads are.".to_owned());
    }
    Err(missing("object that changed"))
}

fn images(object: Said<'_>) -> Vec<String> {
    let mut images: Vec<String> =
        object.at("/spec/template/spec/containers").list().filter_map(|one| one.line("/image")).collect();
    images.sort();
    images
}

fn workload(said: Said<'_>, inside: Said<'_>) -> Result<Reading, String> {
    let kind = inside.first_line(&["/kind", "/obj/kind"]).unwrap_or_default();
    if !WORKLOADS.contains(&kind.to_lowercase().as_str()) {
        return Err(format!(
            "Changes of a {kind} are not recorded; those of Deployments, StatefulSets and DaemonSets are."
        ));
    }
    let object = inside.at("/obj");
    let name = object.line("/metadata/name").ok_or_else(|| missing("obj.metadata.name"))?;
    let operation = inside.word("/operation");
    let before = inside.at("/oldObj");
    if operation == "update" && before.is_there() && images(before) == images(object) {
        return Err(
            "The images are the same as before: it was scaled, or its state changed. Nothing was deployed.".to_owned()
        );
    }
    let labels = object.labels("/metadata/labels");
    let mut message = Message::of(&label(&labels, &["app.kubernetes.io/name"]).unwrap_or_else(|| name.clone()));
    let namespace = object.line("/metadata/namespace").unwrap_or_default();
    message.full_name = format!("{namespace}/{name}");
    message.workflow = Some(message.full_name.clone());
    // What was asked for is there; whether the pods came up is told by no single message.
    message.went(DeployStatus::Succeeded, said.moment("/time"));
    let uid = object.line("/metadata/uid").unwrap_or_else(|| message.full_name.clone());
    message.known_as(format!("{uid} generation {}", object.line("/metadata/generation").unwrap_or_default()));
    let tier = EnvironmentTier::of_name(&namespace);
    message.into_environment(
        label(&labels, &["environment", "env"]).or((tier != EnvironmentTier::Other).then_some(namespace)),
    );
    let now = images(object);
    let main = now.iter().find(|image| image_name(image).as_deref() == Some(&name)).or(now.first()).cloned();
    message.draft.version =
        main.as_deref().and_then(image_version).or_else(|| label(&labels, &["app.kubernetes.io/version", "version"]));
    let was = images(before).into_iter().find(|image| image_name(image) == main.as_deref().and_then(image_name));
    message.draft.previous_version = was.as_deref().and_then(image_version);
    if operation == "delete" {
        message.draft.kind = DeployKind::Infrastructure;
        message.draft.summary = "The workload was deleted.".to_owned();
    } else {
        message.draft.summary = now.join("\n");
    }
    Ok(message.into_reading())
}

/// kubewatch's older webhook, which says neither image nor cause.
fn bare(said: Said<'_>) -> Result<Reading, String> {
    let about = said.at("/eventmeta");
    let kind = about.word("/kind");
    let name = about.line("/name").ok_or_else(|| missing("eventmeta.name"))?;
    if !WORKLOADS.contains(&kind.as_str()) {
        return Err(format!("Changes of a {kind} are not recorded; those of workloads are."));
    }
    let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let mut message = Message::of(&name);
    message.went(DeployStatus::Succeeded, said.moment("/time"));
    message.weak = Some(WeakEvent::Build);
    message.workflow = about.line("/namespace").map(|namespace| format!("{namespace}/{name}"));
    message.draft.summary = said.prose("/text");
    Ok(message.into_reading())
}
